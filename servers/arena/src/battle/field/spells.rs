//! Casting: what is checked, what it costs, and what it does.

use arena_schema::battle::{CastError, SpellSlot, Target};
use arena_schema::common::AccountId;
use playhouse::math::Vec2;

use super::{Field, HIT_RANGE, Happening, distance};
use crate::tables::{Effect, SPELLS};

/// How far from the point of a blow an enemy may stand, in metres.
const BLOW_RANGE: f32 = 4.0 * HIT_RANGE;

pub(super) fn cast(
    field: &mut Field,
    account: AccountId,
    slot: SpellSlot,
    at: &Target,
    happened: &mut Vec<Happening>,
) -> Result<(), CastError> {
    let place = usize::from(slot.0);
    let spell = SPELLS.get(place).ok_or(CastError::OutOfRange)?;
    let step = field.step;
    let caster = field.bodies.get(&account).ok_or(CastError::NotFighting)?;
    if caster.is_dead() {
        let by = caster.status();
        return Err(CastError::HeldBack { by });
    }
    let left = caster.cooldown(place, step);
    if left.as_micros() > 0 {
        return Err(CastError::NotReady { left });
    }
    if caster.mana < spell.mana {
        let missing = spell.mana - caster.mana;
        return Err(CastError::NoMana { missing });
    }
    let from = caster.pos;
    let aim = aim(field, account, at)?;
    let reaches = match spell.effect {
        Effect::Heal => true,
        Effect::Strike => aim.whom.is_some() && distance(from, aim.pos) <= spell.range,
        Effect::Bolt | Effect::Blast { .. } => distance(from, aim.pos) <= spell.range,
    };
    if !reaches {
        return Err(CastError::OutOfRange);
    }

    if let Some(caster) = field.bodies.get_mut(&account) {
        caster.mana -= spell.mana;
        if let Some(ready_at) = caster.ready_at.get_mut(place) {
            *ready_at = step + spell.cooldown_steps;
        }
    }
    match (spell.effect, aim.whom) {
        (Effect::Bolt, _) => {
            let number = field.launch(account, from, aim.pos, spell.amount, spell.range);
            happened.push(Happening::Launched(number));
        }
        (Effect::Blast { radius }, _) => {
            blast(field, account, aim.pos, radius, spell.amount, happened);
        }
        (Effect::Strike, Some(whom)) => field.hurt(whom, account, spell.amount, happened),
        (Effect::Strike, None) => {}
        (Effect::Heal, _) => {
            if let Some(caster) = field.bodies.get_mut(&account) {
                caster.heal(spell.amount);
            }
        }
    }
    Ok(())
}

/// Where a spell goes, and whom it is meant for.
struct Aim {
    pos: Vec2,
    whom: Option<AccountId>,
}

fn aim(field: &Field, account: AccountId, at: &Target) -> Result<Aim, CastError> {
    let own = field.bodies.get(&account).ok_or(CastError::NotFighting)?;
    let mut enemies = field
        .bodies
        .iter()
        .filter(|(_, body)| body.side != own.side && !body.is_dead());
    match at {
        Target::Itself => Ok(Aim {
            pos: own.pos,
            whom: None,
        }),
        Target::Point(pos) if pos.x.is_finite() && pos.y.is_finite() => {
            // A blow at a point goes to the enemy who stands nearest to it.
            let whom = enemies
                .map(|(&whom, body)| (whom, distance(body.pos, *pos)))
                .filter(|(_, away)| *away <= BLOW_RANGE)
                .min_by(|(_, one), (_, other)| one.total_cmp(other));
            Ok(Aim {
                pos: *pos,
                whom: whom.map(|(whom, _)| whom),
            })
        }
        Target::Puppet(number) => {
            let (&whom, body) = enemies
                .find(|(_, body)| body.puppet == *number)
                .ok_or(CastError::OutOfRange)?;
            Ok(Aim {
                pos: body.pos,
                whom: Some(whom),
            })
        }
        Target::Point(_) | Target::Unknown(_) => Err(CastError::OutOfRange),
    }
}

fn blast(
    field: &mut Field,
    by: AccountId,
    at: Vec2,
    radius: f32,
    amount: u32,
    happened: &mut Vec<Happening>,
) {
    let Some(side) = field.bodies.get(&by).map(|body| body.side) else {
        return;
    };
    let caught: Vec<_> = field
        .bodies
        .iter()
        .filter(|(_, body)| body.side != side && !body.is_dead())
        .filter(|(_, body)| distance(body.pos, at) <= radius)
        .map(|(&account, _)| account)
        .collect();
    for whom in caught {
        field.hurt(whom, by, amount, happened);
    }
}
