//! `playhouse docs-tables`: the generated sections of the reference, for this repository's own use.

use anyhow::Context as _;
use playhouse_schema::{evolution, pages::tables};

use super::{Place, write};
use crate::{Outcome, arguments::Tables, diff};

/// A section's name and how it is made.
type Section = (&'static str, fn() -> String);

const SECTIONS: &[Section] = &[
    ("attributes", tables::attributes),
    ("codes", tables::codes),
    ("compat", evolution::docs::table),
    ("lints", tables::lints),
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
