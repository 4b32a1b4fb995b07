//! Attacks through a gate whose homes are on other nodes: what the gate can judge ends there, and what
//! only the home can counts at both.

use playhouse::db::{Remote, Serving};
use playhouse::login::TokenKeys;
use playhouse::node::{DoorLimits, Node, Running};
use playhouse::store::Embedded;
use playhouse_wire::message::{FailureKind, SessionReason, put_ack, put_msg};
use tempfile::TempDir;

use crate::client::{Client, Note};
use crate::meeting::Meeting;
use crate::scene::{Scene, at_node, page_of, say, without_authenticator};
use crate::schema::SCHEMA;
use crate::schema::harbour::{Bag, BagHasArgs, Guest, GuestHiddenArgs};
use crate::tokens::{claims, pass};
use crate::world;

/// A gate, and the nodes behind it.
struct Town {
    gate: Running,
    home: Running,
    _store: (Running, TempDir),
}

impl Town {
    fn new(keys: &TokenKeys) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Embedded::at(folder.path()).free_bytes_min(0);
        // A role for stores is in this schema.
        let db = Node::builder().name("db").schema(&crate::caravan::SCHEMA);
        let db = db.roles(["db"]).shards(1).listen("127.0.0.1:0");
        let (db, at) = world::start(db.service(Serving::new).store(store));
        let meeting = Meeting::default();
        let home = without_authenticator().name("home").tokens(keys.clone());
        let home = home.trust_peers(|_| true).store(Remote::at(at));
        let home = home.metrics("127.0.0.1:0").cluster(meeting.clone());
        let limits = DoorLimits {
            auth_failures: 3,
            ..DoorLimits::default()
        };
        let gate = Node::builder().name("gate").schema(&SCHEMA);
        let gate = gate
            .shards(1)
            .listen("127.0.0.1:0")
            .roles(["door"])
            .tokens(keys.clone())
            .doors(limits);
        let gate = gate
            .trust_peers(|_| false)
            .guests_per_address(100_000)
            .metrics("127.0.0.1:0")
            .cluster(meeting);
        Self {
            home: world::start(home).0,
            gate: world::start(gate).0,
            _store: (db, folder),
        }
    }
}

fn under_attack(attack: impl AsyncFnOnce(&Scene, &TokenKeys, &Running)) {
    let keys = TokenKeys::random().unwrap();
    let town = Town::new(&keys);
    let address = town.gate.addresses().remove(0);
    let honest = pass(&keys, &claims(1));
    let home = town.home;
    at_node(town.gate, address, &honest, async |scene| {
        attack(scene, &keys, &home).await;
    });
}

async fn player(scene: &Scene, keys: &TokenKeys, number: u64) -> Client {
    let client = scene.stranger();
    let opened = client.open(&pass(keys, &claims(number))).await;
    assert!(matches!(opened, Note::Opened(_)), "{opened:?}");
    client
}

#[test]
fn calls_that_are_not_allowed_end_at_the_gate() {
    under_attack(async |scene, keys, home| {
        let client = player(scene, keys, 66).await;
        let hidden = client.call::<Guest, _>(0, None, &GuestHiddenArgs {}).await;
        hidden.refused(FailureKind::Denied);
        let other = client.call::<Guest, _>(0, Some(1), &say()).await;
        other.refused(FailureKind::Denied);
        let has = BagHasArgs {
            parcel: 1,
            least: 1,
        };
        let component = client.call::<Bag, _>(0, None, &has).await;
        component.refused(FailureKind::Unimplemented);
        scene.calls_refused("denied", 2).await;
        let own = client.call::<Guest, _>(0, None, &say()).await;
        assert_eq!(own.value::<u32>(), 1);
        // Nothing of it came further.
        tokio::time::sleep(playhouse::metrics::FRESH_FOR).await;
        let refused = page_of(home).await.value("playhouse_calls_refused_total");
        assert_eq!(refused, Some(0.0));
    });
}

#[test]
fn sessions_that_break_the_rules_end_whatever_gate_they_come_by() {
    under_attack(async |scene, keys, home| {
        let client = player(scene, keys, 66).await;
        client
            .link
            .send(|w| put_msg(w, 7, None, |w| put_ack(w, 1)))
            .unwrap();
        assert!(matches!(client.note().await, Note::GoAway(_)));
        let client = player(scene, keys, 67).await;
        client.link.send(|w| put_ack(w, 1_000_000)).unwrap();
        let note = client.note().await;
        assert!(
            matches!(note, Note::End(SessionReason::Protocol, _)),
            "{note:?}"
        );
        scene.links_closed("protocol", 1).await;
        tokio::time::sleep(playhouse::metrics::FRESH_FOR).await;
        let ended = "playhouse_sessions_ended_total{reason=\"protocol\"}";
        assert_eq!(page_of(home).await.value(ended), Some(1.0));
    });
}

#[test]
fn keys_that_are_guessed_at_a_home_are_counted_at_the_gate() {
    under_attack(async |scene, keys, _| {
        let (token, _) = keys.issue(&claims(66));
        for _ in 0..4 {
            let refused = scene.stranger().open(&token.0).await;
            assert!(
                matches!(&refused, Note::Refused(SessionReason::Denied, text) if text.contains("mac")),
                "{refused:?}"
            );
        }
        let late = scene.stranger();
        assert!(matches!(late.note().await, Note::Closed(_)));
        let refused = "playhouse_connections_refused_total{reason=\"banned\"}";
        scene.counted(refused, 1).await;
    });
}
