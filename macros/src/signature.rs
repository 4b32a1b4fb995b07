//! Whether a handler takes what the schema says: how many arguments, `self` and `cx`, and `async`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Error, FnArg, PatType, Receiver, Result, Signature, Token, Type};

/// What a method is to take.
pub(crate) struct Wanted<'a> {
    /// ``rpc `trade` ``
    pub(crate) title: String,
    /// `&mut self` or `&self`.
    pub(crate) receiver: &'static str,
    /// Name and type of what comes after `cx`.
    pub(crate) arguments: &'a [(String, String)],
    /// The place in the `.idl`, in parentheses; empty if there is none.
    pub(crate) place: &'a str,
}

/// What a method takes, as the user wrote it.
pub(crate) struct Taken<'s> {
    /// The type of `cx`.
    pub(crate) context: &'s Type,
    /// The types of the arguments after it.
    pub(crate) arguments: Vec<&'s Type>,
}

/// Holds a method against what it is to take.
pub(crate) fn check<'s>(signature: &'s Signature, wanted: &Wanted<'_>) -> Result<Taken<'s>> {
    let Wanted { title, place, .. } = wanted;
    if signature.asyncness.is_none() {
        let text = format!("{title} is not async: make it `async fn`{place}");
        return Err(Error::new_spanned(&signature.ident, text));
    }
    if !signature.generics.params.is_empty() {
        let text = format!("{title} has no generics: it takes the types of the schema{place}");
        return Err(Error::new_spanned(&signature.generics, text));
    }
    let mut typed: Vec<&PatType> = Vec::with_capacity(signature.inputs.len());
    let mut receiver = None;
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(this) => receiver = Some(this),
            FnArg::Typed(input) => typed.push(input),
        }
    }
    check_receiver(signature, receiver, wanted)?;
    check_context(signature, &typed, wanted)?;
    let given = &typed[1..];
    let generic = given
        .iter()
        .find(|input| mentions(input.ty.to_token_stream(), "impl"));
    if let Some(input) = generic {
        let text = format!("{title} has no generics: it takes the types of the schema{place}");
        return Err(Error::new_spanned(&input.ty, text));
    }
    let count = wanted.arguments.len();
    if given.len() > count {
        let surplus: Punctuated<_, Token![,]> = given[count..].iter().collect();
        let takes = match count {
            0 => "nothing".to_owned(),
            1 => format!("only `{}`", wanted.arguments[0].0),
            _ => format!("only {}", list(wanted.arguments)),
        };
        let text = format!("{title} takes {takes} after `cx`{place}");
        return Err(Error::new_spanned(surplus, text));
    }
    if given.len() < count {
        let text = format!(
            "{title} also takes {}{place}",
            list(&wanted.arguments[given.len()..])
        );
        return Err(Error::new_spanned(&signature.ident, text));
    }
    Ok(Taken {
        context: &typed[0].ty,
        arguments: given.iter().map(|input| &*input.ty).collect(),
    })
}

fn list(arguments: &[(String, String)]) -> String {
    let texts: Vec<String> = arguments
        .iter()
        .map(|(name, ty)| format!("`{name}: {ty}`"))
        .collect();
    texts.join(", ")
}

fn check_receiver(
    signature: &Signature,
    receiver: Option<&Receiver>,
    wanted: &Wanted<'_>,
) -> Result<()> {
    let written = receiver.map(|this| {
        if this.colon_token.is_some() {
            "typed"
        } else {
            match (&this.reference, &this.mutability) {
                (None, _) => "self",
                (Some(_), None) => "&self",
                (Some(_), Some(_)) => "&mut self",
            }
        }
    });
    if written == Some(wanted.receiver) {
        return Ok(());
    }
    let Wanted {
        title,
        receiver: want,
        place,
        ..
    } = wanted;
    let why = if *want == "&self" && written == Some("&mut self") {
        ": calls of a service run beside one another, so put what changes into a `Cell` or a `RefCell`"
    } else {
        ""
    };
    let text = format!("{title} takes `{want}`{why}{place}");
    Err(match receiver {
        Some(this) => Error::new_spanned(this, text),
        None => Error::new_spanned(&signature.ident, text),
    })
}

/// The first argument is `cx: &mut Cx`, by whatever name or alias.
fn check_context(signature: &Signature, typed: &[&PatType], wanted: &Wanted<'_>) -> Result<()> {
    let Wanted { title, place, .. } = wanted;
    let missing = || format!("{title} takes `cx: &mut Cx` first{place}");
    let Some(first) = typed.first() else {
        return Err(Error::new_spanned(&signature.ident, missing()));
    };
    let mutable = match &*first.ty {
        Type::Reference(reference) if reference.mutability.is_some() => Some(&*reference.elem),
        _ => None,
    };
    if mutable.is_some_and(|ty| matches!(ty, Type::Path(path) if is_context(path))) {
        return Ok(());
    }
    if mentions(first.ty.to_token_stream(), "Cx") {
        let text = format!("{title} takes `cx: &mut Cx`{place}");
        return Err(Error::new_spanned(&first.ty, text));
    }
    if mutable.is_some() && typed.len() == wanted.arguments.len() + 1 {
        // An alias, of which rustc is the judge.
        return Ok(());
    }
    Err(Error::new_spanned(&signature.ident, missing()))
}

fn is_context(path: &syn::TypePath) -> bool {
    path.path
        .segments
        .last()
        .is_some_and(|segment| segment.ident == "Cx")
}

fn mentions(ty: TokenStream, word: &str) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Ident(name) => name == word,
        TokenTree::Group(group) => mentions(group.stream(), word),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
