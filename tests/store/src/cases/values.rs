//! Values: what was written is what is read.

use std::collections::BTreeMap;
use std::rc::Rc;

use playhouse_store::{Committed, Path, Store, Table, Value};

use crate::held::{read, text};
use crate::{AVATARS, Held, plain};

/// Names that a store might take for something else.
#[must_use]
pub fn hostile_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "",
        ".",
        "..",
        "$",
        "$set",
        "a.b",
        "a",
        "a\0",
        "a\0b",
        "\0",
        "\u{1}",
        "\0\u{1}",
        "%",
        "%2e",
        "_id",
        "header",
        "owner",
        "epoch",
        "\\",
        "'",
        "\"",
        " ",
        "ü",
        "u\u{308}",
        "日本",
        "\u{10ffff}",
        "\u{ff}",
        "0",
        "-1",
        "__proto__",
        "~",
        "/",
        "u1/u2",
    ]
    .map(str::to_owned)
    .into();
    names.push("x".repeat(4096));
    names.push("x".repeat(4095));
    names.push(".".repeat(1024));
    names
}

async fn check(store: &Rc<dyn Store>, held: &mut Held, body: Value) {
    let mut commit = held.commit();
    commit.update.set(Path::of(["body"]), body.clone());
    assert_eq!(held.apply(store, commit).await, Committed::Applied);
    let root = Value::Table([("body".to_owned(), body)].into());
    let now = read(store, &held.document.id).await;
    assert_eq!(plain(now.root), plain(root));
}

/// As entries, as names within a leaf, as tables, and as keys of documents; alone and all together.
pub async fn hostile_names_come_back(store: Rc<dyn Store>) {
    let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
    let names = hostile_names();
    let all: Table = (0..)
        .zip(&names)
        .map(|(number, name)| (name.clone(), Value::Unsigned(number)))
        .collect();
    check(&store, &mut held, Value::Table(all.clone())).await;
    check(
        &store,
        &mut held,
        Value::Table([("leaf".into(), Value::Map(all.clone()))].into()),
    )
    .await;
    let tables = names
        .iter()
        .map(|name| (name.clone(), Value::Table(all.clone())));
    check(&store, &mut held, Value::Table(tables.take(12).collect())).await;
    check(&store, &mut held, Value::Table(all.clone())).await;
    // One by one, from the last to the first, until nothing is there.
    let mut left = all;
    for name in names.iter().rev() {
        let mut commit = held.commit();
        commit.update.remove(Path::of(["body"]).and(name));
        assert_eq!(
            held.apply(&store, commit).await,
            Committed::Applied,
            "{name:?}"
        );
        left.remove(name);
        let now = read(&store, &held.document.id).await;
        let root = Value::Table([("body".to_owned(), Value::Table(left.clone()))].into());
        assert_eq!(plain(now.root), plain(root), "without {name:?}");
    }
    for (number, name) in (1..).zip(names.iter().filter(|name| name.len() < 1000)) {
        let mut held = Held::claim(&store, AVATARS, name, 1).await;
        let commit = held.set("gold", Value::Unsigned(number));
        assert_eq!(
            held.apply(&store, commit).await,
            Committed::Applied,
            "{name:?}"
        );
        let now = read(&store, &held.document.id).await;
        assert_eq!(&*now.id.key, name);
        let gold = now.root.at(&["body".into(), "gold".into()]);
        assert_eq!(gold, Some(&Value::Unsigned(number)), "{name:?}");
    }
}

/// Floats by their bits, and integers as the same 64 bits.
pub async fn extremes_come_back(store: Rc<dyn Store>) {
    let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
    let floats = [
        0.0,
        -0.0,
        1.5,
        f64::MIN,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::EPSILON,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        f64::from_bits(0x7ff8_0000_0000_0123),
        f64::from_bits(0xfff8_0000_0000_0001),
        f64::from_bits(1),
    ];
    let unsigned = [
        0,
        1,
        127,
        128,
        255,
        256,
        65_535,
        65_536,
        u64::from(u32::MAX),
        1 << 32,
        (1 << 53) + 1,
        i64::MAX as u64,
        1 << 63,
        u64::MAX,
    ];
    let negative = [
        -1,
        -32,
        -33,
        -128,
        -129,
        -32_768,
        -32_769,
        -(1 << 31),
        -(1 << 31) - 1,
        -(1 << 53) - 1,
        i64::MIN,
    ];
    let mut values = vec![
        Value::Nil,
        Value::Bool(false),
        Value::Bool(true),
        text(""),
        text("\0"),
        text("\u{10ffff}"),
        Value::Bytes(Vec::new()),
        Value::Bytes((0..=255).collect()),
        Value::List(Vec::new()),
        Value::List(vec![Value::Nil, Value::List(vec![Value::Bool(true)])]),
    ];
    values.extend(floats.map(Value::Float));
    values.extend(unsigned.map(Value::Unsigned));
    values.extend(negative.map(Value::Negative));
    let alone = (0..)
        .zip(&values)
        .map(|(number, value): (u32, _)| (format!("v{number}"), value.clone()));
    check(&store, &mut held, Value::Table(alone.collect())).await;
    check(
        &store,
        &mut held,
        Value::Table([("list".into(), Value::List(values))].into()),
    )
    .await;
    let mut deep = Value::Unsigned(1);
    for level in 0..30 {
        deep = if level % 2 == 0 {
            Value::List(vec![deep])
        } else {
            Value::Map([("in".to_owned(), deep)].into())
        };
    }
    check(
        &store,
        &mut held,
        Value::Table([("deep".into(), deep)].into()),
    )
    .await;
    let header = [(u64::MAX >> 1, i64::MAX), (1 << 62, i64::MIN), (0, 0)];
    for (birth, wake_us) in header {
        let id = playhouse_store::DocumentId::new(AVATARS, format!("u{birth}"));
        let mut claim = crate::held::claim(&id, 1);
        claim.birth = birth;
        claim.owner.incarnation = birth;
        let Ok(playhouse_store::Claimed::Mine(document)) = store.claim(claim).await else {
            panic!("{birth} was not claimed");
        };
        assert_eq!(document.header.birth, birth);
        let mut held = Held::new(*document);
        let mut commit = held.commit();
        commit.wake_us = Some(wake_us);
        commit.schema = u32::MAX;
        assert_eq!(held.apply(&store, commit).await, Committed::Applied);
        let header = read(&store, &id).await.header;
        assert_eq!(
            (header.birth, header.wake_us, header.schema),
            (birth, Some(wake_us), u32::MAX)
        );
        assert_eq!(header.owner.map(|owner| owner.incarnation), Some(birth));
    }
}

