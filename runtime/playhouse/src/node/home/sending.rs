//! What homes send: down to the links that their sessions are attached by.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use playhouse_net::link::ReplySink;
use playhouse_wire::message::{
    ElementBuffer, FAN_LINKS_MAX, Fan, FanLink, Header, Method, SessionReason, put_attached,
};
use playhouse_wire::session::Down;
use playhouse_wire::{Encode, EntityRef, Writer};

use super::super::shard::ShardNode;
use super::{Gate, Home, Via};
use crate::call::{Failure, FailureKind};
use crate::host::{EgressId, LinkId, SessionId, SessionPort, Shard};

/// The sessions of a shard, as its entities reach them.
pub(in crate::node) struct Port(pub(in crate::node) Weak<ShardNode>);

impl Port {
    /// The node's part of a shard.
    pub(in crate::node) fn of(host: &Shard) -> Option<Rc<ShardNode>> {
        let port: Rc<dyn Any> = host.session_port()?;
        port.downcast::<Self>().ok()?.0.upgrade()
    }

    fn home(&self, entity: &EntityRef) -> Option<(Rc<ShardNode>, Rc<Home>)> {
        let node = self.0.upgrade()?;
        let home = node.homes.of(entity)?;
        Some((node, home))
    }
}

impl ShardNode {
    /// Has a shard of the node do something soon, in order with all else that this one sends it.
    pub(in crate::node) fn post(&self, shard: u32, job: impl FnOnce(&Rc<Self>) + Send + 'static) {
        self.host().post_to(shard, move |host| {
            if let Some(node) = Port::of(host) {
                job(&node);
            }
        });
    }

    /// The clock of sessions, in microseconds.
    pub(in crate::node) fn session_time(&self) -> u64 {
        self.host().call_time()
    }

    /// Sends what a session has to send, and sees to it that the shard's clock wakes it when it must.
    pub(super) fn flush(self: &Rc<Self>, home: &Rc<Home>) {
        let now_us = self.session_time();
        loop {
            let next = home.door.borrow_mut().poll_transmit(now_us);
            let Some((via, down)) = next else {
                break;
            };
            self.send_down(via, down);
        }
        self.settle(home);
    }

    /// Sets the clock, or lets go of a home that has nothing left.
    fn settle(self: &Rc<Self>, home: &Rc<Home>) {
        let (wakes_us, is_idle) = {
            let door = home.door.borrow();
            (door.poll_timeout(), door.is_idle())
        };
        if is_idle {
            return self.homes.forget(home);
        }
        if let Some(at_us) = wakes_us
            && at_us < home.wakes_us.get()
        {
            home.wakes_us.set(at_us);
            self.host().wake_session(home.session.get(), at_us);
        }
    }

    pub(super) fn send_down(self: &Rc<Self>, via: Via, down: Down) {
        if let Down::Refused(refused) = &down {
            self.strangers.open_refused(refused.reason);
        }
        match Gate::from(via.gate) {
            Gate::Here(shard) if shard as usize == self.index => self.pass_down(via, &down),
            Gate::Here(shard) => self.post(shard, move |node| node.pass_down(via, &down)),
            Gate::Afar(link) => {
                let mut w = Writer::new();
                put_attached(&mut w, via.link, via.attempt, None, |w| down.put(w));
                match down {
                    Down::Latest(_) => self.host().pass_on_link(link, w.into_bytes()),
                    _ => self.carry_to_gate(link, w.into_bytes()),
                }
            }
        }
    }

    /// Sends one event to many clients: its bytes are the same for all of them, and to each gate they go together.
    fn fan_out(self: &Rc<Self>, sessions: &[SessionId], body: &Arc<[u8]>) {
        let now_us = self.session_time();
        let mut by_gate: BTreeMap<u64, Vec<(Via, Down)>> = BTreeMap::new();
        for session in sessions {
            let Some(home) = self.homes.with(*session) else {
                continue;
            };
            self.send_body(&home, Arc::clone(body));
            loop {
                let next = home.door.borrow_mut().poll_transmit(now_us);
                let Some((via, down)) = next else {
                    break;
                };
                by_gate.entry(via.gate).or_default().push((via, down));
            }
            self.settle(&home);
        }
        for (gate, all) in by_gate {
            match Gate::from(gate) {
                Gate::Here(shard) => self.post(shard, move |node| {
                    for (via, down) in all {
                        node.pass_down(via, &down);
                    }
                }),
                Gate::Afar(link) => self.fan_afar(link, all, body),
            }
        }
    }

