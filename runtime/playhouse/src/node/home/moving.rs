//! Sessions that move with their entities: frozen, written down, taken up elsewhere.

use std::rc::Rc;

use playhouse_wire::message::{Incarnation, Message, Redirect, SessionReason};
use playhouse_wire::session::{Door, Ended, Rule};
use playhouse_wire::{EntityRef, Uuid, Writer};

use super::super::gate::HERE;
use super::super::shard::ShardNode;
use super::{Arrival, Gate, Home, Via};
use crate::host::SessionId;

/// Most clients that wait until an entity has moved; others come again by themselves.
const HELD_MAX: usize = 4;

impl ShardNode {
    /// An entity is about to move: what has not begun moves along, and what runs comes to its end.
    pub(super) fn settle_home(self: &Rc<Self>, home: &Rc<Home>) {
        home.settles.set(true);
        self.put_back(home);
        // What runs may wait for what the client has said behind it.
        self.run_accepted(home);
    }

    /// It moves: its client is let go.
    pub(super) fn freeze_home(self: &Rc<Self>, home: &Rc<Home>) {
        home.settles.set(true);
        home.door.borrow_mut().freeze(self.session_time());
        self.flush(home);
    }

    /// It stays: what waited goes on.
    pub(super) fn unfreeze_home(self: &Rc<Self>, home: &Rc<Home>) {
        home.settles.set(false);
        home.door.borrow_mut().unfreeze(self.session_time());
        for (via, arrival) in home.held.take() {
            self.home_open(via, &arrival);
        }
        self.run_accepted(home);
        self.flush(home);
    }

    /// A client has come for an entity that is about to move.
    pub(super) fn hold(self: &Rc<Self>, home: &Rc<Home>, via: Via, arrival: &Arrival) {
        let mut held = home.held.borrow_mut();
        if held.len() < HELD_MAX {
            return held.push((via, arrival.clone()));
        }
        drop(held);
        home.door.borrow_mut().turn_away_from(via);
        self.flush(home);
    }

    /// What goes along: whether the entity thinks that its client is there, and the rest of its session.
    pub(super) fn home_snapshot(&self, home: &Home) -> Vec<u8> {
        let door = home.door.borrow();
        let mut bytes = vec![u8::from(home.is_there.get())];
        bytes.extend(door.snapshot(self.session_time()));
        bytes
    }

    /// It has moved to that node. Whoever came meanwhile is sent there.
    pub(super) fn home_moved(self: &Rc<Self>, home: &Rc<Home>, node: &str) {
        self.homes.forget(home);
        let ended = Ended {
            session: Uuid([0; 16]),
            reason: SessionReason::Unavailable,
            // Whether the client answers what it was asked, nobody here hears.
            sent: u64::MAX,
        };
        self.close(home, &ended);
        for (via, arrival) in home.held.take() {
            self.redirect(via, &arrival.open, node);
        }
    }

    /// Has a gate take an `Open` to whoever runs the entity: to `node`, if that is known.
    pub(super) fn redirect(self: &Rc<Self>, via: Via, open: &[u8], node: &str) {
        if !self.shared.policy.session_limits.rules.has(Rule::Redirect) {
            if let Ok(Message::Open(open)) = Message::decode(open) {
                self.refuse_at_home(via, &open, SessionReason::Lost, "");
            }
            return;
        }
        match Gate::from(via.gate) {
            Gate::Here(shard) => {
                let open: Box<[u8]> = open.into();
                self.post(shard, move |node| {
                    node.redirected(HERE, via.link, via.attempt, &open);
                });
            }
            Gate::Afar(link) => {
                let redirect = Redirect {
                    link: via.link,
                    attempt: via.attempt,
                    node,
                    incarnation: Incarnation::default(),
                    open,
                };
                let mut w = Writer::new();
                redirect.put(&mut w);
                self.carry_to_gate(link, w.into_bytes());
            }
        }
    }

    /// An entity has come, with what it had of its client elsewhere.
    pub(super) fn adopt_home(
        self: &Rc<Self>,
        entity: &EntityRef,
        snapshot: &[u8],
    ) -> Option<SessionId> {
        let (is_there, bytes) = snapshot.split_first()?;
        let limits = self.shared.policy.session_limits.clone();
        let door = match Door::thaw(bytes, limits, self.session_time()) {
            Ok(door) => door,
            Err(error) => {
                tracing::warn!(?entity, %error, "the session of an entity that came could not be read");
                return None;
            }
        };
        let has_session = door.session().is_some();
        let home = self.add_home(entity, door);
        let session = self.homes.next(self.index);
        self.homes.name(&home, session);
        home.is_there.set(*is_there != 0);
        // Nothing begins until the entity has: a call would look for it where it was.
        home.settles.set(true);
        let (node, entity) = (Rc::clone(self), entity.clone());
        self.host().spawn(async move {
            if node.host().ready(&entity).await.is_ok() {
                home.settles.set(false);
                node.run_accepted(&home);
            }
            node.flush(&home);
        });
        has_session.then_some(session)
    }
}
