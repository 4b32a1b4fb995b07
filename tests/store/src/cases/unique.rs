//! Indexes: values that only one has, and documents by value.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_store::{Commit, Committed, End, Find, Path, Store, Value};

use crate::held::{one, text};
use crate::{AVATARS, GUILDS, Held};

fn taken() -> Committed {
    Committed::Taken {
        path: Path::of(["body", "name"]),
    }
}

async fn named(store: &Rc<dyn Store>, key: &str, name: &str) -> Held {
    let mut held = Held::claim(store, AVATARS, key, 1).await;
    let commit = held.set("name", text(name));
    assert_eq!(held.apply(store, commit).await, Committed::Applied);
    held
}

async fn find(store: &Rc<dyn Store>, property: &str, value: Value, limit: usize) -> Vec<String> {
    let found = store.find(Find {
        collection: AVATARS.into(),
        path: Path::of(["body", property]),
        value,
        limit,
    });
    let found = found.await.expect("answered");
    let mut keys: Vec<_> = found.iter().map(|id| id.key.to_string()).collect();
    keys.sort();
    keys
}

/// The activation goes on at the same revision. Its own value, once more, is not taken.
pub async fn a_value_that_is_taken_is_refused(store: Rc<dyn Store>) {
    let mut ada = named(&store, "u1", "Ada").await;
    let mut bob = named(&store, "u2", "Bob").await;
    let mut commit = bob.set("name", text("Ada"));
    commit
        .update
        .set(Path::of(["body", "gold"]), Value::Unsigned(9));
    assert_eq!(bob.apply(&store, commit).await, taken());
    assert_eq!(find(&store, "name", text("Bob"), 9).await, ["u2"]);
    let commit = bob.set("gold", Value::Unsigned(1));
    assert_eq!(bob.apply(&store, commit).await, Committed::Applied);
    let commit = ada.set("name", text("Ada"));
    assert_eq!(ada.apply(&store, commit).await, Committed::Applied);
    // Another collection has names of its own, and other kinds of values are other values.
    let guild = Held::claim(&store, GUILDS, "u1", 1).await;
    let commit = guild.set("name", text("Ada"));
    assert_eq!(one(&store, &commit).await, Committed::Applied);
    let commit = bob.set("name", Value::Unsigned(5));
    assert_eq!(bob.apply(&store, commit).await, Committed::Applied);
    let commit = ada.set("name", text("5"));
    assert_eq!(ada.apply(&store, commit).await, Committed::Applied);
}

/// When it changes, and when it is removed, with all that is around it too.
pub async fn a_value_that_is_given_up_is_free(store: Rc<dyn Store>) {
    let mut ada = named(&store, "u1", "Ada").await;
    let commit = ada.set("name", text("Eve"));
    assert_eq!(ada.apply(&store, commit).await, Committed::Applied);
    let mut bob = named(&store, "u2", "Ada").await;
    let mut commit = bob.commit();
    commit.update.remove(Path::of(["body", "name"]));
    assert_eq!(bob.apply(&store, commit).await, Committed::Applied);
    let commit = ada.set("name", text("Ada"));
    assert_eq!(ada.apply(&store, commit).await, Committed::Applied);
    let mut commit = ada.commit();
    commit.update.set(Path::of(["body"]), Value::table());
    assert_eq!(ada.apply(&store, commit).await, Committed::Applied);
    let commit = bob.set("name", text("Ada"));
    assert_eq!(bob.apply(&store, commit).await, Committed::Applied);
    assert_eq!(find(&store, "name", text("Ada"), 9).await, ["u2"]);
}

/// One gives up what the next one takes.
pub async fn a_value_changes_hands_in_one_commit(store: Rc<dyn Store>) {
    let mut ada = named(&store, "u1", "Ada").await;
    let mut bob = named(&store, "u2", "Bob").await;
    let commits = vec![
        Arc::new(bob.set("name", Value::Nil)),
        Arc::new(ada.set("name", text("Bob"))),
    ];
    let applied = vec![Committed::Applied; 2];
    assert_eq!(store.commit(commits).await, Ok(applied));
    (ada.rev, bob.rev) = (ada.rev + 1, bob.rev + 1);
    assert_eq!(find(&store, "name", text("Bob"), 9).await, ["u1"]);
    let commit = bob.set("name", text("Ada"));
    assert_eq!(bob.apply(&store, commit).await, Committed::Applied);
    assert_eq!(find(&store, "name", text("Ada"), 9).await, ["u2"]);
}

