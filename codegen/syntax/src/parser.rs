//! Tokens to a lossless tree. Recursive descent; it recovers at `;`, `}` and declaration keywords and reports every error.
//!
//! Reading order: [`parse`], then `declarations`, `bodies`, `types`, `values`; the grammar in `docs/language.md`
//! has the same rules under the same names.

use rowan::{Checkpoint, GreenNode, GreenNodeBuilder, TextRange, TextSize};

use crate::{
    SyntaxKind, SyntaxNode, codes,
    diagnostic::{Diagnostic, FileId, Span},
    lexer::{self, TEXT_BYTES_MAX},
    suggest,
};

mod bodies;
mod declarations;
mod types;
mod values;

/// How deep types and values may be nested in one another.
pub const NESTING_MAX: u32 = 32;
/// How many errors of one file are reported; what follows is most often their echo.
pub const ERRORS_MAX: usize = 200;

/// The tree of one file and what is wrong with it.
#[derive(Debug, Clone)]
pub struct Parse {
    green: GreenNode,
    /// Syntax errors, by position.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parse {
    /// The root node, of kind [`SyntaxKind::File`].
    #[must_use]
    pub fn tree(&self) -> SyntaxNode {
        SyntaxNode::new_root(self.green.clone())
    }
}

/// Parses one file. The tree's text is always `text`, whatever the errors.
#[must_use]
pub fn parse(file: FileId, text: &str) -> Parse {
    if text.len() > TEXT_BYTES_MAX {
        let mut parse = parse(file, "");
        parse.diagnostics.push(
            Diagnostic::error(
                codes::FILE_TOO_LONG,
                Span::default(),
                "the file is too long",
            )
            .help(format!("split it: a file may have {TEXT_BYTES_MAX} bytes")),
        );
        return parse;
    }
    let mut parser = Parser::new(file, text);
    parser.file();
    let green = parser.builder.finish();
    let mut diagnostics = parser.errors;
    diagnostics.sort_by_key(|error| error.primary.span.range.start());
    diagnostics.truncate(ERRORS_MAX);
    Parse { green, diagnostics }
}

struct Parser<'a> {
    file: FileId,
    text: &'a str,
    /// All tokens with their places, trivia included.
    tokens: Vec<(SyntaxKind, TextRange)>,
    /// Index in `tokens` of the first that is not in the tree yet.
    flushed: usize,
    /// Indexes in `tokens` of those that are no trivia.
    meaningful: Vec<usize>,
    /// Index in `meaningful` of the current token.
    at: usize,
    builder: GreenNodeBuilder<'static>,
    errors: Vec<Diagnostic>,
    /// Where the last error was reported: one a token.
    last_error_at: Option<usize>,
    depth: u32,
}

impl<'a> Parser<'a> {
    fn new(file: FileId, text: &'a str) -> Self {
        let mut offset = TextSize::new(0);
        let mut tokens = Vec::new();
        let mut meaningful = Vec::new();
        for token in lexer::lex(text) {
            let range = TextRange::at(offset, TextSize::new(token.len));
            offset = range.end();
            if !token.kind.is_trivia() {
                meaningful.push(tokens.len());
            }
            tokens.push((token.kind, range));
        }
        Self {
            file,
            text,
            tokens,
            flushed: 0,
            meaningful,
            at: 0,
            builder: GreenNodeBuilder::new(),
            errors: Vec::new(),
            last_error_at: None,
            depth: 0,
        }
    }

    // Looking.

    fn nth(&self, n: usize) -> SyntaxKind {
        self.meaningful
            .get(self.at + n)
            .map_or(SyntaxKind::Eof, |&index| self.tokens[index].0)
    }

    fn current(&self) -> SyntaxKind {
        self.nth(0)
    }

    fn at(&self, kind: SyntaxKind) -> bool {
        self.current() == kind
    }

