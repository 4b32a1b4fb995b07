//! Clients whose homes are on a node that does not take what they send fast enough.
//!
//! All clients of a shard whose homes are on one node share the hop there. When too much waits for it, nothing more is read of those
//! that send by it: their transports hold them up, and nobody else. So a hop is never full for what clients send, however
//! many there are, and none loses its session's link for what another one sends.

use std::rc::Rc;

use playhouse_wire::message::GoAwayReason;
use tokio::time::Duration;

use super::super::egress::Carried;
use super::super::shard::ShardNode;
use super::Client;
use crate::metrics::GateTurn;

/// How often it is looked whether a hop has room again.
const HOP_POLL: Duration = Duration::from_millis(5);

impl ShardNode {
    /// Does what follows from what came of a client's message to its home's node.
    pub(super) fn carried(self: &Rc<Self>, client: &Rc<Client>, home: u64, carried: Carried) {
        match carried {
            Carried::Taken => {}
            Carried::Crowded => self.hold_back(client, home),
            Carried::TooLong => {
                let text = "a message that is longer than a session may carry";
                client.link.close(GoAwayReason::Protocol, text);
            }
            Carried::Gone => self.detach(client, home),
        }
    }

    /// Reads nothing of a client until fewer bytes wait for its home's node, or there is no way there any more.
    fn hold_back(self: &Rc<Self>, client: &Rc<Client>, home: u64) {
        if client.is_held.replace(true) {
            return;
        }
        client.link.hold();
        self.gates.gate(GateTurn::Held);
        let mut held = self.clients.held.borrow_mut();
        let waits = held.entry(home).or_default();
        waits.push(Rc::clone(client));
        if waits.len() == 1 {
            let node = Rc::clone(self);
            tokio::task::spawn_local(async move { node.take_on_when_clear(home).await });
        }
    }

    async fn take_on_when_clear(self: Rc<Self>, home: u64) {
        while self.outbound().is_crowded(home) {
            tokio::time::sleep(HOP_POLL).await;
        }
        let held = self.clients.held.borrow_mut().remove(&home);
        for client in held.unwrap_or_default() {
            client.is_held.set(false);
            client.link.take_on();
        }
    }
}
