//! Whoever talks to a speaker: an account, its logins, and what befalls its links.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use playhouse::login::{Claims, Pass, TokenKeys, TokenKind};
use playhouse::sim::{Random, SimClient};
use playhouse::{Failure, Timestamp};
use playhouse_client::{Client, Network, SessionLimits, State};
use playhouse_wire::Bytes;
use playhouse_wire::session::SessionKey;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::breaking::Fuse;
use super::record::{self, Login};
use super::stranger::Shown;
use crate::client::SCHEMA;
use crate::client::parley::{
    Speaker, SpeakerConfirmArgs, SpeakerGlimpsedArgs, SpeakerProxy, SpeakerToldArgs,
};

/// The longest pause between two messages or bursts of them.
const PAUSE_MS: u64 = 250;

/// The longest that a speaker takes for a message, in microseconds.
const STAYS_US: u64 = 30_000;

/// Most events that one message asks for.
const EVENTS: u64 = 3;

/// Events that are asked for at once to get more than are kept for a client.
const FLOOD: u8 = 200;

/// How long somebody waits after a login that came to nothing.
const AGAIN_AFTER: Duration = Duration::from_millis(400);

/// The date on which simulations begin: passes are made out then, and are good for all the time that one takes.
const BEGINNING: Timestamp = Timestamp(1_767_225_600_000_000);
const VALID: playhouse::Duration = playhouse::Duration::from_seconds(4 * 3600);

/// Somebody with an account.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) key: u32,
    /// The host that they play on.
    pub(super) host: String,
    keys: TokenKeys,
    limits: SessionLimits,
    gates: Vec<String>,
    /// The number that was last given to a visit, of them or in their name: logins have those of theirs.
    numbers: Cell<u64>,
    /// The latest login.
    logins: Cell<u64>,
    /// The client of the latest login, and what breaks its links.
    current: RefCell<Option<(Login, Client, Rc<Fuse>)>>,
    orders: RefCell<Vec<Order>>,
    ordered: Notify,
    /// Says nothing any more.
    is_quiet: Cell<bool>,
    /// Logs in anew when a session is lost.
    returns: bool,
}

/// What somebody is to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Move the session to this address.
    Move(String),
    /// Log in once more, while the session goes on.
    LogIn,
    /// Say one thing more.
    Speak,
    /// End the session.
    Leave,
    /// End it, and begin another one.
    LogOut,
    /// Ask for more events at once than are kept.
    Flood,
    /// Somebody else shows a pass in their name.
    Meet(Shown),
}

impl Person {
    /// Somebody who has never logged in.
    pub(super) fn new(
        key: u32,
        (keys, limits): (TokenKeys, SessionLimits),
        gates: &[&str],
        returns: bool,
    ) -> Rc<Self> {
        Rc::new(Self {
            key,
            host: format!("person-{key}"),
            keys,
            limits,
            gates: gates.iter().map(|gate| format!("{gate}:7000")).collect(),
            numbers: Cell::new(0),
            logins: Cell::new(0),
            current: RefCell::default(),
            orders: RefCell::default(),
            ordered: Notify::new(),
            is_quiet: Cell::new(false),
            returns,
        })
    }

    /// Has them do something.
    pub(super) fn order(&self, order: Order) {
        self.orders.borrow_mut().push(order);
        self.ordered.notify_one();
    }

    /// Has the links of the latest login break behind so many bytes.
    pub(super) fn cut_after(&self, bytes: u64) {
        if let Some((_, _, fuse)) = &*self.current.borrow() {
            fuse.light(bytes);
        }
    }

    fn notes(&self, events: u8) {
        if let Some((login, client, _)) = &*self.current.borrow() {
            note(*login, &client.entity::<Speaker>(), events);
        }
    }

    fn says(&self) {
        if let Some((login, client, _)) = &*self.current.borrow() {
            tokio::task::spawn_local(say(*login, client.entity::<Speaker>(), 0, 0));
        }
    }

    /// The login that has a session.
    pub(super) fn login(&self) -> Option<Login> {
        self.current.borrow().as_ref().map(|(login, _, _)| *login)
    }

    /// They say nothing any more.
    pub(super) fn be_quiet(&self) {
        self.is_quiet.set(true);
    }