/// In one leaf, and in many.
pub async fn many_bytes_come_back(store: Rc<dyn Store>) {
    let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
    let bytes = |length: usize| (0_u8..=255).cycle().take(length).collect();
    check(
        &store,
        &mut held,
        Value::Table([("blob".into(), Value::Bytes(bytes(4 << 20)))].into()),
    )
    .await;
    let many = (0..2000).map(|number| (format!("entry {number}"), Value::Bytes(bytes(100))));
    check(&store, &mut held, Value::Table(many.collect())).await;
    check(&store, &mut held, Value::table()).await;
}

/// What was below it before is gone.
pub async fn a_table_is_replaced_as_a_whole(store: Rc<dyn Store>) {
    let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
    let table = |names: &[&str]| {
        Value::Table(
            names
                .iter()
                .map(|name| ((*name).to_owned(), text(name)))
                .collect(),
        )
    };
    let bag = |names| {
        Value::Table(
            [
                ("bag".to_owned(), table(names)),
                ("baggage".to_owned(), table(&["z"])),
            ]
            .into(),
        )
    };
    check(&store, &mut held, bag(&["a", "b", "c"])).await;
    let mut commit = held.commit();
    commit
        .update
        .set(Path::of(["body", "bag"]), table(&["b", "d"]));
    assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    let now = read(&store, &held.document.id).await;
    let root = Value::Table([("body".to_owned(), bag(&["b", "d"]))].into());
    assert_eq!(plain(now.root), plain(root));
    // A table gives way to a leaf, and a leaf to a table.
    check(
        &store,
        &mut held,
        Value::Table([("bag".to_owned(), text("torn"))].into()),
    )
    .await;
    check(&store, &mut held, bag(&["a"])).await;
    let mut commit = held.commit();
    commit.update.set(Path::of(["body", "bag"]), Value::table());
    commit.update.remove(Path::of(["body", "baggage"]));
    assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    let now = read(&store, &held.document.id).await;
    assert_eq!(plain(now.root), Value::Map(BTreeMap::new()));
}

/// The others stay. Those on the way come to be, and what is not there is removed without harm.
pub async fn entries_are_set_and_removed_one_by_one(store: Rc<dyn Store>) {
    let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
    let at = |name: &str| Path::of(["body", "Inventory", "bag", name]);
    for (number, name) in (1..).zip(["a", "b", "c", "ab"]) {
        let mut commit = held.commit();
        commit.update.set(at(name), Value::Unsigned(number));
        commit.update.remove(at(&format!("{name}?")));
        commit
            .update
            .remove(Path::of(["body", "nowhere", "at all"]));
        assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    }
    let mut commit = held.commit();
    commit.update.remove(at("a"));
    commit.update.set(at("b"), text("two"));
    commit.update.set(at("d"), Value::Unsigned(5));
    assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    let now = read(&store, &held.document.id).await;
    let bag = now
        .root
        .at(&["body".into(), "Inventory".into(), "bag".into()])
        .cloned();
    let expected = [
        ("ab".to_owned(), Value::Unsigned(4)),
        ("b".to_owned(), text("two")),
        ("c".to_owned(), Value::Unsigned(3)),
        ("d".to_owned(), Value::Unsigned(5)),
    ];
    assert_eq!(bag.map(plain), Some(Value::Map(expected.into())));
}

/// As the protocol's are of the properties.
pub async fn sections_are_independent(store: Rc<dyn Store>) {
    let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
    let row = Value::Map(
        [
            ("call".to_owned(), text("take")),
            ("args".to_owned(), Value::Bytes(vec![1, 2])),
        ]
        .into(),
    );
    let receiver = "arena.world.Avatar/u2.$";
    let seq = "00000000000000000001";
    let mut commit = held.set("gold", Value::Unsigned(1));
    commit.pending = true;
    commit
        .update
        .set(Path::of(["out_next", receiver]), Value::Unsigned(2));
    commit
        .update
        .set(Path::of(["outbox", receiver, seq]), row.clone());
    assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    let next = Held::claim(&store, AVATARS, "u1", 2).await;
    assert!(next.document.header.pending);
    let kept = next
        .document
        .root
        .at(&["outbox".into(), receiver.into(), seq.into()]);
    assert_eq!(kept.cloned().map(plain), Some(plain(row)));
    let mut next = next;
    let mut commit = next.commit();
    commit.update.remove(Path::of(["outbox", receiver]));
    assert_eq!(next.apply(&store, commit).await, Committed::Applied);
    let now = read(&store, &held.document.id).await;
    assert_eq!(
        now.root.at(&["outbox".into(), receiver.into(), seq.into()]),
        None
    );
    assert_eq!(
        now.root.at(&["out_next".into(), receiver.into()]),
        Some(&Value::Unsigned(2))
    );
    assert!(!now.header.pending);
}
