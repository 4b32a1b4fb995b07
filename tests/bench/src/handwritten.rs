//! Calls of `rmp` as one would write them by hand, without evolution, bounds, or errors that say where.

use std::collections::BTreeMap;
use std::io;

use playhouse::Timestamp;
use playhouse::math::Vec3;
use rmp::{decode, encode};

use crate::generated::bench::{Buff, Damage, Hit, State, Team, Unit};

/// Reading stopped; by hand one rarely says more.
#[derive(Debug)]
pub struct Malformed;

type Result<T, E = Malformed> = std::result::Result<T, E>;

/// Reads an integer of the type that is wanted; a function would have to name a trait of `num-traits`.
macro_rules! read_int {
    ($r:expr) => {
        decode::read_int($r).map_err(|_| Malformed)?
    };
}

/// Writes a blow.
///
/// # Errors
///
/// None: a vector takes everything.
pub fn write_hit(out: &mut Vec<u8>, it: &Hit) -> io::Result<()> {
    encode::write_array_len(out, 8)?;
    encode::write_uint(out, it.attacker)?;
    encode::write_uint(out, it.target)?;
    encode::write_uint(out, it.skill.into())?;
    encode::write_sint(out, it.amount.into())?;
    encode::write_uint(out, it.damage.number().into())?;
    encode::write_bool(out, it.critical)?;
    write_vec3(out, it.at)?;
    encode::write_str(out, &it.part)?;
    Ok(())
}

/// Writes a state.
///
/// # Errors
///
/// If there are more elements than MessagePack can count.
pub fn write_state(out: &mut Vec<u8>, it: &State) -> io::Result<()> {
    encode::write_array_len(out, 3)?;
    encode::write_uint(out, it.tick)?;
    encode::write_array_len(out, count(it.units.len())?)?;
    for unit in &it.units {
        write_unit(out, unit)?;
    }
    encode::write_map_len(out, count(it.scores.len())?)?;
    for (key, value) in &it.scores {
        encode::write_uint(out, (*key).into())?;
        encode::write_uint(out, (*value).into())?;
    }
    Ok(())
}

fn write_unit(out: &mut Vec<u8>, it: &Unit) -> io::Result<()> {
    encode::write_array_len(out, 8)?;
    encode::write_uint(out, it.id)?;
    encode::write_str(out, &it.name)?;
    write_vec3(out, it.pos)?;
    encode::write_f32(out, it.facing)?;
    encode::write_uint(out, it.health.into())?;
    encode::write_uint(out, it.team.number().into())?;
    encode::write_array_len(out, count(it.buffs.len())?)?;
    for buff in &it.buffs {
        encode::write_array_len(out, 3)?;
        encode::write_uint(out, buff.kind.into())?;
        encode::write_uint(out, buff.stacks.into())?;
        encode::write_sint(out, buff.until.as_micros())?;
    }
    match it.target {
        Some(target) => encode::write_uint(out, target).map(|_| ())?,
        None => encode::write_nil(out)?,
    }
    Ok(())
}

fn write_vec3(out: &mut Vec<u8>, it: Vec3) -> io::Result<()> {
    encode::write_array_len(out, 3)?;
    encode::write_f32(out, it.x)?;
    encode::write_f32(out, it.y)?;
    encode::write_f32(out, it.z)?;
    Ok(())
}

fn count(length: usize) -> io::Result<u32> {
    u32::try_from(length).map_err(io::Error::other)
}

/// Reads a blow.
///
/// # Errors
///
/// If the bytes are another thing.
pub fn read_hit(r: &mut &[u8]) -> Result<Hit> {
    expect_array(r, 8)?;
    Ok(Hit {
        attacker: read_int!(r),
        target: read_int!(r),
        skill: read_int!(r),
        amount: read_int!(r),
        damage: Damage::from_number(read_int!(r)),
        critical: decode::read_bool(r).map_err(|_| Malformed)?,
        at: read_vec3(r)?,
        part: read_string(r)?,
    })
}

/// Reads a state.
///
/// # Errors
///
/// If the bytes are another thing.
pub fn read_state(r: &mut &[u8]) -> Result<State> {
    expect_array(r, 3)?;
    Ok(State {
        tick: read_int!(r),
        units: read_list(r, read_unit)?,
        scores: read_scores(r)?,
    })
}

fn read_unit(r: &mut &[u8]) -> Result<Unit> {
    expect_array(r, 8)?;
    Ok(Unit {
        id: read_int!(r),
        name: read_string(r)?,
        pos: read_vec3(r)?,
        facing: decode::read_f32(r).map_err(|_| Malformed)?,
        health: read_int!(r),
        team: Team::from_number(read_int!(r)),
        buffs: read_list(r, read_buff)?,
        target: if let [0xc0, rest @ ..] = *r {
            *r = rest;
            None
        } else {
            Some(read_int!(r))
        },
    })
}

fn read_buff(r: &mut &[u8]) -> Result<Buff> {
    expect_array(r, 3)?;
    Ok(Buff {
        kind: read_int!(r),
        stacks: read_int!(r),
        until: Timestamp(read_int!(r)),
    })
}

fn read_scores(r: &mut &[u8]) -> Result<BTreeMap<u16, u32>> {
    let count = decode::read_map_len(r).map_err(|_| Malformed)?;
    let mut scores = BTreeMap::new();
    for _ in 0..count {
        scores.insert(read_int!(r), read_int!(r));
    }
    Ok(scores)
}

fn read_vec3(r: &mut &[u8]) -> Result<Vec3> {
    expect_array(r, 3)?;
    let mut next = || decode::read_f32(r).map_err(|_| Malformed);
    Ok(Vec3 {
        x: next()?,
        y: next()?,
        z: next()?,
    })
}

fn read_list<T>(r: &mut &[u8], read: impl Fn(&mut &[u8]) -> Result<T>) -> Result<Vec<T>> {
    let count = decode::read_array_len(r).map_err(|_| Malformed)? as usize;
    let mut list = Vec::with_capacity(count.min(r.len()));
    for _ in 0..count {
        list.push(read(r)?);
    }
    Ok(list)
}

fn read_string(r: &mut &[u8]) -> Result<String> {
    let length = decode::read_str_len(r).map_err(|_| Malformed)? as usize;
    let (text, rest) = r.split_at_checked(length).ok_or(Malformed)?;
    *r = rest;
    Ok(std::str::from_utf8(text).map_err(|_| Malformed)?.to_owned())
}

fn expect_array(r: &mut &[u8], length: u32) -> Result<()> {
    let found = decode::read_array_len(r).map_err(|_| Malformed)?;
    if found == length {
        Ok(())
    } else {
        Err(Malformed)
    }
}
