//! `// playhouse: allow(rule) reason`, and what it covers.

use super::{Lowering, green::Node};
use crate::{Span, SyntaxKind as K, SyntaxNode, SyntaxToken, ast::Allow};
use rowan::NodeOrToken;

impl Lowering {
    /// The allowance in a comment; anything else behind `playhouse:` has neither rule nor reason.
    pub(super) fn allow(&self, token: &SyntaxToken) -> Option<Allow> {
        let text = token.text().strip_prefix("//")?.trim_start();
        let rest = text.strip_prefix("playhouse:")?.trim_start();
        let parts = rest.strip_prefix("allow").and_then(|rest| {
            let rest = rest.trim_start().strip_prefix('(')?;
            rest.split_once(')')
        });
        let (rule, reason) = parts.unwrap_or_default();
        Some(Allow {
            rule: rule.trim().to_owned(),
            reason: reason.trim().to_owned(),
            span: self.span(token.text_range()),
            covers: self.covered(token),
        })
    }

    /// The allowances within a declaration.
    pub(super) fn inner_allows(&self, node: &SyntaxNode, out: &mut Vec<Allow>) {
        for element in node.descendants_with_tokens() {
            if let NodeOrToken::Token(token) = element
                && token.kind() == K::LineComment
            {
                out.extend(self.allow(&token));
            }
        }
    }

    /// On a line of its own: the member or declaration that follows, or that it stands in the front of. Behind something:
    /// that, or what has just begun.
    fn covered(&self, comment: &SyntaxToken) -> Span {
        let own = self.span(comment.text_range());
        let Some(parent) = comment.parent() else {
            return own;
        };
        if !is_list(parent.kind()) {
            // In the middle of a member.
            let mut member = parent;
            while let Some(outer) = member.parent().filter(|outer| !is_list(outer.kind())) {
                member = outer;
            }
            return self.span(member.text_range());
        }
        let own_line = comment.prev_token().is_none_or(|before| {
            let starts_file = u32::from(before.text_range().start()) == 0;
            before.kind() == K::Whitespace && (starts_file || before.text().contains('\n'))
        });
        let mut next = comment.next_sibling_or_token();
        let mut previous = comment.prev_sibling_or_token();
        let neighbour = if own_line {
            std::iter::from_fn(|| {
                let element = next.take()?;
                next = element.next_sibling_or_token();
                Some(element)
            })
            .find_map(NodeOrToken::into_node)
        } else {
            std::iter::from_fn(|| {
                let element = previous.take()?;
                previous = element.prev_sibling_or_token();
                Some(element)
            })
            .find_map(NodeOrToken::into_node)
        };
        match (neighbour, parent.parent()) {
            (Some(node), _) => self.span(node.text_range()),
            // Behind a `{`: what the block belongs to, up to here.
            (None, Some(owner)) if !own_line => {
                let begun = owner.text_range().start();
                self.span(rowan::TextRange::new(begun, comment.text_range().end()))
            }
            _ => own,
        }
    }
}

/// Whether members or declarations stand in a node of this kind one after the other.
fn is_list(kind: K) -> bool {
    matches!(
        kind,
        K::File | K::Fields | K::Arms | K::Values | K::Body | K::Params
    )
}

/// Whether a comment within `node` may be an allowance.
pub(super) fn mentions(node: &Node<'_>) -> bool {
    node.children_with_tokens().any(|child| match child {
        NodeOrToken::Node(node) => mentions(&node),
        NodeOrToken::Token(token) => {
            token.kind() == K::LineComment && token.text().contains("playhouse:")
        }
    })
}
