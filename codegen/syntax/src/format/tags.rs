//! Numbering what has no number yet.

use rowan::{GreenNodeData, NodeOrToken, TextRange, TextSize};

use super::tokens::kind;
use crate::{Edit, FileId, Span, SyntaxKind as K, SyntaxNode, ast::int};

/// The greatest tag. What would need a greater one is left without, and the checker says so.
pub const TAG_MAX: i64 = 127;

/// Numbers that must differ from one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TagScope<'a> {
    /// The file's package; empty if the file names none.
    pub package: &'a str,
    /// The declaration's name.
    pub declaration: &'a str,
    /// The arm, for the fields that it has in braces.
    pub arm: Option<&'a str>,
    /// Which of the declaration's numbers.
    pub space: TagSpace,
}

/// Which numbers of a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagSpace {
    /// Tags of fields, properties and slots, or of arms; the values of an enum or the bits of flags.
    Data,
    /// Tags of calls.
    Calls,
}

/// The greatest number that a scope ever had by what is known beyond the file (the lock), or `None` if it had none.
pub type PastMax<'a> = &'a dyn Fn(&TagScope<'_>) -> Option<i64>;

/// Edits that number what has no number: fields, slots, arms, calls, the values of enums and the bits of flags.
///
/// The number is one more than the greatest that the file uses or reserves in that scope, or that `past_max` knows; a gap
/// is never filled, since what stood there may live on in stored data and old clients. Ids of components, entities and
/// services are numbered by the package, which one file does not show.
#[must_use]
pub fn fill_tags(file: FileId, tree: &SyntaxNode, past_max: PastMax<'_>) -> Vec<Edit> {
    let green = tree.green();
    let package = green
        .children()
        .filter_map(NodeOrToken::into_node)
        .find(|node| kind(node.kind()) == K::Package)
        .and_then(|node| child(node, K::Path))
        .map(path_text);
    let mut filling = Filling {
        file,
        package: package.unwrap_or_default(),
        past_max,
        edits: Vec::new(),
    };
    let mut offset = tree.text_range().start();
    for element in green.children() {
        if let NodeOrToken::Node(node) = element {
            filling.declaration(node, offset);
        }
        offset += element_len(&element);
    }
    filling.edits
}

type Element<'a> = NodeOrToken<&'a GreenNodeData, &'a rowan::GreenTokenData>;

fn element_len(element: &Element<'_>) -> TextSize {
    match element {
        NodeOrToken::Node(node) => node.text_len(),
        NodeOrToken::Token(token) => token.text_len(),
    }
}

fn child(node: &GreenNodeData, wanted: K) -> Option<&GreenNodeData> {
    let mut nodes = node.children().filter_map(NodeOrToken::into_node);
    nodes.find(|child| kind(child.kind()) == wanted)
}

fn path_text(path: &GreenNodeData) -> String {
    let tokens = path.children().filter_map(NodeOrToken::into_token);
    tokens
        .filter(|token| matches!(kind(token.kind()), K::Ident | K::Dot))
        .map(rowan::GreenTokenData::text)
        .collect()
}

struct Filling<'a> {
    file: FileId,
    package: String,
    past_max: PastMax<'a>,
    edits: Vec<Edit>,
}

/// The words and the number of a declaration or member.
struct Front<'a> {
    /// Its words, each with its place.
    words: Vec<(&'a str, TextSize)>,
    number: Option<i64>,
    /// Whether a value is written behind it.
    valued: bool,
}

fn front(node: &GreenNodeData, mut offset: TextSize) -> Front<'_> {
    let mut front = Front {
        words: Vec::new(),
        number: None,
        valued: false,
    };
    let mut negative = false;
    for element in node.children() {
        match element {
            NodeOrToken::Token(token) => match kind(token.kind()) {
                K::Ident => front.words.push((token.text(), offset)),
                K::Minus => negative = true,
                K::Int => front.number = Some(number(token.text(), negative)),
                _ => {}
            },
            NodeOrToken::Node(child) => front.valued |= kind(child.kind()) == K::Default,
        }
        offset += element_len(&element);
    }
    front
}

fn number(text: &str, negative: bool) -> i64 {
    let value = int(text)
        .and_then(|value| i64::try_from(value).ok())
        .unwrap_or(i64::MAX);
    if negative { -value } else { value }
}

/// A member without a number: where its name stands.
struct Missing {
    space: TagSpace,
    at: TextSize,
}

