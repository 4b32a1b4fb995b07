//! The schema as data.

use playhouse::descriptor::{Bound, Declaration, EntityKind, Kind, Shape, Value};
use playhouse::properties::{Properties, Tags};
use playhouse::{Arguments, Numbered};

use crate::schema::SCHEMA;
use crate::schema::sample::{Inventory, InventoryHasArgs, Player};

#[test]
fn everything_is_found_by_name_and_by_number() {
    assert!(SCHEMA.find("sample.Stack").is_some());
    assert!(SCHEMA.find("Stack").is_some());
    assert!(SCHEMA.find("playhouse.math.Vec2").is_some());
    assert!(SCHEMA.find("sample.Stick").is_none());
    assert!(SCHEMA.find("nowhere.Stack").is_none());

    let player = SCHEMA.entity(Player::PACKAGE, Player::NUMBER).unwrap();
    assert_eq!(player.head.name, "Player");
    assert_eq!(player.digest, Player::DIGEST);
    assert!(matches!(player.kind, EntityKind::Keyed([_])));
    assert_eq!(
        player.slot("inventory").unwrap().component.head.name,
        "Inventory"
    );
    assert_eq!(player.slot_by_tag(1).unwrap().name, "transform");
    assert_eq!(
        player.call("rename").unwrap().exposed.unwrap().per_us,
        10_000_000
    );
    assert_eq!(player.call_by_tag(3).unwrap().to[0].name(), "near");
    assert_eq!(SCHEMA.component(7, 60).unwrap().head.name, "Inventory");
    assert_eq!(
        SCHEMA
            .service(7, 12)
            .unwrap()
            .call("ticks")
            .map(|call| call.stream),
        Some(false)
    );
    assert!(SCHEMA.entity(7, 99).is_none());
}

#[test]
fn members_say_all_that_the_schema_says() {
    let Some(Declaration::Type(stack)) = SCHEMA.find("Stack") else {
        panic!("no type")
    };
    assert_eq!(stack.head.docs, "Equal items in one place.");
    assert_eq!(stack.full_name(), "sample.Stack");
    let Kind::Struct([item, count]) = stack.kind else {
        panic!("no struct of two")
    };
    assert_eq!((item.name, item.tag, item.default), ("item", 1, None));
    assert!(matches!(item.ty.shape, Shape::Named(ty) if ty.head.name == "ItemId"));
    assert_eq!(count.default, Some(Value::Int(1)));
    assert_eq!(count.ty.bound, Bound::Int(1, 99));
    let Some(Declaration::Type(everything)) = SCHEMA.find("Everything") else {
        panic!("no type")
    };
    let Kind::Struct(members) = everything.kind else {
        panic!("no struct")
    };
    assert!(
        members
            .iter()
            .find(|member| member.name == "sealed")
            .unwrap()
            .attributes
            .redact
    );
}

#[test]
fn calls_know_their_descriptor() {
    let call = InventoryHasArgs::call();
    assert_eq!((call.name, call.tag), ("has", InventoryHasArgs::TAG));
    assert!(call.idempotent);
    assert_eq!(call.deadline_us, Some(250_000));
    assert_eq!(call.params[1].default, Some(Value::Int(1)));
}

#[test]
fn masks_follow_the_attributes() {
    assert_eq!(Inventory::PERSISTED, Tags::of(&[1, 2, 3, 4, 5, 6, 7]));
    assert_eq!(Inventory::MOVED, Tags::of(&[1, 2, 3, 4, 5, 6, 7, 8]));
    assert_eq!(Inventory::SYNCED, Tags::of(&[1, 2, 3, 5, 6, 7]));
    assert_eq!(Inventory::SYNCED_TO_OWNER, Tags::of(&[1, 2, 5]));
    assert_eq!(Inventory::SYNCED_TO_ALL, Tags::of(&[3, 6]));
    assert_eq!(Inventory::SYNCED_TO_OTHERS, Tags::NONE);
    let Some(Declaration::Audience(party)) = SCHEMA.find("party") else {
        panic!("no audience")
    };
    assert_eq!(Inventory::synced_to(party), Tags::of(&[7]));
}

#[test]
fn types_in_circles_can_be_shown() {
    assert!(format!("{SCHEMA:?}").contains("Type(sample.Everything)"));
}
