//! Types and their bounds.

use super::{Lowering, Parts, green::Node};
use crate::{
    SyntaxKind as K,
    ast::{Bound, Type},
};
use rowan::NodeOrToken;

impl Lowering {
    pub(super) fn type_in(&mut self, parts: &Parts<'_>) -> Option<Type> {
        self.ty(parts.node(K::Type)?)
    }

    pub(super) fn ty(&mut self, node: &Node<'_>) -> Option<Type> {
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

    pub(super) fn bound(&mut self, node: &Node<'_>) -> Bound {
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
}
