//! Text to values: JSON with comments and trailing commas, strict in everything else.

use std::collections::HashSet;

use jsonc_parser::ast;
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{CollectOptions, ParseOptions, ParseStringErrorKind};

use crate::limits::Limits;
use crate::mistake::{Draft, Kind, Mistakes};
use crate::source::{Sources, Span};
use crate::tree::{Entry, Map, Node, Value};

const STRICT: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The value of a source. A text that is no JSON is one mistake: what follows it can't be told apart.
pub(crate) fn parse(
    source: u32,
    sources: &Sources,
    limits: &Limits,
    mistakes: &mut Mistakes,
) -> Option<Node> {
    let text = &sources.get(source)?.text;
    match jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &STRICT) {
        Ok(parsed) => {
            let Some(value) = parsed.value else {
                let draft = Draft::new(Kind::Syntax, "there is no value here")
                    .at(Span::new(source, 0..0), "expected an object")
                    .help("write at least `{}`");
                mistakes.add(draft);
                return None;
            };
            let mut reader = Reader {
                source,
                text,
                limits,
                mistakes,
                broken: false,
            };
            let node = reader.node(value, 0);
            (!reader.broken).then_some(node)
        }
        Err(error) => {
            let (message, help) = explain(error.kind());
            let range = error.range();
            // At the end of the text, the last character is what one looks at.
            let start = floor(text, range.start);
            let end = ceil(text, range.end.max(start)).min(start + SHOWN_MAX);
            let span = Span::new(source, start..floor(text, end).max(start));
            mistakes.add(Draft::new(Kind::Syntax, message).at(span, "").help(help));
            None
        }
    }
}

/// Whether a text is JSON, for values that come from elsewhere than a file.
pub(crate) fn value(source: u32, text: &str, limits: &Limits) -> Option<Node> {
    let parsed = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &STRICT).ok()?;
    let mut mistakes = Mistakes::new(1);
    let mut reader = Reader {
        source,
        text,
        limits,
        mistakes: &mut mistakes,
        broken: false,
    };
    let node = reader.node(parsed.value?, 0);
    mistakes.is_empty().then_some(node)
}

/// Bytes of a broken place that are marked at most: an object without an end would mark the rest of the file.
const SHOWN_MAX: usize = 64;

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

struct Reader<'a> {
    source: u32,
    text: &'a str,
    limits: &'a Limits,
    mistakes: &'a mut Mistakes,
    /// What follows from the mistakes is meaningless.
    broken: bool,
}

impl Reader<'_> {
    fn span(&self, range: Range) -> Span {
        Span::new(self.source, range.start..range.end)
    }

    /// The parser itself gives up at a depth of 512, so that this does not run out of stack either.
    fn node(&mut self, value: ast::Value<'_>, depth: usize) -> Node {
        let span = self.span(value.range());
        if depth > self.limits.depth_max {
            if !self.broken {
                self.broken = true;
                let message = format!(
                    "values stand more than {} deep in one another",
                    self.limits.depth_max
                );
                let draft = Draft::new(Kind::Limit, message)
                    .at(span, "one too many")
                    .help("make it flatter");
                self.mistakes.add(draft);
            }
            return Node::new(Value::Null, span);
        }
        let value = match value {
            ast::Value::NullKeyword(_) => Value::Null,
            ast::Value::BooleanLit(it) => Value::Bool(it.value),
            ast::Value::NumberLit(it) => Value::Number(it.value.to_owned()),
            ast::Value::StringLit(it) => {
                self.one_line(it.range);
                Value::Text(it.value.into_owned())
            }
            ast::Value::Array(it) => {
                let elements = it.elements.into_iter();
                Value::List(elements.map(|it| self.node(it, depth + 1)).collect())
            }
            ast::Value::Object(it) => Value::Map(self.map(it, depth)),
        };
        Node::new(value, span)
    }

    /// The parser lets texts run over lines, which JSON does not: a quote is missing.
    fn one_line(&mut self, range: Range) {
        let written = self.text.get(range.start..range.end).unwrap_or_default();
        if let Some(end) = written.find(['\n', '\r'])
            && !self.broken
        {
            self.broken = true;
            let (message, help) = UNTERMINATED;
            let span = Span::new(self.source, range.start..range.start + end);
            let draft = Draft::new(Kind::Syntax, message).at(span, "").help(help);
            self.mistakes.add(draft);
        }
    }

    fn map(&mut self, object: ast::Object<'_>, depth: usize) -> Map {
        let mut map = Map::default();
        let mut seen = HashSet::new();
        for property in object.properties {
            let key_span = self.span(property.name.range());
            self.one_line(property.name.range());
            let key = property.name.into_string();
            let node = self.node(property.value, depth + 1);
            if !seen.insert(key.clone()) {
                let mut draft = Draft::new(Kind::DuplicateKey, format!("key `{key}` stands twice"))
                    .at(key_span, "here again")
                    .help("leave one out");
                if let Some(first) = map.get(&key) {
                    draft = draft.also(first.key_span, "first here");
                }
                self.mistakes.add(draft);
                continue;
            }
            map.entries.push(Entry {
                key,
                key_span,
                node,
            });
        }
        map
    }
}

