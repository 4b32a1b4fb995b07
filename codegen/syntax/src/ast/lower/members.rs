//! Properties, slots, calls and what is reserved.

use super::{
    Lowering,
    green::{Node, Token},
    parts,
};
use crate::{
    SyntaxKind as K,
    ast::{Body, Call, CallWord, Field, Name, Param, Reserved, ReservedItem, Slot},
};
use rowan::NodeOrToken;

impl Lowering {
    pub(super) fn field(&mut self, node: &Node<'_>) -> Option<Field> {
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

    pub(super) fn body(&mut self, block: Option<&Node<'_>>) -> Body {
        let mut body = Body::default();
        for node in block.into_iter().flat_map(|node| node.children()) {
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

    pub(super) fn slot(&mut self, node: &Node<'_>) -> Option<Slot> {
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

    pub(super) fn call(&mut self, node: &Node<'_>) -> Option<Call> {
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
            .flat_map(|node| node.children());
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

    pub(super) fn param(&mut self, node: &Node<'_>) -> Option<Param> {
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

    pub(super) fn reserved(&mut self, node: &Node<'_>) -> Reserved {
        let mut items = Vec::new();
        for item in node
            .children()
            .filter(|child| child.kind() == K::ReservedItem)
        {
            let tokens: Vec<Token<'_>> = item
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
            let wanted = |token: &&Token<'_>| matches!(token.kind(), K::Int | K::Minus);
            let low: Vec<Token<'_>> = tokens[..split.unwrap_or(tokens.len())]
                .iter()
                .filter(wanted)
                .cloned()
                .collect();
            let high: Vec<Token<'_>> = split
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
}
