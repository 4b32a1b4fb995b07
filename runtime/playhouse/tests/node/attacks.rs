//! What a client sends that no SDK would, to have more than it may: it gets nothing, and nobody else hears of it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use playhouse::Uuid;
use playhouse_wire::frame;
use playhouse_wire::message::{self, FailureKind, GoAwayReason, Header, Role, SessionReason};

use crate::client::{self, Client, Ended, Note, header, method};
use crate::schema::harbour::{
    Door, DoorSlowArgs, Guest, GuestHiddenArgs, GuestHoldArgs, GuestLifeArgs, GuestSayArgs,
};
use crate::world::{self, ms, token};

const NOBODY: Uuid = Uuid([0; 16]);

fn say() -> GuestSayArgs {
    GuestSayArgs {
        line: "hi".to_owned(),
    }
}

async fn life(address: &str, number: u64) -> Vec<String> {
    let peer = Client::connect(address, Role::Node);
    let life = GuestLifeArgs {};
    peer.call::<Guest, _>(0, Some(number), &life).await.value()
}

/// What has happened to a guest, once so much has.
async fn life_of(address: &str, number: u64, length: usize) -> Vec<String> {
    let mut heard = Vec::new();
    for _ in 0..500 {
        heard = life(address, number).await;
        if heard.len() >= length {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    heard
}

#[test]
fn opening_and_ending_in_turn_looks_at_one_token_at_a_time() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = Client::connect(&address, Role::Client);
        client.begin_open(b"slow");
        client.end(NOBODY, 1);
        for _ in 0..3 {
            let note = client.open(&token(5)).await;
            assert!(
                matches!(note, Note::Refused(SessionReason::Unavailable, _)),
                "{note:?}"
            );
        }
        // The first one is over when its time is, and nobody waits for it.
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            match client.open(&token(5)).await {
                Note::Opened(_) => break,
                Note::Refused(SessionReason::Unavailable, _) => {}
                note => panic!("{note:?}"),
            }
        }
        assert_eq!(life(&address, 5).await, ["construct 5", "attached true"]);
    });
}

#[test]
fn a_client_that_goes_while_its_session_opens_leaves_none_attached() {
    let (_running, address) = world::node();
    client::run(async move {
        for number in 1..=4 {
            let client = Client::connect(&address, Role::Client);
            client.begin_open(&token(number));
            client.link.close(GoAwayReason::Idle, "");
            client.link.closed().await;
            let heard = life(&address, number).await;
            let attached = heard.iter().filter(|it| it.starts_with("attached")).count();
            let heard = life_of(&address, number, 1 + 2 * attached).await;
            let lost = heard.iter().filter(|it| *it == "lost").count();
            assert_eq!(attached, lost, "{heard:?}");
        }
    });
}

#[test]
fn the_end_of_another_session_ends_none() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = Client::connect(&address, Role::Client);
        assert!(matches!(client.open(&token(7)).await, Note::Opened(_)));
        client.end(NOBODY, 1);
        client.end(Uuid([9; 16]), 1);
        let said = client.call::<Guest, _>(0, None, &say()).await;
        assert_eq!(said.value::<u32>(), 1);
        client.end(client.session(), 1);
        let note = client.note().await;
        assert!(
            matches!(note, Note::End(SessionReason::LoggedOut, _)),
            "{note:?}"
        );
        let said = client.call::<Guest, _>(0, None, &say()).await;
        said.refused(FailureKind::Denied);
        let heard = life_of(&address, 7, 3).await;
        assert_eq!(heard, ["construct 7", "attached true", "lost"]);
        assert!(matches!(client.open(&token(8)).await, Note::Opened(_)));
    });
}

