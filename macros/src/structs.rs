//! What a struct with an attribute is: a component, or an entity with its slots.

use proc_macro2::TokenStream;
use quote::quote;

use crate::implement::{Errors, entity_kind, runtime};
use crate::payload::Owner;
use crate::seen::Seen;
use crate::slots;

/// The implementation for a struct. Without a proper field `props` its accessors are there all the same, so that
/// nothing else fails.
pub(crate) fn implement(
    owner: &Owner,
    seen: &Seen,
    props: bool,
    written: Option<&TokenStream>,
    errors: &mut Errors,
) -> TokenStream {
    let v1 = runtime();
    let (logic, path) = (&seen.logic, &seen.path);
    let (shared, exclusive) = if props {
        (quote!(&self.props), quote!(&mut self.props))
    } else {
        let none = quote!(::core::unreachable!("the field `props` is missing"));
        (none.clone(), none)
    };
    let common = quote! {
        type Schema = #path;

        fn properties(&self) -> &#path {
            #shared
        }

        fn properties_mut(&mut self) -> &mut #path {
            #exclusive
        }
    };
    if entity_kind(owner).is_none() {
        return quote! {
            #[automatically_derived]
            impl #v1::logic::Component for #logic {
                #common
            }
        };
    }
    let slots::Parts {
        definition,
        name,
        make,
        register,
    } = slots::parts(owner, seen, written, errors);
    quote! {
        const _: () = {
            #definition

            #[automatically_derived]
            impl #v1::logic::Entity for #logic {
                #common

                type Slots = #name;

                fn slots() -> #name {
                    #make
                }

                fn register_slots(slots: &mut #v1::EntitySlots<'_, Self>) {
                    #register
                }
            }
        };
    }
}
