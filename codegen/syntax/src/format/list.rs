//! Lists broken into lines.

use super::{
    WIDTH_MAX,
    block::INDENT,
    flow,
    lines::{Lines, last_width},
    tokens::{List, Token},
};
use crate::SyntaxKind as K;

/// A member whose list is broken into lines: parameters one a line, names of a `use` as many as fit.
pub(super) fn write_list(
    tokens: &[Token<'_>],
    list: &List,
    indent: usize,
    trailing: &[Token<'_>],
    lines: &mut Lines,
) {
    let inner = indent + INDENT;
    let mut line = flow::line(&tokens[..=list.open], indent);
    let mut comments: Vec<Token<'_>> = Vec::new();
    let between = &tokens[list.open + 1..list.close];
    let one_a_line = list.parameters || between.iter().any(Token::is_comment);
    let mut at = list.open + 1;
    let mut items = list.items.iter();
    let mut item = items.next();
    let mut first = true;
    // Whether `line` or `comments` ends in a comment that takes the rest of its line: the comma that stood before the next
    // comment of the same line is gone.
    let mut ended = false;
    while at < list.close {
        let token = tokens[at];
        if let Some(&(start, end)) = item.filter(|&&(start, _)| start == at) {
            let mut text = " ".repeat(inner);
            flow::write(&tokens[start..end], inner, &mut text);
            text.push(',');
            let text_width = last_width(&text).saturating_sub(inner);
            if first || one_a_line || last_width(&line) + 1 + text_width > WIDTH_MAX {
                lines.push_with(std::mem::replace(&mut line, text), &comments);
                comments.clear();
            } else {
                line.push(' ');
                line.push_str(text.trim_start());
            }
            (first, ended) = (false, false);
            at = end;
            item = items.next();
            continue;
        }
        if token.is_comment() || token.breaks() {
            if !ended && token.lines == 0 && !token.text.contains('\n') {
                comments.push(token);
            } else {
                lines.push_with(std::mem::take(&mut line), &comments);
                comments.clear();
                line.push_str(&" ".repeat(inner));
                flow::push(&token, &mut line);
            }
            ended = token.kind != K::BlockComment;
        }
        at += 1;
    }
    lines.push_with(line, &comments);
    lines.push_with(flow::line(&tokens[list.close..], indent), trailing);
}
