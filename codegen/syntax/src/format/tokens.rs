//! The tree as members with their tokens, without white space but with every comment.
//!
//! It works on rowan's green tree: a cursor over the red one costs an allocation a token.

use rowan::{GreenNodeData, Language, NodeOrToken};

use crate::{Idl, SyntaxKind as K};

/// A token or a comment.
#[derive(Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) kind: K,
    /// The kind of the node that it stands in.
    pub(super) parent: K,
    pub(super) text: &'a str,
    /// Line breaks before it, at most two.
    pub(super) lines: u8,
}

impl Token<'_> {
    pub(super) fn is_comment(&self) -> bool {
        matches!(self.kind, K::LineComment | K::BlockComment)
    }

    /// Whether a line must end behind it, or it spans several itself.
    pub(super) fn breaks(&self) -> bool {
        match self.kind {
            K::LineComment | K::DocComment | K::InnerDoc => true,
            K::BlockComment => self.text.contains('\n'),
            _ => false,
        }
    }
}

/// Something in a file or a block.
pub(super) struct Entry<'a> {
    /// Whether an empty line stands before it.
    pub(super) blank: bool,
    pub(super) what: What<'a>,
    /// Comments behind it on its last line.
    pub(super) trailing: Vec<Token<'a>>,
}

pub(super) enum What<'a> {
    /// A comment or a doc comment on a line of its own.
    Line(Token<'a>),
    Member(Member<'a>),
}

/// A declaration or a member of one.
pub(super) struct Member<'a> {
    /// Docs, comments and attributes before it, each attribute's tokens together.
    pub(super) front: Vec<Vec<Token<'a>>>,
    /// All tokens from the first that is neither, up to the block or with the `;`.
    pub(super) tokens: Vec<Token<'a>>,
    /// Where in `tokens` each attribute behind it begins.
    pub(super) attributes: Vec<usize>,
    pub(super) list: Option<List>,
    pub(super) block: Option<Block<'a>>,
}

/// A list that may be broken into lines: parameters, or the names of a `use`.
pub(super) struct List {
    pub(super) parameters: bool,
    /// Where in the tokens its bracket opens.
    pub(super) open: usize,
    /// Where it closes.
    pub(super) close: usize,
    /// Where its items begin and end.
    pub(super) items: Vec<(usize, usize)>,
}

pub(super) struct Block<'a> {
    /// Comments behind the `{` on its line.
    pub(super) after_open: Vec<Token<'a>>,
    pub(super) entries: Vec<Entry<'a>>,
    /// Whether it stands on one line in the source.
    pub(super) one_line: bool,
}

pub(super) fn kind(raw: rowan::SyntaxKind) -> K {
    Idl::kind_from_raw(raw)
}

fn line_breaks(text: &str) -> u8 {
    let count = text.bytes().filter(|&byte| byte == b'\n').take(2).count();
    u8::try_from(count).unwrap_or(2)
}

/// What stands in a file.
pub(super) fn entries(file: &GreenNodeData) -> Vec<Entry<'_>> {
    walk_block(file).entries
}

/// The children of a file or a block, the braces left out.
fn walk_block(node: &GreenNodeData) -> Block<'_> {
    let parent = kind(node.kind());
    let mut block = Block {
        after_open: Vec::new(),
        entries: Vec::new(),
        one_line: true,
    };
    let mut lines = 0;
    let mut opened = false;
    for child in node.children() {
        match child {
            NodeOrToken::Token(token) => {
                let token = Token {
                    kind: kind(token.kind()),
                    parent,
                    text: token.text(),
                    lines,
                };
                match token.kind {
                    K::Whitespace => {
                        lines = (lines + line_breaks(token.text)).min(2);
                        block.one_line &= lines == 0;
                        continue;
                    }
                    K::LBrace | K::RBrace => opened = true,
                    _ => block.push_token(token, opened),
                }
            }
            NodeOrToken::Node(child) => {
                let member = walk_member(child);
                block.one_line &= member.is_flat();
                block.entries.push(Entry {
                    blank: lines > 1,
                    what: What::Member(member),
                    trailing: Vec::new(),
                });
            }
        }
        lines = 0;
    }
    block
}

impl<'a> Block<'a> {
    fn push_token(&mut self, token: Token<'a>, opened: bool) {
        self.one_line = false;
        // A comment of several lines is put on lines of its own; behind something, it would be laid out anew each time.
        let behind = token.lines == 0 && token.is_comment() && !token.text.contains('\n');
        match self.entries.last_mut() {
            Some(last) if behind && !matches!(last.what, What::Line(_)) => {
                last.trailing.push(token);
            }
            None if behind && opened => self.after_open.push(token),
            _ => self.entries.push(Entry {
                blank: token.lines > 1,
                what: What::Line(token),
                trailing: Vec::new(),
            }),
        }
    }
}

