//! Generated types and the description of them read the same values, within the same memory.
//!
//! The first byte of an input chooses the type, the rest is the value. Each type of the conformance schema is there, which has
//! every kind of type in it.

use playhouse::descriptor::dynamic::{Dynamic, Form};
use playhouse::descriptor::{Declaration, Type};
use playhouse::{Check, Decode, Encode, Error, Limits, Problem, from_slice, to_vec};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::generated::{SCHEMA, conformance};
use crate::allocation;

#[allow(
    clippy::use_self,
    unreachable_pub,
    reason = "generated for crates that export it"
)]
#[path = "../../../conformance/tests/rust/generated/mod.rs"]
mod generated;

macro_rules! types {
    ($($name:ident)*) => {
        /// Every type with its name, in order of these.
        const TYPES: &[(&str, fn(&'static Type, &[u8]))] =
            &[$((stringify!($name), agree::<conformance::$name>)),*];
    };
}

types! {
    AccountId Bits Blob ByColor ByFew ByHand ByNumber ByPercent BySigned ByText ByUuid Color Defaults
    Everything Failure Gaps Hand Hash Holes Huge HugeClosed Io NewPoint OldPoint OldShape PageOfPoint
    Percent Points Refs Required RequiredMiddle Rows Shape Status Swing Tenth TextSet Tree UuidSet
    Verdict WideBits Word Words
}

pub(super) fn run(bytes: &[u8]) {
    let Some((first, value)) = bytes.split_first() else {
        return;
    };
    let (name, agree) = TYPES[usize::from(*first) % TYPES.len()];
    agree(described(name), value);
}

/// The description of a type.
fn described(name: &str) -> &'static Type {
    let modules = SCHEMA.packages.iter().flat_map(|package| package.modules);
    let mut types = modules
        .flat_map(|module| module.declarations)
        .filter_map(|it| match it {
            Declaration::Type(ty) => Some(*ty),
            _ => None,
        });
    types
        .find(|ty| ty.head.name == name)
        .expect("the schema has each type of the table")
}

/// Reads a value as `T` and by description; what one reads the other does, and both write the same.
fn agree<T>(ty: &'static Type, bytes: &[u8])
where
    T: Decode + Encode + Check + Serialize + DeserializeOwned,
{
    let limits = Limits::STRICT;
    let (typed, held) = allocation::peak(|| from_slice::<T>(bytes, &limits));
    let allowed = limits.memory(bytes.len());
    let name = ty.head.name;
    assert!(
        held <= allowed,
        "{name} took {held} bytes for {}, {allowed} are allowed",
        bytes.len()
    );
    let dynamic = Dynamic::from_wire(Form::Type(ty), bytes, &limits);
    match (typed, dynamic) {
        (Ok(value), Ok(dynamic)) => {
            value
                .check()
                .unwrap_or_else(|error| panic!("{name} was read but does not hold: {error}"));
            let written = to_vec(&value);
            assert_eq!(written, dynamic.as_bytes(), "{name} is written in two ways");
            let again: T = from_slice(&written, &Limits::DEFAULT)
                .unwrap_or_else(|error| panic!("{name} can't read its own bytes: {error}"));
            assert_eq!(to_vec(&again), written, "{name} is read as something else");
            named(name, &value, &dynamic, &written);
        }
        // Of two faults in one value each may name another: the description's reader looks at bounds last.
        (Err(_), Err(_)) => {}
        (Ok(_), Err(error)) if own(&error) => {}
        (Err(error), Ok(_)) if own(&error) => {}
        (Ok(_), Err(error)) => panic!("{name} is read, but not by description: {error}"),
        (Err(error), Ok(_)) => panic!("{name} is read by description alone: {error}"),
    }
}

/// Refusals of one reader alone: each builds other things in memory, and a description names an entity by its number,
/// without its package's.
fn own(error: &Error) -> bool {
    matches!(
        error.problem(),
        Problem::TooMuchMemory(_) | Problem::Reference(_)
    )
}

/// The named form is the same both ways, and leads back to the value.
fn named<T: Serialize + DeserializeOwned + Encode>(
    name: &str,
    value: &T,
    dynamic: &Dynamic,
    written: &[u8],
) {
    let text = serde_json::to_string(value).expect("every value has a named form");
    let other = serde_json::to_string(dynamic).expect("every value has a named form");
    assert_eq!(text, other, "{name} has two named forms");
    let back: T = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{name} can't read its named form {text}: {error}"));
    // A NaN's payload has no name; all else leads back to the same bytes.
    let payload = text.contains("NaN");
    assert!(
        payload || to_vec(&back) == written,
        "{name} is another value by {text}"
    );
}
