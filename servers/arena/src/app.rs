//! The game as a node: which entities and services it runs, and how clients come in.

use std::sync::Arc;

use arena_schema::account::Login;
use arena_schema::battle::Battle;
use arena_schema::common::AccountId;
use arena_schema::world::Avatar;
use playhouse::logic::EntitySchema;
use playhouse::login::{Claims, TokenKeys, TokenKind};
use playhouse::node::{Node, NodeBuilder, Shown};
use playhouse::{Cx, Duration, EntityRef, Failure, FailureKind, Reach, Ref};

use crate::account::{self, AccountLogic, LoginLogic, Logins, PaymentsLogic};
use crate::avatar::AvatarLogic;
use crate::battle::{
    BattleCenterLogic, BattleLogic, BattleStubLogic, FlyerLogic, PuppetBindLogic, PuppetLogic,
};
use crate::lobby::{LobbyCenterLogic, LobbyStubLogic, ZoneLogic};
use crate::matchmaking::{MatchMakerLogic, MatchQueueLogic};

/// What all parts of the game share on a node.
#[derive(Debug, Clone)]
pub struct Arena {
    /// What tokens and tickets are sealed with. All nodes of a cluster have the same.
    pub keys: TokenKeys,
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
    /// A game with keys that nobody knows, for one process.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            keys: TokenKeys::random().expect("the operating system has random bytes"),
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
        .tokens(arena.keys.clone())
        .name("dev")
        .schema(&arena_schema::SCHEMA)
        .roles(["gate", "lobby", "battle", "backend", "api"])
        .share(Arc::new(arena))
        .share(Arc::new(Logins::default()))
        .service(|| LoginLogic)
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
        .login(account::answer)
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
async fn admit(cx: &mut Cx, shown: Shown) -> Result<EntityRef, Failure> {
    let claims = TokenKeys::of(cx)?.at_gate(&shown.token, shown.now(cx));
    let claims = claims.map_err(|error| denied(error.to_string()))?;
    match &claims.kind {
        TokenKind::Login if shown.resumes => Ok(claims.entity),
        TokenKind::Login => {
            let token = shown.token;
            let verified = Login::any().verify(token.into()).await;
            verified.map_err(|error| denied(error.to_string()))?;
            Ok(claims.entity)
        }
        TokenKind::Ticket { session, .. } => {
            let battle = Ref::<Battle>::new(session.clone())?;
            let bind = battle.proxy().enter(account(&claims)?).await;
            Ok(bind.map_err(|error| denied(error.to_string()))?.into())
        }
        _ => Err(denied(
            "the token is of no kind that lets anybody in".to_owned(),
        )),
    }
}

/// Whose token it is.
pub(crate) fn account(claims: &Claims) -> Result<AccountId, Failure> {
    let avatar = Ref::<Avatar>::new(claims.entity.clone())?;
    Avatar::key(&avatar.address().key).ok_or_else(nobody)
}

/// A token that is nobody's.
pub(crate) fn nobody() -> Failure {
    denied("the token names no avatar; log in again".to_owned())
}

fn denied(why: String) -> Failure {
    Failure::not_executed(FailureKind::Denied).because(why)
}
