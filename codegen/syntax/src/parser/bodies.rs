//! What stands in the braces of structs, enums, flags, unions and errors.

use super::{Parser, blocks::Front};
use crate::{SyntaxKind as K, TextRange, codes, diagnostic::Diagnostic};

impl Parser<'_> {
    /// `{attr} ";"`. Returns the place of the `;`, if it is there.
    pub(super) fn attributes_and_end(&mut self) -> Option<TextRange> {
        loop {
            if self.at(K::At) && !(self.on_new_line() && self.call_follows()) {
                self.attribute();
            } else if self.at(K::Ident) && !self.on_new_line() && !self.member_begins() {
                self.missing_at("`;`");
                self.bare_attribute();
            } else {
                break;
            }
        }
        let end = self.at(K::Semicolon).then(|| self.nth_range(0));
        self.semicolon();
        end
    }

    /// `fields = "{" {DOC | field | resv} "}"`
    pub(super) fn fields(&mut self) {
        self.nested(|p| {
            p.block(K::Fields, |p, front| {
                if p.at(K::Int) || p.at(K::Ident) {
                    p.field(front, "a field");
                } else {
                    let error = p.unexpected("a field");
                    p.report(error.help("fields are `1 name: type;`"));
                    p.skip_item();
                }
            });
        });
    }

    /// `field = [INT] NAME ":" type ["=" value] {attr} ";"`
    pub(super) fn field(&mut self, front: Front, what: &str) {
        if self.at(K::Ident) && self.nth(1) == K::Ident && self.nth(2) == K::Eq {
            return self.field_type_first();
        }
        self.start_at(front.checkpoint, K::Field);
        self.eat(K::Int);
        let name = format!("the {}'s name", what.trim_start_matches("a "));
        if self.expect_name(&name) || self.at(K::Colon) {
            self.typed();
            if self.at(K::Eq) {
                self.default_value();
            }
            let end = self.attributes_and_end();
            self.refuse_front(front, what, end);
        } else {
            self.skip_item();
        }
        self.finish();
    }

    /// `type name = number;`, as other languages have it.
    fn field_type_first(&mut self) {
        let (ty, name, number) = (self.nth_text(0), self.nth_text(1), self.nth_text(3));
        let range = self.nth_range(0).cover(self.nth_range(3));
        let error = Diagnostic::error(
            codes::EXPECTED,
            self.span(range),
            "the number and the name stand before the type",
        );
        let good = format!("{number} {name}: {ty}");
        let error = if self.nth(3) == K::Int && self.nth(4) == K::Semicolon {
            error.fix(format!("write `{good}`"), false, self.span(range), good)
        } else {
            error.help("fields are `1 name: type = default;`")
        };
        self.report(error);
        self.skip_item();
    }

    /// `":" type`
    pub(super) fn typed(&mut self) {
        if self.eat(K::Colon) {
            self.type_reference();
        } else if self.at(K::Ident) && !self.on_new_line() {
            self.missing("`:`", ":");
            self.type_reference();
        } else {
            self.error_expected("`:` and a type");
        }
    }

    /// `"=" value`
    pub(super) fn default_value(&mut self) {
        self.start(K::Default);
        self.bump();
        self.value();
        self.finish();
    }

    /// `arms = "{" {DOC | resv | [INT] NAME (fields | [":" type] {attr} ";")} "}"`
    pub(super) fn arms(&mut self) {
        self.block(K::Arms, |p, front| {
            if !p.at(K::Int) && !p.at(K::Ident) {
                let error = p.unexpected("an arm");
                p.report(error.help("arms are `1 name;`, `1 name: type;` or `1 name { ... }`"));
                return p.skip_item();
            }
            p.start_at(front.checkpoint, K::Arm);
            p.eat(K::Int);
            p.expect_name("the arm's name");
            let mut end = None;
            if p.at(K::LBrace) {
                p.fields();
            } else {
                let begins_type = [K::Semicolon, K::LAngle, K::LBracket, K::Question, K::Dot];
                if p.eat(K::Colon) {
                    p.type_reference();
                } else if p.at(K::Ident) && !p.on_new_line() && begins_type.contains(&p.nth(1)) {
                    // A type is meant more often than an attribute.
                    p.missing("`:`", ":");
                    p.type_reference();
                }
                end = p.attributes_and_end();
            }
            p.refuse_front(front, "an arm", end);
            p.finish();
        });
    }

    /// `eval = [["-"] INT] NAME ["=" value] {attr} ";" | resv`
    pub(super) fn values_block(&mut self) {
        self.block(K::Values, |p, front| {
            if !matches!(p.current(), K::Int | K::Ident | K::Minus) {
                let error = p.unexpected("a value");
                p.report(error.help("values are `0 name;`"));
                return p.skip_item();
            }
            p.start_at(front.checkpoint, K::EnumValue);
            if p.eat(K::Minus) {
                p.expect(K::Int);
            } else {
                p.eat(K::Int);
            }
            p.expect_name("the value's name");
            if p.at(K::Eq) {
                p.default_value();
            }
            let end = p.attributes_and_end();
            p.refuse_front(front, "a value", end);
            p.finish();
        });
    }
}
