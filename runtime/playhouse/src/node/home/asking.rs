//! Calls that a client is asked to answer. They wait in its session, whatever link it has or has not just now.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_net::link::{ReplyOutcome, ReplySink};
use playhouse_wire::message::{
    Executed, FailureKind, Header, Method, WireFailure, put_cancel, put_request,
};
use playhouse_wire::session::{Ended, NotKept};
use playhouse_wire::{Encode, Writer};

use super::super::shard::ShardNode;
use super::Home;
use crate::call::Failure;
use crate::host::EgressId;

/// Most calls that one client has not answered.
pub const ASKED_MAX: usize = 1024;

/// A call that a client is to answer.
pub(super) struct Asked {
    sink: Rc<dyn ReplySink>,
    /// The number of the message that it went by.
    seq: u64,
}

impl Asked {
    pub(super) fn complete(&self, outcome: ReplyOutcome<'_>) {
        self.sink.complete(outcome);
    }

    /// The session is over.
    pub(super) fn lost(&self, ended: &Ended) {
        let executed = match self.seq > ended.sent {
            true => Executed::NotExecuted,
            false => Executed::Unknown,
        };
        self.complete(ReplyOutcome::Failed(WireFailure {
            text: "the client's session is over",
            ..WireFailure::new(FailureKind::Unreachable, executed)
        }));
    }
}

impl ShardNode {
    pub(super) fn ask_client(
        self: &Rc<Self>,
        home: &Rc<Home>,
        (method, header): (Method, &Header<'_>),
        args: &dyn Encode,
        sink: Rc<dyn ReplySink>,
    ) -> Result<EgressId, Failure> {
        if home.asked.borrow().len() >= ASKED_MAX {
            return Err(Failure::not_executed(FailureKind::Overloaded)
                .because("too many calls wait for the client"));
        }
        let mut id = home.last_asked.get();
        loop {
            id = id.wrapping_add(1);
            if !home.asked.borrow().contains_key(&id) {
                break;
            }
        }
        home.last_asked.set(id);
        let mut w = Writer::new();
        put_request(&mut w, id, method, header, |w| w.put(args));
        let body: Arc<[u8]> = w.into_bytes().into();
        let sent = home.door.borrow_mut().send(self.session_time(), body);
        let seq = sent.map_err(|not_kept| match not_kept {
            NotKept::TooLong => Failure::not_executed(FailureKind::Invalid)
                .because("the call is longer than a session may carry"),
            NotKept::Full => Failure::not_executed(FailureKind::Overloaded)
                .because("the client does not take what waits for it"),
            _ => Failure::not_executed(FailureKind::Unreachable).because("the client is gone"),
        })?;
        home.asked.borrow_mut().insert(id, Asked { sink, seq });
        self.flush(home);
        Ok(EgressId(id.into()))
    }

    /// Nobody waits for a client's answer any more.
    pub(super) fn give_asked_up(self: &Rc<Self>, home: &Rc<Home>, id: EgressId) {
        let Ok(id) = u32::try_from(id.0) else {
            return;
        };
        if home.asked.borrow_mut().remove(&id).is_some() {
            let mut w = Writer::new();
            put_cancel(&mut w, id);
            self.send_body(home, w.into_bytes().into());
            self.flush(home);
        }
    }
}
