//! A state of everything, and what may happen next.

mod check;
mod client;
mod gate;
mod home;
mod step;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use playhouse_wire::session::{
    ClientSession, Door, GateLink, Pass, Rule, Rules, SessionKey, SessionLimits,
};
use playhouse_wire::{Writer, message};

use crate::scenario::{Budget, Scenario};

pub use step::Step;

/// Everything there is: a client, links, gates, homes, the record of who owns the entity, and what is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    setting: Setting,
    client: Client,
    /// By their numbers, from 1.
    links: Vec<Link>,
    /// By gate, then by home.
    hops: Vec<[Hop; 2]>,
    homes: [Home; 2],
    /// Who owns the entity, by the record.
    owner: Option<usize>,
    epoch: u8,
    moving: Option<Moving>,
    /// The highest login, as it is stored.
    stored: u64,
    /// The highest login that was given.
    logins: u64,
    /// By login: how many of its calls ran.
    ran: Vec<u64>,
    /// By login: the calls whose client was told that they were not executed.
    not_executed: Vec<u64>,
    /// By session, in the order in which they began.
    sessions: Vec<Session>,
    /// What the attacker has recorded.
    recorded: Vec<Frame>,
    budget: Budget,
    /// Whether a client forgot what it had: then its session ends by the rules.
    has_forgotten: bool,
    wrong: Option<&'static str>,
}

/// A message as it is sent.
type Frame = Arc<[u8]>;

/// What is the same in all states of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    scenario: &'static Scenario,
    rules: Rules,
    limits: Arc<SessionLimits>,
}

impl Hash for Setting {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Client {
    machine: ClientSession,
    login: u64,
    issued: u64,
    /// The calls that were answered, a bit each.
    answered: u64,
    /// How many of the home's messages it has taken.
    got: usize,
}

/// A client's link. What either end has not noticed yet goes on, to nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Link {
    gate: usize,
    is_open_at_client: bool,
    is_open_at_gate: bool,
    is_cut: bool,
    is_attackers: bool,
    machine: GateLink,
    up: Vec<Frame>,
    down: Vec<Frame>,
}

/// What is between a gate and a home.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Hop {
    up: Vec<Upward>,
    down: Vec<Downward>,
    /// How often the gate has seen it break, and the home.
    life_at_gate: u64,
    life_at_home: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Upward {
    Message(u64, u64, Frame),
    Lost(u64, u64),
    Break,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Downward {
    Message(u64, u64, u8, Frame),
    Redirect(u64, u64, Frame),
    Break,
}

/// A node that may run the entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Home {
    is_alive: bool,
    /// The entity's, if it runs here.
    door: Option<Door>,
    is_frozen: bool,
    /// A login that is about to be stored.
    login: Option<u64>,
}

/// A handoff on its way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Moving {
    from: usize,
    epoch: u8,
    bytes: Vec<u8>,
}

/// What is true of a session, whatever anybody says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Session {
    is_over: bool,
    /// The highest attempt that served it.
    attempt: u64,
    /// What the entity gave out for its client.
    given: Vec<u64>,
    /// What is above was said never to reach the client.
    sent: Option<u64>,
}

/// The key of all logins.
const KEY: SessionKey = SessionKey([7; 32]);

/// Who logs in besides the client comes by a gate of his own.
const STRANGERS_GATE: u64 = 99;

/// How many ways there are between a gate and a home, one after another.
const LIVES: u64 = 1000;

fn frame(write: impl FnOnce(&mut Writer)) -> Frame {
    let mut w = Writer::new();
    write(&mut w);
    w.into_bytes().into()
}

/// Calls of a login are below.
const CALLS_MAX: u64 = 64;

/// What a call is called: its login and its number there.
const fn call_id(login: u64, number: u64) -> u64 {
    login * CALLS_MAX + number
}

/// The home as a gate numbers it: another one after each break.
const fn home_id(home: usize, life: u64) -> u64 {
    home as u64 * LIVES + life
}

fn request(id: u64) -> Frame {
    let id = u32::try_from(id).unwrap_or(u32::MAX);
    let method = message::Method::default();
    frame(|w| message::put_request(w, id, method, &message::Header::EMPTY, |w| w.array(0)))
}

fn response(id: u64) -> Frame {
    let id = u32::try_from(id).unwrap_or(u32::MAX);
    frame(|w| message::put_response_ok(w, id, |w| w.nil()))
}

fn event(number: u64) -> Frame {
    let method = message::Method::default();
    frame(|w| message::put_notify(w, method, &message::Header::EMPTY, |w| w.unsigned(number)))
}

fn pass(login: u64, is_keyed: bool) -> Pass {
    Pass {
        key: is_keyed.then_some(KEY),
        token: Arc::from([u8::try_from(login).unwrap_or(u8::MAX)]),
    }
}

impl World {
    /// As it begins: the entity runs at the first home, and its client has logged in.
    #[must_use]
    pub fn new(scenario: &'static Scenario, without: Option<Rule>) -> Self {
        let rules = without.map_or(Rules::ALL, Rules::without);
        let limits = Arc::new(SessionLimits {
            window: scenario.window,
            buffer: scenario.buffer,
            ack_us: 1,
            ack_messages: 100,
            grace_us: GRACE_US,
            tombstone_us: u64::MAX,
            rules,
            ..SessionLimits::DEFAULT
        });
        let setting = Setting {
            scenario,
            rules,
            limits: Arc::clone(&limits),
        };
        let budget = scenario.budget;
        let logins = 2 + budget.restarts + budget.logins + budget.replacements;
        let logins = usize::from(logins);
        let home = |door| Home {
            is_alive: true,
            door,
            is_frozen: false,
            login: None,
        };
        Self {
            client: Client::new(&setting, 1),
            links: Vec::new(),
            hops: vec![<[Hop; 2]>::default(); scenario.gates],
            homes: [home(Some(Door::new(limits, 0))), home(None)],
            owner: Some(0),
            epoch: 1,
            moving: None,
            stored: 0,
            logins: 1,
            ran: vec![0; logins],
            not_executed: vec![0; logins],
            sessions: Vec::new(),
            recorded: Vec::new(),
            budget: scenario.budget,
            has_forgotten: false,
            wrong: None,
            setting,
        }
    }

    fn has(&self, rule: Rule) -> bool {
        self.setting.rules.has(rule)
    }

    fn is_wrong(&mut self, what: &'static str) {
        self.wrong.get_or_insert(what);
    }

    fn hash_of(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

/// The time at which a grace that began at 0 is over. Nothing else in the world knows a time but acknowledgements, at 1.
const GRACE_US: u64 = 1000;

impl Client {
    fn new(setting: &Setting, login: u64) -> Self {
        let pass = pass(login, setting.scenario.budget.attacks > 0);
        let limits = Arc::clone(&setting.limits);
        Self {
            machine: ClientSession::new(pass, 0, 0, limits, 0),
            login,
            issued: 0,
            answered: 0,
            got: 0,
        }
    }
}
