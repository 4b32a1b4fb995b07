//! What the command says of itself.

use crate::folder::{Folder, Ran};

const COMMANDS: &[&str] = &[
    "new", "check", "fmt", "lint", "gen", "compat", "release", "explain", "call", "describe",
    "ctl", "keys",
];

#[test]
fn every_command_has_help_with_examples() {
    let folder = Folder::empty();
    let all = folder.run(&["--help"]).expect(0, &[]).out;
    assert!(all.contains("Exit codes: 0 fine"), "{all}");
    for command in COMMANDS {
        assert!(all.contains(command), "{command}");
        let help = folder.run(&[command, "--help"]).expect(0, &[]).out;
        assert!(help.contains("Examples:"), "{command}: {help}");
    }
}

#[test]
fn wrong_usage_ends_with_two() {
    let folder = Folder::project();
    folder
        .run(&["chek"])
        .expect(2, &["a similar subcommand exists: 'check'"]);
    folder.run(&["check", "--nope"]).expect(2, &[]);
    folder.run(&["gen", "--check", "--watch"]).expect(2, &[]);
}

#[test]
fn every_code_that_check_names_is_explained() {
    let folder = Folder::project();
    folder.replace("idl/game.idl", "1 x: i32", "1 x: Pint");
    folder.run(&["check"]).expect(1, &["error[E0208]"]);
    let page = folder.run(&["explain", "e0208"]).expect(0, &[]).out;
    for word in ["E0208: ", "What\n", "Why\n", "Bad\n", "Good\n"] {
        assert!(page.contains(word), "{page}");
    }
    assert!(!page.contains("```"), "{page}");
    let all = folder.run(&["explain", "all"]).expect(0, &[]).out;
    let list = folder.run(&["explain"]).expect(0, &[]).out;
    for line in list.lines() {
        let (code, title) = line.split_once(' ').unwrap();
        assert!(all.contains(&format!("{code}: {}", title.trim())), "{line}");
    }
}

#[test]
fn attributes_and_lints_are_explained_too() {
    let folder = Folder::empty();
    let sync = folder.run(&["explain", "@sync"]).expect(0, &[]).out;
    assert!(sync.starts_with("@sync("), "{sync}");
    let all = folder.run(&["explain", "attributes"]).expect(0, &[]).out;
    assert!(all.contains(&sync) && all.contains("@exposed("), "{all}");
    let lint = folder.run(&["explain", "sparse_tags"]).expect(0, &[]).out;
    assert!(lint.starts_with("sparse_tags: "), "{lint}");
    folder
        .run(&["explain", "sparse_tag"])
        .expect(2, &["did you mean `sparse_tags`?"]);
    let json = folder
        .run(&["explain", "E0208", "--json"])
        .expect(0, &[])
        .out;
    let page: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(page["code"], "E0208");
}

/// `UPDATE=1` writes them.
#[test]
fn the_tables_of_the_reference_are_up_to_date() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut command = std::process::Command::new(crate::folder::PLAYHOUSE);
    command.current_dir(root).arg("docs-tables");
    if std::env::var_os("UPDATE").is_none() {
        command.arg("--check");
    }
    Ran::of(command.output().unwrap()).expect(0, &[]);
}
