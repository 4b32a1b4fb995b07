//! What fills the slots of an entity: `{ bag: InventoryLogic, vault: InventoryLogic = InventoryLogic::locked(), .. }`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Result, Token, Type};

use crate::handler::{escaped, located, trait_name};
use crate::implement::{Errors, runtime};
use crate::near::near_miss;
use crate::payload::{Owner, Slot};
use crate::seen::Seen;

/// The pieces of an entity's implementation that its slots decide.
pub(crate) struct Parts {
    /// The struct of slots, and what it implements.
    pub(crate) definition: TokenStream,
    /// Its name.
    pub(crate) name: Ident,
    /// The slots as an entity begins with them.
    pub(crate) make: TokenStream,
    /// Hands them to the host, in order of activation.
    pub(crate) register: TokenStream,
}

/// `bag: InventoryLogic = InventoryLogic::new()`
struct Field {
    name: Ident,
    ty: Type,
    value: Option<Expr>,
}

/// What the attribute says in braces.
#[derive(Default)]
struct Written {
    fields: Vec<Field>,
    /// `..`
    rest: Option<Token![..]>,
}

/// What fills a slot.
enum Filling<'a> {
    Field(&'a Field),
    Rest(&'a Token![..]),
}

/// Holds what is written against the schema's slots.
pub(crate) fn parts(
    owner: &Owner,
    seen: &Seen,
    written: Option<&TokenStream>,
    errors: &mut Errors,
) -> Parts {
    let parsed = match written {
        Some(tokens) => errors.keep(syn::parse2::<Written>(tokens.clone())),
        None => Some(Written::default()),
    };
    // Slots that can't be read are not missing.
    let complete = parsed.is_some();
    let parsed = parsed.unwrap_or_default();
    let fillings = judge(owner, seen, &parsed, complete, errors);
    assemble(owner, seen, &fillings)
}

/// Which slot is filled by what. Fields of no slot, slots filled twice and slots not filled are errors.
fn judge<'a>(
    owner: &'a Owner,
    seen: &Seen,
    written: &'a Written,
    complete: bool,
    errors: &mut Errors,
) -> Vec<(&'a Slot, Filling<'a>)> {
    let mut filled: Vec<Option<&Field>> = vec![None; owner.slots.len()];
    let mut strangers = Vec::new();
    for field in &written.fields {
        let at = owner
            .slots
            .iter()
            .position(|slot| slot.name.unraw() == field.name.unraw());
        match at {
            None => strangers.push(field),
            Some(at) if filled[at].is_some() => {
                let text = format!("slot `{}` is filled twice", field.name);
                errors.push(Error::new_spanned(&field.name, text));
            }
            Some(at) => filled[at] = Some(field),
        }
    }
    for field in strangers {
        let name = field.name.unraw().to_string();
        let open: Vec<(usize, String)> = (0..owner.slots.len())
            .filter(|at| filled[*at].is_none())
            .map(|at| (at, owner.slots[at].name.unraw().to_string()))
            .collect();
        let near = near_miss(&name, open.iter().map(|(_, name)| name.as_str()));
        let at = near.and_then(|near| open.iter().find(|(_, name)| name == near));
        let text = match at {
            Some((at, near)) => {
                // What was meant is known, so that the rest can be judged.
                filled[*at] = Some(field);
                format!(
                    "no slot `{name}` in {}; did you mean `{near}`? ({})",
                    owner.title(),
                    owner.place_of(owner.slots[*at].line)
                )
            }
            None => format!("no slot `{name}` in {} ({})", owner.title(), owner.place()),
        };
        errors.push(Error::new_spanned(&field.name, text));
    }
    let mut fillings = Vec::with_capacity(filled.len());
    let mut missing = Vec::new();
    for (at, slot) in owner.slots.iter().enumerate() {
        match (filled[at], &written.rest) {
            (Some(field), _) => fillings.push((slot, Filling::Field(field))),
            (None, Some(rest)) => fillings.push((slot, Filling::Rest(rest))),
            (None, None) => missing.push(slot),
        }
    }
    if complete && !missing.is_empty() {
        errors.push(Error::new_spanned(
            &seen.path,
            absence(owner, seen, &missing),
        ));
    }
    fillings
}

/// The words for slots that nothing fills.
fn absence(owner: &Owner, seen: &Seen, missing: &[&Slot]) -> String {
    let name = seen.path.to_token_stream().to_string().replace(' ', "");
    let mut text = match missing {
        [slot] => format!("slot `{}` of {} is not filled", slot.name, owner.title()),
        _ => format!(
            "{} slots of {} are not filled",
            missing.len(),
            owner.title()
        ),
    };
    text.push_str(&format!("; add to `#[entity({name} {{ .. }})]`"));
    for slot in missing {
        text.push_str(&format!(
            "\n    {}: {}Logic,    // {}",
            slot.name,
            slot.component,
            owner.place_of(slot.line)
        ));
    }
    text.push_str("\nor `..` for those whose components have no calls to handle");
    text
}

