//! Spreads battles over the nodes that run them.

use std::collections::BTreeMap;

use arena_schema::battle::{
    BattleCenter, BattleCenterForgetArgs, BattleLoad, BattleStub, Placement, PlacementError,
};
use arena_schema::common::{BattleId, BattleSetup, Mode};
use playhouse::logic::EntitySchema;
use playhouse::{CallError, Cx, Failure, Ref, Timestamp, entity};

use super::{BATTLES_MAX, FORGET_AFTER};
use crate::app;

/// Knows the battle nodes, and what they run.
#[entity(BattleCenter {})]
#[derive(Debug, Default)]
pub struct BattleCenterLogic {
    props: BattleCenter,
    /// Placed since a node's last report, which doesn't count them yet.
    placed: BTreeMap<String, u32>,
}

#[entity(BattleCenter)]
impl BattleCenterLogic {
    #[rpc]
    async fn allocate(
        &mut self,
        cx: &mut Cx,
        setup: BattleSetup,
    ) -> Result<Placement, CallError<PlacementError>> {
        let (battle, mode) = (setup.battle, setup.mode);
        if self.props.closed_modes().contains(&mode) {
            return Err(PlacementError::ModeClosed { mode }.into());
        }
        if self.props.running().contains_key(&battle) {
            return Err(PlacementError::Twice { battle }.into());
        }
        let node = self.least_loaded(cx).ok_or(PlacementError::NoRoom {
            retry_after: FORGET_AFTER,
        })?;
        *self.placed.entry(node.clone()).or_default() += 1;
        let placement = BattleStub::of(&node).open(setup).await?;
        self.props
            .running_mut()
            .insert(battle, cx.utc())
            .map_err(Failure::from)?;
        Ok(placement)
    }

    #[rpc]
    async fn report(
        &mut self,
        cx: &mut Cx,
        stub: Ref<BattleStub>,
        load: BattleLoad,
        running: Vec<BattleId>,
    ) -> Result<(), Failure> {
        let Some(node) = BattleStub::key(&stub.address().key) else {
            return Ok(());
        };
        cx.cancel_timers(node.as_str());
        cx.timer(BattleCenterForgetArgs { node: node.clone() })
            .key(node.as_str())
            .after(FORGET_AFTER)?;
        self.placed.remove(&node);
        self.props.nodes_mut().insert(node, load)?;
        let now: Timestamp = cx.utc();
        for battle in running {
            if !self.props.running().contains_key(&battle) {
                self.props.running_mut().insert(battle, now)?;
            }
        }
        Ok(())
    }

    #[rpc]
    async fn ended(&mut self, _cx: &mut Cx, battle: BattleId) {
        self.props.running_mut().remove(&battle);
    }

    #[rpc]
    async fn set_open(&mut self, _cx: &mut Cx, mode: Mode, open: bool) -> Result<(), Failure> {
        if open {
            self.props.closed_modes_mut().remove(&mode);
        } else {
            self.props.closed_modes_mut().insert(mode)?;
        }
        Ok(())
    }

    #[rpc]
    async fn forget(&mut self, _cx: &mut Cx, node: String) {
        self.props.nodes_mut().remove(&node);
    }

    fn least_loaded(&self, cx: &Cx) -> Option<String> {
        let takes_new = app::takes_new(cx);
        let battles = |node: &String, load: &BattleLoad| {
            load.battles + self.placed.get(node).copied().unwrap_or_default()
        };
        let open = self
            .props
            .nodes()
            .iter()
            .filter(|(node, _)| takes_new(node));
        open.map(|(node, load)| (battles(node, load), node))
            .filter(|(battles, _)| (*battles as usize) < BATTLES_MAX)
            .min()
            .map(|(_, node)| node.clone())
    }
}
