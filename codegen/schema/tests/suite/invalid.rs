//! Bad schemas, each with what is said of it beside it, in `tests/invalid/CODE_hazard/expected.txt`.
//!
//! `UPDATE=1 cargo test -p playhouse-schema invalid` writes the outputs anew; read them before you commit them.

use std::{env, fs, path::PathBuf};

use playhouse_syntax::{Diagnostic, Fix};

use crate::project::{Project, codes, repository, sorted};

/// A folder of `tests/invalid`.
pub(crate) struct Fixture {
    pub(crate) folder: PathBuf,
    /// The folder's name.
    pub(crate) name: String,
    pub(crate) project: Project,
}

impl Fixture {
    /// The code that the folder's name begins with; of a lint all before a double underscore.
    pub(crate) fn code(&self) -> &str {
        if self.name.starts_with('E') {
            return self.name.split('_').next().unwrap();
        }
        self.name.split("__").next().unwrap()
    }
}

pub(crate) fn fixtures() -> Vec<Fixture> {
    sorted(&repository("tests/invalid"))
        .into_iter()
        .map(|folder| Fixture {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            project: Project::load(&folder),
            folder,
        })
        .collect()
}

#[test]
fn every_bad_schema_is_told_so_in_these_words() {
    let update = env::var_os("UPDATE").is_some();
    let mut wrong = String::new();
    for fixture in fixtures() {
        let path = fixture.folder.join("expected.txt");
        let found = fixture.project.rendered();
        if update {
            fs::write(path, found).unwrap();
            continue;
        }
        let expected = fs::read_to_string(path).unwrap_or_default();
        if found != expected {
            wrong += &format!("== {}\n{found}-- instead of\n{expected}", fixture.name);
        }
    }
    assert!(
        wrong.is_empty(),
        "{wrong}\nif this is better, bless it with UPDATE=1"
    );
}

#[test]
fn every_bad_schema_breaks_the_rule_of_its_name_first() {
    let mut wrong = String::new();
    for fixture in fixtures() {
        let codes = fixture.project.codes();
        if !codes.contains(&fixture.code()) {
            wrong += &format!("{}: {codes:?}\n", fixture.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_fix_mends_what_it_is_offered_for() {
    let mut wrong = String::new();
    let mut count = 0;
    for fixture in fixtures() {
        for diagnostic in &fixture.project.check() {
            for fix in &diagnostic.fixes {
                count += 1;
                if let Some(problem) = not_mended(&fixture.project, diagnostic, fix) {
                    wrong += &format!("{}: {}: {problem}\n", fixture.name, fix.title);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 40, "only {count} fixes were tried");
}

/// Why `fix` does not mend `diagnostic`, if it does not. What else is wrong may stay, but nothing may be added.
fn not_mended(project: &Project, diagnostic: &Diagnostic, fix: &Fix) -> Option<String> {
    let before = project.check();
    let fixed = project.with(fix);
    let after = fixed.check();
    let same =
        |other: &Diagnostic| other.code == diagnostic.code && other.message == diagnostic.message;
    let count = |diagnostics: &[Diagnostic]| diagnostics.iter().filter(|other| same(other)).count();
    if count(&after) >= count(&before) {
        return Some(format!("it is still there\n{}", fixed.rendered()));
    }
    let (before, after) = (codes(&before), codes(&after));
    (after.len() >= before.len()).then(|| format!("{before:?} becomes {after:?}"))
}
