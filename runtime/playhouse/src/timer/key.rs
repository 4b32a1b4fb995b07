//! What timers are cancelled by.

use playhouse_store::{key_from_text, key_to_text};
use playhouse_wire::{EntityKey, EntityRef, KeyPart, Ref, Uuid};

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

impl TimerKey {
    /// As documents have it.
    pub(crate) fn to_text(&self) -> String {
        match &self.0 {
            Key::Part(part) => key_to_text(&EntityKey::new([part.clone()])),
            Key::Entity(entity) => format!(
                "e{}.{}.{}.{}",
                entity.package,
                entity.number,
                entity.slot,
                key_to_text(&entity.key)
            ),
        }
    }

    /// The key that [`TimerKey::to_text`] has written so.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let Some(entity) = text.strip_prefix('e') else {
            let key = key_from_text(text)?;
            return match key.parts() {
                [part] => Some(Self(Key::Part(part.clone()))),
                _ => None,
            };
        };
        let mut parts = entity.splitn(4, '.');
        let mut next = || parts.next();
        let entity = EntityRef {
            package: next()?.parse().ok()?,
            number: next()?.parse().ok()?,
            slot: next()?.parse().ok()?,
            key: key_from_text(next()?)?,
        };
        Some(entity.into())
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_to_text_and_back() {
        let entity = EntityRef {
            package: 3,
            number: 70,
            slot: 2,
            key: EntityKey::new([KeyPart::from("a.b"), KeyPart::from(7_u64)]),
        };
        for key in [
            TimerKey::from(7_u32),
            TimerKey::from(-7_i64),
            TimerKey::from("e.1"),
            TimerKey::from(entity),
        ] {
            assert_eq!(TimerKey::from_text(&key.to_text()), Some(key));
        }
        assert_eq!(TimerKey::from_text("e1.2"), None);
        assert_eq!(TimerKey::from_text("u1/u2"), None);
    }
}
