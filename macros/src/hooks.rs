//! Hooks: what the framework calls in the life of a component or an entity.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Error, FnArg, Path, Result, ReturnType, Signature, Type};

use crate::handler::{bare, located};
use crate::implement::{Errors, runtime};
use crate::near::near_miss;
use crate::payload::{EntityKind, Owner, OwnerKind};
use crate::seen::{Mark, Method};
use crate::signature::{self, Wanted};

/// Hooks as methods, and as the runtime's `Hook` names them.
const HOOKS: &[(&str, &str)] = &[
    ("created", "Created"),
    ("loaded", "Loaded"),
    ("attached", "Attached"),
    ("lost", "Lost"),
    ("resumed", "Resumed"),
    ("replaced", "Replaced"),
    ("tick", "Tick"),
    ("before_save", "BeforeSave"),
    ("refused", "Refused"),
    ("moving", "Moving"),
    ("destroyed", "Destroyed"),
];

/// What makes an entity.
const CONSTRUCT: &str = "construct";

/// What brings a stored document to this release, before there is an entity.
const UPGRADE: &str = "upgrade";

/// The hooks that a user wrote.
#[derive(Default)]
pub(crate) struct Hooks<'a> {
    written: Vec<(&'static str, &'static str, &'a Method)>,
    construct: Construct<'a>,
    upgrade: Option<&'a Signature>,
}

/// The hook `construct`.
#[derive(Default)]
enum Construct<'a> {
    #[default]
    Missing,
    Wrong,
    Written(&'a Signature),
}

/// Whether a method of this name could be a hook.
pub(crate) fn is_hook(name: &str) -> bool {
    name == CONSTRUCT || name == UPGRADE || HOOKS.iter().any(|(hook, _)| *hook == name)
}

/// The hooks among the methods; what is none, or has the wrong form, is an error.
pub(crate) fn judge<'a>(
    owner: &Owner,
    logic: &Type,
    methods: &'a [Method],
    errors: &mut Errors,
) -> Hooks<'a> {
    let mut hooks = Hooks::default();
    for method in methods.iter().filter(|method| method.mark == Mark::Hook) {
        let ident = &method.signature.ident;
        let name = ident.unraw().to_string();
        if let Err(error) = check_name(owner, ident, &name) {
            errors.push(error);
        } else if name == CONSTRUCT {
            hooks.construct = match check_construct(owner, logic, &method.signature) {
                Ok(()) => Construct::Written(&method.signature),
                Err(error) => {
                    errors.push(error);
                    Construct::Wrong
                }
            };
        } else if name == UPGRADE {
            if errors.keep(check_upgrade(&method.signature)).is_some() {
                hooks.upgrade = Some(&method.signature);
            }
        } else if let Some((hook, variant)) = HOOKS.iter().find(|(hook, _)| *hook == name)
            && errors.keep(check_hook(owner, &name, &method.signature)).is_some()
            // A second method of one name is rustc's to report.
            && !hooks.written.iter().any(|(written, ..)| written == hook)
        {
            hooks.written.push((hook, variant, method));
        }
    }
    hooks
}

fn check_name(owner: &Owner, ident: &Ident, name: &str) -> Result<()> {
    if owner.kind == OwnerKind::Service {
        let text = "services have no hooks: only components and entities have a life";
        return Err(Error::new_spanned(ident, text));
    }
    if is_hook(name) {
        return Ok(());
    }
    let call = owner
        .calls
        .iter()
        .find(|call| call.is_handled() && call.bare_name() == name);
    let text = if let Some(call) = call {
        format!(
            "`{name}` is {}, not a hook: mark it `#[rpc]` ({})",
            call.kind.phrase(),
            owner.place_of(call.line)
        )
    } else {
        let names = HOOKS
            .iter()
            .map(|(name, _)| *name)
            .chain([CONSTRUCT, UPGRADE]);
        match near_miss(name, names) {
            Some(near) => format!("no hook `{name}`; did you mean `{near}`?"),
            None => {
                let names: Vec<&str> = HOOKS.iter().map(|(name, _)| *name).collect();
                format!(
                    "no hook `{name}`; there are construct, upgrade, {}",
                    names.join(", ")
                )
            }
        }
    };
    Err(Error::new_spanned(ident, text))
}

