//! What property structs track, and what the other side makes of it.

use playhouse::properties::{Consumer, Properties, Tags};
use playhouse::{Check, Limits, Reader, Writer};
use proptest::prelude::*;

use crate::schema::sample::{Flyer, Inventory, ItemId, Name, Player, Slot, Stack, Transform};
use playhouse::math::Vec2;

fn stack(item: u32, count: u32) -> Stack {
    Stack {
        item: ItemId(item),
        count,
    }
}

fn changes(properties: &impl Properties, consumer: Consumer) -> Vec<u8> {
    let mut w = Writer::new();
    properties.encode_changes(consumer, Tags::ALL, &mut w);
    w.into_bytes()
}

fn apply(properties: &mut impl Properties, bytes: &[u8]) -> Result<Tags, String> {
    let mut r = Reader::new(bytes, &Limits::STRICT);
    properties
        .apply(Tags::ALL, &mut r)
        .map_err(|error| error.to_string())
}

fn all(properties: &impl Properties, consumer: Consumer) -> Vec<u8> {
    let mut w = Writer::new();
    properties.encode_all(consumer, Tags::ALL, &mut w);
    w.into_bytes()
}

#[test]
fn nothing_has_changed_at_first() {
    let inventory = Inventory::default();
    assert_eq!(inventory.changed(Consumer::Persist), Tags::NONE);
    assert!(changes(&inventory, Consumer::Sync).is_empty());
    assert_eq!(inventory.worn().len(), 8);
    assert_eq!(inventory.level(), 1);
}

#[test]
fn values_are_tracked_for_those_who_look() {
    let mut inventory = Inventory::default();
    inventory.set_gold(5);
    inventory.set_audit_seed(6);
    inventory.set_note(Some("x".to_owned())).unwrap();
    assert_eq!(inventory.changed(Consumer::Persist), Tags::of(&[2, 4]));
    assert_eq!(inventory.changed(Consumer::Sync), Tags::of(&[2]));
    assert_eq!(changes(&inventory, Consumer::Sync), [0x81, 2, 5]);
    inventory.clear_changes(Consumer::Sync);
    assert!(changes(&inventory, Consumer::Sync).is_empty());
    assert_eq!(changes(&inventory, Consumer::Persist), [0x82, 2, 5, 4, 6]);
    inventory.set_gold(5);
    assert_eq!(
        inventory.changed(Consumer::Sync),
        Tags::NONE,
        "the same value is no change"
    );
}

#[test]
fn maps_are_tracked_by_key() {
    let mut inventory = Inventory::default();
    inventory.bag_mut().insert(Slot(3), stack(9, 2)).unwrap();
    inventory.bag_mut().insert(Slot(4), stack(8, 1)).unwrap();
    inventory.clear_changes(Consumer::Sync);
    inventory
        .bag_mut()
        .update(&Slot(3), |stack| stack.count = 5)
        .unwrap();
    inventory.bag_mut().remove(&Slot(4)).unwrap();
    assert_eq!(
        changes(&inventory, Consumer::Sync),
        [0x81, 1, 0x92, 0xc2, 0x82, 3, 0x92, 9, 5, 4, 0xc0]
    );
    inventory.bag_mut().clear();
    assert_eq!(
        changes(&inventory, Consumer::Sync),
        [0x81, 1, 0x92, 0xc3, 0x80]
    );
    inventory.clear_changes(Consumer::Sync);
    let _ = inventory.bag_mut();
    assert_eq!(
        inventory.changed(Consumer::Sync),
        Tags::NONE,
        "a look is no change"
    );
}

#[test]
fn lists_are_tracked_by_index() {
    let mut inventory = Inventory::default();
    inventory.worn_mut().set(2, Some(ItemId(7))).unwrap();
    assert_eq!(
        changes(&inventory, Consumer::Sync),
        [0x81, 3, 0x92, 8, 0x81, 2, 7]
    );
    assert!(
        inventory.worn_mut().push(None).is_err(),
        "its length is exact"
    );

    let mut recent = inventory.recent_mut();
    recent.push("a".to_owned()).unwrap();
    recent.push("b".to_owned()).unwrap();
    inventory.clear_changes(Consumer::Sync);
    inventory.recent_mut().pop();
    assert_eq!(
        changes(&inventory, Consumer::Sync),
        [0x81, 5, 0x92, 1, 0x80]
    );
}

#[test]
fn sets_are_tracked_by_element() {
    let mut inventory = Inventory::default();
    inventory.known_mut().insert(ItemId(4)).unwrap();
    inventory.clear_changes(Consumer::Sync);
    inventory.known_mut().insert(ItemId(2)).unwrap();
    inventory.known_mut().remove(&ItemId(4));
    assert_eq!(
        changes(&inventory, Consumer::Sync),
        [0x81, 6, 0x93, 0xc2, 0x91, 2, 0x91, 4]
    );
}

