//! What stands in braces: fields, arms, values, and what is reserved.

use super::{Parser, members::MEMBERS};
use crate::{
    Edit, SyntaxKind as K, TextRange, codes,
    diagnostic::{Diagnostic, Span},
};

/// What stands before a member.
#[derive(Clone, Copy)]
pub(super) struct Front {
    /// Where the member begins in the tree.
    pub(super) checkpoint: rowan::Checkpoint,
    /// The first doc comment or attribute.
    first: Option<TextRange>,
    /// All of the attributes.
    pub(super) attributes: Option<TextRange>,
}

impl Parser<'_> {
    /// A block of members: `{`, then `member` until `}`.
    pub(super) fn block(&mut self, kind: K, mut member: impl FnMut(&mut Self, Front)) {
        self.stray_docs();
        if !self.at(K::LBrace) && !self.block_without_brace() {
            return;
        }
        self.start(kind);
        let open = self.nth_range(0);
        let opened = self.eat(K::LBrace);
        loop {
            let before = self.at;
            match self.current() {
                K::RBrace => {
                    self.bump();
                    break;
                }
                K::Eof => {
                    self.close_block(open, opened);
                    break;
                }
                K::Semicolon => {
                    self.quiet = false;
                    self.stray_semicolon();
                }
                _ if self.on_new_line() && self.declaration_follows() => {
                    self.close_block(open, opened);
                    break;
                }
                _ => {
                    self.quiet = false;
                    self.member(&mut member);
                }
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

    fn member(&mut self, member: &mut impl FnMut(&mut Self, Front)) {
        let front = self.member_front();
        if self.at_reserved() {
            self.refuse_front(front, "what is reserved", None);
            self.reserved();
        } else if self.at(K::RBrace) || self.at(K::Eof) {
            self.nothing_documented(front);
        } else {
            member(self, front);
        }
    }

    fn close_block(&mut self, open: TextRange, opened: bool) {
        if opened {
            self.quiet = false;
            let error = self.unexpected("`}`");
            let error = Diagnostic {
                code: codes::UNBALANCED,
                ..error
            };
            let place = if self.at(K::Eof) {
                "belongs here"
            } else {
                "belongs before this"
            };
            let opening = self.span(open);
            self.report(
                error
                    .label(format!("`}}` {place}"))
                    .also(opening, "to close this `{`"),
            );
        }
    }

    /// Says that a `{` is missing; whether what stands here are members nevertheless.
    fn block_without_brace(&mut self) -> bool {
        if self.at(K::Semicolon) {
            let here = self.here();
            let error = self.unexpected("`{`");
            self.report(error.fix("write `{ }`", false, here, " { }"));
            self.bump_bad();
            return false;
        }
        let place = Span::at(self.file, self.previous_end());
        let error = self.expected("`{`");
        let members = self.at(K::RBrace) || self.at_member() && !self.declaration_follows();
        if members {
            self.report(error.fix("write `{`", false, place, " {"));
            return true;
        }
        self.report(error);
        if self.on_new_line() || self.at(K::Eof) {
            return false;
        }
        // Something stands between the name and the block.
        let ends = |ahead: usize| {
            let kind = self.nth(ahead);
            matches!(kind, K::LBrace | K::RBrace | K::Semicolon | K::Eof)
                || ahead > 0 && self.starts_line(self.at + ahead)
        };
        let ahead = (0..).find(|&ahead| ends(ahead)).unwrap_or_default();
        if self.nth(ahead) == K::LBrace {
            self.start(K::Bad);
            for _ in 0..ahead {
                self.bump();
            }
            self.finish();
            return true;
        }
        self.skip_item();
        false
    }

    /// Whether a member can begin here.
    fn at_member(&self) -> bool {
        match self.current() {
            K::Int => self.nth(1) == K::Ident,
            K::Minus | K::At | K::DocComment => true,
            K::Ident => {
                self.nth(1) == K::Colon
                    || self.nth(1) == K::Semicolon
                    || MEMBERS.contains(&self.nth_text(0)) && self.nth(1) != K::LBrace
            }
            _ => false,
        }
    }

    /// Whether a member most likely begins here, where another should have ended.
    pub(super) fn member_begins(&self) -> bool {
        match self.current() {
            K::Int => self.nth(1) == K::Ident,
            K::Ident => {
                let word = MEMBERS.contains(&self.nth_text(0));
                let member = |kind| matches!(kind, K::Ident | K::Int | K::String);
                matches!(self.nth(1), K::Colon | K::Eq) || word && member(self.nth(1))
            }
            _ => false,
        }
    }

    /// Docs and attributes before a member.
    fn member_front(&mut self) -> Front {
        let checkpoint = self.checkpoint();
        let first = matches!(self.current(), K::DocComment | K::At).then(|| self.nth_range(0));
        let mut attributes: Option<TextRange> = None;
        loop {
            let range = self.nth_range(0);
            match self.current() {
                K::DocComment => {
                    self.bump();
                    continue;
                }
                K::At => self.attribute(),
                K::Ident if self.at_bare_attribute() => {
                    self.missing_at();
                    self.bare_attribute();
                }
                _ => {
                    return Front {
                        checkpoint,
                        first,
                        attributes,
                    };
                }
            }
            let end = TextRange::empty(self.previous_end());
            attributes = Some(attributes.unwrap_or(range).cover(end));
        }
    }

    /// Docs or attributes before a `}` stand before nothing.
    fn nothing_documented(&mut self, front: Front) {
        let Some(first) = front.first else { return };
        if self.at(K::Eof) {
            return;
        }
        let error = Diagnostic::error(
            codes::STRAY_DOC,
            self.span(first),
            "the block ends where a member should follow",
        );
        self.report(error.help("put the doc comment or attribute before a member, or remove it"));
    }

    /// Says that attributes of data stand behind it. `end` is where they belong.
    pub(super) fn refuse_front(&mut self, front: Front, what: &str, end: Option<TextRange>) {
        let Some(range) = front.attributes else {
            return;
        };
        let span = self.span(range);
        let error = Diagnostic::error(
            codes::ATTRIBUTE_SIDE,
            span,
            format!("attributes of {what} stand behind it"),
        )
        .help("write it before the `;`: `1 gold: u64 @persist;`")
        .note("data carries its attributes behind, declarations and calls in front");
        let error = match end {
            Some(end) => self.moved(error, range, Span::at(self.file, end.start()), true),
            None => error,
        };
        self.push(error);
    }

    /// Adds the change that takes `range` from where it is to `to`.
    pub(super) fn moved(
        &self,
        error: Diagnostic,
        range: TextRange,
        to: Span,
        behind: bool,
    ) -> Diagnostic {
        let attributes = &self.text[range];
        if attributes.contains("//") {
            return error;
        }
        let words: Vec<&str> = attributes.split_whitespace().collect();
        let words = words.join(" ");
        // With the space on the side that the text is left from.
        let taken = if behind {
            let rest = &self.text[usize::from(range.end())..];
            let space = rest.len() - rest.trim_start().len();
            let space = u32::try_from(space).unwrap_or_default();
            TextRange::new(range.start(), range.end() + rowan::TextSize::new(space))
        } else {
            let before = &self.text[..usize::from(range.start())];
            TextRange::new(rowan::TextSize::of(before.trim_end()), range.end())
        };
        let edits = vec![
            Edit {
                span: self.span(taken),
                text: String::new(),
            },
            Edit {
                span: to,
                text: if behind {
                    format!(" {words}")
                } else {
                    format!("{words} ")
                },
            },
        ];
        let side = if behind { "behind it" } else { "in front" };
        error.fix_all(format!("write `{words}` {side}"), true, edits)
    }

    /// `{attr} ";"`. Returns the place of the `;`, if it is there.
    pub(super) fn attributes_and_end(&mut self) -> Option<TextRange> {
        loop {
            if self.at(K::At) {
                self.attribute();
            } else if self.at(K::Ident) && !self.on_new_line() && !self.member_begins() {
                self.missing_at();
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
                if p.eat(K::Colon) {
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

    /// `reserved` is a keyword only before what it can reserve.
    fn at_reserved(&self) -> bool {
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
    fn reserved(&mut self) {
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
