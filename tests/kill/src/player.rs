//! One player: logs in anew whenever the game was started anew, plays, and keeps the book.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use arena_bots::SCHEMA;
use arena_bots::account::{ClientInfo, Login};
use arena_bots::battle::PuppetBindResultArgs;
use arena_bots::common::{
    AccountId, Currency, HeroId, ItemId, Mode, Name, Outcome, Region, Reward, Stack,
};
use arena_bots::mail::{MailError, Marks};
use arena_bots::match_making::{MatchSeatAcceptArgs, MatchSeatAdmittedArgs};
use arena_bots::world::{Avatar, AvatarProxy, ZoneId};
use playhouse_client::{CallError, Client, Failure, FailureKind, Random, Uuid};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::book::Book;

/// What is traded: every player begins with some, and nothing makes more of it.
const POTION: ItemId = ItemId(1);
/// How long a player asks for what it may not ask for so often.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a player waits for one node to let it in before it tries another.
const JOIN_WITHIN: Duration = Duration::from_secs(5);
/// Battles that are asked for at once.
const PAGE: u8 = 20;
/// Battles after which a player has had enough: the game remembers fifty.
const BATTLES_MAX: u64 = 40;

/// One player.
pub(crate) struct Player {
    pub(crate) index: u32,
    installation: Uuid,
    pub(crate) random: Random,
    pub(crate) book: RefCell<Book>,
    account: Cell<u64>,
    /// Whether it has written down what it begins with.
    began: Cell<bool>,
    client: RefCell<Option<Client>>,
    /// How many calls were acknowledged, of whatever kind.
    pub(crate) acknowledged: Cell<u64>,
    /// How many battles it was let into.
    entered: Cell<u64>,
    /// How many battles it saw the end of.
    pub(crate) fought: Cell<u64>,
}

/// What the game says that a player has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holdings {
    pub(crate) name: String,
    pub(crate) potions: u64,
    /// Those in letters that were not claimed.
    pub(crate) potions_in_mail: u64,
    pub(crate) gold: u64,
    pub(crate) spent: u64,
    /// Gold from battles, by what the history of battles says.
    pub(crate) won: u64,
    pub(crate) battles: BTreeSet<[u8; 16]>,
    /// Battles that stand in the history more than once.
    pub(crate) battles_twice: usize,
}

impl Player {
    pub(crate) fn new(seed: u64, index: u32) -> Rc<Self> {
        let random = Random::stream(seed, u64::from(index));
        let installation = [random.u64(), random.u64()].map(u64::to_le_bytes);
        let mut id = [0; 16];
        id.copy_from_slice(installation.as_flattened());
        Rc::new(Self {
            index,
            installation: Uuid(id),
            random,
            book: RefCell::default(),
            account: Cell::new(0),
            began: Cell::new(false),
            client: RefCell::default(),
            acknowledged: Cell::new(0),
            entered: Cell::new(0),
            fought: Cell::new(0),
        })
    }

    pub(crate) fn account(&self) -> u64 {
        self.account.get()
    }

    /// Logs in and goes to where the others are. The first time it writes down what it begins with.
    pub(crate) async fn join(self: &Rc<Self>, address: &str) -> Result<()> {
        let name = format!("player {}", self.index);
        let client = Client::builder(&SCHEMA)
            .name(&name)
            .connect(address)
            .await?;
        let info = ClientInfo {
            version: "1.0.0".to_owned(),
            region: Region::Europe,
            language: "en".to_owned(),
        };
        let login = client.service::<Login>();
        let grant = login.enter_as_guest(self.installation, info).await?;
        client.open(&grant.token.0).await?;
        self.account.set(grant.account.0);
        client.answer(|_: MatchSeatAcceptArgs| async { true });
        let player = Rc::downgrade(self);
        client.on(move |args: MatchSeatAdmittedArgs| {
            let at = args.ticket.addresses.into_iter().next();
            if let (Some(player), Some(at)) = (player.upgrade(), at) {
                tokio::task::spawn_local(
                    async move { player.battle(&at, &args.ticket.seal).await },
                );
            }
        });
        *self.client.borrow_mut() = Some(client);
        let avatar = self.avatar()?;
        avatar.transform().travel(ZoneId(1)).await?;
        if !self.began.get() {
            let has = self.holdings().await?;
            let mut book = self.book.borrow_mut();
            (book.potions, book.gold) = (has.potions, has.gold);
            self.began.set(true);
        }
        Ok(())
    }

