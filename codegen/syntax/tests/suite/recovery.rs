//! What one mistake is answered with: each token of the sample is left out in turn.
//!
//! `recovery.txt` shows every answer, for a person to judge; one mistake should give one error that says what to do.

use std::fmt::Write as _;

use playhouse_syntax::{Diagnostic, FileId, SyntaxKind, ast, lexer, parse};

use crate::snapshot;

/// How many errors one mistake may give.
const ERRORS_MAX: usize = 3;

fn errors(text: &str) -> Vec<Diagnostic> {
    let parsed = parse(FileId(0), text);
    let (_, literals) = ast::lower(FileId(0), &parsed.tree());
    let mut errors = parsed.diagnostics;
    errors.extend(literals);
    errors
}

/// The line of `text` that holds byte `at`, with `mark` put in there.
fn marked_line(text: &str, at: usize, mark: &str) -> String {
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    let end = text[at..].find('\n').map_or(text.len(), |line| at + line);
    let line = format!("{}{mark}{}", &text[start..at], &text[at..end]);
    line.trim().to_owned()
}

fn write_error(error: &Diagnostic, text: &str, out: &mut String) {
    let at = usize::from(error.primary.span.range.start());
    let line = text[..at].matches('\n').count() + 1;
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    write!(
        out,
        "    {}:{} {} {}",
        line,
        text[start..at].chars().count() + 1,
        error.code.0,
        error.message
    )
    .unwrap();
    for label in [&error.primary].into_iter().chain(&error.secondary) {
        if !label.message.is_empty() {
            write!(out, " | {}", label.message).unwrap();
        }
    }
    for help in &error.help {
        write!(out, " | help: {help}").unwrap();
    }
    for fix in &error.fixes {
        write!(out, " | fix: {}", fix.title).unwrap();
    }
    out.push('\n');
}

#[test]
fn one_token_too_few_gives_few_errors() {
    let sample = include_str!("../sample.idl");
    let mut out = String::from(
        "Each token of the sample left out, at the place marked by <>; and what is said about it.\n",
    );
    let mut too_many = Vec::new();
    let mut counts = [0usize; ERRORS_MAX + 1];
    let mut at = 0;
    for token in lexer::lex(sample) {
        let end = at + token.len as usize;
        let removed = &sample[at..end];
        if token.kind > SyntaxKind::BlockComment && token.kind != SyntaxKind::Eof {
            let text = format!("{}{}", &sample[..at], &sample[end..]);
            let errors = errors(&text);
            let line = marked_line(&text, at, "<>");
            writeln!(out, "\n`{removed}` out of: {line}").unwrap();
            for error in &errors {
                write_error(error, &text, &mut out);
            }
            if errors.is_empty() {
                out.push_str("    (good syntax)\n");
            }
            if errors.len() > ERRORS_MAX {
                too_many.push(format!(
                    "without `{removed}` in `{line}`: {} errors",
                    errors.len()
                ));
            }
            counts[errors.len().min(ERRORS_MAX)] += 1;
        }
        at = end;
    }
    writeln!(out, "\nCases with no, one, two, three errors: {counts:?}").unwrap();
    snapshot::check("recovery.txt", &out);
    assert!(too_many.is_empty(), "{too_many:#?}");
}

/// Tokens to put in or in place of others.
const WRONG: [&str; 11] = [
    ";", ",", "}", "name", "7", ":", ")", "{", "@", "rpc", "\"text\"",
];

/// A token too many, or another in its place, gives few errors as well: the limit is one more, for a `{` too many.
#[test]
fn one_token_too_many_or_wrong_gives_few_errors() {
    let sample = include_str!("../sample.idl");
    let mut too_many = Vec::new();
    let mut at = 0;
    let mut wrongs = WRONG.iter().cycle();
    for token in lexer::lex(sample) {
        let end = at + token.len as usize;
        let good = &sample[at..end];
        if token.kind > SyntaxKind::BlockComment {
            let wrong = wrongs.next().unwrap();
            for (start, put) in [(at, good), (at, wrong), (end, wrong)] {
                let text = format!("{} {put} {}", &sample[..start], &sample[end..]);
                let errors = errors(&text).len();
                if errors > ERRORS_MAX + 1 {
                    let line = marked_line(&text, start + 1, "<>");
                    too_many.push(format!("{errors} errors: {line}"));
                }
            }
        }
        at = end;
    }
    assert!(too_many.is_empty(), "{too_many:#?}");
}
