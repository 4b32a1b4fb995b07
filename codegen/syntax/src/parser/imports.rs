//! `use`.

use super::Parser;
use crate::SyntaxKind as K;

impl Parser<'_> {
    /// `"use" path (".{" NAME ["as" NAME] {"," NAME ["as" NAME]} [","] "}" | ["as" NAME]) ";"`
    pub(super) fn use_rest(&mut self) {
        self.start(K::Path);
        self.expect_name("a package");
        while matches!(self.current(), K::Dot | K::DotDot) && self.nth(1) != K::LBrace {
            if self.at(K::DotDot) || self.nth(1) != K::Ident {
                self.bump();
                self.path_gap();
            } else {
                self.bump();
            }
            self.eat(K::Ident);
        }
        self.finish();
        if self.at(K::DotDot) {
            let here = self.here();
            let error = self.expected("one `.`").fix("write `.`", false, here, ".");
            self.report(error);
        }
        if self.at(K::LBrace) && !self.on_new_line() {
            self.missing("`.`", ".");
        } else if matches!(self.current(), K::Dot | K::DotDot) {
            self.bump();
        }
        if self.at(K::LBrace) {
            let open = self.nth_range(0);
            self.bump();
            self.list(
                K::RBrace,
                open,
                "a name",
                |p| p.at(K::Ident) && (p.nth_word(1, "as") || !p.member_follows()),
                |p| {
                    p.start(K::UseItem);
                    p.bump();
                    if p.eat_word("as") {
                        p.expect_name("the new name");
                    }
                    p.finish();
                },
            );
        } else if self.eat_word("as") {
            self.expect_name("the new name");
        } else if self.at(K::Comma) {
            let error = self.unexpected("`;`");
            self.report(
                error.help("several names stand in braces: `use arena.common.{Item, Name};`"),
            );
            self.skip_names();
        }
        self.semicolon();
    }

    /// Says what is wrong behind a `.` of a path to import.
    fn path_gap(&mut self) {
        let error = self.expected("a name or `{`");
        let error = if self.at(K::Star) {
            error.help("names are imported one by one: `use arena.common.{Item, Name};`")
        } else {
            error
        };
        self.report(error);
        if self.at(K::Star) {
            self.bump_bad();
        }
    }

    fn skip_names(&mut self) {
        self.start(K::Bad);
        while matches!(self.current(), K::Comma | K::Ident | K::RBrace)
            && !(self.on_new_line() && self.declaration_follows())
        {
            self.bump();
        }
        self.finish();
    }
}
