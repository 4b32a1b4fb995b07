//! Declarations: what stands at the top level of a file.

use super::{Parser, keywords::EVERY_KEYWORD};
use crate::{SyntaxKind as K, TextRange, codes, diagnostic::Diagnostic};

const ENTITY_KINDS: &str = "kinds are `keyed(Key)`, `instance`, `singleton`, `per_node` and `local`, as in `entity 7 Player: keyed(AccountId)`";

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
        loop {
            if self.at(K::At) {
                self.attribute();
            } else if self.at(K::Ident) && self.nth(1) == K::LParen {
                self.missing_at("a declaration");
                self.bare_attribute();
            } else {
                break;
            }
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
        let kind = self.declaration_kind(word);
        self.start_at(checkpoint, kind);
        if word == "closed" && kind != K::Union && kind != K::Enum {
            self.bump_bad();
        }
        let mut named = true;
        if word == "closed" && matches!(kind, K::Enum | K::Union) {
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

    /// The kind of the declaration that begins with `word`.
    fn declaration_kind(&mut self, word: &str) -> K {
        match word {
            "package" => K::Package,
            "role" => K::Role,
            "audience" => K::Audience,
            "use" => K::Use,
            "const" => K::Const,
            "newtype" => K::Newtype,
            "closed" if self.nth_word(1, "union") => K::Union,
            "closed" if self.nth_word(1, "struct") => self.never_closed(K::Struct),
            "closed" if self.nth_word(1, "error") => self.never_closed(K::ErrorDecl),
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
        }
    }

    /// Says that a declaration of `kind` cannot be closed.
    fn never_closed(&mut self, kind: K) -> K {
        let error = Diagnostic::error(
            codes::EXPECTED,
            self.here(),
            format!("`{}` cannot be closed", self.nth_text(1)),
        );
        let with_space = TextRange::new(self.nth_range(0).start(), self.nth_range(1).start());
        let error = error.help("`closed` enums and unions refuse what they do not know");
        self.report(error.fix("remove `closed`", true, self.span(with_space), ""));
        kind
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
        let clause = clause.iter().any(|word| self.at_word(word)) && self.nth(1) == K::Ident;
        if clause && matches!(self.nth(2), K::LBrace | K::Comma | K::Dot) {
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
                |p| {
                    let behind = ["on", "in"].iter().any(|word| p.at_word(word));
                    p.at(K::Ident) && !(behind && p.nth(1) == K::Ident)
                },
                Self::type_reference,
            );
        }
        self.finish();
    }
}
