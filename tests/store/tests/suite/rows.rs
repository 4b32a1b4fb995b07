//! What only the embedded store does, or says in its own words: indexes that change, swaps, limits.

use std::path::Path as Folder;
use std::rc::Rc;
use std::sync::Arc;

use playhouse_store::{
    Backend as _, Claimed, Collection, Commit, Committed, DocumentId, Embedded, End, Find, Index,
    Path, Store, StoreError, Value,
};
use playhouse_store_tests::held::{claim, one, read, text};
use playhouse_store_tests::{AVATARS, GUILDS, Held, block_on};

/// Indexes of avatars, by property and whether it is unique.
fn avatars(indexes: &[(&str, bool)]) -> Vec<Collection> {
    let index = |(name, unique): &(&str, bool)| Index {
        path: Path::of(["body", name]),
        unique: *unique,
    };
    vec![Collection {
        name: AVATARS.into(),
        indexes: indexes.iter().map(index).collect(),
    }]
}

fn open(folder: &Folder, collections: &[Collection]) -> Result<Embedded, String> {
    let backend = Embedded::at(folder).free_bytes_min(0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let opened = backend.open(collections, runtime.handle());
    opened.map_err(|error| error.why)?;
    Ok(backend)
}

#[track_caller]
fn with(folder: &Folder, collections: &[Collection], case: impl AsyncFnOnce(Rc<dyn Store>)) {
    let backend = open(folder, collections).unwrap();
    block_on(case(backend.store()));
    backend.close();
}

async fn find(store: &Rc<dyn Store>, property: &str, value: &str) -> Vec<String> {
    let find = Find {
        collection: AVATARS.into(),
        path: Path::of(["body", property]),
        value: text(value),
        limit: 99,
    };
    let found = store.find(find).await.unwrap();
    found.iter().map(|id| id.key.to_string()).collect()
}

/// With name and guild alike.
async fn add(store: &Rc<dyn Store>, key: &str, name: &str) {
    let held = Held::claim(store, AVATARS, key, 1).await;
    let mut commit = held.set("name", text(name));
    commit.update.set(Path::of(["body", "guild"]), text(name));
    commit.end = End::Released;
    assert_eq!(one(store, &commit).await, Committed::Applied);
}

#[test]
fn an_index_that_is_new_finds_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    with(folder, &avatars(&[]), async |store| {
        for (key, name) in [("u1", "Ada"), ("u2", "Bob"), ("u3", "Ada")] {
            add(&store, key, name).await;
        }
        assert!(find(&store, "guild", "Ada").await.is_empty());
    });
    with(folder, &avatars(&[("guild", false)]), async |store| {
        assert_eq!(find(&store, "guild", "Ada").await, ["u1", "u3"]);
    });
    let why = open(folder, &avatars(&[("name", true)]))
        .map(|_| ())
        .unwrap_err();
    let words = "suite.Avatar/u3 and u1 have the same value at body.name, which is to be unique from now on; make them differ first";
    assert_eq!(why, words);
    // What could not be done has changed nothing.
    with(folder, &avatars(&[("guild", false)]), async |store| {
        add(&store, "u3", "Eve").await;
        assert_eq!(find(&store, "guild", "Ada").await, ["u1"]);
    });
    with(
        folder,
        &avatars(&[("name", true), ("guild", true)]),
        async |store| {
            assert_eq!(find(&store, "name", "Eve").await, ["u3"]);
            assert_eq!(find(&store, "guild", "Eve").await, ["u3"]);
            let held = Held::claim(&store, AVATARS, "u4", 1).await;
            let taken = Committed::Taken {
                path: Path::of(["body", "guild"]),
            };
            assert_eq!(one(&store, &held.set("guild", text("Eve"))).await, taken);
        },
    );
}

#[test]
fn a_program_that_does_not_know_a_collection_keeps_its_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    with(folder, &avatars(&[("name", true)]), async |store| {
        add(&store, "u1", "Ada").await
    });
    with(folder, &[], async |store| add(&store, "u1", "Bob").await);
    with(folder, &avatars(&[("name", true)]), async |store| {
        assert_eq!(find(&store, "name", "Bob").await, ["u1"]);
        assert!(find(&store, "name", "Ada").await.is_empty());
        add(&store, "u2", "Ada").await;
    });
    // An index that is wanted no more holds nobody up, and when it comes back it is of now.
    with(folder, &avatars(&[]), async |store| {
        add(&store, "u2", "Bob").await
    });
    with(folder, &avatars(&[]), async |store| {
        add(&store, "u2", "Eve").await
    });
    with(folder, &avatars(&[("name", true)]), async |store| {
        assert_eq!(find(&store, "name", "Eve").await, ["u2"]);
        assert!(find(&store, "name", "Ada").await.is_empty());
    });
}

