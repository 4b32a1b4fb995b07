//! The lock: written by `gen`, closed by `release`, asked by `compat`, `check` and `fmt`.

use std::fs;

use crate::folder::{Folder, SCHEMA};

const LOCK: &str = "idl/playhouse.lock";

fn released() -> Folder {
    let folder = Folder::project();
    folder
        .run(&["release"])
        .expect(0, &["release 1 is closed: commit idl/playhouse.lock"]);
    folder
}

#[test]
fn generating_takes_new_numbers_into_the_lock() {
    let folder = Folder::project();
    folder
        .run(&["gen", "--check"])
        .expect(1, &["idl/playhouse.lock is missing"]);
    folder.run(&["gen"]).expect(0, &[]);
    assert!(
        folder
            .read(LOCK)
            .contains("game#1/member:1 property at new")
    );
    folder
        .run(&["gen"])
        .expect(0, &["everything is up to date"]);
    folder.replace(
        "idl/game.idl",
        "    2 y: i32;\n",
        "    2 y: i32;\n    3 z: i32;\n",
    );
    folder.run(&["gen", "--check"]).expect(
        1,
        &[
            "idl/playhouse.lock is not what the schemas say",
            "field z new",
        ],
    );
    folder.run(&["gen"]).expect(0, &["2 files written"]);
    assert!(folder.read(LOCK).contains("field z new"));
    folder
        .run(&["gen"])
        .expect(0, &["everything is up to date"]);
}

#[test]
fn a_release_is_what_is_compared_with() {
    let folder = Folder::project();
    folder
        .run(&["compat"])
        .expect(2, &["nothing was released yet", "playhouse release"]);
    let folder = released();
    folder
        .run(&["compat"])
        .expect(0, &["nothing has changed since the last release"]);
    folder
        .run(&["release"])
        .expect(0, &["nothing has changed since release 1"]);
    folder.replace(
        "idl/game.idl",
        "    2 y: i32;\n",
        "    2 y: i32;\n    3 z: i32;\n",
    );
    folder
        .run(&["compat"])
        .expect(0, &["1 fine change since the last release"]);
    let ran = folder.run(&["release", "--json"]).expect(0, &[]);
    assert_eq!(ran.out, "{\"release\":2}\n");
    folder.run(&["compat"]).expect(0, &["nothing has changed"]);
}

#[test]
fn breaks_are_answered_for() {
    let folder = released();
    folder.replace("idl/game.idl", "1 x: i32", "1 x: string[..=8]");
    folder.run(&["compat"]).expect(1, &["1 break ("]);
    folder.run(&["release"]).expect(
        1,
        &[
            "nobody answers for",
            "compat --accept",
            "nothing was released",
        ],
    );
    folder
        .run(&["compat", "--accept", "x was never used"])
        .expect(0, &["1 break accepted in idl/playhouse.lock"]);
    assert!(folder.read(LOCK).contains("x was never used"));
    folder.run(&["compat"]).expect(0, &["1 break accepted"]);
    folder
        .run(&["compat", "--all"])
        .expect(0, &["= accepted: x was never used"]);
    folder.run(&["release"]).expect(0, &["release 2 is closed"]);
    folder.run(&["compat", "--accept", ""]).expect(2, &[]);
}

#[test]
fn a_number_that_was_removed_is_not_used_again() {
    let folder = released();
    folder.replace("idl/game.idl", "    2 y: i32;\n", "");
    folder
        .run(&["compat", "--accept", "never stored"])
        .expect(0, &[]);
    folder.run(&["release"]).expect(0, &["release 2"]);
    folder.replace(
        "idl/game.idl",
        "    1 x: i32;\n",
        "    1 x: i32;\n    2 other: u8;\n",
    );
    folder
        .run(&["check"])
        .expect(1, &["error[E0905]", "--> idl/game.idl:7"]);
    // Formatting knows it too, although the file no longer shows it.
    folder.replace("idl/game.idl", "2 other", "other");
    folder.run(&["fmt"]).expect(0, &[]);
    assert!(folder.read("idl/game.idl").contains("    3 other: u8;\n"));
    folder.run(&["check"]).expect(0, &["no problems"]);
}

#[test]
fn an_id_that_was_removed_is_not_given_again() {
    let folder = Folder::project();
    folder.write(
        "idl/more.idl",
        "package game;\n\ncomponent 9 Old { 1 a: u8; }\n",
    );
    folder.run(&["release"]).expect(0, &[]);
    folder.write(
        "idl/more.idl",
        "package game;\n\ncomponent New { 1 a: u8; }\n",
    );
    folder
        .run(&["check", "--fix"])
        .expect(0, &["1 fix applied"]);
    assert!(folder.read("idl/more.idl").contains("component 10 New"));
}

#[test]
fn a_lock_that_is_not_merged_is_shown_with_its_line() {
    let folder = released();
    let lock = folder.read(LOCK);
    folder.write(LOCK, format!("{lock}<<<<<<< mine\n"));
    folder
        .run(&["check"])
        .expect(1, &["error[E0903]", "--> idl/playhouse.lock:"]);
    folder.run(&["gen"]).expect(1, &["nothing was generated"]);
}

#[test]
fn a_schema_with_errors_is_neither_compared_nor_released() {
    let folder = released();
    let lock = folder.read(LOCK);
    folder.write("idl/game.idl", SCHEMA.replace("1 x: i32", "1 x: Pint"));
    folder.run(&["compat"]).expect(1, &["nothing was compared"]);
    folder
        .run(&["release"])
        .expect(1, &["nothing was released"]);
    assert_eq!(folder.read(LOCK), lock);
    fs::remove_file(folder.path(LOCK)).unwrap();
    folder.run(&["release"]).expect(1, &[]);
    assert!(!folder.path(LOCK).exists());
}

#[test]
fn of_two_that_took_one_number_the_released_one_keeps_it() {
    let folder = released();
    folder.replace(
        "idl/game.idl",
        "    2 y: i32;\n",
        "    2 z: u8;\n    2 y: i32;\n",
    );
    folder.write(
        "idl/a.idl",
        "package game;\n\ncomponent 1 Early {\n    1 a: u8;\n}\n",
    );
    folder.run(&["check"]).expect(
        1,
        &[
            "released with it",
            "(2 can be fixed: playhouse check --fix)",
        ],
    );
    folder
        .run(&["check", "--fix"])
        .expect(0, &["2 fixes applied"]);
    assert!(
        folder
            .read("idl/game.idl")
            .contains("    3 z: u8;\n    2 y: i32;\n")
    );
    assert!(folder.read("idl/game.idl").contains("entity 1 Player"));
    assert!(folder.read("idl/a.idl").contains("component 2 Early"));
    // Who of two new ones came first nobody knows.
    folder.replace(
        "idl/game.idl",
        "    3 z: u8;\n",
        "    3 z: u8;\n    3 w: u8;\n",
    );
    folder
        .run(&["check", "--fix"])
        .expect(1, &["tag 3 is taken by `z`"]);
}
