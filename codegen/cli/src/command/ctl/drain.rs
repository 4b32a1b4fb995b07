//! `playhouse ctl drain`: a node hands over what it runs, and stops.

use std::thread;
use std::time::{Duration, Instant};

use playhouse_wire::message::FailureKind;
use serde_json::Value;

use super::{Place, Question, ask, read, refused};
use crate::Outcome;
use crate::arguments::Drain;
use crate::command::node::{Answer, DRAIN, Node, STATUS};

/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How often people are told how far it is.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// A node that was told to drain.
enum Left {
    /// Its status.
    Here(Value),
    /// It can't be asked just now.
    Silent,
    Gone,
}

pub(super) fn run(place: &Place, options: &Drain) -> anyhow::Result<Outcome> {
    let name = options.node.as_str();
    let terminal = place.terminal;
    let mut node = Node::connect(&options.at.at, &options.at.key)?;
    let itself = node.name == name;
    let question = |tag| Question {
        tag,
        args: &|w| w.array(0),
        deadline: options.at.deadline,
    };
    if let Answer::Failed(failed) = ask(&mut node, name, &question(DRAIN))? {
        return Ok(refused(place, name, &failed));
    }
    let mut node = Some(node);
    let until = Instant::now() + options.timeout;
    let mut tell = Instant::now() + TELL_EVERY;
    while Instant::now() < until {
        thread::sleep(LOOK_EVERY);
        match look(options, &question(STATUS), &mut node, itself) {
            Left::Gone => {
                terminal.say(&format!("{name} is drained and has stopped\n"));
                return Ok(Outcome::Fine);
            }
            Left::Here(status) if Instant::now() >= tell => {
                tell += TELL_EVERY;
                terminal.say(&format!(
                    "{name}: {} entities and {} sessions left\n",
                    status["entities"], status["sessions"]
                ));
            }
            Left::Here(_) | Left::Silent => {}
        }
    }
    terminal.fail(&format!(
        "{name} was not drained within {:?}",
        options.timeout
    ));
    terminal.say(
        "  help: it goes on; look at playhouse ctl nodes and into its log for what holds it up\n",
    );
    Ok(Outcome::Problems)
}

fn look(options: &Drain, question: &Question<'_>, node: &mut Option<Node>, itself: bool) -> Left {
    let asked = match node.take() {
        Some(node) => Ok(node),
        None => Node::connect(&options.at.at, &options.at.key),
    };
    let Ok(mut asked) = asked else {
        return if itself { Left::Gone } else { Left::Silent };
    };
    // Another node may have taken its address.
    if itself && asked.name != options.node {
        return Left::Gone;
    }
    match ask(&mut asked, &options.node, question) {
        Ok(Answer::Text(text)) => {
            *node = Some(asked);
            read(&text).map_or(Left::Silent, Left::Here)
        }
        Ok(Answer::Failed(failed)) => {
            *node = Some(asked);
            match failed.kind {
                FailureKind::NotFound => Left::Gone,
                _ => Left::Silent,
            }
        }
        Err(_) => Left::Silent,
    }
}
