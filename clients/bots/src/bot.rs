//! One bot: it logs in as a guest, lives in the lobby, and goes into battle when there is one.

mod deal;
mod fight;
mod talk;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use playhouse_client::kcp::Kcp;
use playhouse_client::math::Vec2;
use playhouse_client::{Client, Failure, FailureKind, Random, Scheme, State, Uuid};
use tokio::time::{Instant, sleep_until};

use crate::SCHEMA;
use crate::account::{ClientInfo, Login};
use crate::chaos::Trouble;
use crate::common::{AccountId, Currency, ItemId, Name, Region};
use crate::crowd::CrowdOptions;
use crate::http;
use crate::match_making::MatchSeatAcceptArgs;
use crate::meter::{Count, Meter};
use crate::mirror::Mirror;
use crate::wire::Wires;
use crate::world::{Avatar, AvatarProxy, ZoneId};

/// How long a bot waits for what should come at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long if links break and gates are killed meanwhile: a while longer than sessions take to find another.
const PATIENCE_IN_CHAOS: Duration = Duration::from_secs(30);
/// Sets the chances of chaos apart from those of the bots themselves.
const CHAOS: u64 = 0xc4a0_5000_0000_0000;
/// Zones over which bots spread.
const ZONES: u32 = 16;
/// Bots that share a zone.
pub(crate) const ZONE_BOTS: u32 = 10;

/// What a bot is made with.
#[derive(Debug, Clone)]
pub struct BotOptions {
    /// Which of the crowd.
    pub index: u32,
    /// The crowd.
    pub crowd: CrowdOptions,
}

/// One bot.
pub struct Bot {
    pub(crate) options: BotOptions,
    pub(crate) account: AccountId,
    pub(crate) name: String,
    pub(crate) client: Client,
    pub(crate) mirror: Rc<Mirror>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) random: Random,
    /// Held while bags change, so that nobody else changes them: the same one for both partners.
    pub(crate) pair: Rc<tokio::sync::Mutex<()>>,
    pub(crate) ledger: RefCell<Ledger>,
    pub(crate) stopping: Cell<bool>,
    paces: RefCell<BTreeMap<&'static str, Instant>>,
    said: Cell<u32>,
}

/// What the rules gave a bot and took from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Gold that it began with.
    pub began: i64,
    /// Gold from battles and quests.
    pub earned: i64,
    /// Gold for the shop.
    pub spent: i64,
    /// Gold for fees.
    pub fees: i64,
    /// Items that it began with or bought.
    pub items: BTreeMap<ItemId, u64>,
}

impl Bot {
    /// Logs in, opens a session, takes a name and goes to its zone.
    ///
    /// # Errors
    ///
    /// What the server refused; it was counted as a failed expectation.
    pub async fn join(
        options: BotOptions,
        meter: Arc<Meter>,
        pair: Rc<tokio::sync::Mutex<()>>,
    ) -> Result<Rc<Self>, String> {
        let random = Random::stream(options.crowd.seed, u64::from(options.index));
        let name = format!("bot {}", options.index);
        let client = connect(&options, &options.crowd.ways(options.index), None, &meter).await?;
        let mirror = Mirror::of(&client, &meter);

        let mut installation = [0; 16];
        for (place, part) in installation.chunks_exact_mut(8).enumerate() {
            let half = options
                .crowd
                .seed
                .wrapping_mul(31)
                .wrapping_add(place as u64);
            part.copy_from_slice(&(half ^ u64::from(options.index) << 32).to_le_bytes());
        }
        let info = ClientInfo {
            version: "1.0.0".to_owned(),
            region: Region::Europe,
            language: "en".to_owned(),
        };
        let installation = Uuid(installation);
        let granted = match &options.crowd.login_http {
            Some(at) => timed(&meter, http::enter_as_guest(at, installation, &info)).await,
            None => {
                let login = client.service::<Login>();
                let grant = timed(&meter, login.enter_as_guest(installation, info)).await;
                let granted = grant.map(|grant| (grant.account, grant.token.0.0));
                granted.map_err(|error| error.to_string())
            }
        };
        let (account, pass) = granted.map_err(|error| format!("{name}: login: {error}"))?;
        let opened = client.open(&pass).await;
        let bound = opened.map_err(|failure| format!("{name}: open: {failure}"))?;
        let expected = Avatar::reference(account);
        meter.expect(bound == *expected.address(), || {
            format!("{name}: bound to {bound:?} instead of its avatar")
        });

        let bot = Rc::new(Self {
            account,
            said: Cell::new(0),
            paces: RefCell::default(),
            stopping: Cell::new(false),
            ledger: RefCell::default(),
            options,
            name,
            client,
            mirror,
            meter,
            random,
            pair,
        });
        bot.settle_in().await?;
        Ok(bot)
    }

