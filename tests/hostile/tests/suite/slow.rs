//! Peers that take their time.

use std::time::Duration;

use playhouse::node::{DoorLimits, ServerKey};
use playhouse_net::noise::MAGIC;
use playhouse_wire::message::{self, Header, Hello, Role, SessionReason};
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, sleep, timeout};

use crate::client::{CERTIFICATE, Note, method};
use crate::raw::{Raw, framed};
use crate::scene::{under_attack, wary, wary_with};
use crate::schema::harbour::{Door, DoorEchoArgs, Guest, GuestManyArgs};

/// In which a link must say hello, and a handshake be over.
const HELLO_TIME: Duration = Duration::from_secs(5);
/// What else may pass on a busy machine.
const SLACK: Duration = Duration::from_secs(15);

/// Sends bytes one at a time until the node closes the connection; how long that took.
async fn dribble(raw: &mut Raw, bytes: &[u8]) -> Duration {
    let began = Instant::now();
    for byte in bytes.iter().cycle() {
        if raw.stream.write_all(&[*byte]).await.is_err() || began.elapsed() > HELLO_TIME + SLACK {
            break;
        }
        sleep(Duration::from_millis(200)).await;
    }
    began.elapsed()
}

#[test]
fn a_hello_that_comes_byte_by_byte_is_cut_off() {
    under_attack(wary(), async |scene| {
        let hello = framed(|w| message::put_hello(w, &Hello::new(Role::Client, &"n".repeat(100))));
        let mut raw = Raw::connect(&scene.address).await;
        let took = dribble(&mut raw, &hello).await;
        assert!((HELLO_TIME..HELLO_TIME + SLACK).contains(&took), "{took:?}");
        scene.links_closed("hello", 1).await;
        assert_eq!(scene.value("playhouse_connections_shaking").await, 0.0);
    });
}

#[test]
fn an_encrypted_handshake_that_comes_byte_by_byte_is_cut_off() {
    let node = wary().server_key(ServerKey::generate().unwrap());
    under_attack(node.require_encryption(), async |scene| {
        let offer = [&MAGIC[..], &[1, 0, 0, 0, 0, 48, 0], &[9; 48]].concat();
        let mut raw = Raw::connect(&scene.address).await;
        let took = dribble(&mut raw, &offer).await;
        assert!((HELLO_TIME..HELLO_TIME + SLACK).contains(&took), "{took:?}");
        let series = "playhouse_handshakes_total{outcome=\"timed_out\"}";
        scene.counted(series, 1).await;
        assert_eq!(scene.value("playhouse_connections_shaking").await, 0.0);
    });
}

#[test]
fn handshakes_of_websocket_and_tls_that_come_byte_by_byte_are_cut_off() {
    let folder = CERTIFICATE.0.path();
    let builder = wary().tls(folder.join("chain.pem"), folder.join("key.pem"));
    let builder = builder
        .listen("ws://127.0.0.1:0")
        .listen("wss://127.0.0.1:0");
    under_attack(builder, async |scene| {
        let upgrade = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nX: ".as_slice();
        // A record of TLS with a hello of a client that never ends.
        let hello = [&[22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[9; 60]].concat();
        for (address, bytes) in scene.running.addresses()[1..].iter().zip([upgrade, &hello]) {
            let mut raw = Raw::connect(address).await;
            let took = dribble(&mut raw, bytes).await;
            assert!((HELLO_TIME..HELLO_TIME + SLACK).contains(&took), "{took:?}");
        }
        scene.links_closed("hello", 2).await;
        assert_eq!(scene.value("playhouse_connections_shaking").await, 0.0);
    });
}

#[test]
fn a_client_that_reads_nothing_is_read_no_more_and_cut_off() {
    let limits = DoorLimits {
        frames_per_second: 100_000,
        bytes_per_second: 100 << 20,
        ..DoorLimits::default()
    };
    under_attack(wary_with(limits), async |scene| {
        let data = vec![7; 4_000].into();
        let args = playhouse::to_vec(&DoorEchoArgs { data });
        let call = |id: u32| {
            let method = method::<Door, DoorEchoArgs>(0);
            framed(|w| message::put_request(w, id, method, &Header::EMPTY, |w| w.raw(&args)))
        };
        let mut raw = Raw::hello(&scene.address, Role::Client).await;
        let began = Instant::now();
        let mut sent = 0;
        // Until the node takes no more, and then until it closes.
        for id in 0.. {
            let wrote = timeout(SLACK * 2, raw.stream.write_all(&call(id))).await;
            match wrote.expect("it closes the link of who reads nothing") {
                Ok(()) => sent += 1,
                Err(_) => break,
            }
            assert!(began.elapsed() < SLACK * 3, "{sent} calls, and it goes on");
        }
        scene.links_closed("stalled", 1).await;
    });
}

#[test]
fn a_client_that_says_no_word_after_its_hello_is_asked_and_let_go() {
    under_attack(wary(), async |scene| {
        let mut raw = Raw::hello(&scene.address, Role::Client).await;
        // It hears the questions whether it is there, and answers none.
        raw.end(Duration::from_secs(40)).await;
        scene.links_closed("silent", 1).await;
    });
}

#[test]
fn a_player_that_acknowledges_nothing_loses_its_session() {
    under_attack(wary(), async |scene| {
        let client = scene.player(66).await;
        client.inbox.session.is_mute.set(true);
        let many = GuestManyArgs { count: 5_000 };
        let called = client.begin(
            method::<Guest, GuestManyArgs>(0),
            &Header::EMPTY,
            &playhouse::to_vec(&many),
        );
        let note = client.note().await;
        assert!(
            matches!(note, Note::End(SessionReason::Overflow, _)),
            "{note:?}"
        );
        drop(called);
        let series = "playhouse_sessions_ended_total{reason=\"overflow\"}";
        scene.counted(series, 1).await;
    });
}
