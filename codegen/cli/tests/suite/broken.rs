//! The schemas of `playhouse new`, broken in every way that a finger slips: each line deleted, each token deleted, each
//! word misspelt. What is said of it stands in `tests/broken.txt`, to be read as a stranger would.
//!
//! `UPDATE=1 cargo test -p playhouse-cli --test suite broken` writes the file anew.

use std::{fmt::Write as _, fs, path::Path};

use playhouse_schema::{Sources, check, lint};
use playhouse_syntax::{Diagnostic, FileId, Severity, Span, TextSize, parse};

/// The files of the sample; the last one is the manifest.
const FILES: [(&str, &str); 3] = [
    (
        "idl/items.idl",
        include_str!("../../template/idl/items.idl"),
    ),
    (
        "idl/player.idl",
        include_str!("../../template/idl/player.idl"),
    ),
    (
        "playhouse.toml",
        include_str!("../../template/playhouse.toml"),
    ),
];

/// A file with something done to it.
struct Case {
    /// Which of [`FILES`].
    file: usize,
    /// The line that was broken, from one.
    line: usize,
    /// What was done.
    done: String,
    text: String,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (file, &(path, text)) in FILES.iter().enumerate() {
        let mut start = 0;
        for (line, content) in (1..).zip(text.split_inclusive('\n')) {
            let range = start..start + content.len();
            start = range.end;
            let words = content.trim();
            if words.is_empty() || words.starts_with("//") || words.starts_with('#') {
                continue;
            }
            let mut case = |done: String, range: std::ops::Range<usize>, with: &str| {
                let mut text = text.to_owned();
                text.replace_range(range, with);
                cases.push(Case {
                    file,
                    line,
                    done,
                    text,
                });
            };
            case("line".to_owned(), range.clone(), "");
            for (at, token) in tokens(path, content) {
                let place = range.start + at..range.start + at + token.len();
                case(format!("- {token}"), place.clone(), "");
                if let Some(misspelt) = misspelt(token) {
                    case(format!("{token} -> {misspelt}"), place, &misspelt);
                }
            }
        }
    }
    cases
}

/// The tokens of a line with their places; comments are none.
fn tokens<'a>(path: &str, line: &'a str) -> Vec<(usize, &'a str)> {
    if path.ends_with(".toml") {
        let code = line.split(" #").next().unwrap_or_default();
        let part = |letter: char| !letter.is_alphanumeric() && letter != '_';
        let mut at = 0;
        let mut found = Vec::new();
        for word in code.split_inclusive(part) {
            let name = word.trim_end_matches(part);
            if !name.is_empty() {
                found.push((at, name));
            }
            if name.len() < word.len() && !word[name.len()..].trim().is_empty() {
                found.push((at + name.len(), &word[name.len()..]));
            }
            at += word.len();
        }
        return found;
    }
    let tree = parse(FileId(0), line).tree();
    let tokens = tree
        .descendants_with_tokens()
        .filter_map(|element| element.into_token());
    tokens
        .filter(|token| {
            let text = token.text().trim();
            !text.is_empty() && !text.starts_with("//")
        })
        .map(|token| {
            let range = token.text_range();
            let start = usize::from(range.start());
            (start, &line[start..usize::from(range.end())])
        })
        .collect()
}

/// `name` with two letters in the wrong order, or one missing.
fn misspelt(token: &str) -> Option<String> {
    let letters: Vec<char> = token.chars().collect();
    if letters.len() < 3 || !letters[0].is_alphabetic() {
        return None;
    }
    let middle = letters.len() / 2;
    let mut out = letters.clone();
    if out[middle - 1] == out[middle] || middle == 1 {
        out.remove(middle);
    } else {
        out.swap(middle - 1, middle);
    }
    Some(out.into_iter().collect())
}

fn diagnose(case: &Case) -> (Sources, Vec<Diagnostic>) {
    let text = |file: usize| {
        if file == case.file {
            case.text.clone()
        } else {
            FILES[file].1.to_owned()
        }
    };
    let schemas = (0..2).map(|file| (FILES[file].0.to_owned(), text(file)));
    let sources = Sources::new((FILES[2].0.to_owned(), text(2)), schemas);
    let checked = check(&sources);
    let mut found = checked.diagnostics.clone();
    if !checked.has_errors() {
        found.extend(lint(&sources, &checked));
    }
    (sources, found)
}

/// A diagnostic in a few short lines.
fn brief(sources: &Sources, diagnostic: &Diagnostic, out: &mut String) {
    let severity = match diagnostic.severity {
        Severity::Error => "",
        Severity::Warning => "warning ",
    };
    let place = place(sources, diagnostic.primary.span);
    let _ = write!(
        out,
        "  {severity}{} {place} {}",
        diagnostic.code.0, diagnostic.message
    );
    if !diagnostic.primary.message.is_empty() {
        let _ = write!(out, " | {}", diagnostic.primary.message);
    }
    for label in &diagnostic.secondary {
        let place = self::place(sources, label.span);
        let _ = write!(out, " | {place} {}", label.message);
    }
    for help in &diagnostic.help {
        let _ = write!(out, " | help: {help}");
    }
    for fix in &diagnostic.fixes {
        let _ = write!(out, " | fix: {}", fix.title);
    }
    out.push('\n');
}

fn place(sources: &Sources, span: Span) -> String {
    let Some(file) = sources.file(span.file) else {
        return "?".to_owned();
    };
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let (line, column) = position(&file.text, span.range.start());
    format!("{stem}:{line}:{column}")
}

fn position(text: &str, offset: TextSize) -> (usize, usize) {
    let before = &text[..usize::from(offset).min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
    (line, column)
}

/// Whether a diagnostic says how to mend it, beyond what is wrong.
fn says_how(diagnostic: &Diagnostic) -> bool {
    let label = &diagnostic.primary.message;
    !diagnostic.help.is_empty()
        || !diagnostic.fixes.is_empty()
        || label.contains("belongs")
        || label.contains("did you mean")
}

#[test]
fn every_slip_is_answered_with_place_and_remedy() {
    let mut out = String::new();
    let mut poor = String::new();
    for case in cases() {
        let (sources, found) = diagnose(&case);
        let (path, text) = FILES[case.file];
        let line = text.lines().nth(case.line - 1).unwrap_or_default().trim();
        let stem = path.rsplit('/').next().unwrap_or_default();
        if case.done == "line" {
            let _ = writeln!(out, "\n{stem}:{}  {line}", case.line);
        }
        let _ = writeln!(out, " {}", case.done);
        for diagnostic in &found {
            brief(&sources, diagnostic, &mut out);
            if !says_how(diagnostic) {
                let _ = writeln!(poor, "{stem}:{} {}", case.line, case.done);
                brief(&sources, diagnostic, &mut poor);
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &out).unwrap();
    }
    assert!(poor.is_empty(), "these don't say how to mend it:\n{poor}");
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        out == expected,
        "tests/broken.txt is not up to date: run UPDATE=1 cargo test -p playhouse-cli --test suite broken"
    );
}
