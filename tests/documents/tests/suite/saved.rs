//! What is saved of changes, and loaded of documents.

use std::collections::BTreeMap;

use playhouse::document::{self, Path, Table, Value};
use playhouse::properties::{Consumer, Properties, Tags};
use playhouse::{Bytes, EntityKey, EntityRef, KeyPart, Ref, Timestamp, Uuid};
use playhouse_documents_tests::guild::{Bag, Coins, Goal, Hand, Hero, Mark, Stack, Statue, Team};
use playhouse_store::{Change, Update};

use crate::json::{is_unchanged, of_properties};

fn saved<P: Properties>(props: &mut P, at: &Path) -> Update {
    let mut update = Update::new();
    document::save(props, Tags::ALL, at, &mut update);
    props.clear_changes(Consumer::Persist);
    props.clear_changes(Consumer::Sync);
    update
}

fn body() -> Path {
    Path::of(["body"])
}

fn stack(item: u32, count: u32) -> Stack {
    Stack {
        item,
        count,
        quality: None,
    }
}

/// A hero of whom everything is changed.
fn whole_hero() -> playhouse::Result<Hero> {
    let mut hero = Hero::default();
    hero.set_title("Ann".to_owned())?;
    hero.set_level(100)?;
    hero.set_ratio(0.1);
    hero.set_goal(Some(Goal::Reach {
        at: 5,
        by: Some(Timestamp::from_micros(-1)),
    }));
    hero.set_team(Team::Sun);
    hero.worn_mut()
        .replace(vec![Some(stack(1, 1)), None, Some(stack(u32::MAX, 999))])?;
    hero.by_team_mut().insert(Team::Sun, 1)?;
    hero.by_team_mut().insert(Team::Unknown(9), 2)?;
    for (key, value) in [
        ("", 0),
        (".", -1),
        ("$a", i64::MIN),
        ("a.b/c\u{0}%", i64::MAX),
    ] {
        hero.scores_mut().insert(key.to_owned(), value)?;
    }
    hero.set_mark(Mark::SEEN | Mark(64));
    let key = EntityKey::new([KeyPart::Unsigned(u64::MAX)]);
    let friend = EntityRef {
        package: 960,
        number: 2,
        slot: 0,
        key,
    };
    hero.set_friend(Some(Ref::new(friend)?))?;
    hero.set_until(Some(Timestamp::from_micros(i64::MAX)));
    hero.set_blob(Bytes::from(vec![0, 255]))?;
    hero.set_id(Some(Uuid([7; 16])));
    hero.set_big(u64::MAX);
    let inner = BTreeMap::from([(255, Hand::Right)]);
    hero.deep_mut().insert(0, inner)?;
    hero.set_whole(Some(BTreeMap::from([(1, u64::MAX - 1)])));
    hero.set_narrow(0.1);
    hero.set_hand(Hand::Right);
    hero.set_bold(true);
    hero.set_badge(Some(String::new()))?;
    Ok(hero)
}

