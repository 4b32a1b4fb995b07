//! The formatter: `format/NAME.before.idl` becomes `format/NAME.after.idl`, and what holds for any file.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use playhouse_syntax::{
    FileId, ast,
    format::{format_filled, format_text},
    parse,
};

use crate::snapshot;

/// All files below `folder` that end in `.idl`.
pub(crate) fn schemas_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            schemas_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "idl") {
            found.push(path);
        }
    }
}

/// Every schema of the repository that has no syntax errors.
#[expect(clippy::disallowed_methods, reason = "a test reads its fixtures")]
pub(crate) fn good_schemas() -> &'static [(PathBuf, String)] {
    static SCHEMAS: LazyLock<Vec<(PathBuf, String)>> = LazyLock::new(|| {
        let root = snapshot::tests().join("../../..").canonicalize().unwrap();
        let mut paths = Vec::new();
        for folder in ["idl", "codegen", "tests", "examples"] {
            schemas_below(&root.join(folder), &mut paths);
        }
        let texts = paths.into_iter().filter_map(|path| {
            let text = fs::read_to_string(&path).ok()?;
            let good = parse(FileId(0), &text).diagnostics.is_empty();
            good.then_some((path, text))
        });
        texts.collect()
    });
    &SCHEMAS
}

/// The plain data of `text` without places.
pub(crate) fn shape(text: &str) -> String {
    let (file, _) = ast::lower(FileId(0), &parse(FileId(0), text).tree());
    let debug = format!("{file:#?}");
    let mut shape = String::new();
    for line in debug.lines() {
        if !line.trim_start().starts_with("range: ") {
            shape.push_str(line);
            shape.push('\n');
        }
    }
    shape
}

fn format(text: &str) -> String {
    format_text(FileId(0), text).unwrap()
}

/// What must hold however `text` is laid out.
pub(crate) fn check_laws(name: &str, text: &str) {
    let once = format(text);
    assert_eq!(
        format(&once),
        once,
        "{name} is laid out anew the second time"
    );
    assert_eq!(shape(&once), shape(text), "{name} means something else");
    assert_eq!(
        comments(&once),
        comments(text),
        "{name} loses or moves comments:\n{text}\n-----\n{once}"
    );
}

/// The words of all comments.
fn comments(text: &str) -> Vec<String> {
    let mut at = 0;
    let mut found = Vec::new();
    for token in playhouse_syntax::lexer::lex(text) {
        let end = at + token.len as usize;
        let comment = &text[at..end];
        if comment.starts_with("//") || comment.starts_with("/*") {
            found.push(comment.trim_end().replace("\r\n", "\n"));
        }
        at = end;
    }
    found
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads its fixtures")]
fn each_layout_is_as_reviewed() {
    let mut paths = Vec::new();
    schemas_below(&snapshot::tests().join("format"), &mut paths);
    let mut count = 0;
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some(stem) = name.strip_suffix(".before.idl") else {
            continue;
        };
        let text = fs::read_to_string(&path).unwrap();
        snapshot::check(&format!("format/{stem}.after.idl"), &format(&text));
        check_laws(name, &text);
        count += 1;
    }
    assert!(count >= 5, "fixtures are missing");
}

#[test]
fn every_schema_of_the_repository_keeps_its_meaning() {
    let schemas = good_schemas();
    assert!(schemas.len() > 20, "only {} schemas found", schemas.len());
    for (path, text) in schemas {
        check_laws(&path.display().to_string(), text);
    }
}

#[test]
fn line_breaks_stay_those_of_the_first_line() {
    let text = "struct A {\r\n  1 a: u8; // x\r\n\r\n\r\n/* y\r\n z */ 2 b: u8;\r\n}\r\n";
    let expected = "struct A {\r\n    1 a: u8;                                                    // x\r\n\r\n    \
                    /* y\r\n z */\r\n    2 b: u8;\r\n}\r\n";
    assert_eq!(format(text), expected);
    assert_eq!(
        format("struct A { }\nstruct B { }\r\n"),
        "struct A { }\nstruct B { }\n"
    );
}

#[test]
fn a_byte_order_mark_is_dropped() {
    assert_eq!(format("\u{feff}role a;"), "role a;\n");
}

#[test]
fn empty_files_stay_empty() {
    assert_eq!(format(""), "");
    assert_eq!(format("\n\n  \n"), "");
    assert_eq!(format("\n// a\n\n\n"), "// a\n");
}

#[test]
fn a_file_with_errors_is_refused() {
    let errors = format_text(FileId(0), "struct A { 1 a: u8 }").unwrap_err();
    assert_eq!(errors.len(), 1);
    assert!(format_filled(FileId(0), "struct", &|_| None).is_err());
}
