//! Each file of `fixtures` is a document that an older release wrote, or somebody else did, and what comes of it.
//!
//! `stored` is the body and `release` who wrote it; `changes` (of the upgrade), `hero` and `bag` (loaded) or `misfit` are
//! what is expected. `UPDATE=1` writes those.

use std::path::Path as FilePath;
use std::{env, fs};

use playhouse::document::{self, Draft, Misfit, Path, Value};
use playhouse::logic::EntitySchema;
use playhouse_documents_tests::SCHEMA;
use playhouse_documents_tests::guild::{Bag, Hero};
use playhouse_store::{Change, Document, DocumentId, Header};
use serde_json::{Map, json};

use crate::json::{is_unchanged, of_properties, of_value, to_value};

/// Release 3 has no copper: a hundred of it make one gold.
fn upgrade_hero(draft: &mut Draft<'_>, from: u32) -> Result<(), Misfit> {
    assert!(from < 3, "the schema has release 3");
    if draft.get(&["cursed"]).is_some() {
        let names: Vec<u8> = Vec::new();
        // A mistake in a hook.
        let _ = names
            .first()
            .ok_or(())
            .expect("a hook that did not think of this");
    }
    match draft.get(&["copper"]) {
        None => Ok(()),
        Some(Value::Unsigned(copper)) => {
            let gold = copper / 100;
            draft.remove(&["copper"]);
            let held = match draft.get(&["inventory", "coins"]) {
                Some(Value::Unsigned(held)) => *held,
                _ => 0,
            };
            draft.set(&["inventory", "coins"], Value::Unsigned(held + gold));
            Ok(())
        }
        Some(_) => Err(draft.misfit(&["copper"], "copper is a number")),
    }
}

/// Slots were numbered from 0 before release 2.
fn upgrade_bag(draft: &mut Draft<'_>, from: u32) -> Result<(), Misfit> {
    if from < 2 {
        let names = draft.names(&["places"]);
        for name in names.iter().rev() {
            let Ok(place) = name.parse::<u16>() else {
                return Err(draft.misfit(&["places", name], "not a number"));
            };
            draft.rename(&["places", name], &["places", &(place + 1).to_string()]);
        }
    }
    Ok(())
}

fn outcome(fixture: &Map<String, serde_json::Value>) -> Result<serde_json::Value, Misfit> {
    let release = fixture["release"].as_u64().expect("a release");
    let mut document = Document {
        id: DocumentId::new("guild.Character", "u1"),
        header: Header {
            birth: 1,
            schema: release.try_into().expect("a release"),
            owner: None,
            epoch: 1,
            rev: 2,
            born: true,
            pending: false,
            wake_us: None,
        },
        root: Value::Table([("body".to_owned(), to_value(&fixture["stored"]))].into()),
    };
    if let Some(by) = fixture.get("upgraded") {
        let by = to_value(by);
        document.root.set(&["upgraded".to_owned()], by);
    }
    let stored = document.root.clone();
    let entity = Hero::descriptor();
    let hooks: &[(u8, document::UpgradeHook)] = &[(1, upgrade_bag), (0, upgrade_hero)];
    let update = document::upgrade(entity, SCHEMA.release, hooks, &mut document)?;
    let mut committed = stored;
    committed.apply(&update);
    assert_eq!(
        committed, document.root,
        "the changes are those that were made"
    );

    let changes: Vec<serde_json::Value> = update
        .0
        .iter()
        .map(|change| match change {
            Change::Set(path, value) => json!({ "set": path.to_string(), "to": of_value(value) }),
            Change::Remove(path) => json!({ "remove": path.to_string() }),
        })
        .collect();
    let (mut hero, mut bag) = (Hero::default(), Bag::default());
    let section = |slot| -> (Path, document::Table) {
        let at = document::place(entity, slot).expect("a section");
        let table = document.root.at(&at.0).and_then(Value::entries);
        (at, table.cloned().unwrap_or_default())
    };
    let (at, table) = section(0);
    document::load(&mut hero, &table, &at)?;
    let (at, table) = section(1);
    document::load(&mut bag, &table, &at)?;
    assert!(is_unchanged(&hero) && is_unchanged(&bag));
    let mut shown = Map::new();
    if !changes.is_empty() {
        shown.insert("changes".to_owned(), changes.into());
    }
    shown.insert("hero".to_owned(), of_properties(&hero, &Hero::default()));
    shown.insert("bag".to_owned(), of_properties(&bag, &Bag::default()));
    Ok(shown.into())
}

#[test]
fn documents_of_older_releases_become_what_is_expected() {
    let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let update = env::var("UPDATE").is_ok_and(|update| update == "1");
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of fixtures")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    assert!(
        paths.len() >= 25,
        "only {} fixtures were found",
        paths.len()
    );
    let mut wrong = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a fixture");
        let fixture: Map<String, serde_json::Value> = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut expected = fixture.clone();
        for name in ["changes", "hero", "bag", "misfit", "passing"] {
            expected.remove(name);
        }
        match outcome(&fixture) {
            Ok(shown) => expected.extend(shown.as_object().expect("an object").clone()),
            Err(misfit) => {
                expected.insert("misfit".to_owned(), misfit.to_string().into());
                if misfit.passing {
                    expected.insert("passing".to_owned(), true.into());
                }
            }
        }
        if update {
            let text = serde_json::to_string_pretty(&expected).expect("JSON");
            fs::write(&path, text + "\n").expect("the fixture to be written");
        } else if expected != fixture {
            let shown = serde_json::to_string_pretty(&expected).expect("JSON");
            wrong.push(format!("{}: {shown}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
