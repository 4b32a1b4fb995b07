//! Going on behind what is wrong.

use super::{NESTING_MAX, Parser, keywords, members};
use crate::{
    SyntaxKind as K, TextRange, codes,
    diagnostic::{Diagnostic, Span},
};

/// How far it is looked for the bracket that closes a list whose items went wrong.
const LOOKAHEAD_MAX: usize = 256;

impl Parser<'_> {
    /// Takes `kind`, or says that it was expected.
    pub(super) fn expect(&mut self, kind: K) -> bool {
        self.stray_docs();
        if self.eat(kind) {
            return true;
        }
        self.error_expected(kind.describe());
        false
    }

    /// Takes a name, or says that `what` was expected.
    pub(super) fn expect_name(&mut self, what: &str) -> bool {
        self.stray_docs();
        if self.at(K::BadNumber) {
            self.name_with_digit();
            return true;
        }
        if self.eat(K::Ident) {
            return true;
        }
        self.error_expected(what);
        false
    }

    /// Takes the `;` that ends something, or says that it is missing and goes on behind it.
    pub(super) fn semicolon(&mut self) {
        if self.eat(K::Semicolon) {
            return;
        }
        if self.at(K::Comma) && self.comma_parts_members() {
            let here = self.here();
            self.report(
                Diagnostic::error(codes::MISSING_SEMICOLON, here, "expected `;`, found `,`")
                    .label("`;` belongs here")
                    .fix("write `;`", true, here, ";"),
            );
            self.bump_bad();
            return;
        }
        let follows = matches!(self.current(), K::RBrace | K::Eof | K::DocComment);
        if follows || self.on_new_line() || self.member_begins() {
            // A string without an end has swallowed it.
            if self.previous_kind() != K::BadString {
                let end = Span::at(self.file, self.previous_end());
                self.report(
                    Diagnostic::error(codes::MISSING_SEMICOLON, end, "expected `;`")
                        .label("`;` is missing here")
                        .fix("write `;`", true, end, ";"),
                );
            }
            return;
        }
        self.error_expected("`;`");
        self.skip_item();
    }

    /// Whether the comma here stands between two members, as in other languages.
    fn comma_parts_members(&self) -> bool {
        match self.nth(1) {
            K::Int => self.nth(2) == K::Ident,
            K::Ident => matches!(self.nth(2), K::Colon | K::Semicolon | K::Eq | K::Comma),
            K::RBrace | K::DocComment => true,
            _ => false,
        }
    }

    pub(super) fn previous_kind(&self) -> K {
        self.at
            .checked_sub(1)
            .and_then(|at| self.meaningful.get(at))
            .map_or(K::Eof, |&index| self.tokens[index].0)
    }

    /// Wraps one token.
    pub(super) fn bump_bad(&mut self) {
        self.start(K::Bad);
        self.bump();
        self.finish();
    }

    /// Wraps what can't be understood, up to and with the next `;` or block, and not beyond a `}` that closes what is open.
    pub(super) fn skip_item(&mut self) {
        self.start(K::Bad);
        let mut depth = 0u32;
        let mut first = true;
        loop {
            match self.current() {
                K::Eof => break,
                K::LBrace => depth += 1,
                K::RBrace if depth == 0 => break,
                K::RBrace => {
                    depth -= 1;
                    if depth == 0 {
                        self.bump();
                        if self.at(K::Semicolon) && !self.on_new_line() {
                            self.bump();
                        }
                        break;
                    }
                }
                K::Semicolon if depth == 0 => {
                    self.bump();
                    break;
                }
                _ if depth == 0 && !first && self.on_new_line() && self.declaration_follows() => {
                    break;
                }
                _ => {}
            }
            first = false;
            self.bump();
        }
        self.finish();
    }

    /// Takes doc comments that stand where nothing can be documented.
    pub(super) fn stray_docs(&mut self) {
        while matches!(self.current(), K::DocComment | K::InnerDoc) {
            let error = Diagnostic::error(
                codes::STRAY_DOC,
                self.here(),
                "the doc comment stands before nothing that it could document",
            );
            let error = if self.at(K::InnerDoc) {
                error.help("`//!` describes a file and stands at its top; write `//` for a comment")
            } else {
                error.help("put it before a declaration or a member, or write `//` for a comment")
            };
            self.push(error);
            self.bump();
        }
    }

    /// Doc comments before a declaration or a member.
    pub(super) fn docs(&mut self) {
        while self.at(K::DocComment) {
            self.bump();
        }
    }

    /// Runs `inner` one level deeper, or skips what is nested too deep.
    pub(super) fn nested(&mut self, inner: impl FnOnce(&mut Self)) {
        if self.depth < NESTING_MAX {
            self.depth += 1;
            inner(self);
            self.depth -= 1;
            return;
        }
        let error = Diagnostic::error(
            codes::TOO_DEEP,
            self.here(),
            format!("nested deeper than {NESTING_MAX} levels"),
        );
        self.report(error.help("give the inner part a name of its own"));
        self.start(K::Bad);
        let mut depth = 0u32;
        loop {
            match self.current() {
                K::Semicolon | K::Eof => break,
                K::LParen | K::LBracket | K::LAngle | K::LBrace => depth += 1,
                K::RParen | K::RBracket | K::RAngle | K::RBrace | K::Comma if depth == 0 => break,
                K::RParen | K::RBracket | K::RAngle | K::RBrace => depth -= 1,
                _ => {}
            }
            self.bump();
        }
        self.finish();
    }

    /// Items up to `close`, parted by commas, the last of which may be left out; then `close`.
    ///
    /// `begins` tells whether an item can begin here, `what` is what an item is called.
    pub(super) fn list(
        &mut self,
        close: K,
        open: TextRange,
        what: &str,
        begins: impl Fn(&Self) -> bool,
        mut item: impl FnMut(&mut Self),
    ) {
        while !self.at(close) {
            let before = self.at;
            if begins(self) {
                item(self);
            } else if self.at(K::Comma) {
                self.error_expected(what);
            } else {
                break;
            }
            if !self.eat(K::Comma) {
                if self.at == before || !begins(self) {
                    break;
                }
                self.missing("`,`", ",");
            }
        }
        self.close_list(close, open);
    }

    /// Takes the bracket that closes a list, or says that it is missing and looks for it a little further on.
    pub(super) fn close_list(&mut self, kind: K, open: TextRange) {
        if self.close(kind, open) {
            return;
        }
        let mut ahead = 0;
        let mut depth = 0u32;
        while ahead < LOOKAHEAD_MAX {
            match self.nth(ahead) {
                found if found == kind && depth == 0 => break,
                K::LParen | K::LBracket | K::LAngle => depth += 1,
                K::RParen | K::RBracket | K::RAngle if depth > 0 => depth -= 1,
                K::RParen | K::RBracket | K::Semicolon | K::LBrace | K::RBrace | K::Eof => return,
                _ => {}
            }
            ahead += 1;
        }
        let skipped = self.at..self.at + ahead;
        let new_line = |at: usize| self.at(K::Ident) && self.starts_line(at) && self.keyword_at(at);
        if ahead < LOOKAHEAD_MAX && !skipped.clone().any(new_line) {
            self.start(K::Bad);
            for _ in skipped {
                self.bump();
            }
            self.finish();
            self.bump();
        }
    }

    /// Whether the word `at` begins a call or a declaration.
    fn keyword_at(&self, at: usize) -> bool {
        let word = self.nth_text(at - self.at);
        keywords::is_keyword(word) || members::CALLS.contains(&word)
    }

    /// Whether behind docs and attributes a call follows.
    pub(super) fn call_follows(&self) -> bool {
        let at = self.behind_front(0);
        self.nth(at) == K::Ident
            && members::CALLS.contains(&self.nth_text(at))
            && self.nth(at + 1) != K::Colon
    }

    /// Whether here, on a new line, a call, another member or a declaration begins, most likely: then a list above lacks its
    /// end.
    pub(super) fn member_follows(&self) -> bool {
        let call =
            members::CALLS.contains(&self.nth_text(0)) && matches!(self.nth(1), K::Ident | K::Int);
        let member = self.at(K::Int) && self.nth(1) == K::Ident;
        self.on_new_line() && (call || member || self.declaration_follows())
    }

    /// Takes a closing bracket, or says which opening one nothing closes.
    pub(super) fn close(&mut self, kind: K, open: TextRange) -> bool {
        if self.eat(kind) {
            return true;
        }
        let what = kind.describe();
        let opening = &self.text[open];
        let mut error = self.expected(what);
        error.code = codes::UNBALANCED;
        let error = error.also(self.span(open), format!("to close this `{opening}`"));
        self.report(error);
        false
    }

    /// Where the token behind docs and attributes is that begin at `ahead`, counted from here.
    pub(super) fn behind_front(&self, mut ahead: usize) -> usize {
        let end = ahead + LOOKAHEAD_MAX;
        loop {
            match self.nth(ahead) {
                K::DocComment => ahead += 1,
                K::At => {
                    ahead += 2;
                    while self.nth(ahead) == K::Dot {
                        ahead += 2;
                    }
                    if self.nth(ahead) == K::LParen {
                        ahead = self.behind_parentheses(ahead);
                    }
                }
                _ => return ahead,
            }
            if ahead > end {
                return ahead;
            }
        }
    }

    /// Where the token behind the `(` at `ahead` and its `)` is.
    pub(super) fn behind_parentheses(&self, mut ahead: usize) -> usize {
        let mut depth = 0u32;
        let end = ahead + LOOKAHEAD_MAX;
        while ahead < end {
            match self.nth(ahead) {
                K::LParen => depth += 1,
                K::RParen => depth -= 1,
                K::Semicolon | K::Eof => return ahead,
                _ => {}
            }
            ahead += 1;
            if depth == 0 {
                break;
            }
        }
        ahead
    }

    /// Whether behind docs and attributes a new declaration follows: a keyword, and what can stand behind it there alone.
    pub(super) fn declaration_follows(&self) -> bool {
        let at = self.behind_front(0);
        let word = self.nth_text(at);
        let named = match word {
            "component" | "entity" | "service" | "oplog" | "table" => {
                at + 1 + usize::from(self.nth(at + 1) == K::Int)
            }
            "struct" | "enum" | "flags" | "union" | "error" | "package" | "use" | "const"
            | "newtype" | "role" | "audience" => at + 1,
            "closed" if self.nth(at + 1) == K::Ident => at + 2,
            _ => return false,
        };
        // A field called `entity` has a type, a value called `entity` ends at once.
        self.nth(named) == K::Ident && self.starts_line(self.at + at)
    }
}
