//! What an attribute saw of the user's item, on its way through the schema crate's macro.
//!
//! ```text
//! struct component [Inventory] [InventoryLogic] [ [Inventory] { slots.. } ]
//! impl component [Inventory] [InventoryLogic] [ { rpc ready [async fn trade(..) -> ..] } { hook ready [..] } .. ]
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Path, Result, Signature, Token, Type, braced, bracketed};

/// An attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Component,
    Entity,
    Service,
}

/// The user's item.
pub(crate) struct Seen {
    pub(crate) word: Word,
    /// What the attribute names.
    pub(crate) path: Path,
    /// The user's type.
    pub(crate) logic: Type,
    pub(crate) item: Item,
}

/// What of it matters.
pub(crate) enum Item {
    /// A struct.
    Struct {
        /// The type of its field `props`, if it has one.
        props: Option<Box<Type>>,
        /// What the attribute says in braces; none without braces.
        slots: Option<TokenStream>,
    },
    /// An impl's marked methods.
    Impl(Vec<Method>),
}

/// A method with a mark.
pub(crate) struct Method {
    pub(crate) mark: Mark,
    /// Whether its future is ready when it is first polled.
    pub(crate) ready: bool,
    pub(crate) signature: Signature,
}

/// `#[rpc]` or `#[hook]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Rpc,
    Hook,
}

impl Word {
    /// Its name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Entity => "entity",
            Self::Service => "service",
        }
    }
}

impl Seen {
    /// The call of the schema crate's macro.
    pub(crate) fn into_call(self) -> TokenStream {
        let Self {
            word,
            path,
            logic,
            item,
        } = self;
        let word = format_ident!("{}", word.as_str());
        let (form, rest) = match item {
            Item::Struct { props, slots } => {
                let slots = slots.map(|slots| quote!({ #slots }));
                (quote!(struct), quote!([#props] #slots))
            }
            Item::Impl(methods) => (quote!(impl), quote!(#(#methods)*)),
        };
        quote!(#path! { #form #word [#path] [#logic] [#rest] })
    }
}

impl ToTokens for Method {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let mark = match self.mark {
            Mark::Rpc => format_ident!("rpc"),
            Mark::Hook => format_ident!("hook"),
        };
        let (ready, signature) = (self.ready, &self.signature);
        tokens.extend(quote!({ #mark #ready [#signature] }));
    }
}

impl Parse for Seen {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let form: Option<Token![struct]> = input.parse()?;
        if form.is_none() {
            input.parse::<Token![impl]>()?;
        }
        let word = match input.parse::<Ident>()?.to_string().as_str() {
            "component" => Word::Component,
            "entity" => Word::Entity,
            _ => Word::Service,
        };
        let (path, logic, rest);
        bracketed!(path in input);
        let path = path.parse()?;
        bracketed!(logic in input);
        let logic = logic.parse()?;
        bracketed!(rest in input);
        let item = if form.is_none() {
            let mut methods = Vec::new();
            while !rest.is_empty() {
                methods.push(rest.parse()?);
            }
            Item::Impl(methods)
        } else {
            let field;
            bracketed!(field in rest);
            let props = if field.is_empty() {
                None
            } else {
                Some(Box::new(field.parse()?))
            };
            let slots = if rest.is_empty() {
                None
            } else {
                let slots;
                braced!(slots in rest);
                Some(slots.parse()?)
            };
            Item::Struct { props, slots }
        };
        Ok(Self {
            word,
            path,
            logic,
            item,
        })
    }
}

impl Parse for Method {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let method;
        braced!(method in input);
        let mark = if method.parse::<Ident>()? == "rpc" {
            Mark::Rpc
        } else {
            Mark::Hook
        };
        let ready = method.parse::<syn::LitBool>()?.value;
        let signature;
        bracketed!(signature in method);
        Ok(Self {
            mark,
            ready,
            signature: signature.parse()?,
        })
    }
}
