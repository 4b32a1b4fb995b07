//! What operators ask of a node, for `playhouse ctl`. Answers are JSON.

use playhouse_wire::{Decode as _, Limits, Reader, Result as WireResult};
use serde_json::{Value, json};
use tokio::time::Duration;

use super::super::shard::ShardNode;
use crate::call::{Failure, FailureKind};
use crate::log::{LevelsError, Logging};

/// Longest time for which levels of the log can be raised.
const RAISE_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// `status() -> string`: the node itself.
pub(super) async fn status(node: &ShardNode) -> Value {
    node.shared.status().await
}

/// `nodes() -> string`: all nodes that this one knows of.
pub(super) async fn nodes(node: &ShardNode) -> Value {
    json!({ "nodes": [node.shared.status().await] })
}

/// `log_levels(levels: string, seconds: u32) -> string`: changes the levels, for so long or for good, and says which
/// hold. Nothing changes if none are given.
pub(super) fn log_levels(args: &[u8]) -> Result<Value, Failure> {
    let (levels, seconds) = levels(args).map_err(|error| invalid(&error))?;
    let log = Logging::installed().ok_or_else(|| {
        let text = LevelsError::NotInstalled.to_string();
        Failure::not_executed(FailureKind::Invalid).because(text)
    })?;
    let time = Duration::from_secs(seconds.into()).min(RAISE_MAX);
    if !levels.is_empty() {
        let changed = if time.is_zero() {
            log.set_levels(&levels)
        } else {
            log.raise_levels(&levels, time)
        };
        changed.map_err(|error| invalid(&error))?;
        tracing::info!(levels, seconds, "an operator changes the levels of the log");
    }
    Ok(json!({ "levels": log.levels() }))
}

/// `restart() -> string`: stops the node as a signal would, with the status that asks for a new start. The answer goes out
/// first: links say good-bye when what waits on them is written.
pub(super) fn restart(node: &ShardNode) -> Value {
    tracing::info!("an operator restarts the node");
    node.shared.control.restart();
    json!({ "restarting": true })
}

/// `drain() -> string`: stops the node as a signal would. In a cluster, others take over what it runs first.
pub(super) fn drain(node: &ShardNode) -> Value {
    tracing::info!("an operator drains the node");
    node.shared.control.stop();
    json!({ "draining": true })
}

/// `at(node: string, tag: u8, args: bytes) -> string`: has another node answer.
pub(super) fn at(node: &ShardNode, args: &[u8]) -> Result<String, Failure> {
    let name = elsewhere(args).map_err(|error| invalid(&error))?;
    let own = &node.about().name;
    Err(
        Failure::not_executed(FailureKind::NotFound).because(format!(
            "no node `{name}` is known here: there is `{own}`, which is in no cluster"
        )),
    )
}

fn elsewhere(bytes: &[u8]) -> WireResult<String> {
    let mut r = Reader::new(bytes, &Limits::STRICT);
    r.enter_array()?;
    String::decode(&mut r).map_err(|error| error.member("node"))
}

fn levels(bytes: &[u8]) -> WireResult<(String, u32)> {
    let mut r = Reader::new(bytes, &Limits::STRICT);
    r.enter_array()?;
    let levels = String::decode(&mut r).map_err(|error| error.member("levels"))?;
    let seconds = u32::decode(&mut r).map_err(|error| error.member("seconds"))?;
    Ok((levels, seconds))
}

fn invalid(error: &dyn std::fmt::Display) -> Failure {
    Failure::not_executed(FailureKind::Invalid).because(error.to_string())
}
