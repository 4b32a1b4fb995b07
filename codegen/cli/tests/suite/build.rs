//! What a `build.rs` calls.

use playhouse_cli::{Build, BuildError};

use crate::folder::Folder;

#[test]
fn a_build_script_writes_what_gen_would() {
    let folder = Folder::project();
    let manifest = folder.path("playhouse.toml");
    Build::new().manifest(&manifest).generate().unwrap();
    assert!(folder.read("out/game/game.ts").contains("Point"));
    let before = std::fs::metadata(folder.path("out/game/game.ts")).unwrap();
    Build::new().manifest(&manifest).generate().unwrap();
    let after = std::fs::metadata(folder.path("out/game/game.ts")).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
}

#[test]
fn a_build_script_may_write_elsewhere() {
    let folder = Folder::project();
    let out = folder.path("target/out");
    Build::new()
        .manifest(folder.path("playhouse.toml"))
        .target("typescript")
        .out(&out)
        .generate()
        .unwrap();
    let written = out.join("game/game.ts");
    let before = std::fs::metadata(&written).unwrap().modified().unwrap();
    assert!(!folder.path("out").exists());
    // A second time finds its own files there, wherever that is.
    Build::new()
        .manifest(folder.path("playhouse.toml"))
        .out(&out)
        .generate()
        .unwrap();
    let after = std::fs::metadata(&written).unwrap().modified().unwrap();
    assert_eq!(before, after);
}

#[test]
fn a_build_script_shows_what_check_shows() {
    let folder = Folder::project();
    let build = Build::new().manifest(folder.path("playhouse.toml"));
    let target = build.clone().target("rust").generate().unwrap_err();
    assert!(target.to_string().contains("add an [[output]]"), "{target}");
    folder.replace("idl/game.idl", "1 x: i32", "1 x: Pint");
    let error = build.generate().unwrap_err();
    assert!(matches!(error, BuildError::Schema(_)));
    let shown = error.to_string();
    for words in ["error[E0208]", "idl/game.idl:6:10", "did you mean `Point`?"] {
        assert!(shown.contains(words), "{shown}");
    }
    assert_eq!(format!("{error:?}"), shown);
    let nowhere = Build::new().manifest("/nowhere/playhouse.toml").generate();
    assert!(matches!(nowhere, Err(BuildError::Project(_))));
}
