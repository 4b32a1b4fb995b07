//! The members of components, entities and services.

use super::{Parser, blocks::Front};
use crate::{
    SyntaxKind as K, TextRange, codes,
    diagnostic::{Diagnostic, Span},
    suggest,
};

/// The words that begin a call.
pub(super) const CALLS: [&str; 5] = ["rpc", "oneway", "event", "timer", "client"];

/// The words that begin a member.
pub(super) const MEMBERS: [&str; 7] = [
    "rpc", "oneway", "event", "timer", "client", "has", "reserved",
];

const EVERY_MEMBER: &str = "members are `1 name: type;`, `has 1 name: Component;`, rpc, oneway, event, timer, client rpc, reserved";

impl Parser<'_> {
    /// `body = "{" {DOC | field | slot | resv | {attr} call} "}"`
    pub(super) fn body(&mut self) {
        self.block(K::Body, |p, front| {
            let is_field = p.nth(1) == K::Colon || p.at(K::Int) && p.nth(2) != K::LParen;
            if is_field && matches!(p.current(), K::Int | K::Ident) {
                p.field(front, "a property");
            } else if p.at(K::Ident) {
                p.keyword_member(front);
            } else if p.at(K::Int) {
                let name = p.nth_text(1);
                let error = Diagnostic::error(
                    codes::UNKNOWN_KEYWORD,
                    p.here(),
                    format!("`{name}` does not say what kind of call it is"),
                );
                let number = p.nth_text(0);
                p.report(error.help(kinds_of_call(&format!("{number} {name}"))));
                p.skip_item();
            } else {
                let error = p.unexpected("a property, a slot or a call");
                p.report(error.help(EVERY_MEMBER));
                p.skip_item();
            }
        });
    }

    fn keyword_member(&mut self, front: Front) {
        let word = self.nth_text(0);
        let known = MEMBERS.into_iter().find(|&keyword| keyword == word);
        let Some(word) = known.or_else(|| self.unknown_member(word)) else {
            return self.skip_item();
        };
        if word == "has" {
            self.start_at(front.checkpoint, K::Slot);
            self.bump();
            self.eat(K::Int);
            self.expect_name("the slot's name");
            self.typed();
            let end = self.attributes_and_end();
            self.refuse_front(front, "a slot", end);
            self.finish();
        } else if CALLS.contains(&word) {
            self.start_at(front.checkpoint, K::Call);
            let start = self.nth_range(0);
            self.bump();
            if word == "client" && !self.eat_word("rpc") {
                self.missing("`rpc`", " rpc");
            }
            self.call_rest(start);
            self.finish();
        } else {
            self.bump_bad();
            self.error_expected("what is reserved: tags, ranges of tags or names in quotes");
            self.skip_item();
        }
    }

    fn unknown_member(&mut self, word: &str) -> Option<&'static str> {
        let is_untyped = matches!(self.nth(1), K::Semicolon | K::At | K::Eq | K::RBrace);
        let named = matches!(self.nth(1), K::Ident | K::Int)
            && matches!(self.nth(2), K::LParen | K::Ident | K::Colon);
        let nearest = suggest::nearest(word, MEMBERS).filter(|_| named);
        let error = Diagnostic::error(
            codes::UNKNOWN_KEYWORD,
            self.here(),
            format!("`{word}` begins no property, slot or call"),
        );
        let error = match nearest {
            Some(keyword) => error.label(format!("did you mean `{keyword}`?")).fix(
                format!("write `{keyword}`"),
                false,
                self.here(),
                keyword,
            ),
            None if is_untyped => error.help(format!("a property has a type: `{word}: u32;`")),
            None if self.nth(1) == K::LParen => error.help(kinds_of_call(word)),
            None if self.nth(1) == K::Ident && self.nth(2) == K::LParen => {
                error.help(kinds_of_call(self.nth_text(1)))
            }
            None => error.help(EVERY_MEMBER),
        };
        self.report(error);
        nearest
    }

    /// Whether here stands an attribute of a call without its `@`.
    pub(super) fn at_bare_attribute(&self) -> bool {
        if MEMBERS.contains(&self.nth_text(0)) {
            return false;
        }
        let behind = match self.nth(1) {
            K::LParen => self.behind_parentheses(1),
            K::At | K::Ident => 1,
            _ => return false,
        };
        let member = self.behind_front(behind);
        self.nth(member) == K::Ident
            && CALLS.contains(&self.nth_text(member))
            && self.nth(member + 1) != K::Colon
            && (member > behind || self.starts_line(self.at + member))
    }

    /// Says that the attribute that stands here, where `else_what` might be, lacks its `@`.
    pub(super) fn missing_at(&mut self, else_what: &str) {
        let here = self.here();
        let word = self.nth_text(0);
        let error = self.unexpected(&format!("{else_what} or an attribute"));
        let place = Span::at(self.file, here.range.start());
        self.report(error.label("an attribute begins with `@`").fix(
            format!("write `@{word}`"),
            false,
            place,
            "@",
        ));
    }

    /// `[INT] NAME "(" [param {"," param} [","]] ")" ["->" ["stream"] type] ["throws" path] ["to" path {"|" path}] ";"`
    fn call_rest(&mut self, start: TextRange) {
        self.eat(K::Int);
        if !self.expect_name("the call's name") && !self.at(K::LParen) {
            return self.skip_item();
        }
        if self.at(K::LParen) {
            self.parameters();
        } else {
            let error = self.expected("`(`");
            let end = self.previous_end();
            let place = Span::at(self.file, end);
            let parts = [K::Semicolon, K::Arrow];
            let empty =
                parts.contains(&self.current()) || self.at_word("throws") || self.at_word("to");
            self.report(if empty {
                error.fix("write `()`", false, place, "()")
            } else {
                error
            });
        }
        self.clause_without_word(start);
        self.result();
        self.word_clause("throws", K::Throws, "an error type");
        if self.quiet_list("throws") {
            self.skip_item();
            return;
        }
        self.word_clause("to", K::To, "an audience");
        self.attributes_behind(start);
        self.semicolon();
    }

    /// An audience or an error whose word is missing: events have no other clause, and errors are called so.
    fn clause_without_word(&mut self, start: TextRange) {
        let clause = ["throws", "to"].iter().any(|word| self.at_word(word));
        if !self.at(K::Ident) || clause || self.on_new_line() || self.near_clause().is_some() {
            return;
        }
        if &self.text[start] == "event" {
            self.missing("`to`", " to");
            self.start(K::To);
            self.path("an audience");
            self.finish();
        } else if self.nth_text(0).ends_with("Error") {
            self.missing("`throws`", " throws");
            self.start(K::Throws);
            self.path("an error type");
            self.finish();
        }
    }

    /// `["->" ["stream"] type]`
    fn result(&mut self) {
        let clause = ["throws", "to"].iter().any(|word| self.at_word(word));
        let here = self.here();
        if self.at(K::Arrow) {
            self.start(K::Result);
            self.bump();
        } else if self.at(K::Colon) {
            let error = self.unexpected("`->` before the result");
            self.report(error.fix("write `->`", false, here, " ->"));
            self.start(K::Result);
            self.bump_bad();
        } else if self.at(K::Ident) && !clause && !self.on_new_line() {
            if self.near_clause().is_some() {
                return;
            }
            self.missing("`->`", " ->");
            self.start(K::Result);
        } else {
            return;
        }
        self.eat_word("stream");
        self.type_reference();
        self.finish();
    }

    /// The clause that the word here was most likely meant to begin.
    fn near_clause(&self) -> Option<&'static str> {
        if self.nth(1) != K::Ident {
            return None;
        }
        suggest::nearest(self.nth_text(0), ["throws", "to"])
    }

    /// `["throws" path]`, `["to" path {"|" path}]`
    fn word_clause(&mut self, word: &'static str, kind: K, what: &str) {
        if !self.at_word(word) {
            let misspelt = self.at(K::Ident) && self.near_clause() == Some(word);
            if !misspelt || self.on_new_line() {
                return;
            }
            let here = self.here();
            let error = self.unexpected(&format!("`{word}`"));
            self.report(error.fix(format!("write `{word}`"), false, here, word));
        }
        self.start(kind);
        self.bump();
        self.path(what);
        while kind == K::To && (self.at(K::Pipe) || self.at(K::Comma)) {
            if self.at(K::Comma) {
                let here = self.here();
                let error = self.unexpected("`|` between audiences");
                self.report(error.fix("write `|`", false, here, " |"));
            }
            self.bump();
            self.path(what);
        }
        self.finish();
    }

    /// Whether a list stands behind `word`, where only one can; says so.
    fn quiet_list(&mut self, word: &str) -> bool {
        if !matches!(self.current(), K::Comma | K::Pipe) {
            return false;
        }
        let error = self.unexpected("`;`");
        self.report(if word == "throws" {
            error.help("a call throws one type; an arm of an error may be another error: `1 trade: TradeError;`")
        } else {
            error
        });
        true
    }

    /// Says that attributes of a call stand in front; `start` is where.
    fn attributes_behind(&mut self, start: TextRange) {
        if !self.at(K::At) || self.on_new_line() {
            return;
        }
        let first = self.nth_range(0);
        while self.at(K::At) && !self.on_new_line() {
            self.attribute();
        }
        let range = first.cover(TextRange::empty(self.previous_end()));
        let error = Diagnostic::error(
            codes::ATTRIBUTE_SIDE,
            self.span(range),
            "attributes of a call stand before it",
        )
        .help("move it to a line of its own above the call")
        .note("data carries its attributes behind, declarations and calls in front");
        let to = Span::at(self.file, start.start());
        let error = self.moved(error, range, to, false);
        self.push(error);
    }

    fn parameters(&mut self) {
        self.start(K::Params);
        let open = self.nth_range(0);
        self.bump();
        self.list(
            K::RParen,
            open,
            "a parameter",
            |p| {
                let ends = [K::Semicolon, K::Pipe, K::Dot, K::Ident].contains(&p.nth(2));
                let behind = ends && ["throws", "to"].iter().any(|word| p.at_word(word));
                let unclosed = p.on_new_line() || behind;
                let named = p.at(K::Ident) && (p.nth(1) == K::Colon || !unclosed);
                named || matches!(p.current(), K::DocComment | K::Colon)
            },
            Self::parameter,
        );
        self.finish();
    }

    /// `param = NAME ":" ["stream"] type ["=" value] {attr}`
    fn parameter(&mut self) {
        let checkpoint = self.checkpoint();
        self.docs();
        self.start_at(checkpoint, K::Param);
        if !self.eat(K::Ident) {
            self.error_expected("the parameter's name");
        }
        if self.at(K::Colon) && self.nth_word(1, "stream") {
            self.bump();
            self.bump();
            self.type_reference();
        } else if matches!(
            self.current(),
            K::Comma | K::RParen | K::LAngle | K::LBracket
        ) {
            let error = self.expected("`:` and a type");
            self.report(error.help("parameters have a name and a type: `(item: ItemId)`"));
            self.type_rest();
        } else {
            self.typed();
        }
        if self.at(K::Eq) {
            self.default_value();
        }
        while self.at(K::At) {
            self.attribute();
        }
        self.finish();
    }
}

fn kinds_of_call(call: &str) -> String {
    format!(
        "say what kind of call it is: `rpc {call}(...)`, `oneway {call}(...)` or `event {call}(...)`"
    )
}
