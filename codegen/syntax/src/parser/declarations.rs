//! Declarations: what stands at the top level of a file.

use super::Parser;
use crate::{SyntaxKind as K, codes, diagnostic::Diagnostic, suggest};

/// The words that begin a declaration.
pub(super) const KEYWORDS: [&str; 18] = [
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
    "reserved",
];

pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word) && word != "reserved"
}

impl Parser<'_> {
    /// `file = {IDOC} {{DOC} {attr} decl}`
    pub(super) fn file(&mut self) {
        self.builder.start_node(K::File.into());
        while self.at(K::InnerDoc) {
            self.bump();
        }
        while !self.at(K::Eof) {
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
        self.docs();
        while self.at(K::At) {
            self.attribute();
        }
        self.docs();
        if self.at(K::Eof) || self.at(K::RBrace) {
            self.nothing_follows();
            return;
        }
        let word = self.nth_text(0);
        let word = if self.at(K::Ident) {
            self.declaration_word(word)
        } else {
            self.error_expected("a declaration");
            None
        };
        let Some(word) = word else {
            self.skip_item();
            return;
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
        if word == "closed" {
            self.bump();
            if !self.at_word("enum") && !self.at_word("union") {
                self.error_expected("`enum` or `union`");
            }
        }
        self.bump();
        self.declaration_rest(kind);
        self.finish();
    }

    /// What a `}` or the end of the file, docs or attributes before it, means at the top level.
    fn nothing_follows(&mut self) {
        if self.at(K::RBrace) {
            self.report(
                Diagnostic::error(codes::UNBALANCED, self.here(), "this `}` closes nothing")
                    .help("remove it, or look for a block above that ends too early"),
            );
            self.start(K::Bad);
            self.bump();
            self.finish();
        } else {
            self.report(
                Diagnostic::error(
                    codes::STRAY_DOC,
                    self.here(),
                    "the file ends where a declaration should follow",
                )
                .help("put the doc comment or attribute before a declaration, or remove it"),
            );
        }
    }

    /// The keyword that `word` is or was meant to be.
    fn declaration_word(&mut self, word: &str) -> Option<&'static str> {
        if let Some(keyword) = KEYWORDS
            .iter()
            .find(|&&keyword| keyword == word && word != "reserved")
        {
            return Some(keyword);
        }
        let error = Diagnostic::error(
            codes::UNKNOWN_KEYWORD,
            self.here(),
            format!("`{word}` begins no declaration"),
        );
        let nearest =
            suggest::nearest(word, KEYWORDS).filter(|_| matches!(self.nth(1), K::Ident | K::Int));
        let error = match nearest {
            Some(keyword) => error
                .label(format!("did you mean `{keyword}`?"))
                .fix(format!("write `{keyword}`"), false, self.here(), keyword),
            None => error.help(
                "declarations are package, role, audience, use, const, newtype, enum, flags, struct, union, error, component, entity, service",
            ),
        };
        self.report(error);
        nearest.and_then(|near| KEYWORDS.into_iter().find(|&keyword| keyword == near))
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
                    self.close(K::RParen, open);
                }
                self.semicolon();
            }
            K::Use => self.use_rest(),
            K::Const => {
                self.expect_name("the constant's name");
                self.typed();
                if self.at(K::Eq) {
                    self.default_value();
                } else {
                    self.error_expected("`= value`");
                }
                self.semicolon();
            }
            K::Newtype => {
                self.expect_name("the type's name");
                if self.expect(K::Eq) {
                    self.type_reference();
                }
                if self.at(K::Eq) {
                    self.default_value();
                }
                self.semicolon();
            }
            K::Enum | K::Flags => {
                self.expect_name("the type's name");
                if self.eat(K::Colon) {
                    self.expect_name("an integer type");
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
            K::Component => {
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
                }
                self.body();
            }
            K::Entity => {
                self.number_and_name("the entity's name");
                if self.expect(K::Colon) {
                    self.entity_kind();
                }
                self.clause("in", K::InContainer, "an entity");
                self.clause("on", K::OnRole, "a role");
                self.body();
            }
            _ => {
                self.number_and_name("the service's name");
                self.clause("on", K::OnRole, "a role");
                self.body();
            }
        }
    }

    fn clause(&mut self, word: &str, kind: K, what: &str) {
        if self.at_word(word) {
            self.start(kind);
            self.bump();
            self.path(what);
            self.finish();
        }
    }

    fn number_and_name(&mut self, what: &str) {
        self.eat(K::Int);
        self.expect_name(what);
    }

    /// `"use" path (".{" NAME ["as" NAME] {"," NAME ["as" NAME]} [","] "}" | ["as" NAME]) ";"`
    fn use_rest(&mut self) {
        self.start(K::Path);
        self.expect_name("a path");
        while self.at(K::Dot) && self.nth(1) == K::Ident {
            self.bump();
            self.bump();
        }
        self.finish();
        if self.at(K::Dot) && self.nth(1) == K::LBrace {
            self.bump();
            let open = self.nth_range(0);
            self.bump();
            while self.at(K::Ident) {
                self.start(K::UseItem);
                self.bump();
                if self.eat_word("as") {
                    self.expect_name("the new name");
                }
                self.finish();
                if !self.eat(K::Comma) {
                    break;
                }
            }
            self.close(K::RBrace, open);
        } else if self.eat_word("as") {
            self.expect_name("the new name");
        } else if self.at(K::Dot) {
            self.bump();
            self.error_expected("a name or `{`");
        }
        self.semicolon();
    }

    /// `gen = "<" NAME {"," NAME} ">"`
    fn generics(&mut self) {
        if !self.at(K::LAngle) {
            return;
        }
        self.start(K::Generics);
        let open = self.nth_range(0);
        self.bump();
        self.expect_name("a type parameter");
        while self.eat(K::Comma) {
            self.expect_name("a type parameter");
        }
        self.close(K::RAngle, open);
        self.finish();
    }

    /// `kind = NAME ["(" type {"," type} ")"]`
    fn entity_kind(&mut self) {
        self.start(K::EntityKind);
        self.expect_name("keyed(...), instance, singleton, per_node or local");
        if self.at(K::LParen) {
            let open = self.nth_range(0);
            self.bump();
            self.type_reference();
            while self.eat(K::Comma) {
                self.type_reference();
            }
            self.close(K::RParen, open);
        }
        self.finish();
    }
}
