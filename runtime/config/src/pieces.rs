//! A text cut into what stands there and what is replaced: `http://$IP$:$PORT:80$/`.

use std::ops::Range;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// As it stands, `$$` being a dollar already.
    Plain(String),
    /// `$NAME$`, or `$NAME:default$`.
    Macro {
        name: String,
        default: Option<String>,
    },
    /// `$env:NAME$`, or `$env:NAME:default$`.
    Variable {
        name: String,
        default: Option<String>,
    },
}

/// A part, and its bytes in the text.
pub(crate) type Placed = (Piece, Range<usize>);

/// What is wrong behind a dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PieceProblem {
    /// No second dollar.
    Open,
    /// What stands between the dollars is no name.
    Name,
}

/// Whether this can be the name of a macro or a variable.
pub(crate) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The parts of a text, each with its place in it; or what is wrong, and where.
pub(crate) fn split(text: &str) -> Result<Vec<Placed>, (PieceProblem, usize)> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    let mut plain_at = 0;
    while let Some(found) = text[at..].find('$') {
        let dollar = at + found;
        plain.push_str(&text[at..dollar]);
        let behind = &text[dollar + 1..];
        if behind.starts_with('$') {
            plain.push('$');
            at = dollar + 2;
            continue;
        }
        let length = behind.find('$').ok_or((PieceProblem::Open, dollar))?;
        let piece = named(&behind[..length]).ok_or((PieceProblem::Name, dollar))?;
        if !plain.is_empty() {
            pieces.push((Piece::Plain(std::mem::take(&mut plain)), plain_at..dollar));
        }
        at = dollar + 1 + length + 1;
        plain_at = at;
        pieces.push((piece, dollar..at));
    }
    plain.push_str(&text[at..]);
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push((Piece::Plain(plain), plain_at..text.len()));
    }
    Ok(pieces)
}

/// What stands between two dollars.
fn named(inside: &str) -> Option<Piece> {
    let (name, rest) = match inside.split_once(':') {
        Some((name, rest)) => (name, Some(rest)),
        None => (inside, None),
    };
    if name == "env" {
        let rest = rest?;
        let (name, default) = match rest.split_once(':') {
            Some((name, default)) => (name, Some(default.to_owned())),
            None => (rest, None),
        };
        let name = name.to_owned();
        return is_name(&name).then_some(Piece::Variable { name, default });
    }
    let (name, default) = (name.to_owned(), rest.map(ToOwned::to_owned));
    is_name(&name).then_some(Piece::Macro { name, default })
}
