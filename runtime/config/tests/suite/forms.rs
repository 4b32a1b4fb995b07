//! What may be written and what comes of it: JSON with comments, commas and macros to plain JSON.

use playhouse_config::Loader;
use serde_json::Value;

use crate::game::one;

/// The text, loaded into any value, is this JSON.
fn check(input: &str, expected: &str) {
    is(input, &one(input), expected);
}

/// As [`check`], with this block of macros.
fn with(macros: &str, value: &str, expected: &str) {
    let input = format!("{{ \"$MACRO$\": {{ {macros} }}, \"v\": {value} }}");
    check(&input, &format!("{{ \"v\": {expected} }}"));
}

fn is(input: &str, loader: &Loader, expected: &str) {
    let found: Value = match loader.load() {
        Ok(found) => found,
        Err(report) => panic!("{input}\n{report}"),
    };
    let expected: Value = serde_json::from_str(expected).unwrap();
    assert_eq!(found, expected, "{input}");
}

/// The text is refused, with these words somewhere.
fn refuses(input: &str, words: &str) {
    let report = one(input).load::<Value>().expect_err(input);
    let text = report.to_string();
    assert!(text.contains(words), "{input}\n{text}\nwithout: {words}");
}

fn refuses_with(macros: &str, value: &str, words: &str) {
    refuses(
        &format!("{{ \"$MACRO$\": {{ {macros} }}, \"v\": {value} }}"),
        words,
    );
}

#[test]
fn plain_json_is_what_it_is() {
    for text in [
        "{}",
        "{\"a\":1}",
        "{\"a\":null,\"b\":true,\"c\":false}",
        "{\"a\":[],\"b\":{},\"c\":[[]],\"d\":[{}]}",
        "{\"a\":\"\"}",
        "{\"\":\"empty key\"}",
        "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
        "{\"a\":\"\\u00e9\\ud83d\\ude00\"}",
        "{\"a\":\"é😀中\"}",
        "{\"a\":0,\"b\":-1,\"c\":1.5,\"d\":-0.25,\"e\":1e3,\"f\":1E-3,\"g\":1e+2}",
        "{\"a\":18446744073709551615,\"b\":-9223372036854775808}",
        "{\"a b\":1,\"a.b\":2,\"$\":3,\"$a\":4,\"a$\":5}",
        "  {  }  ",
        "\n\t{\r\n}\n",
        "{\"a\":[1,[2,[3,[4]]]]}",
        "{\"a\":{\"b\":{\"c\":{\"d\":1}}}}",
    ] {
        check(text, text);
    }
}

#[test]
fn comments_and_trailing_commas_change_nothing() {
    for (input, expected) in [
        ("{} // end", "{}"),
        ("// first\n{}", "{}"),
        ("/* a */ { /* b */ } /* c */", "{}"),
        ("{ \"a\": 1, }", "{\"a\":1}"),
        ("{ \"a\": [1, 2,], }", "{\"a\":[1,2]}"),
        ("{ \"a\": /* between */ 1 }", "{\"a\":1}"),
        ("{ \"a\" /* between */ : 1 }", "{\"a\":1}"),
        ("{ // one\n \"a\": 1 // two\n , // three\n }", "{\"a\":1}"),
        (
            "{ \"a\": \"// no comment\", \"b\": \"/* none */\" }",
            "{\"a\":\"// no comment\",\"b\":\"/* none */\"}",
        ),
        ("{ /* * / ** */ \"a\": 1 }", "{\"a\":1}"),
        ("{ \"a\": [ // x\n 1, // y\n ] }", "{\"a\":[1]}"),
        ("{ \"a\": {}, \"b\": [], }", "{\"a\":{},\"b\":[]}"),
        ("\u{feff}{ \"a\": 1 }", "{\"a\":1}"),
        ("/**/{/**/\"a\"/**/:/**/1/**/,/**/}/**/", "{\"a\":1}"),
        // The one from the features of the ancestor.
        (
            "{\"$MACRO$\": {\"IP\": \"1.2.3.4\"}, \"url\": \"http://$IP$/x\", /* c */ \"a\": [1,],}",
            "{\"url\":\"http://1.2.3.4/x\",\"a\":[1]}",
        ),
    ] {
        check(input, expected);
    }
}

