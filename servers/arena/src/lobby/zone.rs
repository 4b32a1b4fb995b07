//! Who is where in one zone.

use arena_schema::common::AccountId;
use arena_schema::world::{NEAR_MAX, Zone};
use playhouse::math::Vec2;
use playhouse::{Cx, Failure, entity};

use crate::battle::field::distance;

/// One zone and those who are in it.
#[entity(Zone {})]
#[derive(Debug, Default)]
pub struct ZoneLogic {
    props: Zone,
}

#[entity(Zone)]
impl ZoneLogic {
    #[rpc]
    async fn enter(&mut self, _cx: &mut Cx, account: AccountId, at: Vec2) -> Result<(), Failure> {
        self.props.places_mut().insert(account, at)?;
        Ok(())
    }

    #[rpc]
    async fn moved(&mut self, _cx: &mut Cx, account: AccountId, to: Vec2) -> Result<(), Failure> {
        self.props.places_mut().insert(account, to)?;
        Ok(())
    }

    #[rpc]
    async fn left(&mut self, _cx: &mut Cx, account: AccountId) {
        self.props.places_mut().remove(&account);
    }

    #[rpc]
    async fn near(&mut self, _cx: &mut Cx, account: AccountId, range: f32) -> Vec<AccountId> {
        let places = self.props.places();
        let Some(&own) = places.get(&account) else {
            return Vec::new();
        };
        let mut near: Vec<_> = places
            .iter()
            .filter(|(other, _)| **other != account)
            .map(|(&other, &pos)| (distance(own, pos), other))
            .filter(|(away, _)| *away <= range)
            .collect();
        near.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        near.truncate(NEAR_MAX as usize);
        near.into_iter().map(|(_, other)| other).collect()
    }

    #[rpc]
    async fn together(
        &mut self,
        _cx: &mut Cx,
        one: AccountId,
        other: AccountId,
        range: f32,
    ) -> bool {
        let places = self.props.places();
        match (places.get(&one), places.get(&other)) {
            (Some(&one), Some(&other)) => distance(one, other) <= range,
            _ => false,
        }
    }
}