impl Filling<'_> {
    fn declaration(&mut self, node: &GreenNodeData, offset: TextSize) {
        let words = front(node, offset).words;
        let closed = words.first().is_some_and(|(word, _)| *word == "closed");
        let Some(&(name, _)) = words.get(1 + usize::from(closed)) else {
            return;
        };
        // The least and the greatest number of data.
        let range = match kind(node.kind()) {
            K::Enum => {
                let carrier = words.get(2 + usize::from(closed)).map(|(word, _)| *word);
                (0, enum_max(carrier))
            }
            K::Flags => {
                let carrier = words.get(2).map(|(word, _)| *word);
                (0, bits(carrier) - 1)
            }
            _ => (1, TAG_MAX),
        };
        self.block_of(node, offset, name, None, range);
    }

    /// Fills in the block among the children of `node`.
    fn block_of(
        &mut self,
        node: &GreenNodeData,
        mut offset: TextSize,
        name: &str,
        arm: Option<&str>,
        range: (i64, i64),
    ) {
        for element in node.children() {
            if let NodeOrToken::Node(block) = element
                && matches!(
                    kind(block.kind()),
                    K::Fields | K::Arms | K::Values | K::Body
                )
            {
                self.block(block, offset, name, arm, range);
            }
            offset += element_len(&element);
        }
    }

    fn block(
        &mut self,
        block: &GreenNodeData,
        mut offset: TextSize,
        name: &str,
        arm: Option<&str>,
        range: (i64, i64),
    ) {
        let mut data_max = None;
        let mut calls_max = None;
        let mut missing = Vec::new();
        for element in block.children() {
            if let NodeOrToken::Node(member) = element {
                let (space, name_at) = match kind(member.kind()) {
                    K::Reserved => {
                        let (calls, max) = reserved_max(member);
                        let used = if calls { &mut calls_max } else { &mut data_max };
                        *used = (*used).max(max);
                        (TagSpace::Data, None)
                    }
                    K::Field | K::Arm | K::EnumValue => (TagSpace::Data, Some(0)),
                    K::Slot => (TagSpace::Data, Some(1)),
                    K::Call => (TagSpace::Calls, Some(1)),
                    _ => (TagSpace::Data, None),
                };
                if let Some(name_at) = name_at {
                    let front = front(member, offset);
                    let client = space == TagSpace::Calls
                        && front
                            .words
                            .first()
                            .is_some_and(|(word, _)| *word == "client");
                    let word = front.words.get(name_at + usize::from(client));
                    if front.number.is_some() {
                        let used = match space {
                            TagSpace::Data => &mut data_max,
                            TagSpace::Calls => &mut calls_max,
                        };
                        *used = (*used).max(front.number);
                    } else if let Some(&(_, at)) = word
                        && !front.valued_bits(member)
                    {
                        missing.push(Missing { space, at });
                    }
                    if let Some(&(arm, _)) = word {
                        self.block_of(member, offset, name, Some(arm), (1, TAG_MAX));
                    }
                }
            }
            offset += element_len(&element);
        }
        self.number(&missing, (name, arm), range, data_max, calls_max);
    }

    fn number(
        &mut self,
        missing: &[Missing],
        (declaration, arm): (&str, Option<&str>),
        range: (i64, i64),
        data_max: Option<i64>,
        calls_max: Option<i64>,
    ) {
        for (space, max, (least, greatest)) in [
            (TagSpace::Data, data_max, range),
            (TagSpace::Calls, calls_max, (1, TAG_MAX)),
        ] {
            let mut missing = missing
                .iter()
                .filter(|member| member.space == space)
                .peekable();
            if missing.peek().is_none() {
                continue;
            }
            let past = (self.past_max)(&TagScope {
                package: &self.package,
                declaration,
                arm,
                space,
            });
            let next = match max.max(past) {
                Some(max) => max.checked_add(1),
                None => Some(least),
            };
            let Some(next) = next else { continue };
            for (value, member) in (next.max(least)..=greatest).zip(missing) {
                self.edits.push(Edit {
                    span: Span::new(self.file, TextRange::empty(member.at)),
                    text: format!("{value} "),
                });
            }
        }
    }
}

impl Front<'_> {
    /// Whether it is a name for other bits, `all = a | b`, which has no number of its own.
    fn valued_bits(&self, member: &GreenNodeData) -> bool {
        self.valued && kind(member.kind()) == K::EnumValue
    }
}

/// Whether calls are reserved, and the greatest number that is.
fn reserved_max(node: &GreenNodeData) -> (bool, Option<i64>) {
    let words = node.children().filter_map(NodeOrToken::into_token);
    let calls = words.filter(|token| kind(token.kind()) == K::Ident).count() > 1;
    let mut max = None;
    for item in node.children().filter_map(NodeOrToken::into_node) {
        let mut negative = false;
        for token in item.children().filter_map(NodeOrToken::into_token) {
            match kind(token.kind()) {
                K::Minus => negative = true,
                K::Int => {
                    max = max.max(Some(number(token.text(), negative)));
                    negative = false;
                }
                _ => {}
            }
        }
    }
    (calls, max)
}

/// Bits of an integer type; those of the default one, `u32`, for anything else.
fn bits(carrier: Option<&str>) -> i64 {
    match carrier {
        Some("u8" | "i8") => 8,
        Some("u16" | "i16") => 16,
        Some("u64" | "i64") => 64,
        _ => 32,
    }
}

/// The greatest value of an enum.
fn enum_max(carrier: Option<&str>) -> i64 {
    let signed = carrier.is_some_and(|carrier| carrier.starts_with('i'));
    let bits = bits(carrier) - i64::from(signed);
    if bits >= 63 {
        i64::MAX
    } else {
        (1 << bits) - 1
    }
}
