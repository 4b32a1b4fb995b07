//! Which tokens a text is split into.

use playhouse_syntax::{SyntaxKind, lexer::lex};

/// Tokens other than spaces, as `Kind text`, parted by ` | `.
fn check(text: &str, expected: &str) {
    let mut at = 0;
    let mut found = Vec::new();
    for token in lex(text) {
        let end = at + token.len as usize;
        if token.kind != SyntaxKind::Whitespace {
            found.push(format!("{:?} {}", token.kind, &text[at..end]));
        }
        at = end;
    }
    assert_eq!(at, text.len());
    assert_eq!(found.join(" | "), expected);
}

#[test]
fn numbers() {
    check("0 7 1_000", "Int 0 | Int 7 | Int 1_000");
    check(
        "0x1F 0xffff_ffff 0b1_0",
        "Int 0x1F | Int 0xffff_ffff | Int 0b1_0",
    );
    check(
        "1.5 1e3 2.5e-3 1_0.0_1",
        "Float 1.5 | Float 1e3 | Float 2.5e-3 | Float 1_0.0_1",
    );
    check(
        "10s 1.5min 64KiB 250ms 2d",
        "Unit 10s | Unit 1.5min | Unit 64KiB | Unit 250ms | Unit 2d",
    );
    check(
        "0x 0b2 12abc 5sec 0o7",
        "BadNumber 0x | BadNumber 0b2 | BadNumber 12abc | BadNumber 5sec | BadNumber 0o7",
    );
    check("1.5.2", "Float 1.5 | Dot . | Int 2");
    check("-5", "Minus - | Int 5");
}

#[test]
fn ranges_are_no_fractions() {
    check("1..=2", "Int 1 | DotDotEq ..= | Int 2");
    check("1..", "Int 1 | DotDot ..");
    check("1.0..=2.0", "Float 1.0 | DotDotEq ..= | Float 2.0");
    check("..=5s", "DotDotEq ..= | Unit 5s");
    check("1.", "Int 1 | Dot .");
}

#[test]
fn rates_are_three_tokens() {
    check("10/s", "Int 10 | Slash / | Ident s");
    check("1/10s", "Int 1 | Slash / | Unit 10s");
}

#[test]
fn names() {
    check(
        "a _ A1 a_b reserved",
        "Ident a | Ident _ | Ident A1 | Ident a_b | Ident reserved",
    );
    check(
        "Café 漢字 naïve_1",
        "Ident Café | Ident 漢字 | Ident naïve_1",
    );
}

#[test]
fn strings() {
    check(
        r#""" "a" "a\"b" "\\" "\u{1F600}""#,
        r#"String "" | String "a" | String "a\"b" | String "\\" | String "\u{1F600}""#,
    );
    check("\"a;\nb", "BadString \"a; | Ident b");
    check(r#""a\"#, r#"BadString "a\"#);
    check(
        "'a' “b” „c“",
        "BadString 'a' | BadString “b” | BadString „c“",
    );
    check("'a", "Unknown ' | Ident a");
}

#[test]
fn comments() {
    check("// a\nb", "LineComment // a | Ident b");
    check(
        "/// a\n//! b\n//// c\n//",
        "DocComment /// a | InnerDoc //! b | LineComment //// c | LineComment //",
    );
    check(
        "/* a /* b */ c */ d",
        "BlockComment /* a /* b */ c */ | Ident d",
    );
    check("/**/a", "BlockComment /**/ | Ident a");
    check("/* a /* b */ c", "Unknown /* a /* b */ c");
    check("a /", "Ident a | Slash /");
}

#[test]
fn what_begins_nothing_is_one_token() {
    check("# a b\nc", "Unknown # a b | Ident c");
    check("a$b", "Ident a | Unknown $ | Ident b");
    check("🪙", "Unknown 🪙");
    check("\0", "Unknown \0");
    check("a\u{feff}", "Ident a | Unknown \u{feff}");
    check("\u{feff}a", "Ident a");
}
