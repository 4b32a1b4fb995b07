//! The examples in the documentation compile; those that should not are told the code that they name.
//!
//! A fence is `idl`, or `idl,error=CODE`. Without a package line it is a file of `docs.example`.

use std::fs;

use playhouse_schema::{check, manifest};
use playhouse_syntax::{FileId, Severity, Style, render};

use crate::project::{Project, codes, repository, sorted};

/// A fenced block of a page.
struct Fence {
    /// Page and line.
    place: String,
    /// What stands behind the backticks.
    info: String,
    body: String,
}

/// The fences of all pages of the documentation.
fn fences() -> Vec<Fence> {
    let mut pages = sorted(&repository("docs"));
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    // In a checkout it is always there; while it is being written it may not be.
    pages.extend(Some(repository("README.md")).filter(|path| path.exists()));
    let mut found = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let name = page.file_name().unwrap().to_str().unwrap();
        let mut open: Option<Fence> = None;
        for (line, number) in text.lines().zip(1..) {
            match (line.strip_prefix("```"), &mut open) {
                (Some(info), None) => {
                    open = Some(Fence {
                        place: format!("{name}:{number}"),
                        info: info.to_owned(),
                        body: String::new(),
                    });
                }
                (Some(_), Some(_)) => found.extend(open.take()),
                (None, Some(fence)) => fence.body += &format!("{line}\n"),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{name}: a fence without an end");
    }
    found
}

#[test]
fn examples_of_the_documentation_compile() {
    let mut wrong = String::new();
    let mut count = 0;
    for fence in fences().iter().filter(|fence| fence.info == "idl") {
        count += 1;
        let mut project = Project::default();
        project.add(&fence.body);
        let sources = project.sources();
        let mut errors = check(&sources).diagnostics;
        errors.retain(|diagnostic| diagnostic.severity == Severity::Error);
        if !errors.is_empty() {
            let shown = render(&errors, &sources, Style::PLAIN);
            wrong += &format!("== {}\n{shown}", fence.place);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 20, "only {count} examples were found");
}

#[test]
fn bad_examples_of_the_documentation_are_told_what_they_say() {
    let mut wrong = String::new();
    let mut count = 0;
    for fence in fences() {
        let Some(code) = fence.info.strip_prefix("idl,error=") else {
            continue;
        };
        count += 1;
        let mut project = Project::default();
        project.add(&fence.body);
        let found = codes(&check(&project.sources()).diagnostics);
        if found != [code] {
            wrong += &format!("{}: {found:?} instead of {code}\n", fence.place);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 8, "only {count} bad examples were found");
}

#[test]
fn every_schema_in_the_documentation_is_one_or_the_other() {
    for fence in fences() {
        let known = fence.info == "idl" || fence.info.starts_with("idl,error=");
        assert!(
            known || !fence.info.starts_with("idl"),
            "{}: `{}`",
            fence.place,
            fence.info
        );
    }
}

#[test]
fn manifests_in_the_documentation_are_valid() {
    for fence in fences().iter().filter(|fence| fence.info == "toml") {
        let (_, errors) = manifest::parse(FileId(0), &fence.body);
        assert!(errors.is_empty(), "{}: {errors:?}", fence.place);
    }
}
