//! The reader, on bytes written by hand.

use super::*;
use crate::{Decode, from_slice};

fn refusal<T: Decode + std::fmt::Debug>(bytes: &[u8]) -> String {
    from_slice::<T>(bytes, &Limits::STRICT)
        .unwrap_err()
        .to_string()
}

#[test]
fn any_integer_form_whose_value_fits_is_taken() {
    for bytes in [
        &[0x07][..],
        &[0xcc, 7],
        &[0xcd, 0, 7],
        &[0xce, 0, 0, 0, 7],
        &[0xcf, 0, 0, 0, 0, 0, 0, 0, 7],
        &[0xd0, 7],
        &[0xd1, 0, 7],
        &[0xd2, 0, 0, 0, 7],
        &[0xd3, 0, 0, 0, 0, 0, 0, 0, 7],
    ] {
        assert_eq!(from_slice::<u8>(bytes, &Limits::STRICT), Ok(7));
        assert_eq!(from_slice::<i8>(bytes, &Limits::STRICT), Ok(7));
        assert_eq!(from_slice::<u64>(bytes, &Limits::STRICT), Ok(7));
        assert_eq!(from_slice::<i64>(bytes, &Limits::STRICT), Ok(7));
        assert_eq!(from_slice::<f32>(bytes, &Limits::STRICT), Ok(7.0));
        assert_eq!(from_slice::<f64>(bytes, &Limits::STRICT), Ok(7.0));
    }
    for bytes in [&[0xff][..], &[0xd0, 0xff], &[0xd1, 0xff, 0xff]] {
        assert_eq!(from_slice::<i16>(bytes, &Limits::STRICT), Ok(-1));
        assert_eq!(from_slice::<f32>(bytes, &Limits::STRICT), Ok(-1.0));
    }
}

#[test]
fn integers_that_do_not_fit_are_refused() {
    assert_eq!(
        refusal::<u8>(&[0xcd, 1, 44]),
        "300 does not fit u8 (at byte 0)"
    );
    assert_eq!(refusal::<u64>(&[0xff]), "-1 does not fit u64 (at byte 0)");
    assert_eq!(
        refusal::<i8>(&[0xcc, 128]),
        "128 does not fit i8 (at byte 0)"
    );
    assert_eq!(
        refusal::<f32>(&[0xce, 1, 0, 0, 1]),
        "16777217 does not fit a float 32 (at byte 0)"
    );
    assert_eq!(
        refusal::<f64>(&[0xcf, 0, 0x20, 0, 0, 0, 0, 0, 1]),
        "9007199254740993 does not fit a float 64 (at byte 0)"
    );
}

#[test]
fn floats_take_the_integers_they_hold_exactly() {
    for value in [
        -(1 << 24),
        -65_537,
        -65_536,
        -1,
        0,
        1,
        65_535,
        65_536,
        1 << 24,
    ] {
        let bytes = crate::to_vec(&value);
        #[expect(clippy::cast_precision_loss, reason = "all are held exactly")]
        let expected = value as f32;
        assert_eq!(from_slice::<f32>(&bytes, &Limits::STRICT), Ok(expected));
        assert_eq!(
            from_slice::<f64>(&bytes, &Limits::STRICT),
            Ok(f64::from(value))
        );
    }
    let half = crate::to_vec(&0.5_f32);
    assert_eq!(from_slice::<f64>(&half, &Limits::STRICT), Ok(0.5));
    assert_eq!(
        refusal::<f32>(&crate::to_vec(&0.5_f64)),
        "expected a float 32, found a float 64 (at byte 0)"
    );
}

