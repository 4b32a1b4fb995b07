//! `implement!`: what the schema says and what an attribute saw meet here.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Path, Result};

use crate::payload::{EntityKind, Owner, OwnerKind};
use crate::seen::{Item, Seen, Word};
use crate::{calls, structs};

/// Where generated code finds what it names.
pub(crate) fn runtime() -> TokenStream {
    quote!(::playhouse::__private::v1)
}

/// The errors of one item, which are all shown.
#[derive(Default)]
pub(crate) struct Errors(Vec<Error>);

impl Errors {
    /// One more.
    pub(crate) fn push(&mut self, error: Error) {
        self.0.push(error);
    }

    /// Keeps the value, or the error.
    pub(crate) fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    fn into_tokens(self) -> TokenStream {
        self.0.iter().map(Error::to_compile_error).collect()
    }
}

/// The implementations, and the errors.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let Input { owner, seen } = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    if let Err(error) = check_word(&owner, seen.word, &seen.path) {
        return error.to_compile_error();
    }
    let mut errors = Errors::default();
    let made = match &seen.item {
        Item::Struct { props, slots } => {
            structs::implement(&owner, &seen, props.as_deref(), slots.as_ref(), &mut errors)
        }
        Item::Impl(methods) => calls::implement(&owner, &seen, methods, &mut errors),
    };
    let errors = errors.into_tokens();
    quote!(#errors #made)
}

struct Input {
    owner: Owner,
    seen: Seen,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Ok(Self {
            owner: input.parse()?,
            seen: input.parse()?,
        })
    }
}

/// The attribute is that of what it names.
fn check_word(owner: &Owner, word: Word, path: &Path) -> Result<()> {
    match (owner.kind, word) {
        (OwnerKind::Component, Word::Component)
        | (OwnerKind::Service, Word::Service)
        | (OwnerKind::Entity(_), Word::Entity) => Ok(()),
        (kind, _) => {
            let text = format!(
                "`{}` is {}: write `#[{}(..)]` ({})",
                owner.name(),
                kind.phrase(),
                kind.word(),
                owner.place()
            );
            Err(Error::new_spanned(path, text))
        }
    }
}

/// The kind of entity, if it is one.
pub(crate) const fn entity_kind(owner: &Owner) -> Option<EntityKind> {
    match owner.kind {
        OwnerKind::Entity(kind) => Some(kind),
        OwnerKind::Component | OwnerKind::Service => None,
    }
}