    fn nth_text(&self, n: usize) -> &'a str {
        self.meaningful
            .get(self.at + n)
            .map_or("", |&index| &self.text[self.tokens[index].1])
    }

    /// Whether the `n`th token from here is the word `word`.
    fn nth_word(&self, n: usize, word: &str) -> bool {
        self.nth(n) == SyntaxKind::Ident && self.nth_text(n) == word
    }

    fn at_word(&self, word: &str) -> bool {
        self.nth_word(0, word)
    }

    /// The place of the `n`th token from here; the end of the text behind the last.
    fn nth_range(&self, n: usize) -> TextRange {
        self.meaningful.get(self.at + n).map_or_else(
            || TextRange::empty(TextSize::of(self.text)),
            |&index| self.tokens[index].1,
        )
    }

    /// The end of the token before the current one.
    fn previous_end(&self) -> TextSize {
        self.at
            .checked_sub(1)
            .and_then(|at| self.meaningful.get(at))
            .map_or(TextSize::new(0), |&index| self.tokens[index].1.end())
    }

    /// Whether the current token is the first on its line.
    fn on_new_line(&self) -> bool {
        let start = usize::from(self.nth_range(0).start());
        self.text[usize::from(self.previous_end())..start].contains('\n')
    }

    fn span(&self, range: TextRange) -> Span {
        Span::new(self.file, range)
    }

    fn here(&self) -> Span {
        self.span(self.nth_range(0))
    }

    // Building.

    fn flush_trivia(&mut self) {
        let until = self
            .meaningful
            .get(self.at)
            .copied()
            .unwrap_or(self.tokens.len());
        self.flush_until(until);
    }

    fn flush_until(&mut self, until: usize) {
        while self.flushed < until {
            let (kind, range) = self.tokens[self.flushed];
            if kind == SyntaxKind::Unknown {
                self.unknown_token(range);
            }
            self.builder.token(kind.into(), &self.text[range]);
            self.flushed += 1;
        }
    }

    fn start(&mut self, kind: SyntaxKind) {
        self.flush_trivia();
        self.builder.start_node(kind.into());
    }

    fn checkpoint(&mut self) -> Checkpoint {
        self.flush_trivia();
        self.builder.checkpoint()
    }

    fn start_at(&mut self, checkpoint: Checkpoint, kind: SyntaxKind) {
        self.builder.start_node_at(checkpoint, kind.into());
    }

    fn finish(&mut self) {
        self.builder.finish_node();
    }

    /// Takes the current token into the tree.
    fn bump(&mut self) {
        let Some(&index) = self.meaningful.get(self.at) else {
            return;
        };
        self.flush_trivia();
        let (kind, range) = self.tokens[index];
        match kind {
            SyntaxKind::BadString => {
                self.report(
                    Diagnostic::error(
                        codes::UNTERMINATED,
                        self.span(range),
                        "the string has no end",
                    )
                    .help("close it with `\"` on the same line; write `\\n` for a line break"),
                );
            }
            SyntaxKind::BadNumber => self.bad_number(range),
            _ => {}
        }
        self.flush_until(index + 1);
        self.at += 1;
    }

    fn eat(&mut self, kind: SyntaxKind) -> bool {
        let found = self.at(kind);
        if found {
            self.bump();
        }
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        if found {
            self.bump();
        }
        found
    }

    // Reporting.

    /// Reports an error, unless one was reported at this token already.
    fn report(&mut self, error: Diagnostic) {
        if self.last_error_at != Some(self.at) {
            self.last_error_at = Some(self.at);
            self.errors.push(error);
        }
    }

    /// What stands here, for a message.
    fn found(&self) -> String {
        match self.current() {
            SyntaxKind::Eof => "the end of the file".to_owned(),
            SyntaxKind::DocComment => "a doc comment".to_owned(),
            _ => {
                let text = self.nth_text(0);
                let shown: String = text.chars().take(24).collect();
                let more = if shown.len() < text.len() { "..." } else { "" };
                format!("`{shown}{more}`")
            }
        }
    }

    fn expected(&mut self, what: &str) -> Diagnostic {
        Diagnostic::error(
            codes::EXPECTED,
            self.here(),
            format!("expected {what}, found {}", self.found()),
        )
        .label(format!("{what} belongs here"))
    }

    fn error_expected(&mut self, what: &str) {
        let error = self.expected(what);
        self.report(error);
    }

    /// Takes `kind`, or says that it was expected.
    fn expect(&mut self, kind: SyntaxKind) -> bool {
        self.stray_docs();
        if self.eat(kind) {
            return true;
        }
        self.error_expected(kind.describe());
        false
    }

    /// Takes a name, or says that `what` was expected.
    fn expect_name(&mut self, what: &str) -> bool {
        self.stray_docs();
        if self.eat(SyntaxKind::Ident) {
            return true;
        }
        self.error_expected(what);
        false
    }

    /// Takes the `;` that ends something, or says that it is missing and goes on behind it.
    fn semicolon(&mut self) {
        if self.eat(SyntaxKind::Semicolon) {
            return;
        }
        if self.on_new_line() || matches!(self.current(), SyntaxKind::RBrace | SyntaxKind::Eof) {
            let end = Span::at(self.file, self.previous_end());
            self.report(
                Diagnostic::error(codes::MISSING_SEMICOLON, end, "expected `;`")
                    .label("`;` is missing here")
                    .fix("write `;`", true, end, ";"),
            );
            return;
        }
        self.error_expected("`;`");
        self.skip_item();
    }

    /// Wraps what can't be understood, up to and with the next `;` or block, and not beyond a `}` that closes what is open.
    fn skip_item(&mut self) {
        self.start(SyntaxKind::Bad);
        let mut depth = 0u32;
        let mut first = true;
        loop {
            match self.current() {
                SyntaxKind::Eof => break,
                SyntaxKind::LBrace => depth += 1,
                SyntaxKind::RBrace if depth == 0 => break,
                SyntaxKind::RBrace => {
                    depth -= 1;
                    if depth == 0 {
                        self.bump();
                        break;
                    }
                }
                SyntaxKind::Semicolon if depth == 0 => {
                    self.bump();
                    break;
                }
                SyntaxKind::Ident
                    if depth == 0 && !first && self.on_new_line() && self.at_declaration() =>
                {
                    break;
                }
                _ => {}
            }
            first = false;
            self.bump();
        }
        self.finish();
    }

    /// Takes doc comments that stand where nothing can be documented.
    fn stray_docs(&mut self) {
        while matches!(
            self.current(),
            SyntaxKind::DocComment | SyntaxKind::InnerDoc
        ) {
            let inner = self.at(SyntaxKind::InnerDoc);
            let error = Diagnostic::error(
                codes::STRAY_DOC,
                self.here(),
                "the doc comment stands before nothing that it could document",
            );
            let error = if inner {
                error.help("`//!` describes a file and stands at its top; write `//` for a comment")
            } else {
                error.help("put it before a declaration or a member, or write `//` for a comment")
            };
            self.report(error);
            self.bump();
        }
    }

    /// Doc comments before a declaration or a member.
    fn docs(&mut self) {
        while self.at(SyntaxKind::DocComment) {
            self.bump();
        }
    }

    fn unknown_token(&mut self, range: TextRange) {
        let text = &self.text[range];
        let error = if text.starts_with("/*") {
            Diagnostic::error(
                codes::UNTERMINATED,
                self.span(range),
                "the comment has no end",
            )
            .help("close it with `*/`; comments may stand inside one another")
        } else {
            Diagnostic::error(
                codes::UNKNOWN_CHARACTER,
                self.span(range),
                format!(
                    "the character {:?} begins nothing",
                    text.chars().next().unwrap_or(' ')
                ),
            )
            .help("remove it; names are made of ASCII letters, digits and `_`")
        };
        self.errors.push(error);
    }

    fn bad_number(&mut self, range: TextRange) {
        let text = &self.text[range];
        let suffix = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_' || c == '.');
        let mut error = Diagnostic::error(
            codes::BAD_NUMBER,
            self.span(range),
            format!("`{text}` is not a number"),
        );
        const UNITS: [&str; 10] = ["ns", "us", "ms", "s", "min", "h", "d", "KiB", "MiB", "GiB"];
        if text.starts_with("0x") || text.starts_with("0b") {
            error = error.help("write hexadecimal as `0x1F`, binary as `0b101`");
        } else if let Some(unit) = suggest::nearest(suffix, UNITS) {
            let number = &text[..text.len() - suffix.len()];
            error = error.help(format!("did you mean the unit `{unit}`?")).fix(
                format!("write `{number}{unit}`"),
                false,
                self.span(range),
                format!("{number}{unit}"),
            );
        } else {
            error = error.help(format!("the units are {}", UNITS.join(", ")));
        }
        self.report(error);
    }

    /// Runs `inner` one level deeper, or skips to the item's end if that is too deep.
    fn nested(&mut self, inner: impl FnOnce(&mut Self)) {
        if self.depth >= NESTING_MAX {
            let error = Diagnostic::error(
                codes::TOO_DEEP,
                self.here(),
                format!("nested deeper than {NESTING_MAX} levels"),
            )
            .help("give the inner part a name of its own");
            self.report(error);
            self.start(SyntaxKind::Bad);
            while !matches!(
                self.current(),
                SyntaxKind::Semicolon | SyntaxKind::RBrace | SyntaxKind::Eof
            ) {
                self.bump();
            }
            self.finish();
            return;
        }
        self.depth += 1;
        inner(self);
        self.depth -= 1;
    }

    /// Reports an opening bracket that nothing closes.
    fn close(&mut self, kind: SyntaxKind, open: TextRange) -> bool {
        if self.eat(kind) {
            return true;
        }
        let opening = &self.text[open];
        let error = Diagnostic::error(
            codes::UNBALANCED,
            self.here(),
            format!("expected {}, found {}", kind.describe(), self.found()),
        )
        .label(format!("{} belongs here", kind.describe()))
        .also(self.span(open), format!("to close this `{opening}`"));
        self.report(error);
        false
    }

    /// Whether here stands a new declaration, most likely (for recovery): a keyword, and what can follow it.
    fn at_declaration(&self) -> bool {
        declarations::is_keyword(self.nth_text(0))
            && matches!(self.nth(1), SyntaxKind::Ident | SyntaxKind::Int)
            && self.nth(1) != SyntaxKind::Colon
    }
}
