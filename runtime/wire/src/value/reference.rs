//! `ref<T>`: which entity, and which of its slots.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use crate::error::{Error, Problem, Result};
use crate::{Check, Decode, Encode, Reader, Uuid, Writer};

/// The address of an entity, or of a component in one of its slots.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityRef {
    /// The number of the package that declares the entity type.
    pub package: u16,
    /// The local number of the entity type.
    pub number: u16,
    /// 0 for the entity itself, else the tag of the component's slot.
    pub slot: u8,
    /// Which entity of the type.
    pub key: EntityKey,
}

/// Which entity of its type: the parts of a key, an instance's number, a node's name, or nothing for a singleton.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityKey(Parts);

/// One part, which nearly all keys have, stands in place.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Parts {
    #[default]
    None,
    One(KeyPart),
    Many(Box<[KeyPart]>),
}

// By hand: proxies are cloned for each call, and nearly all keys are one integer.
impl Clone for Parts {
    #[inline]
    fn clone(&self) -> Self {
        match self {
            Self::One(KeyPart::Unsigned(value)) => Self::One(KeyPart::Unsigned(*value)),
            other => other.clone_any(),
        }
    }
}

impl Parts {
    #[inline(never)]
    fn clone_any(&self) -> Self {
        match self {
            Self::None => Self::None,
            Self::One(part) => Self::One(part.clone()),
            Self::Many(parts) => Self::Many(parts.clone()),
        }
    }
}

/// A part of a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyPart {
    /// An integer that isn't negative.
    Unsigned(u64),
    /// A negative integer.
    Negative(i64),
    /// A string, of at most [`EntityKey::TEXT_BYTES_MAX`] bytes.
    Text(Box<str>),
    /// A UUID.
    Uuid(Uuid),
}

impl EntityKey {
    /// Most parts of a key.
    pub const PARTS_MAX: usize = 4;

    /// Most bytes of a part that is a string.
    pub const TEXT_BYTES_MAX: usize = 128;

    /// A key of these parts, at most [`Self::PARTS_MAX`].
    #[must_use]
    #[inline]
    pub fn new<const N: usize>(parts: [KeyPart; N]) -> Self {
        const { assert!(N <= Self::PARTS_MAX, "a key has at most 4 parts") };
        let mut parts = parts.into_iter();
        match (parts.next(), N) {
            (None, _) => Self(Parts::None),
            // Without a list in between: proxies are made for each call.
            (Some(part), 1) => Self(Parts::One(part)),
            (Some(first), _) => {
                let all = std::iter::once(first).chain(parts);
                Self(Parts::Many(all.collect()))
            }
        }
    }

    /// Reads `count` parts, at most [`Self::PARTS_MAX`]; one integer takes no memory.
    #[inline]
    pub(crate) fn read(r: &mut Reader<'_>, count: usize) -> Result<Self> {
        Ok(match count {
            0 => Self::default(),
            1 => Self(Parts::One(KeyPart::decode(r)?)),
            _ => {
                r.charge(count * size_of::<KeyPart>())?;
                let mut parts = Vec::with_capacity(count);
                for _ in 0..count {
                    parts.push(KeyPart::decode(r)?);
                }
                Self(Parts::Many(parts.into_boxed_slice()))
            }
        })
    }

    /// Looks at one part as its decoder would, without building it.
    pub(crate) fn skim_part(r: &mut Reader<'_>) -> Result<()> {
        if let [0xa0..=0xbf | 0xd9..=0xdb, ..] = r.rest() {
            let start = r.offset();
            check_text(r.str()?).map_err(|error| error.placed(start))
        } else {
            // No other part takes memory.
            KeyPart::decode(r).map(drop)
        }
    }

    /// The parts, in order.
    #[must_use]
    #[inline]
    pub fn parts(&self) -> &[KeyPart] {
        match &self.0 {
            Parts::None => &[],
            Parts::One(part) => std::slice::from_ref(part),
            Parts::Many(parts) => parts,
        }
    }
}

