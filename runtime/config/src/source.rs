//! Texts that values come from, and places in them.

use std::fmt;
use std::ops::Range;

/// A place in a source, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Span {
    /// Which source.
    pub(crate) source: u32,
    /// The first byte.
    pub(crate) start: u32,
    /// The byte behind the last one.
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn new(source: u32, range: Range<usize>) -> Self {
        let short = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            source,
            start: short(range.start),
            end: short(range.end),
        }
    }

    pub(crate) const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A file, a variable of the environment, or an argument of the command line.
#[derive(Clone)]
pub(crate) struct Source {
    /// As it is shown: a path, `$ARENA__PORT`, `--set`.
    pub(crate) name: String,
    pub(crate) text: String,
    /// Where its lines begin, the first one left out: a report asks for many places.
    breaks: Vec<u32>,
}

impl Source {
    /// The line that a byte is in, from 1, and where that line begins.
    pub(crate) fn line(&self, offset: u32) -> (usize, u32) {
        let before = self.breaks.partition_point(|start| *start <= offset);
        let start = before.checked_sub(1).and_then(|last| self.breaks.get(last));
        (before + 1, start.copied().unwrap_or(0))
    }
}

/// All texts of one configuration.
#[derive(Clone, Default)]
pub(crate) struct Sources {
    list: Vec<Source>,
}

impl Sources {
    pub(crate) fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> u32 {
        let (name, text) = (name.into(), text.into());
        // Places behind 4 GiB can't be told, see `Span`.
        let breaks = text.match_indices('\n');
        let breaks = breaks.map_while(|(at, _)| u32::try_from(at + 1).ok());
        let breaks = breaks.collect();
        self.list.push(Source { name, text, breaks });
        u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX)
    }

    pub(crate) fn get(&self, source: u32) -> Option<&Source> {
        self.list.get(source as usize)
    }

    /// All of them, in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.list.iter()
    }

    /// The text of a span; nothing if it does not lie in its source.
    pub(crate) fn text(&self, span: Span) -> &str {
        let source = self.get(span.source);
        source
            .and_then(|source| source.text.get(span.range()))
            .unwrap_or_default()
    }

    /// The line, and the column in characters, of the beginning and of the end of a span; from 1.
    pub(crate) fn place(&self, span: Span) -> Option<((usize, usize), (usize, usize))> {
        let source = self.get(span.source)?;
        let at = |offset: u32| {
            let (line, start) = source.line(offset);
            let before = source.text.get(start as usize..offset as usize)?;
            Some((line, before.chars().count() + 1))
        };
        Some((at(span.start)?, at(span.end)?))
    }

    /// Puts asterisks over some spans, so that what is shown of a source shows no secret.
    pub(crate) fn mask(&mut self, spans: impl IntoIterator<Item = Span>) {
        for span in spans {
            let Some(source) = self.list.get_mut(span.source as usize) else {
                continue;
            };
            let Some(text) = source.text.get(span.range()) else {
                continue;
            };
            let stars: String = text.chars().map(star).collect();
            source.text.replace_range(span.range(), &stars);
        }
    }
}

/// What stands in the place of a character: as many bytes and columns as before, so that other places stay where they
/// are, and lines stay lines.
const fn star(c: char) -> char {
    match c.len_utf8() {
        _ if c == '\n' => '\n',
        1 => '*',
        2 => '·',
        3 => '•',
        _ => '𝟎',
    }
}

impl fmt::Debug for Sources {
    /// Names only: the texts may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.list.iter().map(|source| &source.name))
            .finish()
    }
}
