//! In which order the nodes of a cluster are started.

use std::time::Duration;

use anyhow::{Result, bail};
use playhouse::node::{DRAIN_TIMEOUT, STOP_TIMEOUT};

use super::STOP_SLACK;
use crate::process::Config;

/// Roles in the order in which their nodes are started: each needs those before it. Nodes are stopped the other way round.
const ORDER: [&str; 7] = ["db", "manager", "backend", "battle", "lobby", "api", "gate"];

/// A node that is to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Its name.
    pub name: String,
    /// Its roles; none if the configuration names none, which is all.
    pub roles: Vec<String>,
    /// Nodes of a lower one are started before.
    pub rank: u8,
    /// How long it may take to stop before it is killed.
    pub stops_within: Duration,
}

/// The nodes of a configuration that are to run, in the order in which they are started: all, or only those of these names.
///
/// # Errors
///
/// If a name is none of the configuration's, or there is no node in it.
pub fn plan(config: &Config, only: &[String]) -> Result<Vec<Planned>> {
    let known: Vec<&String> = config.nodes.keys().collect();
    if let Some(unknown) = only.iter().find(|name| !known.contains(name)) {
        let known: Vec<_> = known.iter().map(|name| name.as_str()).collect();
        bail!(
            "the configuration has no node `{unknown}`: take one of {}",
            known.join(", ")
        );
    }
    let wanted = |name: &&&String| only.is_empty() || only.contains(name);
    let mut planned = Vec::new();
    for name in known.iter().filter(wanted) {
        let node = config.node(name)?;
        let drains = node.drain_timeout.map_or(DRAIN_TIMEOUT, |time| time.0);
        let stops = node.stop_timeout.map_or(STOP_TIMEOUT, |time| time.0);
        let roles = node.roles.unwrap_or_default();
        planned.push(Planned {
            name: (*name).clone(),
            rank: rank(&roles),
            roles,
            stops_within: drains + stops + STOP_SLACK,
        });
    }
    if planned.is_empty() {
        bail!("the configuration has no nodes: add some under `nodes`");
    }
    planned.sort_by(|a, b| (a.rank, &a.name).cmp(&(b.rank, &b.name)));
    Ok(planned)
}

/// A node is as early as the first of its roles: whoever needs that one can't be started before it.
fn rank(roles: &[String]) -> u8 {
    let ranks = (0..).zip(ORDER);
    let own = ranks.filter(|(_, role)| roles.iter().any(|own| own == role));
    own.map(|(rank, _)| rank).next().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(roles: &[&str]) -> u8 {
        rank(&roles.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn whoever_saves_for_others_comes_first() {
        assert!(ranks(&["db"]) < ranks(&["manager"]));
        assert!(ranks(&["manager"]) < ranks(&["lobby", "api"]));
        assert_eq!(ranks(&["lobby", "db"]), ranks(&["db"]));
        assert_eq!(ranks(&[]), 0, "a node with all roles waits for nobody");
    }
}