const UNTERMINATED: (&str, &str) = (
    "this text has no end",
    "close it with `\"` in the same line; write a line break as `\\n`",
);

/// What a broken text is called, and what to do.
fn explain(kind: &ParseErrorKind) -> (String, &'static str) {
    use ParseErrorKind as K;
    let (message, help) = match kind {
        K::ExpectedComma => ("a comma is missing here", "put `,` between two values"),
        K::ExpectedColonAfterObjectKey => (
            "a colon is missing behind this key",
            "write `\"key\": value`",
        ),
        K::ExpectedObjectValue => (
            "a value is missing behind this key",
            "write `\"key\": value`",
        ),
        K::ExpectedStringObjectProperty => {
            ("this key has no quotes", "put the key in double quotes")
        }
        K::SingleQuotedStringsNotAllowed => (
            "texts stand in double quotes",
            "write `\"..\"` in place of `'..'`",
        ),
        K::HexadecimalNumbersNotAllowed => (
            "numbers are decimal here",
            "write the number in decimal, as `255`",
        ),
        K::BareDecimalPointNumbersNotAllowed => (
            "a decimal point stands between digits",
            "write `0.5` or `5.0`",
        ),
        K::UnaryPlusNumbersNotAllowed => ("a number has no plus sign", "leave the `+` out"),
        K::NonFiniteNumbersNotAllowed => (
            "this is no number that can be written",
            "write a finite number",
        ),
        K::ExpectedDigit
        | K::ExpectedDigitFollowingNegativeSign
        | K::ExpectedPlusMinusOrDigitInNumberLiteral => (
            "this number has no digits where it needs some",
            "write it as `-1`, `0.5` or `1e9`",
        ),
        K::MultipleRootJsonValues => (
            "something stands behind the end of the configuration",
            "one file has one object: look for a `}` too many",
        ),
        K::UnterminatedArray => ("this list has no end", "close it with `]`"),
        K::UnterminatedObject => ("this object has no end", "close it with `}`"),
        K::UnterminatedCommentBlock => ("this comment has no end", "close it with `*/`"),
        K::UnexpectedCloseBrace => (
            "this `}` closes nothing",
            "take it out, or look for the `{` that is missing",
        ),
        K::UnexpectedCloseBracket => (
            "this `]` closes nothing",
            "take it out, or look for the `[` that is missing",
        ),
        K::UnexpectedColon => (
            "a colon stands where a value should",
            "write `\"key\": value` inside of `{}`",
        ),
        K::UnexpectedComma => ("there is no value before this comma", "leave the comma out"),
        K::UnexpectedWord => (
            "this word is no value",
            "texts stand in double quotes; the words are `true`, `false` and `null`",
        ),
        K::UnexpectedTokenInObject => (
            "a key should stand here",
            "inside of `{}` write `\"key\": value`",
        ),
        K::NestingDepthExceeded => ("values stand too deep in one another", "make it flatter"),
        K::String(kind) => match kind {
            ParseStringErrorKind::UnterminatedStringLiteral => UNTERMINATED,
            ParseStringErrorKind::InvalidUnicodeEscapeSequence(_) => (
                "this escape is no character",
                "write the character itself, or a pair of surrogates",
            ),
            ParseStringErrorKind::ExpectedFourHexDigits => (
                "an escape `\\u` needs four hexadecimal digits",
                "write it as `\\u00e9`",
            ),
            _ => (
                "this escape is not known",
                "the escapes are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000; write a backslash as `\\\\`",
            ),
        },
        _ => (
            "this is not JSON",
            "look for a quote, comma or bracket that is missing",
        ),
    };
    (message.to_owned(), help)
}
