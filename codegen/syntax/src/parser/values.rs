//! Attributes and values.

use super::Parser;
use crate::SyntaxKind as K;

impl Parser<'_> {
    /// `attr = "@" path ["(" [arg {"," arg} [","]] ")"]`
    pub(super) fn attribute(&mut self) {
        self.start(K::Attr);
        self.bump();
        if self.on_new_line() && (self.member_follows() || self.declaration_follows()) {
            // No name, but what the attribute should belong to.
            self.error_expected("the attribute's name");
        } else {
            self.attribute_rest();
        }
        self.finish();
    }

    /// An attribute whose `@` is missing.
    pub(super) fn bare_attribute(&mut self) {
        self.start(K::Attr);
        self.attribute_rest();
        self.finish();
    }

    fn attribute_rest(&mut self) {
        self.path("the attribute's name");
        if !self.at(K::LParen) {
            return;
        }
        let open = self.nth_range(0);
        self.bump();
        self.list(
            K::RParen,
            open,
            "an argument",
            |p| p.at_value() && !p.member_follows() || p.at(K::Colon),
            |p| {
                p.start(K::AttrArg);
                if p.at(K::Colon) {
                    p.error_expected("the argument's name");
                    p.bump();
                } else if p.at(K::Ident) && p.nth(1) == K::Colon {
                    p.bump();
                    p.bump();
                }
                p.value();
                p.finish();
            },
        );
    }

    /// Whether a value can begin here.
    pub(super) fn at_value(&self) -> bool {
        matches!(
            self.current(),
            K::Minus
                | K::Int
                | K::Float
                | K::Unit
                | K::BadNumber
                | K::String
                | K::BadString
                | K::Ident
                | K::LBracket
                | K::LBrace
                | K::LParen
        )
    }

    /// `value = atom {("|"|"+"|"-"|"*") atom}`
    pub(super) fn value(&mut self) {
        self.nested(|p| {
            let checkpoint = p.checkpoint();
            p.atom();
            if matches!(p.current(), K::Pipe | K::Plus | K::Minus | K::Star) {
                p.start_at(checkpoint, K::Binary);
                while matches!(p.current(), K::Pipe | K::Plus | K::Minus | K::Star) {
                    p.bump();
                    p.atom();
                }
                p.finish();
            }
        });
    }

    fn atom(&mut self) {
        self.stray_docs();
        match self.current() {
            K::Minus => {
                self.start(K::Literal);
                self.bump();
                if self.at_number() {
                    self.bump();
                } else {
                    self.error_expected("a number");
                }
                self.finish();
            }
            _ if self.at_unit_apart() => self.unit_apart(),
            K::Int if self.nth(1) == K::Slash => {
                self.start(K::Rate);
                self.bump();
                self.bump();
                if matches!(self.current(), K::Ident | K::Unit | K::BadNumber) {
                    self.bump();
                } else {
                    let error = self.expected("a time");
                    self.report(error.help("rates are `10/s`, `100/min`, `1/10s`"));
                }
                self.finish();
            }
            K::Int | K::Float | K::Unit | K::BadNumber | K::String | K::BadString => {
                self.start(K::Literal);
                self.bump();
                self.finish();
            }
            K::Ident if !(self.on_new_line() && self.declaration_follows()) => self.path("a name"),
            K::LBracket => self.sequence(K::List, K::RBracket, "a value", Self::value),
            K::LBrace => self.sequence(K::Map, K::RBrace, "a name", |p| {
                p.start(K::MapEntry);
                p.expect_name("a name");
                p.expect(K::Colon);
                p.value();
                p.finish();
            }),
            K::LParen => {
                self.start(K::Paren);
                let open = self.nth_range(0);
                self.bump();
                self.value();
                self.close_list(K::RParen, open);
                self.finish();
            }
            _ => self.error_expected("a value"),
        }
    }

    fn sequence(&mut self, kind: K, end: K, what: &str, item: impl FnMut(&mut Self)) {
        self.start(kind);
        let open = self.nth_range(0);
        self.bump();
        self.list(
            end,
            open,
            what,
            |p| p.at_value() && !p.member_follows(),
            item,
        );
        self.finish();
    }
}
