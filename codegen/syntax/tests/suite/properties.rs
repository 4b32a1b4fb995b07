//! What holds for any text.

use playhouse_syntax::{FileId, Style, SyntaxKind, ast, format, parse, render};
use proptest::prelude::*;

use crate::format::{check_laws, good_schemas};

/// Whatever the text is: no panic, nothing lost, errors within the text, and the tools behind the parser stand it too.
fn check(text: &str) {
    let parsed = parse(FileId(0), text);
    let tree = parsed.tree();
    assert_eq!(tree.text().to_string(), text);
    let (_, errors) = ast::lower(FileId(0), &tree);
    if parsed.diagnostics.is_empty() {
        // What was not understood, and is not said to be, would be lost.
        let bad = tree.descendants_with_tokens().find(|element| {
            matches!(
                element.kind(),
                SyntaxKind::Bad
                    | SyntaxKind::Unknown
                    | SyntaxKind::BadString
                    | SyntaxKind::BadNumber
            )
        });
        assert!(bad.is_none(), "{bad:?} in {text}");
        check_laws("text", text);
    }
    for error in parsed.diagnostics.iter().chain(&errors) {
        let range = error.primary.span.range;
        assert!(usize::from(range.end()) <= text.len(), "{error:?}");
        assert!(
            text.get(range.start().into()..range.end().into()).is_some(),
            "{error:?}"
        );
    }
    let files = [("a.idl", text)];
    let mut all = parsed.diagnostics;
    all.extend(errors);
    all.truncate(5);
    let _ = render(&all, &files[..], Style::PLAIN);
    let _ = format::format(&tree);
    let _ = format::fill_tags(FileId(0), &tree, &|_| None);
}

/// Words and signs of the language, and what lies near to them.
const WORDS: [&str; 96] = [
    "package",
    "role",
    "audience",
    "use",
    "const",
    "newtype",
    "enum",
    "flags",
    "struct",
    "union",
    "error",
    "oplog",
    "table",
    "component",
    "entity",
    "service",
    "closed",
    "reserved",
    "rpc",
    "oneway",
    "event",
    "timer",
    "client",
    "has",
    "requires",
    "in",
    "on",
    "throws",
    "to",
    "stream",
    "as",
    "from",
    "keyed",
    "a",
    "B",
    "list",
    "map",
    "1",
    "2",
    "0x1F",
    "0b1",
    "1.5",
    "1e3",
    "10s",
    "5KiB",
    "12abc",
    "0x",
    "\"s\"",
    "\"open",
    "\"\\q\"",
    ";",
    ":",
    ",",
    ".",
    "..",
    "..=",
    "=",
    "->",
    "@",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "|",
    "+",
    "-",
    "*",
    "/",
    "?",
    "#",
    "é",
    "\u{feff}",
    "\0",
    "// c\n",
    "/// d\n",
    "//! i\n",
    "/* b */",
    "/*",
    "*/",
    "////\n",
    "\r\n",
    "\n",
    "\t",
    "_",
    "1_000",
    "1..2",
    "1..=2",
    "10/s",
    "1/10s",
    "// playhouse: allow(x) y\n",
    "@persist",
    "{ }",
];

/// Lines that are right, to be put together wrongly.
const LINES: [&str; 24] = [
    "package a.b;",
    "use a.{B, C as D};",
    "const A: u8 = 1 + B;",
    "newtype A = u8[1..=2] = 1;",
    "enum A: u8 {",
    "0 a;",
    "}",
    "struct A<T> {",
    "1 a: map<u8, string[..=3]>[..=4]? = none @persist @sync(owner, every: 5ms);",
    "union A {",
    "2 b { 1 a: u8; }",
    "component 1 A requires B {",
    "entity 1 A: keyed(u64) in B on c {",
    "service 1 A on b {",
    "@exposed(10/s, burst: 5)",
    "rpc 1 a(b: u8, c: list<u8>[..=3] = [1]) -> stream B throws C;",
    "client rpc 2 a() -> bool;",
    "event 3 a(b: u8) to near | owner;",
    "has 1 a: B @hidden;",
    "reserved 1, 3..=4, \"x\";",
    "reserved rpc 5;",
    "/// docs",
    "// comment",
    "flags F { 0 a; b = a; }",
];

fn soup(parts: &'static [&'static str], between: &'static str) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(parts), 0..60)
        .prop_map(move |words| words.join(between))
}

/// How often each is tried. To try harder, write more and run it with `--release`.
const CASES: u32 = 150;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn any_text_parses_and_comes_back(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_bytes_like_ours_parse(text in "[ -~\n]{0,200}") {
        check(&text);
    }

    #[test]
    fn word_soup_parses(text in soup(&WORDS, " ")) {
        check(&text);
    }

    #[test]
    fn glued_word_soup_parses(text in soup(&WORDS, "")) {
        check(&text);
    }

    #[test]
    fn line_soup_parses_and_formats(text in soup(&LINES, "\n")) {
        check(&text);
    }

    /// Comments and line breaks between any two tokens: nothing is lost, and twice is once.
    #[test]
    fn trivia_anywhere_is_kept(
        which in any::<prop::sample::Index>(),
        trivia in prop::collection::vec(
            prop::sample::select(&["", "", "", "", " ", "\n", "\n\n\n", "// c\n", " /* c */ ", "/* c\n d */"][..]),
            64,
        ),
    ) {
        let schemas = good_schemas();
        let (path, text) = &schemas[which.index(schemas.len())];
        let mut stirred = String::new();
        let mut at = 0;
        for (number, token) in playhouse_syntax::lexer::lex(text).into_iter().enumerate() {
            let end = at + token.len as usize;
            stirred.push_str(&text[at..end]);
            // Behind a line comment stands its line break; a doc comment would swallow what follows.
            if token.kind == SyntaxKind::Whitespace || token.kind > SyntaxKind::BlockComment {
                // A `/` and a comment would be another comment.
                if token.kind == SyntaxKind::Slash {
                    stirred.push(' ');
                }
                stirred.push_str(trivia[number % trivia.len()]);
            }
            at = end;
        }
let errors = parse(FileId(0), &stirred).diagnostics;
        prop_assert!(errors.is_empty(), "{errors:#?}\n{stirred}");
        check_laws(&path.display().to_string(), &stirred);
    }

    /// A schema cut off, or with a part left out.
    #[test]
    fn torn_schemas_parse(which in any::<prop::sample::Index>(), from in any::<prop::sample::Index>(), len in 0usize..200) {
        let schemas = good_schemas();
        let (_, text) = &schemas[which.index(schemas.len())];
        let from = text.floor_char_boundary(from.index(text.len()));
        let to = text.floor_char_boundary((from + len).min(text.len()));
        check(&format!("{}{}", &text[..from], &text[to..]));
        check(&text[..from]);
    }
}