#[test]
fn bounds_hold_before_anything_changes() {
    let mut inventory = Inventory::default();
    let error = inventory.set_level(0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "level: 0 is below the least allowed value, 1"
    );
    let error = inventory
        .bag_mut()
        .insert(Slot(64), stack(1, 1))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "[Slot(64)]: 64 is above the greatest allowed value, 63"
    );
    let error = inventory
        .bag_mut()
        .insert(Slot(1), stack(1, 100))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "[Slot(1)].count: 100 is above the greatest allowed value, 99"
    );
    for element in 0..6 {
        inventory.recent_mut().push(element.to_string()).unwrap();
    }
    let error = inventory.recent_mut().push("7".to_owned()).unwrap_err();
    assert_eq!(error.to_string(), "7 elements, at most 6 allowed");
    assert_eq!(inventory.check(), Ok(()));
    assert_eq!(inventory.changed(Consumer::Persist), Tags::of(&[5]));
    assert!(Player::new(Name("x".to_owned())).is_err());
    assert_eq!(Player::new(Name("xy".to_owned())).unwrap().name().0, "xy");
}

#[test]
fn a_change_that_breaks_a_bound_leaves_the_property_as_it_was() {
    let mut inventory = Inventory::default();
    inventory.recent_mut().push("a".to_owned()).unwrap();
    let check = |inventory: &mut Inventory, bytes: &[u8], expected: &str| {
        let before = all(inventory, Consumer::Persist);
        assert_eq!(apply(inventory, bytes).unwrap_err(), expected);
        assert_eq!(all(inventory, Consumer::Persist), before);
    };
    check(
        &mut inventory,
        &[0x81, 7, 0],
        "level: 0 is below the least allowed value, 1 (at byte 2)",
    );
    check(
        &mut inventory,
        &[0x81, 5, 0x92, 7, 0x80],
        "recent: 7 elements, at most 6 allowed (at byte 2)",
    );
    check(
        &mut inventory,
        &[0x81, 5, 0x92, 3, 0x81, 1, 0xa0],
        "recent: the change lengthens the list but gives no element 2 (at byte 2)",
    );
    check(
        &mut inventory,
        &[0x81, 5, 0x92, 1, 0x81, 1, 0xa0],
        "recent: 1 is above the greatest allowed value, 0 (at byte 2)",
    );
    check(
        &mut inventory,
        &[0x81, 3, 0x92, 7, 0x80],
        "worn: 7 elements, exactly 8 expected (at byte 2)",
    );
}

#[test]
fn unknown_properties_are_passed_over() {
    let mut inventory = Inventory::default();
    assert_eq!(
        apply(&mut inventory, &[0x82, 99, 0x91, 1, 2, 5]),
        Ok(Tags::of(&[2]))
    );
    assert_eq!(inventory.gold(), 5);
    let mut r = Reader::new(&[0x82, 2, 6, 7, 9], &Limits::STRICT);
    assert_eq!(
        inventory.apply(Tags::of(&[7]), &mut r),
        Ok(Tags::of(&[7])),
        "only those asked for"
    );
    assert_eq!((inventory.gold(), inventory.level()), (5, 9));
    assert_eq!(
        apply(&mut inventory, &[0x82, 2, 1, 2, 1]).unwrap_err(),
        "[2]: occurs twice (at byte 3)"
    );
}

#[test]
fn floats_are_rounded_for_sync_alone() {
    let mut transform = Transform::default();
    transform.set_pos(Vec2 { x: 0.1, y: 0.2 });
    assert_eq!(
        transform.changed(Consumer::Sync),
        Tags::NONE,
        "rounds to what observers see"
    );
    transform.set_pos(Vec2 { x: 0.3, y: 0.2 });
    assert_eq!(
        changes(&transform, Consumer::Sync),
        [0x81, 1, 0x91, 0xca, 0x3f, 0, 0, 0],
        "(0.5, 0)"
    );
    let mut flyer = Flyer::default();
    flyer.update_pos(|pos| pos.x = 1.234);
    assert_eq!(flyer.pos().x.to_bits(), 1.234_f32.to_bits());
    assert_eq!(changes(&flyer, Consumer::Sync)[..4], [0x81, 1, 0x91, 0xca]);
}

#[test]
fn what_is_idle_is_small() {
    // A million entities with two components must fit 400 bytes each above their properties' own: here is the part
    // that tracking takes. A map, a list, a set and a struct of them cost a pointer each.
    let pointer = size_of::<usize>();
    assert_eq!(size_of::<playhouse::properties::Tracker>(), pointer);
    let plain = size_of::<std::collections::BTreeMap<Slot, Stack>>();
    assert_eq!(
        size_of::<playhouse::properties::TrackedMap<Slot, Stack>>(),
        plain + pointer
    );
    assert_eq!(
        size_of::<playhouse::properties::TrackedList<u8>>(),
        size_of::<Vec<u8>>() + pointer
    );
    let mut inventory = Inventory::default();
    inventory.bag_mut().insert(Slot(1), stack(1, 1)).unwrap();
    inventory.clear_changes(Consumer::Persist);
    inventory.clear_changes(Consumer::Sync);
    assert!(
        format!("{:?}", inventory.tracker()).contains("None"),
        "what was noted is given back"
    );
}

