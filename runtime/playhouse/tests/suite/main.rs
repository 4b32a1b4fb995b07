//! The facade under test with generated code: the sample of the language, in `tests/sample`.

#![allow(clippy::unwrap_used, reason = "a test whose values are refused fails")]

mod descriptor;
mod dynamic;
mod generated;
mod named;
mod pool;
mod properties;

#[path = "../sample/generated/mod.rs"]
mod schema;
mod timers;
mod watchdog;
mod wheel;

use proptest::prelude::*;

use playhouse::math::Vec2;
use playhouse::{Bytes, Duration, Ref, Timestamp, Uuid};
use schema::sample::{
    AccountId, Choice, Everything, Hand, Inventory, ItemId, PageOfStack, Player, Reward, Slot,
    Stack, Status, Team,
};

fn stack() -> impl Strategy<Value = Stack> {
    (1..=u32::MAX, 1..=99_u32).prop_map(|(item, count)| Stack {
        item: ItemId(item),
        count,
    })
}

fn slot() -> impl Strategy<Value = Slot> {
    (0..=63_u8).prop_map(Slot)
}

fn reward() -> impl Strategy<Value = Reward> {
    prop_oneof![
        any::<u32>().prop_map(Reward::Gold),
        stack().prop_map(Reward::Stack),
        (any::<u32>(), any::<Option<i64>>()).prop_map(|(id, until)| Reward::Title {
            id,
            until: until.map(Timestamp)
        }),
        Just(Reward::Nothing),
    ]
}

fn player() -> impl Strategy<Value = Ref<Player>> {
    (1..=u64::MAX).prop_map(|account| Player::reference(AccountId(account)))
}

/// Values within their bounds, most members set to something.
fn everything() -> impl Strategy<Value = Everything> {
    let scalars = (
        any::<(bool, u8, u64, i64)>(),
        -1.0..=0.1_f32,
        any::<i32>().prop_map(|quarters| f64::from(quarters) / 4.0),
        ".{0,16}",
        proptest::collection::vec(any::<u8>(), 0..=32),
        any::<(Option<i64>, i64, Option<[u8; 16]>)>(),
    );
    let containers = (
        proptest::collection::vec(".{0,4}", 0..=4),
        proptest::collection::btree_set(slot(), 0..=8),
        proptest::collection::btree_map(slot(), stack(), 0..=8),
        proptest::collection::btree_map(
            any::<u8>().prop_map(Team::from_number),
            proptest::collection::vec(any::<u64>(), 0..=4),
            0..=3,
        ),
        proptest::collection::btree_map(any::<i16>(), any::<i8>(), 0..=2),
        any::<[Option<u8>; 3]>(),
    );
    let types = (
        any::<(u8, bool, u8)>(),
        proptest::option::of(reward()),
        proptest::option::of(prop_oneof![
            Just(Choice::Yes),
            ".{0,8}".prop_map(Choice::No),
        ]),
        proptest::option::of(player()),
        any::<(i16, i16)>(),
        (
            proptest::collection::vec(stack(), 0..=3),
            proptest::option::of(".{0,64}"),
        ),
    );
    (scalars, containers, types).prop_map(|(scalars, containers, types)| {
        let ((flag, small, big, signed), narrow, wide, text, blob, (at, wait, id)) = scalars;
        let (names, slots, bag, by_team, numbers, fixed) = containers;
        let ((team, hand, status), reward, choice, owner, (x, y), (rows, next)) = types;
        let bags = owner
            .iter()
            .map(|owner| owner.in_slot::<Inventory>(2))
            .collect();
        Everything {
            flag,
            small,
            big,
            signed,
            narrow,
            wide,
            text,
            blob: Bytes(blob),
            at: at.map(Timestamp),
            wait: Duration(wait),
            id: id.map(Uuid),
            names,
            slots,
            bag,
            team: Team::from_number(team),
            hand: if hand { Hand::Left } else { Hand::Right },
            status: Status::from_bits(status),
            reward,
            choice,
            owner,
            bags,
            fixed: fixed.to_vec(),
            pos: Vec2 {
                x: x.into(),
                y: y.into(),
            },
            by_team,
            numbers,
            page: PageOfStack { rows, next },
            ..Everything::default()
        }
    })
}
