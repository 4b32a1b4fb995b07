//! The Rust of the packages that the framework ships is what the generator makes of their schemas; `UPDATE=1` writes it.

#![allow(clippy::unwrap_used, reason = "a test that can't read its files fails")]

use std::path::Path;
use std::{env, fs};

use playhouse_emit::rust::{Part, Rust};
use playhouse_emit::{Backend, Options};
use playhouse_schema::{Sources, check};

#[test]
fn the_facade_holds_what_the_generator_makes_of_the_prelude() {
    let manifest = ("playhouse.toml".to_owned(), String::new());
    let checked = check(&Sources::new(manifest, []));
    let backend = Rust {
        part: Part::Prelude,
        ..Rust::default()
    };
    let options = Options {
        command: "cargo xtask codegen".to_owned(),
        ..Options::default()
    };
    let files = backend.emit(&checked.model, &options);
    assert_eq!(files.len(), 2);
    let facade = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime/playhouse/src");
    for (path, text) in files.iter() {
        let path = facade.join(path);
        if env::var("UPDATE").is_ok_and(|update| update == "1") {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            found,
            text,
            "{} is stale: run `cargo xtask codegen`",
            path.display()
        );
    }
}
