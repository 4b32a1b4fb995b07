//! Somebody on the way who changes, repeats, leaves out or keeps what is encrypted.

use std::rc::Rc;

use playhouse::node::{NodeBuilder, ServerKey};
use playhouse_net::kcp::{self, Kcp, Options};
use playhouse_net::{Network, noise, ws};
use playhouse_wire::message::Role;

use crate::client::{Client, Note};
use crate::middle::{self, Change, Record};
use crate::raw::{Raw, elsewhere};
use crate::scene::{Scene, say, under_attack, wary};
use crate::schema::harbour::Guest;
use crate::world::token;

const FORGED: &str = "playhouse_forged_total";

fn sealed() -> NodeBuilder {
    wary()
        .server_key(ServerKey::generate().unwrap())
        .require_encryption()
}

/// A client that dials here and trusts the node's key.
fn dial(scene: &Scene, here: &str) -> Client {
    let key = scene.running.public_key().unwrap();
    let network = Rc::new(noise::Network::client(elsewhere(), key));
    Client::connect_over(network, here, Role::Client)
}

#[test]
fn who_does_not_encrypt_is_turned_away_by_every_transport() {
    let builder = sealed().listen("kcp://127.0.0.1:0");
    under_attack(builder.listen("ws://127.0.0.1:0"), async |scene| {
        let networks: [Rc<dyn Network>; 3] = [
            elsewhere(),
            Rc::new(Kcp::new(Options::FAST, kcp::Trust::Plain)),
            Rc::new(ws::Network::new()),
        ];
        for (address, network) in scene.running.addresses().iter().zip(networks) {
            let plain = Client::connect_over(network, address, Role::Client);
            let Note::Closed(why) = plain.note().await else {
                panic!("a client without a key is let in at {address}");
            };
            assert!(why.contains("public key"), "{address}: {why}");
        }
        let plain = "playhouse_handshakes_total{outcome=\"plain\"}";
        scene.counted(plain, 3).await;
    });
}

/// A client whose messages are changed so on their way loses its link, and the node counts it.
fn is_found_out(change: impl Fn(&[u8]) -> Vec<Vec<u8>> + Clone + 'static) {
    under_attack(sealed(), async |scene| {
        let mut kept: Option<Vec<u8>> = None;
        let change = change.clone();
        // The handshake, the hello and the open pass; the fourth piece does not.
        let change: Change = Box::new(move |count, piece| match count {
            3 => change(piece),
            4 if kept.is_some() => vec![piece.to_vec(), kept.take().unwrap()],
            _ => vec![piece.to_vec()],
        });
        let here = middle::of_stream(&scene.address, change).await;
        let client = dial(scene, &here);
        let opened = client.open(&token(66)).await;
        assert!(matches!(opened, Note::Opened(_)), "{opened:?}");
        while !client.link.is_closed() {
            client.oneway::<Guest, _>(0, None, &say());
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        scene.counted(FORGED, 1).await;
        scene.links_closed("broken", 1).await;
    });
}

#[test]
fn a_record_that_was_changed_ends_the_connection() {
    is_found_out(|piece| {
        let mut changed = piece.to_vec();
        *changed.last_mut().unwrap() ^= 1;
        vec![changed]
    });
}

#[test]
fn a_record_that_comes_again_ends_the_connection() {
    is_found_out(|piece| vec![piece.to_vec(), piece.to_vec()]);
}

#[test]
fn a_record_that_is_left_out_ends_the_connection() {
    is_found_out(|_| Vec::new());
}

#[test]
fn a_record_that_was_put_in_ends_the_connection() {
    is_found_out(|piece| {
        let made = [&[32, 0][..], &[7; 32]].concat();
        vec![made, piece.to_vec()]
    });
}

#[test]
fn a_connection_that_was_recorded_is_worth_nothing_when_played_again() {
    under_attack(sealed(), async |scene| {
        let record: Record = Rc::default();
        let copy = Rc::clone(&record);
        let change: Change = Box::new(move |_, piece| {
            copy.borrow_mut().push(piece.to_vec());
            vec![piece.to_vec()]
        });
        let here = middle::of_stream(&scene.address, change).await;
        let client = dial(scene, &here);
        let opened = client.open(&token(66)).await;
        assert!(matches!(opened, Note::Opened(_)), "{opened:?}");
        let said = client.call::<Guest, _>(0, None, &say()).await;
        assert_eq!(said.value::<u32>(), 1);
        let mut raw = Raw::connect(&scene.address).await;
        // The handshake is answered, as anybody's is; what was said behind it can't be read.
        let bytes = record.borrow().concat();
        let (offer, rest) = bytes.split_at(record.borrow()[0].len());
        raw.send(offer).await;
        let mut answer = [0; 7];
        tokio::io::AsyncReadExt::read_exact(&mut raw.stream, &mut answer)
            .await
            .unwrap();
        assert!(answer.starts_with(&noise::MAGIC));
        raw.send(rest).await;
        raw.end(crate::client::PATIENCE).await;
        scene.counted(FORGED, 1).await;
        let said = "playhouse_calls_total{method=\"harbour.Guest.say\",outcome=\"ok\"}";
        let before = scene.value(said).await;
        assert!(before >= 1.0);
        let said = client.call::<Guest, _>(0, None, &say()).await;
        assert_eq!(said.value::<u32>(), 1);
    });
}

#[test]
fn datagrams_that_come_again_or_were_changed_are_left_out() {
    let builder = sealed().listen("kcp://127.0.0.1:0");
    under_attack(builder, async |scene| {
        // Each comes three times: as it was, again, and with another bit.
        let change: Change = Box::new(|_, piece| {
            let mut changed = piece.to_vec();
            *changed.last_mut().unwrap() ^= 1;
            vec![piece.to_vec(), piece.to_vec(), changed]
        });
        let kcp = scene.running.addresses()[1].clone();
        let (here, _) = middle::of_datagrams(&kcp, false, change).await;
        let key = scene.running.public_key().unwrap();
        let network: Rc<dyn Network> = Rc::new(Kcp::new(Options::FAST, kcp::Trust::Key(key)));
        let client = Client::connect_over(network, &here, Role::Client);
        let opened = client.open(&token(66)).await;
        assert!(matches!(opened, Note::Opened(_)), "{opened:?}");
        for _ in 0..20 {
            let said = client.call::<Guest, _>(0, None, &say()).await;
            assert_eq!(said.value::<u32>(), 1);
        }
        scene.counted(FORGED, 40).await;
        assert_eq!(client.events(20).await.len(), 20, "none twice");
    });
}