    /// Whether they say nothing any more.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_quiet.get()
    }

    /// Whether the latest login has a session.
    pub(super) fn is_in(&self) -> bool {
        let current = self.current.borrow();
        current
            .as_ref()
            .is_some_and(|(_, client, _)| !client.is_closed())
    }

    /// A number for one more visit.
    pub(super) fn next(&self) -> u64 {
        let number = self.numbers.get() + 1;
        self.numbers.set(number);
        number
    }

    /// The latest login.
    pub(super) fn latest(&self) -> u64 {
        self.logins.get()
    }

    /// The pass of the next login.
    fn pass(&self) -> (Login, Vec<u8>) {
        let login_no = self.next();
        self.logins.set(login_no);
        let (key, token) = self.token(login_no);
        ((self.key, login_no), Pass::join(&key, &token))
    }

    /// What is in the pass of a login: the same each time.
    pub(super) fn token(&self, login_no: u64) -> (SessionKey, Bytes) {
        let (token, key) = self.keys.issue(&Claims {
            entity: crate::schema::parley::Speaker::reference(self.key).into(),
            login_no,
            issued: BEGINNING,
            expires: BEGINNING + VALID,
            kind: TokenKind::Login,
        });
        (key, token)
    }

    /// A client at whatever gate answers first.
    pub(super) async fn connect(&self, network: Rc<dyn Network>) -> Result<Client, Failure> {
        let builder = Client::builder(&SCHEMA).network(network);
        let builder = builder.session_limits(self.limits);
        builder.connect_any(&self.gates).await
    }

    /// What they do, for ever.
    pub(super) async fn live(self: Rc<Self>, host: SimClient) {
        self.log_in(&host);
        loop {
            self.ordered.notified().await;
            for order in self.orders.take() {
                match order {
                    Order::Move(address) => {
                        let current = self.current.borrow();
                        if let Some((_, client, _)) = &*current {
                            let client = client.clone();
                            // It may come to nothing: then the session goes on as it was, or elsewhere.
                            tokio::task::spawn_local(async move { client.migrate(&address).await });
                        }
                    }
                    Order::LogIn => self.log_in(&host),
                    // Whoever returns does so by themselves.
                    Order::Leave | Order::LogOut => {
                        if let Some((_, client, _)) = &*self.current.borrow() {
                            client.close();
                        }
                    }
                    Order::Speak => self.says(),
                    Order::Flood => self.notes(FLOOD),
                    Order::Meet(shown) => {
                        let (person, host) = (Rc::clone(&self), host.clone());
                        tokio::task::spawn_local(async move { shown.shows(&person, &host).await });
                    }
                }
            }
        }
    }

    fn log_in(self: &Rc<Self>, host: &SimClient) {
        let (person, host) = (Rc::clone(self), host.clone());
        tokio::task::spawn_local(async move { person.visit(&host).await });
    }

    /// One login, from its beginning until its session is over.
    async fn visit(self: Rc<Self>, host: &SimClient) {
        let random = host.random().split();
        let fuse = Rc::<Fuse>::default();
        let (login, client) = loop {
            // A pass that was shown may have begun a session of which nobody heard: the next one is newer.
            let (login, pass) = self.pass();
            if let Ok(client) = self.connect(fuse.over(host.network())).await {
                self.listen(login, &client);
                if client.open(&pass).await.is_ok() {
                    break (login, client);
                }
            }
            sleep(AGAIN_AFTER).await;
        };
        let is_newer = |(before, _, _): &(Login, Client, Rc<Fuse>)| *before < login;
        if self.current.borrow().as_ref().is_none_or(is_newer) {
            *self.current.borrow_mut() = Some((login, client.clone(), fuse));
        }
        if self.is_quiet.get() {
            client.close();
        }
        let talk = tokio::task::spawn_local(talk(Rc::clone(&self), login, client.clone(), random));
        client.closed().await;
        talk.abort();
        let is_last = login.1 == self.logins.get();
        if self.returns && is_last && !self.is_quiet.get() {
            self.order(Order::LogIn);
        }
    }

    pub(super) fn listen(&self, login: Login, client: &Client) {
        client.on(move |args: SpeakerToldArgs| {
            record::with(|record| record.told(login, args.number));
        });
        client.on(move |args: SpeakerGlimpsedArgs| {
            record::with(|record| record.glimpsed(login, args.number));
        });
        client.answer(move |args: SpeakerConfirmArgs| async move {
            record::with(|record| record.asked(login, args.number));
            args.number
        });
        client.on_state(move |state| {
            record::with(|record| {
                record.note(&format!("login {} of {}: {state:?}", login.1, login.0))
            });
            if let State::Lost { reason } = state {
                record::with(|record| record.over(login, reason));
            }
        });
    }
}

/// Says one thing after the other.
async fn talk(person: Rc<Person>, login: Login, client: Client, random: Random) {
    while !person.is_quiet.get() {
        sleep(Duration::from_millis(random.below(PAUSE_MS))).await;
        for _ in 0..=random.below(3) {
            let speaker = client.entity::<Speaker>();
            let events = u8::try_from(random.below(EVENTS)).unwrap_or(0);
            match random.below(8) {
                0..3 => note(login, &speaker, events),
                3 => drop(tokio::task::spawn_local(consult(login, speaker))),
                _ => {
                    let stays = random.below(STAYS_US) * u64::from(random.chance(0.4));
                    tokio::task::spawn_local(say(login, speaker, stays, events));
                }
            }
        }
    }
}

pub(super) fn note(login: Login, speaker: &SpeakerProxy, events: u8) {
    let number = record::with(|record| record.issued(login, false));
    if let Err(failure) = speaker.note(login.1, number, events) {
        record::with(|record| record.ended(login, number, &Err(failure)));
    }
}

pub(super) async fn say(login: Login, speaker: SpeakerProxy, stays_us: u64, events: u8) {
    let number = record::with(|record| record.issued(login, true));
    let stays = playhouse::Duration::from_micros(i64::try_from(stays_us).unwrap_or(0));
    let said = speaker.say(login.1, number, stays, events).await;
    record::with(|record| record.ended(login, number, &said));
}

async fn consult(login: Login, speaker: SpeakerProxy) {
    let number = record::with(|record| record.issued(login, true));
    let said = speaker.consult(login.1, number).await;
    record::with(|record| record.ended(login, number, &said));
}
