//! The words that begin declarations, and what is said where none of them stands.

use super::{Parser, members};
use crate::{SyntaxKind as K, TextRange, codes, diagnostic::Diagnostic, suggest};

/// The words that begin a declaration.
const KEYWORDS: [&str; 17] = [
    "package",
    "role",
    "audience",
    "use",
    "const",
    "newtype",
    "closed",
    "enum",
    "flags",
    "struct",
    "union",
    "error",
    "oplog",
    "table",
    "component",
    "entity",
    "service",
];

/// What other languages call them.
const OTHER_KEYWORDS: [(&str, &str); 16] = [
    ("import", "use"),
    ("include", "use"),
    ("module", "package"),
    ("namespace", "package"),
    ("message", "struct"),
    ("record", "struct"),
    ("class", "struct"),
    ("type", "newtype"),
    ("typedef", "newtype"),
    ("alias", "newtype"),
    ("variant", "union"),
    ("oneof", "union"),
    ("exception", "error"),
    ("bitflags", "flags"),
    ("actor", "entity"),
    ("interface", "service"),
];

pub(super) const EVERY_KEYWORD: &str = "declarations are package, role, audience, use, const, newtype, enum, flags, struct, union, error, component, entity, service";

pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

impl Parser<'_> {
    /// What a `}` or the end of the file, docs or attributes before it, means at the top level.
    pub(super) fn nothing_follows(&mut self, front: TextRange) {
        if front != self.nth_range(0) {
            self.report(
                Diagnostic::error(
                    codes::STRAY_DOC,
                    self.span(front),
                    "the file ends where a declaration should follow",
                )
                .help("put the doc comment or attribute before a declaration, or remove it"),
            );
        }
        if self.at(K::RBrace) {
            self.report(
                Diagnostic::error(codes::UNBALANCED, self.here(), "this `}` closes nothing")
                    .help("remove it, or look for a block above that ends too early"),
            );
            self.bump_bad();
        }
    }

    /// A `;` behind a block, as other languages have it.
    pub(super) fn stray_semicolon(&mut self) {
        let here = self.here();
        self.report(
            Diagnostic::error(codes::EXPECTED, here, "this `;` ends nothing")
                .help("a block ends with its `}`")
                .fix("remove it", true, here, ""),
        );
        self.bump_bad();
    }

    /// The keyword that stands here or was meant to.
    pub(super) fn declaration_word(&mut self) -> Option<&'static str> {
        let word = self.nth_text(0);
        if let Some(keyword) = KEYWORDS.iter().find(|&&keyword| keyword == word) {
            return Some(keyword);
        }
        if self.at_orphan(0) {
            self.orphan();
            return None;
        }
        let error = Diagnostic::error(
            codes::UNKNOWN_KEYWORD,
            self.here(),
            format!("`{word}` begins no declaration"),
        );
        let named = matches!(self.nth(1), K::Ident | K::Int);
        let other = OTHER_KEYWORDS.iter().find(|(other, _)| *other == word);
        let nearest = other
            .map(|&(_, keyword)| keyword)
            .or_else(|| suggest::nearest(word, KEYWORDS))
            .filter(|_| named);
        let error = match nearest {
            Some(keyword) => error.label(format!("did you mean `{keyword}`?")).fix(
                format!("write `{keyword}`"),
                false,
                self.here(),
                keyword,
            ),
            None => error.help(self.declaration_help(word)),
        };
        self.report(error);
        nearest.and_then(|near| KEYWORDS.into_iter().find(|&keyword| keyword == near))
    }

    /// What to do about a declaration without its keyword, by what follows.
    fn declaration_help(&self, word: &str) -> String {
        match self.nth(1) {
            K::Dot | K::DotDot => format!("write `use {word}...` to import a name"),
            K::LBrace | K::LAngle => {
                format!("say what it is: `struct {word}`, `enum {word}`, `union {word}`, ...")
            }
            K::Colon if self.nth(3) == K::Eq => format!("write `const {word}: ...`"),
            K::Colon => {
                format!("say what it is: `enum {word}`, `entity {word}`, `const {word}`, ...")
            }
            K::Eq => format!("write `const {word}: type = ...` or `newtype {word} = ...`"),
            _ => EVERY_KEYWORD.to_owned(),
        }
    }

    /// Whether at `ahead`, at the top level, stands what can only be a member.
    fn at_orphan(&self, ahead: usize) -> bool {
        let word = self.nth_text(ahead);
        match self.nth(ahead) {
            K::Int => true,
            K::Ident if word == "client" => self.nth_word(ahead + 1, "rpc"),
            K::Ident if members::MEMBERS.contains(&word) => matches!(
                self.nth(ahead + 1),
                K::Ident | K::Int | K::String | K::Minus
            ),
            _ => false,
        }
    }

    /// Says that a member stands outside of all blocks.
    pub(super) fn orphan(&mut self) {
        let error = self.unexpected("a declaration");
        let numbered = self.at(K::Int) && is_keyword(self.nth_text(1));
        if numbered && self.nth(2) == K::Ident {
            let both = self.span(self.nth_range(0).cover(self.nth_range(1)));
            let good = format!("{} {}", self.nth_text(1), self.nth_text(0));
            let error = error.label("the number stands behind the keyword");
            return self.report(error.fix(format!("write `{good}`"), false, both, good));
        }
        // A block that comes before the next `;` tells a declaration from a member.
        let end = (0..32).find(|&ahead| matches!(self.nth(ahead), K::Semicolon | K::LBrace));
        let declares = end.is_some_and(|ahead| self.nth(ahead) == K::LBrace);
        let error = if self.at(K::Int) && declares {
            error.help(
                "a declaration begins with its keyword, its number follows: `entity 7 Player`",
            )
        } else {
            let code = if self.at(K::Ident) {
                codes::UNKNOWN_KEYWORD
            } else {
                codes::EXPECTED
            };
            Diagnostic { code, ..error }.help(
                "members stand in the braces of a declaration; perhaps a `}` above comes too early",
            )
        };
        self.report(error);
    }

    /// Skips what is no declaration, and members that follow: they would all be the same error.
    pub(super) fn skip_orphans(&mut self) {
        self.skip_item();
        while self.at_orphan(self.behind_front(0)) {
            self.skip_item();
        }
        if self.at(K::RBrace) {
            self.bump_bad();
        }
    }
}
