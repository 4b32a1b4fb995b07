//! More of what is allowed than anybody needs.

use playhouse::node::DoorLimits;
use playhouse_wire::message::{FailureKind, Role, StreamCredit, kind, put_cancel, put_ping};

use crate::client::Ended;
use crate::raw::{Raw, connect, frame_of, framed};
use crate::scene::{under_attack, wary, wary_with};
use crate::schema::harbour::{BagPutArgs, Door, DoorEchoArgs, Guest};

const SLOWED: &str = "playhouse_links_slowed_total";

/// Limits that a flood of a few seconds runs into, and the honest client does not.
fn narrow() -> DoorLimits {
    DoorLimits {
        frames_per_second: 250,
        bytes_per_second: 64 * 1024,
        ..DoorLimits::default()
    }
}

#[test]
fn a_flood_of_long_calls_is_read_at_its_rate() {
    under_attack(wary_with(narrow()), async |scene| {
        let client = scene.stranger();
        let data = vec![7; 4_000].into();
        let args = playhouse::to_vec(&DoorEchoArgs { data });
        let method = crate::client::method::<Door, DoorEchoArgs>(0);
        let calls: Vec<_> = (0..200)
            .map(|_| {
                client
                    .begin(method, &playhouse_wire::message::Header::EMPTY, &args)
                    .1
            })
            .collect();
        scene.counted(SLOWED, 1).await;
        scene.honest.is_served().await;
        // Nothing of it is lost, only late, or refused for its deadline.
        for call in calls {
            match call.await {
                Ended::Ok(data) => assert!(data.len() > 4_000),
                Ended::Failed(FailureKind::Timeout, ..) => {}
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn a_flood_of_calls_is_read_at_its_rate() {
    under_attack(wary_with(narrow()), async |scene| {
        let client = scene.player(66).await;
        for parcel in 0..3_000 {
            client.oneway::<Guest, _>(1, None, &BagPutArgs { parcel });
        }
        scene.counted(SLOWED, 1).await;
        scene.honest.is_served().await;
    });
}

#[test]
fn messages_that_ask_for_nothing_are_no_cheaper() {
    let ping = framed(|w| put_ping(w, 7));
    let cancel = framed(|w| put_cancel(w, 7));
    let later = frame_of(&[0x91, *kind::IGNORED.start()]);
    under_attack(wary_with(narrow()), async |scene| {
        let mut slowed = 0;
        for bytes in [ping, cancel, later] {
            let mut raw = Raw::hello(&scene.address, Role::Client).await;
            raw.send(&bytes.repeat(1_500)).await;
            slowed += 1;
            scene.counted(SLOWED, slowed).await;
            scene.honest.is_served().await;
        }
    });
}

#[test]
fn messages_that_no_client_sends_are_left_out_and_counted() {
    under_attack(wary(), async |scene| {
        let credit = StreamCredit { id: 1, items: 1 };
        let mut raw = Raw::hello(&scene.address, Role::Client).await;
        raw.send(&framed(|w| credit.put(w)).repeat(100)).await;
        scene
            .counted("playhouse_messages_unwanted_total", 100)
            .await;
        let client = scene.player(66).await;
        client.inbox.session.send(&client.link, |w| credit.put(w));
        scene
            .counted("playhouse_messages_unwanted_total", 101)
            .await;
        let said = client.call::<Guest, _>(0, None, &crate::scene::say()).await;
        assert_eq!(said.value::<u32>(), 1);
    });
}

#[test]
fn a_storm_of_connections_from_one_address_stays_outside() {
    let limits = DoorLimits {
        connections_per_address: 40,
        handshakes_per_address: 20,
        ..DoorLimits::default()
    };
    under_attack(wary_with(limits), async |scene| {
        let mut all = Vec::new();
        for _ in 0..300 {
            // One that is turned away may be gone at once.
            all.extend(connect(&scene.address).await);
        }
        let refused = "playhouse_connections_refused_total{reason=\"crowded\"}";
        scene.counted(refused, 280).await;
        let inside = scene.value("playhouse_connections_shaking").await;
        assert!(inside <= 20.0, "{inside}");
        scene.honest.is_served().await;
    });
}
