//! The two values that are measured.

use playhouse::Timestamp;
use playhouse::math::Vec3;

use crate::generated::bench::{Buff, Damage, Hit, State, Team, Unit};

/// A blow, 48 bytes.
#[must_use]
pub fn hit() -> Hit {
    Hit {
        attacker: 0x1234_5678_9abc_def0,
        target: 0x2234_5678_9abc_def0,
        skill: 4001,
        amount: -450,
        damage: Damage::Fire,
        critical: true,
        at: Vec3 {
            x: 1.5,
            y: 2.5,
            z: 3.5,
        },
        part: "head".to_owned(),
    }
}

/// A state of 57 units, about 4 KiB.
#[must_use]
pub fn state() -> State {
    State {
        tick: 123_456,
        units: (0..57).map(unit).collect(),
        scores: (0..60)
            .map(|index: u16| (index * 3, 1000 + u32::from(index)))
            .collect(),
    }
}

fn unit(index: u16) -> Unit {
    let number = u64::from(index);
    Unit {
        id: 1_000_000_000_000 + number,
        name: format!("unit{index:02}"),
        pos: Vec3 {
            x: f32::from(index),
            y: 0.5,
            z: 2.0,
        },
        facing: 1.25,
        health: 900 + u32::from(index),
        team: Team::from_number((index % 3).to_le_bytes()[0]),
        buffs: (0..index % 3)
            .map(|buff| Buff {
                kind: 300 + buff,
                stacks: 2,
                until: Timestamp(1_700_000_000_000_000 + i64::from(buff)),
            })
            .collect(),
        target: Some(1_000_000_000_000 + number / 2),
    }
}
