//! Blanks what is not code in Rust sources, so that rules don't find their words in comments and texts.

/// The text with comments and the insides of literals replaced by spaces; lines and columns stay where they are.
pub(crate) fn code(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    let mut previous = ' ';
    while let Some(letter) = rest.chars().next() {
        let literal_may_start = !previous.is_alphanumeric() && previous != '_';
        let (length, keep) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), 0)
        } else if rest.starts_with("/*") {
            (block_comment(rest), 0)
        } else if let Some((quotes, hashes)) = raw_string(rest).filter(|_| literal_may_start) {
            let end = format!("\"{}", "#".repeat(hashes));
            let found = rest[quotes..]
                .find(&end)
                .map(|index| quotes + index + end.len());
            (found.unwrap_or(rest.len()), 1)
        } else if letter == '"' {
            (quoted(rest, '"'), 1)
        } else if letter == '\'' {
            (character(rest), 1)
        } else {
            (letter.len_utf8(), usize::MAX)
        };
        let taken = &rest[..length];
        if keep == usize::MAX {
            masked.push_str(taken);
        } else {
            blank(taken, keep, &mut masked);
        }
        previous = taken.chars().next_back().unwrap_or(' ');
        rest = &rest[length..];
    }
    masked
}

/// Appends `text` blanked, but for its first and last `keep` letters (a literal's quotes).
fn blank(text: &str, keep: usize, masked: &mut String) {
    let count = text.chars().count();
    for (index, letter) in text.chars().enumerate() {
        let kept = letter == '\n' || index < keep || index + keep >= count;
        masked.push(if kept { letter } else { ' ' });
    }
}

/// Length of the comment at the start, with those nested in it.
fn block_comment(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut index, mut depth) = (0, 0);
    while index < bytes.len() {
        if bytes[index..].starts_with(b"/*") {
            depth += 1;
            index += 2;
        } else if bytes[index..].starts_with(b"*/") {
            depth -= 1;
            index += 2;
            if depth == 0 {
                return index;
            }
        } else {
            index += 1;
        }
    }
    bytes.len()
}

/// For `r"`, `br#"` and the like: where the inside starts, and how many hashes end it.
fn raw_string(text: &str) -> Option<(usize, usize)> {
    let marked = ["br", "cr", "r"]
        .iter()
        .find_map(|mark| text.strip_prefix(mark))?;
    let inside = marked.trim_start_matches('#');
    let hashes = marked.len() - inside.len();
    inside
        .starts_with('"')
        .then(|| (text.len() - inside.len() + 1, hashes))
}

/// Length of the literal at the start, which ends at a quote without a backslash before it.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, letter) in text.char_indices().skip(1) {
        if letter == quote && !escaped {
            return index + letter.len_utf8();
        }
        escaped = letter == '\\' && !escaped;
    }
    text.len()
}

/// Length of the character literal at the start, or 1 if it is a lifetime.
fn character(text: &str) -> usize {
    let mut letters = text.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), _) => quoted(text, '\''),
        (Some(_), Some((index, '\''))) => index + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(code(text), expected);
        assert_eq!(code(text).chars().count(), text.chars().count());
    }

    #[test]
    fn comments_are_blanked() {
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ d */ e", "a                   e");
        check("//! todo!()\n", "           \n");
    }

    #[test]
    fn insides_of_literals_are_blanked() {
        check(r#"f("a \" b", c)"#, r#"f("      ", c)"#);
        check(r###"f(r#"a " b"#, c)"###, r###"f(r        #, c)"###);
        check(r"f('\'', 'x', b'y')", r"f('  ', ' ', b' ')");
    }

    #[test]
    fn lifetimes_and_raw_names_are_kept() {
        check(
            "fn f<'a>(x: &'a str, r#type: u8)",
            "fn f<'a>(x: &'a str, r#type: u8)",
        );
        check("for x in [''', y]", "for x in [' ', y]");
    }
}