#[test]
fn a_busy_entity_gets_a_session_at_once_and_hears_of_it_in_turn() {
    let (_running, address) = world::node();
    client::run(async move {
        let peer = Client::connect(&address, Role::Node);
        let hold = playhouse::to_vec(&GuestHoldArgs { wait: ms(300) });
        let (_, held) = peer.begin(method::<Guest, GuestHoldArgs>(0), &header(Some(7)), &hold);
        peer.call::<Guest, _>(0, Some(8), &GuestHiddenArgs {})
            .await
            .value::<bool>();
        let client = Client::connect(&address, Role::Client);
        assert!(matches!(client.open(&token(7)).await, Note::Opened(_)));
        let said = client.call::<Guest, _>(0, Some(7), &say()).await;
        assert_eq!(said.value::<u32>(), 1);
        held.await.value::<u32>();
        let heard = life(&address, 7).await;
        assert_eq!(heard, ["construct 7", "held", "attached true"]);
    });
}

#[test]
fn deadlines_at_the_ends_of_their_range_are_deadlines() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = Client::connect(&address, Role::Client);
        assert!(matches!(client.open(&token(7)).await, Note::Opened(_)));
        let args = playhouse::to_vec(&say());
        for deadline_us in [u64::MAX, u64::MAX - 1, i64::MAX as u64] {
            let long = Header {
                deadline_us: Some(deadline_us),
                ..header(Some(7))
            };
            let (_, said) = client.begin(method::<Guest, GuestSayArgs>(0), &long, &args);
            assert_eq!(said.await.value::<u32>(), 1);
        }
        let peer = Client::connect(&address, Role::Node);
        for number in 1..=4 {
            let hold = playhouse::to_vec(&GuestHoldArgs { wait: ms(10) });
            let long = Header {
                deadline_us: Some(u64::MAX),
                ..header(Some(number))
            };
            let (_, held) = peer.begin(method::<Guest, GuestHoldArgs>(0), &long, &hold);
            let none = Header {
                deadline_us: Some(0),
                ..header(Some(number))
            };
            let (_, late) = peer.begin(method::<Guest, GuestHoldArgs>(0), &none, &hold);
            held.await.value::<u32>();
            let late = late.await;
            assert!(
                matches!(late, Ended::Ok(_) | Ended::Failed(FailureKind::Timeout, ..)),
                "{late:?}"
            );
        }
    });
}

#[test]
fn two_requests_of_one_number_end_the_link_and_are_given_up() {
    let counters = Box::leak(Box::default());
    let (_running, address) = world::start(world::builder_with(counters));
    let mut stream = TcpStream::connect(&address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut w = playhouse::Writer::new();
    let put = |w: &mut playhouse::Writer, write: &dyn Fn(&mut playhouse::Writer)| {
        frame::put(w, frame::FRAME_BYTES_MAX, write).unwrap();
    };
    put(&mut w, &|w| {
        message::put_hello(w, &message::Hello::new(Role::Node, "twins"));
    });
    let args = playhouse::to_vec(&DoorSlowArgs { wait: ms(300) });
    for _ in 0..2 {
        put(&mut w, &|w| {
            let slow = method::<Door, DoorSlowArgs>(0);
            message::put_request(w, 1, slow, &Header::EMPTY, |w| w.raw(&args));
        });
    }
    stream.write_all(w.as_bytes()).unwrap();
    let mut rest = Vec::new();
    // The node ends it, long before an idle link would.
    stream.read_to_end(&mut rest).unwrap();
    for _ in 0..500 {
        if counters.slow.load(Relaxed) == 2 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(counters.slow.load(Relaxed), 2);
    assert_eq!(counters.gave_up.load(Relaxed), 2);
}

#[test]
fn a_token_that_the_authenticator_panics_at_is_refused() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = Client::connect(&address, Role::Client);
        let note = client.open(b"panic").await;
        assert!(
            matches!(note, Note::Refused(SessionReason::Denied, _)),
            "{note:?}"
        );
        assert!(matches!(client.open(&token(7)).await, Note::Opened(_)));
    });
}