#[test]
fn a_macro_that_is_the_whole_value_has_any_type() {
    for value in [
        "1",
        "-1",
        "1.5",
        "1e3",
        "18446744073709551615",
        "true",
        "false",
        "null",
        "\"text\"",
        "\"\"",
        "[]",
        "[1, 2]",
        "{}",
        "{ \"a\": { \"b\": [null] } }",
        "\"with \\\" quote and \\\\ backslash\"",
    ] {
        with(&format!("\"M\": {value}"), "\"$M$\"", value);
        with(
            &format!("\"M\": {value}"),
            "[\"$M$\", \"$M$\"]",
            &format!("[{value}, {value}]"),
        );
        with(
            &format!("\"M\": {value}"),
            "{ \"in\": \"$M$\" }",
            &format!("{{ \"in\": {value} }}"),
        );
    }
}

#[test]
fn within_a_text_text_numbers_and_booleans_are_spliced() {
    let macros = "\"IP\": \"1.2.3.4\", \"PORT\": 7000, \"F\": 1.50, \"ON\": true, \"OFF\": false, \"E\": \"\", \"_x1\": \"y\"";
    for (value, expected) in [
        ("http://$IP$/x", "http://1.2.3.4/x"),
        ("$IP$:$PORT$", "1.2.3.4:7000"),
        ("$IP$$PORT$", "1.2.3.47000"),
        ("$IP$$IP$", "1.2.3.41.2.3.4"),
        (" $PORT$", " 7000"),
        ("$PORT$ ", "7000 "),
        ("x$F$", "x1.50"),
        ("$ON$/$OFF$", "true/false"),
        ("[$E$]", "[]"),
        ("é$IP$é", "é1.2.3.4é"),
        ("a$_x1$b", "ayb"),
        ("$E$$E$", ""),
        ("$$", "$"),
        ("$$$$", "$$"),
        ("5$$", "5$"),
        ("$$IP$$", "$IP$"),
        ("$$$IP$$$", "$1.2.3.4$"),
        ("a$$b$IP$c$$d", "a$b1.2.3.4c$d"),
    ] {
        with(macros, &format!("{value:?}"), &format!("{expected:?}"));
    }
}

#[test]
fn macros_stand_in_macros() {
    for (macros, value, expected) in [
        ("\"A\": \"$B$\", \"B\": 1", "\"$A$\"", "1"),
        (
            "\"A\": \"x$B$\", \"B\": \"y$C$\", \"C\": \"z\"",
            "\"$A$\"",
            "\"xyz\"",
        ),
        (
            "\"A\": [\"$B$\", \"$B$\"], \"B\": { \"c\": \"$C$\" }, \"C\": null",
            "\"$A$\"",
            "[{\"c\":null},{\"c\":null}]",
        ),
        (
            "\"HOST\": \"h\", \"URL\": \"http://$HOST$:$PORT$\", \"PORT\": 80",
            "\"$URL$/x\"",
            "\"http://h:80/x\"",
        ),
        // What comes of a macro is not looked at again.
        ("\"A\": \"$$B$$\", \"B\": 1", "\"$A$\"", "\"$B$\""),
    ] {
        with(macros, value, expected);
    }
}

#[test]
fn defaults_stand_in_where_nothing_is_defined() {
    for (macros, value, expected) in [
        ("", "\"$A:7$\"", "7"),
        ("", "\"$A:text$\"", "\"text\""),
        ("", "\"$A:$\"", "\"\""),
        ("", "\"$A:true$\"", "true"),
        ("", "\"$A:[1, 2]$\"", "[1,2]"),
        ("", "\"$A:{\\\"b\\\": 1}$\"", "{\"b\":1}"),
        ("", "\"$A:10.0.0.1:80$\"", "\"10.0.0.1:80\""),
        ("", "\"x$A:7$y\"", "\"x7y\""),
        ("", "\"$A:x$$B:y$\"", "\"xy\""),
        ("\"A\": 1", "\"$A:7$\"", "1"),
        ("\"A\": null", "\"$A:7$\"", "null"),
        ("\"A\": \"$B:2$\"", "\"$A$\"", "2"),
    ] {
        with(macros, value, expected);
    }
}

