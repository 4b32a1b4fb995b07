//! What operators ask of a node, for `playhouse ctl`. Answers are JSON.

use playhouse_cluster::Member;
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
    let own = node.shared.status().await;
    let Some(place) = node.shared.place() else {
        return json!({ "nodes": [own] });
    };
    let view = place.seat.view();
    let now_us = node.utc_us();
    let since = |us: i64| seconds(now_us.saturating_sub(us));
    let nodes: Vec<Value> = view
        .members
        .values()
        .map(|member| member_status(member, &own, since(member.started_us)))
        .collect();
    json!({
        "nodes": nodes,
        "away_seconds": view.away_since_us.map(since),
    })
}

/// A member as others see it; what a node knows of itself is newer.
fn member_status(member: &Member, own: &Value, uptime_seconds: f64) -> Value {
    let mut status = json!({
        "node": member.name,
        "state": match (member.accepts(), member.draining) {
            (false, _) => "incompatible",
            (true, true) => "draining",
            (true, false) => "running",
        },
        "life": format!("{:016x}", member.incarnation),
        "release": member.release,
        "roles": member.roles,
        "address": member.addresses.first(),
        "uptime_seconds": uptime_seconds,
        "entities": member.load.entities,
        "sessions": member.load.sessions,
        "clients": member.load.clients,
        "links": member.load.links,
        "load": member.load.score,
        "reasons": member.strange.iter().map(|strange| &*strange.why).collect::<Vec<_>>(),
    });
    if own["node"] == status["node"]
        && let (Value::Object(status), Value::Object(own)) = (&mut status, own)
    {
        status.extend(own.clone());
    }
    status
}

/// Microseconds as seconds, for people.
#[expect(
    clippy::cast_precision_loss,
    reason = "a time that people read may be rounded to one part in 2^53"
)]
fn seconds(us: i64) -> f64 {
    us.max(0) as f64 / 1e6
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

fn levels(bytes: &[u8]) -> WireResult<(String, u32)> {
    let mut r = Reader::new(bytes, &Limits::STRICT);
    r.enter_array()?;
    let levels = String::decode(&mut r).map_err(|error| error.member("levels"))?;
    let seconds = u32::decode(&mut r).map_err(|error| error.member("seconds"))?;
    Ok((levels, seconds))
}

pub(super) fn invalid(error: &dyn std::fmt::Display) -> Failure {
    Failure::not_executed(FailureKind::Invalid).because(error.to_string())
}

#[cfg(test)]
mod tests {
    use playhouse_cluster::Strange;

    use super::*;

    #[test]
    fn a_member_that_does_not_fit_is_incompatible_and_says_why() {
        let mut member = Member::new("new", 7, "x");
        member.strange = [Strange {
            of: (1, 2),
            why: "it changed".into(),
            behind: false,
        }]
        .into();
        let status = member_status(&member, &json!({"node": "old"}), 1.0);
        assert_eq!(status["state"], "incompatible");
        assert_eq!(status["reasons"], json!(["it changed"]));
        member.strange = std::sync::Arc::default();
        let status = member_status(&member, &json!({"node": "old"}), 1.0);
        assert_eq!(status["state"], "running");
        assert_eq!(status["reasons"], json!([]));
    }
}
