//! Clients whose entity is on another node than the one that they reach, on real links; and what becomes of them when it
//! moves.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use playhouse::db::{Remote, Serving};
use playhouse::node::Running;
use playhouse::store::Embedded;
use playhouse_wire::message::{FailureKind, Role, SessionReason, put_aside, put_notify};
use playhouse_wire::session::SessionLimits;

use crate::client::{self, Client, Ended, Note, header, method};
use crate::meeting::Meeting;
use crate::schema::caravan::{
    Camel, CamelRestArgs, CamelRideArgs, CamelSpurArgs, CamelSpurredArgs, CamelStepArgs, Herder,
    HerderCriedArgs, Oasis, Rider,
};
use crate::sockets::start;
use crate::world::node;

/// Two nodes that know of one another, over one store.
struct Pair {
    folder: PathBuf,
    db: Running,
    east: Running,
    west: Running,
}

impl Pair {
    fn new(name: &str) -> Self {
        let name = format!("playhouse-riders-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let db = playhouse::Node::builder()
            .name("db")
            .roles(["db"])
            .schema(&crate::generated::SCHEMA)
            .shards(1)
            .service(Serving::new)
            .store(Embedded::at(&folder).free_bytes_min(0));
        let db = start(db);
        let meeting = Meeting::default();
        let game = |name: &str| {
            let store = Remote::at(db.addresses().remove(0));
            start(node(name).shards(2).store(store).cluster(meeting.clone()))
        };
        let (east, west) = (game("east"), game("west"));
        let pair = Self {
            folder,
            db,
            east,
            west,
        };
        // They have heard of one another once something that is called on one lives on the other.
        let met = (1_000..1_000_000).any(|camel| home(&pair.east, camel) == "west");
        assert!(met, "the nodes never met");
        pair
    }

    fn stop(self) {
        for node in [self.east, self.west, self.db] {
            node.stop();
            node.wait().unwrap();
        }
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

fn home(asking: &Running, camel: u64) -> String {
    let home = asking.spawn(move || Camel::of(camel).where_now());
    home.wait().unwrap().unwrap()
}

async fn rider(of: &Running, camel: u8) -> Client {
    let client = Client::connect(&of.addresses()[0], Role::Client);
    let entity = Camel::reference(u64::from(camel)).address().clone();
    assert_eq!(client.open(&[camel]).await, Note::Opened(entity));
    client
}

async fn ride(client: &Client) -> Ended {
    client.call::<Camel, _>(0, None, &CamelRideArgs {}).await
}

#[test]
fn a_client_reaches_its_entity_through_any_node() {
    let pair = Pair::new("through");
    client::run(async {
        for camel in 1..=6 {
            let key = u64::from(camel);
            let at_home = pair.east.spawn(move || Camel::of(key).where_now()).await;
            let at_home = at_home.unwrap().unwrap();
            let mut client = rider(&pair.east, camel).await;
            for gate in [&pair.west, &pair.east, &pair.west] {
                assert_eq!(ride(&client).await.value::<String>(), at_home);
                // Its session goes on through another gate.
                let next = client.again(&gate.addresses()[0]);
                let entity = Camel::reference(u64::from(camel)).address().clone();
                assert_eq!(next.resume().await, Note::Opened(entity));
                assert_eq!(client.note().await, Note::Detached);
                client = next;
            }
            assert_eq!(ride(&client).await.value::<String>(), at_home);
        }
    });
    pair.stop();
}

/// Spurs a camel past the sequence until its rider has felt so much of it.
async fn spur(client: &Client, number: &mut u32, count: usize) -> Vec<u32> {
    let method = method::<Camel, CamelSpurArgs>(0);
    let attempt = client.inbox.session.attempt.get();
    while client.inbox.events.borrow().len() < count {
        *number += 1;
        let args = playhouse::to_vec(&CamelSpurArgs { number: *number });
        client.link.pass(|w| {
            put_aside(w, attempt, u64::from(*number), |w| {
                put_notify(w, method, &header(None), |w| w.raw(&args));
            });
        });
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let events = client
        .inbox
        .events
        .borrow_mut()
        .drain(..)
        .collect::<Vec<_>>();
    let numbers = events.into_iter().map(|(_, _, args)| {
        let limits = playhouse::Limits::DEFAULT;
        playhouse::from_slice::<CamelSpurredArgs>(&args, &limits)
            .unwrap()
            .number
    });
    numbers.collect()
}

#[test]
fn what_may_be_lost_goes_through_any_node() {
    let pair = Pair::new("spurred");
    client::run(async {
        for camel in 1..=4 {
            let mut client = rider(&pair.east, camel).await;
            let (mut number, mut felt) = (0, Vec::new());
            for gate in [&pair.west, &pair.east] {
                felt.extend(spur(&client, &mut number, 5).await);
                let next = client.again(&gate.addresses()[0]);
                let entity = Camel::reference(u64::from(camel)).address().clone();
                assert_eq!(next.resume().await, Note::Opened(entity));
                client = next;
            }
            felt.extend(spur(&client, &mut number, 5).await);
            let rises = felt.windows(2).all(|two| two[0] < two[1]);
            assert!(rises, "{felt:?}");
        }
    });
    pair.stop();
}

#[test]
fn a_second_login_through_another_node_takes_over() {
    let pair = Pair::new("second");
    client::run(async {
        let first = rider(&pair.east, 7).await;
        let at_home = ride(&first).await.value::<String>();
        let second = rider(&pair.west, 7).await;
        assert_eq!(ride(&second).await.value::<String>(), at_home);
        let text = "another login took its place".to_owned();
        let ended = Note::End(SessionReason::Replaced, text);
        assert_eq!(first.note().await, ended);
        ride(&first).await.refused(FailureKind::Denied);
    });
    pair.stop();
}

/// Begins so many calls that each count one more.
fn begin_steps(client: &Client, count: usize) -> Vec<impl Future<Output = Ended> + use<>> {
    let (step, args) = (
        method::<Camel, CamelStepArgs>(0),
        playhouse::to_vec(&CamelStepArgs {}),
    );
    let begun = (0..count).map(|_| client.begin(step, &header(None), &args).1);
    begun.collect()
}

async fn steps(calls: Vec<impl Future<Output = Ended>>) -> Vec<u64> {
    let mut steps = Vec::new();
    for call in calls {
        steps.push(call.await.value::<u64>());
    }
    steps
}

/// A client whose session is at `west` through this gate, while west hands its camel over to east.
async fn drains_under(pair: &Pair, gate: &Running, camel: u8) {
    let client = rider(gate, camel).await;
    assert_eq!(ride(&client).await.value::<String>(), "west");
    let mut counted = steps(begin_steps(&client, 10)).await;
    // The camel can't be handed over before it has rested.
    let rest = playhouse::to_vec(&CamelRestArgs {
        time: playhouse::Duration::from_micros(300_000),
    });
    let rests = client.begin(method::<Camel, CamelRestArgs>(0), &header(None), &rest);
    let mut underway = begin_steps(&client, 10);
    // It has begun once its home has acknowledged it.
    while client.inbox.session.acked.get() < client.inbox.session.given.get() {
        client.news().await;
    }
    pair.west.stop();
    loop {
        match client.note().await {
            Note::GoAway(_) => {}
            Note::Detached => break,
            note => panic!("{note:?}"),
        }
    }
    // What is called meanwhile waits in the session, and the next gate is sent on by the home that was.
    underway.extend(begin_steps(&client, 20));
    let next = client.again(&pair.east.addresses()[0]);
    let entity = Camel::reference(u64::from(camel)).address().clone();
    let mut note = next.resume().await;
    while note == Note::Detached {
        note = next.resume().await;
    }
    assert_eq!(note, Note::Opened(entity));
    counted.push(rests.1.await.value::<u64>());
    counted.extend(steps(underway).await);
    assert_eq!(ride(&next).await.value::<String>(), "east");
    counted.extend(steps(begin_steps(&next, 10)).await);
    let each_once: Vec<u64> = (1..=51).collect();
    assert_eq!(counted, each_once);
}

#[test]
fn a_session_moves_with_its_entity_when_a_node_drains() {
    for through_west in [false, true] {
        let pair = Pair::new(&format!("drain-{through_west}"));
        let lives_west = |camel: &u8| home(&pair.east, u64::from(*camel)) == "west";
        let camel = (1..=40).find(lives_west).expect("one of them lives there");
        let gate = if through_west { &pair.west } else { &pair.east };
        client::run(drains_under(&pair, gate, camel));
        pair.stop();
    }
}

#[test]
fn riders_of_all_nodes_hear_what_is_proclaimed_once() {
    let pair = Pair::new("proclaim");
    let proclaim = async |line: &str| {
        let line = line.to_owned();
        let told = pair.east.spawn(move || Oasis::only().proclaim(line));
        told.await.unwrap().unwrap()
    };
    client::run(async {
        let mut riders = Vec::new();
        for number in 1..=8_u8 {
            let gate = [&pair.east, &pair.west][usize::from(number % 2)];
            let client = Client::connect(&gate.addresses()[0], Role::Client);
            let entity = Rider::reference(u64::from(number)).address().clone();
            assert_eq!(client.open(&[0, 0, number]).await, Note::Opened(entity));
            riders.push(client);
        }
        // Both herders have reported by now, or do so soon.
        while proclaim("silence").await < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(proclaim("hear").await, 2);
        for rider in &riders {
            let mut lines = Vec::new();
            while lines.last().is_none_or(|line| line != "hear") {
                let events = rider.events(1).await;
                lines.extend(events.into_iter().map(|(_, _, args)| cried(&args)));
            }
            assert_eq!(lines.iter().filter(|line| *line == "hear").count(), 1);
        }
    });
    pair.stop();
}

/// What comes of a login of this number of camel 7's rider.
fn log_in(of: &Running, login_no: u8) -> Note {
    let mut note = None;
    client::run(async {
        let client = Client::connect(&of.addresses()[0], Role::Client);
        note = Some(client.open(&[7, login_no]).await);
    });
    note.unwrap()
}

#[test]
fn logins_of_before_count_no_more_though_nobody_remembers_the_session() {
    let Pair {
        folder,
        db,
        east,
        west,
    } = Pair::new("logins");
    let opened = Note::Opened(Camel::reference(7).address().clone());
    let text = "there was a later login".to_owned();
    let refused = Note::Refused(SessionReason::Replaced, text);
    assert_eq!(log_in(&east, 2), opened);
    for node in [east, west] {
        node.stop();
        node.wait().unwrap();
    }
    let store = Remote::at(db.addresses().remove(0));
    let north = node("north").shards(2).store(store);
    let north = start(north.cluster(Meeting::default()));
    assert_eq!(log_in(&north, 1), refused);
    assert_eq!(log_in(&north, 2), opened);
    assert_eq!(log_in(&north, 1), refused);
    assert_eq!(log_in(&north, 3), opened);
    for node in [north, db] {
        node.stop();
        node.wait().unwrap();
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_rider_that_takes_nothing_is_let_go_and_holds_nobody_up() {
    let pair = Pair::new("slow");
    client::run(async {
        // Those of east, by way of west: what is cried crosses to its gate for all of them together.
        let mut riders = Vec::new();
        for number in 1..=40_u8 {
            let client = Client::connect(&pair.west.addresses()[0], Role::Client);
            let entity = Rider::reference(u64::from(number)).address().clone();
            assert_eq!(client.open(&[0, 0, number]).await, Note::Opened(entity));
            riders.push(client);
        }
        let cry = async |line: String| {
            let told = pair
                .east
                .spawn(move || async move { Herder::of("east").cry(line) });
            told.await.unwrap().unwrap();
        };
        // Those who live at east, as soon as two have shown that they hear.
        let hears = |rider: &&Client| !rider.inbox.events.borrow().is_empty();
        while riders.iter().filter(hears).count() < 2 {
            cry("who?".to_owned()).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        riders.retain(|rider| hears(&rider));
        let (slow, swift) = (&riders[0], &riders[1]);
        cry("begin".to_owned()).await;
        while swift
            .events(1)
            .await
            .iter()
            .all(|(_, _, args)| cried(args) != "begin")
        {}
        slow.inbox.session.is_mute.set(true);
        // One more than its home keeps for it.
        let lines = SessionLimits::DEFAULT.buffer as usize + 1;
        for some in (0..lines).collect::<Vec<_>>().chunks(64) {
            for line in some {
                cry(line.to_string()).await;
            }
            let heard = swift.events(some.len()).await;
            let heard: BTreeSet<String> = heard.iter().map(|(_, _, args)| cried(args)).collect();
            let expected: BTreeSet<String> = some.iter().map(usize::to_string).collect();
            assert_eq!(heard, expected);
        }
        let note = slow.note().await;
        let is_over = matches!(note, Note::End(SessionReason::Overflow, _));
        assert!(is_over, "{note:?}");
    });
    pair.stop();
}

fn cried(args: &[u8]) -> String {
    let args: HerderCriedArgs = playhouse::from_slice(args, &playhouse::Limits::DEFAULT).unwrap();
    args.line
}

#[test]
fn the_page_on_broadcasts_shows_what_runs_here() {
    let page = include_str!("../../../../docs/broadcast.md");
    let code = [include_str!("world.rs"), include_str!("idl/caravan.idl")].concat();
    let code: Vec<&str> = code.lines().map(str::trim).collect();
    let mut shown = 0;
    for (number, block) in page.split("```").enumerate().filter(|(it, _)| it % 2 == 1) {
        for line in block.lines().skip(1).map(str::trim) {
            assert!(
                code.contains(&line),
                "block {number} has what is not run: {line}"
            );
            shown += 1;
        }
    }
    assert!(shown > 20, "{shown}");
}
