//! `playhouse new`, and the way that a stranger takes from there.

use std::{fs, path::Path, process::Command};

use crate::folder::{Folder, Ran};

/// Cargo in the project `name`, with a target folder that runs of this test share.
fn cargo(folder: &Folder, name: &str, arguments: &[&str]) -> Ran {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new");
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(folder.path(name))
        .args(arguments)
        .env("CARGO_TARGET_DIR", target)
        // What this workspace's own cargo told this test is not for the new project.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    Ran::of(command.output().unwrap())
}

/// The dependencies are those of this workspace, so its lock file spares the network.
fn borrow_lock(folder: &Folder, name: &str) {
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
    fs::copy(lock, folder.path(&format!("{name}/Cargo.lock"))).unwrap();
}

#[test]
fn a_new_project_checks_generates_and_tests() {
    let folder = Folder::empty();
    folder
        .run(&["new", "mygame"])
        .expect(0, &["made mygame", "cd mygame"]);
    let before = folder.files();
    folder
        .run_in("mygame", &["check", "--deny-warnings"])
        .expect(0, &["no problems"]);
    folder
        .run_in("mygame", &["fmt", "--check"])
        .expect(0, &["formatted already"]);
    folder
        .run_in("mygame", &["gen", "--check"])
        .expect(0, &["everything is up to date"]);
    folder
        .run_in("mygame", &["gen"])
        .expect(0, &["everything is up to date"]);
    assert_eq!(folder.files(), before);
    borrow_lock(&folder, "mygame");
    let tested = cargo(&folder, "mygame", &["test", "--offline"]).expect(0, &[]);
    assert!(
        tested.out.contains("test result: ok. 4 passed"),
        "{}",
        tested.out
    );
    assert!(!tested.err.contains("warning"), "{}", tested.err);
    cargo(&folder, "mygame", &["fmt", "--check"]).expect(0, &[]);
}

#[test]
fn names_with_a_hyphen_and_folders_are_fine() {
    let folder = Folder::empty();
    folder
        .run(&["new", "games/my-game"])
        .expect(0, &["made games/my-game"]);
    assert!(
        folder
            .read("games/my-game/Cargo.toml")
            .contains("name = \"my-game\"")
    );
    assert!(
        folder
            .read("games/my-game/idl/items.idl")
            .contains("package my_game;")
    );
    folder
        .run_in("games/my-game", &["gen", "--check"])
        .expect(0, &[]);
}

#[test]
fn names_that_cannot_be_are_refused_before_anything_is_written() {
    let folder = Folder::empty();
    for (name, why) in [
        ("2d", "begins with a letter"),
        ("My", "small letters"),
        ("playhouse", "exists already"),
        ("match", "reserved word"),
        ("..", "has no name"),
    ] {
        folder.run(&["new", name]).expect(2, &[why]);
    }
    assert_eq!(folder.files(), Vec::<String>::new());
}

#[test]
fn nothing_is_overwritten() {
    let folder = Folder::empty();
    folder.write("mygame/notes.txt", "mine\n");
    folder
        .run(&["new", "mygame"])
        .expect(2, &["mygame is not empty"]);
    folder.write("other", "mine\n");
    folder
        .run(&["new", "other"])
        .expect(2, &["other exists already"]);
    assert_eq!(folder.files(), ["mygame/notes.txt", "other"]);
}

#[test]
fn the_facade_is_the_one_that_was_named() {
    let folder = Folder::empty();
    folder.write("facade/Cargo.toml", "[package]\nname = \"playhouse\"\n");
    folder
        .run(&["new", "mygame", "--playhouse", "facade"])
        .expect(0, &["facade"]);
    let path = folder.path("facade");
    let manifest = folder.read("mygame/Cargo.toml");
    assert!(
        manifest.contains(&format!("playhouse = {{ path = '{}' }}", path.display())),
        "{manifest}"
    );
    folder
        .run(&["new", "other", "--playhouse", "nowhere"])
        .expect(2, &["nowhere holds no crate `playhouse`"]);
    assert!(!folder.path("other").exists());
}
