//! Declarations, and what stands in their braces.

use super::{Lowering, Parts, green::Node, parts};
use crate::{
    SyntaxKind as K,
    ast::{
        Arm, ArmBody, Declaration, DeclarationKind, EntityKind, Enum, EnumValue, Fields, Name,
        Reserved, Union, Use,
    },
};

impl Lowering {
    pub(super) fn declaration(&mut self, node: &Node<'_>) -> Option<Declaration> {
        let parts = parts(node);
        let attributes = self.attributes(&parts);
        let kind = self.declaration_kind(node.kind(), &parts)?;
        Some(Declaration {
            docs: parts.docs,
            attributes,
            span: self.node_span(node),
            kind,
        })
    }

    pub(super) fn declaration_kind(
        &mut self,
        kind: K,
        parts: &Parts<'_>,
    ) -> Option<DeclarationKind> {
        // The words are the keyword, then the name, then other keywords; `closed` comes before.
        let closed = parts
            .words
            .first()
            .is_some_and(|word| word.text() == "closed");
        let keyword = |at: usize| {
            let word = parts.words.get(at).map(|token| token.text());
            matches!(word, Some("enum" | "union"))
        };
        let name_at = 1 + usize::from(closed && keyword(1));
        let name = || {
            let token = parts.words.get(name_at)?;
            let named = parts.before_colon.is_none_or(|words| words > name_at);
            named.then(|| self.name(token))
        };
        Some(match kind {
            K::Package => DeclarationKind::Package(self.path(parts.node(K::Path)?)?),
            K::Role => DeclarationKind::Role(name()?),
            K::Audience => {
                let name = name()?;
                DeclarationKind::Audience {
                    name,
                    param: self.type_in(parts),
                }
            }
            K::Use => DeclarationKind::Use(self.use_declaration(parts)?),
            K::Const => {
                let name = name()?;
                DeclarationKind::Const {
                    name,
                    ty: self.type_in(parts),
                    value: self.default(parts),
                }
            }
            K::Newtype => {
                let name = name()?;
                DeclarationKind::Newtype {
                    name,
                    ty: self.type_in(parts),
                    default: self.default(parts),
                }
            }
            K::Enum | K::Flags => {
                let name = name()?;
                let repr = parts.words.get(name_at + 1).map(|token| self.name(token));
                let (values, reserved) = self.values(parts.node(K::Values));
                let flags = kind == K::Flags;
                DeclarationKind::Enum(Enum {
                    flags,
                    closed,
                    name,
                    repr,
                    values,
                    reserved,
                })
            }
            K::Struct => {
                let name = name()?;
                DeclarationKind::Struct {
                    name,
                    generics: self.generics(parts),
                    fields: self.fields(parts.node(K::Fields)),
                }
            }
            K::Union | K::ErrorDecl => {
                let name = name()?;
                let (arms, reserved) = self.arms(parts.node(K::Arms));
                DeclarationKind::Union(Union {
                    error: kind == K::ErrorDecl,
                    closed,
                    name,
                    generics: self.generics(parts),
                    arms,
                    reserved,
                })
            }
            K::Oplog => DeclarationKind::Oplog(name()?),
            K::Table => DeclarationKind::Table(name()?),
            K::Component => {
                let name = name()?;
                let requires = parts.node(K::Requires).map(|node| {
                    let paths = node.children().filter(|child| child.kind() == K::Path);
                    paths.filter_map(|path| self.path(&path)).collect()
                });
                DeclarationKind::Component {
                    number: self.number(&parts.numbers),
                    name,
                    generics: self.generics(parts),
                    requires: requires.unwrap_or_default(),
                    body: self.body(parts.node(K::Body)),
                }
            }
            K::Entity => {
                let name = name()?;
                DeclarationKind::Entity {
                    number: self.number(&parts.numbers),
                    name,
                    kind: parts
                        .node(K::EntityKind)
                        .and_then(|node| self.entity_kind(node)),
                    container: self.path_in(parts.node(K::InContainer)),
                    role: self.path_in(parts.node(K::OnRole)),
                    body: self.body(parts.node(K::Body)),
                }
            }
            K::Service => {
                let name = name()?;
                DeclarationKind::Service {
                    number: self.number(&parts.numbers),
                    name,
                    role: self.path_in(parts.node(K::OnRole)),
                    body: self.body(parts.node(K::Body)),
                }
            }
            _ => return None,
        })
    }

