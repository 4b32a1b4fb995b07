//! What a handler may return, and how it becomes the result of the call.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ReturnType;

use crate::handler::{bare, escaped, located, trait_name};
use crate::implement::runtime;
use crate::payload::{Call, CallKind, Owner};
use crate::seen::Method;

/// The type `__Answer` of the call's result, beside the type `__Args`.
pub(crate) fn answer_type(call: &Call) -> TokenStream {
    let v1 = runtime();
    if call.kind == CallKind::Rpc {
        quote! {
            type __Answer = ::core::result::Result<<__Args as #v1::Rpc>::Output, <__Args as #v1::Rpc>::Fault>;
        }
    } else {
        quote!(type __Answer = ::core::result::Result<(), #v1::Failure>;)
    }
}

/// Where an error about the result stands: the result's type, or else the name.
pub(crate) fn span(method: &Method) -> Span {
    match &method.signature.output {
        ReturnType::Default => located(&method.signature.ident),
        ReturnType::Type(_, ty) => located(ty),
    }
}

/// Awaits the user's method and turns what it returns into an `__Answer`.
pub(crate) fn answer(
    owner: &Owner,
    call: &Call,
    method: &Method,
    body: &TokenStream,
) -> TokenStream {
    let v1 = runtime();
    let returned = match &method.signature.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    };
    let span = span(method);
    let awaited = quote_spanned!(span=> #body.await);
    let shape = Shape::new(call);
    match shape.form(&bare(&returned.to_string())) {
        Some(Form::Nothing) => quote! {
            let () = #awaited;
            ::core::result::Result::Ok(())
        },
        Some(Form::Value) => quote! {
            let value: <__Args as #v1::Rpc>::Output = #awaited;
            ::core::result::Result::Ok(value)
        },
        Some(Form::Answer) => quote! {
            let answer: __Answer = #awaited;
            answer
        },
        Some(Form::Failure) => quote!(#awaited.map_err(::core::convert::Into::into)),
        Some(Form::Thrown) => quote!(#awaited.map_err(#v1::Fault::thrown)),
        None => {
            let name = trait_name(&["returned", "by", &call.bare_name()]);
            let check = check(owner, call, &name);
            // Without a return type, rustc would underline what the name stands for.
            let returned = match &method.signature.output {
                ReturnType::Default => quote_spanned!(span=> ()),
                ReturnType::Type(_, ty) => ty.to_token_stream(),
            };
            let give = quote_spanned!(span=> ::give(value));
            quote! {
                let value = #awaited;
                #check
                <#returned as #name<_>> #give
            }
        }
    }
}

/// The result of a call as texts.
struct Shape {
    /// The full result.
    answer: String,
    /// What comes back when all is well, and what may be thrown; none of a call without result.
    parts: Option<(String, Option<String>)>,
}

/// How a handler returns.
#[derive(Debug, PartialEq, Eq)]
enum Form {
    /// Nothing, of a call without result.
    Nothing,
    /// The bare value.
    Value,
    /// The full result.
    Answer,
    /// A `Result` with a bare `Failure`, of a call that throws something.
    Failure,
    /// A `Result` with a bare error of the schema.
    Thrown,
}

impl Shape {
    fn new(call: &Call) -> Self {
        let answer = bare(&call.result);
        if call.kind != CallKind::Rpc {
            return Self {
                answer: "Result<(),Failure>".to_owned(),
                parts: None,
            };
        }
        let parts = split_result(&answer).map(|(value, error)| {
            let thrown = error
                .strip_prefix("CallError<")
                .and_then(|error| error.strip_suffix('>'));
            (value.to_owned(), thrown.map(str::to_owned))
        });
        Self { answer, parts }
    }

    fn form(&self, returned: &str) -> Option<Form> {
        if returned == self.answer {
            return Some(Form::Answer);
        }
        let Some((value, thrown)) = &self.parts else {
            return (returned == "()").then_some(Form::Nothing);
        };
        if returned == value {
            return Some(if value == "()" {
                Form::Nothing
            } else {
                Form::Value
            });
        }
        let (of, error) = split_result(returned)?;
        if of != value {
            return None;
        }
        if thrown.as_deref() == Some(error) {
            return Some(Form::Thrown);
        }
        (thrown.is_some() && error == "Failure").then_some(Form::Failure)
    }
}

/// `Result<Value,Error>`, in its parts.
fn split_result(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix("Result<")?.strip_suffix('>')?;
    let mut depth = 0_usize;
    for (at, sign) in inner.char_indices() {
        match sign {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => return Some((&inner[..at], &inner[at + 1..])),
            _ => {}
        }
    }
    None
}

/// A trait that only those types have that a handler of the call may return. Its parameter tells the forms apart, since
/// rustc looks at the types of another crate too late to see that they differ.
fn check(owner: &Owner, call: &Call, name: &Ident) -> TokenStream {
    let v1 = runtime();
    let shown = match call.kind {
        CallKind::Rpc => &call.result,
        _ => "()",
    };
    let message = format!(
        "{} `{}` returns `{{Self}}`, the schema says `{}`",
        call.kind.word(),
        call.bare_name(),
        escaped(shown)
    );
    let label = format!("expected `{}`", escaped(shown));
    let note = format!("{}: {}", owner.place_of(call.line), escaped(&call.text));
    let mut impls = vec![quote! {
        impl #name<[(); 0]> for __Answer {
            fn give(self) -> __Answer { self }
        }
    }];
    if call.kind == CallKind::Rpc {
        impls.push(quote! {
            impl #name<[(); 1]> for <__Args as #v1::Rpc>::Output {
                fn give(self) -> __Answer { ::core::result::Result::Ok(self) }
            }
        });
    } else {
        impls.push(quote! {
            impl #name<[(); 1]> for () {
                fn give(self) -> __Answer { ::core::result::Result::Ok(self) }
            }
        });
    }
    if call.throws() {
        impls.push(quote! {
            impl #name<[(); 2]> for ::core::result::Result<<__Args as #v1::Rpc>::Output, #v1::Failure> {
                fn give(self) -> __Answer { self.map_err(::core::convert::Into::into) }
            }
        });
        impls.push(quote! {
            impl #name<[(); 3]>
                for ::core::result::Result<
                    <__Args as #v1::Rpc>::Output,
                    <<__Args as #v1::Rpc>::Fault as #v1::Fault>::Thrown,
                >
            {
                fn give(self) -> __Answer { self.map_err(#v1::Fault::thrown) }
            }
        });
    }
    quote! {
        #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note)]
        trait #name<Form> {
            fn give(self) -> __Answer;
        }
        #(#[diagnostic::do_not_recommend] #impls)*
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(result: &str) -> Shape {
        let text = format!("{{ rpc 1 trade 41 \"rpc\" [] \"{result}\" }}");
        Shape::new(&syn::parse_str(&text).expect("a call"))
    }

    #[test]
    fn results_are_split_at_their_own_comma() {
        for (text, expected) in [
            ("Result<bool,Failure>", Some(("bool", "Failure"))),
            ("Result<(),Failure>", Some(("()", "Failure"))),
            (
                "Result<BTreeMap<K,V>,CallError<E>>",
                Some(("BTreeMap<K,V>", "CallError<E>")),
            ),
            ("Result<(A,B),E>", Some(("(A,B)", "E"))),
            ("Result<A>", None),
            ("bool", None),
        ] {
            assert_eq!(split_result(text), expected, "{text}");
        }
    }

    #[test]
    fn a_handler_may_return_less_than_the_whole() {
        let throws = shape("Result<Receipt, CallError<TradeError>>");
        let plain = shape("Result<bool, Failure>");
        let nothing = shape("Result<(), CallError<TradeError>>");
        for (shape, returned, expected) in [
            (
                &throws,
                "Result<Receipt,CallError<TradeError>>",
                Some(Form::Answer),
            ),
            (&throws, "Result<Receipt,TradeError>", Some(Form::Thrown)),
            (&throws, "Result<Receipt,Failure>", Some(Form::Failure)),
            (&throws, "Receipt", Some(Form::Value)),
            (&throws, "Result<Receipt,OtherError>", None),
            (&plain, "bool", Some(Form::Value)),
            (&plain, "Result<bool,Failure>", Some(Form::Answer)),
            (&plain, "u32", None),
            (&plain, "()", None),
            (&nothing, "()", Some(Form::Nothing)),
            (&nothing, "Result<(),TradeError>", Some(Form::Thrown)),
        ] {
            assert_eq!(shape.form(returned), expected, "{returned}");
        }
    }
}
