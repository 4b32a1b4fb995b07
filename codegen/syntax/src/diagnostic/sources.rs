//! The files that diagnostics speak of, and where in them an offset is.

use std::collections::BTreeMap;

use line_index::{LineIndex, TextSize, WideEncoding};

use super::{FileId, Span};

/// A file's name and text.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// As it is to be shown.
    pub path: &'a str,
    /// All of it, as it was parsed.
    pub text: &'a str,
}

/// Where the files come from. A list of `(path, text)` is one, indexed by [`FileId`].
pub trait Sources {
    /// The file, if it is known. Diagnostics in unknown files are shown without their text.
    fn source(&self, file: FileId) -> Option<Source<'_>>;
}

impl<P: AsRef<str>, T: AsRef<str>> Sources for [(P, T)] {
    fn source(&self, file: FileId) -> Option<Source<'_>> {
        let (path, text) = self.get(usize::try_from(file.0).ok()?)?;
        Some(Source {
            path: path.as_ref(),
            text: text.as_ref(),
        })
    }
}

impl<P: AsRef<str>, T: AsRef<str>> Sources for Vec<(P, T)> {
    fn source(&self, file: FileId) -> Option<Source<'_>> {
        self.as_slice().source(file)
    }
}

/// A place as people count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// From one.
    pub line: u32,
    /// From one, in characters (not bytes).
    pub column: u32,
}

/// The line starts of each file, found when first asked for.
pub(super) struct Lines<'a, S: ?Sized> {
    sources: &'a S,
    indexes: BTreeMap<FileId, LineIndex>,
}

impl<'a, S: Sources + ?Sized> Lines<'a, S> {
    pub(super) fn new(sources: &'a S) -> Self {
        Self {
            sources,
            indexes: BTreeMap::new(),
        }
    }

    pub(super) fn source(&self, file: FileId) -> Option<Source<'a>> {
        self.sources.source(file)
    }

    fn index(&mut self, file: FileId) -> Option<&LineIndex> {
        let source = self.sources.source(file)?;
        Some(
            self.indexes
                .entry(file)
                .or_insert_with(|| LineIndex::new(source.text)),
        )
    }

    /// The bytes of `span` in its file, pushed back to its end and to the start of a character, so that no span, however
    /// stale, can point outside the text.
    pub(super) fn bytes(&self, span: Span) -> Option<std::ops::Range<usize>> {
        let text = self.sources.source(span.file)?.text;
        let floor = |offset: usize| text.floor_char_boundary(offset.min(text.len()));
        let start = floor(span.range.start().into());
        Some(start..floor(span.range.end().into()))
    }

    /// Where byte `offset` of `file` is; `offset` stands on the start of a character.
    pub(super) fn position(&mut self, file: FileId, offset: usize) -> Option<Position> {
        let index = self.index(file)?;
        let byte = index.try_line_col(TextSize::try_from(offset).ok()?)?;
        let wide = index.to_wide(WideEncoding::Utf32, byte)?;
        Some(Position {
            line: wide.line + 1,
            column: wide.col + 1,
        })
    }

    /// The line (from zero) that holds byte `offset`, and where it begins and ends, its line break included.
    pub(super) fn line(
        &mut self,
        file: FileId,
        offset: usize,
    ) -> Option<(u32, std::ops::Range<usize>)> {
        let index = self.index(file)?;
        let line = index.try_line_col(TextSize::try_from(offset).ok()?)?.line;
        let range = index.line(line)?;
        Some((line, range.start().into()..range.end().into()))
    }
}
