//! `playhouse gen`: what is written, what is left alone, what is removed.

use std::{collections::BTreeMap, fs, time::SystemTime};

use crate::folder::{Folder, MANIFEST, SCHEMA};

/// The files of the output with their times.
fn times(folder: &Folder) -> BTreeMap<String, SystemTime> {
    let files = folder
        .files()
        .into_iter()
        .filter(|file| file.starts_with("out/"));
    files
        .map(|file| {
            let time = fs::metadata(folder.path(&file))
                .unwrap()
                .modified()
                .unwrap();
            (file, time)
        })
        .collect()
}

#[test]
fn outputs_are_written_and_then_left_alone() {
    let folder = Folder::project();
    folder.run(&["gen"]).expect(0, &["3 files written"]);
    assert!(folder.read("out/game/game.ts").contains("Point"));
    let before = times(&folder);
    // By the stamp, and without it.
    folder
        .run(&["gen"])
        .expect(0, &["everything is up to date"]);
    fs::remove_dir_all(folder.path(".playhouse")).unwrap();
    folder
        .run(&["gen"])
        .expect(0, &["everything is up to date"]);
    assert_eq!(times(&folder), before);
    folder
        .run(&["gen", "--check"])
        .expect(0, &["everything is up to date"]);
}

#[test]
fn two_folders_get_the_same_bytes() {
    let (one, two) = (Folder::project(), Folder::project());
    one.run(&["gen"]).expect(0, &[]);
    two.run_in("idl", &["gen"]).expect(0, &[]);
    assert_eq!(one.files(), two.files());
    for file in one.files() {
        assert_eq!(one.read(&file), two.read(&file), "{file}");
    }
}

#[test]
fn only_what_changes_is_written() {
    let folder = Folder::project();
    folder.write(
        "idl/more.idl",
        "package game;\n\nstruct More { 1 a: u8; }\n",
    );
    folder.run(&["gen"]).expect(0, &[]);
    let before = times(&folder);
    folder.replace("idl/more.idl", "u8", "u16");
    folder
        .run(&["gen"])
        .expect(0, &["1 file written, 2 up to date"]);
    let after = times(&folder);
    assert_ne!(before["out/game/more.ts"], after["out/game/more.ts"]);
    assert_eq!(before["out/game/game.ts"], after["out/game/game.ts"]);
}

#[test]
fn what_is_no_longer_generated_is_removed_and_the_rest_stays() {
    let folder = Folder::project();
    folder.write(
        "idl/more.idl",
        "package game.more;\n\nstruct More { 1 a: u8; }\n",
    );
    folder.replace(
        "playhouse.toml",
        "[packages]\n",
        "[packages]\n\"game.more\" = 2\n",
    );
    folder.run(&["gen"]).expect(0, &[]);
    folder.write("out/by_hand.ts", "export const answer = 42;\n");
    folder.write("out/game/notes.txt", "mine\n");
    assert!(folder.files().contains(&"out/game/more/more.ts".to_owned()));
    fs::remove_file(folder.path("idl/more.idl")).unwrap();
    folder.run(&["gen", "--check"]).expect(
        1,
        &[
            "out/game/more/more.ts is no longer generated",
            "run `playhouse gen`",
        ],
    );
    folder.run(&["gen"]).expect(0, &["2 removed"]);
    assert!(!folder.path("out/game/more").exists());
    assert_eq!(folder.read("out/by_hand.ts"), "export const answer = 42;\n");
    assert_eq!(folder.read("out/game/notes.txt"), "mine\n");
    folder
        .run(&["gen"])
        .expect(0, &["everything is up to date"]);
}

#[test]
fn a_file_in_the_way_is_not_overwritten() {
    let folder = Folder::project();
    folder.write("out/game/game.ts", "export const answer = 42;\n");
    folder.run(&["gen"]).expect(
        2,
        &[
            "out/game/game.ts is in the way",
            "it was not written by playhouse",
        ],
    );
    assert_eq!(
        folder.read("out/game/game.ts"),
        "export const answer = 42;\n"
    );
    assert!(!folder.path("out/game/index.ts").exists());
}