#[test]
fn forms_of_other_types_are_refused_by_name() {
    assert_eq!(
        refusal::<u8>(&[0xa1, b'x']),
        "expected a u8, found a string (at byte 0)"
    );
    assert_eq!(
        refusal::<bool>(&[0xc0]),
        "expected a bool, found nil (at byte 0)"
    );
    assert_eq!(
        refusal::<String>(&[0xc4, 0]),
        "expected a string, found bytes (at byte 0)"
    );
    assert_eq!(
        refusal::<crate::Bytes>(&[0xa0]),
        "expected bytes, found a string (at byte 0)"
    );
    assert_eq!(
        refusal::<Vec<u8>>(&[0x80]),
        "expected an array, found a map (at byte 0)"
    );
    assert_eq!(
        refusal::<u8>(&[0xc1]),
        "expected a u8, found the reserved byte 0xc1 (at byte 0)"
    );
}

#[test]
fn truncated_input_is_refused() {
    assert_eq!(
        refusal::<u8>(&[]),
        "the input ends early: 1 announced, 0 bytes left (at byte 0)"
    );
    assert_eq!(
        refusal::<u32>(&[0xce, 0, 0]),
        "the input ends early: 5 announced, 3 bytes left (at byte 0)"
    );
    assert_eq!(
        refusal::<f32>(&[0xca, 0, 0]),
        "the input ends early: 5 announced, 3 bytes left (at byte 0)"
    );
    assert_eq!(
        refusal::<String>(&[0xa5, b'x']),
        "the input ends early: 5 announced, 1 bytes left (at byte 1)"
    );
    assert_eq!(
        refusal::<Vec<u8>>(&[0xdd, 0xff, 0xff, 0xff, 0xff]),
        "the input ends early: 4294967295 announced, 0 bytes left (at byte 5)"
    );
}

#[test]
fn invalid_utf8_is_refused_at_its_byte() {
    assert_eq!(
        refusal::<String>(b"\xa3ab\xff"),
        "the string is not UTF-8 (at byte 3)"
    );
}

#[test]
fn trailing_bytes_are_refused() {
    assert_eq!(
        refusal::<u8>(&[1, 2]),
        "1 bytes follow the value (at byte 1)"
    );
}

#[test]
fn depth_counts_skipped_values_too() {
    let mut bytes = vec![0x91; 64];
    bytes.push(0xc0);
    assert_eq!(Reader::new(&bytes, &Limits::STRICT).skip(), Ok(()));
    bytes.insert(0, 0x91);
    let error = Reader::new(&bytes, &Limits::STRICT).skip().unwrap_err();
    assert_eq!(error.problem(), &Problem::TooDeep(64));
}

#[test]
fn every_form_is_skipped() {
    let mut bytes = vec![0x7f, 0xe0, 0xc0, 0xc2, 0xc3, 0xa2, b'a', b'b'];
    for (marker, length) in [
        (0xcc, 1),
        (0xd1, 2),
        (0xce, 4),
        (0xca, 4),
        (0xcb, 8),
        (0xd3, 8),
        (0xd4, 2),
        (0xd8, 17),
    ] {
        bytes.push(marker);
        bytes.resize(bytes.len() + length, 1);
    }
    bytes.extend([
        0xc4, 2, 1, 2, 0xd9, 1, b'a', 0xc7, 2, 5, 1, 2, 0x82, 1, 2, 3, 0x92, 4, 5,
    ]);
    let mut reader = Reader::new(&bytes, &Limits::STRICT);
    while !reader.rest().is_empty() {
        reader.skip().unwrap();
    }
    assert_eq!(reader.offset(), bytes.len());
    assert!(Reader::new(&[0xc1], &Limits::STRICT).skip().is_err());
}

#[test]
fn duplicates_are_refused() {
    use std::collections::{BTreeMap, BTreeSet};
    assert_eq!(
        refusal::<BTreeSet<u8>>(&[0x93, 3, 1, 3]),
        "[2]: occurs twice (at byte 3)"
    );
    assert_eq!(
        refusal::<BTreeMap<u8, u8>>(&[0x82, 3, 1, 3, 2]),
        "[3]: occurs twice (at byte 3)"
    );
    let set = from_slice::<BTreeSet<u8>>(&[0x93, 3, 1, 2], &Limits::STRICT);
    assert_eq!(set, Ok(BTreeSet::from([1, 2, 3])));
}
