//! Random values in named form, and random bytes near valid ones: the same ones for the same seed, for ever.

use playhouse_schema::model::{
    ArmBody, Bound, Int, Member, Model, RefTarget, Shape, Type, TypeId, TypeKind,
};
use serde_json::{Map, Value as Json, json};

/// Deeper than this, what can be empty is.
const DEPTH: u32 = 3;
/// Most elements of a container without a bound, and of one with a greater bound.
const ELEMENTS: u32 = 4;

/// A stream of random numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The stream of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = end.max(1) as u64;
        usize::try_from(self.number() % end).unwrap_or(0)
    }

    /// True once in `count` times.
    pub fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// One of `choices`.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// `bytes` with one to three small faults.
    pub fn mutated(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut mutated = bytes.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(mutated.len().max(1)).min(mutated.len());
            match self.below(6) {
                0 => mutated.insert(at, self.head()),
                1 if at < mutated.len() => drop(mutated.remove(at)),
                2 => mutated.truncate(at),
                3 if at < mutated.len() => mutated[at] ^= 1 << self.below(8),
                4 if at < mutated.len() => mutated[at] = mutated[at].wrapping_add(1),
                _ if at < mutated.len() => mutated[at] = self.head(),
                _ => mutated.push(self.head()),
            }
        }
        mutated
    }

    /// A byte that is likely to begin something.
    fn head(&mut self) -> u8 {
        const HEADS: &[u8] = &[
            0x00, 0x01, 0x05, 0x7f, 0x80, 0x81, 0x90, 0x91, 0x92, 0xa0, 0xa1, 0xc0, 0xc1, 0xc2,
            0xc3, 0xc4, 0xc7, 0xca, 0xcb, 0xcc, 0xcd, 0xcf, 0xd0, 0xd3, 0xd4, 0xd9, 0xdc, 0xdd,
            0xde, 0xdf, 0xe0, 0xff,
        ];
        if self.once_in(4) {
            self.number().to_le_bytes()[0]
        } else {
            *self.pick(HEADS)
        }
    }
}

/// Makes values of the types of a model.
#[derive(Debug)]
pub struct Values<'a> {
    model: &'a Model,
    random: Random,
}

impl<'a> Values<'a> {
    /// Values of `model` from `random`.
    #[must_use]
    pub const fn new(model: &'a Model, random: Random) -> Self {
        Self { model, random }
    }

    /// The random numbers that values are made from.
    pub const fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// A value of the declared type `id`.
    pub fn of_type(&mut self, id: TypeId) -> Json {
        let ty = Type {
            shape: Shape::Named(id),
            bound: Bound::None,
            optional: false,
        };
        self.of(&ty, 0)
    }

    fn of(&mut self, ty: &Type, depth: u32) -> Json {
        if ty.optional && (depth > DEPTH || self.random.once_in(3)) {
            return Json::Null;
        }
        match &ty.shape {
            Shape::Bool => self.random.once_in(2).into(),
            Shape::Int(int) => integer(self.integer(*int, &ty.bound), *int),
            Shape::Timestamp | Shape::Duration => {
                integer(self.integer(Int::I64, &ty.bound), Int::I64)
            }
            Shape::F32 => self.float(&ty.bound, true),
            Shape::F64 => self.float(&ty.bound, false),
            Shape::String => self.text(&ty.bound).into(),
            Shape::Bytes => {
                let count = self.count(&ty.bound, 0);
                let bytes: Vec<u8> = (0..count).map(|_| self.random.head()).collect();
                base64(&bytes).into()
            }
            Shape::Uuid => self.uuid().into(),
            Shape::List(element) => {
                let count = self.count(&ty.bound, depth);
                (0..count).map(|_| self.of(element, depth + 1)).collect()
            }
            Shape::Set(element) => self.set(element, &ty.bound, depth).into(),
            Shape::Map(key, value) => {
                let keys = self.set(key, &ty.bound, depth);
                let entries = keys.into_iter().map(|key| {
                    let name = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                    (name, self.of(value, depth + 1))
                });
                Json::Object(entries.collect())
            }
            Shape::Ref(target) => self.reference(*target),
            Shape::Named(id) => self.declared(*id, &ty.bound, depth),
        }
    }

