//! From the lossless tree to plain data.

use super::{File, Name, Number, Path, values};
use crate::{Diagnostic, FileId, Span, SyntaxKind as K, SyntaxNode, SyntaxToken, TextRange, codes};
use rowan::NodeOrToken;

mod allows;
mod declarations;
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
                lowering.inner_allows(&node, &mut out.allows);
                out.declarations.extend(lowering.declaration(&node));
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
}
