//! What stands in braces: fields, arms, values, and the members of components, entities and services.

use super::Parser;
use crate::{SyntaxKind as K, codes, diagnostic::Diagnostic, suggest};

const CALLS: [&str; 5] = ["rpc", "oneway", "event", "timer", "client"];
const MEMBERS: [&str; 7] = [
    "rpc", "oneway", "event", "timer", "client", "has", "reserved",
];

impl Parser<'_> {
    /// A block of members: `{`, then `member` until `}`.
    fn block(&mut self, kind: K, mut member: impl FnMut(&mut Self)) {
        self.stray_docs();
        if !self.at(K::LBrace) {
            self.error_expected("`{`");
            self.skip_item();
            return;
        }
        self.start(kind);
        let open = self.nth_range(0);
        self.bump();
        loop {
            let before = self.at;
            match self.current() {
                K::RBrace => {
                    self.bump();
                    break;
                }
                K::Eof => {
                    self.close(K::RBrace, open);
                    break;
                }
                K::Ident if self.on_new_line() && self.begins_declaration_with_block() => {
                    self.close(K::RBrace, open);
                    break;
                }
                _ => member(self),
            }
            if self.at == before {
                self.skip_item();
                if self.at == before && !self.at(K::Eof) && !self.at(K::RBrace) {
                    self.bump();
                }
            }
        }
        self.finish();
    }

    /// A declaration keyword with a name and what can only follow in a declaration: then a `}` was forgotten.
    fn begins_declaration_with_block(&self) -> bool {
        let named = match self.nth_text(0) {
            "component" | "entity" | "service" | "struct" | "enum" | "flags" | "union"
            | "error" => usize::from(self.nth(1) == K::Int) + 1,
            "closed" => 2,
            "package" | "use" | "const" | "newtype" | "role" | "audience" => {
                return self.nth(1) == K::Ident;
            }
            _ => return false,
        };
        self.nth(named) == K::Ident
    }

    /// Docs and attributes before a member. Docs before a `}` document nothing.
    fn member_front(&mut self) -> Option<crate::TextRange> {
        self.docs();
        let first = self.at(K::At).then(|| self.nth_range(0));
        while self.at(K::At) {
            self.attribute();
            self.docs();
        }
        if self.at(K::RBrace) {
            self.report(
                Diagnostic::error(
                    codes::STRAY_DOC,
                    self.here(),
                    "the block ends where a member should follow",
                )
                .help("put the doc comment or attribute before a member, or remove it"),
            );
        }
        first
    }

    /// Attributes of data stand behind it.
    fn refuse_front(&mut self, front: Option<crate::TextRange>, what: &str) {
        if let Some(range) = front {
            let span = self.span(range);
            self.errors.push(
                Diagnostic::error(
                    codes::ATTRIBUTE_SIDE,
                    span,
                    format!("attributes of {what} stand behind it"),
                )
                .help("write it before the `;`: `1 gold: u64 @persist;`")
                .note("data carries its attributes behind, declarations and calls in front"),
            );
        }
    }

    /// `{attr} ";"`
    fn attributes_and_end(&mut self) {
        while self.at(K::At) {
            self.attribute();
        }
        self.semicolon();
    }

    /// `fields = "{" {DOC | field | resv} "}"`
    pub(super) fn fields(&mut self) {
        self.nested(|p| {
            p.block(K::Fields, |p| {
                let checkpoint = p.checkpoint();
                let front = p.member_front();
                if p.at_reserved() {
                    p.reserved();
                } else if p.at(K::Int) || p.at(K::Ident) {
                    p.refuse_front(front, "a field");
                    p.start_at(checkpoint, K::Field);
                    p.field_rest();
                    p.finish();
                } else {
                    p.error_expected("a field");
                }
            });
        });
    }

    /// `[INT] NAME ":" type ["=" value] {attr} ";"`
    fn field_rest(&mut self) {
        self.eat(K::Int);
        if !self.expect_name("a name") {
            self.skip_item();
            return;
        }
        self.typed();
        if self.at(K::Eq) {
            self.default_value();
        }
        self.attributes_and_end();
    }

    /// `":" type`
    pub(super) fn typed(&mut self) {
        if self.eat(K::Colon) {
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
        self.block(K::Arms, |p| {
            let checkpoint = p.checkpoint();
            let front = p.member_front();
            if p.at_reserved() {
                p.reserved();
                return;
            }
            if !p.at(K::Int) && !p.at(K::Ident) {
                p.error_expected("an arm");
                return;
            }
            p.refuse_front(front, "an arm");
            p.start_at(checkpoint, K::Arm);
            p.eat(K::Int);
            p.expect_name("the arm's name");
            if p.at(K::LBrace) {
                p.fields();
            } else {
                if p.eat(K::Colon) {
                    p.type_reference();
                }
                p.attributes_and_end();
            }
            p.finish();
        });
    }

    /// `eval = [["-"] INT] NAME ["=" value] {attr} ";" | resv`
    pub(super) fn values_block(&mut self) {
        self.block(K::Values, |p| {
            let checkpoint = p.checkpoint();
            let front = p.member_front();
            if p.at_reserved() {
                p.reserved();
                return;
            }
            if !matches!(p.current(), K::Int | K::Ident | K::Minus) {
                p.error_expected("a value");
                return;
            }
            p.refuse_front(front, "a value");
            p.start_at(checkpoint, K::EnumValue);
            if p.eat(K::Minus) {
                p.expect(K::Int);
            } else {
                p.eat(K::Int);
            }
            p.expect_name("the value's name");
            if p.at(K::Eq) {
                p.default_value();
            }
            p.attributes_and_end();
            p.finish();
        });
    }

    /// `reserved` is a keyword only before what it can reserve.
    fn at_reserved(&self) -> bool {
        self.at_word("reserved")
            && (matches!(self.nth(1), K::Int | K::String | K::Minus)
                || (self.nth_word(1, "rpc") && self.nth(2) != K::Colon))
    }

    /// `resv = "reserved" ["rpc"] rng {"," rng} ";"`
    fn reserved(&mut self) {
        self.start(K::Reserved);
        self.bump();
        self.eat_word("rpc");
        loop {
            self.start(K::ReservedItem);
            if !self.eat(K::String) {
                self.eat(K::Minus);
                self.expect(K::Int);
                if self.eat(K::DotDotEq) {
                    self.eat(K::Minus);
                    self.expect(K::Int);
                }
            }
            self.finish();
            if !self.eat(K::Comma) {
                break;
            }
        }
        self.semicolon();
        self.finish();
    }

    /// `body = "{" {DOC | field | slot | resv | {attr} call} "}"`
    pub(super) fn body(&mut self) {
        self.block(K::Body, |p| {
            let checkpoint = p.checkpoint();
            let front = p.member_front();
            if p.at_reserved() {
                p.reserved();
                return;
            }
            let is_field = p.at(K::Int) || p.nth(1) == K::Colon;
            if p.at(K::Ident) && !is_field {
                p.keyword_member(checkpoint, front);
            } else if p.at(K::Int) || p.at(K::Ident) {
                p.refuse_front(front, "a property");
                p.start_at(checkpoint, K::Field);
                p.field_rest();
                p.finish();
            } else {
                p.error_expected("a property, a slot or a call");
            }
        });
    }

    fn keyword_member(&mut self, checkpoint: rowan::Checkpoint, front: Option<crate::TextRange>) {
        let word = self.nth_text(0);
        let word = match MEMBERS.iter().find(|&&keyword| keyword == word) {
            Some(keyword) => *keyword,
            None => match self.unknown_member(word) {
                Some(keyword) => keyword,
                None => return self.skip_item(),
            },
        };
        if word == "has" {
            self.refuse_front(front, "a slot");
            self.start_at(checkpoint, K::Slot);
            self.bump();
            self.eat(K::Int);
            self.expect_name("the slot's name");
            self.typed();
            self.attributes_and_end();
            self.finish();
        } else if CALLS.contains(&word) {
            self.start_at(checkpoint, K::Call);
            self.bump();
            if word == "client" && !self.eat_word("rpc") {
                self.error_expected("`rpc`");
            }
            self.call_rest();
            self.finish();
        } else {
            self.error_expected("what is reserved: tags, ranges of tags or quoted names");
            self.skip_item();
        }
    }

    fn unknown_member(&mut self, word: &str) -> Option<&'static str> {
        let is_untyped = matches!(self.nth(1), K::Semicolon | K::At | K::Eq | K::RBrace);
        let call_follows = self.nth(1) == K::LParen
            || (self.nth(1) == K::Ident || self.nth(1) == K::Int)
                && matches!(self.nth(2), K::LParen | K::Ident | K::Colon);
        let nearest =
            suggest::nearest(word, MEMBERS).filter(|_| call_follows && self.nth(1) != K::LParen);
        let error = Diagnostic::error(
            codes::UNKNOWN_KEYWORD,
            self.here(),
            format!("`{word}` begins no property, slot or call"),
        );
        let error = match nearest {
            Some(keyword) => error
                .label(format!("did you mean `{keyword}`?"))
                .fix(format!("write `{keyword}`"), false, self.here(), keyword),
            None if is_untyped => error.help(format!("a property has a type: `{word}: u32;`")),
            None if self.nth(1) == K::LParen => {
                error.help(format!("say what kind of call it is: `rpc {word}(...)`, `oneway {word}(...)` or `event {word}(...)`"))
            }
            None => error.help("members are `1 name: type;`, `has 1 name: Component;`, rpc, oneway, event, timer, client rpc, reserved"),
        };
        self.report(error);
        nearest.and_then(|near| MEMBERS.into_iter().find(|&keyword| keyword == near))
    }

    /// `[INT] NAME "(" [param {"," param} [","]] ")" ["->" ["stream"] type] ["throws" path] ["to" path {"|" path}] ";"`
    fn call_rest(&mut self) {
        self.eat(K::Int);
        if !self.expect_name("the call's name") {
            return self.skip_item();
        }
        if self.at(K::LParen) {
            self.parameters();
        } else {
            self.error_expected("`(`");
        }
        if self.at(K::Arrow) {
            self.start(K::Result);
            self.bump();
            if self.at_word("stream") && self.nth(1) == K::Ident {
                self.bump();
            }
            self.type_reference();
            self.finish();
        }
        if self.at_word("throws") {
            self.start(K::Throws);
            self.bump();
            self.path("an error type");
            self.finish();
        }
        if self.at_word("to") {
            self.start(K::To);
            self.bump();
            self.path("an audience");
            while self.eat(K::Pipe) {
                self.path("an audience");
            }
            self.finish();
        }
        if self.at(K::At) {
            let error = Diagnostic::error(
                codes::ATTRIBUTE_SIDE,
                self.here(),
                "attributes of a call stand before it",
            )
            .help("move it to a line of its own above the call")
            .note("data carries its attributes behind, declarations and calls in front");
            self.report(error);
            while self.at(K::At) {
                self.attribute();
            }
        }
        self.semicolon();
    }

    fn parameters(&mut self) {
        self.start(K::Params);
        let open = self.nth_range(0);
        self.bump();
        loop {
            let checkpoint = self.checkpoint();
            self.docs();
            if !self.at(K::Ident) {
                break;
            }
            self.start_at(checkpoint, K::Param);
            self.bump();
            if self.eat(K::Colon) {
                if self.at_word("stream") && self.nth(1) == K::Ident {
                    self.bump();
                }
                self.type_reference();
            } else {
                self.error_expected("`:` and a type");
            }
            if self.at(K::Eq) {
                self.default_value();
            }
            while self.at(K::At) {
                self.attribute();
            }
            self.finish();
            if !self.eat(K::Comma) {
                break;
            }
        }
        if !self.close(K::RParen, open) {
            // Go on behind the list, if its end is near.
            let mut ahead = 0;
            while !matches!(
                self.nth(ahead),
                K::RParen | K::Semicolon | K::RBrace | K::LBrace | K::Eof
            ) {
                ahead += 1;
            }
            if self.nth(ahead) == K::RParen {
                self.start(K::Bad);
                for _ in 0..ahead {
                    self.bump();
                }
                self.finish();
                self.bump();
            }
        }
        self.finish();
    }
}