    fn declared(&mut self, id: TypeId, bound: &Bound, depth: u32) -> Json {
        let model = self.model;
        match &model.types[id.0 as usize].kind {
            TypeKind::Newtype { inner, .. } => {
                let bound = if *bound == Bound::None {
                    &inner.bound
                } else {
                    bound
                };
                self.of(
                    &Type {
                        bound: bound.clone(),
                        ..inner.clone()
                    },
                    depth,
                )
            }
            TypeKind::Struct { members, .. } => self.members(members, depth),
            TypeKind::Enum {
                repr,
                closed,
                values,
                ..
            } => {
                if !closed && self.random.once_in(5) {
                    let number = self.integer(*repr, &Bound::None);
                    if values
                        .iter()
                        .all(|value| i128::from(value.number) != number)
                    {
                        return integer(number, *repr);
                    }
                }
                self.random.pick(values).name.clone().into()
            }
            TypeKind::Flags { repr, flags, .. } => {
                let bits: Vec<_> = flags.iter().filter(|flag| flag.bit.is_some()).collect();
                let mut shown: Vec<Json> = Vec::new();
                let mut known = 0;
                for flag in bits {
                    known |= flag.bits;
                    if self.random.once_in(2) {
                        shown.push(flag.name.clone().into());
                    }
                }
                let (_, greatest) = limits(*repr);
                let rest = i128::from(self.random.number() & !known) & greatest;
                if rest != 0 && self.random.once_in(4) {
                    shown.push(integer(rest, *repr));
                }
                shown.into()
            }
            TypeKind::Union { closed, arms, .. } => self.arm(arms, *closed, depth),
            TypeKind::Error { arms, .. } => self.arm(arms, false, depth),
        }
    }

    fn members(&mut self, members: &[Member], depth: u32) -> Json {
        let mut shown = Map::new();
        for member in members {
            if member.default.is_some() && (depth > DEPTH || self.random.once_in(3)) {
                continue;
            }
            let value = self.of(&member.ty, depth + 1);
            if value != Json::Null {
                shown.insert(member.name.clone(), value);
            }
        }
        Json::Object(shown)
    }

    fn arm(&mut self, arms: &[playhouse_schema::model::Arm], closed: bool, depth: u32) -> Json {
        if !closed && self.random.once_in(6) {
            let tag = 100 + self.random.below(100);
            let body = match self.random.below(4) {
                0 => Json::Null,
                1 => base64(&[0x93, 0xcd, 0x00, 0x01, 0xc0, 0x81, 0xa1, 0x61, 0x90]).into(),
                _ => base64(&[0xcc, self.random.head()]).into(),
            };
            return json!({ format!("#{tag}"): body });
        }
        let arm = if depth > DEPTH {
            &arms[0]
        } else {
            self.random.pick(arms)
        };
        let body = match &arm.body {
            ArmBody::Nothing => Json::Null,
            ArmBody::Type(ty) => self.of(ty, depth + 1),
            ArmBody::Members(members) => self.members(members, depth + 1),
        };
        json!({ arm.name.clone(): body })
    }

