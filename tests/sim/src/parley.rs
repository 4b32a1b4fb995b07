//! Speakers and those who talk to them: sessions of the real client, through gates, to homes.
//!
//! Gates run nothing of the game, homes run the speakers, and another node keeps the registry. Links are cut at any byte, fall
//! silent and move, gates die and stop, homes stop and hand over what they run, nodes lose one another, and people log in
//! twice. Whatever happens, each message takes effect once and in order, both ways, and what is told of a call is true.
//!
//! [`play`]: no home dies, so nobody loses a session but to a newer login, and all that was sent arrives.
//! [`play_losses_without`]: homes die, and whoever loses a session by that is told so, and of each call what is true.
//!
//! [`play_ends_without`]: sessions end in every other way as well. People log out and come back, stay away for longer than the grace
//! lasts, and have more to hear than is kept for them; others show what they stole, old passes, and the same pass again.

mod breaking;
mod complaint;
mod person;
mod record;
mod speaker;
mod stranger;
mod trouble;

use std::rc::Rc;
use std::time::Duration;

use playhouse::cluster::Embedded;
use playhouse::login::TokenKeys;
use playhouse::node::Node;
use playhouse::sim::{Conditions, Ended, Sim};
use playhouse_client::SessionLimits;
use playhouse_wire::session::{Rule, Rules};

use person::{Order, Person};
use record::Record;
pub use record::history;
pub use speaker::SpeakerLogic;
use trouble::Trouble;

use crate::failed::Failed;
use crate::schema::SCHEMA;
use crate::schema::parley::Speaker;

/// The node with the registry.
const HUB: &str = "hub";

/// The nodes that clients come to. They run nothing of the game.
const GATES: &[&str] = &["gate-1", "gate-2"];

/// The nodes with speakers.
const HOMES: &[&str] = &["amber", "birch", "cedar"];

/// How many people talk to a speaker of their own.
const PEOPLE: u32 = 5;

/// How often something goes wrong for each of them.
const FAULTS: u32 = 20;

/// Most messages that are kept for a client where sessions end by that.
const BUFFER: u32 = 128;

/// How long everybody may take to log in.
const LOGIN_WITHIN: Duration = Duration::from_secs(20);

/// How long a session whose link is lost stays, and a little more.
const GRACE: Duration = Duration::from_secs(65);

/// How long everything may take to come to rest.
const REST_WITHIN: Duration = Duration::from_secs(120);

/// How often somebody who has an answer may not have what was sent just before it, and may be lost: there may be another link by then.
const GLIMPSES: u32 = 3;

/// How often it is asked whether everything has.
const REST_STEP: Duration = Duration::from_millis(50);

const SECOND: Duration = Duration::from_secs(1);

/// Plays a seed by all rules.
///
/// # Errors
///
/// The seed failed.
pub fn play(seed: u64) -> Result<Ended, Failed> {
    play_without(seed, None)
}

/// Plays a seed, with a bug planted: one rule of sessions is not kept.
///
/// # Errors
///
/// The seed failed, as some must.
pub fn play_without(seed: u64, dropped: Option<Rule>) -> Result<Ended, Failed> {
    play_with(seed, dropped, World::Sessions)
}

/// Plays a seed in which homes die, perhaps without one of the rules.
///
/// # Errors
///
/// The seed failed, as some must without a rule.
pub fn play_losses_without(seed: u64, dropped: Option<Rule>) -> Result<Ended, Failed> {
    play_with(seed, dropped, World::Lost)
}

/// Plays a seed in which sessions end in all ways, perhaps without one of the rules.
///
/// # Errors
///
/// The seed failed, as some must without a rule.
pub fn play_ends_without(seed: u64, dropped: Option<Rule>) -> Result<Ended, Failed> {
    play_with(seed, dropped, World::Ends)
}

/// What may happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum World {
    /// Whatever a session outlives.
    #[default]
    Sessions,
    /// Homes die, too.
    Lost,
    /// Sessions end in every other way, too.
    Ends,
}

impl World {
    const fn kills_homes(self) -> bool {
        !matches!(self, Self::Sessions)
    }

    /// The bounds of sessions.
    const fn limits(self) -> SessionLimits {
        match self {
            Self::Sessions | Self::Lost => SessionLimits::DEFAULT,
            Self::Ends => SessionLimits {
                buffer: BUFFER,
                grace_us: 3_000_000,
                ..SessionLimits::DEFAULT
            },
        }
    }
}

fn play_with(seed: u64, dropped: Option<Rule>, world: World) -> Result<Ended, Failed> {
    complaint::heard(|| play_heard(seed, dropped, world))
}

fn play_heard(seed: u64, dropped: Option<Rule>, world: World) -> Result<Ended, Failed> {
    let parley = Parley::open(seed, dropped, world);
    let mut trouble = Trouble::new(&parley, world);
    for _ in 0..FAULTS {
        for person in &parley.people {
            if record::with(|record| record.is_wrong()) {
                break;
            }
            trouble.befall(person);
        }
    }
    if !record::with(|record| record.is_wrong()) {
        trouble.end();
    }
    parley.close()
}

