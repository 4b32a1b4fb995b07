//! Types and their bounds.

use super::Parser;
use crate::SyntaxKind as K;

impl Parser<'_> {
    /// `path = NAME {"." NAME}`
    pub(super) fn path(&mut self, what: &str) {
        self.start(K::Path);
        if self.expect_name(what) {
            while self.at(K::Dot) {
                self.bump();
                self.expect_name("a name");
            }
        }
        self.finish();
    }

    /// `type = path ["<" type {("," | "|") type} ">"] ["[" bound "]"] ["?"]`
    pub(super) fn type_reference(&mut self) {
        self.stray_docs();
        if !self.at(K::Ident) {
            self.error_expected("a type");
            return;
        }
        self.nested(|p| {
            p.start(K::Type);
            p.path("a type");
            if p.at(K::LAngle) {
                p.start(K::TypeArgs);
                let open = p.nth_range(0);
                p.bump();
                p.type_reference();
                while p.at(K::Comma) || p.at(K::Pipe) {
                    p.bump();
                    p.type_reference();
                }
                p.close(K::RAngle, open);
                p.finish();
            }
            if p.at(K::LBracket) {
                p.bound();
            }
            while p.at(K::Question) {
                p.bump();
            }
            p.finish();
        });
    }

    /// `bound = lit | lit ".." | [lit] "..=" lit`
    fn bound(&mut self) {
        self.start(K::Bound);
        let open = self.nth_range(0);
        self.bump();
        if self.at(K::RBracket) {
            self.error_expected(
                "a bound: `8` (exactly), `1..` (at least), `..=64` (at most) or `1..=64`",
            );
        } else if self.eat(K::DotDotEq) {
            self.literal();
        } else {
            self.literal();
            if self.eat(K::DotDotEq) {
                self.literal();
            } else if self.at(K::DotDot) {
                self.bump();
                if !self.at(K::RBracket) {
                    self.error_expected("`..=` before the greatest value, or `]`");
                    self.literal();
                }
            }
        }
        self.close(K::RBracket, open);
        self.finish();
    }

    /// `lit = ["-"] (INT|FLOAT|UNIT) | path`
    fn literal(&mut self) {
        self.start(K::Literal);
        if self.eat(K::Minus) && !self.at_number() {
            self.error_expected("a number");
        } else if self.at_number() {
            self.bump();
        } else if self.at(K::Ident) {
            self.path("a constant");
        } else {
            self.error_expected("a number or a constant");
        }
        self.finish();
    }

    pub(super) fn at_number(&self) -> bool {
        matches!(self.current(), K::Int | K::Float | K::Unit | K::BadNumber)
    }
}
