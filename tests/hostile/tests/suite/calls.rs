//! Calls that a client may not make, and of whom.

use playhouse::{EntityKey, NodeBuilder, Numbered};
use playhouse_wire::message::{FailureKind, Header, Method, Role};

use crate::client::{CERTIFICATE, Client, Ended, Note, header, method};
use crate::scene::{say, under_attack, wary, wary_with};
use crate::schema::harbour::{
    AccountId, Bag, BagHasArgs, BagPutArgs, Cellar, CellarOpenArgs, Clerk, ClerkCountArgs, Door,
    DoorBanArgs, DoorKnockArgs, DoorMembersArgs, DoorRingArgs, DoorSecretArgs, DoorWeatherArgs,
    Guest, GuestHiddenArgs, GuestLifeArgs, GuestSayArgs, Watch, WatchPlaceArgs,
};
use crate::world::token;

/// The number of the slot that the schema hides.
const VAULT: u8 = 2;

#[test]
fn a_call_that_is_not_exposed_is_denied_within_a_session_and_without() {
    under_attack(wary(), async |scene| {
        for client in [scene.stranger(), scene.player(66).await] {
            let secret = client.call::<Door, _>(0, None, &DoorSecretArgs {}).await;
            secret.refused(FailureKind::Denied);
            let cellar = client.call::<Cellar, _>(0, None, &CellarOpenArgs {}).await;
            cellar.refused(FailureKind::Denied);
            let hidden = client.call::<Guest, _>(0, None, &GuestHiddenArgs {}).await;
            hidden.refused(FailureKind::Denied);
            let life = client.call::<Guest, _>(0, Some(66), &GuestLifeArgs {});
            life.await.refused(FailureKind::Denied);
            let has = BagHasArgs {
                parcel: 1,
                least: 1,
            };
            let has = playhouse::to_vec(&has);
            let has = client.raw(bag_of(VAULT, 1), None, &has).await;
            has.refused(FailureKind::Denied);
            // Nobody answers a oneway, and nothing comes of it.
            client.oneway::<Door, _>(0, None, &DoorRingArgs { bell: 7 });
        }
        scene.calls_refused("denied", 12).await;
        let rung = scene.running.spawn(|| Door::any().rung()).await.unwrap();
        assert_eq!(rung, Ok(0));
    });
}

fn bag_of(slot: u8, tag: u8) -> Method {
    Method {
        slot,
        tag,
        ..method::<Guest, GuestSayArgs>(0)
    }
}

#[test]
fn another_players_entity_is_out_of_reach() {
    under_attack(wary(), async |scene| {
        let client = scene.player(66).await;
        for other in [Some(1), Some(0), Some(u64::MAX)] {
            let said = client.call::<Guest, _>(0, other, &say()).await;
            said.refused(FailureKind::Denied);
            client
                .raw(bag_of(1, 1), other, &[0x91, 1])
                .await
                .refused(FailureKind::Denied);
            let put = BagPutArgs { parcel: 666 };
            client.oneway::<Guest, _>(1, other, &put);
        }
        scene.calls_refused("denied", 9).await;
        // Keys that only look alike are others.
        let longer = Header {
            target: Some(EntityKey::new([66_u64.into(), 1_u64.into()])),
            ..Header::EMPTY
        };
        let text = Header {
            target: Some(EntityKey::new(["66".to_owned().into()])),
            ..Header::EMPTY
        };
        for header in [longer, text] {
            let args = playhouse::to_vec(&say());
            let (_, said) = client.begin(method::<Guest, GuestSayArgs>(0), &header, &args);
            said.await.refused(FailureKind::Denied);
        }
        let own = client.call::<Guest, _>(0, Some(66), &say()).await;
        assert_eq!(own.value::<u32>(), 1);
        scene.calls_refused("denied", 11).await;
        let content = scene
            .running
            .spawn(|| Guest::of(AccountId(1)).bag().content());
        assert_eq!(content.await.unwrap(), Ok(vec![]));
    });
}

