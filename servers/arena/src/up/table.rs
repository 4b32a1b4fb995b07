//! The table of nodes: drawn anew in a terminal, told line by line where something changed elsewhere.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stdout};
use std::time::Duration;

use serde::Serialize;

use super::drawing::Drawing;
use super::supervisor::{Row, State};

/// Shows how the nodes are.
#[derive(Debug)]
pub(super) struct Table {
    form: Form,
    drawing: Drawing,
    known: BTreeMap<String, (State, Option<u32>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Drawn,
    Lines,
    Json,
}

/// A node as JSON has it.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    name: &'a str,
    roles: &'a [String],
    listens: &'a [String],
    process: Option<u32>,
    state: &'static str,
    uptime_s: u64,
    cpu: f64,
    memory_bytes: u64,
    restarts: u32,
    ended: Option<&'a str>,
}

impl Table {
    pub(super) fn new(json: bool) -> Self {
        let is_terminal =
            stdout().is_terminal() && std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        Self {
            form: match (json, is_terminal) {
                (true, _) => Form::Json,
                (false, true) => Form::Drawn,
                (false, false) => Form::Lines,
            },
            drawing: Drawing::default(),
            known: BTreeMap::new(),
        }
    }

    /// Shows the nodes as they are now.
    pub(super) fn show(&mut self, rows: &[Row]) {
        let states = rows.iter().map(|row| {
            let state = (row.state.clone(), row.process);
            (row.name.clone(), state)
        });
        let states: BTreeMap<_, _> = states.collect();
        let text = match self.form {
            Form::Drawn => self.drawing.over(&lines(rows)),
            Form::Json if states != self.known => json(rows),
            Form::Lines => {
                let changed = rows.iter().filter(|row| {
                    self.known.get(&row.name) != Some(&(row.state.clone(), row.process))
                });
                changed.map(|row| plain(row) + "\n").collect()
            }
            Form::Json => String::new(),
        };
        self.known = states;
        let mut out = stdout().lock();
        // A reader that left is no reason to stop a cluster.
        let _closed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

const fn word(state: &State) -> &'static str {
    match state {
        State::Stopped => "stopped",
        State::Starting => "starting",
        State::Running => "running",
        State::Stopping => "stopping",
        State::Failed => "failed",
    }
}

/// The nodes as lines of a table, with the colours of a terminal.
#[must_use]
pub fn lines(rows: &[Row]) -> Vec<String> {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(4);
    let width = width.max(4);
    let mut lines = vec![format!(
        "\x1b[2m  {:width$}  {:10} {:>8} {:>8} {:>7} {:>9}  {:21} roles\x1b[0m",
        "node", "state", "process", "up", "cpu", "memory", "listens"
    )];
    for row in rows {
        let colour = match row.state {
            State::Running => "\x1b[32m",
            State::Failed => "\x1b[31m",
            State::Starting | State::Stopping => "\x1b[33m",
            State::Stopped => "\x1b[2m",
        };
        let process = row
            .process
            .map_or_else(|| "-".to_owned(), |id| id.to_string());
        let mut line = format!(
            "  {:width$}  {colour}{:10}\x1b[0m {process:>8} {:>8} {:>6.0}% {:>9}  {:21} {}",
            row.name,
            word(&row.state),
            time(row.uptime),
            row.cpu * 100.0,
            bytes(row.memory),
            row.listens.first().map_or("-", String::as_str),
            row.roles.join(" ")
        );
        if row.restarts > 0 {
            line += &format!("  \x1b[33mstarted again {} x\x1b[0m", row.restarts);
        }
        lines.push(line);
        if let (State::Failed | State::Stopped, Some(why)) = (&row.state, &row.ended) {
            lines.push(format!("  {:width$}  \x1b[31m{why}\x1b[0m", ""));
        }
    }
    lines
}

fn plain(row: &Row) -> String {
    let mut line = format!("{} {}", row.name, word(&row.state));
    match row.state {
        State::Starting => {
            if let Some(process) = row.process {
                line += &format!(" as process {process}");
            }
        }
        State::Running => line += &format!(" at {}", row.listens.join(", ")),
        State::Failed | State::Stopped => {
            if let Some(why) = &row.ended {
                line += &format!(": {why}");
            }
        }
        State::Stopping => {}
    }
    line
}

fn json(rows: &[Row]) -> String {
    let nodes: Vec<_> = rows
        .iter()
        .map(|row| Entry {
            name: &row.name,
            roles: &row.roles,
            listens: &row.listens,
            process: row.process,
            state: word(&row.state),
            uptime_s: row.uptime.as_secs(),
            cpu: row.cpu,
            memory_bytes: row.memory,
            restarts: row.restarts,
            ended: row.ended.as_deref(),
        })
        .collect();
    let line = serde_json::json!({ "nodes": nodes });
    format!("{line}\n")
}

/// A length of time in its largest unit and the next one.
fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 86_400, seconds / 3_600, seconds / 60) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m{:02}s", seconds % 60),
        (0, hours, minutes) => format!("{hours}h{:02}m", minutes % 60),
        (days, hours, _) => format!("{days}d{:02}h", hours % 24),
    }
}

fn bytes(bytes: u64) -> String {
    let mib = bytes as f64 / (1024.0 * 1024.0);
    match bytes {
        0 => "-".to_owned(),
        _ if mib < 1024.0 => format!("{mib:.0} MiB"),
        _ => format!("{:.1} GiB", mib / 1024.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_short() {
        let times = [0, 59, 61, 3_600, 90_061].map(|it| time(Duration::from_secs(it)));
        assert_eq!(times, ["0s", "59s", "1m01s", "1h00m", "1d01h"]);
        let sizes = [0, 1 << 20, 3 << 30].map(bytes);
        assert_eq!(sizes, ["-", "1 MiB", "3.0 GiB"]);
    }
}
