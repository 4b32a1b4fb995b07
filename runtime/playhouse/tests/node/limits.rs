//! The bounds of a node, each at its limit: one more is refused, and there is room again when one goes.

use std::future::{Future as _, poll_fn};
use std::task::Poll;
use std::time::Duration;

use playhouse::host::{BACKGROUND_MAX, OBSERVERS_MAX, SERVICE_CALLS_MAX};
use playhouse::node::{
    ASKED_MAX, GUESTS_PER_ADDRESS, LINKS_MAX, OPEN_RATE, RUNNING_MAX, SEARCHES_MAX,
};
use playhouse::{EntityRef, Numbered};
use playhouse_wire::message::{
    ChainBuffer, FailureKind, GoAwayReason, Initiator, Method, Role, SessionReason, WaitFound,
    WaitProbe, Waiting,
};

use playhouse_wire::session::SessionLimits;

use crate::client::{self, Client, Ended, Note};
use crate::schema::harbour::{
    AccountId, BagContentArgs, BagPutArgs, Door, DoorKnockArgs, Guest, GuestAskArgs,
    GuestHiddenArgs, GuestHoldArgs,
};
use crate::world::{self, CROWDED, ms, token};

async fn knock(client: &Client) -> Ended {
    client.call::<Door, _>(0, None, &DoorKnockArgs {}).await
}

#[test]
fn one_link_too_many_is_closed_until_another_goes() {
    const { assert!(LINKS_MAX >= 1000, "what is there if nothing is said") };
    let (_running, address) = world::start(world::builder().shards(1).links_max(2));
    client::run(async move {
        let first = Client::connect(&address, Role::Client);
        let second = Client::connect(&address, Role::Client);
        knock(&first).await.value::<u32>();
        knock(&second).await.value::<u32>();
        let third = Client::connect(&address, Role::Client);
        assert!(matches!(third.note().await, Note::Closed(_)));
        first.link.close(GoAwayReason::Idle, "");
        first.link.closed().await;
        for round in 0.. {
            assert!(round < 200, "there should be room again");
            let again = Client::connect(&address, Role::Client);
            if let Ended::Ok(_) = knock(&again).await {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        knock(&second).await.value::<u32>();
    });
}

#[test]
fn a_new_link_gives_a_guest_nothing_new() {
    const { assert!(GUESTS_PER_ADDRESS > 1, "players share addresses") };
    // What comes from this machine is trusted otherwise, and trusted addresses are not counted.
    let builder = world::builder().trust_peers(|_| false);
    let (_running, address) = world::start(builder.guests_per_address(2));
    client::run(async move {
        // Two guests may knock twice each, over however many links, on whichever shards.
        let mut let_in = 0;
        for _ in 0..10 {
            let client = Client::connect(&address, Role::Client);
            match knock(&client).await {
                Ended::Ok(_) => let_in += 1,
                refused => {
                    let text = refused.refused(FailureKind::RateLimited);
                    assert!(text.contains("this address"), "{text}");
                }
            }
        }
        assert_eq!(let_in, 4);
    });
}

#[test]
fn who_shows_too_many_tokens_waits() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = Client::connect(&address, Role::Client);
        for _ in 0..OPEN_RATE.burst {
            let note = client.open(b"nobody").await;
            assert!(
                matches!(note, Note::Refused(SessionReason::Denied, _)),
                "{note:?}"
            );
        }
        let mut last = client.open(b"nobody").await;
        // On a slow machine one or two more may have come due.
        for _ in 0..OPEN_RATE.burst {
            if let Note::Refused(SessionReason::Unavailable, text) = &last {
                assert!(text.contains("try again in"), "{text}");
                return;
            }
            last = client.open(b"nobody").await;
        }
        panic!("never refused: {last:?}");
    });
}

#[test]
fn tokens_shown_over_many_links_are_counted_together() {
    let builder = world::builder().trust_peers(|_| false);
    let (_running, address) = world::start(builder.guests_per_address(1));
    client::run(async move {
        let mut looked_at = 0;
        for number in 1..3 * u64::from(OPEN_RATE.burst) {
            let client = Client::connect(&address, Role::Client);
            match client.open(&token(number)).await {
                Note::Opened(_) => looked_at += 1,
                Note::Refused(SessionReason::Unavailable, _) => return,
                other => panic!("{other:?}"),
            }
        }
        panic!("{looked_at} tokens were looked at");
    });
}

#[test]
fn the_oldest_of_too_many_searches_is_forgotten() {
    let (_running, address) = world::start(world::builder().shards(1));
    client::run(async move {
        let peer = Client::connect(&address, Role::Node);
        let path = ChainBuffer::new();
        let initiator = || Initiator {
            node: "elsewhere",
            entity: Waiting {
                method: Method {
                    package: Guest::PACKAGE,
                    number: Guest::NUMBER,
                    slot: 0,
                    tag: 1,
                },
                key: Guest::reference(AccountId(1)).address().key.clone(),
            },
            call: 1,
        };
        for number in 0..=SEARCHES_MAX as u64 {
            let probe = WaitProbe {
                probe: number,
                initiator: initiator(),
                path: path.as_chain(),
                target: EntityRef::clone(Guest::reference(AccountId(2)).address()),
            };
            peer.link.send(|w| probe.put(w)).unwrap();
        }
        // Whoever found something: it is passed on to where the search came from, once.
        for number in [0, 1, 1, SEARCHES_MAX as u64] {
            let found = WaitFound {
                probe: number,
                initiator: initiator(),
                path: path.as_chain(),
            };
            peer.link.send(|w| found.put(w)).unwrap();
        }
        while peer.inbox.found.borrow().len() < 2 {
            peer.news().await;
        }
        assert_eq!(*peer.inbox.found.borrow(), [1, SEARCHES_MAX as u64]);
    });
}

