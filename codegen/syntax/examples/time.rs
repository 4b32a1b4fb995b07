//! How long the stages take on a schema of 100,000 lines: `cargo run --release -p playhouse-syntax --example time`.

#![expect(clippy::print_stdout, reason = "a measurement is for people to read")]
#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::{fmt::Write as _, time::Instant};

use playhouse_syntax::{FileId, ast, format, lexer, parse};

/// Lines of the text that is generated.
const LINES: usize = 100_000;

/// The sample over and over, its names numbered, one declaration after the other.
fn text() -> String {
    let sample = include_str!("../tests/sample.idl");
    let (_, declarations) = sample.split_once("enum Team").unwrap_or_default();
    let mut text = "package big.world;\n".to_owned();
    let mut lines = 1;
    for number in 0.. {
        if lines >= LINES {
            break;
        }
        for line in format!("enum Team{declarations}").lines() {
            let numbered = match line.split_once('{') {
                Some((head, rest)) if !line.starts_with(' ') => {
                    // The name is the last of the words before what may follow it.
                    let (name, behind) = split_name(head);
                    format!("{name}{number}{behind}{{{rest}")
                }
                _ => line.to_owned(),
            };
            writeln!(text, "{numbered}").unwrap_or_default();
            lines += 1;
        }
    }
    text
}

/// `head` up to the end of the declaration's name, and the rest of it.
fn split_name(head: &str) -> (&str, &str) {
    let name = head
        .find(|c: char| c.is_ascii_uppercase())
        .unwrap_or_default();
    let len = head[name..]
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(head.len() - name);
    head.split_at(name + len)
}

fn main() {
    let text = text();
    println!("{} lines, {} bytes", text.lines().count(), text.len());
    let measure = |what: &str, work: &mut dyn FnMut() -> usize| {
        let mut best = f64::INFINITY;
        let mut result = 0;
        for _ in 0..5 {
            let start = Instant::now();
            result = work();
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{what:24} {:7.1} ms   ({result})", best * 1000.0);
    };
    let parsed = parse(FileId(0), &text);
    let tree = parsed.tree();
    measure("lex, tokens", &mut || lexer::lex(&text).len());
    measure("parse, errors", &mut || {
        parse(FileId(0), &text).diagnostics.len()
    });
    measure("lower, declarations", &mut || {
        ast::lower(FileId(0), &tree).0.declarations.len()
    });
    measure("format, bytes", &mut || format::format(&tree).len());
    measure("fmt, bytes", &mut || {
        format::format_filled(FileId(0), &text, &|_| None).map_or(0, |text| text.len())
    });
    let broken = text.replace(';', "");
    measure("parse broken, errors", &mut || {
        parse(FileId(0), &broken).diagnostics.len()
    });
    let garbage = "(".repeat(text.len());
    measure("parse garbage, errors", &mut || {
        parse(FileId(0), &garbage).diagnostics.len()
    });
}
