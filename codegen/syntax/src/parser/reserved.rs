//! What is reserved, and ranges.

use super::Parser;
use crate::{SyntaxKind as K, codes, diagnostic::Diagnostic};

impl Parser<'_> {
    /// `reserved` is a keyword only before what it can reserve.
    pub(super) fn at_reserved(&self) -> bool {
        if !self.at_word("reserved") {
            return false;
        }
        let quoteless = |at: usize| {
            self.nth(at) == K::Ident && matches!(self.nth(at + 1), K::Semicolon | K::Comma)
        };
        matches!(
            self.nth(1),
            K::Int | K::String | K::BadString | K::Minus | K::BadNumber
        ) || self.nth_word(1, "rpc") && self.nth(2) != K::Colon
            || quoteless(1)
    }

    /// `resv = "reserved" ["rpc"] rng {"," rng} ";"`
    pub(super) fn reserved(&mut self) {
        self.start(K::Reserved);
        self.bump();
        self.eat_word("rpc");
        loop {
            self.start(K::ReservedItem);
            match self.current() {
                K::String | K::BadString => self.bump(),
                K::Ident => self.quoteless_name(),
                K::Int | K::Minus | K::BadNumber => self.reserved_range(),
                _ => self.error_expected("a tag, a range of tags or a name in quotes"),
            }
            self.finish();
            if !self.eat(K::Comma) {
                if !matches!(self.current(), K::Int | K::String | K::Minus) || self.on_new_line() {
                    break;
                }
                self.missing("`,`", ",");
            }
        }
        self.semicolon();
        self.finish();
    }

    fn quoteless_name(&mut self) {
        let name = self.nth_text(0);
        let here = self.here();
        let error = Diagnostic::error(codes::EXPECTED, here, "reserved names stand in quotes");
        let good = format!("\"{name}\"");
        self.report(error.fix(format!("write `{good}`"), true, here, good));
        self.bump_bad();
    }

    fn reserved_range(&mut self) {
        self.eat(K::Minus);
        self.reserved_number();
        if self.at(K::DotDot) {
            self.range_without_end();
        } else if !self.eat(K::DotDotEq) {
            return;
        }
        self.eat(K::Minus);
        self.reserved_number();
    }

    fn reserved_number(&mut self) {
        if self.at(K::BadNumber) {
            self.bump();
        } else {
            self.expect(K::Int);
        }
    }

    /// A `..` where only `..=` can stand.
    pub(super) fn range_without_end(&mut self) {
        let here = self.here();
        self.report(
            Diagnostic::error(codes::EXPECTED, here, "the end of a range belongs to it")
                .label("`..=` belongs here")
                .fix("write `..=`", false, here, "..="),
        );
        self.bump();
    }
}
