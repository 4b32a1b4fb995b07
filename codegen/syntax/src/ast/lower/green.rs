//! The tree with places, without a cursor: rowan's nodes that know where they are cost an allocation each, which for a
//! whole package would be most of the work.

use rowan::{GreenNodeData, Language, NodeOrToken};

use crate::{Idl, SyntaxKind, TextRange, TextSize};

/// A node and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    green: &'a GreenNodeData,
    start: TextSize,
}

/// A token and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Token<'a> {
    kind: SyntaxKind,
    text: &'a str,
    start: TextSize,
}

impl<'a> Node<'a> {
    pub(super) fn new(green: &'a GreenNodeData, start: TextSize) -> Self {
        Self { green, start }
    }

    pub(super) fn kind(&self) -> SyntaxKind {
        Idl::kind_from_raw(self.green.kind())
    }

    pub(super) fn text_range(&self) -> TextRange {
        TextRange::at(self.start, self.green.text_len())
    }

    pub(super) fn children_with_tokens(
        &self,
    ) -> impl Iterator<Item = NodeOrToken<Self, Token<'a>>> + use<'a> {
        let mut start = self.start;
        self.green.children().map(move |child| {
            let at = start;
            match child {
                NodeOrToken::Node(green) => {
                    start += green.text_len();
                    NodeOrToken::Node(Self { green, start: at })
                }
                NodeOrToken::Token(token) => {
                    start += token.text_len();
                    NodeOrToken::Token(Token {
                        kind: Idl::kind_from_raw(token.kind()),
                        text: token.text(),
                        start: at,
                    })
                }
            }
        })
    }

    pub(super) fn children(&self) -> impl Iterator<Item = Self> + use<'a> {
        self.children_with_tokens()
            .filter_map(NodeOrToken::into_node)
    }
}

impl<'a> Token<'a> {
    pub(super) fn kind(&self) -> SyntaxKind {
        self.kind
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    pub(super) fn text_range(&self) -> TextRange {
        TextRange::at(self.start, TextSize::of(self.text))
    }
}
