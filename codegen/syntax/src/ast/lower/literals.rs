//! Attributes and values.

use super::{
    Lowering, Parts,
    green::{Node, Token},
    parts,
};
use crate::{
    Diagnostic, Span, SyntaxKind as K, TextRange, TextSize,
    ast::{
        Attribute, AttributeArg, Value, ValueKind,
        values::{self, Unit},
    },
    codes, suggest,
};
use rowan::NodeOrToken;

impl Lowering {
    pub(super) fn attributes(&mut self, parts: &Parts<'_>) -> Vec<Attribute> {
        parts
            .nodes(K::Attr)
            .filter_map(|node| self.attribute(node))
            .collect()
    }

    pub(super) fn attribute(&mut self, node: &Node<'_>) -> Option<Attribute> {
        let mut args = Vec::new();
        for arg in node.children().filter(|child| child.kind() == K::AttrArg) {
            let parts = parts(&arg);
            let Some(value) = parts.nodes.first() else {
                continue;
            };
            args.push(AttributeArg {
                name: parts.words.first().map(|token| self.name(token)),
                value: self.value(value),
                span: self.node_span(&arg),
            });
        }
        let path = node.children().find(|child| child.kind() == K::Path)?;
        Some(Attribute {
            path: self.path(&path)?,
            args,
            span: self.node_span(node),
        })
    }

    pub(super) fn default(&mut self, parts: &Parts<'_>) -> Option<Value> {
        let value = parts.node(K::Default)?.children().next()?;
        Some(self.value(&value))
    }

    pub(super) fn value(&mut self, node: &Node<'_>) -> Value {
        let span = self.node_span(node);
        let kind = match node.kind() {
            K::Path => self.path(node).map_or(ValueKind::Broken, ValueKind::Path),
            K::Literal => self.literal(node),
            K::Rate => self.rate(node),
            K::Binary => {
                let operands = node.children().map(|child| self.value(&child)).collect();
                let operators = node
                    .children_with_tokens()
                    .filter_map(NodeOrToken::into_token)
                    .filter_map(|token| match token.kind() {
                        K::Pipe => Some('|'),
                        K::Plus => Some('+'),
                        K::Minus => Some('-'),
                        K::Star => Some('*'),
                        _ => None,
                    });
                ValueKind::Binary(operands, operators.collect())
            }
            K::List => ValueKind::List(node.children().map(|child| self.value(&child)).collect()),
            K::Map => {
                let entries = node.children().filter(|child| child.kind() == K::MapEntry);
                let entries = entries.filter_map(|entry| {
                    let parts = parts(&entry);
                    let name = self.name(parts.words.first()?);
                    Some((name, self.value(parts.nodes.first()?)))
                });
                ValueKind::Map(entries.collect())
            }
            K::Paren => match node.children().next() {
                Some(inner) => self.value(&inner).kind,
                None => ValueKind::Broken,
            },
            _ => ValueKind::Broken,
        };
        Value { kind, span }
    }

    pub(super) fn literal(&mut self, node: &Node<'_>) -> ValueKind {
        let mut negative = false;
        for element in node.children_with_tokens() {
            let token = match element {
                NodeOrToken::Node(path) => {
                    return self.path(&path).map_or(ValueKind::Broken, ValueKind::Path);
                }
                NodeOrToken::Token(token) => token,
            };
            let span = self.span(token.text_range());
            let sign = if negative { -1 } else { 1 };
            match token.kind() {
                K::Minus => negative = true,
                K::Int => return ValueKind::Int(self.int(token.text(), span) * sign),
                K::Float => {
                    return match values::float(token.text()) {
                        Some(value) => ValueKind::Float(if negative { -value } else { value }),
                        None => self.bad_number(span, "the number is too large for a float"),
                    };
                }
                K::Unit => {
                    return match values::unit(token.text()) {
                        Some(Unit::Time(ns)) => ValueKind::Time(ns * sign),
                        Some(Unit::Size(bytes)) => ValueKind::Size(bytes * sign),
                        None => self.bad_number(
                            span,
                            "not a whole number of nanoseconds or bytes, or too large",
                        ),
                    };
                }
                K::String => return ValueKind::String(self.string(&token)),
                _ => {}
            }
        }
        ValueKind::Broken
    }

    pub(super) fn bad_number(&mut self, span: Span, message: &str) -> ValueKind {
        self.errors.push(
            Diagnostic::error(codes::BAD_NUMBER, span, message)
                .help("write a smaller or a rounder number"),
        );
        ValueKind::Broken
    }

    pub(super) fn rate(&mut self, node: &Node<'_>) -> ValueKind {
        let mut count = 0;
        let mut period_ns = None;
        for token in node
            .children_with_tokens()
            .filter_map(NodeOrToken::into_token)
        {
            match token.kind() {
                K::Int => count = self.int(token.text(), self.span(token.text_range())),
                K::Ident => {
                    period_ns = values::time_unit_ns(token.text());
                    if period_ns.is_none() {
                        self.bad_unit(&token);
                        return ValueKind::Broken;
                    }
                }
                K::Unit => {
                    if let Some(Unit::Time(ns)) = values::unit(token.text()) {
                        period_ns = Some(ns);
                    }
                }
                _ => {}
            }
        }
        if period_ns.is_none() {
            // The parser has said that the time is missing.
            return ValueKind::Broken;
        }
        ValueKind::Rate { count, period_ns }
    }

    /// A word behind the `/` of a rate that is no unit of time.
    pub(super) fn bad_unit(&mut self, token: &Token<'_>) {
        let span = self.span(token.text_range());
        let unit = token.text();
        let error = Diagnostic::error(
            codes::BAD_NUMBER,
            span,
            format!("`{unit}` is no unit of time"),
        );
        // `sec` and `minutes` begin with the unit that they mean.
        let units = values::TIME_UNITS.into_iter();
        let begins = units.filter(|known| unit.starts_with(known));
        let near = begins
            .max_by_key(|known| known.len())
            .or_else(|| suggest::nearest(unit, values::TIME_UNITS));
        self.errors.push(match near {
            Some(near) => error.label(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                false,
                span,
                near,
            ),
            None => error.help(format!("the units are {}", values::TIME_UNITS.join(", "))),
        });
    }

    pub(super) fn string(&mut self, token: &Token<'_>) -> String {
        values::string(token.text()).unwrap_or_else(|(offset, length)| {
            let offset = TextSize::try_from(offset).unwrap_or_default();
            let length = TextSize::try_from(length).unwrap_or_default();
            let start = token.text_range().start() + offset;
            let end = (start + length).min(token.text_range().end());
            let span = self.span(TextRange::new(start.min(end), end));
            self.errors.push(
                Diagnostic::error(codes::BAD_ESCAPE, span, "unknown escape in a string")
                    .help("the escapes are \\n, \\r, \\t, \\0, \\\\, \\\" and \\u{1F600}"),
            );
            String::new()
        })
    }
}
