//! From the lossless tree to plain data.

use super::{
    Allow, Arm, ArmBody, Attribute, AttributeArg, Body, Bound, Call, CallWord, Declaration,
    DeclarationKind, EntityKind, Enum, EnumValue, Field, Fields, File, Name, Number, Param, Path,
    Reserved, ReservedItem, Slot, Type, Union, Use, Value, ValueKind,
    values::{self, Unit},
};
use crate::{
    Diagnostic, FileId, Span, SyntaxKind as K, SyntaxNode, SyntaxToken, TextRange, TextSize, codes,
    suggest,
};
use rowan::NodeOrToken;

/// The plain data of a file's tree, and what is wrong with its literals.
#[must_use]
pub fn lower(file: FileId, tree: &SyntaxNode) -> (File, Vec<Diagnostic>) {
    let mut lowering = Lowering {
        file,
        errors: Vec::new(),
    };
    let mut out = File {
        id: file,
        ..File::default()
    };
    let mut pending: Vec<(String, String, Span)> = Vec::new();
    for element in tree.children_with_tokens() {
        match element {
            NodeOrToken::Token(token) => match token.kind() {
                K::InnerDoc => out.docs.push(doc_text(token.text(), "//!")),
                K::LineComment => pending.extend(lowering.allow(&token)),
                _ => {}
            },
            NodeOrToken::Node(node) => {
                let span = lowering.node_span(&node);
                for (rule, reason, comment) in pending.drain(..) {
                    out.allows.push(Allow {
                        rule,
                        reason,
                        span: comment,
                        covers: span,
                    });
                }
                lowering.inner_allows(&node, &mut out.allows);
                out.declarations.extend(lowering.declaration(&node));
            }
        }
    }
    for (rule, reason, span) in pending {
        out.allows.push(Allow {
            rule,
            reason,
            span,
            covers: span,
        });
    }
    (out, lowering.errors)
}

struct Lowering {
    file: FileId,
    errors: Vec<Diagnostic>,
}

/// The text of a doc line without its marker and one space.
fn doc_text(text: &str, marker: &str) -> String {
    let text = text.strip_prefix(marker).unwrap_or(text);
    text.strip_prefix(' ').unwrap_or(text).trim_end().to_owned()
}

/// The parts of a node, in one walk.
#[derive(Default)]
struct Parts {
    docs: Vec<String>,
    words: Vec<SyntaxToken>,
    /// How many words stand before the first `:`.
    before_colon: Option<usize>,
    numbers: Vec<SyntaxToken>,
    nodes: Vec<SyntaxNode>,
}

fn parts(node: &SyntaxNode) -> Parts {
    let mut parts = Parts::default();
    for element in node.children_with_tokens() {
        match element {
            NodeOrToken::Node(node) => parts.nodes.push(node),
            NodeOrToken::Token(token) => match token.kind() {
                K::DocComment => parts.docs.push(doc_text(token.text(), "///")),
                K::Ident => parts.words.push(token),
                K::Colon if parts.before_colon.is_none() => {
                    parts.before_colon = Some(parts.words.len());
                }
                K::Int | K::Minus => parts.numbers.push(token),
                _ => {}
            },
        }
    }
    parts
}

impl Parts {
    fn node(&self, kind: K) -> Option<&SyntaxNode> {
        self.nodes.iter().find(|node| node.kind() == kind)
    }

    fn nodes(&self, kind: K) -> impl Iterator<Item = &SyntaxNode> {
        self.nodes.iter().filter(move |node| node.kind() == kind)
    }
}

impl Lowering {
    fn span(&self, range: TextRange) -> Span {
        Span::new(self.file, range)
    }

    /// The node's place from its first token that is no doc comment.
    fn node_span(&self, node: &SyntaxNode) -> Span {
        self.span(node.text_range())
    }

    fn name(&self, token: &SyntaxToken) -> Name {
        Name {
            text: token.text().to_owned(),
            span: self.span(token.text_range()),
        }
    }

    /// `// playhouse: allow(rule) reason`; anything else behind `playhouse:` has neither.
    fn allow(&self, token: &SyntaxToken) -> Option<(String, String, Span)> {
        let text = token.text().strip_prefix("//")?.trim_start();
        let rest = text.strip_prefix("playhouse:")?.trim_start();
        let parts = rest.strip_prefix("allow").and_then(|rest| {
            let rest = rest.trim_start().strip_prefix('(')?;
            rest.split_once(')')
        });
        let (rule, reason) = parts.unwrap_or_default();
        Some((
            rule.trim().to_owned(),
            reason.trim().to_owned(),
            self.span(token.text_range()),
        ))
    }

