//! The generated tables of the reference, as Markdown: codes, lints, attributes.

use std::fmt::Write as _;

use crate::{
    attributes::{ATTRIBUTES, ArgKind, AttributeSpec, Place},
    lints::LINTS,
    manifest::LintLevel,
};

/// Where the pages lie, from the reference.
const PAGES: &str = "../codegen/schema/src/pages";

/// Every code with its title, linked to its page.
#[must_use]
pub fn codes() -> String {
    let mut out = String::from("\n| code | what is wrong |\n|---|---|\n");
    let lints = LINTS.len();
    let rules: Vec<_> = super::rules().collect();
    for (code, _, title) in &rules[..rules.len() - lints] {
        row(&mut out, &[&page_link(code), title]);
    }
    out.push('\n');
    out
}

/// Every lint with its level where the manifest says nothing.
#[must_use]
pub fn lints() -> String {
    let mut out = String::from("\n| lint | level | what it finds |\n|---|---|---|\n");
    for lint in LINTS {
        let level = match lint.level {
            LintLevel::Allow => "allow",
            LintLevel::Warn => "warn",
            LintLevel::Deny => "deny",
        };
        row(&mut out, &[&page_link(lint.name), level, lint.title]);
    }
    out.push('\n');
    out
}

/// Every attribute: how it is written, where it stands, what its arguments take, what it does.
#[must_use]
pub fn attributes() -> String {
    let mut out =
        String::from("\n| attribute | stands on | arguments | what it does |\n|---|---|---|---|\n");
    for spec in ATTRIBUTES {
        let written = format!("`{}`", signature(spec));
        let meaning = if spec.later {
            format!("planned, and refused for now: {}", spec.meaning)
        } else {
            spec.meaning.to_owned()
        };
        row(
            &mut out,
            &[&written, &places(spec), &arguments(spec), &meaning],
        );
    }
    out.push('\n');
    out
}

/// How an attribute is written, what may be left away in brackets: `@sync([audience], [latest], [every: ..])`.
#[must_use]
pub fn signature(spec: &AttributeSpec) -> String {
    if spec.args.is_empty() {
        return format!("@{}", spec.name);
    }
    let arguments: Vec<String> = spec
        .args
        .iter()
        .map(|arg| {
            let written = if arg.positional || arg.kind == ArgKind::Flag {
                arg.name.to_owned()
            } else {
                format!("{}: ..", arg.name)
            };
            if arg.required {
                written
            } else {
                format!("[{written}]")
            }
        })
        .collect();
    format!("@{}({})", spec.name, arguments.join(", "))
}

fn places(spec: &AttributeSpec) -> String {
    if spec.places.len() > 10 {
        let without: Vec<&str> = [Place::Param, Place::Property]
            .into_iter()
            .filter(|place| !spec.places.contains(place))
            .map(Place::describe)
            .collect();
        return match without.as_slice() {
            [] => "anything".to_owned(),
            without => format!("anything but {}", without.join(" and ")),
        };
    }
    let places: Vec<&str> = spec.places.iter().map(|place| place.describe()).collect();
    places.join(", ")
}

fn arguments(spec: &AttributeSpec) -> String {
    let told = spec.args.iter().filter(|arg| arg.kind != ArgKind::Flag);
    let told: Vec<String> = told
        .map(|arg| format!("{}: {}", arg.name, arg.kind.describe()))
        .collect();
    told.join("; ")
}

fn page_link(code: &str) -> String {
    format!("[`{code}`]({PAGES}/{code}.md)")
}

fn row(out: &mut String, cells: &[&str]) {
    out.push('|');
    for cell in cells {
        // A String takes whatever is written to it.
        let _ = write!(out, " {} |", cell.replace('|', "\\|"));
    }
    out.push('\n');
}
