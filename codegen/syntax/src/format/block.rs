//! Members to lines.

use super::{
    WIDTH_MAX,
    flow::{self, CONTINUATION},
    lines::{Lines, last_width},
    list::write_list,
    tokens::{Block, Entry, Member, Token, What},
};
use crate::SyntaxKind as K;

/// Spaces a level.
pub(super) const INDENT: usize = 4;
/// Where attributes of data begin, unless a neighbour is too long for it.
const ATTRIBUTE_COLUMN: usize = 39;
/// The least space before that column.
const ATTRIBUTE_GAP_MIN: usize = 2;
/// The space behind the longest of some neighbours, if one is too long.
const ATTRIBUTE_GAP: usize = 4;
/// A longer member takes no part in finding the column.
const ATTRIBUTE_COLUMN_MAX: usize = 68;

/// Writes what stands in a file or a block.
pub(super) fn write_entries(entries: &[Entry<'_>], indent: usize, lines: &mut Lines) {
    let mut column = ATTRIBUTE_COLUMN;
    let mut run_end = 0;
    for (at, entry) in entries.iter().enumerate() {
        if entry.blank && at > 0 {
            lines.blank();
        }
        match &entry.what {
            What::Line(token) => {
                let mut line = " ".repeat(indent);
                flow::push(token, &mut line);
                lines.push_with(line, &entry.trailing);
            }
            What::Member(member) => {
                if at >= run_end {
                    (column, run_end) = attribute_column(&entries[at..], indent);
                    run_end += at;
                }
                write_member(member, indent, column, &entry.trailing, lines);
            }
        }
    }
}

/// Where the attributes of the neighbours at the front of `entries` begin, and how many entries they are.
fn attribute_column(entries: &[Entry<'_>], indent: usize) -> (usize, usize) {
    let mut longest = 0;
    let mut count = 0;
    for (at, entry) in entries.iter().enumerate() {
        let ends_run = entry.blank && at > 0
            || matches!(&entry.what, What::Member(member) if member.attributes.is_empty());
        if ends_run {
            break;
        }
        count = at + 1;
        let What::Member(member) = &entry.what else {
            continue;
        };
        let head = flow::line(member.head(), indent);
        let width = last_width(&head);
        if width + ATTRIBUTE_GAP <= ATTRIBUTE_COLUMN_MAX {
            longest = longest.max(width);
        }
    }
    let column = if longest + ATTRIBUTE_GAP_MIN <= ATTRIBUTE_COLUMN {
        ATTRIBUTE_COLUMN
    } else {
        longest + ATTRIBUTE_GAP
    };
    (column, count.max(1))
}

fn write_member(
    member: &Member<'_>,
    indent: usize,
    column: usize,
    trailing: &[Token<'_>],
    lines: &mut Lines,
) {
    write_front(&member.front, indent, lines);
    if let Some(block) = &member.block {
        return write_block(member, block, indent, trailing, lines);
    }
    let broken = member.tokens.iter().any(Token::breaks);
    if !broken && !member.attributes.is_empty() {
        return write_data(member, indent, column, trailing, lines);
    }
    let line = flow::line(&member.tokens, indent);
    match &member.list {
        Some(list) if list.close > list.open + 1 && (broken || last_width(&line) > WIDTH_MAX) => {
            write_list(&member.tokens, list, indent, trailing, lines);
        }
        _ => lines.push_with(line, trailing),
    }
}

/// Docs, comments and attributes before a member. Attributes on one line stay on one line.
fn write_front(front: &[Vec<Token<'_>>], indent: usize, lines: &mut Lines) {
    let mut line = String::new();
    for part in front {
        let Some(first) = part.first() else { continue };
        let goes_on = !line.is_empty() && first.lines == 0 && first.kind != K::DocComment;
        if !goes_on && !line.is_empty() {
            lines.push(&line);
            line.clear();
        }
        if line.is_empty() {
            line.push_str(&" ".repeat(indent));
        } else {
            line.push(' ');
        }
        let until = line.len();
        flow::write(part, indent + CONTINUATION, &mut line);
        if first.breaks() {
            // A comment or a doc line: what `flow` adds for the text behind it is not wanted.
            let kept = line.trim_end().len().max(until);
            line.truncate(kept);
            lines.push(&line);
            line.clear();
        }
    }
    if !line.is_empty() {
        lines.push(&line);
    }
}

fn write_block(
    member: &Member<'_>,
    block: &Block<'_>,
    indent: usize,
    trailing: &[Token<'_>],
    lines: &mut Lines,
) {
    let mut line = flow::line(&member.tokens, indent);
    if !line.ends_with(' ') {
        line.push(' ');
    }
    if block.one_line || block.entries.is_empty() && block.after_open.is_empty() {
        let before = line.len();
        write_flat(block, &mut line);
        if last_width(&line) <= WIDTH_MAX || block.entries.is_empty() {
            return lines.push_with(line, trailing);
        }
        line.truncate(before);
    }
    line.push('{');
    lines.push_with(line, &block.after_open);
    write_entries(&block.entries, indent + INDENT, lines);
    lines.push_with(format!("{}}}", " ".repeat(indent)), trailing);
}

/// A block on one line, which holds neither comments nor docs.
fn write_flat(block: &Block<'_>, line: &mut String) {
    line.push('{');
    for entry in &block.entries {
        let What::Member(member) = &entry.what else {
            continue;
        };
        line.push(' ');
        flow::write(&member.tokens, 0, line);
        if let Some(block) = &member.block {
            line.push(' ');
            write_flat(block, line);
        }
    }
    line.push_str(" }");
}

/// A member with attributes behind it, which begin at `column` if they fit.
fn write_data(
    member: &Member<'_>,
    indent: usize,
    column: usize,
    trailing: &[Token<'_>],
    lines: &mut Lines,
) {
    let mut line = flow::line(member.head(), indent);
    let attributes: Vec<String> = member
        .attributes()
        .map(|part| flow::line(part, 0))
        .collect();
    let longest = attributes.iter().map(|text| last_width(text)).max();
    let width = last_width(&line);
    let aligned =
        width + ATTRIBUTE_GAP_MIN <= column && column + longest.unwrap_or_default() <= WIDTH_MAX;
    let continuation = if aligned {
        line.push_str(&" ".repeat(column - width));
        column
    } else {
        line.push_str(&" ".repeat(ATTRIBUTE_GAP_MIN));
        indent + CONTINUATION
    };
    for (at, attribute) in attributes.iter().enumerate() {
        let space = usize::from(at > 0);
        if last_width(&line) + space + last_width(attribute) > WIDTH_MAX && !(at == 0 && aligned) {
            line.truncate(line.trim_end().len());
            lines.push(&line);
            line.clear();
            line.push_str(&" ".repeat(continuation));
        } else if at > 0 {
            line.push(' ');
        }
        line.push_str(attribute);
    }
    lines.push_with(line, trailing);
}

impl<'a> Member<'a> {
    /// The tokens before the attributes behind it.
    fn head(&self) -> &[Token<'a>] {
        let end = self.attributes.first().copied();
        &self.tokens[..end.unwrap_or(self.tokens.len())]
    }

    /// The tokens of each attribute behind it, the last with the `;`.
    fn attributes(&self) -> impl Iterator<Item = &[Token<'a>]> {
        self.attributes.iter().enumerate().map(|(at, &start)| {
            let end = self.attributes.get(at + 1).copied();
            &self.tokens[start..end.unwrap_or(self.tokens.len())]
        })
    }
}
