//! Events that may be lost: past the sequences of the sessions that hear them.
//!
//! The first that a session hears of an entity goes in sequence, and says that the session follows the entity; those after it go
//! at once or not at all. `docs/sessions.md` says why.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use playhouse_wire::EntityRef;
use playhouse_wire::session::{Body, Down, first_latest};

use super::super::shard::ShardNode;
use super::{Gate, Via};
use crate::host::SessionId;

/// What stands for the life of whoever sends events: they are of no state that a life could have.
const NO_LIFE: u64 = 0;

impl ShardNode {
    /// Sends one event to clients who may miss it; to those of one shard together.
    pub(super) fn pass_event(
        self: &Rc<Self>,
        sessions: &[SessionId],
        from: &EntityRef,
        body: &Arc<[u8]>,
    ) {
        let mut first: Option<Body> = None;
        let mut by_shard: BTreeMap<u32, Vec<(Via, Down)>> = BTreeMap::new();
        for session in sessions {
            let Some(home) = self.homes.with(*session) else {
                continue;
            };
            let latest = home.door.borrow_mut().latest(from, Arc::clone(body));
            match latest.map(|(via, down)| (Gate::from(via.gate), via, down)) {
                Some((Gate::Here(shard), via, down)) => {
                    by_shard.entry(shard).or_default().push((via, down));
                }
                Some((Gate::Afar(_), via, down)) => self.send_down(via, down),
                None => {
                    let first = first.get_or_insert_with(|| first_latest(from, NO_LIFE, body));
                    let follows = home
                        .door
                        .borrow_mut()
                        .follow(from, NO_LIFE, Arc::clone(first));
                    if follows {
                        self.flush(&home);
                    }
                }
            }
        }
        for (shard, all) in by_shard {
            self.post(shard, move |node| {
                for (via, down) in all {
                    node.pass_down(via, &down);
                }
            });
        }
    }
}
