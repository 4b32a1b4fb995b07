//! Hops between nodes: what a gate of another node sends to homes of this one, and what homes of others send to clients here.

use std::cell::RefCell;
use std::rc::Rc;

use playhouse_net::link::Link;
use playhouse_wire::message::{Attached, Lost, Message, put_attached, put_detach};
use playhouse_wire::{EntityRef, Writer};
use rustc_hash::FxHashMap;

use super::super::admission::Admission;
use super::super::egress::Carried;
use super::super::home::{Arrival, Via, gate_afar};
use super::super::shard::ShardNode;
use crate::host::LinkId;
use crate::metrics::GateTurn;

/// Of clients of other nodes' gates whose messages come by links of one shard: which shard has the home, by gate and link.
#[derive(Debug, Default)]
pub(in crate::node) struct Hops(RefCell<FxHashMap<(u64, u64), u32>>);

impl Hops {
    fn shard_of(&self, via: Via) -> Option<u32> {
        self.0.borrow().get(&(via.gate, via.link)).copied()
    }
}

impl ShardNode {
    /// A gate of another node sends a session's message by a link of this shard.
    pub(in crate::node) fn from_gate(self: &Rc<Self>, from: LinkId, attached: &Attached<'_>) {
        let via = Via {
            gate: gate_afar(from),
            link: attached.link,
            attempt: attached.attempt,
        };
        match (&attached.admission, Message::decode(attached.message)) {
            (Some(admission), Ok(Message::Open(_))) => {
                let entity = EntityRef {
                    slot: 0,
                    ..admission.entity.clone()
                };
                let Some(shard) = self.host().shard_with(&entity) else {
                    return;
                };
                let before = self.hops.0.borrow_mut().insert((via.gate, via.link), shard);
                if let Some(before) = before.filter(|before| *before != shard) {
                    self.post(before, move |node| node.home_link_moved(via));
                }
                let arrival = Arrival {
                    admission: Admission {
                        entity,
                        login_no: admission.login_no,
                    },
                    binding: admission.binding.map(Into::into),
                    open: attached.message.into(),
                };
                self.post(shard, move |node| node.home_open(via, &arrival));
            }
            (None, Ok(message)) => {
                let Some(shard) = self.hops.shard_of(via) else {
                    return;
                };
                let may_be_lost = matches!(message, Message::Aside(_));
                if self.pass_on(shard, via, &message) == Carried::Gone && !may_be_lost {
                    self.cut_off(from, shard, via);
                }
            }
            (Some(_), _) | (None, Err(_)) => {
                tracing::debug!(?via, "a gate's message that can't be read");
            }
        }
    }

    /// A gate of another node has lost a client's link, or serves its session elsewhere.
    pub(in crate::node) fn lost_at_gate(self: &Rc<Self>, from: LinkId, lost: Lost) {
        let via = Via {
            gate: gate_afar(from),
            link: lost.link,
            attempt: lost.attempt,
        };
        if let Some(shard) = self.hops.shard_of(via) {
            self.post(shard, move |node| node.home_link_lost(via));
        }
    }

    /// The shard of a session's home takes nothing more: its client opens the session anew, and what comes meanwhile is dropped
    /// here. Others of the same hop go on.
    fn cut_off(self: &Rc<Self>, from: LinkId, shard: u32, via: Via) {
        self.hops.0.borrow_mut().remove(&(via.gate, via.link));
        self.gates.gate(GateTurn::Detached);
        self.post(shard, move |node| node.home_link_lost(via));
        let mut w = Writer::new();
        put_attached(&mut w, via.link, via.attempt, None, |w| {
            put_detach(w, via.attempt);
        });
        self.carry_to_gate(from, w.into_bytes());
    }

    /// Sends what a home has for clients of another node's gate by its link, whichever shard drives it.
    pub(in crate::node) fn carry_to_gate(self: &Rc<Self>, gate: LinkId, message: Vec<u8>) {
        self.post(gate.shard, move |node| {
            let carried = node.outbound().carry_by(gate.serial, |w| w.raw(&message));
            if carried == Carried::TooLong {
                node.end_at_gate(gate, &message);
            }
        });
    }

    /// A gate takes no message as long as this one: the sessions that it is for end, since nothing may come without it.
    #[cold]
    fn end_at_gate(self: &Rc<Self>, gate: LinkId, message: &[u8]) {
        tracing::warn!("a message of a session is longer than its gate takes");
        let links: Vec<_> = match Message::decode(message) {
            Ok(Message::Attached(it)) => vec![(it.link, it.attempt)],
            Ok(Message::Fan(fan)) => fan.links.iter().map(|it| (it.link, it.attempt)).collect(),
            _ => return,
        };
        for (link, attempt) in links {
            let via = Via {
                gate: gate_afar(gate),
                link,
                attempt,
            };
            if let Some(shard) = self.hops.shard_of(via) {
                self.post(shard, move |node| node.home_is_too_long(via));
            }
        }
    }

    /// The link is over that another node's gate sent by.
    pub(in crate::node) fn gate_lost(self: &Rc<Self>, from: LinkId) {
        let gate = gate_afar(from);
        self.hops.0.borrow_mut().retain(|(of, _), _| *of != gate);
        for shard in 0..self.host().count() {
            self.post(shard, move |node| node.home_gate_lost(gate));
        }
    }

    /// Something came by a link that this node has dialled: from a home of another node, or from the node itself.
    pub(in crate::node) fn from_home(
        self: &Rc<Self>,
        link: &Link,
        home: u64,
        message: Message<'_>,
    ) {
        match message {
            Message::Attached(attached) => {
                let Attached {
                    link,
                    attempt,
                    message,
                    ..
                } = attached;
                self.pass_down_of(home, link, attempt, message);
            }
            Message::Fan(fan) => {
                for to in fan.links.iter() {
                    self.pass_event_down(home, to, fan.body);
                }
            }
            Message::Redirect(redirect) => {
                self.redirected(home, redirect.link, redirect.attempt, redirect.open);
            }
            message => self.other(link, home, message),
        }
    }
}
