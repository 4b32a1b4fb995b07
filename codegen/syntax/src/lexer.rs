//! Text to tokens. Nothing is lost: the tokens' texts joined are the input.

use logos::Logos;

use crate::SyntaxKind;

/// A token: its kind and its length in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: SyntaxKind,
    /// Bytes of text.
    pub len: u32,
}

/// The longest text that is read, in bytes: far more than anybody writes by hand, and little enough that no file can use
/// up the memory.
pub const TEXT_BYTES_MAX: usize = 16 << 20;

/// Some editors put it at the start of a file; there it is white space.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Splits `text` into tokens. Characters that begin no token become [`SyntaxKind::Unknown`].
///
/// # Panics
/// If `text` is longer than [`TEXT_BYTES_MAX`]; [`crate::parse`] refuses it before.
#[must_use]
pub fn lex(text: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 4);
    let mut lexer = SyntaxKind::lexer(text);
    if text.starts_with(BYTE_ORDER_MARK) {
        lexer.bump(BYTE_ORDER_MARK.len_utf8());
        tokens.push(Token {
            kind: SyntaxKind::Whitespace,
            len: 3,
        });
    }
    while let Some(next) = lexer.next() {
        let kind = match next {
            Ok(SyntaxKind::RuleComment) => SyntaxKind::LineComment,
            Ok(kind) => kind,
            Err(()) => SyntaxKind::Unknown,
        };
        let mut len = lexer.slice().len();
        if next.is_err() && !lexer.slice().starts_with("/*") {
            // Up to where it could have become a token; only its first character is to blame.
            len = lexer.slice().chars().next().map_or(len, char::len_utf8);
            let rest = &lexer.source()[lexer.span().start + len..];
            lexer = SyntaxKind::lexer(rest);
        }
        let len = u32::try_from(len).expect("texts are shorter than TEXT_BYTES_MAX");
        tokens.push(Token { kind, len });
    }
    tokens
}
