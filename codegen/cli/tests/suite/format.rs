//! `playhouse fmt`.

use std::{io::Write as _, process::Stdio};

use crate::folder::{Folder, Ran, SCHEMA};

#[test]
fn a_schema_is_formatted_once() {
    let folder = Folder::project();
    folder.replace("idl/game.idl", "    1 x: i32;\n", "  1 x:i32 ;\n");
    folder.run(&["fmt", "--check"]).expect(
        1,
        &[
            "idl/game.idl is not formatted",
            "line 6",
            "+     1 x: i32;",
            "playhouse fmt",
        ],
    );
    folder.run(&["fmt"]).expect(0, &["1 file formatted"]);
    assert_eq!(folder.read("idl/game.idl"), SCHEMA);
    folder
        .run(&["fmt", "--check"])
        .expect(0, &["1 file formatted already"]);
    let before = std::fs::metadata(folder.path("idl/game.idl")).unwrap();
    folder.run(&["fmt"]).expect(0, &["already"]);
    let after = std::fs::metadata(folder.path("idl/game.idl")).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
}

#[test]
fn missing_tags_are_filled_in() {
    let folder = Folder::project();
    folder.replace("idl/game.idl", "2 y: i32", "y: i32");
    folder.run(&["fmt"]).expect(0, &[]);
    assert_eq!(folder.read("idl/game.idl"), SCHEMA);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let folder = Folder::empty();
    let mut child = folder
        .command(".")
        .args(["fmt", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"package  a;struct P{x:u8;}").unwrap();
    drop(stdin);
    let ran = Ran::of(child.wait_with_output().unwrap()).expect(0, &[]);
    assert_eq!(ran.out, "package a;\nstruct P { 1 x: u8; }\n");
}

#[test]
fn a_file_with_syntax_errors_stays_and_the_others_are_formatted() {
    let folder = Folder::project();
    folder.write("idl/bad.idl", "package game;\nstruct A {\n");
    folder.replace("idl/game.idl", "    1 x: i32;\n", "  1 x:i32 ;\n");
    folder
        .run(&["fmt"])
        .expect(1, &["idl/bad.idl:", "1 file formatted"]);
    assert_eq!(folder.read("idl/bad.idl"), "package game;\nstruct A {\n");
    assert_eq!(folder.read("idl/game.idl"), SCHEMA);
}

#[test]
fn named_files_need_no_project() {
    let folder = Folder::empty();
    folder.write("a.idl", "package  a;\n");
    folder.write("b.idl", "package  b;\n");
    folder
        .run(&["fmt", "a.idl"])
        .expect(0, &["1 file formatted"]);
    assert_eq!(folder.read("a.idl"), "package a;\n");
    assert_eq!(folder.read("b.idl"), "package  b;\n");
    folder.run(&["fmt", "."]).expect(0, &["1 file formatted"]);
    assert_eq!(folder.read("b.idl"), "package b;\n");
    folder
        .run(&["fmt", "c.idl"])
        .expect(2, &["c.idl can't be read"]);
    folder
        .run(&["fmt"])
        .expect(2, &["there is no playhouse.toml"]);
}

#[test]
fn json_names_what_changes() {
    let folder = Folder::project();
    folder.replace("idl/game.idl", "    1 x: i32;\n", "  1 x:i32 ;\n");
    let ran = folder.run(&["fmt", "--check", "--json"]).expect(1, &[]);
    assert_eq!(
        ran.out,
        "{\"formatted\":\"idl/game.idl\",\"written\":false}\n"
    );
    assert_eq!(ran.err, "");
}
