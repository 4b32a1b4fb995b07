//! Texts that a person reviews and a test compares: files in `tests/snapshots`, rewritten when `UPDATE` is set.

use std::{fs, path::PathBuf};

/// The folder of this crate's tests.
pub(crate) fn tests() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Compares `actual` with the file `tests/<path>`.
#[expect(clippy::disallowed_methods, reason = "a test compares with a file")]
pub(crate) fn check(path: &str, actual: &str) {
    let file = tests().join(path);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, actual).unwrap();
        return;
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    if expected == actual {
        return;
    }
    let line = expected
        .lines()
        .zip(actual.lines())
        .take_while(|(a, b)| a == b)
        .count();
    let window = |text: &str| -> String {
        let lines: Vec<&str> = text.lines().skip(line.saturating_sub(3)).take(12).collect();
        lines.join("\n")
    };
    panic!(
        "{} differs from line {}\n--- expected\n{}\n--- actual\n{}\n\
         if this is meant: UPDATE=1 cargo test -p playhouse-syntax, and review the change",
        file.display(),
        line + 1,
        window(&expected),
        window(actual),
    );
}
