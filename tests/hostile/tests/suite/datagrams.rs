//! UDP from addresses that are not the sender's: nothing is kept of it, and nobody gets more than was sent.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use playhouse::NodeBuilder;
use playhouse::node::DoorLimits;
use playhouse_net::tls::Trust;
use playhouse_net::{Network, quic};
use playhouse_wire::message::Role;
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep, timeout};

use crate::client::{CERTIFICATE, Client};
use crate::middle;
use crate::scene::{Scene, under_attack, wary, wary_with};

/// How long an answer may take that must not come.
const QUIET: Duration = Duration::from_millis(500);

/// An answer to an address that has shown nothing is at most so many times as long as what it answers.
const AMPLIFIED_MAX: usize = 3;

fn kcp() -> NodeBuilder {
    wary().listen("kcp://127.0.0.1:0")
}

/// A socket of this address, and where the node's is.
async fn socket(scene: &Scene, from: &str) -> (UdpSocket, SocketAddr) {
    let address = scene.running.addresses()[1].clone();
    let (_, address) = address.split_once("://").unwrap();
    let socket = UdpSocket::bind(from).await.unwrap();
    (socket, address.parse().unwrap())
}

/// What comes back soon.
async fn answer(socket: &UdpSocket) -> Option<Vec<u8>> {
    let mut bytes = [0; 2048];
    let came = timeout(QUIET, socket.recv(&mut bytes)).await.ok()?;
    Some(bytes[..came.unwrap()].to_vec())
}

fn hello(nonce: u64) -> Vec<u8> {
    let mut hello = [&[1][..], b"PHK1", &nonce.to_le_bytes()].concat();
    hello.resize(64, 0);
    hello
}

/// An open with the cookie of a challenge.
fn open(challenge: &[u8]) -> Vec<u8> {
    [&[3], &challenge[1..29]].concat()
}

async fn came(scene: &Scene, kind: &str, least: u32) {
    let series = format!("playhouse_kcp_total{{kind=\"{kind}\"}}");
    scene.counted(&series, least).await;
}

/// Nothing is kept of anybody but the honest client.
async fn keeps_nothing(scene: &Scene) {
    for series in [
        "playhouse_connections{transport=\"kcp\"}",
        "playhouse_connections_shaking",
    ] {
        assert_eq!(scene.value(series).await, 0.0, "{series}");
    }
}

#[test]
fn a_cookie_is_worth_nothing_at_another_address() {
    under_attack(kcp(), async |scene| {
        let (one, node) = socket(scene, "127.0.0.66:0").await;
        one.send_to(&hello(7), node).await.unwrap();
        let challenge = answer(&one).await.expect("a hello is answered");
        let open = open(&challenge);
        // Another address, and another port of the same one.
        for from in ["127.0.0.67:0", "127.0.0.66:0"] {
            let (other, _) = socket(scene, from).await;
            other.send_to(&open, node).await.unwrap();
            assert_eq!(answer(&other).await, None, "{from}");
        }
        let mut forged = open.clone();
        *forged.last_mut().unwrap() ^= 1;
        one.send_to(&forged, node).await.unwrap();
        assert_eq!(answer(&one).await, None);
        came(scene, "cookie", 3).await;
        keeps_nothing(scene).await;
        // At its own it is.
        one.send_to(&open, node).await.unwrap();
        assert_eq!(answer(&one).await.expect("an open is answered")[0], 4);
    });
}

#[test]
fn hellos_of_thousands_are_answered_and_forgotten() {
    under_attack(kcp(), async |scene| {
        let (socket, node) = socket(scene, "127.0.0.66:0").await;
        for nonce in 0..4_000 {
            socket.send_to(&hello(nonce), node).await.unwrap();
            if nonce % 100 == 0 {
                sleep(Duration::from_millis(2)).await;
            }
        }
        // The system may drop some of so many.
        came(scene, "hello", 1_000).await;
        keeps_nothing(scene).await;
        scene.honest.is_served().await;
    });
}

#[test]
fn opens_of_one_address_that_nobody_confirms_are_few_and_expire() {
    under_attack(kcp(), async |scene| {
        let (socket, node) = socket(scene, "127.0.0.66:0").await;
        let mut refused = 0;
        for nonce in 0..48 {
            socket.send_to(&hello(nonce), node).await.unwrap();
            let challenge = answer(&socket).await.expect("a hello is answered");
            socket.send_to(&open(&challenge), node).await.unwrap();
            let answer = answer(&socket).await.expect("an open is answered");
            // 4 is an acceptance, 6 a refusal.
            refused += u32::from(answer[0] == 6);
        }
        assert_eq!(refused, 16, "32 of an address are half open");
        came(scene, "full", 16).await;
        keeps_nothing(scene).await;
        sleep(Duration::from_secs(5)).await;
        socket.send_to(&hello(99), node).await.unwrap();
        came(scene, "expired", 32).await;
    });
}