#[test]
fn variables_of_the_environment_are_put_in() {
    let macros = "\"M\": \"$env:HOME_DIR$/m\"";
    for (value, expected) in [
        ("\"$env:PORT$\"", "80"),
        ("\"$env:HOME_DIR$\"", "\"/h\""),
        ("\"$env:HOME_DIR$/x\"", "\"/h/x\""),
        ("\"$env:NONE:7$\"", "7"),
        ("\"$env:NONE:$\"", "\"\""),
        ("\"$env:PORT:7$\"", "80"),
        ("\"a$env:PORT$b\"", "\"a80b\""),
        ("\"$env:DOLLAR$\"", "\"$M$\""),
        ("\"$M$\"", "\"/h/m\""),
        ("\"$env:EMPTY$\"", "\"\""),
        ("\"$env:LIST$\"", "[1]"),
    ] {
        let input = format!("{{ \"$MACRO$\": {{ {macros} }}, \"v\": {value} }}");
        let loader = one(&input).variables([
            ("PORT", "80"),
            ("HOME_DIR", "/h"),
            ("DOLLAR", "$M$"),
            ("EMPTY", ""),
            ("LIST", "[1]"),
        ]);
        is(&input, &loader, &format!("{{ \"v\": {expected} }}"));
    }
}

#[test]
fn what_is_no_json_is_refused_in_words() {
    for (input, words) in [
        ("", "there is no value here"),
        ("// nothing", "there is no value here"),
        ("[1]", "a configuration is an object"),
        ("1", "a configuration is an object"),
        ("{", "this object has no end"),
        ("{ \"a\": [1", "this list has no end"),
        ("{ \"a\" 1 }", "a colon is missing"),
        ("{ \"a\": }", "closes nothing"),
        ("{ \"a\": 1 \"b\": 2 }", "a comma is missing"),
        ("{ \"a\": [1 2] }", "a comma is missing"),
        ("{ a: 1 }", "this key has no quotes"),
        ("{ 'a': 1 }", "double quotes"),
        ("{ \"a\": 'b' }", "double quotes"),
        ("{ \"a\": b }", "this word is no value"),
        ("{ \"a\": True }", "this word is no value"),
        ("{ \"a\": 0x10 }", "numbers are decimal"),
        ("{ \"a\": +1 }", "plus sign"),
        ("{ \"a\": .5 }", "decimal point"),
        ("{ \"a\": 5. }", "decimal point"),
        ("{ \"a\": NaN }", "this"),
        ("{ \"a\": Infinity }", "this"),
        ("{ \"a\": - }", "digits"),
        ("{ \"a\": 1e }", "digits"),
        ("{ \"a\": \"b }", "this text has no end"),
        ("{ \"a\": \"b\n\" }", "this text has no end"),
        ("{ \"a\": \"\\x\" }", "escape"),
        ("{ \"a\": \"\\u12\" }", "escape"),
        ("{ \"a\": \"\\ud800\" }", "escape"),
        ("{ /* }", "this comment has no end"),
        ("{} }", "behind the end"),
        ("{} {}", "behind the end"),
        ("{ , }", "a key should stand here"),
        ("{ \"a\": [,] }", "no value before this comma"),
        ("{ \"a\": 1,, }", "a key should stand here"),
        ("{ \"a\": : }", "a colon stands where a value should"),
        ("{ \"a\": ] }", "closes nothing"),
        ("{ \"a\": 1 ]", ""),
        ("{ \"a\": 1, \"a\": 2 }", "key `a` stands twice"),
        ("{ \"a\": { \"b\": 1, \"b\": 1 } }", "key `b` stands twice"),
        ("{ \"a\": 1e999 }", "at most 1.8e308"),
        ("\u{feff}\u{feff}{}", ""),
        ("{ \"a\": \"é }", "this text has no end"),
        ("é", ""),
        ("{\"a\":1}é", ""),
        ("\0", ""),
    ] {
        refuses(input, words);
    }
}