#[test]
fn unique_values_are_swapped_in_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    with(folder.path(), &avatars(&[("name", true)]), async |store| {
        let keys = ["u1", "u2", "u3"];
        for key in keys {
            add(&store, key, key).await;
        }
        let mut held = Vec::new();
        for key in keys {
            held.push(Held::claim(&store, AVATARS, key, 2).await);
        }
        let turn = |by: usize| -> Vec<Arc<Commit>> {
            let commit =
                |(at, held): (usize, &Held)| Arc::new(held.set("name", text(keys[(at + by) % 3])));
            held.iter().enumerate().map(commit).collect()
        };
        assert_eq!(store.commit(turn(1)).await, Ok(vec![Committed::Applied; 3]));
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(find(&store, "name", keys[(at + 1) % 3]).await, [*key]);
        }
        // Two that want the same at once: neither has it.
        for held in &mut held {
            held.rev += 1;
        }
        let both = vec![
            Arc::new(held[0].set("name", text("x"))),
            Arc::new(held[1].set("name", text("x"))),
        ];
        let taken = Committed::Taken {
            path: Path::of(["body", "name"]),
        };
        assert_eq!(store.commit(both).await, Ok(vec![taken.clone(), taken]));
    });
}

#[test]
fn a_change_within_a_leaf_changes_the_leaf() {
    let folder = tempfile::tempdir().unwrap();
    with(folder.path(), &[], async |store| {
        let mut held = Held::claim(&store, GUILDS, "u1", 1).await;
        let map = Value::Map(
            [
                ("a".to_owned(), text("1")),
                ("empty".to_owned(), Value::Map([].into())),
            ]
            .into(),
        );
        let mut commit = held.set("place", map);
        commit
            .update
            .set(Path::of(["body", "gold"]), Value::Unsigned(1));
        commit
            .update
            .set(Path::of(["body", "none"]), Value::Map([].into()));
        held.apply(&store, commit).await;
        let mut commit = held.commit();
        commit
            .update
            .set(Path::of(["body", "place", "b"]), text("2"));
        commit.update.remove(Path::of(["body", "place", "c"]));
        // A leaf that is no map gives way to what is set below it, and is left by what is removed.
        commit
            .update
            .set(Path::of(["body", "gold", "x", "y"]), text("3"));
        commit.update.remove(Path::of(["body", "none", "x"]));
        let mut reference = read(&store, &held.document.id).await.root;
        reference.apply(&commit.update);
        held.apply(&store, commit).await;
        assert_eq!(read(&store, &held.document.id).await.root, reference);
        // Nothing of the document may go with its root but the document itself.
        let mut commit = held.commit();
        commit.update.set(Path::default(), Value::table());
        assert_eq!(held.apply(&store, commit).await, Committed::Applied);
        let document = read(&store, &held.document.id).await;
        assert_eq!((document.root, document.header.rev), (Value::table(), 4));
    });
}

/// What one commit of this value is answered with, and whether the document goes on.
fn limit(path: Path, value: Value) -> Result<Vec<Committed>, StoreError> {
    let folder = tempfile::tempdir().unwrap();
    let mut answer = Err(StoreError::Closed);
    with(folder.path(), &avatars(&[("name", true)]), async |store| {
        let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
        let mut commit = held.commit();
        commit.update.set(path, value);
        answer = store.commit(vec![Arc::new(commit)]).await;
        if answer.is_ok() {
            held.rev += 1;
        }
        let document = read(&store, &held.document.id).await;
        assert_eq!(document.header.rev, held.rev);
        let commit = held.set("gold", Value::Unsigned(1));
        assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    });
    answer
}

