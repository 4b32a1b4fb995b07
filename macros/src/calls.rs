//! What a component, an entity or a service does: the handlers of its calls and its hooks.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Error;
use syn::ext::IdentExt;

use crate::handler::{located, trait_name};
use crate::implement::{Errors, runtime};
use crate::near::near_miss;
use crate::payload::{Call, CallKind, Owner, OwnerKind};
use crate::seen::{Mark, Method, Seen};
use crate::{handler, hooks};

/// The implementations for an impl with an attribute.
pub(crate) fn implement(
    owner: &Owner,
    seen: &Seen,
    methods: &[Method],
    errors: &mut Errors,
) -> TokenStream {
    let handlers: Vec<TokenStream> = judge(owner, seen, methods, errors)
        .into_iter()
        .filter_map(|(call, method)| {
            errors.keep(handler::register(owner, &seen.path, call, method))
        })
        .collect();
    let hooks = hooks::judge(owner, &seen.logic, methods, errors);
    let v1 = runtime();
    let (logic, path) = (&seen.logic, &seen.path);
    let register = quote! {
        #(#handlers)*
    };
    let unused = handlers.is_empty().then(|| quote!(let _ = calls;));
    if owner.kind == OwnerKind::Service {
        return quote! {
            #[automatically_derived]
            impl #v1::logic::Service for #logic {
                type Schema = #path;

                fn register(calls: &mut impl #v1::logic::ServiceCalls<Self>) {
                    #register #unused
                }
            }
        };
    }
    let from_key = match owner.kind {
        OwnerKind::Entity(kind) => Some(hooks.maker(owner, path, kind)),
        OwnerKind::Component | OwnerKind::Service => None,
    };
    let hooks = hooks.members();
    let agreement = agreement(owner, seen);
    // One trait holds it all, so that a second impl is one error.
    quote! {
        #[automatically_derived]
        impl #v1::logic::Hooks for #logic {
            #hooks

            fn handlers(calls: &mut impl #v1::logic::Calls<Self>) {
                #agreement
                #register #unused
            }

            #from_key
        }
    }
}

/// Refuses an impl that names another type of the schema than the struct does. Where the struct names none, for which
/// there is an error elsewhere, the trait's method is found instead.
fn agreement(owner: &Owner, seen: &Seen) -> TokenStream {
    let v1 = runtime();
    let (path, logic) = (&seen.path, &seen.logic);
    let interface = match owner.kind {
        OwnerKind::Entity(_) => quote!(Entity),
        OwnerKind::Component | OwnerKind::Service => quote!(Component),
    };
    let name = logic.to_token_stream().to_string();
    let message = format!(
        "the struct `{name}` names `{{Self}}`, its impl {}",
        owner.title()
    );
    let agrees = trait_name(&["schema", "of", &name]);
    let check = quote_spanned!(located(path)=> .check());
    quote! {
        #[diagnostic::on_unimplemented(
            message = #message,
            label = "not what the attribute of the struct names"
        )]
        trait #agrees {}
        #[diagnostic::do_not_recommend]
        impl #agrees for #path {}
        struct __Struct<L>(::core::marker::PhantomData<L>);
        impl<L: #v1::logic::#interface> __Struct<L> {
            fn check(&self)
            where
                L::Schema: #agrees,
            {
            }
        }
        trait __Unnamed {
            fn check(&self) {}
        }
        impl<L> __Unnamed for __Struct<L> {}
        __Struct::<Self>(::core::marker::PhantomData) #check;
    }
}

/// Which method handles which call. What has no handler, and what handles no call, is an error.
fn judge<'a>(
    owner: &'a Owner,
    seen: &Seen,
    methods: &'a [Method],
    errors: &mut Errors,
) -> Vec<(&'a Call, &'a Method)> {
    let mut missing: Vec<&Call> = owner
        .calls
        .iter()
        .filter(|call| call.is_handled())
        .collect();
    let mut found = Vec::with_capacity(missing.len());
    let mut strangers = Vec::new();
    for method in methods.iter().filter(|method| method.mark == Mark::Rpc) {
        let name = method.signature.ident.unraw();
        match missing.iter().position(|call| call.name.unraw() == name) {
            Some(at) => found.push((missing.remove(at), method)),
            None => strangers.push(method),
        }
    }
    for method in strangers {
        // A second method of one name is rustc's to report.
        let name = method.signature.ident.unraw().to_string();
        if !found.iter().any(|(call, _)| call.bare_name() == name) {
            errors.push(stranger(owner, method, &name, &mut missing));
        }
    }
    // What is marked as a hook by mistake is there all the same.
    missing.retain(|call| {
        !methods
            .iter()
            .any(|method| method.signature.ident.unraw() == call.name.unraw())
    });
    if !missing.is_empty() {
        errors.push(Error::new_spanned(&seen.path, absence(owner, &missing)));
    }
    found
}

/// The words for calls without a handler.
fn absence(owner: &Owner, missing: &[&Call]) -> String {
    let mut text = match missing {
        [call] => format!(
            "missing {} `{}` of {}",
            call.kind.word(),
            call.bare_name(),
            owner.title()
        ),
        _ => format!("missing {} calls of {}", missing.len(), owner.title()),
    };
    text.push_str("; one impl holds them all, so add");
    for call in missing {
        text.push_str(&format!(
            "\n    #[rpc]\n    {} {{ .. }}    // {}",
            owner.signature(call),
            owner.place_of(call.line)
        ));
    }
    text
}

/// The error for `#[rpc]` on what is no call that the server handles. A near miss is missing no longer.
fn stranger(owner: &Owner, method: &Method, name: &str, missing: &mut Vec<&Call>) -> Error {
    let sent = owner.calls.iter().find(|call| call.bare_name() == name);
    let text = if let Some(call) = sent {
        let place = owner.place_of(call.line);
        match call.kind {
            CallKind::Client => format!(
                "`{name}` is a client rpc: the server asks with `{}::{name}(cx, ..)`, and clients answer; \
                 it has no handler here ({place})",
                owner.name()
            ),
            _ => format!(
                "`{name}` is an event: the server sends it with `{}::{name}(cx, ..)`; \
                 it has no handler here ({place})",
                owner.name()
            ),
        }
    } else if owner.kind != OwnerKind::Service && hooks::is_hook(name) {
        format!("`{name}` is a hook, not a call: mark it `#[hook]`")
    } else {
        let names: Vec<String> = missing.iter().map(|call| call.bare_name()).collect();
        match near_miss(name, names.iter().map(String::as_str))
            .and_then(|near| names.iter().position(|name| name == near))
        {
            Some(at) => {
                let call = missing.remove(at);
                format!(
                    "no {} `{name}` in {}; did you mean `{}`? ({})",
                    call.kind.word(),
                    owner.title(),
                    call.name,
                    owner.place_of(call.line)
                )
            }
            None => format!(
                "no rpc `{name}` in {} ({}): add it to the schema, or remove `#[rpc]`",
                owner.title(),
                owner.place()
            ),
        }
    };
    Error::new_spanned(&method.signature.ident, text)
}
