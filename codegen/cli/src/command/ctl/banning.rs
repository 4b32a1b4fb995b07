//! `playhouse ctl ban`, `unban` and `bans`: whom a node does not let in.

use playhouse_wire::Writer;
use serde_json::Value;

use super::{Place, Question, ask, read, refused};
use crate::Outcome;
use crate::arguments::{Ban, Bans, Unban};
use crate::command::node::{Answer, BAN, BANS, Node, UNBAN};

pub(super) fn ban(place: &Place, options: &Ban) -> anyhow::Result<Outcome> {
    // Less than a second is one: none would be for as long as the node runs.
    let seconds = options.time.map_or(0, |time| time.as_secs().max(1));
    let args = |w: &mut Writer| {
        w.array(2);
        w.str(&options.network);
        w.unsigned(seconds);
    };
    let mut node = Node::connect(&options.at.at, &options.at.key)?;
    let question = Question {
        tag: BAN,
        args: &args,
        deadline: options.at.deadline,
    };
    match ask(&mut node, &options.node, &question)? {
        Answer::Failed(failed) => Ok(refused(place, &options.node, &failed)),
        Answer::Text(_) => {
            let (node, network) = (&options.node, &options.network);
            place
                .terminal
                .say(&format!("{node} lets nobody in from {network}\n"));
            Ok(Outcome::Fine)
        }
    }
}

pub(super) fn unban(place: &Place, options: &Unban) -> anyhow::Result<Outcome> {
    let args = |w: &mut Writer| {
        w.array(1);
        w.str(&options.network);
    };
    let mut node = Node::connect(&options.at.at, &options.at.key)?;
    let question = Question {
        tag: UNBAN,
        args: &args,
        deadline: options.at.deadline,
    };
    let (node, network) = match ask(&mut node, &options.node, &question)? {
        Answer::Failed(failed) => return Ok(refused(place, &options.node, &failed)),
        Answer::Text(text) if read(&text)?["unbanned"] == Value::Bool(true) => {
            (&options.node, &options.network)
        }
        Answer::Text(_) => {
            let network = &options.network;
            place.terminal.fail(&format!(
                "{}: nobody has banned {network} by hand: `playhouse ctl bans` shows who is",
                options.node
            ));
            return Ok(Outcome::Problems);
        }
    };
    place
        .terminal
        .say(&format!("{node} lets {network} in again\n"));
    Ok(Outcome::Fine)
}

pub(super) fn bans(place: &Place, options: &Bans) -> anyhow::Result<Outcome> {
    let mut node = Node::connect(&options.at.at, &options.at.key)?;
    let question = Question {
        tag: BANS,
        args: &|w| w.array(0),
        deadline: options.at.deadline,
    };
    let text = match ask(&mut node, &options.node, &question)? {
        Answer::Failed(failed) => return Ok(refused(place, &options.node, &failed)),
        Answer::Text(text) => text,
    };
    if options.json {
        place.terminal.out(&format!("{text}\n"));
        return Ok(Outcome::Fine);
    }
    let answer = read(&text)?;
    let shown = answer["bans"].as_array().map_or(&[][..], Vec::as_slice);
    for ban in shown {
        let network = ban["network"].as_str().unwrap_or_default();
        let until = match (&ban["seconds_left"], &ban["of_file"]) {
            (_, Value::Bool(true)) => "by the file".to_owned(),
            (Value::Null, _) => "until the node stops".to_owned(),
            (seconds, _) => format!("for {seconds} s more"),
        };
        place.terminal.out(&format!("{network}  {until}\n"));
    }
    let count = answer["count"].as_u64().unwrap_or_default();
    if count > shown.len() as u64 {
        place.terminal.say(&format!("{count} in all\n"));
    }
    Ok(Outcome::Fine)
}