macro_rules! parts_of_integers {
    ($($int:ty)*) => {$(
        impl From<$int> for KeyPart {
            fn from(value: $int) -> Self {
                let value = i128::from(value);
                match u64::try_from(value) {
                    Ok(value) => Self::Unsigned(value),
                    // What is no u64 and came from at most 64 bits is a negative i64.
                    Err(_) => Self::Negative(i64::try_from(value).unwrap_or(i64::MIN)),
                }
            }
        }
    )*};
}

parts_of_integers!(u8 u16 u32 u64 i8 i16 i32 i64);

impl From<&str> for KeyPart {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for KeyPart {
    fn from(text: String) -> Self {
        Self::Text(text.into_boxed_str())
    }
}

impl From<Uuid> for KeyPart {
    fn from(uuid: Uuid) -> Self {
        Self::Uuid(uuid)
    }
}

impl Encode for EntityRef {
    fn encode(&self, w: &mut Writer) {
        let parts = self.key.parts();
        w.array(3 + parts.len());
        w.unsigned(self.package.into());
        w.unsigned(self.number.into());
        w.unsigned(self.slot.into());
        for part in parts {
            part.encode(w);
        }
    }
}

impl Encode for EntityKey {
    /// An array of the parts, which a ref has behind its numbers.
    #[inline]
    fn encode(&self, w: &mut Writer) {
        self.parts().encode(w);
    }
}

impl Encode for KeyPart {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        match self {
            Self::Unsigned(value) => w.unsigned(*value),
            Self::Negative(value) => w.signed(*value),
            Self::Text(text) => w.str(text),
            Self::Uuid(uuid) => w.put(uuid),
        }
    }
}

impl Decode for EntityRef {
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        let start = r.offset();
        let length = r.enter_array()?;
        let Some(parts) = length
            .checked_sub(3)
            .filter(|parts| *parts <= EntityKey::PARTS_MAX)
        else {
            let why = "it has a package, a number, a slot and at most 4 parts of a key";
            return Err(Error::at(Problem::Reference(why), start));
        };
        let (package, number, slot) = (r.u16()?, r.u16()?, r.u8()?);
        let key = EntityKey::read(r, parts)?;
        r.leave();
        Ok(Self {
            package,
            number,
            slot,
            key,
        })
    }
}

impl Decode for EntityKey {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        let start = r.offset();
        let count = r.enter_array()?;
        if count > Self::PARTS_MAX {
            let why = "a key has at most 4 parts";
            return Err(Error::at(Problem::Reference(why), start));
        }
        let key = Self::read(r, count)?;
        r.leave();
        Ok(key)
    }
}

impl Decode for KeyPart {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        match r.rest() {
            // Nearly all keys are numbers that their writer wrote in an unsigned form.
            [0x00..=0x7f | 0xcc..=0xcf, ..] => r.u64().map(Self::Unsigned),
            _ => Self::decode_other(r),
        }
    }
}

impl KeyPart {
    #[inline(never)]
    fn decode_other(r: &mut Reader<'_>) -> Result<Self> {
        match r.rest() {
            [0xa0..=0xbf | 0xd9..=0xdb, ..] => {
                let start = r.offset();
                let text = r.str()?;
                check_text(text).map_err(|error| error.placed(start))?;
                r.charge(text.len())?;
                Ok(Self::from(text))
            }
            [0xc4..=0xc6, ..] => Uuid::decode(r).map(Self::Uuid),
            _ => {
                let start = r.offset();
                let value = r.integer("a part of a key: an integer, a string or a uuid")?;
                u64::try_from(value)
                    .map(Self::Unsigned)
                    .or_else(|_| i64::try_from(value).map(Self::Negative))
                    .map_err(|_| Error::at(Problem::DoesNotFit { value, into: "i64" }, start))
            }
        }
    }
}

fn check_text(text: &str) -> Result<()> {
    if text.len() <= EntityKey::TEXT_BYTES_MAX {
        Ok(())
    } else {
        Err(Error::new(Problem::Reference(
            "a string in a key has at most 128 bytes",
        )))
    }
}