/// The nodes and the people.
struct Parley {
    sim: Sim,
    people: Vec<Rc<Person>>,
}

impl Parley {
    fn open(seed: u64, dropped: Option<Rule>, world: World) -> Self {
        Record::clear(world);
        let sim = Sim::with(seed, network());
        let _store = sim.store();
        let limits = SessionLimits {
            rules: dropped.map_or(Rules::ALL, Rules::without),
            ..world.limits()
        };
        #[expect(clippy::expect_used, reason = "one secret that is long enough")]
        let keys = TokenKeys::new([[7; 32]]).expect("a secret of 32 bytes is long enough");
        let all = [HUB].into_iter().chain(GATES.iter().copied());
        for name in all.chain(HOMES.iter().copied()) {
            let keys = keys.clone();
            sim.node(name, move || {
                let node = Node::builder()
                    .schema(&SCHEMA)
                    .shards(1)
                    .tokens(keys.clone())
                    .session_limits(limits)
                    .listen(format!("{name}:7000"));
                let member = || Embedded::at(format!("{HUB}:7000"));
                match name {
                    HUB => node.roles([""; 0]).cluster(Embedded::hosting()),
                    _ if GATES.contains(&name) => node.roles([""; 0]).cluster(member()),
                    _ => {
                        let node = node.roles(["hall"]).entity::<SpeakerLogic>();
                        node.cluster(member())
                    }
                }
            });
        }
        sim.run_for(2 * SECOND);
        let people = (1..=PEOPLE).map(|key| {
            let person = Person::new(key, (keys.clone(), limits), GATES, world.kills_homes());
            let lives = Rc::clone(&person);
            sim.client(&person.host, async move |host| {
                record::with(|record| record.is_at(2 * SECOND));
                Rc::clone(&lives).live(host).await
            });
            person
        });
        let people: Vec<Rc<Person>> = people.collect();
        let all_in = || people.iter().all(|person| person.is_in());
        if !sim.run_until(LOGIN_WITHIN, all_in) {
            record::with(|record| record.found("not everybody gets a session".to_owned()));
        }
        Self { sim, people }
    }

    /// Nothing goes wrong any more: everything must come to rest by itself.
    fn close(self) -> Result<Ended, Failed> {
        let Self { sim, people } = self;
        if record::with(|record| record.is_wrong()) {
            // What would come of it only hides it.
            return Failed::judge(sim, record::with(Record::wrong));
        }
        sim.run_for(2 * SECOND);
        people.iter().for_each(|person| person.be_quiet());
        let late = sim.now() + REST_WITHIN;
        while sim.now() < late && !record::with(|record| record.is_at_rest() || record.is_wrong()) {
            sim.run_for(REST_STEP);
        }
        // What moves now has been heard of for a while.
        if !sim.stop(HOMES[0], REST_WITHIN) {
            record::with(|record| record.found(format!("{} does not stop", HOMES[0])));
        }
        let late = sim.now() + REST_WITHIN;
        let mut chances = GLIMPSES;
        while chances > 0 && sim.now() < late {
            people.iter().for_each(|person| person.order(Order::Speak));
            sim.run_for(SECOND);
            if !record::with(|record| record.is_at_rest()) {
                continue;
            }
            // Whose link has answered could have brought it.
            chances -= 1;
            let mut logins = people.iter().filter_map(|person| person.login());
            if logins.all(|login| record::with(|record| record.unseen(login).is_none())) {
                break;
            }
        }
        for login in people.iter().filter_map(|person| person.login()) {
            record::with(|record| record.glimpse_due(login));
        }
        record::with(Record::rests);
        if record::with(|record| record.is_wrong()) {
            return Failed::judge(sim, record::with(Record::wrong));
        }
        people.iter().for_each(|person| person.order(Order::Leave));
        sim.run_for(2 * SECOND);
        for person in &people {
            let key = person.key;
            let ask = || sim.on(HUB, async move || Speaker::of(key).is_bound().await);
            let mut bound = ask();
            if !matches!(bound, Some(Ok(false))) {
                // Its good-bye was lost with a link: the session ends when its grace is over.
                sim.run_for(GRACE);
                bound = ask();
            }
            if !matches!(bound, Some(Ok(false))) {
                let what = format!("whether a client is bound to speaker {key}: {bound:?}");
                record::with(|record| record.found(what));
            }
        }
        record::with(|record| record.gone());
        let counts = record::with(|record| record.counts());
        sim.mix(format!("{counts:?}").as_bytes());
        Failed::judge(sim, record::with(Record::wrong))
    }
}

/// A bad one: of ten pieces one comes late, and what was sent later over another link overtakes it.
fn network() -> Conditions {
    Conditions {
        delay: Duration::from_millis(5),
        jitter: Duration::from_millis(20),
        loss: 0.1,
        ..Conditions::default()
    }
}