fn walk_member(node: &GreenNodeData) -> Member<'_> {
    let parent = kind(node.kind());
    let mut member = Member {
        front: Vec::new(),
        tokens: Vec::new(),
        attributes: Vec::new(),
        list: None,
        block: None,
    };
    let mut lines = 0;
    for child in node.children() {
        match child {
            NodeOrToken::Token(token) => {
                let token = Token {
                    kind: kind(token.kind()),
                    parent,
                    text: token.text(),
                    lines,
                };
                if token.kind == K::Whitespace {
                    lines = (lines + line_breaks(token.text)).min(2);
                    continue;
                }
                member.push_token(token);
            }
            NodeOrToken::Node(child) => match kind(child.kind()) {
                K::Attr if member.tokens.is_empty() => {
                    let mut tokens = Vec::new();
                    flatten(child, &mut lines, &mut tokens);
                    member.front.push(tokens);
                }
                K::Attr => {
                    member.attributes.push(member.tokens.len());
                    flatten(child, &mut lines, &mut member.tokens);
                }
                K::Fields | K::Arms | K::Values | K::Body => member.block = Some(walk_block(child)),
                K::Params => {
                    let mut list = List::at(member.tokens.len(), true);
                    walk_list(child, &mut lines, &mut member.tokens, &mut list);
                    member.list = Some(list);
                }
                K::UseItem => {
                    let start = member.tokens.len();
                    flatten(child, &mut lines, &mut member.tokens);
                    let end = member.tokens.len();
                    if let Some(list) = &mut member.list {
                        list.items.push((start, end));
                    }
                }
                _ => flatten(child, &mut lines, &mut member.tokens),
            },
        }
        lines = 0;
    }
    member
}

impl<'a> Member<'a> {
    fn push_token(&mut self, token: Token<'a>) {
        let front = self.tokens.is_empty() && (token.is_comment() || token.kind == K::DocComment);
        if front {
            self.front.push(vec![token]);
            return;
        }
        match (token.kind, &mut self.list) {
            (K::LBrace, _) => self.list = Some(List::at(self.tokens.len(), false)),
            (K::RBrace, Some(list)) => list.close = self.tokens.len(),
            _ => {}
        }
        self.tokens.push(token);
    }

    /// Whether it stands on one line in the source, without docs, comments and attributes before it.
    fn is_flat(&self) -> bool {
        self.front.is_empty()
            && self
                .tokens
                .iter()
                .skip(1)
                .all(|token| token.lines == 0 && !token.is_comment() && !token.breaks())
            && self.block.as_ref().is_none_or(|block| block.one_line)
    }
}

impl List {
    fn at(open: usize, parameters: bool) -> Self {
        Self {
            parameters,
            open,
            close: open,
            items: Vec::new(),
        }
    }
}

fn walk_list<'a>(
    node: &'a GreenNodeData,
    lines: &mut u8,
    out: &mut Vec<Token<'a>>,
    list: &mut List,
) {
    for child in node.children() {
        match child {
            NodeOrToken::Node(item) => {
                let start = out.len();
                flatten(item, lines, out);
                list.items.push((start, out.len()));
            }
            NodeOrToken::Token(token) => {
                let text = token.text();
                if kind(token.kind()) == K::Whitespace {
                    *lines = (*lines + line_breaks(text)).min(2);
                    continue;
                }
                if kind(token.kind()) == K::RParen {
                    list.close = out.len();
                }
                out.push(Token {
                    kind: kind(token.kind()),
                    parent: K::Params,
                    text,
                    lines: *lines,
                });
            }
        }
        *lines = 0;
    }
}

/// The tokens of `node`; `lines` counts the line breaks since the token before.
fn flatten<'a>(node: &'a GreenNodeData, lines: &mut u8, out: &mut Vec<Token<'a>>) {
    let parent = kind(node.kind());
    for child in node.children() {
        match child {
            NodeOrToken::Node(child) => flatten(child, lines, out),
            NodeOrToken::Token(token) => {
                let text = token.text();
                let kind = kind(token.kind());
                if kind == K::Whitespace {
                    *lines = (*lines + line_breaks(text)).min(2);
                    continue;
                }
                out.push(Token {
                    kind,
                    parent,
                    text,
                    lines: *lines,
                });
            }
        }
        *lines = 0;
    }
}