fn check_hook(owner: &Owner, name: &str, signature: &Signature) -> Result<()> {
    let wanted = argument(name).map(|(name, ty)| (name.to_owned(), ty.to_owned()));
    let arguments = wanted.as_slice();
    let title = format!("hook `{name}`");
    let taken = signature::check(
        signature,
        &Wanted {
            title: title.clone(),
            receiver: owner.receiver(),
            arguments,
            place: "",
        },
    )?;
    for (ty, (name, wanted)) in taken.arguments.iter().zip(arguments) {
        let written = bare(&ty.to_token_stream().to_string());
        if written.rsplit("::").next() != Some(wanted) {
            let text = format!("{title} takes `{name}: {wanted}`");
            return Err(Error::new_spanned(ty, text));
        }
    }
    match &signature.output {
        ReturnType::Type(_, ty) if !matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty()) =>
        {
            let text = format!("{title} returns nothing: there is nobody to take it");
            Err(Error::new_spanned(ty, text))
        }
        ReturnType::Default | ReturnType::Type(..) => Ok(()),
    }
}

fn check_upgrade(signature: &Signature) -> Result<()> {
    const FORM: &str = "fn upgrade(draft: &mut Draft<'_>, from: u32) -> Result<(), Misfit>";
    if let Some(asyncness) = &signature.asyncness {
        let text = format!("hook `upgrade` isn't async, it works on a document in hand: `{FORM}`");
        return Err(Error::new_spanned(asyncness, text));
    }
    if !signature.generics.params.is_empty() {
        let text = format!("hook `upgrade` has no generics: `{FORM}`");
        return Err(Error::new_spanned(&signature.generics, text));
    }
    if let Some(this @ FnArg::Receiver(_)) = signature.inputs.first() {
        let text = format!("hook `upgrade` takes a draft: there is no `self` yet: `{FORM}`");
        return Err(Error::new_spanned(this, text));
    }
    if signature.inputs.len() != 2 {
        let text = format!("hook `upgrade` takes a draft and the release that wrote it: `{FORM}`");
        return Err(Error::new_spanned(&signature.ident, text));
    }
    if matches!(signature.output, ReturnType::Default) {
        let text = format!("hook `upgrade` returns whether the document fits: `{FORM}`");
        return Err(Error::new_spanned(&signature.ident, text));
    }
    Ok(())
}

/// What a hook takes after `cx`, by name and type.
fn argument(hook: &str) -> Option<(&'static str, &'static str)> {
    match hook {
        "tick" => Some(("step", "u64")),
        "refused" => Some(("refusal", "Refusal")),
        _ => None,
    }
}

fn check_construct(owner: &Owner, logic: &Type, signature: &Signature) -> Result<()> {
    let kind = match owner.kind {
        OwnerKind::Entity(kind) => kind,
        OwnerKind::Component | OwnerKind::Service => {
            let text = "only entities have the hook `construct`: a component begins as its `Default`, or as \
                        the entity's attribute says, `slot: Logic = value`";
            return Err(Error::new_spanned(&signature.ident, text));
        }
    };
    if kind == EntityKind::Local {
        let text = format!(
            "nothing makes {} but the entity that holds it, so it has no hook `construct`: hand it to \
             `cx.spawn_local_entity(..)` ({})",
            owner.title(),
            owner.place()
        );
        return Err(Error::new_spanned(&signature.ident, text));
    }
    if let Some(asyncness) = &signature.asyncness {
        let text = "hook `construct` isn't async: it only makes the entity; what takes time belongs in \
                    the hook `created` or `loaded`";
        return Err(Error::new_spanned(asyncness, text));
    }
    if !signature.generics.params.is_empty() {
        let text = "hook `construct` has no generics: it takes the key of the schema";
        return Err(Error::new_spanned(&signature.generics, text));
    }
    if let Some(this @ FnArg::Receiver(_)) = signature.inputs.first() {
        let text = "hook `construct` takes the key alone: there is no `self` yet";
        return Err(Error::new_spanned(this, text));
    }
    if kind == EntityKind::Singleton && !signature.inputs.is_empty() {
        let text = format!(
            "hook `construct` of {} takes nothing: a singleton has no key ({})",
            owner.title(),
            owner.place()
        );
        return Err(Error::new_spanned(&signature.inputs, text));
    }
    let name = logic.to_token_stream().to_string();
    match &signature.output {
        ReturnType::Type(_, ty) if is_one_of(ty, &["Self", &name]) => Ok(()),
        ReturnType::Type(_, ty) => Err(Error::new_spanned(ty, "hook `construct` returns `Self`")),
        ReturnType::Default => Err(Error::new_spanned(
            &signature.ident,
            "hook `construct` returns `Self`",
        )),
    }
}

fn is_one_of(ty: &Type, names: &[&str]) -> bool {
    let text = bare(&ty.to_token_stream().to_string());
    names.iter().any(|name| bare(name) == text)
}