/// As a store without unsigned integers gives it back, with maps where tables were.
fn signed(value: &Value) -> Value {
    match value {
        Value::Unsigned(number) if i64::try_from(*number).is_err() => {
            Value::Negative(number.cast_signed())
        }
        Value::List(elements) => Value::List(elements.iter().map(signed).collect()),
        Value::Map(entries) | Value::Table(entries) => Value::Map(
            entries
                .iter()
                .map(|(name, value)| (name.clone(), signed(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

#[test]
fn what_was_saved_is_loaded_and_nothing_of_it_counts_as_changed() {
    let mut hero = whole_hero().unwrap();
    let update = saved(&mut hero, &body());
    let mut root = Value::table();
    root.apply(&update);
    for root in [root.clone(), signed(&root)] {
        let mut again = Hero::default();
        let table = root.at(&["body".to_owned()]).and_then(Value::entries);
        document::load(&mut again, table.expect("a body"), &body()).unwrap();
        let fresh = Hero::default();
        assert_eq!(of_properties(&again, &fresh), of_properties(&hero, &fresh));
        let shown = of_properties(&again, &fresh);
        let count = shown.as_object().expect("properties").len();
        assert_eq!(count, 20, "all but those that came later: {shown}");
        assert!(is_unchanged(&again));
    }
}

#[test]
fn only_what_changed_is_saved_down_to_entries() {
    let mut bag = Bag::default();
    let at = Path::of(["body", "inventory"]);
    assert!(saved(&mut bag, &at).is_empty());

    for slot in 1..=4 {
        bag.stacks_mut()
            .insert(slot, stack(slot.into(), 2))
            .unwrap();
    }
    bag.keys_mut().insert(Team::Sun).unwrap();
    bag.keys_mut().insert(Team::Moon).unwrap();
    bag.set_opened(3);
    let places = at.and("places");
    let first = saved(&mut bag, &at);
    assert_eq!(first.0.len(), 6, "{first:?}");

    bag.stacks_mut().insert(2, stack(2, 1)).unwrap();
    bag.stacks_mut().remove(&3);
    bag.keys_mut().remove(&Team::Sun);
    bag.set_gold(Coins(0));
    let entry = BTreeMap::from([("item".to_owned(), Value::Unsigned(2))]);
    assert_eq!(
        saved(&mut bag, &at).0,
        [
            Change::Set(places.and("2"), Value::Map(entry)),
            Change::Remove(places.and("3")),
            Change::Remove(at.and("keys").and("red")),
        ]
    );

    bag.stacks_mut().clear();
    assert_eq!(
        saved(&mut bag, &at).0,
        [Change::Set(places, Value::table())]
    );
}

#[test]
fn an_optional_that_is_none_again_is_in_no_index() {
    let mut hero = Hero::default();
    hero.set_badge(Some("x".to_owned())).unwrap();
    saved(&mut hero, &body());
    hero.set_badge(None).unwrap();
    let update = saved(&mut hero, &body());
    assert_eq!(update.0, [Change::Remove(body().and("badge"))]);
}

#[test]
fn only_those_asked_for_are_saved() {
    let mut hero = whole_hero().unwrap();
    let mut update = Update::new();
    document::save(&hero, Tags::of(&[4, 23]), &body(), &mut update);
    assert_eq!(
        update.0,
        [Change::Set(body().and("level"), Value::Unsigned(100))]
    );
    hero.clear_changes(Consumer::Persist);
    assert!(saved(&mut hero, &body()).is_empty());
}

#[test]
fn what_was_never_changed_stays_as_it_was_made() {
    let mut statue = Statue::new(Goal::Rest);
    document::load(&mut statue, &Table::new(), &body()).unwrap();
    assert_eq!(*statue.pose(), Goal::Rest);
    let pose = Value::Map([("kill".to_owned(), Value::Unsigned(3))].into());
    let table = Table::from([("pose".to_owned(), pose)]);
    document::load(&mut statue, &table, &body()).unwrap();
    assert_eq!(*statue.pose(), Goal::Slay(3));
    statue.set_pose(Goal::Slay(4));
    let pose = Value::Map([("kill".to_owned(), Value::Unsigned(4))].into());
    assert_eq!(
        saved(&mut statue, &body()).0,
        [Change::Set(body().and("pose"), pose)]
    );
}

#[test]
fn values_that_are_nested_too_deep_are_refused() {
    let mut value = Value::Unsigned(1);
    for _ in 0..100_000 {
        value = Value::List(vec![value]);
    }
    let mut hero = Hero::default();
    let table = Table::from([("worn".to_owned(), value)]);
    let misfit = document::load(&mut hero, &table, &body()).unwrap_err();
    assert_eq!(misfit.path.to_string(), "body.worn.0");
    // What is nested is dropped by a loop: the test's stack is no deeper than others.
    let mut rest = table.into_values().next();
    while let Some(Value::List(mut elements)) = rest {
        rest = elements.pop();
    }
}