/// One thing that a handler may do.
#[derive(Debug, Clone)]
enum Step {
    Gold(u64),
    Insert(u8, u32),
    Remove(u8),
    ClearBag,
    Retain(u32),
    ReplaceBag(Vec<u8>),
    Wear(usize, Option<u32>),
    Push(String),
    SetRecent(usize, String),
    RemoveRecent(usize),
    SwapRemove(usize),
    Truncate(usize),
    Know(u32),
    Forget(u32),
    ForgetAll,
    Persist,
    Sync,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<u64>().prop_map(Step::Gold),
        (0..64_u8, 1..99_u32).prop_map(|(slot, count)| Step::Insert(slot, count)),
        (0..64_u8).prop_map(Step::Remove),
        Just(Step::ClearBag),
        (1..99_u32).prop_map(Step::Retain),
        proptest::collection::vec(0..64_u8, 0..5).prop_map(Step::ReplaceBag),
        (0..9_usize, proptest::option::of(1..9_u32)).prop_map(|(at, item)| Step::Wear(at, item)),
        "[a-z]{0,8}".prop_map(Step::Push),
        (0..7_usize, "[a-z]{0,8}").prop_map(|(at, text)| Step::SetRecent(at, text)),
        (0..7_usize).prop_map(Step::RemoveRecent),
        (0..7_usize).prop_map(Step::SwapRemove),
        (0..7_usize).prop_map(Step::Truncate),
        (1..20_u32).prop_map(Step::Know),
        (1..20_u32).prop_map(Step::Forget),
        Just(Step::ForgetAll),
        Just(Step::Persist),
        Just(Step::Sync),
    ]
}

fn act(inventory: &mut Inventory, step: &Step) {
    match step {
        Step::Gold(gold) => inventory.set_gold(*gold),
        Step::Insert(slot, count) => {
            inventory
                .bag_mut()
                .insert(Slot(*slot), stack(1, *count))
                .unwrap();
        }
        Step::Remove(slot) => {
            inventory.bag_mut().remove(&Slot(*slot));
        }
        Step::ClearBag => inventory.bag_mut().clear(),
        Step::Retain(least) => inventory.bag_mut().retain(|_, stack| stack.count >= *least),
        Step::ReplaceBag(slots) => {
            let entries = slots
                .iter()
                .map(|slot| (Slot(*slot), stack(2, 2)))
                .collect();
            inventory.bag_mut().replace(entries).unwrap();
        }
        Step::Wear(at, item) => {
            inventory.worn_mut().set(*at, item.map(ItemId)).unwrap();
        }
        Step::Push(text) => {
            let _ = inventory.recent_mut().push(text.clone());
        }
        Step::SetRecent(at, text) => {
            inventory.recent_mut().set(*at, text.clone()).unwrap();
        }
        Step::RemoveRecent(at) => {
            inventory.recent_mut().remove(*at);
        }
        Step::SwapRemove(at) => {
            inventory.recent_mut().swap_remove(*at);
        }
        Step::Truncate(length) => inventory.recent_mut().truncate(*length),
        Step::Know(item) => {
            inventory.known_mut().insert(ItemId(*item)).unwrap();
        }
        Step::Forget(item) => {
            inventory.known_mut().remove(&ItemId(*item));
        }
        Step::ForgetAll => inventory.known_mut().clear(),
        Step::Persist | Step::Sync => {}
    }
}

/// Takes the changes of `consumer` over to `copy`.
fn drain(inventory: &mut Inventory, consumer: Consumer, copy: &mut Inventory) {
    let bytes = changes(inventory, consumer);
    if !bytes.is_empty() {
        apply(copy, &bytes).unwrap();
    }
    inventory.clear_changes(consumer);
}

proptest! {
    #[test]
    fn copies_follow_at_their_own_pace(steps in proptest::collection::vec(step(), 0..80)) {
        let mut inventory = Inventory::default();
        let (mut stored, mut seen) = (Inventory::default(), Inventory::default());
        for step in &steps {
            act(&mut inventory, step);
            match step {
                Step::Persist => drain(&mut inventory, Consumer::Persist, &mut stored),
                Step::Sync => drain(&mut inventory, Consumer::Sync, &mut seen),
                _ => {}
            }
        }
        drain(&mut inventory, Consumer::Persist, &mut stored);
        drain(&mut inventory, Consumer::Sync, &mut seen);
        prop_assert_eq!(all(&stored, Consumer::Persist), all(&inventory, Consumer::Persist));
        prop_assert_eq!(all(&seen, Consumer::Sync), all(&inventory, Consumer::Sync));
        prop_assert_eq!(inventory.changed(Consumer::Persist), Tags::NONE);

        let mut loaded = Inventory::default();
        apply(&mut loaded, &all(&inventory, Consumer::Persist)).unwrap();
        prop_assert_eq!(all(&loaded, Consumer::Persist), all(&inventory, Consumer::Persist));
    }
}
