//! `playhouse check`, and how projects are found and read.

use crate::folder::{Folder, MANIFEST, SCHEMA};

#[test]
fn a_clean_project_is_fine() {
    let folder = Folder::project();
    let ran = folder
        .run(&["check"])
        .expect(0, &["1 schema checked, no problems\n"]);
    assert_eq!(ran.out, "");
}

#[test]
fn the_manifest_is_found_upwards_and_paths_are_shown_from_here() {
    let folder = Folder::project();
    folder.replace("idl/game.idl", "1 x: i32", "1 x: Pint");
    folder.run(&["check"]).expect(1, &["--> idl/game.idl:6:10"]);
    folder
        .run_in("idl", &["check"])
        .expect(1, &["--> game.idl:6:10"]);
    folder.write("src/main.rs", "");
    folder
        .run_in("src", &["check"])
        .expect(1, &["--> ../idl/game.idl:6:10"]);
    let manifest = folder.path("playhouse.toml");
    let elsewhere = Folder::empty();
    elsewhere
        .run(&["check", "--manifest", manifest.to_str().unwrap()])
        .expect(1, &["idl/game.idl:6:10"]);
}

#[test]
fn the_closing_line_counts() {
    let folder = Folder::project();
    folder.replace("idl/game.idl", "i32;\n    2 y: i32", "I32;\n    2 y: I33");
    folder.run(&["check"]).expect(1, &["\n2 errors\n"]);
}

#[test]
fn warnings_fail_only_when_asked() {
    let folder = Folder::project();
    folder.write(
        "idl/game.idl",
        format!("{SCHEMA}\nstruct Lonely {{ 1 a: u8; }}\n"),
    );
    folder
        .run(&["check"])
        .expect(0, &["unused_type", "\n1 warning\n"]);
    folder
        .run(&["check", "--deny-warnings"])
        .expect(1, &["1 warning"]);
}

#[test]
fn json_is_one_object_a_line_and_nothing_else() {
    let folder = Folder::project();
    folder.replace("idl/game.idl", "i32;\n    2 y: i32", "I32;\n    2 y: I33");
    let ran = folder.run(&["check", "--json"]).expect(1, &[]);
    assert_eq!(ran.err, "");
    let lines: Vec<serde_json::Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["path"], "idl/game.idl");
    assert_eq!(lines[0]["severity"], "error");
}

#[test]
fn fixes_are_applied_and_what_is_left_is_said() {
    let folder = Folder::project();
    folder.replace("idl/game.idl", "entity 1 Player", "entity Player");
    folder
        .run(&["check"])
        .expect(1, &["(1 can be fixed: playhouse check --fix)"]);
    folder
        .run(&["check", "--fix"])
        .expect(0, &["1 fix applied", "no problems"]);
    assert_eq!(folder.read("idl/game.idl"), SCHEMA);
}

#[test]
fn only_named_paths_are_reported() {
    let folder = Folder::project();
    folder.write(
        "idl/other/bad.idl",
        "package game;\nstruct A { 1 a: Nope; }\n",
    );
    folder.write("idl/worse.idl", "package game;\nstruct B { 1 a: Nopes; }\n");
    let ran = folder
        .run(&["check", "idl/other"])
        .expect(1, &["1 error\n", "bad.idl"]);
    assert!(!ran.err.contains("worse.idl"), "{}", ran.err);
    folder
        .run(&["check", "idl/game.idl"])
        .expect(0, &["no problems"]);
    folder
        .run(&["check", "src"])
        .expect(2, &["src is no schema of this project: its roots are idl"]);
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let folder = Folder::empty();
    folder.run(&["check"]).expect(
        2,
        &[
            "there is no playhouse.toml in",
            "playhouse new NAME",
            "--manifest PATH",
        ],
    );
    folder
        .run(&["check", "--manifest", "x.toml"])
        .expect(2, &["x.toml can't be read"]);
    folder.write("playhouse.toml", MANIFEST);
    folder
        .run(&["check"])
        .expect(2, &["the root `idl` does not exist", "[schema]"]);
    folder.write("idl/notes.txt", "");
    folder
        .run(&["check"])
        .expect(2, &["there is no *.idl file in idl"]);
    folder.write("playhouse.toml", "[schema]\nroots = [\"idl/notes.txt\"]\n");
    folder
        .run(&["check"])
        .expect(2, &["the root `idl/notes.txt` is a file"]);
}

#[test]
fn what_is_not_text_is_named_with_its_line() {
    let folder = Folder::project();
    folder.write("idl/latin.idl", b"package game;\n// caf\xe9\n");
    folder
        .run(&["check"])
        .expect(2, &["idl/latin.idl is not UTF-8 (line 2)"]);
}

#[test]
fn a_byte_order_mark_is_no_character() {
    let folder = Folder::project();
    folder.write("idl/game.idl", format!("\u{feff}{SCHEMA}"));
    folder.run(&["check"]).expect(0, &["no problems"]);
}

#[test]
fn a_manifest_that_is_wrong_is_shown_as_schemas_are() {
    let folder = Folder::project();
    folder.replace("playhouse.toml", "typescript", "typscript");
    folder
        .run(&["check"])
        .expect(1, &["--> playhouse.toml:", "did you mean `typescript`?"]);
    folder.write("playhouse.toml", "[schema\n");
    folder
        .run(&["check"])
        .expect(1, &["error[E0217]", "--> playhouse.toml:"]);
}

#[test]
fn roots_that_overlap_are_read_once() {
    let folder = Folder::project();
    folder.write(
        "playhouse.toml",
        format!("[schema]\nroots = [\"idl\", \"./idl\", \".\"]\n{MANIFEST}"),
    );
    folder.run(&["check"]).expect(0, &["1 schema checked"]);
}

#[test]
fn colours_are_for_those_who_ask() {
    let folder = Folder::project();
    folder.replace("idl/game.idl", "1 x: i32", "1 x: Pint");
    let plain = folder.run(&["check"]).expect(1, &[]);
    assert!(!plain.err.contains('\x1b'), "{}", plain.err);
    folder
        .run(&["check", "--color", "always"])
        .expect(1, &["\x1b["]);
}
