//! The center's agent on each battle node: it opens battles there.

use std::collections::BTreeMap;

use arena_schema::battle::{
    Battle, BattleCenter, BattleLoad, BattleStub, BattleStubReportArgs, Placement, PlacementError,
};
use arena_schema::common::{AccountId, BattleId, BattleSetup, Ticket};
use arena_schema::world::Avatar;
use playhouse::login::{Claims, Pass, TokenKeys, TokenKind};
use playhouse::{Bytes, CallError, Cx, Duration, Failure, Ref, Timestamp, entity};

use super::{BATTLES_MAX, BattleLogic, REPORT_EVERY, REPORT_WITHIN};
use crate::account::Logins;
use crate::app::{self, Arena};

/// How long a ticket lets its bearer in, above the longest battle.
const TICKET_SLACK: Duration = Duration::from_seconds(10);

/// Most addresses of a ticket, as the schema has it.
const ADDRESSES_MAX: usize = 4;

/// The center's agent on one node.
#[entity(BattleStub {})]
#[derive(Debug, Default)]
pub struct BattleStubLogic {
    props: BattleStub,
    /// When each battle here is over at the latest.
    open: BTreeMap<BattleId, Timestamp>,
}

#[entity(BattleStub)]
impl BattleStubLogic {
    #[hook]
    async fn loaded(&mut self, cx: &mut Cx) {
        let at_once = Duration::from_micros(0);
        let report = cx
            .timer(BattleStubReportArgs {})
            .first(at_once)
            .every(REPORT_EVERY);
        if let Err(failure) = report {
            tracing::error!(%failure, "a battle stub can't report");
        }
    }

    #[rpc]
    async fn open(
        &mut self,
        cx: &mut Cx,
        setup: BattleSetup,
    ) -> Result<Placement, CallError<PlacementError>> {
        if self.open.len() >= BATTLES_MAX {
            let retry_after = Duration::from_seconds(2);
            return Err(PlacementError::NoRoom { retry_after }.into());
        }
        if self.open.contains_key(&setup.battle) {
            let battle = setup.battle;
            return Err(PlacementError::Twice { battle }.into());
        }
        let (id, rules) = (setup.battle, Arena::of(cx).rules);
        let over = cx.utc() + rules.gather_time + rules.battle_time + TICKET_SLACK;
        let accounts: Vec<_> = setup
            .fighters
            .iter()
            .map(|fighter| fighter.account)
            .collect();
        let battle = cx.create(BattleLogic::new(setup, rules)?)?;
        let keys = TokenKeys::of(cx)?;
        let addresses = ways_in(cx)?;
        let tickets = accounts
            .into_iter()
            .map(|account| ticket(cx, &keys, id, &battle, account, over, &addresses));
        let tickets = tickets.collect();
        self.open.insert(id, over);
        Ok(Placement { battle, tickets })
    }

    #[rpc]
    async fn load_now(&mut self, _cx: &mut Cx) -> BattleLoad {
        self.props.load().clone()
    }

    #[rpc]
    async fn report(&mut self, cx: &mut Cx) -> Result<(), Failure> {
        let now = cx.utc();
        self.open.retain(|_, over| *over > now);
        let battles = u32::try_from(self.open.len()).unwrap_or(u32::MAX);
        let draining = !app::takes_new(cx)(cx.node().name());
        self.props.update_load(|load| {
            load.battles = battles;
            load.draining = draining;
        })?;
        let stub = Ref::new(cx.me().clone())?;
        let running = self.open.keys().copied().collect();
        let load = self.props.load().clone();
        // Not waited for: the center may be waiting for this stub to open a battle.
        cx.spawn(async move {
            let center = BattleCenter::only().deadline(REPORT_WITHIN);
            if let Err(failure) = center.report(stub, load, running).await {
                tracing::warn!(%failure, "the center did not hear of a battle node");
            }
        })
    }
}

/// Where fighters connect: a gate, or this node where there is none.
fn ways_in(cx: &Cx) -> Result<Vec<String>, Failure> {
    let mut addresses = Logins::of(cx)?.gates(cx, ADDRESSES_MAX);
    if addresses.is_empty() {
        let node = cx.node();
        addresses.extend(node.addresses().iter().take(ADDRESSES_MAX).cloned());
    }
    Ok(addresses)
}

fn ticket(
    cx: &Cx,
    keys: &TokenKeys,
    battle: BattleId,
    entity: &Ref<Battle>,
    account: AccountId,
    expires_at: Timestamp,
    addresses: &[String],
) -> Ticket {
    let (seal, key) = keys.issue(&Claims {
        entity: Avatar::reference(account).into(),
        // A battle ends by itself, and whoever logs in anew may go on fighting.
        login_no: 0,
        issued: cx.utc(),
        expires: expires_at,
        kind: TokenKind::Ticket {
            node: cx.node().name().to_owned(),
            session: entity.address().clone(),
        },
    });
    Ticket {
        battle,
        addresses: addresses.to_vec(),
        seal: Bytes(Pass::join(&key, &seal)),
        server_key: (cx.node().public_key()).map(|key| Bytes(key.as_bytes().to_vec())),
        expires_at,
    }
}
