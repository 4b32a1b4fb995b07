//! Formatting changes white space and trailing commas alone, and a second time nothing.

use playhouse_syntax::format::format_text;
use playhouse_syntax::{FileId, SyntaxKind, lexer};

pub(super) fn run(bytes: &[u8]) {
    let text = super::text(bytes);
    let Ok(once) = format_text(FileId(0), text) else {
        return;
    };
    let twice = format_text(FileId(0), &once);
    let twice = twice.unwrap_or_else(|errors| panic!("formatting broke {text:?}: {errors:?}"));
    assert_eq!(twice, once, "formatting twice is not formatting once");
    assert_eq!(
        words(&once),
        words(text),
        "formatting changed more than white space"
    );
}

/// Everything that means something: tokens without white space and commas, comments without what hangs over.
fn words(text: &str) -> Vec<&str> {
    let mut offset = 0;
    let mut words = Vec::new();
    for token in lexer::lex(text) {
        let end = offset + token.len as usize;
        if token.kind != SyntaxKind::Whitespace {
            words.extend(text[offset..end].lines().map(str::trim));
        }
        offset = end;
    }
    words.retain(|word| !word.is_empty() && *word != ",");
    words
}
