//! Tokens to a lossless tree. Recursive descent; it recovers at `;`, `}` and declaration keywords and reports every error.
//!
//! One mistake should give one error: behind an error, more of them are kept back until the next member or declaration
//! begins, since what follows is most often an echo. What is wrong with a single token is always reported.
//!
//! Reading order: [`parse`], then `declarations`, `imports`, `blocks`, `bodies`, `members`, `reserved`, `types`, `values`;
//! the grammar in `docs/language.md` has the same rules under the same names. `keywords`, `recovery` and `errors` are for
//! texts that are wrong.

use rowan::{Checkpoint, GreenNode, GreenNodeBuilder, TextRange, TextSize};

use crate::{
    SyntaxKind, SyntaxNode, codes,
    diagnostic::{Diagnostic, FileId, Span},
    lexer::{self, TEXT_BYTES_MAX},
};

mod blocks;
mod bodies;
mod declarations;
mod errors;
mod imports;
mod keywords;
mod members;
mod recovery;
mod reserved;
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

/// Parses one file. The tree's text is always `text`, whatever the errors, unless it is longer than
/// [`TEXT_BYTES_MAX`]: then the tree is empty.
#[must_use]
pub fn parse(file: FileId, text: &str) -> Parse {
    if text.len() > TEXT_BYTES_MAX {
        let mut parse = parse(file, "");
        parse.diagnostics.push(
            Diagnostic::error(
                codes::FILE_TOO_LONG,
                Span::at(file, TextSize::new(0)),
                "the file is too long",
            )
            .help(format!(
                "split it: a file may have {} MiB",
                TEXT_BYTES_MAX >> 20
            )),
        );
        return parse;
    }
    let mut parser = Parser::new(file, text);
    parser.file();
    let green = parser.builder.finish();
    let mut diagnostics = parser.errors;
    diagnostics.sort_by_key(|error| error.primary.span.range.start());
    Parse { green, diagnostics }
}

struct Parser<'a> {
    file: FileId,
    text: &'a str,
    /// All tokens with their places, trivia included.
    tokens: Vec<(SyntaxKind, TextRange)>,
    /// Index in `tokens` of the first that is not in the tree yet.
    flushed: usize,
    /// Indexes in `tokens` of those that the grammar knows.
    meaningful: Vec<usize>,
    /// Index in `meaningful` of the current token.
    at: usize,
    builder: GreenNodeBuilder<'static>,
    errors: Vec<Diagnostic>,
    /// Whether errors of grammar are kept back, until the next member or declaration.
    quiet: bool,
    /// Whether a comment without an end has swallowed the rest of the text.
    swallowed: bool,
    depth: u32,
}

impl<'a> Parser<'a> {
    fn new(file: FileId, text: &'a str) -> Self {
        let mut offset = TextSize::new(0);
        let mut tokens = Vec::new();
        let mut meaningful = Vec::new();
        let mut swallowed = false;
        for token in lexer::lex(text) {
            let range = TextRange::at(offset, TextSize::new(token.len));
            offset = range.end();
            // What begins no token is reported and else passed over, so that it is one error.
            if token.kind == SyntaxKind::Unknown {
                swallowed |= text[range].starts_with("/*");
            } else if !token.kind.is_trivia() {
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
            quiet: false,
            swallowed,
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
        self.starts_line(self.at)
    }

    /// Whether the token `at`, counted from the first, is the first on its line. The first of all is none.
    fn starts_line(&self, at: usize) -> bool {
        let end = |at: usize| self.meaningful.get(at).map(|&index| self.tokens[index].1);
        let Some(before) = at.checked_sub(1).and_then(end) else {
            return false;
        };
        let start = end(at).map_or(self.text.len(), |range| range.start().into());
        self.text[usize::from(before.end())..start].contains('\n')
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

    /// Takes the current token into the tree, and says what is wrong with it by itself.
    fn bump(&mut self) {
        if let Some(&index) = self.meaningful.get(self.at) {
            self.flush_trivia();
            self.check_token(self.tokens[index]);
            self.take();
        }
    }

    /// Takes the current token into the tree.
    fn take(&mut self) {
        if let Some(&index) = self.meaningful.get(self.at) {
            self.flush_until(index + 1);
            self.at += 1;
        }
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
}
