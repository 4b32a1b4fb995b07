//! Whatever is written is read back as it was, and nothing that is read panics.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use playhouse_wire::{
    Bytes, Decode, Duration, Encode, EntityKey, EntityRef, KeyPart, Limits, Reader, Timestamp,
    Uuid, from_slice, to_vec,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

/// Room for everything; what is tested here is not the memory.
const LIMITS: Limits = Limits {
    memory_base: 1 << 24,
    ..Limits::DEFAULT
};

fn round_trip<T: Encode + Decode + PartialEq + Debug>(value: &T) {
    let bytes = to_vec(value);
    assert_eq!(from_slice::<T>(&bytes, &LIMITS).as_ref(), Ok(value));
    let mut r = Reader::new(&bytes, &LIMITS);
    assert_eq!(r.skip(), Ok(()));
    assert_eq!(
        r.offset(),
        bytes.len(),
        "skipping passes over as much as reading"
    );
    for end in 0..bytes.len() {
        assert!(
            from_slice::<T>(&bytes[..end], &LIMITS).is_err(),
            "cut off at {end}"
        );
    }
}

fn key_part() -> impl Strategy<Value = KeyPart> {
    prop_oneof![
        any::<u64>().prop_map(KeyPart::from),
        (i64::MIN..0).prop_map(KeyPart::from),
        ".{0,32}".prop_map(|text: String| KeyPart::from(text)),
        any::<[u8; 16]>().prop_map(|bytes| KeyPart::from(Uuid(bytes))),
    ]
}

fn reference() -> impl Strategy<Value = EntityRef> {
    let key = prop_oneof![
        Just(EntityKey::default()),
        key_part().prop_map(|part| EntityKey::new([part])),
        [key_part(), key_part(), key_part()].prop_map(EntityKey::new),
    ];
    (any::<u16>(), any::<u16>(), any::<u8>(), key).prop_map(|(package, number, slot, key)| {
        EntityRef {
            package,
            number,
            slot,
            key,
        }
    })
}

/// Whether it is beside its twin, first to be out of order, or later.
#[test]
fn what_occurs_twice_is_named_where_it_begins() {
    for elements in [&[2, 2][..], &[2, 4, 2], &[2, 4, 3, 2]] {
        let mut set = playhouse_wire::Writer::new();
        set.array(elements.len());
        let mut map = playhouse_wire::Writer::new();
        map.map(elements.len());
        for element in elements {
            set.put(element);
            map.put(element);
            map.put(&true);
        }
        let last = set.as_bytes().len() - 1;
        let error = from_slice::<BTreeSet<u8>>(set.as_bytes(), &LIMITS).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with(&format!("occurs twice (at byte {last})")),
            "{error}"
        );
        let last = map.as_bytes().len() - 2;
        let error = from_slice::<BTreeMap<u8, bool>>(map.as_bytes(), &LIMITS).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with(&format!("occurs twice (at byte {last})")),
            "{error}"
        );
    }
}

proptest! {
    #[test]
    fn scalars(a: u8, b: u16, c: u32, d: u64, e: i8, f: i16, g: i32, h: i64, i: bool) {
        round_trip(&a);
        round_trip(&b);
        round_trip(&c);
        round_trip(&d);
        round_trip(&e);
        round_trip(&f);
        round_trip(&g);
        round_trip(&h);
        round_trip(&i);
        round_trip(&Timestamp(h));
        round_trip(&Duration(h));
    }

    #[test]
    fn floats_keep_their_bits(narrow in any::<u32>(), wide in any::<u64>()) {
        let bytes = to_vec(&f32::from_bits(narrow));
        prop_assert_eq!(from_slice::<f32>(&bytes, &LIMITS).map(f32::to_bits), Ok(narrow));
        let bytes = to_vec(&f64::from_bits(wide));
        prop_assert_eq!(from_slice::<f64>(&bytes, &LIMITS).map(f64::to_bits), Ok(wide));
    }

    #[test]
    fn containers(
        texts in vec(".{0,40}", 0..20),
        map in btree_map(any::<i32>(), vec(any::<Option<u16>>(), 0..5), 0..40),
        set in btree_set(".{0,8}", 0..40),
        blob in vec(any::<u8>(), 0..300),
        uuids in btree_set(any::<[u8; 16]>(), 0..30),
    ) {
        round_trip(&texts);
        round_trip(&map);
        round_trip(&set);
        round_trip(&Bytes(blob));
        round_trip(&uuids.into_iter().map(Uuid).collect::<BTreeSet<_>>());
    }

    #[test]
    fn references(reference in reference()) {
        round_trip(&reference);
    }

    #[test]
    fn maps_are_read_in_any_order(entries in vec((any::<u8>(), any::<u16>()), 0..40)) {
        let map: BTreeMap<u8, u16> = entries.iter().copied().collect();
        let mut w = playhouse_wire::Writer::new();
        w.map(entries.len());
        for (key, value) in &entries {
            w.put(key);
            w.put(value);
        }
        let read = from_slice::<BTreeMap<u8, u16>>(w.as_bytes(), &LIMITS);
        if map.len() == entries.len() {
            prop_assert_eq!(read, Ok(map));
        } else {
            prop_assert!(read.is_err_and(|error| error.to_string().contains("occurs twice")));
        }
    }

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..200)) {
        fn read<T: Decode + Encode>(bytes: &[u8]) {
            if let Ok(value) = from_slice::<T>(bytes, &Limits::STRICT) {
                let written = to_vec(&value);
                let again = from_slice::<T>(&written, &LIMITS).map(|value| to_vec(&value));
                assert_eq!(again, Ok(written));
            }
        }
        read::<Vec<Option<String>>>(&bytes);
        read::<BTreeMap<String, Vec<i64>>>(&bytes);
        read::<BTreeSet<u32>>(&bytes);
        read::<Vec<EntityRef>>(&bytes);
        read::<f32>(&bytes);
        read::<f64>(&bytes);
        let _ = Reader::new(&bytes, &Limits::STRICT).skip();
    }
}
