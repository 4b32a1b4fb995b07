//! What generated types read and write.

use playhouse::{Check, Decode, Limits, Reader, Ref, Timestamp, Writer, from_slice, to_vec};
use proptest::prelude::*;

use crate::everything;
use crate::schema::sample::{
    AccountId, Choice, Everything, Hand, Inventory, InventoryDeliverArgs, InventoryHasArgs,
    InventoryTradeArgs, ItemId, Name, Player, Reward, ShopError, Stack, Status, Team, TradeError,
};

fn read<T: Decode>(bytes: &[u8]) -> Result<T, String> {
    from_slice(bytes, &Limits::STRICT).map_err(|error| error.to_string())
}

#[test]
fn the_struct_of_defaults_is_an_empty_array() {
    assert_eq!(to_vec(&Everything::default()), [0x90]);
    assert_eq!(read::<Everything>(&[0x90]), Ok(Everything::default()));
    let defaults = Everything::default();
    assert_eq!(defaults.text, "none");
    assert_eq!(defaults.team, Team::Red);
    assert_eq!(defaults.status, Status::CONTROLLED);
    assert_eq!(defaults.fixed, [None, None, None]);
}

#[test]
fn trailing_defaults_are_left_off_and_others_written() {
    assert_eq!(
        to_vec(&Stack {
            item: ItemId(7),
            count: 1
        }),
        [0x91, 7]
    );
    assert_eq!(
        to_vec(&Stack {
            item: ItemId(7),
            count: 9
        }),
        [0x92, 7, 9]
    );
    let value = Everything {
        small: 5,
        ..Everything::default()
    };
    assert_eq!(to_vec(&value), [0x92, 0xc2, 5]);
}

#[test]
fn shorter_and_longer_arrays_are_read() {
    let stack = Stack {
        item: ItemId(7),
        count: 1,
    };
    assert_eq!(read::<Stack>(&[0x91, 7]), Ok(stack.clone()));
    assert_eq!(read::<Stack>(&[0x92, 7, 0xc0]), Ok(stack.clone()));
    assert_eq!(
        read::<Stack>(&[0x94, 7, 1, 0x91, 0xa1, b'x', 0xc3]),
        Ok(stack)
    );
}

#[test]
fn what_is_required_must_be_there() {
    assert_eq!(
        read::<Stack>(&[0x90]).unwrap_err(),
        "item: missing, and it has no default (at byte 1)"
    );
    assert_eq!(
        read::<Stack>(&[0x91, 0xc0]).unwrap_err(),
        "item: missing, and it has no default (at byte 2)"
    );
}

#[test]
fn errors_say_what_where_and_at_which_byte() {
    let mut w = Writer::new();
    w.array(14);
    (0..13).for_each(|_| w.nil());
    w.map(1);
    w.put(&3_u8);
    w.array(2);
    w.put(&9_u8);
    w.put(&120_u8);
    assert_eq!(
        read::<Everything>(w.as_bytes()).unwrap_err(),
        "bag[Slot(3)].count: 120 is above the greatest allowed value, 99 (at byte 18)"
    );
    assert_eq!(
        read::<Name>(&[0xa1, b'x']).unwrap_err(),
        "1 characters, at least 2 expected (at byte 0)"
    );
    assert_eq!(
        read::<Reward>(&[0x92, 2, 0x92, 1, 0]).unwrap_err(),
        "stack.count: 0 is below the least allowed value, 1 (at byte 4)"
    );
    assert_eq!(
        read::<Reward>(&[0x92, 3, 0x91, 0xa0]).unwrap_err(),
        "title.id: expected a u32, found a string (at byte 3)"
    );
}

#[test]
fn senders_find_what_readers_would_refuse() {
    let value = Everything {
        names: vec!["ok".to_owned(), "too long".to_owned()],
        ..Everything::default()
    };
    assert_eq!(
        value.check().unwrap_err().to_string(),
        "names[1]: 8 characters, at most 4 allowed"
    );
    let value = Everything {
        narrow: f32::NAN,
        ..Everything::default()
    };
    assert_eq!(
        value.check().unwrap_err().to_string(),
        "narrow: NaN is not within -1..=0.10000000149011612"
    );
    let value = Everything {
        narrow: 0.1,
        ..Everything::default()
    };
    assert_eq!(value.check(), Ok(()), "the bound of an f32 is one");
    assert_eq!(Everything::default().check(), Ok(()));
}

#[test]
fn open_types_keep_what_they_do_not_know() {
    let bytes = [0x92, 9, 0x82, 1, 2, 0xa1, b'k', 0x93, 1, 2, 3];
    let reward = read::<Reward>(&bytes).unwrap();
    assert!(matches!(&reward, Reward::Unknown(arm) if arm.tag() == 9));
    assert_eq!(to_vec(&reward), bytes);
    let bare = read::<Reward>(&[0x91, 10]).unwrap();
    assert_eq!(to_vec(&bare), [0x91, 10]);

    assert_eq!(read::<Team>(&[99]), Ok(Team::Unknown(99)));
    assert_eq!(Team::Unknown(1), Team::Red);
    assert_eq!(read::<Status>(&[0xcc, 0xff]).map(Status::bits), Ok(0xff));
}

#[test]
fn closed_types_refuse_what_they_do_not_know() {
    assert_eq!(
        read::<Hand>(&[2]).unwrap_err(),
        "2 is no value of this enum, and it is closed (at byte 0)"
    );
    assert_eq!(
        read::<Choice>(&[0x91, 3]).unwrap_err(),
        "3 is no arm of this union, and it is closed (at byte 2)"
    );
}

