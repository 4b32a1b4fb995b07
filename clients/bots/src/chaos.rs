//! Trouble on purpose: streams that break at any byte, and sessions that move for no reason.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use playhouse_client::{Client, Random};
use tokio::time::sleep;

use crate::meter::{Count, Meter};

/// Fewest and most bytes, of both directions together, behind which a stream breaks.
const BREAKS_AFTER: (u64, u64) = (200, 6_000);
/// Least and most milliseconds between two moves of a session.
const MOVES_AFTER_MS: (u64, u64) = (300, 3_000);

/// What befalls one client, once it has a session: a guest is over with its link.
#[derive(Debug)]
pub(crate) struct Trouble {
    random: Random,
    has_begun: Cell<bool>,
}

impl Trouble {
    pub(crate) fn new(random: Random) -> Rc<Self> {
        Rc::new(Self {
            random,
            has_begun: Cell::new(false),
        })
    }

    /// Behind how many bytes the next stream breaks.
    pub(crate) fn breaks_after(&self) -> u64 {
        between(&self.random, BREAKS_AFTER)
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun.get()
    }

    /// Lets it begin, and moves the session of `client` from one address to another until it is over.
    pub(crate) fn begin(&self, client: &Client, addresses: &[String], meter: &Arc<Meter>) {
        if self.has_begun.replace(true) {
            return;
        }
        let (client, addresses) = (client.clone(), addresses.to_vec());
        let (random, meter) = (self.random.split(), Arc::clone(meter));
        tokio::task::spawn_local(async move {
            while !client.is_closed() {
                sleep(Duration::from_millis(between(&random, MOVES_AFTER_MS))).await;
                let to = random.below(addresses.len() as u64) as usize;
                if let Some(to) = addresses.get(to) {
                    // The link may break before the session is there: then it goes on elsewhere by itself.
                    if client.migrate(to).await.is_ok() {
                        meter.count(Count::Move);
                    }
                }
            }
        });
    }
}

fn between(random: &Random, (least, most): (u64, u64)) -> u64 {
    least + random.below(most - least)
}
