//! What happens in a battle, step by step: bodies that walk, flyers that hit, spells, falls and points.
//!
//! Plain state and plain arithmetic: no clock, no calls, no clients. The same setup and the same inputs at the same
//! steps give the same battle, so that a replay needs nothing else. The entity `Battle` drives it, tells
//! the clients, and decides when the fallen rise.

mod body;
mod spells;

use std::collections::BTreeMap;

use arena_schema::battle::{CastError, SpellSlot, Target};
use arena_schema::common::{AccountId, BattleSetup, Side, Tally};
use playhouse::math::Vec2;

pub use body::Body;

/// Steps in a second.
pub const STEPS_A_SECOND: u32 = 20;
/// Half the length of the field, in metres, from its middle.
pub const HALF: f32 = 20.0;
/// How near a flyer must come in order to hit.
const HIT_RANGE: f32 = 1.0;
/// How fast a flyer is, in metres a second.
const FLYER_SPEED: f32 = 24.0;
/// A hit in so many does half as much again.
const CRITICAL_ONE_IN: u64 = 8;
/// Gold for one who brought an enemy down.
pub const GOLD_A_KILL: u64 = 5;

/// Something that others should know of.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// Somebody lost health.
    Hit {
        /// Who.
        whom: AccountId,
        /// How much.
        amount: u32,
        /// Whether it was more than usual.
        critical: bool,
    },
    /// Somebody has no health left.
    Fell {
        /// Who.
        whom: AccountId,
        /// Who did it.
        by: AccountId,
    },
    /// A flyer set off.
    Launched(u32),
    /// A flyer is gone, with or without having met anybody.
    Burst {
        /// Which.
        flyer: u32,
        /// Where.
        at: Vec2,
    },
}

/// An arrow or a fireball on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Flying {
    /// Where it is.
    pub pos: Vec2,
    /// Metres a second.
    pub velocity: Vec2,
    /// Who sent it.
    pub shooter: AccountId,
    side: Side,
    amount: u32,
    /// Metres that it still goes.
    reach: f32,
}

/// All that is in a battle.
#[derive(Debug)]
pub struct Field {
    step: u32,
    bodies: BTreeMap<AccountId, Body>,
    flyers: BTreeMap<u32, Flying>,
    next_flyer: u32,
    score: [u32; 2],
    dice: Dice,
}

impl Field {
    /// Everybody at their own end, in full health.
    #[must_use]
    pub fn new(setup: &BattleSetup) -> Self {
        let mut places = [0_u8; 2];
        let bodies = setup.fighters.iter().zip(1..).map(|(fighter, number)| {
            let place = &mut places[usize::from(fighter.side.number())];
            let body = Body::new(fighter, number, *place);
            *place += 1;
            (fighter.account, body)
        });
        Self {
            step: 0,
            bodies: bodies.collect(),
            flyers: BTreeMap::new(),
            next_flyer: 1,
            score: [0; 2],
            dice: Dice(setup.seed),
        }
    }

    /// The step that is the last one that happened.
    #[must_use]
    pub const fn step(&self) -> u32 {
        self.step
    }

    /// Everybody, by account.
    #[must_use]
    pub const fn bodies(&self) -> &BTreeMap<AccountId, Body> {
        &self.bodies
    }

    /// What flies, by number.
    #[must_use]
    pub const fn flyers(&self) -> &BTreeMap<u32, Flying> {
        &self.flyers
    }

    /// The points of a side.
    #[must_use]
    pub fn score(&self, side: Side) -> u32 {
        self.score[usize::from(side.number())]
    }

    /// The side that is ahead; nobody when it is even.
    #[must_use]
    pub fn leader(&self) -> Option<Side> {
        match self.score(Side::Dawn).cmp(&self.score(Side::Dusk)) {
            std::cmp::Ordering::Less => Some(Side::Dusk),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(Side::Dawn),
        }
    }

    /// Sends somebody towards a point; one that is no point stops them.
    pub fn steer(&mut self, account: AccountId, toward: Vec2) {
        if let Some(body) = self.bodies.get_mut(&account) {
            body.toward = (toward.x.is_finite() && toward.y.is_finite()).then_some(toward);
        }
    }

    /// Casts a spell.
    ///
    /// # Errors
    ///
    /// Why it fizzled; nothing has changed.
    pub fn cast(
        &mut self,
        account: AccountId,
        slot: SpellSlot,
        at: &Target,
        happened: &mut Vec<Happening>,
    ) -> Result<(), CastError> {
        spells::cast(self, account, slot, at, happened)
    }

    /// One step: everybody walks, everything flies, and what meets hurts.
    pub fn advance(&mut self, happened: &mut Vec<Happening>) {
        self.step += 1;
        for body in self.bodies.values_mut() {
            body.advance(self.step);
        }
        let due: Vec<u32> = self.flyers.keys().copied().collect();
        for number in due {
            self.fly(number, happened);
        }
    }

