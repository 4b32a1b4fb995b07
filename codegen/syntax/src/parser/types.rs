//! Types and their bounds.

use super::Parser;
use crate::SyntaxKind as K;

impl Parser<'_> {
    /// `path = NAME {"." NAME}`
    pub(super) fn path(&mut self, what: &str) {
        self.start(K::Path);
        if self.expect_name(what) || self.at(K::Dot) && !self.on_new_line() {
            while self.at(K::Dot) || self.at(K::DotDot) && self.nth(1) == K::Ident {
                if self.at(K::DotDot) {
                    self.error_expected("one `.`");
                }
                self.bump();
                self.expect_name("a name");
            }
        }
        self.finish();
    }

    /// `type = path ["<" type {("," | "|") type} ">"] ["[" bound "]"] ["?"]`
    pub(super) fn type_reference(&mut self) {
        self.stray_docs();
        if !self.at(K::Ident) || self.on_new_line() && self.declaration_follows() {
            let error = self.expected("a type");
            self.report(if self.at(K::LParen) {
                error.help("there are no tuples: declare a struct and name it here")
            } else if self.at(K::LBracket) {
                error.help("a list is `list<T>`, with a bound `list<T>[..=64]`")
            } else {
                error
            });
            self.skip_no_type();
            return;
        }
        self.nested(|p| {
            p.start(K::Type);
            p.path("a type");
            p.type_rest();
            p.finish();
        });
    }

    /// What stands behind a type's name.
    pub(super) fn type_rest(&mut self) {
        if self.at(K::LAngle) {
            self.type_arguments();
        }
        if self.at(K::LBracket) {
            self.bound();
        } else if matches!(self.current(), K::DotDot | K::DotDotEq) {
            self.missing("`[`", "[");
            self.bound();
        }
        while self.at(K::Question) {
            self.bump();
        }
    }

    fn type_arguments(&mut self) {
        self.start(K::TypeArgs);
        let open = self.nth_range(0);
        self.bump();
        self.type_reference();
        while self.at(K::Comma) || self.at(K::Pipe) {
            self.bump();
            self.type_reference();
        }
        self.close(K::RAngle, open);
        self.finish();
    }

    /// Takes what stands in brackets where a type should.
    fn skip_no_type(&mut self) {
        match self.current() {
            K::LParen => {
                let behind = self.behind_parentheses(0);
                self.start(K::Bad);
                for _ in 0..behind {
                    self.bump();
                }
                self.finish();
            }
            // The name of the type is missing, the rest of it is there.
            K::LAngle => {
                self.start(K::Bad);
                self.nested(Self::type_rest);
                self.finish();
            }
            K::LBracket => {
                self.start(K::Bad);
                let open = self.nth_range(0);
                self.bump();
                if self.at(K::Ident) {
                    self.nested(Self::type_reference);
                    if self.eat(K::Semicolon) {
                        self.literal();
                    }
                } else {
                    self.limits();
                }
                self.close_list(K::RBracket, open);
                self.finish();
            }
            K::Int | K::Float | K::Unit | K::String if !self.on_new_line() => self.bump_bad(),
            _ => {}
        }
    }

    fn bound(&mut self) {
        self.start(K::Bound);
        let open = self.nth_range(0);
        self.eat(K::LBracket);
        self.limits();
        self.close_list(K::RBracket, open);
        self.finish();
    }

    /// `bound = lit | lit ".." | [lit] "..=" lit`
    fn limits(&mut self) {
        if self.at(K::RBracket) {
            let error = self.expected("a bound");
            self.report(error.help(
                "bounds are `8` (exactly), `1..` (at least), `..=64` (at most) and `1..=64`",
            ));
        } else if self.eat(K::DotDotEq) {
            self.literal();
        } else if self.at(K::DotDot) {
            self.range_without_end();
            self.literal();
        } else {
            self.literal();
            let ends = self.nth(1) == K::RBracket;
            if self.eat(K::DotDotEq) || self.at(K::DotDot) && !ends {
                if self.at(K::DotDot) {
                    self.range_without_end();
                }
                self.literal();
            } else {
                self.eat(K::DotDot);
            }
        }
    }

    /// `lit = ["-"] (INT|FLOAT|UNIT) | path`
    fn literal(&mut self) {
        if self.at_unit_apart() {
            return self.unit_apart();
        }
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
