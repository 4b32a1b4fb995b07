//! What a tool asks of one node by way of another: `playhouse ctl` needs to reach but one of a cluster.

use std::cell::RefCell;
use std::rc::Rc;

use playhouse_net::link::{ReplyOutcome, ReplySink};
use playhouse_wire::message::{DEADLINE_US_MAX, Header, Method};
use playhouse_wire::{Decode as _, Encode, Limits, Reader, Result as WireResult, Writer};
use tokio::sync::oneshot;
use tokio::time::Duration;

use super::super::shard::ShardNode;
use super::builtin::{AT, serve_builtin};
use super::operate::invalid;
use crate::call::{Address, Failure, FailureKind};
use crate::host::Outgoing;

/// What is to be asked, and whom.
struct Elsewhere {
    node: String,
    tag: u8,
    args: Vec<u8>,
}

/// `at(node: string, tag: u8, args: bytes) -> string`: has the node of this name answer.
pub(super) async fn at(
    node: &Rc<ShardNode>,
    args: &[u8],
    deadline: Option<Duration>,
) -> Result<String, Failure> {
    let asked = elsewhere(args).map_err(|error| invalid(&error))?;
    if asked.tag == AT {
        return Err(invalid(&"a question is handed on once"));
    }
    let own = &node.about().name;
    if asked.node == *own {
        let answer = serve_builtin(Rc::clone(node), asked.tag, asked.args, deadline);
        return Box::pin(answer).await;
    }
    let Some(place) = node.shared.place() else {
        return Err(not_found(format!(
            "no node `{}` is known here: there is `{own}`, which is in no cluster",
            asked.node
        )));
    };
    let view = place.seat.view();
    let address = view.get(&asked.node).and_then(|it| it.addresses.first());
    let Some(address) = address else {
        let known: Vec<&str> = view.members.keys().map(|name| &**name).collect();
        return Err(not_found(format!(
            "no node `{}` is in the cluster: there is {}",
            asked.node,
            known.join(", ")
        )));
    };
    let address = Address::new(address.as_str());
    hand_on(node, &address, &asked, deadline).await
}

async fn hand_on(
    node: &ShardNode,
    to: &Address,
    asked: &Elsewhere,
    deadline: Option<Duration>,
) -> Result<String, Failure> {
    let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(DEADLINE_US_MAX);
    let header = Header {
        deadline_us: deadline.map(|time| us(time).min(DEADLINE_US_MAX)),
        ..Header::EMPTY
    };
    let (give, take) = oneshot::channel();
    let outgoing = Outgoing {
        to,
        method: Method {
            tag: asked.tag,
            ..Method::default()
        },
        header: &header,
        args: &Raw(&asked.args),
        idempotent: false,
    };
    let sink = Rc::new(Waiter(RefCell::new(Some(give))));
    let request = node.egress().request(&outgoing, sink)?;
    let answer = match deadline {
        None => take.await,
        Some(time) => match tokio::time::timeout(time, take).await {
            Ok(answer) => answer,
            Err(_) => {
                node.egress().cancel(request);
                let text = format!("`{}` did not answer in time", asked.node);
                return Err(Failure::unknown(FailureKind::Timeout).because(text));
            }
        },
    };
    answer.unwrap_or_else(|_| {
        Err(Failure::unknown(FailureKind::Cancelled).because("the node stopped first"))
    })
}

/// Arguments that are encoded already.
struct Raw<'a>(&'a [u8]);

impl Encode for Raw<'_> {
    fn encode(&self, w: &mut Writer) {
        w.raw(self.0);
    }
}

/// Hands the answer to who waits for it.
struct Waiter(RefCell<Option<oneshot::Sender<Result<String, Failure>>>>);

impl ReplySink for Waiter {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        let broken = |text: &str| Failure::unknown(FailureKind::Invalid).because(text);
        let answer = match outcome.into_result() {
            Ok(Ok(bytes)) => {
                let mut r = Reader::new(bytes, &Limits::DEFAULT);
                String::decode(&mut r).map_err(|error| broken(&error.to_string()))
            }
            Ok(Err(_)) => Err(broken("the node speaks another version")),
            Err(failure) => Err(failure.into()),
        };
        if let Some(give) = self.0.borrow_mut().take() {
            // Whoever asked may be gone.
            let _ = give.send(answer);
        }
    }
}

fn elsewhere(bytes: &[u8]) -> WireResult<Elsewhere> {
    let mut r = Reader::new(bytes, &Limits::STRICT);
    r.enter_array()?;
    let node = String::decode(&mut r).map_err(|error| error.member("node"))?;
    let tag = u8::decode(&mut r).map_err(|error| error.member("tag"))?;
    let args = playhouse_wire::Bytes::decode(&mut r).map_err(|error| error.member("args"))?;
    Ok(Elsewhere {
        node,
        tag,
        args: args.to_vec(),
    })
}

fn not_found(text: String) -> Failure {
    Failure::not_executed(FailureKind::NotFound).because(text)
}
