//! `playhouse ctl nodes`: all nodes, and how they are.

use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use anyhow::bail;
use serde_json::Value;

use super::{Place, read, refused};
use crate::Outcome;
use crate::arguments::Nodes;
use crate::command::node::{Answer, NODES, Node};

/// How long a table stands before the next.
const WATCH_EVERY: Duration = Duration::from_secs(2);

const COLUMNS: [&str; 10] = [
    "NODE", "STATE", "ROLES", "ADDRESS", "UP", "ENTITIES", "SESSIONS", "CLIENTS", "LOAD", "RELEASE",
];

pub(super) fn run(place: &Place, options: &Nodes) -> anyhow::Result<Outcome> {
    let mut node = Some(Node::connect(&options.at.at, &options.at.key)?);
    loop {
        match look(place, options, &mut node) {
            Ok(Outcome::Problems) => return Ok(Outcome::Problems),
            Ok(Outcome::Fine) if !options.watch => return Ok(Outcome::Fine),
            Ok(Outcome::Fine) => {}
            // Whoever watches wants to see the node come back.
            Err(error) if options.watch => place.terminal.fail(&format!("{error:#}")),
            Err(error) => return Err(error),
        }
        thread::sleep(WATCH_EVERY);
    }
}

fn look(place: &Place, options: &Nodes, node: &mut Option<Node>) -> anyhow::Result<Outcome> {
    // A link that broke is not used again.
    let mut asked = match node.take() {
        Some(node) => node,
        None => Node::connect(&options.at.at, &options.at.key)?,
    };
    let text = match asked.ask(NODES, options.at.deadline, |w| w.array(0))? {
        Answer::Text(text) => text,
        Answer::Failed(failed) => return Ok(refused(place, &asked.name, &failed)),
    };
    *node = Some(asked);
    let terminal = place.terminal;
    if options.json {
        terminal.out(&format!("{text}\n"));
    } else {
        let nodes = read(&text)?;
        if options.watch {
            terminal.clear_out();
        }
        terminal.out(&table(&nodes)?);
        if let Some(since) = nodes["away_seconds"].as_f64() {
            terminal.say(&format!(
                "discovery has not answered for {since:.0} s: this is what it said last\n"
            ));
        }
    }
    Ok(Outcome::Fine)
}

fn table(answer: &Value) -> anyhow::Result<String> {
    let Some(nodes) = answer["nodes"].as_array() else {
        bail!("the node speaks another version: use the tool of its version");
    };
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    rows.extend(nodes.iter().map(row));
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(|column| {
        let lengths = rows.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or(0)
    });
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    for node in nodes {
        for reason in node["reasons"].as_array().into_iter().flatten() {
            let _ = writeln!(out, "{}: {}", text(&node["node"]), text(reason));
        }
    }
    Ok(out)
}

fn row(node: &Value) -> [String; COLUMNS.len()] {
    let roles: Vec<String> = node["roles"]
        .as_array()
        .into_iter()
        .flatten()
        .map(text)
        .collect();
    let state = match node["ready"].as_bool() {
        Some(false) if node["state"] == "running" => "not ready".to_owned(),
        _ => text(&node["state"]),
    };
    let load = node["load"].as_f64();
    [
        text(&node["node"]),
        state,
        roles.join(","),
        text(&node["address"]),
        node["uptime_seconds"]
            .as_f64()
            .map_or_else(|| "-".to_owned(), uptime),
        text(&node["entities"]),
        text(&node["sessions"]),
        text(&node["clients"]),
        load.map_or_else(|| "-".to_owned(), |load| format!("{load:.0}")),
        text(&node["release"]),
    ]
}

/// A text or a number; what came from a node does nothing to the terminal.
fn text(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    text.chars().filter(|letter| !letter.is_control()).collect()
}

/// `12 s`, `3 min`, `5 h`, `2 d`.
fn uptime(seconds: f64) -> String {
    let units = [("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)];
    for (unit, length) in units {
        if seconds >= length {
            return format!("{:.0} {unit}", (seconds / length).floor());
        }
    }
    format!("{:.0} s", seconds.floor())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_stand_below_their_heads() {
        let answer = json!({"nodes": [{
            "node": "lobby-1\u{1b}[31m", "state": "running", "ready": false, "reasons": ["the store does not answer"],
            "roles": ["lobby", "stub"], "address": "127.0.0.1:7000", "uptime_seconds": 61.5,
            "entities": 3, "sessions": 0, "clients": 54, "load": 12.4, "release": 2,
        }]});
        let text = table(&answer).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(
            lines[1].starts_with("lobby-1[31m  not ready  lobby,stub"),
            "{text}"
        );
        // The address has these digits, too.
        assert_eq!(lines[0].find("LOAD"), lines[1].rfind("12"), "{text}");
        assert_eq!(lines[0].find("CLIENTS"), lines[1].rfind("54"), "{text}");
        assert!(lines[1].contains("1 min"), "{text}");
        assert_eq!(lines[2], "lobby-1[31m: the store does not answer");
    }
}
