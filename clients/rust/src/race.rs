//! First contact: which of several addresses and transports is usable.

use std::rc::Rc;

use playhouse::{Failure, FailureKind};
use playhouse_net::link::CloseReason;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::engine::Engine;
use crate::line::{Line, Report};

/// The first usable link to any of these addresses: one address after another, and to each over all transports that the
/// race has for it.
///
/// Says which one it was.
pub(crate) async fn first_usable<'a>(
    engine: &Rc<Engine>,
    addresses: impl IntoIterator<Item = (usize, &'a str)>,
) -> Result<(usize, Line), Failure> {
    let mut losses = Losses::default();
    for (place, address) in addresses {
        match race(engine, address, &mut losses).await {
            Ok(Some(line)) => return Ok((place, line)),
            Ok(None) => {}
            Err(failure) => losses.add(address, failure.kind(), failure.text()),
        }
    }
    Err(losses.into_failure())
}

/// Dials one address. None if no link came of it.
async fn race(
    engine: &Rc<Engine>,
    address: &str,
    losses: &mut Losses,
) -> Result<Option<Line>, Failure> {
    let setup = engine.setup();
    let mut ways = setup.transports.ways(address, &setup.race)?.into_iter();
    let (sender, mut reports) = mpsc::unbounded_channel();
    let mut running: Vec<Line> = Vec::new();
    loop {
        let begins_next = ways.next();
        if let Some(way) = &begins_next {
            running.push(Line::dial(engine, way, sender.clone()));
        }
        if running.is_empty() {
            return Ok(None);
        }
        let report = if ways.len() > 0 {
            match timeout(setup.race.head_start, reports.recv()).await {
                Ok(report) => report,
                // The next one's turn.
                Err(_) => continue,
            }
        } else {
            reports.recv().await
        };
        match report {
            Some(Report::Usable(id)) => {
                let winner = running.iter().position(|line| line.id() == id);
                // The others are closed as they are dropped.
                return Ok(winner.map(|index| running.swap_remove(index)));
            }
            Some(Report::Over(id, reason)) => {
                if let Some(index) = running.iter().position(|line| line.id() == id) {
                    let line = running.swap_remove(index);
                    losses.add_link(line.link().address(), &reason);
                }
            }
            None => return Ok(None),
        }
    }
}

/// Why there is no link.
#[derive(Default)]
struct Losses(Vec<(Box<str>, FailureKind, Box<str>)>);

impl Losses {
    fn add(&mut self, address: &str, kind: FailureKind, why: &str) {
        self.0.push((address.into(), kind, why.into()));
    }

    fn add_link(&mut self, address: &str, reason: &CloseReason) {
        let failure = failure_of(reason);
        self.add(address, failure.kind(), failure.text());
    }

    /// Of many, the kind that says most: whoever was reached and sent the client away knows why.
    fn into_failure(self) -> Failure {
        let telling = self.0.iter().map(|(_, kind, _)| *kind);
        let kind = telling
            .clone()
            .find(|kind| *kind != FailureKind::Unreachable)
            .unwrap_or(FailureKind::Unreachable);
        let text = match &*self.0 {
            [] => "the client was given no address".to_owned(),
            [(_, _, why)] => why.to_string(),
            many => {
                let each = many
                    .iter()
                    .map(|(address, _, why)| format!("{address}: {why}"));
                each.collect::<Vec<_>>().join("; ")
            }
        };
        Failure::not_executed(kind).because(text)
    }
}

/// Why a call that needs this link was not made.
pub(crate) fn failure_of(reason: &CloseReason) -> Failure {
    Failure::not_executed(reason.failure_kind()).because(reason.to_string())
}
