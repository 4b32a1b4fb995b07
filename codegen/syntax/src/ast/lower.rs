//! From the lossless tree to plain data.

use super::{File, Name, Number, Path, values};
use crate::{Diagnostic, FileId, Span, SyntaxKind as K, SyntaxNode, TextRange, codes};
use green::{Node, Token};
use rowan::NodeOrToken;

mod allows;
mod declarations;
mod green;
mod literals;
mod members;
mod types;

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
    for element in tree.children_with_tokens() {
        match element {
            NodeOrToken::Token(token) => match token.kind() {
                K::InnerDoc => out.docs.push(doc_text(token.text(), "//!")),
                K::LineComment => out.allows.extend(lowering.allow(&token)),
                _ => {}
            },
            NodeOrToken::Node(node) => {
                let green = node.green();
                let declaration = Node::new(&green, node.text_range().start());
                if allows::mentions(&declaration) {
                    lowering.inner_allows(&node, &mut out.allows);
                }
                out.declarations.extend(lowering.declaration(&declaration));
            }
        }
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
struct Parts<'a> {
    docs: Vec<String>,
    words: Vec<Token<'a>>,
    /// How many words stand before the first `:`.
    before_colon: Option<usize>,
    numbers: Vec<Token<'a>>,
    nodes: Vec<Node<'a>>,
}

fn parts<'a>(node: &Node<'a>) -> Parts<'a> {
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

impl<'a> Parts<'a> {
    fn node(&self, kind: K) -> Option<&Node<'a>> {
        self.nodes.iter().find(|node| node.kind() == kind)
    }

    fn nodes(&self, kind: K) -> impl Iterator<Item = &Node<'a>> {
        self.nodes.iter().filter(move |node| node.kind() == kind)
    }
}

impl Lowering {
    fn span(&self, range: TextRange) -> Span {
        Span::new(self.file, range)
    }

    /// The node's place from its first token that is no doc comment.
    fn node_span(&self, node: &Node<'_>) -> Span {
        self.span(node.text_range())
    }

    fn name(&self, token: &Token<'_>) -> Name {
        Name {
            text: token.text().to_owned(),
            span: self.span(token.text_range()),
        }
    }

    fn number(&mut self, tokens: &[Token<'_>]) -> Option<Number> {
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

    fn path(&self, node: &Node<'_>) -> Option<Path> {
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

    fn path_in(&self, node: Option<&Node<'_>>) -> Option<Path> {
        let path = node?.children().find(|child| child.kind() == K::Path)?;
        self.path(&path)
    }
}
