//! `playhouse data`, on embedded stores.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use playhouse_store::{
    Backend, Claim, Claimed, Commit, Committed, DocumentId, Embedded, End, Owner, Path as Place,
    Quarantine, Take, Update, Value,
};
use serde_json::Value as Json;

use crate::folder::Folder;

/// The schema of the fixtures, and the fixtures.
fn documents() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/documents")
}

fn to_value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(value), _) => Value::Unsigned(value),
            (_, Some(value)) => Value::Negative(value),
            _ => Value::Float(number.as_f64().unwrap()),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(elements) => Value::List(elements.iter().map(to_value).collect()),
        Json::Object(entries) => {
            let entry = |(name, value): (&String, &Json)| (name.clone(), to_value(value));
            Value::Map(entries.iter().map(entry).collect())
        }
    }
}

/// Writes documents of heroes into a new store: key, the release that wrote it, and its sections; those with a reason are
/// in quarantine.
fn fill(folder: &Path, heroes: &[(String, u32, Value, Option<&str>)]) {
    let system = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let backend = Embedded::at(folder).free_bytes_min(0);
    backend.open(&[], system.handle()).unwrap();
    let store = backend.store();
    let owner = Owner {
        node: "writer".into(),
        incarnation: 1,
    };
    system.block_on(async {
        for (key, release, root, quarantine) in heroes {
            let id = DocumentId::new("guild.Character", key.as_str());
            let claimed = store.claim(Claim {
                id: id.clone(),
                owner: owner.clone(),
                seen: None,
                take: Take::Any,
                create: true,
                birth: 7,
            });
            let Claimed::Mine(document) = claimed.await.unwrap() else {
                panic!("{id} is somebody's");
            };
            let mut update = Update::new();
            for (section, value) in root.entries().unwrap() {
                update.set(Place::of([section]), value.clone());
            }
            let commit = Commit {
                id: id.clone(),
                owner: owner.clone(),
                birth: document.header.birth,
                epoch: document.header.epoch,
                rev: document.header.rev,
                update,
                schema: *release,
                pending: false,
                wake_us: None,
                end: End::Released,
            };
            let done = store.commit(vec![Arc::new(commit)]).await.unwrap();
            assert_eq!(done, [Committed::Applied]);
            if let Some(why) = quarantine {
                let why = Some((*why).to_owned());
                store.quarantine(Quarantine { id, why }).await.unwrap();
            }
        }
    });
    backend.close();
}

/// A document's sections: slots are tables.
fn body(json: &Json) -> Value {
    let entry = |(name, json): (&String, &Json)| {
        let value = match to_value(json) {
            Value::Map(entries) if ["bag", "inventory"].contains(&name.as_str()) => {
                Value::Table(entries)
            }
            value => value,
        };
        (name.clone(), value)
    };
    let body = json.as_object().unwrap().iter().map(entry).collect();
    Value::Table([("body".to_owned(), Value::Table(body))].into())
}

/// What a claim of a hero comes to.
fn claim(folder: &Path, key: &str) -> Claimed {
    let system = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let backend = Embedded::at(folder).free_bytes_min(0);
    backend.open(&[], system.handle()).unwrap();
    let claimed = system.block_on(backend.store().claim(Claim {
        id: DocumentId::new("guild.Character", key),
        owner: Owner {
            node: "reader".into(),
            incarnation: 1,
        },
        seen: None,
        take: Take::Any,
        create: false,
        birth: 1,
    }));
    backend.close();
    claimed.unwrap()
}

fn data(folder: &Folder, command: &str, arguments: &[&str]) -> crate::folder::Ran {
    let manifest = documents().join("playhouse.toml");
    let manifest = manifest.to_str().unwrap();
    let store = folder.path("store");
    let store = store.to_str().unwrap();
    let mut all = vec!["--manifest", manifest, "data", command, "--store", store];
    all.extend(arguments);
    folder.run(&all)
}

