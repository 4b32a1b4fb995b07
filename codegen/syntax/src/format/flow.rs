//! Tokens to text on a line, with one space or none between two.

use super::tokens::Token;
use crate::SyntaxKind as K;

/// Appends `tokens` to `out`. Behind a comment that ends its line, text goes on in a new one, indented by `indent`.
pub(super) fn write(tokens: &[Token<'_>], indent: usize, out: &mut String) {
    let mut previous: Option<&Token<'_>> = None;
    for (at, token) in tokens.iter().enumerate() {
        if is_last_comma(tokens, at) {
            continue;
        }
        match previous {
            Some(before) if ends_line(before) => break_line(indent, out),
            Some(before) if space_between(before, token) => out.push(' '),
            _ => {}
        }
        push(token, out);
        previous = Some(token);
    }
    if previous.is_some_and(ends_line) {
        break_line(indent, out);
    }
}

/// The text of `tokens` in a line of its own, indented by `indent`.
pub(super) fn line(tokens: &[Token<'_>], indent: usize) -> String {
    let mut out = " ".repeat(indent);
    write(tokens, indent + CONTINUATION, &mut out);
    out
}

/// How much further than its first line the rest of a member is indented.
pub(super) const CONTINUATION: usize = 8;

fn ends_line(token: &Token<'_>) -> bool {
    matches!(token.kind, K::LineComment | K::DocComment | K::InnerDoc)
}

fn break_line(indent: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Appends the text of a token; comments without white space at their end and with `\n` for line breaks.
pub(super) fn push(token: &Token<'_>, out: &mut String) {
    if ends_line(token) {
        out.push_str(token.text.trim_end());
    } else if token.kind == K::BlockComment && token.text.contains('\r') {
        out.push_str(&token.text.replace("\r\n", "\n"));
    } else {
        out.push_str(token.text);
    }
}

/// Whether a comma stands before the end of its list.
fn is_last_comma(tokens: &[Token<'_>], at: usize) -> bool {
    tokens[at].kind == K::Comma
        && tokens[at + 1..]
            .iter()
            .find(|token| !token.is_comment())
            .is_some_and(|next| matches!(next.kind, K::RParen | K::RBracket | K::RBrace))
}

fn space_between(before: &Token<'_>, next: &Token<'_>) -> bool {
    if next.is_comment() {
        let bracket = matches!(before.kind, K::LParen | K::LBracket | K::LBrace | K::LAngle);
        return !bracket || next.kind == K::LineComment;
    }
    let opens = match before.kind {
        K::LParen
        | K::LBracket
        | K::LBrace
        | K::LAngle
        | K::At
        | K::Dot
        | K::DotDot
        | K::DotDotEq
        | K::Slash => true,
        K::Minus => before.parent != K::Binary,
        _ => false,
    };
    if opens {
        return false;
    }
    match next.kind {
        K::Comma
        | K::Semicolon
        | K::Colon
        | K::RParen
        | K::RBracket
        | K::RBrace
        | K::RAngle
        | K::Question
        | K::Dot
        | K::DotDot
        | K::DotDotEq
        | K::Slash
        | K::LAngle => false,
        K::LParen => next.parent == K::Paren,
        K::LBracket => next.parent == K::List,
        _ => true,
    }
}
