//! The lock's text, read. What can't be read is reported and left out.

use std::borrow::Cow;

use playhouse_syntax::{Diagnostic, FileId, Span, TextRange, TextSize};

use super::{Accepted, Digest, Entry, Lock, Release, VERSION, rules};
use crate::evolution::{
    key::Key,
    surface::{Element, Fact, Facts, Kind},
    verdict::Class,
};

impl Lock {
    /// Reads a lock; an empty text is an empty one. `file` is the lock in the caller's table of files.
    #[must_use]
    pub fn parse(file: FileId, text: &str) -> (Self, Vec<Diagnostic>) {
        let mut lock = Self::default();
        let mut diagnostics = Vec::new();
        let mut entries = Vec::new();
        let mut offset = 0;
        let mut conflict = false;
        for raw in text.split_inclusive('\n') {
            let span = span(file, offset, raw.trim_end().len());
            offset += raw.len();
            let line = raw.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
                .iter()
                .any(|mark| line.starts_with(mark))
            {
                // One conflict has three marks or four; the first stands for all.
                if line.starts_with("<<<<<<<") || !conflict {
                    diagnostics.push(rules::conflict(span));
                }
                conflict = !line.starts_with(">>>>>>>");
                continue;
            }
            let result = match line.split_once(' ') {
                Some(("@lock", version)) => match version.parse() {
                    Ok(found) if found > VERSION => {
                        diagnostics.push(rules::version(span, found));
                        return (lock, diagnostics);
                    }
                    Ok(_) => Ok(()),
                    Err(_) => Err("the version is no number".to_owned()),
                },
                Some(("@release", rest)) => lock.read_release(rest),
                Some(("@accepted", rest)) => lock.read_accepted(rest),
                _ => lock.read_entry(line, span).map(|entry| entries.push(entry)),
            };
            if let Err(what) = result {
                diagnostics.push(rules::line(span, &what));
            }
        }
        lock.enter(entries, &mut diagnostics);
        (lock, diagnostics)
    }

    /// Enters all elements at once: they mostly are in order.
    fn enter(&mut self, mut entries: Vec<(Key, Entry)>, diagnostics: &mut Vec<Diagnostic>) {
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries.dedup_by(|later, first| {
            let twice = later.0 == first.0;
            if twice {
                let names = (first.1.element.name.as_str(), later.1.element.name.as_str());
                let span = later.1.span.unwrap_or_default();
                diagnostics.push(rules::twice(span, &first.0, names, first.1.span));
            }
            twice
        });
        self.entries = entries.into_iter().collect();
    }

    fn read_release(&mut self, rest: &str) -> Result<(), String> {
        let words = words(rest)?;
        let number = words.first().and_then(|(word, _)| word.parse().ok());
        let number: u32 = number.ok_or("a release has a number")?;
        if number != self.last_release() + 1 {
            return Err(format!(
                "release {} is followed by {number}",
                self.last_release()
            ));
        }
        let root = words
            .iter()
            .find(|(name, _)| name == "root")
            .and_then(|(_, value)| value.as_deref());
        let root = root
            .and_then(hexadecimal)
            .ok_or("a release has a digest, `root=`")?;
        self.releases.push(Release { number, root });
        Ok(())
    }

    fn read_accepted(&mut self, rest: &str) -> Result<(), String> {
        let words = words(rest)?;
        let [release, key, cell, classes, named @ ..] = words.as_slice() else {
            return Err("an accepted break has a release, a key, a cell and classes".to_owned());
        };
        let release = match release.0.as_ref() {
            "new" => None,
            number => Some(number.parse().map_err(|_| "the release is no number")?),
        };
        let key = Key::parse(&key.0).ok_or_else(|| format!("`{}` is no key", key.0))?;
        let classes: Option<Vec<Class>> = classes.0.split(',').map(Class::named).collect();
        let text = |wanted: &str| {
            let found = named.iter().find(|(name, _)| name == wanted);
            found
                .and_then(|(_, value)| value.as_deref().map(str::to_owned))
                .ok_or_else(|| format!("`{wanted}=` is missing"))
        };
        self.accepted.push(Accepted {
            release,
            key,
            cell: cell.0.clone().into_owned(),
            classes: classes.ok_or("a class is unknown")?,
            before: text("before")?,
            after: text("after")?,
            reason: text("reason")?,
        });
        Ok(())
    }