    /// Allows within a declaration cover the rest of their line, or the member that follows.
    fn inner_allows(&self, node: &SyntaxNode, out: &mut Vec<Allow>) {
        let mut mentions = false;
        node.text()
            .for_each_chunk(|chunk| mentions |= chunk.contains("playhouse:"));
        if !mentions {
            return;
        }
        for element in node.descendants_with_tokens() {
            let NodeOrToken::Token(token) = element else {
                continue;
            };
            if token.kind() != K::LineComment {
                continue;
            }
            let Some((rule, reason, span)) = self.allow(&token) else {
                continue;
            };
            let own_line = token.prev_token().is_none_or(|before| {
                before.kind() == K::Whitespace && before.text().contains('\n')
            });
            let neighbour = if own_line {
                std::iter::successors(token.next_sibling_or_token(), |next| {
                    next.next_sibling_or_token()
                })
                .find_map(NodeOrToken::into_node)
            } else {
                std::iter::successors(token.prev_sibling_or_token(), |next| {
                    next.prev_sibling_or_token()
                })
                .find_map(NodeOrToken::into_node)
            };
            let covers = neighbour.map_or(span, |node| self.node_span(&node));
            out.push(Allow {
                rule,
                reason,
                span,
                covers,
            });
        }
    }

    fn number(&mut self, tokens: &[SyntaxToken]) -> Option<Number> {
        let negative = tokens.first()?.kind() == K::Minus;
        let digits = tokens.iter().find(|token| token.kind() == K::Int)?;
        let range = tokens.first()?.text_range().cover(digits.text_range());
        let span = self.span(range);
        let value = self.int(digits.text(), span);
        let value = if negative { -value } else { value };
        let cut = value.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Some(Number {
            value: i64::try_from(cut).unwrap_or_default(),
            span,
        })
    }

    fn int(&mut self, text: &str, span: Span) -> i128 {
        values::int(text)
            .filter(|&value| value <= 1 << 100)
            .unwrap_or_else(|| {
                self.errors.push(
                    Diagnostic::error(codes::BAD_NUMBER, span, "the number is too large")
                        .help("no type of the language holds more than 64 bits"),
                );
                0
            })
    }

    fn path(&self, node: &SyntaxNode) -> Option<Path> {
        let segments: Vec<Name> = node
            .children_with_tokens()
            .filter_map(NodeOrToken::into_token)
            .filter(|token| token.kind() == K::Ident)
            .map(|token| self.name(&token))
            .collect();
        if segments.is_empty() {
            return None;
        }
        Some(Path {
            segments,
            span: self.node_span(node),
        })
    }

    fn path_in(&self, node: Option<&SyntaxNode>) -> Option<Path> {
        let path = node?.children().find(|child| child.kind() == K::Path)?;
        self.path(&path)
    }