    /// Different values, in any order.
    fn set(&mut self, element: &Type, bound: &Bound, depth: u32) -> Vec<Json> {
        let count = self.count(bound, depth) as usize;
        let mut values = Vec::new();
        for _ in 0..200 {
            if values.len() == count {
                break;
            }
            let value = self.of(element, depth + 1);
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    }

    fn count(&mut self, bound: &Bound, depth: u32) -> u32 {
        let (least, most) = match bound {
            Bound::Length { min, max } => (*min, max.unwrap_or(min + ELEMENTS)),
            _ => (0, ELEMENTS),
        };
        if depth > DEPTH {
            return least;
        }
        let most = most.min(least + ELEMENTS);
        least + u32::try_from(self.random.below((most - least + 1) as usize)).unwrap_or(0)
    }

    fn integer(&mut self, int: Int, bound: &Bound) -> i128 {
        let (least, greatest) = match bound {
            Bound::Int { min, max } => (*min, *max),
            _ => limits(int),
        };
        let near = [
            0,
            1,
            -1,
            31,
            -32,
            -33,
            127,
            128,
            255,
            256,
            65_535,
            65_536,
            1 << 31,
            1 << 32,
        ];
        let number = match self.random.below(4) {
            0 => least,
            1 => greatest,
            2 => *self.random.pick(&near),
            _ => {
                let span = greatest - least + 1;
                least + i128::from(self.random.number()) % span
            }
        };
        number.clamp(least, greatest)
    }

    fn float(&mut self, bound: &Bound, single: bool) -> Json {
        const NEAR: &[f64] = &[0.0, -0.0, 1.0, -1.5, 0.1, 16_777_217.0, 1e-40, 1e30, -3.25];
        if *bound == Bound::None && self.random.once_in(8) {
            return (*self.random.pick(&["NaN", "Infinity", "-Infinity"])).into();
        }
        let (least, greatest) = match bound {
            Bound::Float { min, max } => (*min, *max),
            _ => (f64::MIN, f64::MAX),
        };
        let number = self.random.pick(NEAR).clamp(least, greatest);
        if single {
            f64::from(number as f32).into()
        } else {
            number.into()
        }
    }

    fn text(&mut self, bound: &Bound) -> String {
        const CHARACTERS: &[char] = &[
            'a',
            'b',
            'Z',
            ' ',
            '"',
            '\\',
            '\0',
            '\n',
            'é',
            'ß',
            '漢',
            '\u{feff}',
            '\u{ffff}',
            '😀',
            '\u{10ffff}',
        ];
        let count = match bound {
            Bound::None if self.random.once_in(6) => 20 + self.random.below(60),
            _ => self.count(bound, 0) as usize,
        };
        let plain = self.random.once_in(2);
        let characters = if plain { &CHARACTERS[..2] } else { CHARACTERS };
        (0..count).map(|_| *self.random.pick(characters)).collect()
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.random.number(), self.random.number());
        let digits = format!("{high:016x}{low:016x}");
        let part = |from: usize, to: usize| &digits[from..to];
        let parts = [
            part(0, 8),
            part(8, 12),
            part(12, 16),
            part(16, 20),
            part(20, 32),
        ];
        parts.join("-")
    }

    fn reference(&mut self, target: RefTarget) -> Json {
        let (package, number, slot) = match target {
            RefTarget::Entity(id) => {
                let entity = &self.model.entities[id.0 as usize];
                let package = self.model.packages[entity.head.package.0 as usize].number;
                (package, entity.number, 0)
            }
            RefTarget::Component(_) => (9, 300, 1 + self.random.below(127)),
        };
        let mut parts = vec![json!(package), json!(number), json!(slot)];
        for _ in 0..self.random.below(5) {
            parts.push(match self.random.below(3) {
                0 => json!({ "int": self.integer(Int::U64, &Bound::None).to_string() }),
                1 => json!({ "uuid": self.uuid() }),
                _ => self
                    .text(&Bound::Length {
                        min: 0,
                        max: Some(4),
                    })
                    .into(),
            });
        }
        parts.into()
    }
}

fn integer(number: i128, int: Int) -> Json {
    match i64::try_from(number) {
        Ok(number) if !matches!(int, Int::U64 | Int::I64) => number.into(),
        _ => number.to_string().into(),
    }
}

fn limits(int: Int) -> (i128, i128) {
    match int {
        Int::U8 => (0, u8::MAX.into()),
        Int::U16 => (0, u16::MAX.into()),
        Int::U32 => (0, u32::MAX.into()),
        Int::U64 => (0, u64::MAX.into()),
        Int::I8 => (i8::MIN.into(), i8::MAX.into()),
        Int::I16 => (i16::MIN.into(), i16::MAX.into()),
        Int::I32 => (i32::MIN.into(), i32::MAX.into()),
        Int::I64 => (i64::MIN.into(), i64::MAX.into()),
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut bits = [0; 4];
        bits[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(bits);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads() {
        assert_eq!(base64(b""), "");
        assert_eq!(base64(b"a"), "YQ==");
        assert_eq!(base64(b"ab"), "YWI=");
        assert_eq!(base64(b"abc"), "YWJj");
    }

    #[test]
    fn the_same_seed_gives_the_same_values() {
        let (mut one, mut two) = (Random::new(7), Random::new(7));
        assert_eq!(one.number(), two.number());
        assert_eq!(one.mutated(b"abcdef"), two.mutated(b"abcdef"));
    }
}
