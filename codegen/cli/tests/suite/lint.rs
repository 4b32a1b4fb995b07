//! `playhouse lint`.

use crate::folder::{Folder, SCHEMA};

#[test]
fn lints_run_by_name() {
    let folder = Folder::project();
    folder.run(&["lint"]).expect(0, &["nothing found"]);
    folder.write(
        "idl/game.idl",
        format!("{SCHEMA}\nstruct Lonely {{ 1 a: u8; 40 b: u8; }}\n"),
    );
    folder
        .run(&["lint"])
        .expect(0, &["unused_type", "sparse_tags", "2 warnings"]);
    let ran = folder
        .run(&["lint", "sparse_tags"])
        .expect(0, &["1 warning"]);
    assert!(!ran.err.contains("unused_type"), "{}", ran.err);
    folder.run(&["lint", "--deny-warnings"]).expect(1, &[]);
    folder
        .run(&["lint", "sparse_tag"])
        .expect(2, &["did you mean `sparse_tags`?"]);
}

#[test]
fn the_manifest_decides_how_bad_it_is() {
    let folder = Folder::project();
    folder.write(
        "idl/game.idl",
        format!("{SCHEMA}\nstruct Lonely {{ 1 a: u8; }}\n"),
    );
    let manifest = folder.read("playhouse.toml");
    folder.write(
        "playhouse.toml",
        format!("{manifest}\n[lints]\nunused_type = \"deny\"\n"),
    );
    folder.run(&["lint"]).expect(1, &["error[unused_type]"]);
    folder.run(&["check"]).expect(1, &["error[unused_type]"]);
    folder.write(
        "playhouse.toml",
        format!("{manifest}\n[lints]\nunused_type = \"allow\"\n"),
    );
    folder.run(&["lint"]).expect(0, &["nothing found"]);
}

#[test]
fn all_lints_are_listed() {
    let folder = Folder::empty();
    let ran = folder.run(&["lint", "--list"]).expect(0, &[]);
    assert!(ran.out.contains("unused_type          warn"), "{}", ran.out);
}
