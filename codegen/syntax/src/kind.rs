//! The kinds of tokens and nodes.

use logos::Logos;

/// A token or node kind. Tokens come first; [`SyntaxKind::File`] is the first node.
#[derive(Logos, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
#[expect(
    missing_docs,
    reason = "each kind is the token or the grammar rule of that name"
)]
pub enum SyntaxKind {
    #[regex(r"[ \t\r\n]+")]
    Whitespace,
    #[regex(r"//[^\n]*", priority = 3, allow_greedy = true)]
    LineComment,
    #[regex(r"///[^\n]*", priority = 6, allow_greedy = true)]
    DocComment,
    #[regex(r"////[^\n]*", priority = 9, allow_greedy = true)]
    RuleComment,
    #[regex(r"//![^\n]*", priority = 6, allow_greedy = true)]
    InnerDoc,
    #[token("/*", block_comment)]
    BlockComment,
    #[regex(r"[A-Za-z_][A-Za-z0-9_]*")]
    // With letters that names can't have; the parser says so.
    #[regex(r"[A-Za-z_\p{L}][A-Za-z0-9_\p{L}\p{M}]*", priority = 1)]
    Ident,
    #[regex(r"[0-9][0-9_]*", priority = 20)]
    #[regex(r"0x[0-9A-Fa-f_]+", priority = 20)]
    #[regex(r"0b[01_]+", priority = 20)]
    Int,
    #[regex(r"[0-9][0-9_]*\.[0-9][0-9_]*([eE][+-]?[0-9]+)?", priority = 20)]
    #[regex(r"[0-9][0-9_]*[eE][+-]?[0-9]+", priority = 20)]
    Float,
    #[regex(
        r"[0-9][0-9_]*(\.[0-9][0-9_]*)?(ns|us|ms|s|min|h|d|KiB|MiB|GiB)",
        priority = 20
    )]
    Unit,
    #[regex(r"[0-9][0-9_]*(\.[0-9]+)?[0-9A-Za-z_]*", priority = 1)]
    BadNumber,
    #[regex(r#""([^"\\\n]|\\[^\n])*""#, priority = 20)]
    String,
    #[regex(r#""([^"\\\n]|\\[^\n])*\\?"#, priority = 1)]
    // In other quotes.
    #[regex(r#"'[^'"\n]*'"#)]
    #[regex("[“”„][^“”„\"\n]*[“”\"]")]
    BadString,
    #[token(";")]
    Semicolon,
    #[token(":")]
    Colon,
    #[token(",")]
    Comma,
    #[token(".")]
    Dot,
    #[token("..")]
    DotDot,
    #[token("..=")]
    DotDotEq,
    #[token("=")]
    Eq,
    #[token("->")]
    Arrow,
    #[token("@")]
    At,
    #[token("(")]
    LParen,
    #[token(")")]
    RParen,
    #[token("{")]
    LBrace,
    #[token("}")]
    RBrace,
    #[token("[")]
    LBracket,
    #[token("]")]
    RBracket,
    #[token("<")]
    LAngle,
    #[token(">")]
    RAngle,
    #[token("|")]
    Pipe,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("?")]
    Question,
    /// A character that no token begins with, or an unterminated comment.
    #[regex(r"#[^\n]*", allow_greedy = true)]
    Unknown,
    /// The end of the text; never in a tree.
    Eof,

    File,
    Package,
    Role,
    Audience,
    Use,
    UseItem,
    Const,
    Newtype,
    Enum,
    Flags,
    Struct,
    Union,
    ErrorDecl,
    Oplog,
    Table,
    Component,
    Entity,
    Service,
    Attr,
    AttrArg,
    Generics,
    Requires,
    EntityKind,
    InContainer,
    OnRole,
    Fields,
    Field,
    Arms,
    Arm,
    Values,
    EnumValue,
    Body,
    Slot,
    Call,
    Params,
    Param,
    Result,
    Throws,
    To,
    Reserved,
    ReservedItem,
    Type,
    TypeArgs,
    Bound,
    Path,
    Literal,
    Rate,
    Binary,
    List,
    Map,
    MapEntry,
    Paren,
    Default,
    /// Skipped tokens.
    Bad,
}

