//! Knows the lobby nodes and spreads newcomers over them.

use arena_schema::common::{PageOfCard, Region};
use arena_schema::world::{LobbyCenter, LobbyCenterForgetArgs, LobbyStub, NodeLoad};
use playhouse::logic::EntitySchema;
use playhouse::{Cx, Failure, Ref, entity};

use super::FORGET_AFTER;
use super::stub::page;
use crate::app;

/// Knows the lobby nodes.
#[entity(LobbyCenter {})]
#[derive(Debug, Default)]
pub struct LobbyCenterLogic {
    props: LobbyCenter,
}

#[entity(LobbyCenter)]
impl LobbyCenterLogic {
    #[rpc]
    async fn report(
        &mut self,
        cx: &mut Cx,
        stub: Ref<LobbyStub>,
        load: NodeLoad,
    ) -> Result<(), Failure> {
        let Some(node) = LobbyStub::key(&stub.address().key) else {
            return Ok(());
        };
        cx.cancel_timers(node.as_str());
        cx.timer(LobbyCenterForgetArgs { node: node.clone() })
            .key(node.as_str())
            .after(FORGET_AFTER)?;
        self.props.nodes_mut().insert(node, load)?;
        Ok(())
    }

    #[rpc]
    async fn pick(&mut self, cx: &mut Cx, _region: Region) -> Option<Ref<LobbyStub>> {
        let takes_new = app::takes_new(cx);
        let open = self
            .props
            .nodes()
            .iter()
            .filter(|(node, _)| takes_new(node));
        let least = open.min_by_key(|(_, load)| load.avatars);
        least.map(|(node, _)| LobbyStub::reference(node))
    }

    #[rpc]
    async fn online(&mut self, _cx: &mut Cx, after: String) -> Result<PageOfCard, Failure> {
        let mut cards = Vec::new();
        for node in self.props.nodes().keys() {
            cards.extend(LobbyStub::of(node).online(after.clone()).await?.rows);
        }
        Ok(page(cards, &after))
    }

    #[rpc]
    async fn players(&mut self, _cx: &mut Cx) -> u32 {
        let online = self.props.nodes().values().map(|load| load.avatars);
        online.fold(0, u32::saturating_add)
    }

    #[rpc]
    async fn forget(&mut self, _cx: &mut Cx, node: String) {
        self.props.nodes_mut().remove(&node);
    }
}
