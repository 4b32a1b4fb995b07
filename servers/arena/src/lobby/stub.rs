//! The center's agent on each lobby node: it knows who is online there.

use std::collections::BTreeMap;

use arena_schema::common::{AccountId, PageOfCard};
use arena_schema::world::{Avatar, Card, LobbyCenter, LobbyStub, LobbyStubReportArgs, NodeLoad};
use playhouse::{Cx, Duration, Failure, Ref, entity};

use super::{REPORT_EVERY, REPORT_WITHIN};
use crate::app;

/// Cards on one page.
pub(super) const PAGE: usize = 50;

/// The center's agent on one node.
#[entity(LobbyStub {})]
#[derive(Debug, Default)]
pub struct LobbyStubLogic {
    props: LobbyStub,
    online: BTreeMap<AccountId, Card>,
}

#[entity(LobbyStub)]
impl LobbyStubLogic {
    #[hook]
    async fn loaded(&mut self, cx: &mut Cx) {
        let at_once = Duration::from_micros(0);
        let report = cx
            .timer(LobbyStubReportArgs {})
            .first(at_once)
            .every(REPORT_EVERY);
        if let Err(failure) = report {
            tracing::error!(%failure, "a lobby stub can't report");
        }
    }

    #[rpc]
    async fn load_now(&mut self, _cx: &mut Cx) -> NodeLoad {
        self.props.load()
    }

    #[rpc]
    async fn announce(&mut self, _cx: &mut Cx, text: String) -> Result<(), Failure> {
        for &account in self.online.keys() {
            Avatar::of(account).tell(text.clone(), None)?;
        }
        Ok(())
    }

    #[rpc]
    async fn report(&mut self, cx: &mut Cx) -> Result<(), Failure> {
        let avatars = u32::try_from(self.online.len()).unwrap_or(u32::MAX);
        let draining = !app::takes_new(cx)(cx.node().name());
        self.props.update_load(|load| {
            load.avatars = avatars;
            load.draining = draining;
        })?;
        let stub = Ref::new(cx.me().clone())?;
        let load = self.props.load();
        // Not waited for: the center may be waiting for this stub to say who is online.
        cx.spawn(async move {
            let center = LobbyCenter::only().deadline(REPORT_WITHIN);
            if let Err(failure) = center.report(stub, load).await {
                tracing::warn!(%failure, "the center did not hear of a lobby");
            }
        })
    }

    #[rpc]
    async fn came(&mut self, _cx: &mut Cx, account: AccountId, card: Card) {
        self.online.insert(account, card);
    }

    #[rpc]
    async fn went(&mut self, _cx: &mut Cx, account: AccountId) {
        self.online.remove(&account);
    }

    #[rpc]
    async fn online(&mut self, _cx: &mut Cx, after: String) -> PageOfCard {
        page(self.online.values().cloned().collect(), &after)
    }
}

/// The cards after `after` by name, as many as a page holds.
pub(super) fn page(mut cards: Vec<Card>, after: &str) -> PageOfCard {
    cards.retain(|card| card.name.0.as_str() > after);
    cards.sort_by(|one, other| one.name.cmp(&other.name));
    let more = cards.len() > PAGE;
    cards.truncate(PAGE);
    let last = cards.last().map(|card| card.name.0.clone());
    PageOfCard {
        rows: cards,
        next: last.filter(|_| more),
    }
}
