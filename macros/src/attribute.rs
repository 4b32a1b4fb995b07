//! `#[component]`, `#[entity]` and `#[service]`: the user's item as it is, and a call of the schema crate's macro.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Error, Fields, ImplItem, ItemImpl, ItemStruct, Path, Result, Token, braced, token};

use crate::ready;
use crate::seen::{Item, Mark, Method, Seen, Word};

/// What stands in the attribute's parentheses.
struct Arguments {
    path: Path,
    slots: Option<TokenStream>,
}

/// The item and what it makes; whatever is wrong, the item survives.
pub(crate) fn expand(word: Word, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let (item, outcome) = match parse(&item) {
        Some(Parsed::Struct(parsed)) => (item, of_struct(word, arguments, &parsed)),
        Some(Parsed::Impl(mut parsed)) => {
            let (methods, error) = take_marks(&mut parsed);
            let outcome = of_impl(word, arguments, &parsed, methods).map(|call| {
                let error = error.map(|error| error.to_compile_error());
                quote!(#error #call)
            });
            (parsed.into_token_stream(), outcome)
        }
        None => {
            let text = format!(
                "`#[{0}(..)]` belongs on {1}",
                word.as_str(),
                match word {
                    Word::Service => "the impl of a struct",
                    Word::Component | Word::Entity => "a struct and on its impl",
                }
            );
            let error = Error::new(item_name(&item), text);
            (item, Err(error))
        }
    };
    let made = outcome.unwrap_or_else(|error| error.to_compile_error());
    quote!(#item #made)
}

/// `#[rpc]` or `#[hook]` where no attribute of the impl took it away.
pub(crate) fn stray(mark: &str, item: TokenStream) -> TokenStream {
    let text = format!(
        "`#[{mark}]` marks a method, inside an impl with `#[component(..)]`, `#[entity(..)]` or `#[service(..)]` on it"
    );
    let error = Error::new(item_name(&item), text).to_compile_error();
    quote!(#item #error)
}

enum Parsed {
    Struct(ItemStruct),
    Impl(ItemImpl),
}

/// The item, by its first keyword; none if it is of another sort.
fn parse(item: &TokenStream) -> Option<Parsed> {
    syn::parse2::<ItemImpl>(item.clone())
        .map(Parsed::Impl)
        .or_else(|_| syn::parse2::<ItemStruct>(item.clone()).map(Parsed::Struct))
        .ok()
}

/// The name of an item of any sort: where an error about the item stands.
fn item_name(item: &TokenStream) -> Span {
    match syn::parse2::<syn::Item>(item.clone()) {
        Ok(syn::Item::Enum(item)) => item.ident.span(),
        Ok(syn::Item::Fn(item)) => item.sig.ident.span(),
        Ok(syn::Item::Mod(item)) => item.ident.span(),
        Ok(syn::Item::Trait(item)) => item.ident.span(),
        Ok(syn::Item::Type(item)) => item.ident.span(),
        Ok(syn::Item::Union(item)) => item.ident.span(),
        _ => match syn::parse2::<syn::ImplItemFn>(item.clone()) {
            Ok(method) => method.sig.ident.span(),
            Err(_) => item.span(),
        },
    }
}

fn of_struct(word: Word, arguments: TokenStream, item: &ItemStruct) -> Result<TokenStream> {
    let Arguments { path, slots } = syn::parse2(arguments)?;
    if word == Word::Service {
        let text = "`#[service(..)]` belongs on the impl alone: remove it from the struct";
        return Err(Error::new_spanned(&item.ident, text));
    }
    if !item.generics.params.is_empty() {
        let text = format!("what `#[{}(..)]` stands on has no generics", word.as_str());
        return Err(Error::new_spanned(&item.generics, text));
    }
    if let (Word::Component, Some(slots)) = (word, &slots) {
        return Err(Error::new_spanned(slots, "components have no slots"));
    }
    let props = match &item.fields {
        Fields::Named(fields) => fields
            .named
            .iter()
            .find(|field| field.ident.as_ref().is_some_and(|name| name == "props"))
            .map(|field| Box::new(field.ty.clone())),
        Fields::Unnamed(_) | Fields::Unit => None,
    };
    let name = &item.ident;
    let seen = Seen {
        word,
        path,
        logic: syn::parse_quote!(#name),
        item: Item::Struct { props, slots },
    };
    Ok(seen.into_call())
}

fn of_impl(
    word: Word,
    arguments: TokenStream,
    item: &ItemImpl,
    methods: Vec<Method>,
) -> Result<TokenStream> {
    let Arguments { path, slots } = syn::parse2(arguments)?;
    if let Some((_, of, _)) = &item.trait_ {
        let text = format!(
            "`#[{}(..)]` belongs on an impl of the struct's own methods, not of a trait",
            word.as_str()
        );
        return Err(Error::new_spanned(of, text));
    }
    if !item.generics.params.is_empty() {
        let text = format!("what `#[{}(..)]` stands on has no generics", word.as_str());
        return Err(Error::new_spanned(&item.generics, text));
    }
    let error = slots.map(|slots| {
        let text = "slots belong in the attribute of the struct";
        Error::new_spanned(slots, text).to_compile_error()
    });
    let seen = Seen {
        word,
        path,
        logic: (*item.self_ty).clone(),
        item: Item::Impl(methods),
    };
    let call = seen.into_call();
    Ok(quote!(#error #call))
}

/// Takes `#[rpc]` and `#[hook]` away from the methods, and tells which had one.
fn take_marks(item: &mut ItemImpl) -> (Vec<Method>, Option<Error>) {
    let mut methods = Vec::new();
    let mut errors: Option<Error> = None;
    for item in &mut item.items {
        let ImplItem::Fn(method) = item else { continue };
        let mut mark = None;
        method.attrs.retain(|attribute| {
            let Some(name) = attribute.path().segments.last() else {
                return true;
            };
            let this = if name.ident == "rpc" {
                Mark::Rpc
            } else if name.ident == "hook" {
                Mark::Hook
            } else {
                return true;
            };
            if mark.is_some() {
                let text = "a method is one handler: mark it once, with `#[rpc]` or `#[hook]`";
                let error = Error::new_spanned(attribute, text);
                match &mut errors {
                    Some(errors) => errors.combine(error),
                    None => errors = Some(error),
                }
            }
            mark.get_or_insert(this);
            false
        });
        if let Some(mark) = mark {
            method.attrs.push(syn::parse_quote! {
                #[allow(
                    clippy::needless_pass_by_value,
                    clippy::too_many_arguments,
                    clippy::unused_async,
                    clippy::unused_self,
                    reason = "the schema decides what a handler takes"
                )]
            });
            methods.push(Method {
                mark,
                ready: ready::never_waits(method.block.to_token_stream()),
                signature: method.sig.clone(),
            });
        }
    }
    (methods, errors)
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            let text = "name the type of the schema that this is about, in parentheses";
            return Err(Error::new(Span::call_site(), text));
        }
        let path = input.call(Path::parse_mod_style)?;
        let slots = if input.peek(token::Brace) {
            let slots;
            braced!(slots in input);
            Some(slots.parse()?)
        } else {
            None
        };
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { path, slots })
    }
}
