//! Calls of clients that pass by the sequence of their session: each is done once or never, for its own session alone.

use std::time::Duration;

use playhouse::metrics::FRESH_FOR;
use playhouse::node::NodeBuilder;
use playhouse_net::link::Way;
use playhouse_wire::Writer;
use playhouse_wire::message::{Role, put_aside, put_notify, put_request};

use crate::client::{self, Client, Note, header, method};
use crate::metrics::get;
use crate::schema::harbour::{BagContentArgs, BagPutArgs, Guest, GuestHiddenArgs};
use crate::transports::{EVERYWHERE, certified};
use crate::world::{self, token};

/// The slot of a guest's bag.
const BAG: u8 = 1;

fn put(w: &mut Writer, key: Option<u64>, parcel: u32) {
    let args = playhouse::to_vec(&BagPutArgs { parcel });
    let method = method::<Guest, BagPutArgs>(BAG);
    put_notify(w, method, &header(key), |w| w.raw(&args));
}

fn aside(client: &Client, number: u64, body: impl FnOnce(&mut Writer)) -> Way {
    aside_of(client, client.inbox.session.attempt.get(), number, body)
}

fn aside_of(client: &Client, attempt: u64, number: u64, body: impl FnOnce(&mut Writer)) -> Way {
    client.link.pass(|w| put_aside(w, attempt, number, body))
}

/// What is in a guest's bag.
async fn content(peer: &Client, guest: u64) -> Vec<u32> {
    let args = BagContentArgs {};
    peer.call::<Guest, _>(BAG, Some(guest), &args).await.value()
}

#[test]
fn each_is_done_once_or_never_by_every_transport() {
    let builder = EVERYWHERE
        .into_iter()
        .fold(world::builder(), NodeBuilder::listen);
    let (running, first) = world::start(certified(builder));
    let addresses = running.addresses();
    client::run(async move {
        let peer = Client::connect(&first, Role::Node);
        for (guest, address) in (10_u64..).zip(&addresses) {
            let client = Client::connect(address, Role::Client);
            assert!(matches!(client.open(&token(guest)).await, Note::Opened(_)));
            let has_datagrams = client.link.datagram_bytes_max().is_some();
            let expected = [Way::Stream, Way::Datagram][usize::from(has_datagrams)];
            let mut parcel = 0;
            let mut there = Vec::new();
            while there.len() < 10 {
                parcel += 1;
                let number = u64::from(parcel) + 1;
                for number in [number, number, number - 1] {
                    let way = aside(&client, number, |w| put(w, None, parcel));
                    assert_eq!(way, expected, "{address}");
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
                there = content(&peer, guest).await;
            }
            let rises = there.windows(2).all(|two| two[0] < two[1]);
            assert!(rises, "{address}: {there:?}");
        }
    });
    drop(running);
}

#[test]
fn those_of_others_are_refused_and_counted() {
    let builder = world::builder()
        .listen("kcp://127.0.0.1:0")
        .metrics("127.0.0.1:0");
    let (running, first) = world::start(builder);
    let (kcp, metrics) = (running.addresses().remove(1), running.metrics_address());
    let metrics = metrics.unwrap();
    client::run(async move {
        let peer = Client::connect(&first, Role::Node);
        let victim = Client::connect(&kcp, Role::Client);
        assert!(matches!(victim.open(&token(1)).await, Note::Opened(_)));
        // Without a session: whatever attempt it names, there is none.
        let stranger = Client::connect(&kcp, Role::Client);
        while stranger.link.peer().is_none() {
            tokio::task::yield_now().await;
        }
        for attempt in 0..5 {
            aside_of(&stranger, attempt, 1 << 40, |w| put(w, Some(1), 66));
        }
        // With one of another guest.
        let other = Client::connect(&kcp, Role::Client);
        assert!(matches!(other.open(&token(2)).await, Note::Opened(_)));
        aside_of(&other, 9, 1, |w| put(w, None, 66));
        assert!(other.link.send_datagram(b"\x94\x2b"), "cut off");
        assert!(other.link.send_datagram(&[0x92, 8, 1]), "no aside");
        aside(&other, 1, |w| {
            let method = method::<Guest, BagPutArgs>(BAG);
            put_request(w, 1, method, &header(None), |w| w.array(0));
        });
        aside(&other, 2, |w| put(w, Some(1), 66));
        aside(&other, 3, |w| {
            let method = method::<Guest, GuestHiddenArgs>(0);
            put_notify(w, method, &header(None), |w| w.array(0));
        });
        let mut number = 3;
        while content(&peer, 2).await.is_empty() {
            number += 1;
            aside(&other, number, |w| put(w, None, 7));
        }
        aside(&victim, 1, |w| put(w, None, 7));
        while content(&peer, 1).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(content(&peer, 1).await, [7]);
        assert!(content(&peer, 2).await.iter().all(|parcel| *parcel == 7));
        tokio::time::sleep(FRESH_FOR).await;
        let page = get(&metrics, "/metrics");
        for count in [
            "playhouse_messages_unwanted_total 9",
            "playhouse_calls_refused_total{kind=\"denied\"} 2",
        ] {
            assert!(page.contains(count), "{count}: {page}");
        }
    });
    drop(running);
}
