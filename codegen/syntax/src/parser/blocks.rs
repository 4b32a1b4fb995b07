//! Braces and the members in them, whatever their kind.

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
                    self.missing_at("a member");
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
}
