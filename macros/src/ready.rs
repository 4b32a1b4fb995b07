//! Whether a handler can wait at all.

use proc_macro2::{TokenStream, TokenTree};

/// Macros that are known not to wait, whatever is in their scope: of std and of `tracing`.
const HARMLESS: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "concat",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "env",
    "eprint",
    "eprintln",
    "error",
    "file",
    "format",
    "format_args",
    "info",
    "line",
    "matches",
    "panic",
    "print",
    "println",
    "stringify",
    "todo",
    "trace",
    "unimplemented",
    "unreachable",
    "vec",
    "warn",
    "write",
    "writeln",
];

/// Words before a `!` that negates a group: `if !(a && b)`.
const KEYWORDS: &[&str] = &[
    "break", "else", "if", "in", "match", "move", "return", "while",
];

/// Whether this body holds no `.await`, and no macro that could hide one: then its future is ready when it is first
/// polled.
pub(crate) fn never_waits(body: TokenStream) -> bool {
    let mut tokens = body.into_iter().peekable();
    let mut after_dot = false;
    while let Some(token) = tokens.next() {
        let dot = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
        match token {
            TokenTree::Group(group) if !never_waits(group.stream()) => return false,
            TokenTree::Ident(word) => {
                if after_dot && word == "await" {
                    return false;
                }
                let bang = matches!(tokens.peek(), Some(TokenTree::Punct(p)) if p.as_char() == '!');
                if bang && !KEYWORDS.iter().any(|keyword| word == keyword) {
                    tokens.next();
                    let call = matches!(tokens.peek(), Some(TokenTree::Group(_)));
                    if call && !HARMLESS.iter().any(|name| word == name) {
                        return false;
                    }
                }
            }
            _ => {}
        }
        after_dot = dot;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn awaits_and_unknown_macros_may_wait() {
        for (body, expected) in [
            ("", true),
            ("self.gold += 1; self.gold", true),
            ("other.call().await", false),
            ("other . call ( ) . await ?", false),
            ("if a { b.await }", false),
            ("let x = vec![other().await];", false),
            (
                "let x = vec![1, 2]; tracing::info!(x); format!(\"{x}\")",
                true,
            ),
            ("if !(a && b) { return !(c); } a != b", true),
            ("select! { a => b }", false),
            ("mine::join!(a, b)", false),
            ("async { 1 }", true),
            ("let r#await = 1; r#await", true),
            ("a..await_all()", true),
        ] {
            let tokens: TokenStream = body.parse().expect("tokens");
            assert_eq!(never_waits(tokens), expected, "{body}");
        }
    }
}
