//! `playhouse call`: one call of a running node, by name.

use std::io::Read as _;

use anyhow::{Context as _, bail};
use playhouse_wire::message::Executed;
use serde_json::{Value, json};

use super::Place;
use super::node::{Answer, CALL, Failed, Node};
use crate::{Outcome, arguments::Call};

pub(crate) fn run(place: &Place, options: &Call) -> anyhow::Result<Outcome> {
    let args = arguments(&options.arguments)?;
    let mut node = Node::connect(&options.address, &options.key)?;
    let answer = node.ask(CALL, options.deadline, |w| {
        w.array(2);
        w.str(&options.target);
        w.str(&args);
    })?;
    match answer {
        Answer::Failed(failed) => Ok(show_failed(place, options, &failed)),
        Answer::Text(text) => {
            let answer: Value = serde_json::from_str(&text)
                .context("the node speaks another version: use the tool of its version")?;
            show(place, options, &answer)
        }
    }
}

/// The arguments as JSON, looked at before anything is sent.
fn arguments(given: &str) -> anyhow::Result<String> {
    let mut text = given.to_owned();
    if given == "-" {
        text.clear();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("standard input can't be read")?;
    }
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(_) | Value::Array(_)) => Ok(text),
        Ok(_) => {
            bail!("arguments are an object by name or an array by position: '{{\"count\": 3}}'")
        }
        Err(error) => {
            Err(error).context("the arguments are no JSON: quote them, as in '{\"count\": 3}'")
        }
    }
}

fn show(place: &Place, options: &Call, answer: &Value) -> anyhow::Result<Outcome> {
    let terminal = place.terminal;
    if options.json {
        terminal.out(&format!("{answer}\n"));
    }
    if let Some(thrown) = answer.get("thrown") {
        if !options.json {
            terminal.fail(&format!("{} threw {thrown}", options.target));
        }
        return Ok(Outcome::Problems);
    }
    if !options.json {
        match answer.get("returned") {
            None | Some(Value::Null) => terminal.say("done\n"),
            Some(value) => terminal.out(&format!("{}\n", serde_json::to_string_pretty(value)?)),
        }
    }
    Ok(Outcome::Fine)
}

fn show_failed(place: &Place, options: &Call, failed: &Failed) -> Outcome {
    let terminal = place.terminal;
    if options.json {
        let failed = json!({"failed": {
            "kind": failed.name(),
            "executed": failed.executed(),
            "text": failed.text,
            "path": failed.path,
        }});
        terminal.out(&format!("{failed}\n"));
        return Outcome::Problems;
    }
    let mut words = format!("{}: {}", options.target, failed.name());
    for part in [&failed.text, &failed.path] {
        if !part.is_empty() {
            words += &format!(": {part}");
        }
    }
    words += match failed.executed {
        Executed::NotExecuted => " (not executed)",
        Executed::Unknown => " (may have been executed)",
    };
    terminal.fail(&words);
    terminal.say(&format!("  help: {}\n", failed.hint()));
    Outcome::Problems
}
