//! The lexer loses nothing: its tokens, one after another, are the text.

use playhouse_syntax::lexer;

pub(super) fn run(bytes: &[u8]) {
    let text = super::text(bytes);
    let mut offset = 0;
    for token in lexer::lex(text) {
        assert!(token.len > 0, "an empty token at {offset}");
        offset += token.len as usize;
        assert!(
            text.is_char_boundary(offset),
            "a token ends inside of a character at {offset}"
        );
    }
    assert_eq!(offset, text.len(), "tokens end before the text");
}