#[test]
fn an_entity_gets_so_many_observers_and_a_shard_so_much_background_work() {
    let (running, _) = world::node();
    let life = || running.spawn(|| Guest::of(CROWDED).life()).wait();
    let expected = [
        "construct 666".to_owned(),
        format!("{OBSERVERS_MAX} observers, then Overloaded"),
        format!("{BACKGROUND_MAX} background, then Overloaded"),
    ];
    assert_eq!(life().unwrap().unwrap(), expected);
}

#[test]
fn a_client_is_asked_so_much_at_once_and_no_more() {
    let (running, address) = world::node();
    client::run(async move {
        let client = Client::connect(&address, Role::Client);
        // It takes every question and answers none.
        client.open(&token(CROWDED.0)).await;
        let ask = GuestAskArgs {
            text: String::new(),
        };
        let asked = client.call::<Guest, _>(0, None, &ask).await;
        asked.value::<bool>();
        let life =
            tokio::task::spawn_blocking(move || running.spawn(|| Guest::of(CROWDED).life()).wait());
        let life = life.await.unwrap().unwrap().unwrap();
        let expected =
            format!("{ASKED_MAX} asked, then Err(\"too many calls wait for the client\")");
        assert_eq!(life.last(), Some(&expected));
    });
}

#[test]
fn calls_of_a_busy_entity_wait_in_the_session_and_then_its_client_is_let_go() {
    // Room for all events that come of them at once.
    let limits = SessionLimits {
        buffer: 100_000,
        buffer_bytes: 64 * 1024 * 1024,
        ..SessionLimits::DEFAULT
    };
    let (_running, address) = world::start(world::builder().shards(1).session_limits(limits));
    client::run(async move {
        let client = Client::connect(&address, Role::Client);
        client.open(&token(1)).await;
        let put = |parcel: usize| {
            let parcel = u32::try_from(parcel).unwrap();
            client.oneway::<Guest, _>(1, None, &BagPutArgs { parcel });
        };
        let peer = Client::connect(&address, Role::Node);
        let hold = || {
            let hold = playhouse::to_vec(&GuestHoldArgs { wait: ms(1500) });
            let method = client::method::<Guest, GuestHoldArgs>(0);
            peer.begin(method, &client::header(Some(1)), &hold).1
        };
        // Whoever holds the entity does by the time that another one answers.
        let other_answers = async || {
            let other = peer.call::<Guest, _>(0, Some(2), &GuestHiddenArgs {});
            other.await.value::<bool>();
        };
        // So many wait for the entity, and so many more in the session.
        let session = 4 * SessionLimits::DEFAULT.window as usize;
        let fits = RUNNING_MAX + session;
        let held = hold();
        other_answers().await;
        (0..fits).for_each(put);
        held.await.value::<u32>();
        client.events(fits).await;
        assert_eq!(client.inbox.session.attempt.get(), 1);
        // One more is more than a session holds.
        let held = hold();
        other_answers().await;
        (fits..=2 * fits).for_each(put);
        assert_eq!(client.note().await, Note::Detached);
        held.await.value::<u32>();
        // What was not taken is sent again, and each is done once.
        assert!(matches!(client.resume().await, Note::Opened(_)));
        client.events(fits + 1).await;
        let content = peer.call::<Guest, _>(1, Some(1), &BagContentArgs {}).await;
        let content = content.value::<Vec<u32>>();
        let all: Vec<u32> = (0..=2 * fits)
            .map(|it| u32::try_from(it).unwrap())
            .collect();
        assert_eq!(content, all);
    });
}

#[test]
fn a_service_serves_so_many_calls_at_once_and_refuses_one_more() {
    let builder = world::builder().shards(1);
    let (running, _) = world::start(builder.stop_timeout(Duration::from_millis(50)));
    let refused = running.spawn(|| async {
        let begin = || Box::pin(Door::any().slow(ms(60_000)));
        let mut begun = Vec::new();
        for number in 0..SERVICE_CALLS_MAX {
            let mut call = begin();
            let first = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await;
            assert!(first, "call {number} was refused");
            begun.push(call);
        }
        let one_more = begin().await;
        // Others are not concerned.
        let guest = Guest::of(AccountId(1)).hold(ms(0)).await;
        (one_more.unwrap_err().kind(), guest)
    });
    assert_eq!(
        refused.wait().unwrap(),
        (playhouse::FailureKind::Overloaded, Ok(1))
    );
}
