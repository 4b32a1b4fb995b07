//! The client's side of a session, written anew so that it can break every rule.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};

use playhouse::{Uuid, Writer};
use playhouse_net::link::Link;
use playhouse_wire::message::{
    self, Executed, Header, Method, Msg, Open, Opened, Outcome, put_ack, put_msg,
};
use playhouse_wire::session::{Pass, SessionKey, open_mac};
use tokio::sync::oneshot;

use super::Ended;

/// A session over links one after another.
#[derive(Default)]
pub(crate) struct Session {
    /// What the node calls it.
    pub(crate) name: Cell<Option<Uuid>>,
    /// It was opened, and has not ended.
    pub(crate) is_open: Cell<bool>,
    pub(crate) token: RefCell<Vec<u8>>,
    /// What its macs are made with, if it was given a pass.
    key: RefCell<Option<SessionKey>>,
    pub(crate) attempt: Cell<u64>,
    /// The last that was taken of the node's.
    pub(crate) rx: Cell<u64>,
    /// The last of its own, and the last that was acknowledged.
    pub(crate) given: Cell<u64>,
    pub(crate) acked: Cell<u64>,
    kept: RefCell<VecDeque<(u64, Vec<u8>)>>,
    last_id: Cell<u32>,
    calls: RefCell<BTreeMap<u32, oneshot::Sender<Ended>>>,
    /// It waits for a link to be taken, and sends nothing on any other.
    pub(crate) moves: Cell<bool>,
    /// It acknowledges nothing.
    pub(crate) is_mute: Cell<bool>,
}

impl Session {
    /// Begins anew with another token or pass.
    pub(crate) fn begin(&self, pass: &[u8]) {
        let pass = Pass::split(pass);
        *self.token.borrow_mut() = pass.token.to_vec();
        *self.key.borrow_mut() = pass.key;
        self.forget();
    }

    fn forget(&self) {
        self.moves.set(false);
        self.name.set(None);
        self.is_open.set(false);
        for number in [&self.rx, &self.given, &self.acked] {
            number.set(0);
        }
        self.kept.borrow_mut().clear();
    }

    pub(crate) fn send_open(&self, link: &Link) {
        self.attempt.set(self.attempt.get() + 1);
        self.moves.set(true);
        let token = self.token.borrow();
        let open = Open {
            session: self.name.get(),
            rx: self.rx.get(),
            tx_lowest: self.acked.get(),
            tx_highest: self.given.get(),
            ..Open::new(&token, self.attempt.get())
        };
        let key = self.key.borrow();
        let mac = key
            .as_ref()
            .map(|key| open_mac(key, &open, link.binding().as_deref()));
        let open = Open { mac, ..open };
        link.send(|w| open.put(w)).unwrap();
    }

    pub(crate) fn opened(&self, link: &Link, opened: &Opened<'_>) {
        self.name.set(Some(opened.session));
        self.is_open.set(true);
        self.moves.set(false);
        self.acknowledged(opened.rx);
        for (seq, body) in &*self.kept.borrow() {
            link.send(|w| put_msg(w, *seq, None, |w| w.raw(body)))
                .unwrap();
        }
    }

    pub(crate) fn acknowledged(&self, seq: u64) {
        self.acked.set(self.acked.get().max(seq));
        self.kept.borrow_mut().retain(|(kept, _)| *kept > seq);
    }

    /// Whether a message is the next one.
    pub(crate) fn take(&self, link: &Link, msg: &Msg<'_>) -> bool {
        if let Some(ack) = msg.ack {
            self.acknowledged(ack);
        }
        let is_next = msg.seq == self.rx.get() + 1;
        assert!(msg.seq <= self.rx.get() + 1, "a message is missing");
        self.rx.set(self.rx.get().max(msg.seq));
        if !self.is_mute.get() && !self.moves.get() {
            let _ = link.send(|w| put_ack(w, self.rx.get()));
        }
        is_next
    }

    pub(crate) fn send(&self, link: &Link, body: impl FnOnce(&mut Writer)) {
        let mut w = Writer::new();
        body(&mut w);
        let seq = self.given.get() + 1;
        self.given.set(seq);
        let body = w.into_bytes();
        if !self.moves.get() {
            // Without a link it waits for the next one.
            let _ = link.send(|w| put_msg(w, seq, None, |w| w.raw(&body)));
        }
        self.kept.borrow_mut().push_back((seq, body));
    }

    pub(crate) fn request(
        &self,
        link: &Link,
        method: Method,
        header: &Header<'_>,
        args: &[u8],
        give: oneshot::Sender<Ended>,
    ) -> u32 {
        let id = self.last_id.get() + 1;
        self.last_id.set(id);
        self.calls.borrow_mut().insert(id, give);
        self.send(link, |w| {
            message::put_request(w, id, method, header, |w| w.raw(args));
        });
        id
    }

    pub(crate) fn answered(&self, id: u32, outcome: Outcome<'_>) {
        let ended = match outcome {
            Outcome::Returned(bytes) => Ended::Ok(bytes.to_vec()),
            Outcome::Thrown(bytes) => Ended::Thrown(bytes.to_vec()),
            Outcome::Failed(failure) => {
                Ended::Failed(failure.kind, failure.executed, failure.text.to_owned())
            }
        };
        let give = self.calls.borrow_mut().remove(&id);
        let _ = give.expect("a call is answered once").send(ended);
    }

    /// It is over: pending calls end.
    pub(crate) fn over(&self) {
        self.forget();
        for (_, give) in std::mem::take(&mut *self.calls.borrow_mut()) {
            let text = "the session is over".to_owned();
            let kind = message::FailureKind::Unreachable;
            let _ = give.send(Ended::Failed(kind, Executed::Unknown, text));
        }
    }
}
