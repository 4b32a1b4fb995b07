//! Tools' calls at the host's encoded entrance.

use std::cell::RefCell;
use std::rc::Rc;

use playhouse_wire::message::{DEADLINE_US_MAX, Header, Method};
use playhouse_wire::{EntityKey, Limits, Writer};
use tokio::sync::oneshot;
use tokio::time::Duration;

use super::super::shard::ShardNode;
use super::Encoded;
use crate::call::{Failure, FailureKind};
use crate::host::{Answer, Incoming, Origin, ReplyTo, Serving};

/// Hands an answer to who waits for it.
struct Waiter(RefCell<Option<oneshot::Sender<Encoded>>>);

impl ReplyTo for Waiter {
    fn answer(&self, answer: Answer<'_>) {
        let written = |value: &dyn playhouse_wire::Encode| {
            let mut w = Writer::new();
            w.put(value);
            w.into_bytes()
        };
        let encoded = match answer {
            Answer::Ok(result) => Encoded::Returned(written(result)),
            Answer::Thrown(error) => Encoded::Thrown(written(error)),
            Answer::Failed(failure) => Encoded::Failed(failure.clone()),
        };
        if let Some(give) = self.0.borrow_mut().take() {
            // The tool may be gone.
            let _ = give.send(encoded);
        }
    }
}

/// Gives a call up when its tool is gone.
struct GivenUp(Option<Serving>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        if let Some(serving) = self.0.take() {
            serving.cancel();
        }
    }
}

fn incoming<'a>(method: Method, header: &'a Header<'a>, args: &'a [u8]) -> Incoming<'a> {
    Incoming {
        method,
        header,
        args,
        origin: Origin::Peer,
        limits: Limits::DEFAULT,
    }
}

impl ShardNode {
    /// Makes an rpc for a tool. Dropping the future gives it up.
    pub(super) async fn tool_call(
        &self,
        method: Method,
        key: Option<EntityKey>,
        args: &[u8],
        deadline: Option<Duration>,
    ) -> Encoded {
        let deadline_us = deadline.map(|it| u64::try_from(it.as_micros()).unwrap_or(u64::MAX));
        let header = Header {
            target: key,
            deadline_us: deadline_us.map(|us| us.min(DEADLINE_US_MAX)),
            trace: Some(self.host().begin_trace().into()),
            ..Header::EMPTY
        };
        let (give, take) = oneshot::channel();
        let waiter = Rc::new(Waiter(RefCell::new(Some(give))));
        let serving = self.host().serve(incoming(method, &header, args), waiter);
        let mut given_up = GivenUp(serving);
        let encoded = take.await.unwrap_or_else(|_| {
            let failure = Failure::unknown(FailureKind::Cancelled);
            Encoded::Failed(failure.because("the node stopped first"))
        });
        given_up.0 = None;
        encoded
    }

    /// Sends a oneway for a tool.
    pub(super) fn tool_oneway(
        &self,
        method: Method,
        key: Option<EntityKey>,
        args: &[u8],
    ) -> Result<(), Failure> {
        let header = Header {
            target: key,
            trace: Some(self.host().begin_trace().into()),
            ..Header::EMPTY
        };
        self.host().serve_oneway(incoming(method, &header, args))
    }
}
