//! Declarations: what stands at the top level of a file.

use super::Parser;
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

const EVERY_KEYWORD: &str = "declarations are package, role, audience, use, const, newtype, enum, flags, struct, union, error, component, entity, service";

const ENTITY_KINDS: &str = "kinds are `keyed(Key)`, `instance`, `singleton`, `per_node` and `local`, as in `entity 7 Player: keyed(AccountId)`";

pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

impl Parser<'_> {
    /// `file = {IDOC} {{DOC} {attr} decl}`
    pub(super) fn file(&mut self) {
        self.builder.start_node(K::File.into());
        while self.at(K::InnerDoc) {
            self.bump();
        }
        while !self.at(K::Eof) {
            self.quiet = false;
            self.declaration();
        }
        self.flush_trivia();
        self.finish();
    }

    fn declaration(&mut self) {
        let checkpoint = self.checkpoint();
        if self.at(K::InnerDoc) {
            self.stray_docs();
            return;
        }
        let front = self.nth_range(0);
        self.docs();
        while self.at(K::At) {
            self.attribute();
            self.docs();
        }
        let word = match self.current() {
            K::Eof | K::RBrace => return self.nothing_follows(front),
            K::Ident => self.declaration_word(),
            K::Int => {
                self.orphan();
                None
            }
            K::Semicolon => return self.stray_semicolon(),
            _ => {
                let error = self.unexpected("a declaration").help(EVERY_KEYWORD);
                self.report(error);
                None
            }
        };
        let Some(word) = word else {
            return self.skip_orphans();
        };
        let kind = match word {
            "package" => K::Package,
            "role" => K::Role,
            "audience" => K::Audience,
            "use" => K::Use,
            "const" => K::Const,
            "newtype" => K::Newtype,
            "closed" if self.nth_word(1, "union") => K::Union,
            "closed" | "enum" => K::Enum,
            "flags" => K::Flags,
            "struct" => K::Struct,
            "union" => K::Union,
            "error" => K::ErrorDecl,
            "oplog" => K::Oplog,
            "table" => K::Table,
            "component" => K::Component,
            "entity" => K::Entity,
            _ => K::Service,
        };
        self.start_at(checkpoint, kind);
        let mut named = true;
        if word == "closed" {
            self.bump();
            if !self.at_word("enum") && !self.at_word("union") {
                self.error_expected("`enum` or `union`");
                // Without the word, the name stands here already.
                named = !matches!(self.nth(1), K::Colon | K::LBrace);
            }
        }
        if named {
            self.bump();
        }
        self.declaration_rest(kind);
        self.finish();
    }

    /// What a `}` or the end of the file, docs or attributes before it, means at the top level.
    fn nothing_follows(&mut self, front: TextRange) {
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
    fn declaration_word(&mut self) -> Option<&'static str> {
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
            K::Ident if super::members::MEMBERS.contains(&word) => matches!(
                self.nth(ahead + 1),
                K::Ident | K::Int | K::String | K::Minus
            ),
            _ => false,
        }
    }

    /// Says that a member stands outside of all blocks.
    fn orphan(&mut self) {
        let error = self.unexpected("a declaration");
        // A block that comes before the next `;` tells a declaration from a member.
        let end = (0..32).find(|&ahead| matches!(self.nth(ahead), K::Semicolon | K::LBrace));
        let declares = end.is_some_and(|ahead| self.nth(ahead) == K::LBrace);
        let error = if self.at(K::Int) && declares {
            error.help(
                "a declaration begins with its keyword, its number follows: `entity 7 Player`",
            )
        } else {
            error.help(
                "members stand in the braces of a declaration; perhaps a `}` above comes too early",
            )
        };
        self.report(error);
    }

    /// Skips what is no declaration, and members that follow: they would all be the same error.
    fn skip_orphans(&mut self) {
        self.skip_item();
        while self.at_orphan(self.behind_front(0)) {
            self.skip_item();
        }
        if self.at(K::RBrace) {
            self.bump_bad();
        }
    }

    fn declaration_rest(&mut self, kind: K) {
        match kind {
            K::Package => {
                self.path("the package's name");
                self.semicolon();
            }
            K::Role => {
                self.expect_name("the role's name");
                self.semicolon();
            }
            K::Audience => {
                self.expect_name("the audience's name");
                if self.at(K::LParen) {
                    let open = self.nth_range(0);
                    self.bump();
                    self.type_reference();
                    self.close_list(K::RParen, open);
                }
                self.semicolon();
            }
            K::Use => self.use_rest(),
            K::Const => {
                self.expect_name("the constant's name");
                self.typed();
                self.value_behind("`=` and a value");
                self.semicolon();
            }
            K::Newtype => {
                self.expect_name("the type's name");
                self.inner_type();
                if self.at(K::Eq) {
                    self.default_value();
                }
                self.semicolon();
            }
            K::Enum | K::Flags => {
                self.expect_name("the type's name");
                if self.eat(K::Colon) {
                    self.expect_name("an integer type");
                } else if self.at(K::Ident) && self.nth(1) == K::LBrace {
                    self.missing("`:`", ":");
                    self.bump();
                }
                self.values_block();
            }
            K::Struct => {
                self.expect_name("the type's name");
                self.generics();
                self.fields();
            }
            K::Union => {
                self.expect_name("the type's name");
                self.generics();
                self.arms();
            }
            K::ErrorDecl => {
                self.expect_name("the type's name");
                self.arms();
            }
            K::Oplog => {
                self.number_and_name("the log's name");
                self.arms();
            }
            K::Table => {
                self.number_and_name("the table's name");
                if self.expect(K::Colon) {
                    self.entity_kind();
                }
                if self.eat_word("from") {
                    self.expect(K::String);
                }
                self.fields();
            }
            K::Component => self.component_rest(),
            K::Entity => self.entity_rest(),
            _ => {
                self.number_and_name("the service's name");
                self.clause("on", K::OnRole, "a role");
                self.body();
            }
        }
    }

    /// `["requires" path {"," path}] body`
    fn component_rest(&mut self) {
        self.number_and_name("the component's name");
        self.generics();
        if self.at_word("requires") {
            self.start(K::Requires);
            self.bump();
            self.path("a component");
            while self.eat(K::Comma) {
                self.path("a component");
            }
            self.finish();
        } else if self.at(K::Ident) && !self.on_new_line() {
            self.missing("`requires`", " requires");
            self.start(K::Requires);
            self.path("a component");
            self.finish();
        }
        self.body();
    }

    /// `":" kind ["in" path] ["on" path] body`
    fn entity_rest(&mut self) {
        self.number_and_name("the entity's name");
        let clause = |p: &Self| p.at_word("in") || p.at_word("on");
        if self.at(K::Ident) && !self.on_new_line() && !clause(self) {
            self.missing("`:`", ":");
            self.entity_kind();
        } else if !self.eat(K::Colon) || clause(self) && self.nth(1) == K::Ident {
            let what = if self.previous_kind() == K::Colon {
                "the kind of entity"
            } else {
                "`:` and the kind of entity"
            };
            let error = self.expected(what).help(ENTITY_KINDS);
            self.report(error);
        } else {
            self.entity_kind();
        }
        self.clause("in", K::InContainer, "an entity");
        self.clause("on", K::OnRole, "a role");
        self.body();
    }

    /// `["on" path]` and its like. Without its word it is understood if the block follows.
    fn clause(&mut self, word: &str, kind: K, what: &str) {
        let left_out = word == "on" && self.at(K::Ident) && self.nth(1) == K::LBrace;
        if left_out && !self.at_word("on") {
            self.missing("`on`", " on");
        } else if !self.at_word(word) {
            return;
        }
        self.start(kind);
        if self.at_word(word) {
            self.bump();
        }
        self.path(what);
        self.finish();
    }

    fn number_and_name(&mut self, what: &str) {
        self.eat(K::Int);
        let clause = ["on", "in", "requires"];
        if clause.iter().any(|word| self.at_word(word)) && self.nth(1) == K::Ident {
            self.error_expected(what);
        } else {
            self.expect_name(what);
        }
    }

    /// `"=" type`
    fn inner_type(&mut self) {
        if self.eat(K::Eq) {
            self.type_reference();
        } else if self.at(K::Colon) {
            let here = self.here();
            let error = self.unexpected("`=` and a type");
            self.report(error.fix("write `=`", false, here, " ="));
            self.bump_bad();
            self.type_reference();
        } else if self.at(K::Ident) && !self.on_new_line() {
            self.missing("`=`", " =");
            self.type_reference();
        } else {
            self.error_expected("`=` and a type");
        }
    }

    /// `"=" value`, or says that it is missing.
    fn value_behind(&mut self, what: &str) {
        if self.at(K::Eq) {
            self.default_value();
        } else if self.at_value() && !self.on_new_line() {
            self.missing("`=`", " =");
            self.start(K::Default);
            self.value();
            self.finish();
        } else {
            self.error_expected(what);
        }
    }

    /// `"use" path (".{" NAME ["as" NAME] {"," NAME ["as" NAME]} [","] "}" | ["as" NAME]) ";"`
    fn use_rest(&mut self) {
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
                |p| p.at(K::Ident) && !(p.on_new_line() && p.declaration_follows()),
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

    /// `gen = "<" NAME {"," NAME} ">"`
    fn generics(&mut self) {
        if !self.at(K::LAngle) {
            return;
        }
        self.start(K::Generics);
        let open = self.nth_range(0);
        self.bump();
        if self.at(K::RAngle) {
            self.error_expected("a type parameter");
        }
        self.list(
            K::RAngle,
            open,
            "a type parameter",
            |p| p.at(K::Ident),
            |p| p.bump(),
        );
        self.finish();
    }

    /// `kind = NAME ["(" type {"," type} ")"]`
    fn entity_kind(&mut self) {
        self.start(K::EntityKind);
        if !self.eat(K::Ident) {
            let error = self.expected("the kind").help(ENTITY_KINDS);
            self.report(error);
        }
        if self.at(K::LParen) {
            let open = self.nth_range(0);
            self.bump();
            if self.at(K::RParen) {
                self.error_expected("a type");
            }
            self.list(
                K::RParen,
                open,
                "a type",
                |p| p.at(K::Ident),
                Self::type_reference,
            );
        }
        self.finish();
    }
}
