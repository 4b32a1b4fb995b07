//! The derive: the same structs with `serde`'s own implementations, for `rmp-serde`.
//!
//! Enums go by their numbers, as a team would have them that counts bytes; a plain derive would write their names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::generated::bench as generated;

/// A point in space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vec3 {
    /// To the right.
    pub x: f32,
    /// Upwards.
    pub y: f32,
    /// Into the screen.
    pub z: f32,
}

/// One blow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the schema says it")]
pub struct Hit {
    pub attacker: u64,
    pub target: u64,
    pub skill: u32,
    pub amount: i32,
    pub damage: u8,
    pub critical: bool,
    pub at: Vec3,
    pub part: String,
}

/// Something that acts on a unit for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the schema says it")]
pub struct Buff {
    pub kind: u16,
    pub stacks: u8,
    pub until: i64,
}

/// What others see of a unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the schema says it")]
pub struct Unit {
    pub id: u64,
    pub name: String,
    pub pos: Vec3,
    pub facing: f32,
    pub health: u32,
    pub team: u8,
    pub buffs: Vec<Buff>,
    pub target: Option<u64>,
}

/// A part of a battle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the schema says it")]
pub struct State {
    pub tick: u64,
    pub units: Vec<Unit>,
    pub scores: BTreeMap<u16, u32>,
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
            damage: it.damage.number(),
            critical: it.critical,
            at: it.at.into(),
            part: it.part.clone(),
        }
    }
}

impl From<&generated::Unit> for Unit {
    fn from(it: &generated::Unit) -> Self {
        let buff = |it: &generated::Buff| Buff {
            kind: it.kind,
            stacks: it.stacks,
            until: it.until.as_micros(),
        };
        Self {
            id: it.id,
            name: it.name.clone(),
            pos: it.pos.into(),
            facing: it.facing,
            health: it.health,
            team: it.team.number(),
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
            scores: it.scores.clone(),
        }
    }
}
