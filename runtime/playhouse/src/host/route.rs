//! Which shard a call belongs to.

use std::hash::{Hash, Hasher};

use playhouse_wire::{EntityKey, KeyPart};
use rustc_hash::FxHasher;

use super::dispatch::no_such_target;
use super::shard::Shard;
use crate::call::{Failure, Target};
use crate::descriptor::EntityKind;

/// Bits of an instance's number that count; those above say which shard it lives on.
pub(super) const INSTANCE_BITS: u32 = 40;

/// Where a call is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    Here,
    Shard(u32),
}

impl Shard {
    /// Which shard of this node serves calls on `target`.
    #[inline]
    pub(super) fn home(&self, target: &Target) -> Result<Home, Failure> {
        if self.count == 1 && self.index == 0 {
            return Ok(Home::Here);
        }
        let shard = match target {
            Target::Entity(address) => {
                self.shard_of(address.package, address.number, &address.key)?
            }
            // Every shard has an instance of every service.
            Target::Service { key: None, .. } => self.index,
            Target::Service { key: Some(key), .. } => self.pick(*key),
        };
        Ok(if shard == self.index {
            Home::Here
        } else {
            Home::Shard(shard)
        })
    }

    /// The same, by its number.
    pub(super) fn home_of(&self, target: &Target) -> Result<u32, Failure> {
        Ok(match self.home(target)? {
            Home::Here => self.index,
            Home::Shard(shard) => shard,
        })
    }

    /// Which shard has the entity with this key, if it is live.
    fn shard_of(&self, package: u16, number: u16, key: &EntityKey) -> Result<u32, Failure> {
        let kind = self.find_kind(package, number);
        let placed = match kind {
            Some(kind) => self.is_placed(kind),
            // Of a type that other nodes run.
            None => self.clustered().is_some(),
        };
        let kind = match kind {
            Some(kind) if !placed => Some(kind),
            None if !placed => return Err(no_such_target()),
            _ => None,
        };
        if let Some(kind) = kind
            && matches!(kind.descriptor.kind, EntityKind::Instance)
            && self.keeper_of(kind).is_none()
        {
            let [KeyPart::Unsigned(number)] = key.parts() else {
                return Err(no_such_target());
            };
            return u32::try_from(number >> INSTANCE_BITS)
                .ok()
                .filter(|shard| *shard < self.count)
                .ok_or_else(no_such_target);
        }
        let mut hasher = FxHasher::default();
        (package, number, key).hash(&mut hasher);
        Ok(self.pick(hasher.finish()))
    }

    /// Spreads hashes evenly over the shards, by their upper bits.
    const fn pick(&self, hash: u64) -> u32 {
        (((hash >> 32) * self.count as u64) >> 32) as u32
    }
}