impl Hooks<'_> {
    /// The hooks as members of the runtime's trait.
    pub(crate) fn members(&self) -> TokenStream {
        let v1 = runtime();
        let written = self.written.iter().map(|(_, variant, _)| {
            let variant = format_ident!("{variant}");
            quote!(.with(#v1::logic::Hook::#variant))
        });
        let methods = self.written.iter().map(|(hook, _, method)| {
            let name = format_ident!("{hook}");
            let user = &method.signature.ident;
            let (take, give) = match *hook {
                "tick" => (quote!(, step: u64), quote!(, step)),
                "refused" => (quote!(, refusal: #v1::Refusal), quote!(, refusal)),
                _ => (quote!(), quote!()),
            };
            quote! {
                async fn #name(&mut self, cx: &mut #v1::Cx #take) {
                    Self::#user(self, cx #give).await
                }
            }
        });
        let upgrade = self.upgrade.map(|signature| {
            let user = &signature.ident;
            let hook = quote_spanned!(located(user)=> Self::#user);
            quote! {
                const UPGRADE: ::core::option::Option<#v1::document::UpgradeHook> =
                    ::core::option::Option::Some(#hook);
            }
        });
        quote! {
            const WRITTEN: #v1::logic::HookSet = #v1::logic::HookSet::NONE #(#written)*;
            #upgrade

            #(#methods)*
        }
    }

    /// The function that makes an entity from its key.
    pub(crate) fn maker(&self, owner: &Owner, path: &Path, kind: EntityKind) -> TokenStream {
        let v1 = runtime();
        let nothing = quote! {
            let _ = key;
            ::core::option::Option::None
        };
        let body = match &self.construct {
            Construct::Wrong => nothing,
            // Made by whoever creates it; one that has a document comes back by the hook alone.
            Construct::Missing if !kind.makes_itself() => nothing,
            Construct::Missing => {
                // Underlined is what the attribute names.
                let make = quote_spanned!(located(path)=> <Self as #v1::logic::Made>::made());
                quote! {
                    <#path as #v1::logic::EntitySchema>::key(key)?;
                    ::core::option::Option::Some(#make)
                }
            }
            Construct::Written(signature) => construct_from(owner, path, signature),
        };
        let comes_back = match &self.construct {
            Construct::Missing => kind.makes_itself(),
            // What is wrong is an error already.
            Construct::Wrong | Construct::Written(_) => true,
        };
        quote! {
            const COMES_BACK: bool = #comes_back;

            fn from_key(key: &#v1::EntityKey) -> ::core::option::Option<Self> {
                #body
            }
        }
    }
}

/// The user's hook with the key, or with its parts if it takes several.
fn construct_from(owner: &Owner, path: &Path, signature: &Signature) -> TokenStream {
    let v1 = runtime();
    let types: Vec<&Type> = signature
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(input) => Some(&*input.ty),
            FnArg::Receiver(_) => None,
        })
        .collect();
    let locals: Vec<Ident> = (0..types.len())
        .map(|position| format_ident!("part_{position}"))
        .collect();
    let user = &signature.ident;
    let made = quote_spanned!(located(user)=> Self::#user(#(#locals),*));
    let Some(first) = types.first() else {
        return quote! {
            <#path as #v1::logic::EntitySchema>::key(key)?;
            ::core::option::Option::Some(#made)
        };
    };
    let span = located(first);
    let (pattern, given) = match (&types[..], &locals[..]) {
        ([ty], [local]) => (quote!(#local), quote!(#ty)),
        _ => (quote!((#(#locals),*)), quote_spanned!(span=> (#(#types),*))),
    };
    let message = format!(
        "hook `construct` takes `{{Self}}`, but the key of {} is `{{__Key}}`",
        owner.title()
    );
    let note = format!("{}: {}", owner.place(), owner.title());
    let take = quote_spanned!(span=> ::take(key));
    quote! {
        let key = <#path as #v1::logic::EntitySchema>::key(key)?;
        type __KeyOf = <#path as #v1::logic::EntitySchema>::Key;
        #[diagnostic::on_unimplemented(
            message = #message,
            label = "not the key of the schema",
            note = #note
        )]
        trait __MadeFrom<__Key> {
            fn take(key: __KeyOf) -> Self;
        }
        #[diagnostic::do_not_recommend]
        impl __MadeFrom<__KeyOf> for __KeyOf {
            fn take(key: __KeyOf) -> Self { key }
        }
        let #pattern = <#given as __MadeFrom<__KeyOf>> #take;
        ::core::option::Option::Some(#made)
    }
}
