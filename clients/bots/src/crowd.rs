//! Many bots on one thread, and what must hold over all of them at the end.

use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use playhouse_client::{Network, PublicKey, Scheme, kcp};
use tokio::sync::Mutex;
use tokio::task::{JoinHandle, spawn_local};

use crate::bot::{Bot, BotOptions, ZONE_BOTS};
use crate::common::ItemId;
use crate::meter::{Gauge, Meter};

/// A crowd of bots.
#[derive(Clone)]
pub struct CrowdOptions {
    /// How many.
    pub bots: u32,
    /// Decides all that they do.
    pub seed: u64,
    /// Where they connect: the first of them at the first of these, the next at the next. There is at least one.
    pub addresses: Vec<String>,
    /// Over what, by what stands in front of addresses; KCP stands below.
    pub networks: Vec<(Scheme, Rc<dyn Network>)>,
    /// Over KCP, too, if it is said how.
    pub kcp: Option<kcp::Options>,
    /// The key of the servers that they talk to, encrypted, and to no others; they play plainly without one. TLS says by
    /// itself whom it trusts.
    pub server_key: Option<PublicKey>,
    /// Where they log in over HTTP, `host:port`; over their links if nowhere.
    pub login_http: Option<String>,
    /// Whether links break at any byte and sessions move from address to address all the time.
    pub chaos: bool,
}

/// Plays with all bots until `stop` is ready, has each finish what it does, and checks that nothing was lost or doubled.
///
/// Everything goes into `meter`; a bot that can't log in is a failed expectation. Runs inside of a tokio `LocalSet`.
pub async fn play(options: CrowdOptions, meter: Arc<Meter>, stop: impl Future<Output = ()>) {
    let bots = join(&options, &meter).await;
    let online: Vec<_> = bots.iter().map(|_| meter.gauge(Gauge::Online)).collect();
    let playing = bots.values().map(|bot| {
        let bot = Rc::clone(bot);
        // Partners share a zone: whoever has none there plays alone.
        let partner = bots.get(&(bot.options.index ^ 1)).cloned();
        spawn_local(async move { bot.play(partner.as_ref()).await })
    });
    let playing: Vec<_> = playing.collect();
    stop.await;
    for bot in bots.values() {
        bot.stop();
    }
    all(playing, &meter).await;

    let audits = bots.values().map(|bot| {
        let bot = Rc::clone(bot);
        spawn_local(async move { bot.audit().await })
    });
    let audits: Vec<_> = audits.collect();
    all(audits, &meter).await;
    check_items(&bots, &meter);
    if options.chaos {
        let resumes = meter.read().resumes;
        meter.expect(bots.is_empty() || resumes > 0, || {
            "expected sessions that go on over other links, came: none".to_owned()
        });
    }
    for bot in bots.values() {
        bot.client.close();
    }
    drop(online);
}

async fn join(options: &CrowdOptions, meter: &Arc<Meter>) -> BTreeMap<u32, Rc<Bot>> {
    const { assert!(ZONE_BOTS.is_multiple_of(2), "partners share a zone") };
    let mut pair = Rc::new(Mutex::new(()));
    let mut joining = Vec::new();
    for index in 0..options.bots {
        if index % 2 == 0 {
            pair = Rc::new(Mutex::new(()));
        }
        let options = BotOptions {
            index,
            crowd: options.clone(),
        };
        let bot = Bot::join(options, Arc::clone(meter), Rc::clone(&pair));
        joining.push((index, spawn_local(bot)));
    }
    let mut bots = BTreeMap::new();
    for (index, bot) in joining {
        match bot.await {
            Ok(Ok(bot)) => {
                bots.insert(index, bot);
            }
            Ok(Err(why)) => {
                meter.expect(false, || format!("expected to join, came: {why}"));
            }
            Err(panicked) => {
                meter.expect(false, || format!("bot {index}: {panicked}"));
            }
        }
    }
    bots
}

async fn all(tasks: Vec<JoinHandle<()>>, meter: &Meter) {
    for task in tasks {
        let ended = task.await;
        meter.expect(ended.is_ok(), || {
            format!("a bot stopped working: {ended:?}")
        });
    }
}

/// Trades only move items: all bags together hold what the rules gave.
fn check_items(bots: &BTreeMap<u32, Rc<Bot>>, meter: &Meter) {
    let mut given = BTreeMap::<ItemId, u64>::new();
    let mut held = BTreeMap::<ItemId, u64>::new();
    for bot in bots.values() {
        for (&item, &count) in &bot.ledger.borrow().items {
            *given.entry(item).or_default() += count;
        }
        bot.mirror.with(|known| {
            for stack in known.bag.values() {
                *held.entry(stack.item).or_default() += u64::from(stack.count);
            }
        });
    }
    meter.expect(given == held, || {
        format!("expected all items that were given, {given:?}, to be in the bags, came: {held:?}")
    });
}

impl CrowdOptions {
    /// All addresses, from that of the bot of this index on.
    pub(crate) fn ways(&self, index: u32) -> Vec<String> {
        let mut ways = self.addresses.clone();
        let count = ways.len().max(1);
        ways.rotate_left(index as usize % count);
        ways
    }
}

impl std::fmt::Debug for CrowdOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} bots at {}, seed {}",
            self.bots,
            self.addresses.join(", "),
            self.seed
        )
    }
}