    async fn settle_in(self: &Rc<Self>) -> Result<(), String> {
        let bot = Rc::downgrade(self);
        self.client.answer(move |_: MatchSeatAcceptArgs| {
            // One in twenty offers is let pass, so that both ways are walked.
            let accepts = bot
                .upgrade()
                .is_some_and(|bot| !bot.stopping.get() && bot.random.below(20) > 0);
            async move { accepts }
        });
        let said = |error: &dyn Display| format!("{}: settling in: {error}", self.name);
        let avatar = self.avatar();
        let zone = ZoneId(1 + self.options.index / ZONE_BOTS % (ZONES - 1));
        self.pace("travel", 1).await;
        timed(&self.meter, avatar.transform().travel(zone))
            .await
            .map_err(|error| said(&error))?;
        let name = Name(self.name.clone());
        timed(&self.meter, avatar.rename(name))
            .await
            .map_err(|error| said(&error))?;

        let bag = timed(&self.meter, avatar.bag().contents())
            .await
            .map_err(|error| said(&error))?;
        let coins = timed(&self.meter, avatar.wallet().balance())
            .await
            .map_err(|error| said(&error))?;
        let gold = coins
            .get(&Currency::Gold)
            .map_or(0, |coins| coins.0.cast_signed());
        let mut ledger = self.ledger.borrow_mut();
        ledger.began = gold;
        for stack in bag.values() {
            *ledger.items.entry(stack.item).or_default() += u64::from(stack.count);
        }
        self.mirror.with(|known| {
            known.bag = bag;
            known.gold = gold;
        });
        Ok(())
    }

    /// Plays until it is stopped: talks, deals and fights as chance has it. Some things take a partner in the same zone.
    pub async fn play(self: &Rc<Self>, partner: Option<&Rc<Self>>) {
        while !self.stopping.get() && !self.client.is_closed() {
            match (self.random.below(10), partner) {
                (0..=2, Some(partner)) => self.talk(partner).await,
                (3..=4, Some(partner)) => self.trade(partner).await,
                (5, _) => self.buy().await,
                (6, _) => self.quest().await,
                (7, Some(partner)) => self.look(partner).await,
                (8, _) => self.fight().await,
                _ => self.stroll(),
            }
            let pause = Duration::from_millis(20 + self.random.below(180));
            sleep_until(Instant::now() + pause).await;
        }
        let alive = !self.client.is_closed();
        self.expect(alive, "a session that stays", || {
            format!("{:?}", self.client.session_end())
        });
    }

    /// Ends what it does, as soon as that is over.
    pub fn stop(&self) {
        self.stopping.set(true);
        // Whoever waits looks again.
        self.mirror.with(|_| ());
    }

    /// Compares what the server has with what the bot was told, and with what the rules gave it.
    pub async fn audit(&self) {
        let avatar = self.avatar();
        self.pace("contents", 1).await;
        let bag = timed(&self.meter, avatar.bag().contents()).await;
        let told = self.mirror.with(|known| known.bag.clone());
        self.expect(
            bag.as_ref() == Ok(&told),
            "the bag that events told of",
            || format!("{bag:?}, told {told:?}"),
        );
        let coins = timed(&self.meter, avatar.wallet().balance()).await;
        let ledger = self.ledger.borrow().clone();
        let should_be = ledger.began + ledger.earned - ledger.spent - ledger.fees;
        let held = coins.map(|coins| {
            coins
                .get(&Currency::Gold)
                .map_or(0, |coins| coins.0.cast_signed())
        });
        self.expect(
            held.as_ref() == Ok(&should_be),
            "the gold of the ledger",
            || format!("{held:?}, but {should_be} by {ledger:?}"),
        );
        let told = self.mirror.gold();
        self.expect(
            held.as_ref() == Ok(&told),
            "the gold that events told of",
            || format!("{held:?}, told {told}"),
        );
    }

    /// A few steps, near enough to trade.
    fn stroll(&self) {
        let step = |random: &Random| (random.below(100) as f32 - 50.0) / 100.0;
        let pos = Vec2 {
            x: step(&self.random),
            y: step(&self.random),
        };
        let facing = self.random.below(360) as f32;
        let walked = self.avatar().transform().walk(pos, facing);
        self.sent("walk", walked);
    }

    /// How long it waits for what should come at once.
    pub(crate) const fn patience(&self) -> Duration {
        match self.options.crowd.chaos {
            true => PATIENCE_IN_CHAOS,
            false => PATIENCE,
        }
    }

