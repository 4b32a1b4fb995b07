//! `#[component]`, `#[entity]` and `#[service]`: the user's item as it is, and a call of the schema crate's macro.

use proc_macro2::TokenStream;
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
        "`#[{mark}]` works inside an impl with `#[component(..)]`, `#[entity(..)]` or `#[service(..)]` on it: \
         add that to the impl"
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
fn item_name(item: &TokenStream) -> proc_macro2::Span {
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
    let error = check_props(word, item, &path).err();
    let name = &item.ident;
    let seen = Seen {
        word,
        path,
        logic: syn::parse_quote!(#name),
        item: Item::Struct {
            // Accessors of a field that isn't there would be errors of their own.
            props: error.is_none(),
            slots,
        },
    };
    let error = error.map(|error| error.to_compile_error());
    let call = seen.into_call();
    Ok(quote!(#error #call))
}

/// There is a field `props`, of the type that the attribute names.
fn check_props(word: Word, item: &ItemStruct, path: &Path) -> Result<()> {
    let wanted = path.to_token_stream().to_string().replace(' ', "");
    let field = match &item.fields {
        Fields::Named(fields) => fields
            .named
            .iter()
            .find(|field| field.ident.as_ref().is_some_and(|name| name == "props")),
        Fields::Unnamed(_) | Fields::Unit => None,
    };
    let Some(field) = field else {
        let text = format!(
            "no field `props` in `{}`: add `props: {wanted}`, its properties",
            item.ident
        );
        return Err(Error::new_spanned(&item.ident, text));
    };
    let last = |path: &Path| path.segments.last().map(|segment| segment.ident.clone());
    match &field.ty {
        syn::Type::Path(ty) if last(&ty.path) == last(path) => Ok(()),
        ty => {
            let text = format!(
                "the field `props` has the type that `#[{}(..)]` names: `{wanted}`",
                word.as_str()
            );
            Err(Error::new_spanned(ty, text))
        }
    }
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
    if let Some(slots) = slots {
        let text = "slots belong into the attribute of the struct";
        return Err(Error::new_spanned(slots, text));
    }
    let seen = Seen {
        word,
        path,
        logic: (*item.self_ty).clone(),
        item: Item::Impl(methods),
    };
    Ok(seen.into_call())
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
            if mark.replace(this).is_some() {
                let text = "a method is one handler: mark it once, with `#[rpc]` or `#[hook]`";
                let error = Error::new_spanned(attribute, text);
                match &mut errors {
                    Some(errors) => errors.combine(error),
                    None => errors = Some(error),
                }
            }
            false
        });
        if let Some(mark) = mark {
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
            return Err(input.error("name the type of the schema, as in `#[component(Inventory)]`"));
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
