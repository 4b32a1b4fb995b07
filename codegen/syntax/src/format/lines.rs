//! Lines to the file: comments behind neighbouring lines stand in a column.

use super::{flow, tokens::Token};

/// Where comments behind lines begin, unless a line is too long for it.
const COMMENT_COLUMN: usize = 64;
/// A longer line takes no part in finding the column; its comment follows at once.
const COMMENT_COLUMN_MAX: usize = 80;
/// The least space before a comment behind a line.
const COMMENT_GAP: usize = 2;

/// The text so far.
pub(super) struct Lines {
    out: String,
    /// Neighbouring lines with comments, not written yet.
    commented: Vec<(String, String)>,
}

impl Lines {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self {
            out: String::with_capacity(bytes + bytes / 4),
            commented: Vec::new(),
        }
    }

    /// A line, which may be several already broken ones.
    pub(super) fn push(&mut self, line: &str) {
        self.write_commented();
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// A line, and the comments behind it.
    pub(super) fn push_with(&mut self, line: String, comments: &[Token<'_>]) {
        if comments.is_empty() {
            return self.push(&line);
        }
        let mut text = String::new();
        for comment in comments {
            if !text.is_empty() {
                text.push(' ');
            }
            flow::push(comment, &mut text);
        }
        self.commented.push((line, text));
    }

    /// An empty line, unless one is there or nothing else is.
    pub(super) fn blank(&mut self) {
        self.write_commented();
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.write_commented();
        self.out
    }

    fn write_commented(&mut self) {
        if self.commented.is_empty() {
            return;
        }
        let widths = self.commented.iter().map(|(line, _)| last_width(line));
        let column = widths
            .filter(|&width| width + COMMENT_GAP <= COMMENT_COLUMN_MAX)
            .map(|width| width + COMMENT_GAP)
            .fold(COMMENT_COLUMN, usize::max);
        for (line, comment) in self.commented.drain(..) {
            let width = last_width(&line);
            self.out.push_str(&line);
            let gap = column.saturating_sub(width).max(COMMENT_GAP);
            self.out.extend(std::iter::repeat_n(' ', gap));
            self.out.push_str(&comment);
            self.out.push('\n');
        }
    }
}

/// Characters of the last line of `text`.
pub(super) fn last_width(text: &str) -> usize {
    let last = text.rsplit('\n').next().unwrap_or(text);
    last.chars().count()
}
