//! Clients whose homes do not take what they send fast enough.
//!
//! All clients of a shard whose homes are on one node share the hop there, and those whose homes are on another shard of this node
//! share its inbox. When too much waits in either, nothing more is read of those that send by it: their transports hold them up,
//! and nobody else. So neither is ever full for what clients send, however many there are, and none loses its session's link for
//! what another one sends.

use std::rc::Rc;

use playhouse_wire::message::GoAwayReason;
use tokio::time::Duration;

use super::super::egress::Carried;
use super::super::shard::ShardNode;
use super::Client;
use crate::metrics::GateTurn;

/// How often it is looked whether there is room again.
const HOLD_POLL: Duration = Duration::from_millis(5);

/// How what clients send comes to their homes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Way {
    /// By the link of this serial, to another node.
    Hop(u64),
    /// Into the inbox of this shard.
    Inbox(u32),
}

impl ShardNode {
    /// Does what follows from what came of a client's message to its home's node.
    pub(super) fn carried(self: &Rc<Self>, client: &Rc<Client>, home: u64, carried: Carried) {
        match carried {
            Carried::Taken => {}
            Carried::Crowded => self.hold_back(client, Way::Hop(home)),
            Carried::TooLong => {
                let text = "a message that is longer than a session may carry";
                client.link.close(GoAwayReason::Protocol, text);
            }
            Carried::Gone => self.detach(client, home),
        }
    }

    /// Reads nothing of a client until less waits on the way to its home, or there is no way there any more.
    pub(super) fn hold_back(self: &Rc<Self>, client: &Rc<Client>, way: Way) {
        if client.is_held.replace(true) {
            return;
        }
        client.link.hold();
        self.gates.gate(GateTurn::Held);
        let mut held = self.clients.held.borrow_mut();
        let waits = held.entry(way).or_default();
        waits.push(Rc::clone(client));
        if waits.len() == 1 {
            let node = Rc::clone(self);
            tokio::task::spawn_local(async move { node.take_on_when_clear(way).await });
        }
    }

    async fn take_on_when_clear(self: Rc<Self>, way: Way) {
        while self.is_crowded(way) {
            tokio::time::sleep(HOLD_POLL).await;
        }
        let held = self.clients.held.borrow_mut().remove(&way);
        for client in held.unwrap_or_default() {
            client.is_held.set(false);
            client.link.take_on();
        }
    }

    fn is_crowded(&self, way: Way) -> bool {
        match way {
            Way::Hop(home) => self.outbound().is_crowded(home),
            Way::Inbox(shard) => self.host().is_crowded(shard),
        }
    }
}