impl Check for EntityRef {
    fn check(&self) -> Result<()> {
        self.key.check()
    }
}

impl Check for EntityKey {
    fn check(&self) -> Result<()> {
        for part in self.parts() {
            if let KeyPart::Text(text) = part {
                check_text(text)?;
            }
        }
        Ok(())
    }
}

/// What a [`Ref`] can point at: an entity type or a component type. Generated code implements it.
pub trait Target {
    /// Package and number of the entity type; none for a component, which any entity may hold in a slot.
    const ENTITY: Option<(u16, u16)>;
}

/// A reference to an entity or a component of type `T`.
pub struct Ref<T> {
    address: EntityRef,
    target: PhantomData<fn() -> T>,
}

impl<T: Target> Ref<T> {
    /// The reference with this address.
    ///
    /// # Errors
    ///
    /// [`Problem::Reference`] if the address is one of another entity type, of a slot where `T` is an entity, or of an
    /// entity where `T` is a component. Whether the slot holds a `T` only the entity's node can tell.
    pub fn new(address: EntityRef) -> Result<Self> {
        let why = match T::ENTITY {
            Some(id) if id != (address.package, address.number) => {
                "it points at another type of entity"
            }
            Some(_) if address.slot != 0 => "it points at a component, not at the entity",
            None if address.slot == 0 => "it points at an entity, not at a component",
            _ => {
                return Ok(Self {
                    address,
                    target: PhantomData,
                });
            }
        };
        Err(Error::new(Problem::Reference(why)))
    }
}

impl<T: Target> Ref<T> {
    /// The reference to the entity with this key, for a type that is one of entities.
    #[must_use]
    #[inline]
    pub fn to_entity<const N: usize>(key: [KeyPart; N]) -> Self {
        let (package, number) = const {
            match T::ENTITY {
                Some(id) => id,
                None => panic!("a component is referred to by an entity and a slot"),
            }
        };
        let address = EntityRef {
            package,
            number,
            slot: 0,
            key: EntityKey::new(key),
        };
        Self {
            address,
            target: PhantomData,
        }
    }

    /// The reference to the component in slot `slot` of the same entity. What the slot holds the schema knows.
    #[must_use]
    #[inline]
    pub fn in_slot<C: Target>(&self, slot: u8) -> Ref<C> {
        let address = EntityRef {
            slot,
            ..self.address.clone()
        };
        Ref {
            address,
            target: PhantomData,
        }
    }
}

impl<T> Ref<T> {
    /// Package, number, slot and key.
    #[must_use]
    pub const fn address(&self) -> &EntityRef {
        &self.address
    }

    /// Package, number, slot and key.
    #[must_use]
    pub fn into_address(self) -> EntityRef {
        self.address
    }
}

impl<T> From<Ref<T>> for EntityRef {
    fn from(reference: Ref<T>) -> Self {
        reference.address
    }
}

impl<T> Encode for Ref<T> {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        self.address.encode(w);
    }
}

impl<T: Target> Decode for Ref<T> {
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        let start = r.offset();
        Self::new(EntityRef::decode(r)?).map_err(|error| error.placed(start))
    }
}

impl<T> Check for Ref<T> {
    fn check(&self) -> Result<()> {
        self.address.check()
    }
}

// By hand, because a derive would ask the same of `T`, of which there is no value here.

impl<T> fmt::Debug for Ref<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.address, f)
    }
}

impl<T> Clone for Ref<T> {
    fn clone(&self) -> Self {
        Self {
            address: self.address.clone(),
            target: PhantomData,
        }
    }
}

impl<T> PartialEq for Ref<T> {
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address
    }
}

impl<T> Eq for Ref<T> {}

impl<T> PartialOrd for Ref<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Ref<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.address.cmp(&other.address)
    }
}

impl<T> Hash for Ref<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address.hash(state);
    }
}
