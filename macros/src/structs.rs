//! What a struct with an attribute is: a component, or an entity with its slots.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Error, Path, Result, Type};

use crate::implement::{Errors, entity_kind, runtime};
use crate::payload::Owner;
use crate::seen::Seen;
use crate::slots;

/// The implementation for a struct. Without a proper field `props` its accessors are there all the same, so that
/// nothing else fails.
pub(crate) fn implement(
    owner: &Owner,
    seen: &Seen,
    props: Option<&Type>,
    written: Option<&TokenStream>,
    errors: &mut Errors,
) -> TokenStream {
    let v1 = runtime();
    let (logic, path) = (&seen.logic, &seen.path);
    let proper = errors.keep(check_props(owner, seen, props)).is_some();
    let (shared, exclusive) = if proper {
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

            #[automatically_derived]
            impl #v1::logic::ComponentCalls for #logic {}
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

            #[automatically_derived]
            impl #v1::logic::EntityCalls for #logic {}
        };
    }
}

/// There is a field `props`, of the type that the attribute names.
fn check_props(owner: &Owner, seen: &Seen, props: Option<&Type>) -> Result<()> {
    let last = |path: &Path| path.segments.last().map(|segment| segment.ident.clone());
    let wanted = seen.path.to_token_stream().to_string().replace(' ', "");
    match props {
        Some(Type::Path(ty)) if last(&ty.path) == last(&seen.path) => Ok(()),
        Some(ty) => {
            let text = format!(
                "the field `props` holds the properties of {}: its type is `{wanted}` ({})",
                owner.title(),
                owner.place()
            );
            Err(Error::new_spanned(ty, text))
        }
        None => {
            let logic = &seen.logic;
            let text = format!(
                "no field `props` in `{}`: add `props: {wanted}`, the properties of {} ({})",
                logic.to_token_stream(),
                owner.title(),
                owner.place()
            );
            Err(Error::new_spanned(logic, text))
        }
    }
}