/// Consumes a block comment, which may contain others; an unterminated one reaches to the end.
fn block_comment(lexer: &mut logos::Lexer<'_, SyntaxKind>) -> bool {
    let rest = lexer.remainder().as_bytes();
    let mut depth = 1usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                lexer.bump(at);
                return true;
            }
        } else {
            at += 1;
        }
    }
    lexer.bump(rest.len());
    false
}

impl SyntaxKind {
    /// Whether it carries no meaning for the checker: white space and comments that are not docs.
    #[must_use]
    pub const fn is_trivia(self) -> bool {
        matches!(
            self,
            Self::Whitespace | Self::LineComment | Self::RuleComment | Self::BlockComment
        )
    }

    /// How to name it in a message.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Ident => "a name",
            Self::Int => "a whole number",
            Self::Float => "a number with a fraction",
            Self::Unit => "a number with a unit",
            Self::String | Self::BadString => "a string",
            Self::BadNumber => "a number",
            Self::DocComment => "a doc comment",
            Self::InnerDoc => "an inner doc comment",
            Self::Semicolon => "`;`",
            Self::Colon => "`:`",
            Self::Comma => "`,`",
            Self::Dot => "`.`",
            Self::DotDot => "`..`",
            Self::DotDotEq => "`..=`",
            Self::Eq => "`=`",
            Self::Arrow => "`->`",
            Self::At => "`@`",
            Self::LParen => "`(`",
            Self::RParen => "`)`",
            Self::LBrace => "`{`",
            Self::RBrace => "`}`",
            Self::LBracket => "`[`",
            Self::RBracket => "`]`",
            Self::LAngle => "`<`",
            Self::RAngle => "`>`",
            Self::Pipe => "`|`",
            Self::Plus => "`+`",
            Self::Minus => "`-`",
            Self::Star => "`*`",
            Self::Slash => "`/`",
            Self::Question => "`?`",
            Self::Eof => "the end of the file",
            _ => "this",
        }
    }
}

impl From<SyntaxKind> for rowan::SyntaxKind {
    fn from(kind: SyntaxKind) -> Self {
        Self(kind as u16)
    }
}

/// The kind with the greatest number.
const LAST: SyntaxKind = SyntaxKind::Bad;

/// Every kind, by its number.
static KINDS: [SyntaxKind; LAST as usize + 1] = {
    use SyntaxKind::*;
    [
        Whitespace,
        LineComment,
        DocComment,
        RuleComment,
        InnerDoc,
        BlockComment,
        Ident,
        Int,
        Float,
        Unit,
        BadNumber,
        String,
        BadString,
        Semicolon,
        Colon,
        Comma,
        Dot,
        DotDot,
        DotDotEq,
        Eq,
        Arrow,
        At,
        LParen,
        RParen,
        LBrace,
        RBrace,
        LBracket,
        RBracket,
        LAngle,
        RAngle,
        Pipe,
        Plus,
        Minus,
        Star,
        Slash,
        Question,
        Unknown,
        Eof,
        File,
        Package,
        Role,
        Audience,
        Use,
        UseItem,
        Const,
        Newtype,
        Enum,
        Flags,
        Struct,
        Union,
        ErrorDecl,
        Oplog,
        Table,
        Component,
        Entity,
        Service,
        Attr,
        AttrArg,
        Generics,
        Requires,
        EntityKind,
        InContainer,
        OnRole,
        Fields,
        Field,
        Arms,
        Arm,
        Values,
        EnumValue,
        Body,
        Slot,
        Call,
        Params,
        Param,
        Result,
        Throws,
        To,
        Reserved,
        ReservedItem,
        Type,
        TypeArgs,
        Bound,
        Path,
        Literal,
        Rate,
        Binary,
        List,
        Map,
        MapEntry,
        Paren,
        Default,
        Bad,
    ]
};

/// The language of our trees, for rowan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Idl {}

impl rowan::Language for Idl {
    type Kind = SyntaxKind;

    fn kind_from_raw(raw: rowan::SyntaxKind) -> SyntaxKind {
        KINDS.get(usize::from(raw.0)).copied().unwrap_or(LAST)
    }

    fn kind_to_raw(kind: SyntaxKind) -> rowan::SyntaxKind {
        kind.into()
    }
}

/// A node of the lossless tree.
pub type SyntaxNode = rowan::SyntaxNode<Idl>;
/// A token of the lossless tree.
pub type SyntaxToken = rowan::SyntaxToken<Idl>;
/// A node or a token.
pub type SyntaxElement = rowan::SyntaxElement<Idl>;
