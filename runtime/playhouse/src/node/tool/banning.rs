//! Bans, as operators give and take them back with `playhouse ctl`. Answers are JSON.

use playhouse_wire::{Decode as _, Limits, Reader, Result as WireResult};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use super::super::Network;
use super::super::doors::BANS_MAX;
use super::super::shard::ShardNode;
use super::operate::invalid;
use crate::call::{Failure, FailureKind};

/// So many bans are shown.
const SHOWN_MAX: usize = 1_000;

/// `ban(network: string, seconds: u32) -> string`: closes the links of a network and lets nobody in from there, for so
/// long, or for as long as the node runs.
pub(super) fn ban(node: &ShardNode, args: &[u8]) -> Result<Value, Failure> {
    let (text, seconds) = with_time(args).map_err(|error| invalid(&error))?;
    let network = network(&text)?;
    let time = Duration::from_secs(seconds.into());
    let until = (seconds > 0).then(|| Instant::now() + time);
    if !node.shared.doors.bans.ban(network, until) {
        let text = format!("the node has {BANS_MAX} bans: take some back, or join networks");
        return Err(Failure::not_executed(FailureKind::Overloaded).because(text));
    }
    tracing::info!(%network, seconds, "an operator bans a network");
    node.shared.turn_out_banned();
    Ok(json!({ "banned": network.to_string() }))
}

/// `unban(network: string) -> string`: takes back what an operator has banned, or the node itself for wrong tokens.
pub(super) fn unban(node: &ShardNode, args: &[u8]) -> Result<Value, Failure> {
    let mut r = Reader::new(args, &Limits::STRICT);
    let text = r.enter_array().and_then(|_| String::decode(&mut r));
    let network = network(&text.map_err(|error| invalid(&error.member("network")))?)?;
    let taken_back = node.shared.doors.bans.unban(&network);
    if taken_back {
        tracing::info!(%network, "an operator takes a ban back");
    }
    Ok(json!({ "unbanned": taken_back }))
}

/// `bans() -> string`: what is banned, with for how long, and whether by the file.
pub(super) fn bans(node: &ShardNode) -> Value {
    let bans = &node.shared.doors.bans;
    let shown: Vec<Value> = bans
        .list(SHOWN_MAX)
        .into_iter()
        .map(|(network, left, of_file)| {
            json!({
                "network": network.to_string(),
                "seconds_left": left.map(|left| left.as_secs()),
                "of_file": of_file,
            })
        })
        .collect();
    json!({ "bans": shown, "count": bans.len() })
}

fn network(text: &str) -> Result<Network, Failure> {
    text.parse().map_err(|()| {
        invalid(&format!(
            "`{text}` is no address or network: write it as 10.0.0.7, 10.0.0.0/8 or 2001:db8::/64"
        ))
    })
}

fn with_time(bytes: &[u8]) -> WireResult<(String, u32)> {
    let mut r = Reader::new(bytes, &Limits::STRICT);
    r.enter_array()?;
    let network = String::decode(&mut r).map_err(|error| error.member("network"))?;
    let seconds = u32::decode(&mut r).map_err(|error| error.member("seconds"))?;
    Ok((network, seconds))
}
