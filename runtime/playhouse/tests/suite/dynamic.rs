//! Values by their description alone, held against the compiled types.

use playhouse::descriptor::dynamic::{Dynamic, Form};
use playhouse::descriptor::{Declaration, Kind, Type};
use playhouse::{Arguments, Limits, from_slice, to_vec};
use proptest::prelude::*;
use serde_json::json;

use crate::everything;
use crate::schema::SCHEMA;
use crate::schema::sample::{AccountId, Everything, InventoryTradeArgs, Player, Reward, Stack};

fn form(name: &str) -> Form {
    let Some(Declaration::Type(ty)) = SCHEMA.find(name) else {
        panic!("no type {name}")
    };
    let ty: &'static Type = ty;
    Form::Type(ty)
}

#[test]
fn json_to_arguments_and_back() {
    let form = Form::Members(InventoryTradeArgs::call().params);
    let named = json!({"give": [{"item": 1, "count": 2}], "to": [7, 7, 2, {"int": "5"}]});
    let args = Dynamic::from_named(form, named.clone()).unwrap();
    let compiled: InventoryTradeArgs = from_slice(args.as_bytes(), &Limits::STRICT).unwrap();
    assert_eq!(to_vec(&compiled), args.as_bytes());
    assert_eq!(serde_json::to_value(&args).unwrap(), named);

    let error = Dynamic::from_named(form, json!({"to": [7, 7, 2, {"int": "5"}]})).unwrap_err();
    assert!(error.to_string().starts_with("give: missing"), "{error}");
    let error = Dynamic::from_named(form, json!({"give": [], "to": [7, 7, 2]})).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("give: 0 elements, at least 1"),
        "{error}"
    );
}

/// The arguments of the call `name` of `owner`, from JSON.
fn arguments(
    owner: &str,
    name: &str,
    given: serde_json::Value,
) -> Result<serde_json::Value, String> {
    let call = match SCHEMA.find(owner) {
        Some(Declaration::Component(component)) => component.call(name),
        Some(Declaration::Entity(entity)) => entity.call(name),
        Some(Declaration::Service(service)) => service.call(name),
        _ => None,
    };
    Dynamic::from_arguments(call.unwrap().params, given)
        .map(|value| serde_json::to_value(&value).unwrap())
        .map_err(|error| error.to_string())
}

#[test]
fn arguments_come_by_name_or_by_position() {
    let has = |given| arguments("Inventory", "has", given);
    let all = json!({"item": 7, "count": 3});
    for given in [
        json!({"count": 3, "item": 7}),
        json!([7, 3]),
        json!([{"item": 7, "count": 3}]),
    ] {
        assert_eq!(has(given), Ok(all.clone()));
    }
    // What has a default may be left off.
    assert_eq!(has(json!([7])), Ok(json!({"item": 7})));
    for (given, expected) in [
        (
            json!({"itm": 7}),
            "there is no parameter `itm`: the call takes item, count",
        ),
        (json!([{"itm": 7}]), "there is no parameter `itm`"),
        (json!([7, 3, 1]), "more than 2 arguments"),
        (json!([{"item": 7}, 3]), "more than 1 argument"),
        (json!([]), "item: missing"),
        (json!(null), "item: missing"),
        (json!(["x"]), "invalid value"),
        (json!(7), "arguments: a map by name, or a list by position"),
    ] {
        let error = has(given).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_map_alone_is_the_value_where_the_parameter_takes_maps() {
    let deliver = |given| arguments("Inventory", "deliver", given);
    let stack = json!({"item": 7});
    assert_eq!(
        deliver(json!([{"stack": stack}])),
        Ok(json!({"stack": stack}))
    );
    assert_eq!(
        deliver(json!([stack, "found"])),
        Ok(json!({"stack": stack}))
    );
}

#[test]
fn a_result_is_shown_by_its_type() {
    let result = InventoryTradeArgs::call().result.as_ref().unwrap();
    let value = Dynamic::from_wire(
        Form::Use(result),
        &to_vec(&Reward::Gold(5)),
        &Limits::STRICT,
    );
    assert_eq!(
        serde_json::to_value(value.unwrap()).unwrap(),
        json!({"gold": 5})
    );
}

#[test]
fn what_is_not_canonical_becomes_so() {
    // A longer integer, a default that was written, a later member, entries in descending order.
    let stack = [0x93, 0xcd, 0, 7, 1, 0xa1, b'x'];
    let value = Dynamic::from_wire(form("Stack"), &stack, &Limits::STRICT).unwrap();
    assert_eq!(value.as_bytes(), [0x91, 7]);
}

#[test]
fn a_ref_names_package_number_and_slot() {
    let form = Form::Members(InventoryTradeArgs::call().params);
    let player = playhouse::to_vec(&Player::reference(AccountId(1)));
    let owner = |bytes: &[u8]| Dynamic::from_wire(owner_form(), bytes, &Limits::STRICT);
    owner(&player).unwrap();
    let [package, number] = [player[1], player[2]];
    for damaged in [[package + 1, number], [package, number + 1]] {
        let mut bytes = player.clone();
        bytes[1..3].copy_from_slice(&damaged);
        let error = owner(&bytes).unwrap_err().to_string();
        assert!(error.contains("another type of entity"), "{error}");
    }
    let give = json!([{"item": 1, "count": 2}]);
    let whole = json!({"give": give, "to": [7, 7, 0, {"int": "5"}]});
    let error = Dynamic::from_named(form, whole).unwrap_err().to_string();
    assert!(error.contains("not at a component"), "{error}");
}

/// `ref<Player>`, as `Everything` uses it.
fn owner_form() -> Form {
    let Form::Type(Type {
        kind: Kind::Struct(members),
        ..
    }) = form("Everything")
    else {
        panic!("a struct")
    };
    Form::Use(&members.iter().find(|m| m.name == "owner").unwrap().ty)
}

/// What the compiled reader says of `bytes`: the canonical bytes, or the error.
fn compiled<T: playhouse::Decode + playhouse::Encode>(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let value = from_slice::<T>(bytes, &Limits::DEFAULT).map_err(|error| error.to_string())?;
    Ok(to_vec(&value))
}

fn described(name: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
    Dynamic::from_wire(form(name), bytes, &Limits::DEFAULT)
        .map(Dynamic::into_bytes)
        .map_err(|error| error.to_string())
}

/// Bytes near those of a value: some of them changed.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>());
    (everything(), proptest::collection::vec(change, 0..4)).prop_map(|(value, changes)| {
        let mut bytes = to_vec(&value);
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        bytes
    })
}

proptest! {
    #[test]
    fn values_are_read_alike(value in everything()) {
        let bytes = to_vec(&value);
        prop_assert_eq!(described("Everything", &bytes), Ok(bytes));
    }

    #[test]
    fn damaged_values_are_read_or_refused_alike(bytes in damaged()) {
        let (ours, theirs) = (described("Everything", &bytes), compiled::<Everything>(&bytes));
        // Keys are shown by their Rust type on the one side, by their value on the other.
        prop_assert_eq!(ours.clone().ok(), theirs.clone().ok(), "{:?} {:?}", ours, theirs);
        if let (Err(ours), Err(theirs)) = (ours, theirs) {
            let place = |error: &str| error.rsplit_once(" (at byte ").map(|(_, at)| at.to_owned());
            prop_assert_eq!(place(&ours), place(&theirs), "{} / {}", ours, theirs);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_alike(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        prop_assert_eq!(described("Stack", &bytes), compiled::<Stack>(&bytes));
        prop_assert_eq!(described("Reward", &bytes).ok(), compiled::<Reward>(&bytes).ok());
    }
}
