//! Protocol Buffers: the same values as `prost` messages, derived without `protoc`.

use std::collections::BTreeMap;

use crate::generated::bench as generated;

/// A point in space.
#[derive(Clone, PartialEq, prost::Message)]
#[expect(missing_docs, reason = "the schema says it")]
pub struct Vec3 {
    #[prost(float, tag = "1")]
    pub x: f32,
    #[prost(float, tag = "2")]
    pub y: f32,
    #[prost(float, tag = "3")]
    pub z: f32,
}

/// One blow.
#[derive(Clone, PartialEq, prost::Message)]
#[expect(missing_docs, reason = "the schema says it")]
pub struct Hit {
    #[prost(uint64, tag = "1")]
    pub attacker: u64,
    #[prost(uint64, tag = "2")]
    pub target: u64,
    #[prost(uint32, tag = "3")]
    pub skill: u32,
    #[prost(sint32, tag = "4")]
    pub amount: i32,
    #[prost(uint32, tag = "5")]
    pub damage: u32,
    #[prost(bool, tag = "6")]
    pub critical: bool,
    #[prost(message, optional, tag = "7")]
    pub at: Option<Vec3>,
    #[prost(string, tag = "8")]
    pub part: String,
}

/// Something that acts on a unit for a while.
#[derive(Clone, PartialEq, prost::Message)]
#[expect(missing_docs, reason = "the schema says it")]
pub struct Buff {
    #[prost(uint32, tag = "1")]
    pub kind: u32,
    #[prost(uint32, tag = "2")]
    pub stacks: u32,
    #[prost(int64, tag = "3")]
    pub until: i64,
}

/// What others see of a unit.
#[derive(Clone, PartialEq, prost::Message)]
#[expect(missing_docs, reason = "the schema says it")]
pub struct Unit {
    #[prost(uint64, tag = "1")]
    pub id: u64,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(message, optional, tag = "3")]
    pub pos: Option<Vec3>,
    #[prost(float, tag = "4")]
    pub facing: f32,
    #[prost(uint32, tag = "5")]
    pub health: u32,
    #[prost(uint32, tag = "6")]
    pub team: u32,
    #[prost(message, repeated, tag = "7")]
    pub buffs: Vec<Buff>,
    #[prost(uint64, optional, tag = "8")]
    pub target: Option<u64>,
}

/// A part of a battle.
#[derive(Clone, PartialEq, prost::Message)]
#[expect(missing_docs, reason = "the schema says it")]
pub struct State {
    #[prost(uint64, tag = "1")]
    pub tick: u64,
    #[prost(message, repeated, tag = "2")]
    pub units: Vec<Unit>,
    #[prost(btree_map = "uint32, uint32", tag = "3")]
    pub scores: BTreeMap<u32, u32>,
}

impl From<playhouse::math::Vec3> for Vec3 {
    fn from(it: playhouse::math::Vec3) -> Self {
        Self {
            x: it.x,
            y: it.y,
            z: it.z,
        }
    }
}

impl From<&generated::Hit> for Hit {
    fn from(it: &generated::Hit) -> Self {
        Self {
            attacker: it.attacker,
            target: it.target,
            skill: it.skill,
            amount: it.amount,
            damage: it.damage.number().into(),
            critical: it.critical,
            at: Some(it.at.into()),
            part: it.part.clone(),
        }
    }
}

impl From<&generated::Unit> for Unit {
    fn from(it: &generated::Unit) -> Self {
        let buff = |it: &generated::Buff| Buff {
            kind: it.kind.into(),
            stacks: it.stacks.into(),
            until: it.until.as_micros(),
        };
        Self {
            id: it.id,
            name: it.name.clone(),
            pos: Some(it.pos.into()),
            facing: it.facing,
            health: it.health,
            team: it.team.number().into(),
            buffs: it.buffs.iter().map(buff).collect(),
            target: it.target,
        }
    }
}

impl From<&generated::State> for State {
    fn from(it: &generated::State) -> Self {
        Self {
            tick: it.tick,
            units: it.units.iter().map(Unit::from).collect(),
            scores: it
                .scores
                .iter()
                .map(|(key, value)| ((*key).into(), *value))
                .collect(),
        }
    }
}