#[test]
fn macros_that_are_none_are_refused_in_words() {
    for (macros, value, words) in [
        ("", "\"$A$\"", "macro `A` is not defined"),
        ("", "\"x$A$y\"", "macro `A` is not defined"),
        ("\"IP\": 1", "\"$IPP$\"", "did you mean `$IP$`?"),
        ("\"IP\": 1", "\"$ip$\"", "did you mean `$IP$`?"),
        ("\"IP\": 1", "\"$PORT$\"", "the macros are IP"),
        ("", "\"$\"", "has no end"),
        ("", "\"5$\"", "write a dollar as `$$`"),
        ("", "\"$A\"", "has no end"),
        ("", "\"$A$$\"", "has no end"),
        ("", "\"$a b$\"", "no name of a macro"),
        ("", "\"$1$\"", "no name of a macro"),
        ("", "\"$é$\"", "no name of a macro"),
        ("", "\"$:x$\"", "no name of a macro"),
        ("", "\"$env$\"", "no name of a macro"),
        ("", "\"$env:$\"", "no name of a macro"),
        ("", "\"$env:A B$\"", "no name of a macro"),
        ("", "\"$env:NONE$\"", "not in the environment"),
        ("", "\"x$env:NONE$\"", "not in the environment"),
        ("\"A\": \"$A$\"", "1", "contains itself: A -> A"),
        ("\"A\": \"x$A$\"", "\"$A$\"", "contains itself: A -> A"),
        (
            "\"A\": \"$B$\", \"B\": \"$C$\", \"C\": [\"$A$\"]",
            "\"$A$\"",
            "contains itself: A -> B -> C -> A",
        ),
        (
            "\"A\": \"$B$\", \"B\": \"$B$\"",
            "\"$A$\"",
            "contains itself: B -> B",
        ),
        (
            "\"A\": [1]",
            "\"x$A$\"",
            "is a list, which can't stand within a text",
        ),
        ("\"A\": {}", "\"x$A$\"", "is an object, which can't stand"),
        ("\"A\": null", "\"x$A$\"", "is null, which can't stand"),
        ("\"A\": \"$NONE$\"", "1", "macro `NONE` is not defined"),
        ("\"1\": 1", "1", "`1` is no name for a macro"),
        ("\"a-b\": 1", "1", "`a-b` is no name for a macro"),
        ("\"$A$\": 1", "1", "is no name for a macro"),
        ("\"env\": 1", "1", "can't be called `env`"),
        ("\"A\": 1, \"A\": 2", "1", "key `A` stands twice"),
        ("", "{ \"$MACRO$\": {} }", "at the root of a file alone"),
        ("", "[{ \"$INCLUDE$\": [] }]", "at the root of a file alone"),
        ("", "{ \"$A$\": 1 }", "macros are replaced in values alone"),
    ] {
        refuses_with(macros, value, words);
    }
    refuses("{ \"$MACRO$\": [] }", "`$MACRO$` is an object");
    refuses("{ \"$MACROS$\": {} }", "did you mean `$MACRO$`?");
    refuses("{ \"$INCLUDES$\": [] }", "did you mean `$INCLUDE$`?");
    refuses("{ \"$INCLUDE$\": 7 }", "an include is the path of a file");
    refuses("{ \"$INCLUDE$\": [\"$A$\"] }", "before macros are replaced");
}

#[test]
fn any_bytes_are_loaded_or_refused() {
    // Cuts and changes of a file that has all forms: nothing may panic, whatever comes of it.
    let whole = "{ \"$MACRO$\": { \"A\": [1, {\"é\": \"$B:2$\"}], \"B\": \"\\u00e9$$\" }, // c\n \"x\": \"$A$\", /* d */ \"y\": \"a$B$b$env:E:f$\", \"z\": -1.5e3, }";
    for at in 0..=whole.len() {
        let Some(start) = whole.get(..at) else {
            continue;
        };
        let _either = one(start).load::<Value>();
        for put in [
            "$", "\"", "{", "}", "[", ",", ":", "\\", "/", "*", "\n", "0", "é", "\0",
        ] {
            let input = format!("{start}{put}{}", &whole[at..]);
            let _either = one(&input).load::<Value>().map_err(|it| it.to_string());
            if let Some(rest) = whole.get(at + 1..) {
                let input = format!("{start}{put}{rest}");
                let _either = one(&input).load::<Value>().map_err(|it| it.to_string());
            }
        }
    }
}
