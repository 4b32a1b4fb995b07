//! What generated code names. Not for users: only the generator of the same version knows what it may rely on.

/// The first format of generated code. A change that old generated code would not survive gets a module of its own.
pub mod v1 {
    pub use playhouse_wire::check::{
        member as check, member_of as check_in, optional as check_optional,
    };
    pub use playhouse_wire::codec::{
        Blob, Boxed, Codec, Float, Int, List, Map, Maybe, Narrow, Newtype, Set, Text,
    };
    pub use playhouse_wire::reader::Slots;
    pub use playhouse_wire::value::Target;
    pub use playhouse_wire::{
        Bytes, Check, Decode, Duration, Encode, EntityKey, EntityRef, Error, KeyPart, Limits,
        Problem, Reader, Ref, Result, Struct, Timestamp, UnknownArm, Uuid, Writer,
    };

    pub use crate::call::{
        Address, Arguments, CallError, Callable, Calling, Failure, Fault, HasCall, Nth, Proxy, Rpc,
        Thrown, key_part,
    };
    pub use crate::descriptor;
    pub use crate::descriptor::dynamic::{deserialize, serialize};
    pub use crate::document;
    pub use crate::flags::debug_flags;
    pub use crate::host::{
        Asking, Cx, EntitySlots, Finding, Refusal, ask, event, find_all, find_one,
    };
    pub use crate::logic::{
        self, Component, ComponentCalls, ComponentSchema, Entity, EntityCalls, EntitySchema,
        HasSlot, Hooks, Service, ServiceSchema,
    };
    pub use crate::named::Named;
    pub use crate::numbered::Numbered;
    pub use crate::properties::{
        Consumer, ListMut, MapMut, Properties, Property, Round, SetMut, TrackedList, TrackedMap,
        TrackedSet, Tracker, Watch, apply, apply_list, apply_map, apply_set, set, set_rounded,
    };
    pub use crate::redacted::Redacted;
    pub use crate::{
        __closed_enumeration as closed_enumeration, __flags as flags, __named as named,
        __newtype as newtype, __open_enumeration as open_enumeration,
    };
    pub use playhouse_macros::implement;
    pub use serde;

    /// The format of generated code that this facade understands.
    pub const FORMAT: u32 = 1;

    /// Refuses generated code of another format while it is compiled.
    ///
    /// # Panics
    ///
    /// If `format` isn't [`FORMAT`]: as an error of the compiler, since generated code calls it in a constant.
    pub const fn expect_format(format: u32) {
        assert!(
            format == FORMAT,
            "this file was generated for another version of the crate `playhouse`: generate it again with `playhouse gen`"
        );
    }

    /// The end of a float's bound, as [`Float`] takes it.
    pub const fn bits(end: f64) -> u64 {
        end.to_bits()
    }

    /// No upper bound.
    pub const OPEN_ABOVE: u64 = f64::INFINITY.to_bits();

    /// No lower bound.
    pub const OPEN_BELOW: u64 = f64::NEG_INFINITY.to_bits();

    /// Whether `list` is what an absent list of exactly `count` elements stands for.
    pub fn is_repeat<T>(list: &[T], count: usize, is_default: impl Fn(&T) -> bool) -> bool {
        list.len() == count && list.iter().all(is_default)
    }

    /// `count` times the value that `element` makes.
    pub fn repeat<T>(count: usize, element: impl Fn() -> T) -> Vec<T> {
        std::iter::repeat_with(element).take(count).collect()
    }
}
