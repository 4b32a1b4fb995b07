//! The formatter: one way to write a schema.
//!
//! Four spaces a level, one member a line, attributes of data in a column, blank lines kept up to one. A block that
//! stands on one line in the source stays on one line if it fits. Comments stay where they are: on lines of their own, or
//! behind what they follow. Nothing else than white space changes, except that a trailing comma is written where a list
//! is broken into lines and removed where it is not. Formatting twice gives what formatting once gives.
//!
//! Reading order: `tokens` (the tree as members with their tokens), `block` (members to lines), `list` (what is broken),
//! `flow` (tokens to text), `lines` (lines to the file).

mod block;
mod flow;
mod lines;
mod list;
mod tags;
mod tokens;

pub use tags::{PastMax, TAG_MAX, TagScope, TagSpace, fill_tags};

use crate::{Diagnostic, FileId, Fix, SyntaxNode, diagnostic::fixes::apply_fixes, parse};

/// The width that lines are fitted into, in characters.
pub const WIDTH_MAX: usize = 100;

/// The formatted text of `tree`, the root of a file without syntax errors.
///
/// With syntax errors nothing is lost that the formatter knows, but what it does not know may be left out: use
/// [`format_text`], which refuses such files. Line breaks are those of the first line: `\n` or `\r\n`.
#[must_use]
pub fn format(tree: &SyntaxNode) -> String {
    let green = tree.green();
    let entries = tokens::entries(&green);
    let mut lines = lines::Lines::with_capacity(usize::from(tree.text_range().len()));
    block::write_entries(&entries, 0, &mut lines);
    let text = lines.finish();
    let first_break = tree.text().find_char('\n');
    let windows =
        first_break.is_some_and(|end| tree.text().slice(..end).to_string().ends_with('\r'));
    if windows {
        text.replace('\n', "\r\n")
    } else {
        text
    }
}

/// The formatted `text`, or its syntax errors.
///
/// # Errors
/// The syntax errors of `text`: what is not understood cannot be laid out.
pub fn format_text(file: FileId, text: &str) -> Result<String, Vec<Diagnostic>> {
    let parsed = parse(file, text);
    if !parsed.diagnostics.is_empty() {
        return Err(parsed.diagnostics);
    }
    Ok(format(&parsed.tree()))
}

/// The formatted `text` with missing tags filled in by [`fill_tags`], or its syntax errors.
///
/// # Errors
/// The syntax errors of `text`.
pub fn format_filled(
    file: FileId,
    text: &str,
    past_max: PastMax<'_>,
) -> Result<String, Vec<Diagnostic>> {
    let parsed = parse(file, text);
    if !parsed.diagnostics.is_empty() {
        return Err(parsed.diagnostics);
    }
    let edits = fill_tags(file, &parsed.tree(), past_max);
    if edits.is_empty() {
        return Ok(format(&parsed.tree()));
    }
    let fix = Fix {
        title: "number what has no number".to_owned(),
        edits,
        safe: true,
    };
    format_text(file, &apply_fixes(file, text, [&fix]))
}