#[test]
fn services_singletons_and_local_entities_are_not_called_by_their_ids() {
    under_attack(wary(), async |scene| {
        for client in [scene.stranger(), scene.player(66).await] {
            let weather = DoorWeatherArgs {
                region: String::new(),
            };
            let keyed = client.call::<Door, _>(0, Some(66), &weather).await;
            keyed.refused(FailureKind::Denied);
            let clerk = client.call::<Clerk, _>(0, None, &ClerkCountArgs {}).await;
            clerk.refused(FailureKind::Denied);
            let watch = client.call::<Watch, _>(0, None, &WatchPlaceArgs {}).await;
            watch.refused(FailureKind::Denied);
            // A component is part of an entity, and no one's by itself.
            let method = method::<Bag, BagHasArgs>(0);
            let component = client.raw(method, Some(66), &[0x91, 1]).await;
            component.refused(FailureKind::Unimplemented);
            let local = Header {
                local: Some(0),
                ..Header::EMPTY
            };
            let args = playhouse::to_vec(&weather);
            let method = crate::client::method::<Door, DoorWeatherArgs>(0);
            let (_, inside) = client.begin(method, &local, &args);
            inside.await.refused(FailureKind::Denied);
        }
        scene.calls_refused("denied", 8).await;
        scene.calls_refused("unimplemented", 2).await;
    });
}

#[test]
fn calls_are_judged_alike_whatever_carries_them() {
    let folder = CERTIFICATE.0.path();
    let builder = [
        "kcp://127.0.0.1:0",
        "ws://127.0.0.1:0",
        "wss://127.0.0.1:0",
        "quic://127.0.0.1:0",
    ]
    .into_iter()
    .fold(wary(), NodeBuilder::listen);
    let builder = builder.tls(folder.join("chain.pem"), folder.join("key.pem"));
    under_attack(builder, async |scene| {
        for (address, number) in scene.running.addresses().iter().zip(66..) {
            let client = Client::connect(address, Role::Client);
            let early = client.call::<Guest, _>(0, Some(1), &say()).await;
            early.refused(FailureKind::Denied);
            let opened = client.open(&token(number)).await;
            assert!(matches!(opened, Note::Opened(_)), "{opened:?}");
            let hidden = client.call::<Guest, _>(0, None, &GuestHiddenArgs {}).await;
            hidden.refused(FailureKind::Denied);
            let other = client.call::<Guest, _>(0, Some(1), &say()).await;
            other.refused(FailureKind::Denied);
            let own = client.call::<Guest, _>(0, None, &say()).await;
            assert_eq!(own.value::<u32>(), 1, "{address}");
        }
        scene.calls_refused("denied", 15).await;
    });
}

#[test]
fn ids_that_are_tried_one_after_another_open_nothing() {
    // Packages: the node's own and the framework's, the game's, and that of the cluster's registry.
    const PACKAGES: [u16; 4] = [0, Guest::PACKAGE, Guest::PACKAGE + 1, 65_534];
    let limits = playhouse::node::DoorLimits {
        frames_per_second: 100_000,
        bytes_per_second: 1 << 30,
        ..Default::default()
    };
    under_attack(wary_with(limits), async |scene| {
        let client = scene.stranger();
        let (mut answered, mut refused) = (Vec::new(), 0);
        for package in PACKAGES {
            for (number, slot, tag) in (0..=8).flat_map(|it| {
                (0..=2).flat_map(move |slot| (0..=18).map(move |tag| (it, slot, tag)))
            }) {
                let method = Method {
                    package,
                    number,
                    slot,
                    tag,
                };
                match client.raw(method, None, &[0x90]).await {
                    Ended::Failed(FailureKind::Denied | FailureKind::Unimplemented, ..) => {
                        refused += 1;
                    }
                    _ => answered.push((package, number, slot, tag)),
                }
            }
        }
        // What the schema gives guests.
        let open = [1, 2, 17].map(|tag| (Door::PACKAGE, Door::NUMBER, 0, tag));
        assert_eq!(answered, open);
        scene
            .counted("playhouse_calls_refused_total", refused)
            .await;
    });
}