/// Whichever it is; and the other can have it once that one has given it up.
pub async fn of_two_that_want_a_value_at_once_one_has_it(store: Rc<dyn Store>) {
    for round in 0..10 {
        let name = text(&format!("name {round}"));
        let a = Held::claim(&store, AVATARS, "u1", 1).await;
        let b = Held::claim(&store, AVATARS, "u2", 1).await;
        let commit = |held: &Held| store.commit(vec![Arc::new(held.set("name", name.clone()))]);
        let (of_a, of_b) = (commit(&a), commit(&b));
        let (of_a, of_b) = (of_a.await.expect("answered"), of_b.await.expect("answered"));
        let winner = match (&of_a[..], &of_b[..]) {
            ([Committed::Applied], [lost]) if *lost == taken() => "u1",
            ([lost], [Committed::Applied]) if *lost == taken() => "u2",
            other => panic!("{other:?}"),
        };
        assert_eq!(find(&store, "name", name, 9).await, [winner]);
    }
}

/// Any number may have none, or an optional without a value.
pub async fn nothing_is_not_a_value(store: Rc<dyn Store>) {
    for key in ["u1", "u2", "u3"] {
        let held = Held::claim(&store, AVATARS, key, 1).await;
        let commit = if key == "u3" {
            held.set("gold", Value::Unsigned(1))
        } else {
            held.set("name", Value::Nil)
        };
        assert_eq!(one(&store, &commit).await, Committed::Applied);
    }
    assert!(find(&store, "name", Value::Nil, 9).await.is_empty());
}

/// Within one list of commits too.
pub async fn what_is_deleted_gives_its_value_up(store: Rc<dyn Store>) {
    let ada = named(&store, "u1", "Ada").await;
    let mut last = ada.commit();
    last.end = End::Deleted;
    let bob = Held::claim(&store, AVATARS, "u2", 1).await;
    assert_eq!(one(&store, &last).await, Committed::Applied);
    assert!(find(&store, "name", text("Ada"), 9).await.is_empty());
    assert_eq!(
        one(&store, &bob.set("name", text("Ada"))).await,
        Committed::Applied
    );
}

/// Of their collection, by an index that there is, and no more than asked for.
pub async fn documents_are_found_by_value(store: Rc<dyn Store>) {
    let values: [(&str, Value); 6] = [
        ("u1", text("red")),
        ("u2", text("red")),
        ("u3", text("blue")),
        ("u4", Value::Unsigned(1)),
        ("u5", Value::Bool(true)),
        ("u6", text("red\0")),
    ];
    for (key, value) in values {
        let held = Held::claim(&store, AVATARS, key, 1).await;
        let commit: Commit = held.set("guild", value);
        assert_eq!(one(&store, &commit).await, Committed::Applied);
    }
    let guild = Held::claim(&store, GUILDS, "u9", 1).await;
    assert_eq!(
        one(&store, &guild.set("guild", text("red"))).await,
        Committed::Applied
    );
    assert_eq!(find(&store, "guild", text("red"), 9).await, ["u1", "u2"]);
    assert_eq!(find(&store, "guild", text("red"), 1).await.len(), 1);
    assert!(find(&store, "guild", text("red"), 0).await.is_empty());
    assert_eq!(find(&store, "guild", text("red\0"), 9).await, ["u6"]);
    assert_eq!(find(&store, "guild", Value::Unsigned(1), 9).await, ["u4"]);
    assert_eq!(find(&store, "guild", Value::Bool(true), 9).await, ["u5"]);
    assert!(find(&store, "guild", text("re"), 9).await.is_empty());
    assert!(find(&store, "gold", text("red"), 9).await.is_empty());
    let held = Held::claim(&store, AVATARS, "u1", 1).await;
    let commit = held.set("guild", text("blue"));
    assert_eq!(one(&store, &commit).await, Committed::Applied);
    assert_eq!(find(&store, "guild", text("blue"), 9).await, ["u1", "u3"]);
    assert_eq!(find(&store, "guild", text("red"), 9).await, ["u2"]);
}
