//! Trouble for a cluster: gates are killed, and lobbies stopped and started again, while everybody plays.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use arena::up::{Row, Signal, State, Supervisor};
use playhouse_client::Random;

/// How long all gates run before the next is killed: least and most milliseconds.
const KILLS_AFTER_MS: (u64, u64) = (2_000, 5_000);
/// How long all lobbies run before the next hands over its players and stops.
const DRAINS_AFTER_MS: (u64, u64) = (5_000, 10_000);
/// Sets its chances apart from those of bots.
const HAVOC: u64 = 0x4a70_c000_0000_0000;

/// What is done to the nodes of a cluster.
#[derive(Debug)]
pub(super) struct Havoc {
    kills: Turns,
    drains: Turns,
}

/// What befalls nodes of one role, one after another: the next only when all of them run, so that somebody is there all the while.
#[derive(Debug)]
struct Turns {
    role: &'static str,
    after_ms: (u64, u64),
    random: Random,
    at: Option<Instant>,
    had: BTreeMap<String, u32>,
}

impl Havoc {
    pub(super) fn new(seed: u64) -> Self {
        let random = Random::stream(seed, HAVOC);
        Self {
            drains: Turns::new("lobby", DRAINS_AFTER_MS, random.split()),
            kills: Turns::new("gate", KILLS_AFTER_MS, random),
        }
    }

    /// Does what is due.
    pub(super) fn look(&mut self, supervisor: &mut Supervisor) -> Result<()> {
        let rows = supervisor.rows();
        if let Some(gate) = self.kills.next(&rows) {
            supervisor.signal(&gate, Signal::KILL)?;
        }
        if let Some(lobby) = self.drains.next(&rows) {
            supervisor.stop(&lobby)?;
        }
        self.mend(supervisor)
    }

    /// Starts what it has stopped. What was killed is started again by itself.
    pub(super) fn mend(&self, supervisor: &mut Supervisor) -> Result<()> {
        let rows = supervisor.rows();
        let mut stopped = rows.iter().filter(|row| row.state == State::Stopped);
        stopped.try_for_each(|row| supervisor.start(&row.name))
    }

    /// How many gates were killed.
    pub(super) fn kills(&self) -> u64 {
        self.kills.count()
    }

    /// How many lobbies have handed over their players.
    pub(super) fn drains(&self) -> u64 {
        self.drains.count()
    }

    /// Whether a node has ended otherwise than it was made to.
    pub(super) fn is_fallen(&self, row: &Row) -> bool {
        let kills = self.kills.had.get(&row.name).copied().unwrap_or_default();
        let has_ended = row.ended.is_some() || row.state == State::Failed;
        row.restarts > kills || kills == 0 && has_ended
    }
}

impl Turns {
    const fn new(role: &'static str, after_ms: (u64, u64), random: Random) -> Self {
        Self {
            role,
            after_ms,
            random,
            at: None,
            had: BTreeMap::new(),
        }
    }

    /// Whose turn it is, if it is time.
    fn next(&mut self, rows: &[Row]) -> Option<String> {
        let is_one = |row: &&Row| row.roles.iter().any(|role| role == self.role);
        let nodes: Vec<&Row> = rows.iter().filter(is_one).collect();
        if nodes.iter().any(|node| node.state != State::Running) {
            self.at = None;
            return None;
        }
        let (least, most) = self.after_ms;
        let now = Instant::now();
        let at = match self.at {
            Some(at) => at,
            None => now + Duration::from_millis(least + self.random.below(most - least)),
        };
        self.at = (now < at).then_some(at);
        if now < at {
            return None;
        }
        let which = self.random.below(nodes.len() as u64) as usize;
        let name = nodes.get(which)?.name.clone();
        *self.had.entry(name.clone()).or_default() += 1;
        Some(name)
    }

    fn count(&self) -> u64 {
        self.had.values().map(|had| u64::from(*had)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, state: State, restarts: u32) -> Row {
        Row {
            name: name.to_owned(),
            roles: vec!["gate".to_owned()],
            listens: Vec::new(),
            process: None,
            state,
            uptime: Duration::ZERO,
            cpu: 0.0,
            memory: 0,
            restarts,
            ended: None,
        }
    }

    #[test]
    fn a_gate_is_killed_only_while_all_run() {
        let mut turns = Turns::new("gate", (0, 1), Random::stream(1, 1));
        let rows = |state| [row("one", State::Running, 0), row("other", state, 0)];
        assert_eq!(turns.next(&rows(State::Starting)), None);
        assert!(turns.next(&rows(State::Running)).is_some());
        assert_eq!(turns.next(&rows(State::Failed)), None);
        assert_eq!(turns.count(), 1);
    }

    #[test]
    fn who_ends_more_often_than_it_was_killed_has_fallen() {
        let mut havoc = Havoc::new(1);
        assert!(!havoc.is_fallen(&row("one", State::Running, 0)));
        assert!(havoc.is_fallen(&row("one", State::Running, 1)));
        havoc.kills.had.insert("one".to_owned(), 1);
        assert!(!havoc.is_fallen(&row("one", State::Failed, 0)));
        assert!(!havoc.is_fallen(&row("one", State::Running, 1)));
        assert!(havoc.is_fallen(&row("one", State::Running, 2)));
    }
}