    fn fan_afar(self: &Rc<Self>, link: LinkId, all: Vec<(Via, Down)>, event: &Arc<[u8]>) {
        let mut links = Vec::new();
        for (via, down) in all {
            match down {
                Down::Msg {
                    seq,
                    ack: None,
                    body,
                } if Arc::ptr_eq(&body, event) => links.push(FanLink {
                    link: via.link,
                    attempt: via.attempt,
                    seq,
                }),
                // Whatever of the same session goes before the event is sent before it.
                down => self.send_down(via, down),
            }
        }
        for links in links.chunks(FAN_LINKS_MAX) {
            let mut elements = ElementBuffer::new();
            for link in links {
                let fits = elements.push(link);
                debug_assert!(fits, "no more than there is room for were taken");
            }
            let mut w = Writer::new();
            let fan = Fan {
                links: elements.elements(),
                body: event,
            };
            fan.put(&mut w);
            self.carry_to_gate(link, w.into_bytes());
        }
    }
}

impl SessionPort for Port {
    fn notify(&self, sessions: &[SessionId], body: &Arc<[u8]>) {
        let Some(node) = self.0.upgrade() else {
            return;
        };
        match sessions {
            [session] => {
                if let Some(home) = node.homes.with(*session) {
                    node.send_body(&home, Arc::clone(body));
                    node.flush(&home);
                }
            }
            sessions => node.fan_out(sessions, body),
        }
    }

    fn is_over(&self, session: SessionId) -> bool {
        let home = self.0.upgrade().and_then(|node| node.homes.with(session));
        home.is_none_or(|home| !home.has_session())
    }

    fn pass(&self, sessions: &[SessionId], from: &EntityRef, body: &Arc<[u8]>) {
        if let Some(node) = self.0.upgrade() {
            node.pass_event(sessions, from, body);
        }
    }

    fn request(
        &self,
        session: SessionId,
        method: Method,
        header: &Header<'_>,
        args: &dyn Encode,
        sink: Rc<dyn ReplySink>,
    ) -> Result<EgressId, Failure> {
        let gone = || Failure::not_executed(FailureKind::Unreachable).because("the client is gone");
        let node = self.0.upgrade().ok_or_else(gone)?;
        let home = node.homes.with(session).ok_or_else(gone)?;
        node.ask_client(&home, (method, header), args, sink)
    }

    fn cancel(&self, session: SessionId, id: EgressId) {
        if let Some(node) = self.0.upgrade()
            && let Some(home) = node.homes.with(session)
        {
            node.give_asked_up(&home, id);
        }
    }

    fn settle(&self, entity: &EntityRef) {
        if let Some((node, home)) = self.home(entity) {
            node.settle_home(&home);
        }
    }

    fn is_settled(&self, entity: &EntityRef) -> bool {
        self.home(entity).is_none_or(|(_, home)| home.is_settled())
    }

    fn freeze(&self, entity: &EntityRef) {
        if let Some((node, home)) = self.home(entity) {
            node.freeze_home(&home);
        }
    }

    fn unfreeze(&self, entity: &EntityRef) {
        if let Some((node, home)) = self.home(entity) {
            node.unfreeze_home(&home);
        }
    }

    fn snapshot(&self, entity: &EntityRef) -> Option<Vec<u8>> {
        let (node, home) = self.home(entity)?;
        Some(node.home_snapshot(&home))
    }

    fn moved(&self, entity: &EntityRef, node: &str) {
        if let Some((here, home)) = self.home(entity) {
            here.home_moved(&home, node);
        }
    }

    fn adopt(&self, entity: &EntityRef, snapshot: &[u8]) -> Option<SessionId> {
        self.0.upgrade()?.adopt_home(entity, snapshot)
    }

    fn due(&self, session: SessionId) {
        if let Some(node) = self.0.upgrade()
            && let Some(home) = node.homes.with(session)
        {
            node.home_due(&home);
        }
    }

    fn end(&self, session: SessionId, reason: SessionReason, text: &str) {
        if let Some(node) = self.0.upgrade() {
            node.end_session(session, reason, text);
        }
    }
}