#[test]
fn who_is_not_in_the_audience_is_denied() {
    under_attack(wary(), async |scene| {
        let ban = DoorBanArgs { who: AccountId(1) };
        let client = scene.player(66).await;
        let banned = client.call::<Door, _>(0, None, &ban).await;
        let why = banned.refused(FailureKind::Denied);
        assert!(why.contains("audience"), "{why}");
        let guest = scene.stranger();
        let members = guest.call::<Door, _>(0, None, &DoorMembersArgs {}).await;
        let why = members.refused(FailureKind::Denied);
        assert!(why.contains("open a session first"), "{why}");
        scene.calls_refused("denied", 2).await;
    });
}

#[test]
fn arguments_that_break_the_schema_never_come_to_a_handler() {
    under_attack(wary(), async |scene| {
        let client = scene.player(66).await;
        let method = method::<Guest, GuestSayArgs>(0);
        let long = say_of(&"x".repeat(65));
        let nested = [[0x91; 100].as_slice(), &[0xc0]].concat();
        let lying = [0x91, 0xdb, 0xff, 0xff, 0xff, 0xff];
        for args in [&long[..], &[0x91, 0x01], &nested, &lying, b"\xc1"] {
            let said = client.raw(method, None, args).await;
            said.refused(FailureKind::Invalid);
        }
        let counted = "playhouse_calls_total{method=\"harbour.Guest.say\",outcome=\"invalid\"}";
        scene.counted(counted, 5).await;
        let said = client.call::<Guest, _>(0, None, &say()).await;
        assert_eq!(said.value::<u32>(), 1);
    });
}

fn say_of(line: &str) -> Vec<u8> {
    playhouse::to_vec(&GuestSayArgs {
        line: line.to_owned(),
    })
}

#[test]
fn a_call_of_the_other_kind_is_invalid() {
    under_attack(wary(), async |scene| {
        let client = scene.player(66).await;
        let put = client.raw(bag_of(1, 2), None, &[0x91, 1]).await;
        put.refused(FailureKind::Invalid);
        // An rpc without a number has nobody to be answered.
        client.oneway::<Guest, _>(0, None, &say());
        let guest = scene.stranger();
        guest.oneway::<Door, _>(0, None, &DoorKnockArgs {});
        scene.calls_refused("invalid", 3).await;
        assert_eq!(client.inbox.events.borrow().len(), 0, "nothing was said");
    });
}

#[test]
fn a_call_more_often_than_its_rate_is_refused() {
    under_attack(wary(), async |scene| {
        let client = scene.stranger();
        for _ in 0..2 {
            let knock = client.call::<Door, _>(0, None, &DoorKnockArgs {}).await;
            knock.value::<u32>();
        }
        for _ in 0..10 {
            let knock = client.call::<Door, _>(0, None, &DoorKnockArgs {}).await;
            knock.refused(FailureKind::RateLimited);
        }
        scene.calls_refused("rate_limited", 10).await;
    });
}

#[test]
fn what_a_header_claims_for_a_client_counts_for_nothing() {
    under_attack(wary(), async |scene| {
        let client = scene.player(66).await;
        let mut waiting = playhouse_wire::message::ChainBuffer::new();
        let own = EntityKey::new([66_u64.into()]);
        // That its entity waits for itself already: a search for deadlocks would end the call.
        while waiting.push(method::<Guest, GuestSayArgs>(0), &own).is_ok() {}
        let lying = Header {
            chain: waiting.as_chain(),
            epoch: Some(7),
            deadline_us: Some(u64::MAX),
            ..header(Some(66))
        };
        let args = playhouse::to_vec(&say());
        for _ in 0..3 {
            let (_, said) = client.begin(method::<Guest, GuestSayArgs>(0), &lying, &args);
            assert_eq!(said.await.value::<u32>(), 1);
        }
        let counted = "playhouse_calls_total{method=\"harbour.Guest.say\",outcome=\"ok\"}";
        scene.counted(counted, 3).await;
        let deadlocks = "playhouse_calls_refused_total{kind=\"deadlock\"}";
        assert_eq!(scene.value(deadlocks).await, 0.0);
    });
}
