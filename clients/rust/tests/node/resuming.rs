//! Sessions on a node whose clients lose their links, on real sockets.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use playhouse_client::{
    Backoff, Client, Closed, Executed, FailureKind, Random, SessionLimits, SessionReason, State,
};
use tokio::task::spawn_local;
use tokio::time::sleep;

use crate::client::SCHEMA;
use crate::client::inn::{Door, Guest, GuestId, GuestSureArgs, VoiceHeardArgs};
use crate::inn::{Doors, open_inn, run};
use crate::relay::{Cut, Relay};

/// A guest who comes back quickly.
async fn guest(addresses: &[&str], id: u64) -> Client {
    guest_with(addresses, id, SessionLimits::DEFAULT).await
}

async fn guest_with(addresses: &[&str], id: u64, limits: SessionLimits) -> Client {
    let builder = Client::builder(&SCHEMA)
        .backoff(Backoff {
            least: Duration::from_millis(4),
            most: Duration::from_millis(50),
        })
        .session_limits(limits);
    let client = builder.connect_any(addresses).await.unwrap();
    let key = client.service::<Door>().enter(GuestId(id)).await.unwrap();
    client.open(&key.token.0).await.unwrap();
    client
}

/// The numbers of all lines that the client hears.
fn heard(client: &Client) -> Rc<RefCell<Vec<u32>>> {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let into = Rc::clone(&heard);
    client.on(move |args: VoiceHeardArgs| into.borrow_mut().push(args.number));
    heard
}

/// How often the session went on over another link.
fn resumes(client: &Client) -> Rc<Cell<u32>> {
    let count = Rc::new(Cell::new(0));
    let counted = Rc::clone(&count);
    client.on_state(move |state| {
        if matches!(state, State::Live { resumed: true, .. }) {
            counted.set(counted.get() + 1);
        }
    });
    count
}

/// Says lines, several at once, and expects that each is said once and heard once, in order.
async fn converse(client: &Client, heard: &RefCell<Vec<u32>>, goes_on: impl Fn() -> bool) {
    let mut said = u32::try_from(heard.borrow().len()).unwrap();
    while goes_on() {
        let calls: Vec<_> = (0..4)
            .map(|number| {
                let client = client.clone();
                spawn_local(async move {
                    let voice = client.entity::<Guest>().deadline(Duration::from_secs(30));
                    voice.voice().say(format!("line {number}")).await
                })
            })
            .collect();
        for call in calls {
            said += 1;
            assert_eq!(call.await.unwrap(), Ok(said));
        }
    }
    while heard.borrow().len() < said as usize {
        sleep(Duration::from_millis(5)).await;
    }
    let expected: Vec<u32> = (1..=said).collect();
    assert_eq!(*heard.borrow(), expected);
}

#[test]
fn fifty_cuts_at_any_byte_lose_and_double_nothing() {
    run(async |_, address| {
        let relay = Relay::to(address).await;
        let client = guest(&[&relay.address], 7).await;
        let (heard, resumes) = (heard(&client), resumes(&client));
        let random = Random::new(50);
        // A hello is some 60 bytes, so that some of these never get as far as the session.
        let cuts = (0..50).map(|_| Cut {
            up: 20 + random.below(1500),
            down: 20 + random.below(1500),
        });
        relay.cut_next(cuts);
        relay.cut_all();
        converse(&client, &heard, || relay.cuts_left() > 0).await;
        assert!(resumes.get() >= 25, "{}", resumes.get());
        assert!(relay.accepted() >= 50);
    });
}

#[test]
fn a_client_that_is_asked_answers_over_the_next_link() {
    run(async |_, address| {
        let relay = Rc::new(Relay::to(address).await);
        let client = guest(&[&relay.address], 7).await;
        let cutting = Rc::clone(&relay);
        client.answer(move |_: GuestSureArgs| {
            cutting.cut_all();
            async { true }
        });
        assert_eq!(client.entity::<Guest>().leave().await, Ok(true));
    });
}