    /// Joins at one of these addresses, whichever lets it in, and tries for so long.
    pub(crate) async fn join_any(
        self: &Rc<Self>,
        addresses: &[String],
        within: Duration,
    ) -> Result<()> {
        let end = Instant::now() + within;
        loop {
            let place = self.random.below(addresses.len() as u64) as usize;
            let address = addresses.get(place).context("no address")?;
            match timeout(JOIN_WITHIN, self.join(address)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) if Instant::now() >= end => {
                    return Err(
                        error.context(format!("player {} can't join at {address}", self.index))
                    );
                }
                Err(_) if Instant::now() >= end => {
                    bail!("player {} gets no answer from {address}", self.index);
                }
                Ok(Err(_)) | Err(_) => {}
            }
            self.leave();
            sleep(Duration::from_millis(50 + self.random.below(200))).await;
        }
    }

    /// Plays, and joins again elsewhere when its link is lost, until it is dropped.
    pub(crate) async fn live(self: &Rc<Self>, all: &[Rc<Self>], addresses: &[String]) {
        loop {
            self.play(all).await;
            self.leave();
            let _tries_again = self.join_any(addresses, JOIN_WITHIN).await;
        }
    }

    /// Whether it has a link that lives.
    pub(crate) fn is_there(&self) -> bool {
        let client = self.client.borrow();
        client.as_ref().is_some_and(|client| !client.is_closed())
    }

    /// The link is gone, or may go.
    pub(crate) fn leave(&self) {
        if let Some(client) = self.client.take() {
            client.close();
        }
    }

    fn avatar(&self) -> Result<AvatarProxy> {
        let client = self.client.borrow();
        let client = client.as_ref().context("not logged in")?;
        Ok(client.entity::<Avatar>())
    }

    /// Plays until the link is gone, or until it is dropped.
    pub(crate) async fn play(self: &Rc<Self>, all: &[Rc<Self>]) {
        loop {
            let Ok(avatar) = self.avatar() else {
                return;
            };
            if self.client.borrow().as_ref().is_none_or(Client::is_closed) {
                return;
            }
            let other = &all[self.random.below(all.len() as u64) as usize];
            match self.random.below(20) {
                0..=9 => self.trade(&avatar, other).await,
                10..=13 => self.mail(&avatar, other).await,
                14..=15 => self.claim(&avatar).await,
                16 => self.rename(&avatar).await,
                17 if self.entered.get() < BATTLES_MAX => {
                    let _others_or_not = avatar.seat().enter(Mode::Duel, HeroId(1), false).await;
                }
                _ => sleep(Duration::from_millis(self.random.below(30))).await,
            }
        }
    }

    /// Gives potions from hand to hand.
    async fn trade(&self, avatar: &AvatarProxy, other: &Self) {
        if other.index == self.index || other.account() == 0 {
            return;
        }
        let count = 1 + self.random.below(2);
        let to = Avatar::reference(AccountId(other.account())).in_slot(Avatar::BAG_SLOT);
        self.book.borrow_mut().given.tried += count;
        other.book.borrow_mut().received.tried += count;
        match avatar.bag().trade(to, vec![potions(count)]).await {
            Ok(_) => self.gave(other, count),
            Err(error) => self.did_not_give(other, count, is_undone(&error)),
        }
    }

    /// Sends potions by mail.
    async fn mail(&self, avatar: &AvatarProxy, other: &Self) {
        if other.index == self.index || other.account() == 0 {
            return;
        }
        let count = 1;
        self.book.borrow_mut().given.tried += count;
        other.book.borrow_mut().received.tried += count;
        let to = AccountId(other.account());
        match avatar.bag().mail(to, "for you", vec![potions(count)]).await {
            Ok(()) => self.gave(other, count),
            Err(error) => self.did_not_give(other, count, is_undone(&error)),
        }
    }

    fn gave(&self, other: &Self, count: u64) {
        self.acknowledged.set(self.acknowledged.get() + 1);
        self.book.borrow_mut().given.acknowledged += count;
        other.book.borrow_mut().received.acknowledged += count;
    }

    fn did_not_give(&self, other: &Self, count: u64, surely: bool) {
        if surely {
            self.book.borrow_mut().given.tried -= count;
            other.book.borrow_mut().received.tried -= count;
        }
    }

    /// Takes what is in its letters.
    async fn claim(&self, avatar: &AvatarProxy) {
        let Ok(letters) = avatar.mailbox().contents().await else {
            return;
        };
        for (id, stored) in letters {
            if stored.marks.contains(Marks::CLAIMED) {
                let _room_for_others = avatar.mailbox().discard(id).await;
                continue;
            }
            match avatar.mailbox().claim(id).await {
                Ok(_) => self.acknowledged.set(self.acknowledged.get() + 1),
                Err(CallError::Thrown(MailError::NoRoom { .. })) | Err(_) => return,
            }
        }
    }

    /// Takes one of a few names, which the others want too.
    async fn rename(&self, avatar: &AvatarProxy) {
        let name = Name(format!("wanted {}", self.random.below(4)));
        if avatar.rename(name).await.is_ok() {
            self.acknowledged.set(self.acknowledged.get() + 1);
        }
    }

    /// Takes part in a battle by being there until it ends.
    async fn battle(&self, address: &str, seal: &[u8]) {
        let name = format!("puppet {}", self.index);
        let Ok(client) = Client::builder(&SCHEMA).name(&name).connect(address).await else {
            return;
        };
        let (told, mut ended) = mpsc::unbounded_channel();
        client.on(move |args: PuppetBindResultArgs| {
            // Nobody listens any more once the player has given up.
            let _ = told.send(args.result.outcome);
        });
        self.entered.set(self.entered.get() + 1);
        if client.open(seal).await.is_ok() {
            let outcome = timeout(Duration::from_secs(10), ended.recv()).await;
            if matches!(outcome, Ok(Some(outcome)) if outcome != Outcome::Aborted) {
                self.fought.set(self.fought.get() + 1);
            }
        }
        client.close();
    }

    /// What the game says that it has.
    pub(crate) async fn holdings(&self) -> Result<Holdings> {
        let avatar = self.avatar()?;
        let whom = Avatar::reference(AccountId(self.account()));
        let card = patiently(|| avatar.look(whom.clone())).await?;
        let bag = patiently(|| avatar.bag().contents()).await?;
        let letters = patiently(|| avatar.mailbox().contents()).await?;
        let money = patiently(|| avatar.wallet().statement()).await?;
        let mut history = patiently(|| avatar.progress().battles(None, PAGE)).await?;
        while let Some(last) = history
            .last()
            .filter(|_| history.len() % usize::from(PAGE) == 0)
        {
            let last = last.battle;
            let more = patiently(|| avatar.progress().battles(Some(last), PAGE)).await?;
            if more.is_empty() {
                break;
            }
            history.extend(more);
        }
        let of = |coins: &BTreeMap<Currency, _>| coins.get(&Currency::Gold).map_or(0, gold_of);
        let unclaimed = letters
            .values()
            .filter(|stored| !stored.marks.contains(Marks::CLAIMED));
        let attached = unclaimed.flat_map(|stored| &stored.letter.attachments);
        let mut battles = BTreeSet::new();
        let mut battles_twice = 0;
        for result in &history {
            if !battles.insert(result.battle.0.0) {
                battles_twice += 1;
            }
        }
        Ok(Holdings {
            name: card.name.0,
            potions: bag.values().map(count_of).sum(),
            potions_in_mail: attached.map(potions_of).sum(),
            gold: of(&money.coins),
            spent: of(&money.spent),
            won: history
                .iter()
                .flat_map(|result| &result.rewards)
                .map(coins_of)
                .sum(),
            battles,
            battles_twice,
        })
    }
}