#[test]
fn arms_take_what_the_format_says() {
    assert_eq!(read::<Reward>(&[0x91, 4]), Ok(Reward::Nothing));
    assert_eq!(read::<Reward>(&[0x92, 4, 0xc0]), Ok(Reward::Nothing));
    assert_eq!(read::<Reward>(&[0x93, 4, 0x90, 5]), Ok(Reward::Nothing));
    assert_eq!(read::<Reward>(&[0x93, 1, 5, 0xc3]), Ok(Reward::Gold(5)));
    assert_eq!(
        read::<Reward>(&[0x91, 1]).unwrap_err(),
        "gold: missing, and it has no default (at byte 2)"
    );
    let title = Reward::Title {
        id: 5,
        until: Some(Timestamp(1)),
    };
    assert_eq!(to_vec(&title), [0x92, 3, 0x92, 5, 1]);
    assert_eq!(
        to_vec(&Reward::Title { id: 5, until: None }),
        [0x92, 3, 0x91, 5]
    );
}

#[test]
fn arguments_are_written_from_what_is_lent() {
    let to = Player::reference(AccountId(5)).in_slot::<Inventory>(2);
    let give = [Stack {
        item: ItemId(1),
        count: 2,
    }];
    let mut w = Writer::new();
    InventoryTradeArgs::encode_from(&mut w, &to, &give);
    let owned = InventoryTradeArgs {
        to: to.clone(),
        give: give.to_vec(),
    };
    assert_eq!(w.as_bytes(), to_vec(&owned));
    assert_eq!(read::<InventoryTradeArgs>(w.as_bytes()), Ok(owned));
    assert_eq!(
        InventoryTradeArgs::check_from(&to, &[])
            .unwrap_err()
            .to_string(),
        "give: 0 elements, at least 1 expected"
    );

    let mut w = Writer::new();
    InventoryDeliverArgs::encode_from(&mut w, &give[0], "found");
    assert_eq!(w.as_bytes(), [0x91, 0x92, 1, 2]);
    assert_eq!(
        read::<InventoryDeliverArgs>(w.as_bytes()).unwrap().reason,
        "found"
    );

    let mut w = Writer::new();
    InventoryHasArgs::encode_from(&mut w, ItemId(3), 1);
    assert_eq!(w.as_bytes(), [0x91, 3]);
}

#[test]
fn references_are_held_to_their_type() {
    let player = Player::reference(AccountId(5));
    let bytes = to_vec(&player);
    assert_eq!(bytes, [0x94, 7, 7, 0, 5]);
    assert_eq!(read::<Ref<Player>>(&bytes), Ok(player.clone()));
    assert_eq!(
        read::<Ref<Inventory>>(&bytes).unwrap_err(),
        "not a valid reference: it points at an entity, not at a component (at byte 0)"
    );
    let inventory = player.in_slot::<Inventory>(Player::INVENTORY_SLOT);
    let bytes = to_vec(&inventory);
    assert_eq!(read::<Ref<Inventory>>(&bytes), Ok(inventory));
    assert_eq!(
        read::<Ref<Player>>(&bytes).unwrap_err(),
        "not a valid reference: it points at a component, not at the entity (at byte 0)"
    );
    assert_eq!(
        read::<Ref<Player>>(&[0x94, 7, 8, 0, 5]).unwrap_err(),
        "not a valid reference: it points at another type of entity (at byte 0)"
    );
}

#[test]
fn errors_compose_and_are_errors() {
    let error = ShopError::from(TradeError::TooHeavy { limit: 3, have: 5 });
    assert_eq!(error.to_string(), "trade: too heavy: limit 3, have 5");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "too heavy: limit 3, have 5");
    assert_eq!(ShopError::ClosedNow.to_string(), "closed now");
}

#[test]
fn redacted_members_are_not_shown() {
    let value = Everything {
        sealed: "secret".to_owned(),
        ..Everything::default()
    };
    let shown = format!("{value:?}");
    assert!(
        shown.contains("sealed: (redacted)") && !shown.contains("secret"),
        "{shown}"
    );
}

#[test]
fn recursion_ends_at_the_limit() {
    let nest = |depth: usize| {
        (0..depth).fold(Everything::default(), |inner, _| Everything {
            more: Some(Box::new(inner)),
            ..Everything::default()
        })
    };
    let deep = to_vec(&nest(63));
    assert_eq!(
        from_slice::<Everything>(&deep, &Limits::DEFAULT),
        Ok(nest(63))
    );
    let error = from_slice::<Everything>(&to_vec(&nest(64)), &Limits::DEFAULT).unwrap_err();
    assert!(
        error.to_string().contains("more than 64 arrays and maps"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn everything_is_read_as_it_was_written(value in everything()) {
        prop_assert_eq!(value.check(), Ok(()));
        let bytes = to_vec(&value);
        prop_assert_eq!(from_slice::<Everything>(&bytes, &Limits::DEFAULT), Ok(value));
        let mut r = Reader::new(&bytes, &Limits::DEFAULT);
        prop_assert_eq!(r.skip(), Ok(()));
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        if let Ok(value) = from_slice::<Everything>(&bytes, &Limits::STRICT) {
            let written = to_vec(&value);
            let again = from_slice::<Everything>(&written, &Limits::DEFAULT);
            prop_assert_eq!(again.map(|value| to_vec(&value)), Ok(written));
        }
        let _ = from_slice::<InventoryTradeArgs>(&bytes, &Limits::STRICT);
        let _ = from_slice::<ShopError>(&bytes, &Limits::STRICT);
    }
}