    pub(super) fn use_declaration(&mut self, parts: &Parts<'_>) -> Option<Use> {
        let path = self.path(parts.node(K::Path)?)?;
        let names: Vec<(Name, Option<Name>)> = parts
            .nodes(K::UseItem)
            .filter_map(|item| {
                let words = self::parts(item).words;
                Some((
                    self.name(words.first()?),
                    words.get(2).map(|alias| self.name(alias)),
                ))
            })
            .collect();
        // Words here: `use`, and with an alias `as` and the name.
        let alias = parts.words.get(2).map(|alias| self.name(alias));
        let braces = !names.is_empty();
        Some(Use {
            path,
            names,
            braces,
            alias,
        })
    }

    pub(super) fn generics(&self, parts: &Parts<'_>) -> Vec<Name> {
        let Some(node) = parts.node(K::Generics) else {
            return Vec::new();
        };
        self::parts(node)
            .words
            .iter()
            .map(|token| self.name(token))
            .collect()
    }

    pub(super) fn entity_kind(&mut self, node: &Node<'_>) -> Option<EntityKind> {
        let parts = parts(node);
        let name = self.name(parts.words.first()?);
        let args = parts
            .nodes(K::Type)
            .filter_map(|node| self.ty(node))
            .collect();
        Some(EntityKind {
            name,
            args,
            span: self.node_span(node),
        })
    }

    pub(super) fn values(&mut self, block: Option<&Node<'_>>) -> (Vec<EnumValue>, Vec<Reserved>) {
        let mut values = Vec::new();
        let mut reserved = Vec::new();
        for node in block.into_iter().flat_map(|node| node.children()) {
            match node.kind() {
                K::Reserved => reserved.push(self.reserved(&node)),
                K::EnumValue => {
                    let parts = parts(&node);
                    let Some(name) = parts.words.first().map(|token| self.name(token)) else {
                        continue;
                    };
                    values.push(EnumValue {
                        number: self.number(&parts.numbers),
                        name,
                        value: self.default(&parts),
                        attributes: self.attributes(&parts),
                        span: self.node_span(&node),
                        docs: parts.docs,
                    });
                }
                _ => {}
            }
        }
        (values, reserved)
    }

    pub(super) fn arms(&mut self, block: Option<&Node<'_>>) -> (Vec<Arm>, Vec<Reserved>) {
        let mut arms = Vec::new();
        let mut reserved = Vec::new();
        for node in block.into_iter().flat_map(|node| node.children()) {
            match node.kind() {
                K::Reserved => reserved.push(self.reserved(&node)),
                K::Arm => {
                    let parts = parts(&node);
                    let Some(name) = parts.words.first().map(|token| self.name(token)) else {
                        continue;
                    };
                    let body = if let Some(fields) = parts.node(K::Fields) {
                        ArmBody::Fields(self.fields(Some(fields)))
                    } else {
                        self.type_in(&parts).map_or(ArmBody::Nothing, ArmBody::Type)
                    };
                    arms.push(Arm {
                        tag: self.number(&parts.numbers),
                        name,
                        body,
                        attributes: self.attributes(&parts),
                        span: self.node_span(&node),
                        docs: parts.docs,
                    });
                }
                _ => {}
            }
        }
        (arms, reserved)
    }

    pub(super) fn fields(&mut self, block: Option<&Node<'_>>) -> Fields {
        let mut fields = Fields::default();
        for node in block.into_iter().flat_map(|node| node.children()) {
            match node.kind() {
                K::Reserved => fields.reserved.push(self.reserved(&node)),
                K::Field => fields.fields.extend(self.field(&node)),
                _ => {}
            }
        }
        fields
    }
}