/// Asks again for as long as the game says that it was asked too often.
async fn patiently<T, F>(ask: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let end = Instant::now() + PATIENCE;
    loop {
        match ask().await {
            Err(failure) if failure.kind() == FailureKind::RateLimited && Instant::now() < end => {}
            outcome => return outcome,
        }
        sleep(Duration::from_millis(250)).await;
    }
}

fn potions(count: u64) -> Stack {
    Stack {
        item: POTION,
        count: u32::try_from(count).unwrap_or(1),
    }
}

fn count_of(stack: &Stack) -> u64 {
    if stack.item == POTION {
        u64::from(stack.count)
    } else {
        0
    }
}

fn potions_of(reward: &Reward) -> u64 {
    match reward {
        Reward::Stack(stack) => count_of(stack),
        _ => 0,
    }
}

fn coins_of(reward: &Reward) -> u64 {
    match reward {
        Reward::Coins(price) if price.currency == Currency::Gold => price.amount.0,
        _ => 0,
    }
}

fn gold_of(coins: &arena_bots::common::Coins) -> u64 {
    coins.0
}

/// Whether a call that failed has certainly not been done.
fn is_undone<E>(error: &CallError<E>) -> bool {
    match error {
        CallError::Thrown(_) => true,
        CallError::Failed(failure) => failure.executed() == playhouse_client::Executed::NotExecuted,
    }
}
