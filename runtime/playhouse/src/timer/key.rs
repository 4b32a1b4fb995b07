//! What timers are cancelled by.

use playhouse_wire::{EntityRef, KeyPart, Ref, Uuid};

/// What a timer is cancelled by, together with all others of its owner that have the same: a number, a string, a UUID,
/// or an entity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerKey(Key);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key {
    Part(KeyPart),
    Entity(Box<EntityRef>),
}

macro_rules! keys_from_parts {
    ($($ty:ty)*) => {$(
        impl From<$ty> for TimerKey {
            fn from(value: $ty) -> Self {
                Self(Key::Part(value.into()))
            }
        }
    )*};
}

keys_from_parts!(u8 u16 u32 u64 i8 i16 i32 i64 &str String Uuid KeyPart);

impl From<EntityRef> for TimerKey {
    fn from(entity: EntityRef) -> Self {
        Self(Key::Entity(Box::new(entity)))
    }
}

impl From<&EntityRef> for TimerKey {
    fn from(entity: &EntityRef) -> Self {
        entity.clone().into()
    }
}

impl<T> From<&Ref<T>> for TimerKey {
    fn from(entity: &Ref<T>) -> Self {
        entity.address().into()
    }
}
