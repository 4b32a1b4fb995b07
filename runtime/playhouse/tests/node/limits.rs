//! The bounds of a node, each at its limit: one more is refused, and there is room again when one goes.

use std::future::{Future as _, poll_fn};
use std::task::Poll;
use std::time::Duration;

use playhouse::host::{BACKGROUND_MAX, OBSERVERS_MAX, SERVICE_CALLS_MAX};
use playhouse::node::{GUESTS_PER_ADDRESS, LINKS_MAX, OPEN_RATE, SEARCHES_MAX};
use playhouse::{EntityRef, Numbered};
use playhouse_wire::message::{
    ChainBuffer, FailureKind, GoAwayReason, Initiator, Method, Role, SessionReason, WaitFound,
    WaitProbe, Waiting,
};

use crate::client::{self, Client, Ended, Note};
use crate::schema::harbour::{AccountId, Door, DoorKnockArgs, Guest};
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
