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
}

/// All texts of one configuration.
#[derive(Clone, Default)]
pub(crate) struct Sources {
    list: Vec<Source>,
}

impl Sources {
    pub(crate) fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> u32 {
        let (name, text) = (name.into(), text.into());
        self.list.push(Source { name, text });
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
        let text = &self.get(span.source)?.text;
        let at = |offset: u32| {
            let before = text.get(..offset as usize)?;
            let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            Some((line, before[start..].chars().count() + 1))
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
