//! What is said about what is wrong.

use super::{ERRORS_MAX, Parser};
use crate::{
    SyntaxKind as K, TextRange, codes,
    diagnostic::{Diagnostic, Span},
    suggest,
};

/// The units that numbers may have.
const UNITS: [&str; 10] = ["ns", "us", "ms", "s", "min", "h", "d", "KiB", "MiB", "GiB"];

/// Units as other languages and people write them.
const OTHER_UNITS: [(&str, &str); 16] = [
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("m", "min"),
    ("mins", "min"),
    ("minute", "min"),
    ("minutes", "min"),
    ("hour", "h"),
    ("hours", "h"),
    ("day", "d"),
    ("days", "d"),
    ("millis", "ms"),
    ("k", "KiB"),
    ("kb", "KiB"),
    ("mb", "MiB"),
];

/// The unit that `word` is or is called elsewhere.
fn unit_meant(word: &str) -> Option<&'static str> {
    let known = UNITS.into_iter().find(|&unit| unit == word);
    known.or_else(|| {
        let other = OTHER_UNITS
            .iter()
            .find(|(other, _)| word.eq_ignore_ascii_case(other));
        other.map(|&(_, unit)| unit)
    })
}

impl Parser<'_> {
    /// Records an error about a token or a part that is understood: whatever else is wrong, it is worth saying.
    pub(super) fn push(&mut self, error: Diagnostic) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(error);
        }
    }

    /// Records an error of grammar, unless it is most likely an echo of one before it.
    pub(super) fn report(&mut self, error: Diagnostic) {
        let echo = self.quiet || self.swallowed && self.at(K::Eof);
        self.quiet = true;
        if !echo {
            self.push(error);
        }
    }

    /// What stands here, for a message.
    pub(super) fn found(&self) -> String {
        match self.current() {
            K::Eof => "the end of the file".to_owned(),
            K::DocComment | K::InnerDoc => "a doc comment".to_owned(),
            _ => {
                let text = self.nth_text(0);
                let shown: String = text.chars().take(24).collect();
                let more = if shown.len() < text.len() { "..." } else { "" };
                format!("`{shown}{more}`")
            }
        }
    }

    /// That `what` should go on what stands before. If that is on an earlier line, so is the place of the error.
    pub(super) fn expected(&self, what: &str) -> Diagnostic {
        let ends = self.at > 0 && (self.at(K::Eof) || self.on_new_line());
        let (span, message) = if ends {
            let span = Span::at(self.file, self.previous_end());
            (span, format!("expected {what}"))
        } else {
            let message = format!("expected {what}, found {}", self.found());
            (self.here(), message)
        };
        Diagnostic::error(codes::EXPECTED, span, message).label(format!("{what} belongs here"))
    }

    pub(super) fn error_expected(&mut self, what: &str) {
        let error = self.expected(what);
        self.report(error);
    }

    /// That what stands here begins nothing that may stand here, which is `what`.
    pub(super) fn unexpected(&self, what: &str) -> Diagnostic {
        let message = format!("expected {what}, found {}", self.found());
        Diagnostic::error(codes::EXPECTED, self.here(), message)
            .label(format!("{what} belongs here"))
    }

    /// That `insert` is missing behind what stands before, and everything else seems right.
    pub(super) fn missing(&mut self, what: &str, insert: &str) {
        let place = Span::at(self.file, self.previous_end());
        let error = Diagnostic::error(codes::EXPECTED, place, format!("expected {what}"))
            .label(format!("{what} is missing here"));
        // A word that goes between two others brings its space with it.
        self.report(error.fix(format!("write `{}`", insert.trim()), false, place, insert));
    }

    /// Reports what is wrong with a token by itself.
    pub(super) fn check_token(&mut self, (kind, range): (K, TextRange)) {
        match kind {
            K::BadString => self.bad_string(range),
            K::BadNumber => self.bad_number(range),
            K::Ident if !self.text[range].is_ascii() => {
                let name = &self.text[range];
                let error = Diagnostic::error(
                    codes::UNKNOWN_CHARACTER,
                    self.span(range),
                    format!("the name `{name}` has letters that names cannot have"),
                );
                self.push(error.help("names are made of ASCII letters, digits and `_`"));
            }
            _ => {}
        }
    }

    fn bad_string(&mut self, range: TextRange) {
        let text = &self.text[range];
        let span = self.span(range);
        let inner = text.trim_start_matches(['\'', '“', '”', '„', '"']);
        if text.starts_with('"') {
            let mut error = Diagnostic::error(codes::UNTERMINATED, span, "the string has no end")
                .help("close it with `\"` on the same line; write `\\n` for a line break");
            // What stands behind the text most likely ends the member.
            let kept = text.trim_end().trim_end_matches([';', ')', ',', '}', ' ']);
            if kept.len() < text.trim_end().len() && kept.len() > 1 {
                let at = range.start() + rowan::TextSize::of(kept);
                error = error.fix("close the string", false, Span::at(self.file, at), "\"");
            }
            self.push(error);
            return;
        }
        let inner = inner.trim_end_matches(['\'', '“', '”', '"']);
        let error = Diagnostic::error(
            codes::UNKNOWN_CHARACTER,
            span,
            "strings stand in straight double quotes",
        );
        let good = format!("\"{inner}\"");
        self.push(error.fix(format!("write `{good}`"), true, span, good));
    }

    fn bad_number(&mut self, range: TextRange) {
        let text = &self.text[range];
        let suffix = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_' || c == '.');
        let number = &text[..text.len() - suffix.len()];
        let span = self.span(range);
        let error = Diagnostic::error(codes::BAD_NUMBER, span, format!("`{text}` is not a number"));
        let unit = unit_meant(suffix).or_else(|| suggest::nearest(suffix, UNITS));
        let error = if text.starts_with("0x") || text.starts_with("0b") {
            error.help("write hexadecimal as `0x1F`, binary as `0b101`")
        } else if let Some(unit) = unit {
            let good = format!("{number}{unit}");
            error.help(format!("did you mean the unit `{unit}`?")).fix(
                format!("write `{good}`"),
                false,
                span,
                good,
            )
        } else {
            error
                .help(format!("the units are {}", UNITS.join(", ")))
                .help("a name begins with a letter or `_`")
        };
        self.push(error);
    }

    /// Takes a name that begins with a digit. As a number it would be compared with the units.
    pub(super) fn name_with_digit(&mut self) {
        let error = Diagnostic::error(
            codes::BAD_NUMBER,
            self.here(),
            format!("`{}` is neither a number nor a name", self.nth_text(0)),
        );
        self.push(error.help("a name begins with a letter or `_`"));
        self.take();
    }

    /// Whether a number stands here with its unit apart from it.
    pub(super) fn at_unit_apart(&self) -> bool {
        matches!(self.current(), K::Int | K::Float)
            && self.nth(1) == K::Ident
            && unit_meant(self.nth_text(1)).is_some()
    }

    /// Takes a number and its unit.
    pub(super) fn unit_apart(&mut self) {
        let number = self.nth_text(0);
        let unit = unit_meant(self.nth_text(1)).unwrap_or_default();
        let span = self.span(self.nth_range(0).cover(self.nth_range(1)));
        let good = format!("{number}{unit}");
        let error = Diagnostic::error(
            codes::BAD_NUMBER,
            span,
            "the unit stands apart from its number",
        );
        self.push(error.fix(format!("write `{good}`"), false, span, good));
        self.start(K::Bad);
        self.bump();
        self.bump();
        self.finish();
    }

    /// Reports what begins no token.
    pub(super) fn unknown_token(&mut self, range: TextRange) {
        let text = &self.text[range];
        let first = text.chars().next().unwrap_or(' ');
        let span = self.span(range);
        let error = if text.starts_with("/*") {
            let open = TextRange::at(range.start(), 2.into());
            Diagnostic::error(
                codes::UNTERMINATED,
                self.span(open),
                "the comment has no end",
            )
            .label("it begins here")
            .help("close it with `*/`; comments may stand inside one another")
        } else if first == '#' {
            let hash = self.span(TextRange::at(range.start(), 1.into()));
            Diagnostic::error(
                codes::UNKNOWN_CHARACTER,
                hash,
                "the character '#' begins nothing",
            )
            .help("a comment begins with `//`, an attribute with `@`")
            .fix("write `//`", false, hash, "//")
        } else {
            Diagnostic::error(
                codes::UNKNOWN_CHARACTER,
                span,
                format!("the character {first:?} begins nothing"),
            )
            .fix("remove it", false, span, "")
        };
        self.push(error);
    }
}
