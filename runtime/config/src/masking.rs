//! Values that sound secret, found in texts of which no type says what is secret.
//!
//! A text that is no JSON is shown when nobody knows its types yet, and a line of it may hold a password. So this
//! goes by the names of keys, without parsing, and rather covers too much than too little.

use std::ops::Range;

use crate::source::{Sources, Span};

/// How much is known of what is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knowledge {
    /// Nothing: no type has seen the values.
    Names,
    /// The types have told what lies on top; what it covers, in files that are included, they have not seen.
    Types,
}

/// A name that contains one of these, whatever is around it, is that of a secret.
const ANYWHERE: &[&str] = &["password", "passwd", "secret", "token"];
/// A name of which one of these is a word, too, where no type has a say.
const WORDS: &[&str] = &["key", "keys", "uri", "uris"];

/// The places in all sources that sound secret.
pub(crate) fn secrets(sources: &Sources, knowledge: Knowledge) -> Vec<Span> {
    let mut spans = Vec::new();
    for (number, source) in (0..).zip(sources.iter()) {
        let text = source.text.as_str();
        let mut add = |range| spans.push(Span::new(number, range));
        // A variable and an argument are one key and one value.
        let is_pair = source.name == "--set" || source.name.starts_with('$');
        match text.split_once('=') {
            Some((name, _)) if is_pair && sounds_secret(name, knowledge) => {
                add(name.len() + 1..text.len());
            }
            _ => Scan::new(text, knowledge).run(&mut add),
        }
    }
    spans
}

/// Whether a value of this name is nobody's business.
fn sounds_secret(name: &str, knowledge: Knowledge) -> bool {
    let name = name.trim_matches(['"', '\'']);
    let lower = name.to_ascii_lowercase();
    if ANYWHERE.iter().any(|word| lower.contains(word)) {
        return true;
    }
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    // `apiKey`, too.
    let camel = || name.ends_with("Key") || name.ends_with("Uri");
    knowledge == Knowledge::Names && (words.any(|word| WORDS.contains(&word)) || camel())
}

/// Goes through a text line by line: a quote that is missing confuses no other line.
struct Scan<'a> {
    text: &'a str,
    knowledge: Knowledge,
    /// Brackets that are open around the place, counted from a secret one; 0 outside of those.
    depth: usize,
    /// A secret's value is to come, in a later line perhaps.
    awaited: bool,
}

impl<'a> Scan<'a> {
    const fn new(text: &'a str, knowledge: Knowledge) -> Self {
        Self {
            text,
            knowledge,
            depth: 0,
            awaited: false,
        }
    }

    fn run(mut self, add: &mut dyn FnMut(Range<usize>)) {
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            self.line(start, line.trim_end_matches(['\n', '\r']), add);
            start += line.len();
        }
    }

    fn line(&mut self, start: usize, line: &str, add: &mut dyn FnMut(Range<usize>)) {
        // The last word, which is a key if a colon follows.
        let mut key = "";
        let mut at = 0;
        while let Some(c) = line[at..].chars().next() {
            let length = match c {
                '"' | '\'' => quoted(&line[at..], c),
                _ if is_word(c) => line[at..].find(|c| !is_word(c)).unwrap_or(line.len() - at),
                _ => c.len_utf8(),
            };
            let token = &line[at..at + length];
            let (here, behind) = (at, at + length);
            at = behind;
            match c {
                ' ' | '\t' => {}
                ':' | '=' => {
                    self.awaited |= !key.is_empty() && sounds_secret(key, self.knowledge);
                    key = "";
                }
                '{' | '[' if self.awaited || self.depth > 0 => {
                    self.depth += 1;
                    self.awaited = false;
                    key = "";
                }
                '}' | ']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.awaited = false;
                    key = "";
                }
                ',' => {
                    self.awaited = false;
                    key = "";
                }
                '/' if line[here..].starts_with("//") && self.awaited => return,
                _ if self.awaited => {
                    // What does not end as a value does belongs to the secret, for what one can tell.
                    let end = match ends_here(&line[behind..]) && is_whole(token) {
                        true => behind,
                        false => line.trim_end_matches([',', ' ', '\t']).len().max(behind),
                    };
                    add(start + here..start + end);
                    self.awaited = false;
                    key = "";
                    at = end;
                }
                // Keys within a secret object stay, its values don't.
                _ if self.depth > 0 && !line[behind..].trim_start().starts_with(':') => {
                    add(start + here..start + behind);
                }
                // The colon between a key and its value may be what is missing.
                _ if sounds_secret(key, self.knowledge) => {
                    add(start + here..start + line.len());
                    return;
                }
                _ => key = token,
            }
        }
    }
}

/// Bytes of a text in quotes at the start of a line; of one without an end, the whole line.
fn quoted(line: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in line.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    line.len()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '$')
}

/// Whether a value may end before this.
fn ends_here(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty()
        || rest.starts_with([',', '}', ']'])
        || rest.starts_with("/*")
        || rest.starts_with("//")
}

/// Whether it is all of a value: a text in quotes, a number, or a word of JSON.
fn is_whole(token: &str) -> bool {
    token.starts_with(['"', '\''])
        || matches!(token, "true" | "false" | "null")
        || token.parse::<f64>().is_ok()
}
