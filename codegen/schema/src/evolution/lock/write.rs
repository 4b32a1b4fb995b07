//! The lock as text, always the same for the same lock.

use std::fmt::Write as _;

use super::{Accepted, Entry, Lock, VERSION};
use crate::evolution::{digest, key::Key, surface::Fact};

const HEAD: &str = "\
# The numbers and releases of these schemas. Written by playhouse: commit it, and keep the lines of both sides when
# merging. A line is an element: its key, its kind, its name, `new` or the release that brought it, and what it was in
# the last release. What was removed stays, so that its number is never used again.
";

impl Lock {
    /// The lock's text.
    #[must_use]
    pub fn print(&self) -> String {
        let mut out = HEAD.to_owned();
        // A String takes whatever is written to it.
        let _ = writeln!(out, "@lock {VERSION}");
        for release in &self.releases {
            let _ = writeln!(
                out,
                "@release {} root={}",
                release.number,
                digest::text(release.root)
            );
        }
        for accepted in &self.accepted {
            out.push_str(&accepted_line(accepted));
        }
        for (key, entry) in &self.entries {
            out.push_str(&entry_line(key, entry));
        }
        out
    }
}

fn accepted_line(accepted: &Accepted) -> String {
    let Accepted {
        release,
        key,
        cell,
        classes,
        before,
        after,
        reason,
    } = accepted;
    let release = release.map_or_else(|| "new".to_owned(), |release| release.to_string());
    let classes: Vec<&str> = classes.iter().map(|class| class.name()).collect();
    format!(
        "@accepted {release} {key} {cell} {} before={} after={} reason={}\n",
        classes.join(","),
        quoted(before),
        quoted(after),
        quoted(reason),
    )
}

fn entry_line(key: &Key, entry: &Entry) -> String {
    let element = &entry.element;
    let mut line = format!("{key} {} {}", element.kind.word(), quoted(&element.name));
    match entry.since {
        Some(since) => {
            let _ = write!(line, " since={since}");
        }
        None => line.push_str(" new"),
    }
    if let Some(removed) = entry.removed {
        let _ = write!(line, " removed={removed}");
    }
    for (fact, value) in element
        .facts
        .iter()
        .filter(|(fact, _)| *fact != Fact::Digest)
    {
        line.push(' ');
        line.push_str(fact.name());
        if !value.is_empty() {
            line.push('=');
            line.push_str(&quoted(value));
        }
    }
    if !entry.digests.is_empty() {
        line.push_str(" digests=");
        for (index, digest) in entry.digests.iter().enumerate() {
            let joint = match (index, digest.breaks) {
                (0, _) => "",
                (_, true) => "|",
                (_, false) => ",",
            };
            let _ = write!(
                line,
                "{joint}{}:{}",
                digest.release,
                super::digest::text(digest.value)
            );
        }
    }
    line.push('\n');
    line
}

/// `text` in quotes if it holds anything that could end a word.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_.:#/,|<>[]?=+-@{}".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