#[test]
fn the_command_and_a_node_find_the_same_misfits() {
    let mut expected = BTreeMap::new();
    let mut heroes = Vec::new();
    for entry in fs::read_dir(documents().join("fixtures")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let fixture: Json = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        // The command runs no hooks.
        if name.starts_with("hook_") || name.starts_with("upgraded_") {
            continue;
        }
        let release = fixture["release"].as_u64().unwrap() as u32;
        heroes.push((format!("t{name}"), release, body(&fixture["stored"]), None));
        expected.insert(name, fixture["misfit"].as_str().map(str::to_owned));
    }
    assert!(heroes.len() > 30, "{}", heroes.len());
    let folder = Folder::empty();
    fill(&folder.path("store"), &heroes);
    let ran = data(&folder, "check", &["--json"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let mut found = BTreeMap::new();
    let mut lines: Vec<Json> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let counts = lines.pop().unwrap();
    for line in &lines {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let document = text("document");
        let name = document.strip_prefix("guild.Character/t").unwrap();
        found.insert(
            name.to_owned(),
            format!("{}: {}", text("path"), text("problem")),
        );
    }
    assert_eq!(counts["documents"], heroes.len());
    assert_eq!(counts["misfits"], found.len());
    for (name, misfit) in &expected {
        let found = found.get(name);
        // A node tells an element by its place in what it reads, and the command by its name.
        let same = |misfit: &String| {
            let (path, problem) = misfit.split_once(": ").unwrap();
            let near = path.split('[').next().unwrap();
            found.is_some_and(|found| found.starts_with(near) && found.ends_with(problem))
        };
        assert!(
            misfit.as_ref().map_or(found.is_none(), same),
            "{name}: a node finds {misfit:?}, the command {found:?}"
        );
    }
}

#[test]
fn what_does_not_fit_is_shown_with_its_place_and_counted() {
    let folder = Folder::empty();
    let store = folder.path("store");
    let level = |level: i64| body(&serde_json::json!({ "level": level }));
    fill(
        &store,
        &[
            ("u1".to_owned(), 3, level(5), None),
            ("u2".to_owned(), 3, level(0), None),
            ("u3".to_owned(), 1, level(101), None),
        ],
    );
    data(&folder, "check", &[]).expect(
        1,
        &[
            "guild.Character/u2 body.level: 0 is below the least allowed value, 1",
            "guild.Character/u3 body.level: 101 is above the greatest allowed value, 100",
            "written by release 1, this is 3: a hook `upgrade` may bring it here",
            "3 documents checked, 2 do not fit",
        ],
    );
    data(&folder, "check", &["--collection", "guild.Statue"])
        .expect(0, &["0 documents checked, all of them fit"]);
    for name in ["guild.Hero", "guild.Character"] {
        data(&folder, "check", &["--collection", name]).expect(1, &["3 documents checked"]);
    }
    data(&folder, "check", &["--collection", "guild.Nobody"]).expect(
        2,
        &["no entity of the schema has documents in `guild.Nobody`"],
    );
}

#[test]
fn documents_of_newer_nodes_are_counted_apart() {
    let folder = Folder::empty();
    let mut root = body(&serde_json::json!({ "level": "whatever" }));
    root.set(&["upgraded".to_owned()], Value::Unsigned(9));
    fill(&folder.path("store"), &[("u1".to_owned(), 9, root, None)]);
    data(&folder, "check", &[]).expect(
        0,
        &["1 document checked, all of them fit, 1 only for newer nodes"],
    );
}

#[test]
fn pages_follow_one_another() {
    let folder = Folder::empty();
    let heroes: Vec<_> = (0..600)
        .map(|hero| {
            let level = if hero % 100 == 7 { 0 } else { 1 };
            let root = body(&serde_json::json!({ "level": level }));
            (format!("u{hero}"), 3, root, None)
        })
        .collect();
    fill(&folder.path("store"), &heroes);
    data(&folder, "check", &[]).expect(1, &["600 documents checked, 6 do not fit"]);
}

#[test]
fn a_document_is_taken_out_of_quarantine() {
    let folder = Folder::empty();
    let store = folder.path("store");
    let level = |level: i64| body(&serde_json::json!({ "level": level }));
    fill(
        &store,
        &[
            ("u1".to_owned(), 3, level(5), Some("once")),
            ("u2".to_owned(), 3, level(0), Some("too low")),
        ],
    );
    assert!(matches!(claim(&store, "u1"), Claimed::Quarantined { .. }));
    // Those that fit.
    data(&folder, "check", &["--release"]).expect(1, &["1 does not fit"]);
    assert!(matches!(claim(&store, "u1"), Claimed::Mine(_)));
    assert!(matches!(claim(&store, "u2"), Claimed::Quarantined { .. }));
    // One that somebody names.
    data(&folder, "release", &["guild.Character/u2"])
        .expect(0, &["guild.Character/u2 is not in quarantine"]);
    assert!(matches!(claim(&store, "u2"), Claimed::Mine(_)));
    data(&folder, "release", &["guild.Character/u9"])
        .expect(2, &["there is no document guild.Character/u9"]);
    data(&folder, "release", &["u9"]).expect(2, &["u9 is no document"]);
}

#[test]
fn what_is_no_store_is_said() {
    let folder = Folder::empty();
    data(&folder, "check", &[]).expect(2, &["is no store: give the folder of one"]);
    assert!(!folder.path("store").exists(), "nothing was made");

    fill(&folder.path("store"), &[]);
    let system = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let backend = Embedded::at(folder.path("store")).free_bytes_min(0);
    backend.open(&[], system.handle()).unwrap();
    let ran = data(&folder, "check", &[]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("can't be opened"), "{}", ran.err);
    backend.close();
}

#[cfg(not(feature = "mongodb"))]
#[test]
fn secrets_of_an_address_are_not_shown() {
    let folder = Folder::empty();
    let manifest = documents().join("playhouse.toml");
    let manifest = manifest.to_str().unwrap();
    let address = "mongodb://admin:secret@db/arena";
    let ran = folder.run(&["--manifest", manifest, "data", "check", "--store", address]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("mongodb://db/arena"), "{}", ran.err);
    assert!(!ran.err.contains("secret"), "{}", ran.err);
}
