//! `playhouse describe`: what a running node is and what can be called on it.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::Place;
use super::node::{Answer, DESCRIBE, Node};
use crate::{Outcome, arguments::Describe, terminal::Terminal};

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";

pub(crate) fn run(place: &Place, options: &Describe) -> anyhow::Result<Outcome> {
    let mut node = Node::connect(&options.address, &options.key)?;
    let text = match node.ask(DESCRIBE, options.deadline, |w| w.array(0))? {
        Answer::Text(text) => text,
        Answer::Failed(failed) => bail!(
            "{} describes nothing: {} {} ({})",
            node.name,
            failed.name(),
            failed.text,
            failed.hint()
        ),
    };
    show(place, &text, options.json, options.all)
}

/// Shows what a node said of itself.
pub(super) fn show(place: &Place, text: &str, json: bool, all: bool) -> anyhow::Result<Outcome> {
    let about: Value = serde_json::from_str(text)
        .context("the node speaks another version: use the tool of its version")?;
    if json {
        place.terminal.out(&format!("{about}\n"));
        return Ok(Outcome::Fine);
    }
    place.terminal.out(&shown(place.terminal, &about, all));
    Ok(Outcome::Fine)
}

/// The description for people: the node, then each package with what can be called.
fn shown(terminal: Terminal, about: &Value, all: bool) -> String {
    let bold = |text: &str| terminal.paint_out(BOLD, text);
    let node = &about["node"];
    let roles: Vec<&str> = list(&node["roles"])
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut out = format!(
        "{} (playhouse {})\n  roles   {}\n  shards  {}\n  schema  {}\n",
        bold(text(&node["name"])),
        text(&node["version"]),
        if roles.is_empty() {
            "none".to_owned()
        } else {
            roles.join(", ")
        },
        node["shards"],
        text(&node["digest"]),
    );
    let packages = list(&about["packages"]);
    for package in packages {
        let mut part = String::new();
        for service in shown_of(package, "services", all) {
            let _ = write!(part, "\n  service {}", bold(text(&service["name"])));
            place(terminal, &mut part, service);
            calls(terminal, &mut part, "    ", &service["calls"]);
        }
        for entity in shown_of(package, "entities", all) {
            let name = bold(text(&entity["name"]));
            let _ = write!(part, "\n  entity {name}: {}", text(&entity["kind"]));
            place(terminal, &mut part, entity);
            calls(terminal, &mut part, "    ", &entity["calls"]);
            for slot in list(&entity["slots"]) {
                let _ = writeln!(
                    part,
                    "    .{}: {}",
                    text(&slot["name"]),
                    text(&slot["component"])
                );
                if let Some(component) = component(packages, slot) {
                    calls(terminal, &mut part, "      ", &component["calls"]);
                }
            }
        }
        if !part.is_empty() {
            let _ = write!(out, "\npackage {}{part}", text(&package["name"]));
        }
    }
    out
}

/// Services or entities of a package: those that the node runs, or all of them.
fn shown_of<'a>(package: &'a Value, what: &str, all: bool) -> impl Iterator<Item = &'a Value> {
    let declared = list(&package[what]).iter();
    declared.filter(move |it| all || it["running"] == Value::Bool(true))
}

/// The role, and whether it runs here.
fn place(terminal: Terminal, out: &mut String, it: &Value) {
    let role = it["role"].as_str();
    let here = it["running"] == Value::Bool(true);
    let words = match (role, here) {
        (Some(role), true) => format!(" on {role}"),
        (Some(role), false) => format!(" on {role}, not on this node"),
        (None, _) => String::new(),
    };
    let _ = writeln!(out, "{}", terminal.paint_out(DIM, &words));
}

/// Calls that can be made, with the first line of their docs.
fn calls(terminal: Terminal, out: &mut String, indent: &str, calls: &Value) {
    for call in list(calls) {
        if !matches!(call["kind"].as_str(), Some("rpc" | "oneway")) {
            continue;
        }
        let docs = call["docs"].as_str().and_then(|docs| docs.lines().next());
        let docs = docs.map_or_else(String::new, |docs| format!("  /// {docs}"));
        let docs = terminal.paint_out(DIM, &docs);
        let _ = writeln!(out, "{indent}{}{docs}", text(&call["signature"]));
    }
}

fn component<'a>(packages: &'a [Value], slot: &Value) -> Option<&'a Value> {
    let package = packages.iter().find(|it| it["name"] == slot["package"])?;
    let mut components = list(&package["components"]).iter();
    components.find(|it| it["name"] == slot["component"])
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