    /// One who fell stands again, at their own end.
    pub fn rise(&mut self, account: AccountId) {
        if let Some(body) = self.bodies.get_mut(&account).filter(|body| body.is_dead()) {
            body.rise();
        }
    }

    /// Says by which number others know somebody's body, if not by their place in the setup.
    pub fn embody(&mut self, account: AccountId, puppet: u32) {
        if let Some(body) = self.bodies.get_mut(&account) {
            body.puppet = puppet;
        }
    }

    /// What everybody did so far.
    pub fn tallies(&self) -> impl Iterator<Item = (AccountId, &Tally)> {
        self.bodies
            .iter()
            .map(|(&account, body)| (account, &body.tally))
    }

    fn launch(&mut self, shooter: AccountId, from: Vec2, to: Vec2, amount: u32, reach: f32) -> u32 {
        let number = self.next_flyer;
        self.next_flyer += 1;
        let side = self
            .bodies
            .get(&shooter)
            .map_or(Side::Dawn, |body| body.side);
        let aim = direction(from, to);
        let velocity = Vec2 {
            x: aim.x * FLYER_SPEED,
            y: aim.y * FLYER_SPEED,
        };
        self.flyers.insert(
            number,
            Flying {
                pos: from,
                velocity,
                shooter,
                side,
                amount,
                reach,
            },
        );
        number
    }

    fn fly(&mut self, number: u32, happened: &mut Vec<Happening>) {
        let Some(flyer) = self.flyers.get_mut(&number) else {
            return;
        };
        let (from, leap) = (flyer.pos, FLYER_SPEED / STEPS_A_SECOND as f32);
        flyer.pos.x += flyer.velocity.x / STEPS_A_SECOND as f32;
        flyer.pos.y += flyer.velocity.y / STEPS_A_SECOND as f32;
        flyer.reach -= leap;
        let flyer = flyer.clone();
        // The whole way of this step counts, or a fast flyer would leap over whom it should meet.
        let met = self.bodies.iter().find(|(_, body)| {
            body.side != flyer.side
                && !body.is_dead()
                && distance_to_way(body.pos, from, flyer.pos) <= HIT_RANGE
        });
        if let Some((&whom, _)) = met {
            self.hurt(whom, flyer.shooter, flyer.amount, happened);
        } else if flyer.reach > 0.0 && is_inside(flyer.pos) {
            return;
        }
        self.flyers.remove(&number);
        happened.push(Happening::Burst {
            flyer: number,
            at: flyer.pos,
        });
    }

    fn hurt(&mut self, whom: AccountId, by: AccountId, amount: u32, happened: &mut Vec<Happening>) {
        let critical = self.dice.roll().is_multiple_of(CRITICAL_ONE_IN);
        let amount = if critical {
            amount + amount / 2
        } else {
            amount
        };
        let Some(body) = self.bodies.get_mut(&whom).filter(|body| !body.is_dead()) else {
            return;
        };
        let dealt = amount.min(body.health);
        body.health -= dealt;
        let fell = body.is_dead();
        if fell {
            body.fall();
        }
        let victims_side = body.side;
        if let Some(other) = self.bodies.get_mut(&by) {
            other.tally.damage += u64::from(dealt);
            if fell {
                other.tally.kills = other.tally.kills.saturating_add(1);
                other.gold += GOLD_A_KILL;
            }
        }
        happened.push(Happening::Hit {
            whom,
            amount: dealt,
            critical,
        });
        if fell {
            self.score[usize::from(victims_side.other().number())] += 1;
            happened.push(Happening::Fell { whom, by });
        }
    }
}

/// The side that one fights.
pub trait Opposite {
    /// The other side.
    #[must_use]
    fn other(self) -> Self;
}

impl Opposite for Side {
    fn other(self) -> Self {
        match self {
            Self::Dawn => Self::Dusk,
            Self::Dusk => Self::Dawn,
        }
    }
}

/// Rolls that follow from the setup's seed (SplitMix64).
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// How far two points are apart.
#[must_use]
pub fn distance(one: Vec2, other: Vec2) -> f32 {
    (one.x - other.x).hypot(one.y - other.y)
}

fn direction(from: Vec2, to: Vec2) -> Vec2 {
    let length = distance(from, to);
    if length > f32::EPSILON {
        Vec2 {
            x: (to.x - from.x) / length,
            y: (to.y - from.y) / length,
        }
    } else {
        Vec2 { x: 0.0, y: 1.0 }
    }
}

fn distance_to_way(point: Vec2, from: Vec2, to: Vec2) -> f32 {
    let (way_x, way_y) = (to.x - from.x, to.y - from.y);
    let length_squared = way_x * way_x + way_y * way_y;
    let along = if length_squared > 0.0 {
        (((point.x - from.x) * way_x + (point.y - from.y) * way_y) / length_squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let nearest = Vec2 {
        x: from.x + along * way_x,
        y: from.y + along * way_y,
    };
    distance(point, nearest)
}

fn is_inside(pos: Vec2) -> bool {
    pos.x.abs() <= HALF && pos.y.abs() <= HALF
}

#[cfg(test)]
mod tests;
