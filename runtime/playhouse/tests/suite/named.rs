//! The named form, in JSON, BSON and MessagePack.

use proptest::prelude::*;
use serde_json::json;

use playhouse::{Bytes, Duration, Timestamp, Uuid};

use crate::everything;
use crate::schema::sample::{
    AccountId, Choice, Everything, ItemId, Player, Reward, Slot, Stack, Status, Team, TradeError,
};

#[test]
fn structs_are_maps_without_defaults() {
    let stack = Stack {
        item: ItemId(7),
        count: 1,
    };
    assert_eq!(serde_json::to_value(&stack).unwrap(), json!({"item": 7}));
    assert_eq!(
        serde_json::to_value(Everything::default()).unwrap(),
        json!({})
    );
    let read: Stack =
        serde_json::from_value(json!({"count": null, "item": 7, "newer": [1, {}]})).unwrap();
    assert_eq!(read, stack);
}

#[test]
fn each_shape_has_its_form_in_json() {
    let value = Everything {
        big: u64::MAX,
        signed: -5,
        wide: f64::INFINITY,
        blob: Bytes(vec![1, 2, 3, 4]),
        at: Some(Timestamp(1_700_000_000_000_000)),
        wait: Duration(1),
        id: Some(Uuid([0x11; 16])),
        bag: [(
            Slot(3),
            Stack {
                item: ItemId(9),
                count: 2,
            },
        )]
        .into(),
        team: Team::Unknown(9),
        status: Status::from_bits(0b1000_0001),
        reward: Some(Reward::Title { id: 4, until: None }),
        choice: Some(Choice::Yes),
        owner: Some(Player::reference(AccountId(5))),
        fixed: vec![None, Some(1), None],
        by_team: [(Team::Blue, vec![1])].into(),
        ..Everything::default()
    };
    let named = json!({
        "big": "18446744073709551615",
        "signed": "-5",
        "wide": "Infinity",
        "blob": "AQIDBA==",
        "at": "1700000000000000",
        "wait": "1",
        "id": "11111111-1111-1111-1111-111111111111",
        "bag": {"3": {"item": 9, "count": 2}},
        "team": 9,
        "status": ["stunned", 128],
        "reward": {"title": {"id": 4}},
        "choice": {"yes": null},
        "owner": [7, 7, 0, {"int": "5"}],
        "fixed": [null, 1, null],
        "by_team": {"blue": ["1"]},
    });
    assert_eq!(serde_json::to_value(&value).unwrap(), named);
    assert_eq!(serde_json::from_value::<Everything>(named).unwrap(), value);
}

#[test]
fn readers_take_integers_and_strings_alike() {
    let read: Everything = serde_json::from_value(json!({
        "big": 5, "small": "7", "team": "blue", "status": ["controlled"], "wait": 1.0,
    }))
    .unwrap();
    assert_eq!((read.big, read.small, read.team), (5, 7, Team::Blue));
    assert_eq!(read.status, Status::CONTROLLED);
    assert_eq!(read.wait, Duration(1));
}

#[test]
fn unknown_arms_are_kept() {
    let bytes = [0x92, 9, 0x93, 1, 2, 3];
    let reward: Reward = playhouse::from_slice(&bytes, &playhouse::Limits::STRICT).unwrap();
    let named = serde_json::to_value(&reward).unwrap();
    assert_eq!(named, json!({"#9": "kwECAw=="}));
    assert_eq!(serde_json::from_value::<Reward>(named).unwrap(), reward);
    let bare: Reward = serde_json::from_value(json!({"#9": null})).unwrap();
    assert_eq!(playhouse::to_vec(&bare), [0x91, 9]);
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let refusal = |named: serde_json::Value| {
        serde_json::from_value::<Everything>(named)
            .unwrap_err()
            .to_string()
    };
    let check = |named, expected: &str| {
        let error = refusal(named);
        assert!(error.contains(expected), "{error}");
    };
    check(
        json!({"bag": {"3": {"item": 9, "count": 200}}}),
        "bag[Slot(3)].count: 200 is above",
    );
    check(
        json!({"bag": {"3": {"count": 2}}}),
        "bag[Slot(3)].item: missing",
    );
    check(json!({"small": "x"}), "expected u8");
    check(json!({"team": "green"}), "expected the name of a value");
    check(
        json!({"reward": {"gold": 1, "nothing": null}}),
        "expected one entry",
    );
    check(json!({"reward": {"silver": 1}}), "unknown arm `silver`");
    check(json!({"status": ["asleep"]}), "unknown flag `asleep`");
    check(
        json!({"small": 1, "small_": 2, "flag": 3}),
        "expected a bool",
    );
    check(json!([]), "expected a map of members");
}

#[test]
fn errors_have_a_named_form_too() {
    let error = TradeError::TooHeavy { limit: 1, have: 2 };
    let named = serde_json::to_value(&error).unwrap();
    assert_eq!(named, json!({"too_heavy": {"limit": 1, "have": 2}}));
    assert_eq!(serde_json::from_value::<TradeError>(named).unwrap(), error);
}

proptest! {
    #[test]
    fn json_brings_everything_back(value in everything()) {
        let text = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(serde_json::from_str::<Everything>(&text).unwrap(), value);
    }

    #[test]
    fn bson_brings_everything_back(value in everything()) {
        let document = bson::serialize_to_document(&value).unwrap();
        prop_assert_eq!(bson::deserialize_from_document::<Everything>(document).unwrap(), value.clone());
        let bytes = bson::serialize_to_vec(&value).unwrap();
        prop_assert_eq!(bson::deserialize_from_slice::<Everything>(&bytes).unwrap(), value);
    }

    #[test]
    fn message_pack_brings_everything_back(value in everything()) {
        let bytes = rmp_serde::to_vec_named(&value).unwrap();
        prop_assert_eq!(rmp_serde::from_slice::<Everything>(&bytes).unwrap(), value);
    }
}