#[test]
fn a_session_moves_between_gates_under_traffic() {
    run(async |_, address| {
        let relays = [Relay::to(address).await, Relay::to(address).await];
        let client = guest(&[&relays[0].address], 7).await;
        let (heard, resumes) = (heard(&client), resumes(&client));
        let moved = Rc::new(Cell::new(0));
        let moving = {
            let (client, moved) = (client.clone(), Rc::clone(&moved));
            let addresses = relays.each_ref().map(|relay| relay.address.clone());
            spawn_local(async move {
                for to in addresses.iter().cycle().skip(1).take(40) {
                    client.migrate(to).await.unwrap();
                    moved.set(moved.get() + 1);
                    sleep(Duration::from_millis(3)).await;
                }
            })
        };
        converse(&client, &heard, || moved.get() < 40).await;
        moving.await.unwrap();
        assert_eq!(resumes.get(), 40);
    });
}

#[test]
fn a_link_that_is_held_up_is_left() {
    run(async |_, address| {
        let relays = [Relay::to(address).await, Relay::to(address).await];
        let client = guest(&[&relays[0].address, &relays[1].address], 7).await;
        let (heard, resumes) = (heard(&client), resumes(&client));
        relays[0].hold(true);
        let migrate = client.migrate(&relays[1].address);
        migrate.await.unwrap();
        converse(&client, &heard, || heard.borrow().len() < 20).await;
        relays[0].hold(false);
        converse(&client, &heard, || heard.borrow().len() < 40).await;
        assert_eq!(resumes.get(), 1);
    });
}

#[test]
fn a_client_that_is_kept_out_gives_up_and_its_calls_are_tagged() {
    run(async |_, address| {
        let relay = Relay::to(address).await;
        let limits = SessionLimits {
            give_up_us: 400_000,
            ..SessionLimits::DEFAULT
        };
        let client = guest_with(&[&relay.address], 7, limits).await;
        relay.refuse(true);
        relay.cut_all();
        while client.transport().is_some() {
            sleep(Duration::from_millis(1)).await;
        }
        let call = client.entity::<Guest>().name();
        let failure = call.await.unwrap_err();
        assert_eq!(failure.executed(), Executed::NotExecuted);
        assert_eq!(failure.kind(), FailureKind::Unreachable);
        let closed = client.closed().await;
        assert!(
            matches!(closed, Closed::Session(SessionReason::Expired, _)),
            "{closed}"
        );
        // The home holds the session still: the next login takes its place.
        relay.refuse(false);
        let again = guest(&[&relay.address], 7).await;
        assert_eq!(again.entity::<Guest>().name().await, Ok(GuestId(7)));
    });
}

#[test]
fn who_was_replaced_does_not_come_back() {
    run(async |_, address| {
        let relay = Relay::to(address).await;
        let first = guest(&[&relay.address], 7).await;
        let second = guest(&[address], 7).await;
        let closed = first.closed().await;
        assert!(
            matches!(closed, Closed::Session(SessionReason::Replaced, _)),
            "{closed}"
        );
        sleep(Duration::from_millis(300)).await;
        assert_eq!(relay.accepted(), 1);
        assert_eq!(second.entity::<Guest>().name().await, Ok(GuestId(7)));
    });
}

#[test]
fn a_client_that_is_too_old_hears_that_it_must_be_updated() {
    let newer = open_inn(Doors {
        least_client_release: SCHEMA.release + 1,
        ..Doors::default()
    });
    let there = format!("tcp://{}", newer.addresses().remove(0));
    run(async |_, address| {
        let refused = Client::connect(&SCHEMA, &there).await.unwrap_err();
        assert_eq!(refused.kind(), FailureKind::Incompatible);
        assert!(refused.text().contains("update the client"), "{refused}");
        // A session that was begun elsewhere finds no other link: it would be in vain for ever.
        let relay = Relay::to(address).await;
        let client = guest(&[&relay.address, &there], 7).await;
        relay.refuse(true);
        relay.cut_all();
        match client.closed().await {
            Closed::Session(SessionReason::Incompatible, why) => {
                assert!(why.contains("update the client"), "{why}");
            }
            other => panic!("should have to be updated, not {other}"),
        }
    });
    newer.stop();
    newer.wait().unwrap();
}