#[test]
fn numbers_of_connections_are_not_guessed() {
    under_attack(kcp(), async |scene| {
        let (socket, node) = socket(scene, "127.0.0.66:0").await;
        for id in 0..1_000_u64 {
            let guess = [&[5][..], &id.to_le_bytes(), &[0; 40]].concat();
            socket.send_to(&guess, node).await.unwrap();
            if id % 100 == 0 {
                sleep(Duration::from_millis(2)).await;
            }
        }
        assert_eq!(answer(&socket).await, None);
        came(scene, "stranger", 500).await;
        keeps_nothing(scene).await;
    });
}

#[test]
fn answers_are_never_longer_than_what_they_answer() {
    under_attack(kcp(), async |scene| {
        let (socket, node) = socket(scene, "127.0.0.66:0").await;
        let mut all: Vec<Vec<u8>> = (0..=64).map(|length| hello(1)[..length].to_vec()).collect();
        all.extend((0..=9).map(|kind| vec![kind; 29]));
        all.extend((0..=9).map(|kind| [&[kind][..], &[0; 1_300]].concat()));
        all.push([hello(2), vec![0; 1_200]].concat());
        for sent in all {
            socket.send_to(&sent, node).await.unwrap();
            let mut bytes = [0; 2048];
            let wait = Duration::from_millis(20);
            while let Ok(Ok(length)) = timeout(wait, socket.recv(&mut bytes)).await {
                assert!(length <= sent.len(), "{length} for {}", sent.len());
            }
        }
        came(scene, "garbage", 64).await;
        came(scene, "stranger", 1).await;
        came(scene, "cookie", 1).await;
        keeps_nothing(scene).await;
    });
}

#[test]
fn handshakes_of_quic_that_nobody_goes_on_with_are_few_and_end() {
    let folder = CERTIFICATE.0.path();
    let limits = DoorLimits {
        handshakes_per_address: 8,
        ..DoorLimits::default()
    };
    let builder = wary_with(limits).tls(folder.join("chain.pem"), folder.join("key.pem"));
    under_attack(builder.listen("quic://127.0.0.1:0"), async |scene| {
        let quic = scene.running.addresses()[1].clone();
        // Nothing passes after a while, not even that the clients give up.
        let began = Instant::now();
        let change = Box::new(move |_, piece: &[u8]| {
            let passes = began.elapsed() < Duration::from_secs(2);
            passes.then(|| piece.to_vec()).into_iter().collect()
        });
        let (here, _) = middle::of_datagrams(&quic, true, change).await;
        let trust = Trust::pem(CERTIFICATE.1.as_bytes()).unwrap();
        let network: Rc<dyn Network> = Rc::new(quic::Network::trusting(trust));
        let dial = |_| Client::connect_over(Rc::clone(&network), &here, Role::Client);
        let clients: Vec<_> = (0..24).map(dial).collect();
        let refused = "playhouse_connections_refused_total{reason=\"crowded\"}";
        scene.counted(refused, 16).await;
        let inside = scene.value("playhouse_connections_shaking").await;
        assert!(inside <= 8.0, "{inside}");
        drop(clients);
        scene.links_closed("hello", 1).await;
    });
}

#[test]
fn a_handshake_of_quic_from_an_address_that_hears_nothing_is_no_amplifier() {
    let folder = CERTIFICATE.0.path();
    let builder = wary().tls(folder.join("chain.pem"), folder.join("key.pem"));
    under_attack(builder.listen("quic://127.0.0.1:0"), async |scene| {
        let quic = scene.running.addresses()[1].clone();
        let change = Box::new(|_, piece: &[u8]| vec![piece.to_vec()]);
        let (here, passed) = middle::of_datagrams(&quic, true, change).await;
        let trust = Trust::pem(CERTIFICATE.1.as_bytes()).unwrap();
        let network: Rc<dyn Network> = Rc::new(quic::Network::trusting(trust));
        let client = Client::connect_over(network, &here, Role::Client);
        // The node sends its part again and again, within what it may.
        for _ in 0..30 {
            sleep(Duration::from_millis(100)).await;
            let passed = *passed.borrow();
            assert!(
                passed.down <= AMPLIFIED_MAX * passed.up,
                "{passed:?} in bytes"
            );
        }
        let passed = *passed.borrow();
        assert!(passed.up > 0 && passed.down > 0, "{passed:?}");
        drop(client);
        // What is no handshake at all is answered with less than it has.
        let (socket, node) = socket(scene, "127.0.0.66:0").await;
        for first in [0_u8, 0x40, 0x80, 0xc0, 0xff] {
            let sent = [&[first][..], &[0x5a; 1_250]].concat();
            socket.send_to(&sent, node).await.unwrap();
            let answered = answer(&socket).await.map_or(0, |it| it.len());
            assert!(answered <= sent.len(), "{answered}");
        }
    });
}