    fn declaration(&mut self, node: &SyntaxNode) -> Option<Declaration> {
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

    fn declaration_kind(&mut self, kind: K, parts: &Parts) -> Option<DeclarationKind> {
        // The words are the keyword, then the name, then other keywords; `closed` comes before.
        let closed = parts
            .words
            .first()
            .is_some_and(|word| word.text() == "closed");
        let keyword = |at: usize| {
            let word = parts.words.get(at).map(SyntaxToken::text);
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

    fn use_declaration(&mut self, parts: &Parts) -> Option<Use> {
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

    fn generics(&self, parts: &Parts) -> Vec<Name> {
        let Some(node) = parts.node(K::Generics) else {
            return Vec::new();
        };
        self::parts(node)
            .words
            .iter()
            .map(|token| self.name(token))
            .collect()
    }

    fn entity_kind(&mut self, node: &SyntaxNode) -> Option<EntityKind> {
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

    fn values(&mut self, block: Option<&SyntaxNode>) -> (Vec<EnumValue>, Vec<Reserved>) {
        let mut values = Vec::new();
        let mut reserved = Vec::new();
        for node in block.into_iter().flat_map(SyntaxNode::children) {
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

    fn arms(&mut self, block: Option<&SyntaxNode>) -> (Vec<Arm>, Vec<Reserved>) {
        let mut arms = Vec::new();
        let mut reserved = Vec::new();
        for node in block.into_iter().flat_map(SyntaxNode::children) {
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

    fn fields(&mut self, block: Option<&SyntaxNode>) -> Fields {
        let mut fields = Fields::default();
        for node in block.into_iter().flat_map(SyntaxNode::children) {
            match node.kind() {
                K::Reserved => fields.reserved.push(self.reserved(&node)),
                K::Field => fields.fields.extend(self.field(&node)),
                _ => {}
            }
        }
        fields
    }

    fn field(&mut self, node: &SyntaxNode) -> Option<Field> {
        let parts = parts(node);
        Some(Field {
            tag: self.number(&parts.numbers),
            name: self.name(parts.words.first()?),
            ty: self.type_in(&parts),
            default: self.default(&parts),
            attributes: self.attributes(&parts),
            span: self.node_span(node),
            docs: parts.docs,
        })
    }

    fn body(&mut self, block: Option<&SyntaxNode>) -> Body {
        let mut body = Body::default();
        for node in block.into_iter().flat_map(SyntaxNode::children) {
            match node.kind() {
                K::Reserved => body.reserved.push(self.reserved(&node)),
                K::Field => body.fields.extend(self.field(&node)),
                K::Slot => body.slots.extend(self.slot(&node)),
                K::Call => body.calls.extend(self.call(&node)),
                _ => {}
            }
        }
        body
    }

    fn slot(&mut self, node: &SyntaxNode) -> Option<Slot> {
        let parts = parts(node);
        Some(Slot {
            tag: self.number(&parts.numbers),
            name: self.name(parts.words.get(1)?),
            ty: self.type_in(&parts),
            attributes: self.attributes(&parts),
            span: self.node_span(node),
            docs: parts.docs,
        })
    }

    fn call(&mut self, node: &SyntaxNode) -> Option<Call> {
        let parts = parts(node);
        let first = parts.words.first()?;
        let mut word_span = self.span(first.text_range());
        let mut name_at = 1;
        let word = match first.text() {
            "rpc" => CallWord::Rpc,
            "oneway" => CallWord::Oneway,
            "event" => CallWord::Event,
            "timer" => CallWord::Timer,
            "client" => {
                let rpc = parts.words.get(1).filter(|word| word.text() == "rpc");
                if let Some(rpc) = rpc {
                    name_at = 2;
                    word_span = self.span(first.text_range().cover(rpc.text_range()));
                }
                CallWord::ClientRpc
            }
            _ => CallWord::Rpc,
        };
        let name = self.name(parts.words.get(name_at)?);
        let result = parts.node(K::Result).map(self::parts);
        let params = parts
            .node(K::Params)
            .into_iter()
            .flat_map(SyntaxNode::children);
        let params = params.filter(|child| child.kind() == K::Param);
        let params = params.filter_map(|param| self.param(&param)).collect();
        let to = parts.node(K::To).map(|node| {
            let paths = node.children().filter(|child| child.kind() == K::Path);
            paths.filter_map(|path| self.path(&path)).collect()
        });
        Some(Call {
            attributes: self.attributes(&parts),
            word,
            word_span,
            tag: self.number(&parts.numbers),
            name,
            params,
            stream: result
                .as_ref()
                .and_then(|parts| parts.words.first())
                .map(|token| self.span(token.text_range())),
            result: result.as_ref().and_then(|parts| self.type_in(parts)),
            throws: self.path_in(parts.node(K::Throws)),
            to: to.unwrap_or_default(),
            span: self.node_span(node),
            docs: parts.docs,
        })
    }

    fn param(&mut self, node: &SyntaxNode) -> Option<Param> {
        let parts = parts(node);
        if parts.before_colon == Some(0) {
            return None;
        }
        Some(Param {
            name: self.name(parts.words.first()?),
            stream: parts
                .words
                .get(1)
                .map(|token| self.span(token.text_range())),
            ty: self.type_in(&parts),
            default: self.default(&parts),
            attributes: self.attributes(&parts),
            span: self.node_span(node),
            docs: parts.docs,
        })
    }

    fn reserved(&mut self, node: &SyntaxNode) -> Reserved {
        let mut items = Vec::new();
        for item in node
            .children()
            .filter(|child| child.kind() == K::ReservedItem)
        {
            let tokens: Vec<SyntaxToken> = item
                .children_with_tokens()
                .filter_map(NodeOrToken::into_token)
                .collect();
            if let Some(string) = tokens.iter().find(|token| token.kind() == K::String) {
                let text = self.string(string);
                let span = self.span(string.text_range());
                items.push(ReservedItem::Name(Name { text, span }));
                continue;
            }
            let split = tokens.iter().position(|token| token.kind() == K::DotDotEq);
            let wanted = |token: &&SyntaxToken| matches!(token.kind(), K::Int | K::Minus);
            let low: Vec<SyntaxToken> = tokens[..split.unwrap_or(tokens.len())]
                .iter()
                .filter(wanted)
                .cloned()
                .collect();
            let high: Vec<SyntaxToken> = split
                .map(|at| tokens[at..].iter().filter(wanted).cloned().collect())
                .unwrap_or_default();
            if let Some(low) = self.number(&low) {
                let high = self.number(&high).unwrap_or(low);
                items.push(ReservedItem::Range(low, high));
            }
        }
        let calls = parts(node).words.len() > 1;
        Reserved {
            calls,
            items,
            span: self.node_span(node),
        }
    }

    fn type_in(&mut self, parts: &Parts) -> Option<Type> {
        self.ty(parts.node(K::Type)?)
    }

    fn ty(&mut self, node: &SyntaxNode) -> Option<Type> {
        let mut path = None;
        let mut args = Vec::new();
        let mut alternatives = None;
        let mut bound = None;
        let mut optional = Vec::new();
        for element in node.children_with_tokens() {
            match element {
                NodeOrToken::Node(child) => match child.kind() {
                    K::Path => path = self.path(&child),
                    K::Bound => bound = Some(self.bound(&child)),
                    K::Bad => return None,
                    K::TypeArgs => {
                        let mut separators = 0;
                        for element in child.children_with_tokens() {
                            match element {
                                NodeOrToken::Node(arg) => args.extend(self.ty(&arg)),
                                NodeOrToken::Token(token) => match token.kind() {
                                    K::Comma => separators += 1,
                                    K::Pipe => {
                                        separators += 1;
                                        alternatives.get_or_insert(self.span(token.text_range()));
                                    }
                                    _ => {}
                                },
                            }
                        }
                        // An argument that is missing or broken has been reported.
                        if args.len() != separators + 1 {
                            return None;
                        }
                    }
                    _ => {}
                },
                NodeOrToken::Token(token) if token.kind() == K::Question => {
                    optional.push(self.span(token.text_range()));
                }
                NodeOrToken::Token(_) => {}
            }
        }
        Some(Type {
            path: path?,
            args,
            alternatives,
            bound,
            optional,
            span: self.node_span(node),
        })
    }

    fn bound(&mut self, node: &SyntaxNode) -> Bound {
        let mut bound = Bound {
            exact: true,
            min: None,
            max: None,
            span: self.node_span(node),
        };
        for element in node.children_with_tokens() {
            match element {
                NodeOrToken::Node(child) => {
                    let value = self.value(&child);
                    if bound.exact {
                        bound.min = Some(value);
                    } else {
                        bound.max = Some(value);
                    }
                }
                NodeOrToken::Token(token) if matches!(token.kind(), K::DotDot | K::DotDotEq) => {
                    bound.exact = false;
                }
                NodeOrToken::Token(_) => {}
            }
        }
        bound
    }

    fn attributes(&mut self, parts: &Parts) -> Vec<Attribute> {
        parts
            .nodes(K::Attr)
            .filter_map(|node| self.attribute(node))
            .collect()
    }

    fn attribute(&mut self, node: &SyntaxNode) -> Option<Attribute> {
        let mut args = Vec::new();
        for arg in node.children().filter(|child| child.kind() == K::AttrArg) {
            let parts = parts(&arg);
            let Some(value) = parts.nodes.first() else {
                continue;
            };
            args.push(AttributeArg {
                name: parts.words.first().map(|token| self.name(token)),
                value: self.value(value),
                span: self.node_span(&arg),
            });
        }
        let path = node.children().find(|child| child.kind() == K::Path)?;
        Some(Attribute {
            path: self.path(&path)?,
            args,
            span: self.node_span(node),
        })
    }

    fn default(&mut self, parts: &Parts) -> Option<Value> {
        let value = parts.node(K::Default)?.children().next()?;
        Some(self.value(&value))
    }

    fn value(&mut self, node: &SyntaxNode) -> Value {
        let span = self.node_span(node);
        let kind = match node.kind() {
            K::Path => self.path(node).map_or(ValueKind::Broken, ValueKind::Path),
            K::Literal => self.literal(node),
            K::Rate => self.rate(node),
            K::Binary => {
                let operands = node.children().map(|child| self.value(&child)).collect();
                let operators = node
                    .children_with_tokens()
                    .filter_map(NodeOrToken::into_token)
                    .filter_map(|token| match token.kind() {
                        K::Pipe => Some('|'),
                        K::Plus => Some('+'),
                        K::Minus => Some('-'),
                        K::Star => Some('*'),
                        _ => None,
                    });
                ValueKind::Binary(operands, operators.collect())
            }
            K::List => ValueKind::List(node.children().map(|child| self.value(&child)).collect()),
            K::Map => {
                let entries = node.children().filter(|child| child.kind() == K::MapEntry);
                let entries = entries.filter_map(|entry| {
                    let parts = parts(&entry);
                    let name = self.name(parts.words.first()?);
                    Some((name, self.value(parts.nodes.first()?)))
                });
                ValueKind::Map(entries.collect())
            }
            K::Paren => match node.children().next() {
                Some(inner) => self.value(&inner).kind,
                None => ValueKind::Broken,
            },
            _ => ValueKind::Broken,
        };
        Value { kind, span }
    }

    fn literal(&mut self, node: &SyntaxNode) -> ValueKind {
        let mut negative = false;
        for element in node.children_with_tokens() {
            let token = match element {
                NodeOrToken::Node(path) => {
                    return self.path(&path).map_or(ValueKind::Broken, ValueKind::Path);
                }
                NodeOrToken::Token(token) => token,
            };
            let span = self.span(token.text_range());
            let sign = if negative { -1 } else { 1 };
            match token.kind() {
                K::Minus => negative = true,
                K::Int => return ValueKind::Int(self.int(token.text(), span) * sign),
                K::Float => {
                    return match values::float(token.text()) {
                        Some(value) => ValueKind::Float(if negative { -value } else { value }),
                        None => self.bad_number(span, "the number is too large for a float"),
                    };
                }
                K::Unit => {
                    return match values::unit(token.text()) {
                        Some(Unit::Time(ns)) => ValueKind::Time(ns * sign),
                        Some(Unit::Size(bytes)) => ValueKind::Size(bytes * sign),
                        None => self.bad_number(
                            span,
                            "not a whole number of nanoseconds or bytes, or too large",
                        ),
                    };
                }
                K::String => return ValueKind::String(self.string(&token)),
                _ => {}
            }
        }
        ValueKind::Broken
    }

    fn bad_number(&mut self, span: Span, message: &str) -> ValueKind {
        self.errors.push(
            Diagnostic::error(codes::BAD_NUMBER, span, message)
                .help("write a smaller or a rounder number"),
        );
        ValueKind::Broken
    }

    fn rate(&mut self, node: &SyntaxNode) -> ValueKind {
        let mut count = 0;
        let mut period_ns = None;
        for token in node
            .children_with_tokens()
            .filter_map(NodeOrToken::into_token)
        {
            match token.kind() {
                K::Int => count = self.int(token.text(), self.span(token.text_range())),
                K::Ident => {
                    period_ns = values::time_unit_ns(token.text());
                    if period_ns.is_none() {
                        self.bad_unit(&token);
                        return ValueKind::Broken;
                    }
                }
                K::Unit => {
                    if let Some(Unit::Time(ns)) = values::unit(token.text()) {
                        period_ns = Some(ns);
                    }
                }
                _ => {}
            }
        }
        ValueKind::Rate { count, period_ns }
    }

    /// A word behind the `/` of a rate that is no unit of time.
    fn bad_unit(&mut self, token: &SyntaxToken) {
        let span = self.span(token.text_range());
        let unit = token.text();
        let error = Diagnostic::error(
            codes::BAD_NUMBER,
            span,
            format!("`{unit}` is no unit of time"),
        );
        // `sec` and `minutes` begin with the unit that they mean.
        let units = values::TIME_UNITS.into_iter();
        let begins = units.filter(|known| unit.starts_with(known));
        let near = begins
            .max_by_key(|known| known.len())
            .or_else(|| suggest::nearest(unit, values::TIME_UNITS));
        self.errors.push(match near {
            Some(near) => error.label(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                false,
                span,
                near,
            ),
            None => error.help(format!("the units are {}", values::TIME_UNITS.join(", "))),
        });
    }

    fn string(&mut self, token: &SyntaxToken) -> String {
        values::string(token.text()).unwrap_or_else(|(offset, length)| {
            let offset = TextSize::try_from(offset).unwrap_or_default();
            let length = TextSize::try_from(length).unwrap_or_default();
            let start = token.text_range().start() + offset;
            let end = (start + length).min(token.text_range().end());
            let span = self.span(TextRange::new(start.min(end), end));
            self.errors.push(
                Diagnostic::error(codes::BAD_ESCAPE, span, "unknown escape in a string")
                    .help("the escapes are \\n, \\r, \\t, \\0, \\\\, \\\" and \\u{1F600}"),
            );
            String::new()
        })
    }
}
