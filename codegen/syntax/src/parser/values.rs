//! Attributes and values.

use super::Parser;
use crate::SyntaxKind as K;

impl Parser<'_> {
    /// `attr = "@" path ["(" [arg {"," arg} [","]] ")"]`
    pub(super) fn attribute(&mut self) {
        self.start(K::Attr);
        self.bump();
        self.path("the attribute's name");
        if self.at(K::LParen) {
            let open = self.nth_range(0);
            self.bump();
            while !matches!(
                self.current(),
                K::RParen | K::Semicolon | K::RBrace | K::Eof
            ) {
                self.start(K::AttrArg);
                if self.at(K::Ident) && self.nth(1) == K::Colon {
                    self.bump();
                    self.bump();
                }
                self.value();
                self.finish();
                if !self.eat(K::Comma) {
                    break;
                }
            }
            self.close(K::RParen, open);
        }
        self.finish();
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
            K::Int if self.nth(1) == K::Slash => {
                self.start(K::Rate);
                self.bump();
                self.bump();
                if matches!(self.current(), K::Ident | K::Unit | K::BadNumber) {
                    self.bump();
                } else {
                    self.error_expected("a time: `10/s`, `1/10s`, `100/min`");
                }
                self.finish();
            }
            K::Int | K::Float | K::Unit | K::BadNumber | K::String | K::BadString => {
                self.start(K::Literal);
                self.bump();
                self.finish();
            }
            K::Ident => self.path("a name"),
            K::LBracket => self.sequence(K::List, K::RBracket, Self::value),
            K::LBrace => self.sequence(K::Map, K::RBrace, |p| {
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
                self.close(K::RParen, open);
                self.finish();
            }
            _ => self.error_expected("a value"),
        }
    }

    fn sequence(&mut self, kind: K, end: K, item: impl Fn(&mut Self)) {
        self.start(kind);
        let open = self.nth_range(0);
        self.bump();
        while !matches!(
            self.current(),
            K::Semicolon | K::Eof | K::RBrace | K::RBracket
        ) {
            let before = self.at;
            item(self);
            if !self.eat(K::Comma) || self.at == before {
                break;
            }
        }
        self.close(end, open);
        self.finish();
    }
}
