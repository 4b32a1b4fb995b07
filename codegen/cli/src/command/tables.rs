//! `playhouse docs-tables`: the generated sections of the reference, for this repository's own use.

use std::fmt::Write as _;

use anyhow::Context as _;
use playhouse_schema::{attributes::ATTRIBUTES, codes, evolution, lints::LINTS};

use super::{Place, lint::level, write};
use crate::{Outcome, arguments::Tables, diff};

/// A section's name and how it is made.
type Section = (&'static str, fn() -> String);

const SECTIONS: &[Section] = &[
    ("attributes", attributes),
    ("codes", codes),
    ("compat", evolution::docs::table),
    ("lints", lints),
];

pub(crate) fn run(place: &Place, options: &Tables) -> anyhow::Result<Outcome> {
    let path = place.folder.join(&options.file);
    let shown = options.file.display();
    let found = std::fs::read_to_string(&path).with_context(|| format!("can't read {shown}"))?;
    let mut text = found.clone();
    for &(name, make) in SECTIONS {
        text = replace(&text, name, &make())
            .with_context(|| format!("{shown} has no section <!-- generated: {name} -->"))?;
    }
    if text == found {
        return Ok(Outcome::Fine);
    }
    if options.check {
        place.terminal.say(&format!(
            "{shown} is not up to date: run `playhouse docs-tables`\n{}",
            diff::first(&found, &text)
        ));
        return Ok(Outcome::Problems);
    }
    write(&path, &text)?;
    Ok(Outcome::Fine)
}

/// `text` with `content` in its section `name`; `None` if there is no such section.
fn replace(text: &str, name: &str, content: &str) -> Option<String> {
    let opening = format!("<!-- generated: {name} -->\n");
    let start = text.find(&opening)? + opening.len();
    let end = start + text[start..].find("<!-- /generated -->")?;
    Some(format!("{}{content}{}", &text[..start], &text[end..]))
}

fn codes() -> String {
    let mut out = String::from("\n| code | what is wrong |\n|---|---|\n");
    let syntax = playhouse_syntax::codes::RULES.iter();
    for (code, _, title) in syntax.chain(codes::RULES) {
        // A String takes whatever is written to it.
        let _ = writeln!(out, "| `{code}` | {} |", cell(title));
    }
    out.push('\n');
    out
}

fn lints() -> String {
    let mut out = String::from("\n| lint | level | what it finds |\n|---|---|---|\n");
    for lint in LINTS {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} |",
            lint.name,
            level(lint.level),
            cell(lint.title)
        );
    }
    out.push('\n');
    out
}

fn attributes() -> String {
    let mut out = String::from("\n| attribute | stands at | what it does |\n|---|---|---|\n");
    for spec in ATTRIBUTES {
        let places: Vec<&str> = spec.places.iter().map(|place| place.describe()).collect();
        let later = if spec.later { " (refused for now)" } else { "" };
        let _ = writeln!(
            out,
            "| {} | {} | {}{later} |",
            cell(&format!("`{}`", signature(spec))),
            places.join(", "),
            cell(spec.meaning)
        );
    }
    out.push('\n');
    out
}

/// `@sync(audience, latest, every: ..)`
pub(crate) fn signature(spec: &playhouse_schema::attributes::AttributeSpec) -> String {
    if spec.args.is_empty() {
        return format!("@{}", spec.name);
    }
    let arguments: Vec<String> = spec
        .args
        .iter()
        .map(|arg| {
            let named = if arg.positional || arg.kind == playhouse_schema::attributes::ArgKind::Flag
            {
                arg.name.to_owned()
            } else {
                format!("{}: ..", arg.name)
            };
            if arg.required {
                named
            } else {
                format!("[{named}]")
            }
        })
        .collect();
    format!("@{}({})", spec.name, arguments.join(", "))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_the_rest_kept() {
        let text = "a\n<!-- generated: x -->\nold\n<!-- /generated -->\nb\n";
        let expected = "a\n<!-- generated: x -->\nnew\n<!-- /generated -->\nb\n";
        assert_eq!(replace(text, "x", "new\n").as_deref(), Some(expected));
        assert_eq!(replace(text, "y", "new\n"), None);
    }
}
