//! The game as a node: which entities and services it runs, and how clients come in.

use std::sync::Arc;

use arena_schema::account::Login;
use arena_schema::battle::Battle;
use arena_schema::world::Avatar;
use playhouse::node::{Node, NodeBuilder};
use playhouse::{Bytes, Cx, Duration, EntityRef, Failure, FailureKind};

use crate::account::{AccountLogic, LoginLogic, PaymentsLogic};
use crate::avatar::AvatarLogic;
use crate::battle::{
    BattleCenterLogic, BattleLogic, BattleStubLogic, FlyerLogic, PuppetBindLogic, PuppetLogic,
};
use crate::lobby::{LobbyCenterLogic, LobbyStubLogic, ZoneLogic};
use crate::matchmaking::{MatchMakerLogic, MatchQueueLogic};
use crate::seal::{Pass, SealKey};

/// What all parts of the game share on a node.
#[derive(Debug, Clone)]
pub struct Arena {
    /// What tokens and tickets are sealed with. All nodes of a cluster have the same one.
    pub key: SealKey,
    /// How battles are fought.
    pub rules: Rules,
}

/// How battles are fought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How long one lasts.
    pub battle_time: Duration,
    /// How long those who are there wait for those who aren't.
    pub gather_time: Duration,
    /// The points with which a side has won.
    pub points: u32,
    /// How long one who fell lies on the ground.
    pub rise_time: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            battle_time: Duration::from_seconds(20),
            gather_time: Duration::from_seconds(5),
            points: 3,
            rise_time: Duration::from_seconds(2),
        }
    }
}

impl Arena {
    /// A game with a key that nobody knows, for one process.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            key: SealKey::random(),
            rules,
        }
    }

    /// What the node of a handler shares.
    pub(crate) fn of(cx: &Cx) -> Arc<Self> {
        cx.shared()
            .expect("every node of the game shares an `Arena`")
    }
}

/// The whole game on one node, with the roles of all: add where it listens, and start it.
pub fn node(arena: Arena) -> NodeBuilder {
    Node::builder()
        .name("dev")
        .schema(&arena_schema::SCHEMA)
        .roles(["gate", "lobby", "battle", "backend", "api"])
        .share(Arc::new(arena))
        .service(LoginLogic::default)
        .service(|| PaymentsLogic)
        .service(|| MatchMakerLogic)
        // On nodes that save for others, which name their address as their store.
        .service(playhouse::db::Serving::new)
        .entity::<AccountLogic>()
        .entity::<AvatarLogic>()
        .entity::<ZoneLogic>()
        .entity::<LobbyCenterLogic>()
        .entity::<LobbyStubLogic>()
        .entity::<MatchQueueLogic>()
        .entity::<BattleCenterLogic>()
        .entity::<BattleStubLogic>()
        .entity::<BattleLogic>()
        .entity::<PuppetBindLogic>()
        .entity::<PuppetLogic>()
        .entity::<FlyerLogic>()
        .authenticate(admit)
}

/// Which nodes something new may go to: those that are there and don't leave. A center hears of that here sooner than by the
/// reports of its stubs.
pub(crate) fn takes_new(cx: &Cx) -> impl Fn(&str) -> bool + use<> {
    let view = cx.cluster().map(|cluster| cluster.view());
    move |node| match &view {
        Some(view) => view.get(node).is_some_and(|member| member.is_candidate()),
        None => true,
    }
}

/// Who a client is, by what it shows: a login token binds it to its avatar, a ticket to its puppet.
async fn admit(cx: &mut Cx, token: Bytes) -> Result<EntityRef, Failure> {
    let pass = Arena::of(cx).key.open(&token, cx.utc());
    match pass.map_err(|error| denied(error.to_string()))? {
        Pass::Login { account, .. } => {
            let verified = Login::any().verify(token.into()).await;
            verified.map_err(|error| denied(error.to_string()))?;
            Ok(Avatar::reference(account).into())
        }
        Pass::Battle { account, battle } => {
            let bind = Battle::of(battle).enter(account).await;
            Ok(bind.map_err(|error| denied(error.to_string()))?.into())
        }
    }
}

fn denied(why: String) -> Failure {
    Failure::not_executed(FailureKind::Denied).because(why)
}