#[test]
fn check_shows_what_differs_and_the_command_that_repairs() {
    let folder = Folder::project();
    folder.run(&["gen", "--check"]).expect(
        1,
        &[
            "out/game/game.ts is missing",
            "3 files out of date: run `playhouse gen`",
        ],
    );
    assert!(!folder.path("out").exists());
    folder.run(&["gen"]).expect(0, &[]);
    let text = folder.read("out/game/game.ts");
    folder.write("out/game/game.ts", text.replacen("Point", "Pint", 1));
    folder.run(&["gen", "--check"]).expect(
        1,
        &[
            "out/game/game.ts is not what the schemas say",
            "line ",
            "Pint",
        ],
    );
    let ran = folder.run(&["gen", "--check", "--json"]).expect(1, &[]);
    assert_eq!(
        ran.out,
        "{\"difference\":\"changed\",\"path\":\"out/game/game.ts\"}\n"
    );
    // The stamp does not hide it either.
    folder.run(&["gen"]).expect(0, &["1 file written"]);
    assert_eq!(folder.read("out/game/game.ts"), text);
}

#[test]
fn a_stale_file_that_comes_back_is_removed_again() {
    let folder = Folder::project();
    folder.run(&["gen"]).expect(0, &[]);
    let text = folder.read("out/game/game.ts");
    folder.write("out/game/old.ts", text);
    folder.run(&["gen"]).expect(0, &["1 removed"]);
    assert!(!folder.path("out/game/old.ts").exists());
}

#[test]
fn nothing_is_written_from_a_schema_with_errors() {
    let folder = Folder::project();
    folder.run(&["gen"]).expect(0, &[]);
    let before = times(&folder);
    folder.replace("idl/game.idl", "1 x: i32", "1 x: Pint");
    folder
        .run(&["gen"])
        .expect(1, &["1 error; nothing was generated"]);
    assert_eq!(times(&folder), before);
}

#[test]
fn a_change_within_one_tick_and_of_one_size_is_seen() {
    let folder = Folder::project();
    for (old, new) in [("i32", "i16"), ("i16", "u16"), ("u16", "u32")] {
        folder.run(&["gen"]).expect(0, &[]);
        folder.replace(
            "idl/game.idl",
            &format!("1 x: {old}"),
            &format!("1 x: {new}"),
        );
        folder.run(&["gen"]).expect(0, &["1 file written"]);
    }
}

#[test]
fn json_lists_what_was_done() {
    let folder = Folder::project();
    let ran = folder.run(&["gen", "--json"]).expect(0, &[]);
    let expected = "{\"removed\":[],\"written\":[\"out/game/game.ts\",\"out/game/index.ts\",\"idl/playhouse.lock\"]}\n";
    assert_eq!(ran.out, expected);
    assert_eq!(ran.err, "");
}

#[test]
fn outputs_and_targets_that_are_not_there_are_named() {
    let folder = Folder::project();
    folder
        .run(&["gen", "--target", "rust"])
        .expect(2, &["no output for the target `rust`, only for typescript"]);
    folder
        .run(&["gen", "--target", "typescript"])
        .expect(0, &["3 files written"]);
    folder.write("playhouse.toml", "[packages]\n\"game\" = 1\n");
    folder
        .run(&["gen"])
        .expect(2, &["names no output: add", "[[output]]"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = Folder::project();
    folder.write("out", "a file\n");
    folder.run(&["gen"]).expect(2, &["out"]);
    assert_eq!(folder.read("out"), "a file\n");
    assert_eq!(folder.read("idl/game.idl"), SCHEMA);
    assert_eq!(folder.read("playhouse.toml"), MANIFEST);
}

#[test]
fn an_output_may_lie_outside_of_the_project() {
    let (folder, elsewhere) = (Folder::project(), Folder::empty());
    let absolute = elsewhere.path("web");
    folder.replace(
        "playhouse.toml",
        "\"out\"",
        &format!("{:?}", absolute.display().to_string()),
    );
    folder.run(&["gen"]).expect(0, &["3 files written"]);
    assert!(elsewhere.read("web/game/game.ts").contains("Point"));
    for _ in 0..2 {
        folder
            .run(&["gen"])
            .expect(0, &["everything is up to date"]);
        folder
            .run(&["gen", "--check"])
            .expect(0, &["everything is up to date"]);
        fs::remove_dir_all(folder.path(".playhouse")).unwrap();
    }
    assert!(elsewhere.path("web/game/game.ts").is_file());
}
