//! `playhouse compat`.

use std::process::Command;

use crate::folder::Folder;

fn git(folder: &Folder, arguments: &[&str]) {
    let output = Command::new("git")
        .current_dir(folder.path("."))
        .args(["-c", "user.name=test", "-c", "user.email=test@localhost"])
        .args(arguments)
        .output()
        .expect("this test needs git");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_revision_is_compared_with_what_is_there() {
    let folder = Folder::project();
    folder.write(
        "idl/more.idl",
        "package game;\n\nstruct More { 1 a: u8; }\n",
    );
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "--quiet", "--message", "first"]);
    folder
        .run(&["compat", "--against", "git:HEAD"])
        .expect(0, &["nothing has changed since git:HEAD"]);

    folder.replace("idl/more.idl", "1 a: u8;", "1 a: u8; 2 b: u8;");
    folder
        .run(&["compat", "--against", "git:HEAD"])
        .expect(0, &["1 fine change since git:HEAD"]);
    folder.replace("idl/game.idl", "1 x: i32", "1 x: u32");
    let ran = folder
        .run_in("idl", &["compat", "--against", "git:HEAD"])
        .expect(
            1,
            &["--> game.idl:6", "= why: ", "= instead: ", "1 break ("],
        );
    assert_eq!(ran.out, "");
    let ran = folder
        .run(&["compat", "--against", "git:HEAD", "--json"])
        .expect(1, &[]);
    assert_eq!(ran.out.lines().count(), 2);
    assert_eq!(ran.err, "");
}

#[test]
fn a_folder_is_compared_with_what_is_there() {
    let folder = Folder::project();
    folder.write("released/playhouse.toml", folder.read("playhouse.toml"));
    folder.write("released/idl/game.idl", folder.read("idl/game.idl"));
    folder.replace("idl/game.idl", "2 y: i32", "2 z: i32");
    let expected: &[&str] = &["field `z` of `Point` was called `y`", "1 break ("];
    folder
        .run(&["compat", "--against", "released"])
        .expect(1, expected);
    // Without a manifest of its own it is read under today's.
    folder
        .run(&["compat", "--against", "released/idl"])
        .expect(1, expected);
}

#[test]
fn what_cannot_be_compared_is_named() {
    let folder = Folder::project();
    folder
        .run(&["compat", "--against", "nowhere"])
        .expect(2, &["there is no folder nowhere"]);
    git(&folder, &["init", "--quiet"]);
    folder
        .run(&["compat", "--against", "git:nowhere"])
        .expect(2, &["git knows no revision `nowhere`"]);
    folder
        .run(&["compat", "--against", "git:"])
        .expect(2, &["names no revision"]);
    folder.write("old/game.idl", "package game;\nstruct A { 1 a: Nope; }\n");
    folder
        .run(&["compat", "--against", "old"])
        .expect(2, &["has 1 error itself"]);
}
