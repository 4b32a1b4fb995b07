//! `playhouse ctl restart`: a node stops gracefully, and its supervisor starts it again.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Place, Question, ask, read, refused};
use crate::Outcome;
use crate::arguments::Restart;
use crate::command::node::{Answer, Node, RESTART, STATUS};

/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub(super) fn run(place: &Place, options: &Restart) -> anyhow::Result<Outcome> {
    let name = options.node.as_str();
    let mut node = Node::connect(&options.at.at, &options.at.key)?;
    let question = |tag| Question {
        tag,
        args: &|w| w.array(0),
        deadline: options.at.deadline,
    };
    let before = match ask(&mut node, name, &question(STATUS))? {
        Answer::Text(text) => read(&text)?,
        Answer::Failed(failed) => return Ok(refused(place, name, &failed)),
    };
    if let Answer::Failed(failed) = ask(&mut node, name, &question(RESTART))? {
        return Ok(refused(place, name, &failed));
    }
    drop(node);
    let _progress = place.terminal.progress(format!("waiting for {name}"));
    let until = Instant::now() + options.timeout;
    while Instant::now() < until {
        thread::sleep(LOOK_EVERY);
        if let Some(now) = status(options, &question(STATUS))
            && now["life"] != before["life"]
            && now["state"] == "running"
        {
            place.terminal.say(&format!("{name} is back\n"));
            return Ok(Outcome::Fine);
        }
    }
    place.terminal.fail(&format!(
        "{name} has stopped, or still does, and was not back within {:?}",
        options.timeout
    ));
    place.terminal.say(
        "  help: does a supervisor start it again (arena up, systemd with Restart=always)? its log says how it stopped\n",
    );
    Ok(Outcome::Problems)
}

/// The node as it is, if it can be asked.
fn status(options: &Restart, question: &Question<'_>) -> Option<Value> {
    let mut node = Node::connect(&options.at.at, &options.at.key).ok()?;
    match ask(&mut node, &options.node, question).ok()? {
        Answer::Text(text) => read(&text).ok(),
        Answer::Failed(_) => None,
    }
}
