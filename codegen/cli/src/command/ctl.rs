//! `playhouse ctl`: looks after the nodes of a cluster, through any one of them.

mod banning;
mod drain;
mod nodes;
mod restart;

use std::time::Duration;

use anyhow::{Context as _, bail};
use playhouse_wire::Writer;
use serde_json::Value;

use super::Place;
use super::describe;
use super::node::{AT, Answer, DESCRIBE, Failed, LOG_LEVELS, Node};
use crate::Outcome;
use crate::arguments::{Ctl, DescribeNode, LogLevel, What};

pub(crate) fn run(place: &Place, options: &Ctl) -> anyhow::Result<Outcome> {
    match &options.what {
        What::Nodes(options) => nodes::run(place, options),
        What::Drain(options) => drain::run(place, options),
        What::Restart(options) => restart::run(place, options),
        What::LogLevel(options) => log_level(place, options),
        What::Describe(options) => describe_node(place, options),
        What::Ban(options) => banning::ban(place, options),
        What::Unban(options) => banning::unban(place, options),
        What::Bans(options) => banning::bans(place, options),
    }
}

/// What a node was asked.
struct Question<'a> {
    tag: u8,
    args: &'a dyn Fn(&mut Writer),
    deadline: Duration,
}

/// Asks the node of this name, through the one that is connected.
fn ask(node: &mut Node, name: &str, question: &Question<'_>) -> anyhow::Result<Answer> {
    let Question {
        tag,
        args,
        deadline,
    } = *question;
    if node.name == name {
        return node.ask(tag, deadline, args);
    }
    let mut inner = Writer::new();
    args(&mut inner);
    node.ask(AT, deadline, |w| {
        w.array(3);
        w.str(name);
        w.unsigned(tag.into());
        w.bin(inner.as_bytes());
    })
}

fn read(text: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text)
        .context("the node speaks another version: use the tool of its version")
}

/// Says why a node did not do it.
fn refused(place: &Place, what: &str, failed: &Failed) -> Outcome {
    let terminal = place.terminal;
    let text = &failed.text;
    terminal.fail(&format!("{what}: {}: {text}", failed.name()));
    terminal.say(&format!("  help: {}\n", failed.hint()));
    Outcome::Problems
}

fn log_level(place: &Place, options: &LogLevel) -> anyhow::Result<Outcome> {
    let mut node = Node::connect(&options.at.at, &options.at.key)?;
    let levels = options.levels.as_deref().unwrap_or_default();
    // Less than a second is one: none would be for good.
    let seconds = options.time.map_or(0, |time| time.as_secs().max(1));
    let args = |w: &mut Writer| {
        w.array(2);
        w.str(levels);
        w.unsigned(seconds);
    };
    let question = Question {
        tag: LOG_LEVELS,
        args: &args,
        deadline: options.at.deadline,
    };
    match ask(&mut node, &options.node, &question)? {
        Answer::Failed(failed) => Ok(refused(place, &options.node, &failed)),
        Answer::Text(text) if options.json => {
            place.terminal.out(&format!("{text}\n"));
            Ok(Outcome::Fine)
        }
        Answer::Text(text) => {
            let answer = read(&text)?;
            let Some(levels) = answer["levels"].as_str() else {
                bail!("the node speaks another version: use the tool of its version");
            };
            place.terminal.out(&format!("{levels}\n"));
            Ok(Outcome::Fine)
        }
    }
}

fn describe_node(place: &Place, options: &DescribeNode) -> anyhow::Result<Outcome> {
    let mut node = Node::connect(&options.at.at, &options.at.key)?;
    let question = Question {
        tag: DESCRIBE,
        args: &|w| w.array(0),
        deadline: options.at.deadline,
    };
    match ask(&mut node, &options.node, &question)? {
        Answer::Failed(failed) => Ok(refused(place, &options.node, &failed)),
        Answer::Text(text) => describe::show(place, &text, options.json, options.all),
    }
}
