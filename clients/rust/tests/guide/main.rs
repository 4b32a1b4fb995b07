//! The project of `docs/guide.md`: what the guide shows is what stands here, and it works.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "it is written as its readers would"
)]

extern crate self as mygame;

pub mod client;
pub mod generated;
mod player;
mod tavern;

pub use player::pay;
pub use tavern::node;

mod program;
mod server;
mod simulated;

const GUIDE: &str = include_str!("../../../../docs/guide.md");
const SOURCES: [&str; 6] = [
    include_str!("main.rs"),
    include_str!("player.rs"),
    include_str!("program.rs"),
    include_str!("server.rs"),
    include_str!("simulated.rs"),
    include_str!("tavern.rs"),
];

/// The texts of the guide's fences of this language.
fn fences(language: &str) -> Vec<&'static str> {
    let begin = format!("```{language}\n");
    let fences = GUIDE.split(&begin).skip(1);
    fences
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[test]
fn the_guide_shows_what_stands_here() {
    let shown = fences("rust");
    assert!(shown.len() >= 5, "only {} were found", shown.len());
    for text in shown {
        let here = SOURCES.iter().any(|source| source.contains(text));
        assert!(here, "not in tests/guide: {text}");
    }
    assert_eq!(fences("idl"), [include_str!("idl/tavern.idl")]);
    for text in fences("toml") {
        let manifest =
            include_str!("playhouse.toml").replace("\"client\"\nscope", "\"src/client\"\nscope");
        assert!(manifest.contains(text), "not in playhouse.toml: {text}");
    }
}