    pub(crate) fn avatar(&self) -> AvatarProxy {
        let avatar = self.client.entity::<Avatar>();
        match self.options.crowd.chaos {
            // A deadline does not wait for another link, and what it cut off may have happened or not.
            true => avatar.deadline(self.patience()),
            false => avatar,
        }
    }

    /// A line that nobody else says.
    pub(crate) fn line(&self, what: &str) -> String {
        let number = self.said.replace(self.said.get() + 1);
        format!("{}: {what} {number}", self.name)
    }

    /// Waits until a call may be made again that is allowed so often a second.
    pub(crate) async fn pace(&self, call: &'static str, every_seconds: u64) {
        let now = Instant::now();
        let at = self
            .paces
            .borrow()
            .get(call)
            .copied()
            .unwrap_or(now)
            .max(now);
        let next = at + Duration::from_millis(every_seconds * 1050);
        self.paces.borrow_mut().insert(call, next);
        sleep_until(at).await;
    }

    /// Counts whether something is as it should be.
    pub(crate) fn expect(&self, met: bool, what: &str, came: impl FnOnce() -> String) -> bool {
        self.meter.expect(met, || {
            format!("{}: expected {what}, came: {}", self.name, came())
        })
    }

    /// A oneway was sent, or should have been.
    pub(crate) fn sent(&self, what: &str, sent: Result<(), Failure>) {
        self.meter.count(Count::Oneway);
        self.expect(sent.is_ok(), what, || format!("{sent:?}"));
    }
}

/// A link to the first of `addresses` that is there, for one bot, on which a session will be opened: it goes on over any of
/// them, and moves among them if there is to be chaos. Whoever has a ticket is encrypted under its key, too, if at all.
pub(crate) async fn connect(
    options: &BotOptions,
    addresses: &[String],
    ticket: Option<&[u8]>,
    meter: &Arc<Meter>,
) -> Result<Client, String> {
    let name = format!("bot {}", options.index);
    let crowd = &options.crowd;
    let trouble = crowd.chaos.then(|| {
        // Another stream than that of the bot's own choices.
        Trouble::new(Random::stream(crowd.seed ^ CHAOS, options.index.into()).split())
    });
    let failed = |failure: Failure| format!("{name}: {}: {failure}", addresses.join(", "));
    let mut builder = Client::builder(&SCHEMA).name(&name);
    if let Some(key) = crowd.server_key {
        builder = builder.server_key(key);
        if let Some(ticket) = ticket {
            builder = builder.ticket(ticket);
        }
    }
    let mut networks = crowd.networks.clone();
    if let Some(options) = crowd.kcp {
        let kcp = Kcp::new(options, builder.trust().map_err(failed)?);
        networks.push((Scheme::Kcp, Rc::new(kcp)));
    }
    for (scheme, inner) in networks {
        let wires = Wires {
            inner,
            meter: Arc::clone(meter),
            trouble: trouble.clone(),
        };
        builder = builder.transport(scheme, Rc::new(wires));
    }
    let client = builder.connect_any(addresses).await.map_err(failed)?;
    let trouble = trouble.map(|trouble| (trouble, client.clone(), addresses.to_vec()));
    let (meter, mut carrier, mut lost_at) = (Arc::clone(meter), None, None);
    client.on_state(move |state| {
        let now = match state {
            State::Live {
                transport,
                resumed,
                encrypted,
            } => {
                meter.count(match encrypted {
                    true => Count::Sealed,
                    false => Count::Plain,
                });
                if resumed {
                    meter.count(Count::Resume);
                } else if let Some((trouble, client, addresses)) = &trouble {
                    trouble.begin(client, addresses, &meter);
                }
                if let Some(at) = lost_at.take() {
                    meter.resumed(Instant::now() - at);
                }
                Some(transport)
            }
            State::Detached => {
                if lost_at.is_none() {
                    lost_at = Some(Instant::now());
                    meter.count(Count::Drop);
                }
                None
            }
            _ => None,
        };
        meter.carried(carrier, now);
        carrier = now;
    });
    Ok(client)
}

/// Awaits a call and notes how long it took.
pub(crate) async fn timed<T>(meter: &Meter, call: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let outcome = call.await;
    meter.answered(begun.elapsed());
    outcome
}

/// Whether a call lost against one that waited for it: two who turn to each other at the same moment.
pub(crate) fn is_crossed(failure: &Failure) -> bool {
    failure.kind() == FailureKind::Deadlock
}

impl std::fmt::Debug for Bot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bot({}, {})", self.name, self.account)
    }
}