fn assemble(owner: &Owner, seen: &Seen, fillings: &[(&Slot, Filling<'_>)]) -> Parts {
    let v1 = runtime();
    let path = &seen.path;
    let name = format_ident!("__Slots");
    let mut members = Vec::with_capacity(fillings.len());
    let mut values = Vec::with_capacity(fillings.len());
    let mut arms = Vec::with_capacity(fillings.len());
    let mut registers = Vec::with_capacity(fillings.len());
    for (slot, filling) in fillings {
        let (tag, member) = (slot.tag, &slot.name);
        let (ty, value) = match filling {
            Filling::Field(Field { ty, value, .. }) => {
                let value = match value {
                    Some(value) => quote!({ let value: #ty = #value; value }),
                    None => {
                        let default = quote_spanned!(located(ty)=> ::default());
                        quote!(<#ty as ::core::default::Default> #default)
                    }
                };
                (ty.to_token_stream(), value)
            }
            Filling::Rest(_) => (
                quote!(<#path as #v1::logic::HasSlot<#tag>>::Component),
                quote!(::core::default::Default::default()),
            ),
        };
        members.push(quote!(#member: #v1::logic::Slot<#ty>));
        values.push(quote!(#member: #v1::logic::Slot::new(#value)));
        arms.push(quote!(#tag => ::core::option::Option::Some(&self.#member)));
        registers.push(register(owner, seen, slot, filling, &ty, &name));
    }
    let unused = fillings.is_empty().then(|| quote!(let _ = slots;));
    Parts {
        definition: quote! {
            #[doc(hidden)]
            #[allow(missing_debug_implementations, reason = "the host shows entities")]
            pub struct #name {
                #(#members,)*
            }

            #[automatically_derived]
            impl #v1::logic::Slots for #name {
                fn get(&self, tag: u8) -> ::core::option::Option<&dyn ::core::any::Any> {
                    match tag {
                        #(#arms,)*
                        _ => ::core::option::Option::None,
                    }
                }
            }
        },
        make: quote!(#name { #(#values,)* }),
        register: quote!(#(#registers)* #unused),
        name,
    }
}

/// The statement that hands a slot to the host, if what fills it is a component of the schema's type.
fn register(
    owner: &Owner,
    seen: &Seen,
    slot: &Slot,
    filling: &Filling<'_>,
    ty: &TokenStream,
    slots: &Ident,
) -> TokenStream {
    let v1 = runtime();
    let (tag, member, path, logic) = (slot.tag, &slot.name, &seen.path, &seen.logic);
    let component = escaped(&slot.component);
    let (message, label, span) = match filling {
        Filling::Field(field) => (
            format!(
                "slot `{member}` of {} takes a component `{component}`, which `{{Self}}` is not",
                owner.title()
            ),
            format!("needs `#[component({component})]`, on the struct and on its impl"),
            located(&field.ty),
        ),
        Filling::Rest(rest) => (
            format!(
                "`..` can't fill slot `{member}` of {}: component `{component}` has calls to handle",
                owner.title()
            ),
            format!("add `{member}: {component}Logic`, your struct for it"),
            located(rest),
        ),
    };
    let check = trait_name(&["fills", &member.unraw().to_string()]);
    let note = format!(
        "{}: has {tag} {member}: {component};",
        owner.place_of(slot.line)
    );
    let ty = match filling {
        Filling::Field(_) => ty.clone(),
        Filling::Rest(_) => quote_spanned!(span=> __Component),
    };
    let fill = quote_spanned!(span=> ::fill(slots, #tag, |slots: &#slots| &slots.#member));
    quote! {{
        type __Component = <#path as #v1::logic::HasSlot<#tag>>::Component;
        trait __Same {}
        impl __Same for __Component {}
        #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note)]
        trait #check: ::core::marker::Sized {
            fn fill(
                slots: &mut #v1::EntitySlots<'_, #logic>,
                tag: u8,
                slot: fn(&#slots) -> &#v1::logic::Slot<Self>,
            );
        }
        #[diagnostic::do_not_recommend]
        impl<__L: #v1::logic::ComponentCalls> #check for __L
        where
            <__L as #v1::logic::Component>::Schema: __Same,
        {
            fn fill(
                slots: &mut #v1::EntitySlots<'_, #logic>,
                tag: u8,
                slot: fn(&#slots) -> &#v1::logic::Slot<Self>,
            ) {
                slots.slot::<__L>(tag, slot);
            }
        }
        <#ty as #check> #fill;
    }}
}

impl Parse for Written {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut written = Self::default();
        while !input.is_empty() {
            if input.peek(Token![..]) {
                written.rest = Some(input.parse()?);
                input.parse::<Option<Token![,]>>()?;
                if !input.is_empty() {
                    return Err(input.error("`..` comes last"));
                }
                break;
            }
            written.fields.push(input.parse()?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(written)
    }
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = input.call(Ident::parse_any)?;
        if !input.peek(Token![:]) {
            let text = format!("say what fills slot `{name}`: `{name}: Logic`, your struct for it");
            return Err(Error::new(name.span(), text));
        }
        input.parse::<Token![:]>()?;
        let ty = input.parse()?;
        let value = match input.parse::<Option<Token![=]>>()? {
            Some(_) => Some(input.parse()?),
            None => None,
        };
        Ok(Self { name, ty, value })
    }
}
