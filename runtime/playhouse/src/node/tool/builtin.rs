//! The service that each node has by itself: package 0, number 0, for `playhouse call`, `describe` and `ctl`.
//!
//! - 1 `describe() -> string`: the node and its schema as JSON.
//! - 2 `call(target: string, args: string) -> string`: a call by name, arguments and outcome as JSON,
//!   `{"returned": value}` or `{"thrown": {arm: body}}`.
//! - 3 `status() -> string`: the node itself, as JSON.
//! - 4 `nodes() -> string`: all nodes that this one knows of, as JSON.
//! - 5 `log_levels(levels: string, seconds: u32) -> string`: the levels of its log.
//! - 6 `restart() -> string`: it stops, to be started again.
//! - 8 `drain() -> string`: it hands over what it runs, and stops.
//! - 9 `ban(network: string, seconds: u32) -> string`: who is not let in, for so long or until it stops.
//! - 10 `unban(network: string) -> string`: takes that back.
//! - 11 `bans() -> string`: who is not let in, as JSON.
//! - 7 `at(node: string, tag: u8, args: bytes) -> string`: one of these on another node.

use std::rc::Rc;

use playhouse_wire::message::Method;
use playhouse_wire::{Decode as _, Limits, Reader, Result as WireResult};
use serde::Serialize;
use tokio::time::Duration;

use super::super::shard::ShardNode;
use super::{Ended, banning, describe, forwarding, operate};
use crate::call::{Failure, FailureKind};
use crate::descriptor::dynamic::Dynamic;

/// Whether it is one of the node's own. Package 0 is the framework's, and nothing in its schema has the number 0.
pub(in crate::node) const fn is_builtin(method: Method) -> bool {
    method.package == 0 && method.number == 0
}

const DESCRIBE: u8 = 1;
const CALL: u8 = 2;
const STATUS: u8 = 3;
const NODES: u8 = 4;
const LOG_LEVELS: u8 = 5;
const RESTART: u8 = 6;
pub(super) const AT: u8 = 7;
const DRAIN: u8 = 8;
const BAN: u8 = 9;
const UNBAN: u8 = 10;
const BANS: u8 = 11;

/// What the node's own call `tag` comes to: a text.
pub(in crate::node) async fn serve_builtin(
    node: Rc<ShardNode>,
    tag: u8,
    args: Vec<u8>,
    deadline: Option<Duration>,
) -> Result<String, Failure> {
    match tag {
        DESCRIBE => Ok(describe::describe(node.about()).to_string()),
        CALL => {
            let (target, args) = arguments(&args).map_err(|error| {
                Failure::not_executed(FailureKind::Invalid).because(error.to_string())
            })?;
            let given = &mut serde_json::Deserializer::from_str(&args);
            let (target, args) = super::prepare(&node, &target, given)?;
            match super::call(&node, &target, &args, deadline).await {
                Ended::Returned(value) => text(&Outcome::Returned(value)),
                Ended::Thrown(value) => text(&Outcome::Thrown(value)),
                Ended::Failed(failure) => Err(failure),
            }
        }
        STATUS => Ok(operate::status(&node).await.to_string()),
        NODES => Ok(operate::nodes(&node).await.to_string()),
        LOG_LEVELS => operate::log_levels(&args).map(|levels| levels.to_string()),
        RESTART => Ok(operate::restart(&node).to_string()),
        AT => forwarding::at(&node, &args, deadline).await,
        DRAIN => Ok(operate::drain(&node).to_string()),
        BAN => banning::ban(&node, &args).map(|done| done.to_string()),
        UNBAN => banning::unban(&node, &args).map(|done| done.to_string()),
        BANS => Ok(banning::bans(&node).to_string()),
        _ => Err(Failure::not_executed(FailureKind::Unimplemented)
            .because("the node has no such call of its own")),
    }
}

/// `{"returned": value}` or `{"thrown": {arm: body}}`.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Returned(Option<Dynamic>),
    Thrown(Dynamic),
}

fn text(outcome: &Outcome) -> Result<String, Failure> {
    serde_json::to_string(outcome)
        .map_err(|error| Failure::unknown(FailureKind::Internal).because(error.to_string()))
}

/// `[target, args]`.
fn arguments(bytes: &[u8]) -> WireResult<(String, String)> {
    let mut r = Reader::new(bytes, &Limits::STRICT);
    r.enter_array()?;
    let target = String::decode(&mut r).map_err(|error| error.member("target"))?;
    let args = String::decode(&mut r).map_err(|error| error.member("args"))?;
    Ok((target, args))
}
