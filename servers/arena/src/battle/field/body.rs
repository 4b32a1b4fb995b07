//! A fighter's body: where it is, what it has left, and what it did.

use arena_schema::battle::Status;
use arena_schema::common::{Fighter, Side, Tally};
use playhouse::Duration;
use playhouse::math::Vec2;

use super::{HALF, STEPS_A_SECOND, direction, distance};
use crate::tables::{self, Hero, SPELLS};

/// Steps in which one point of mana comes back.
const STEPS_A_MANA: u32 = 2;
/// How far from the middle a side begins, in metres.
const START: f32 = 12.0;

/// A fighter's body.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// Its number in the battle.
    pub puppet: u32,
    /// For whom it fights.
    pub side: Side,
    /// Where it is.
    pub pos: Vec2,
    /// Where it looks, in degrees, clockwise from north.
    pub facing: f32,
    /// Where it goes.
    pub toward: Option<Vec2>,
    /// What is left of it; nothing once it fell.
    pub health: u32,
    /// In full.
    pub health_max: u32,
    /// What spells are paid with.
    pub mana: u32,
    /// Gold that it earned here.
    pub gold: u64,
    /// What it did.
    pub tally: Tally,
    /// The step from which each spell is ready.
    pub ready_at: [u32; 4],
    home: Vec2,
    mana_max: u32,
    speed: f32,
}

impl Body {
    /// A body at its own end; `place` counts those of its side.
    pub(super) fn new(fighter: &Fighter, puppet: u32, place: u8) -> Self {
        let Hero {
            health,
            mana,
            speed,
        } = tables::hero(fighter.hero);
        let away = match fighter.side {
            Side::Dawn => -START,
            Side::Dusk => START,
        };
        let home = Vec2 {
            x: away,
            y: f32::from(place) * 2.0,
        };
        Self {
            puppet,
            side: fighter.side,
            pos: home,
            facing: 0.0,
            toward: None,
            health,
            health_max: health,
            mana,
            gold: 0,
            tally: Tally::default(),
            ready_at: [0; 4],
            home,
            mana_max: mana,
            speed,
        }
    }

    /// Whether it lies on the ground.
    #[must_use]
    pub const fn is_dead(&self) -> bool {
        self.health == 0
    }

    /// What holds it back.
    #[must_use]
    pub const fn status(&self) -> Status {
        if self.is_dead() {
            Status::DEAD
        } else {
            Status(0)
        }
    }

    /// How long each spell still cools down, as of a step.
    #[must_use]
    pub fn cooldowns(&self, step: u32) -> Vec<Duration> {
        (0..SPELLS.len())
            .map(|slot| self.cooldown(slot, step))
            .collect()
    }

    pub(super) fn cooldown(&self, slot: usize, step: u32) -> Duration {
        let ready_at = self.ready_at.get(slot).copied().unwrap_or_default();
        let steps = i64::from(ready_at.saturating_sub(step));
        Duration::from_millis(steps * 1000 / i64::from(STEPS_A_SECOND))
    }

    /// Heals by so much, up to what it can have.
    pub(super) fn heal(&mut self, amount: u32) {
        self.health = self.health.saturating_add(amount).min(self.health_max);
    }

    pub(super) fn advance(&mut self, step: u32) {
        let present = self.tally.present.as_micros() + 1_000_000 / i64::from(STEPS_A_SECOND);
        self.tally.present = Duration::from_micros(present);
        if self.is_dead() {
            return;
        }
        if step.is_multiple_of(STEPS_A_MANA) {
            self.mana = (self.mana + 1).min(self.mana_max);
        }
        let Some(toward) = self.toward else {
            return;
        };
        let leap = self.speed / STEPS_A_SECOND as f32;
        if distance(self.pos, toward) <= leap {
            self.pos = toward;
            self.toward = None;
        } else {
            let aim = direction(self.pos, toward);
            self.pos.x += aim.x * leap;
            self.pos.y += aim.y * leap;
            self.facing = aim.x.atan2(aim.y).to_degrees().rem_euclid(360.0);
        }
        self.pos.x = self.pos.x.clamp(-HALF, HALF);
        self.pos.y = self.pos.y.clamp(-HALF, HALF);
    }

    pub(super) const fn fall(&mut self) {
        self.health = 0;
        self.toward = None;
        self.tally.deaths = self.tally.deaths.saturating_add(1);
    }

    pub(super) const fn rise(&mut self) {
        self.health = self.health_max;
        self.mana = self.mana_max;
        self.pos = self.home;
    }
}