#[test]
fn what_is_too_long_too_deep_or_too_large_is_refused() {
    let body = |name: &str| Path::of(["body", name]);
    let applied = Ok(vec![Committed::Applied]);
    let refused = |answer: Result<Vec<Committed>, StoreError>, words: &str| {
        let error = answer.unwrap_err();
        assert!(
            error.is_undone() && error.to_string().contains(words),
            "{error}"
        );
    };
    // The key: collection, document and path, each name with two bytes at its end.
    let rest = AVATARS.len() + 2 + "u1".len() + 2 + "body".len() + 2 + 2;
    let longest = "x".repeat(60_000 - rest);
    assert_eq!(limit(body(&longest), Value::Nil), applied);
    refused(
        limit(body(&format!("{longest}x")), Value::Nil),
        "at most 60000 can be kept: shorten the names",
    );
    refused(limit(body(&"\0".repeat(40_000)), Value::Nil), "takes 80");
    refused(
        limit(body("name"), Value::Text("x".repeat(60_000))),
        "an indexed value takes 60",
    );
    let nested = |depth: u32| (0..depth).fold(Value::Nil, |value, _| Value::List(vec![value]));
    assert_eq!(limit(body("deep"), nested(128)), applied);
    refused(
        limit(body("deep"), nested(129)),
        "nested 129 deep, and at most 128 can be kept: flatten it",
    );
    assert_eq!(
        limit(body("blob"), Value::Bytes(vec![0; (16 << 20) - 1000])),
        applied
    );
    refused(
        limit(body("blob"), Value::Bytes(vec![0; 16 << 20])),
        "at most 16777216 are written at once: keep less in one entity",
    );
}

#[test]
fn who_reads_sees_all_of_a_commit_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    with(folder.path(), &[], async |store| {
        let mut held = Vec::new();
        for key in ["u1", "u2", "u3"] {
            held.push(Held::claim(&store, GUILDS, key, 1).await);
        }
        for round in 1..=200 {
            let commit = |held: &Held| {
                let parts = (0..20).map(|at| (at.to_string(), Value::Unsigned(round)));
                Arc::new(held.set("parts", Value::Table(parts.collect())))
            };
            let committed = store.commit(held.iter().map(commit).collect());
            let scans: Vec<_> = (0..4).map(|_| store.scan(GUILDS.into(), None, 9)).collect();
            for scan in scans {
                let documents = scan.await.unwrap();
                let mut seen = Vec::new();
                for document in &documents {
                    let parts = document.root.at(&["body".into(), "parts".into()]);
                    let parts = parts.and_then(Value::entries);
                    seen.extend(parts.into_iter().flat_map(|parts| parts.values().cloned()));
                }
                let is_of = |round| seen.iter().all(|part| *part == Value::Unsigned(round));
                assert!(is_of(round) || is_of(round - 1), "round {round}: {seen:?}");
                assert!(
                    seen.len() == 60 || (seen.is_empty() && round == 1),
                    "{seen:?}"
                );
            }
            assert_eq!(committed.await, Ok(vec![Committed::Applied; 3]));
            for held in &mut held {
                held.rev += 1;
            }
        }
    });
}

#[test]
fn more_than_one_batch_holds_is_answered_in_full() {
    let folder = tempfile::tempdir().unwrap();
    with(folder.path(), &[], async |store| {
        let ids = (0..4_097).map(|number| DocumentId::new(GUILDS, format!("u{number}")));
        let claims: Vec<_> = ids.map(|id| store.claim(claim(&id, 1))).collect();
        let mut commits = Vec::new();
        for claimed in claims {
            let Ok(Claimed::Mine(document)) = claimed.await else {
                panic!("it was not claimed");
            };
            // All of them together are more bytes than a batch has as well.
            let commit = Held::new(*document).set("blob", Value::Bytes(vec![7; 3_000]));
            commits.push(store.commit(vec![Arc::new(commit)]));
        }
        for committed in commits {
            assert_eq!(committed.await, Ok(vec![Committed::Applied]));
        }
        let documents = store.scan(GUILDS.into(), None, 9_999).await.unwrap();
        assert_eq!(documents.len(), 4_097);
        assert!(documents.iter().all(|document| document.header.rev == 2));
    });
}

#[test]
fn what_is_too_long_to_be_there_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    with(folder.path(), &[], async |store| {
        let id = DocumentId::new(AVATARS, "x".repeat(70_000));
        assert_eq!(store.read(id.clone()).await, Ok(None));
        let claimed = store.claim(claim(&id, 1)).await;
        assert!(
            matches!(claimed, Err(StoreError::Unsupported(_))),
            "{claimed:?}"
        );
        let found = store.scan(id.key.clone(), None, 9).await;
        assert_eq!(found, Ok(Vec::new()));
    });
}
