//! One handler: from the arguments of the call to the user's method, and from what it returns to the call's result.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Path, Result, Type};

use crate::implement::runtime;
use crate::payload::{Call, CallKind, Owner, OwnerKind};
use crate::result;
use crate::seen::Method;
use crate::signature::{self, Taken, Wanted};

/// The statement that hands the method to `calls`.
pub(crate) fn register(
    owner: &Owner,
    path: &Path,
    call: &Call,
    method: &Method,
) -> Result<TokenStream> {
    let names: Vec<(String, String)> = call
        .arguments
        .iter()
        .map(|argument| (argument.name.to_string(), argument.ty.clone()))
        .collect();
    let place = format!(" ({})", owner.place_of(call.line));
    let Taken {
        context,
        arguments: types,
    } = signature::check(
        &method.signature,
        &Wanted {
            title: format!("{} `{}`", call.kind.word(), call.bare_name()),
            receiver: owner.receiver(),
            arguments: &names,
            place: &place,
        },
    )?;

    let v1 = runtime();
    let tag = call.tag;
    let ready = method.ready;
    let locals: Vec<Ident> = (0..types.len())
        .map(|position| format_ident!("argument_{position}"))
        .collect();
    let checks = types
        .iter()
        .enumerate()
        .filter_map(|(position, ty)| check_argument(owner, call, position, ty, &locals[position]));
    let (args, parts) = if locals.is_empty() {
        (format_ident!("_args"), None)
    } else {
        let parts = quote!(let (#(#locals,)*) = #v1::Arguments::into_parts(args););
        (format_ident!("args"), Some(parts))
    };
    // Where the schema's type and the user's differ, rustc points at the user's.
    let given = types.iter().zip(&locals).map(|(ty, local)| {
        let local = Ident::new(&local.to_string(), located(ty));
        quote!(#local)
    });
    let name = &method.signature.ident;
    let cx = Ident::new("cx", located(context));
    let span = result::span(method);
    let body = quote_spanned!(span=> Self::#name(logic, #cx, #(#given),*));
    let answered = result::answer(owner, call, method, &body);
    let logic = match owner.kind {
        OwnerKind::Service => quote!(&Self),
        OwnerKind::Component | OwnerKind::Entity(_) => quote!(&mut Self),
    };
    let kind = match call.kind {
        CallKind::Oneway => format_ident!("oneway"),
        CallKind::Timer => format_ident!("timer"),
        _ => format_ident!("rpc"),
    };
    let answer = result::answer_type(call);
    Ok(quote! {{
        type __Args = <#path as #v1::HasCall<#tag>>::Args;
        #answer
        calls.#kind::<__Args, _>(
            #ready,
            async |logic: #logic, cx: &mut #v1::Cx, #args: __Args| -> __Answer {
                #parts
                #(#checks)*
                #answered
            },
        );
    }})
}

/// The call site's names at the place of the user's tokens.
pub(crate) fn located(tokens: &impl ToTokens) -> Span {
    Span::call_site().located_at(tokens.span())
}

/// The name of a trait that is local to one check: rustc may say that a type does not have it.
pub(crate) fn trait_name(words: &[&str]) -> Ident {
    let mut name = "__".to_owned();
    for word in words.iter().flat_map(|word| word.split('_')) {
        // A type's words may hold more than letters.
        let mut letters = word.chars().filter(|letter| letter.is_alphanumeric());
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.extend(letters);
    }
    Ident::new(&name, Span::call_site())
}

/// A text of Rust tokens without what formatting adds.
pub(crate) fn bare(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Escapes what `on_unimplemented` would take for a parameter.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// Holds the user's type against the schema's, through a trait that only the schema's has. None if both are written
/// alike: then rustc's own words do, should they differ after all.
fn check_argument(
    owner: &Owner,
    call: &Call,
    position: usize,
    ty: &Type,
    local: &Ident,
) -> Option<TokenStream> {
    let argument = &call.arguments[position];
    if bare(&ty.to_token_stream().to_string()) == bare(&argument.ty) {
        return None;
    }
    let v1 = runtime();
    let message = format!(
        "argument `{}` of {} `{}` has type `{{Self}}`, the schema says `{}`",
        argument.name.unraw(),
        call.kind.word(),
        call.bare_name(),
        escaped(&argument.ty)
    );
    let label = format!("expected `{}`", escaped(&argument.ty));
    let note = format!("{}: {}", owner.place_of(call.line), escaped(&call.text));
    let take = quote_spanned!(located(ty)=> ::take(#local));
    let check = trait_name(&[
        "argument",
        &argument.name.unraw().to_string(),
        "of",
        &call.bare_name(),
    ]);
    Some(quote! {
        let #local = {
            type __Wanted = <<__Args as #v1::Arguments>::Parts as #v1::Nth<#position>>::Type;
            #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note)]
            trait #check {
                fn take(value: __Wanted) -> Self;
            }
            #[diagnostic::do_not_recommend]
            impl #check for __Wanted {
                fn take(value: __Wanted) -> Self { value }
            }
            <#ty as #check> #take
        };
    })
}