    fn read_entry(&self, line: &str, span: Span) -> Result<(Key, Entry), String> {
        let words = words(line)?;
        let [key, kind, name, rest @ ..] = words.as_slice() else {
            return Err("an element has a key, a kind and a name".to_owned());
        };
        let key = Key::parse(&key.0).ok_or_else(|| format!("`{}` is no key", key.0))?;
        let kind = Kind::named(&kind.0).ok_or_else(|| format!("`{}` is no kind", kind.0))?;
        let mut element = Element {
            kind,
            name: name.0.clone().into_owned(),
            was: Vec::new(),
            since: None,
            facts: Facts::default(),
            place: None,
        };
        let (mut since, mut removed, mut digests) = (None, None, Vec::new());
        let mut new = false;
        for (word, value) in rest {
            let release = || value.as_deref().and_then(|text| text.parse::<u32>().ok());
            match word.as_ref() {
                "new" => new = true,
                "since" => since = Some(release().ok_or("`since` is no number")?),
                "removed" => removed = Some(release().ok_or("`removed` is no number")?),
                "digests" => {
                    let text = value.as_deref().unwrap_or_default();
                    digests = read_digests(text).ok_or("the digests can't be read")?;
                }
                word => {
                    let fact = Fact::named(word).ok_or_else(|| format!("`{word}` is unknown"))?;
                    element
                        .facts
                        .set(fact, value.as_deref().unwrap_or_default());
                }
            }
        }
        if new == since.is_some() {
            return Err("an element is either `new` or has a release, `since=`".to_owned());
        }
        if since.max(removed).unwrap_or(0) > self.last_release() {
            return Err(format!("the last release is {}", self.last_release()));
        }
        let entry = Entry {
            element,
            since,
            removed,
            digests,
            span: Some(span),
        };
        Ok((key, entry))
    }
}

fn read_digests(text: &str) -> Option<Vec<Digest>> {
    let mut digests = Vec::new();
    for (index, part) in text.split('|').enumerate() {
        for (place, digest) in part.split(',').enumerate() {
            let (release, value) = digest.split_once(':')?;
            digests.push(Digest {
                release: release.parse().ok()?,
                value: hexadecimal(value)?,
                breaks: index > 0 && place == 0,
            });
        }
    }
    Some(digests)
}

fn hexadecimal(text: &str) -> Option<u64> {
    (text.len() == 16)
        .then(|| u64::from_str_radix(text, 16).ok())
        .flatten()
}

/// A word and what stands behind its `=`.
type Word<'a> = (Cow<'a, str>, Option<Cow<'a, str>>);

/// The words of a line, `name` or `name=value`, where either may be in quotes.
fn words(line: &str) -> Result<Vec<Word<'_>>, String> {
    let mut words = Vec::with_capacity(8);
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (name, behind) = word(rest, true)?;
        let (value, behind) = match behind.strip_prefix('=') {
            Some(behind) => {
                let (value, behind) = word(behind, false)?;
                (Some(value), behind)
            }
            None => (None, behind),
        };
        if !behind.is_empty() && !behind.starts_with(' ') {
            return Err("a word runs into the next".to_owned());
        }
        words.push((name, value));
        rest = behind.trim_start();
    }
    Ok(words)
}

/// The word that `text` begins with, and what follows it. A name ends before `=`.
fn word(text: &str, name: bool) -> Result<(Cow<'_, str>, &str), String> {
    let Some(inside) = text.strip_prefix('"') else {
        let ends = |byte: u8| byte == b' ' || (name && byte == b'=');
        let end = text.bytes().position(ends).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        return Ok((Cow::Borrowed(word), rest));
    };
    let mut out = String::new();
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((Cow::Owned(out), &inside[at + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, escaped)) => out.push(escaped),
                None => break,
            },
            c => out.push(c),
        }
    }
    Err("a quotation has no end".to_owned())
}

fn span(file: FileId, offset: usize, length: usize) -> Span {
    let at = |offset: usize| TextSize::try_from(offset).unwrap_or_default();
    Span::new(file, TextRange::at(at(offset), at(length)))
}
