//! Clients that talk as nodes and tools do.

use playhouse_wire::message::{FailureKind, GoAwayReason, Hello, Method, Role, kind, put_hello};

use crate::client::{Client, Note};
use crate::raw::{Raw, elsewhere, frame_of};
use crate::scene::{under_attack, wary};

/// The honest client's entity.
const ENTITY: &[u8] = &[0x94, 11, 3, 0, 1];
const LIFE: &[u8] = &[0x92, 1, 1];
const NODE: &[u8] = &[0xa4, b'p', b'i', b'e', b'r'];
const ONE: &[u8] = &[1];
const NIL: &[u8] = &[0xc0];
const NONE: &[u8] = &[0x90];
/// An acknowledgement, as it stands in what gates and homes say.
const ACK: &[u8] = &[0x92, kind::ACK, 1];
const UUID: &[u8] = &[0xc4, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

fn message(kind: u8, fields: &[&[u8]]) -> Vec<u8> {
    let length = u8::try_from(fields.len() + 1).unwrap();
    [&[0x90 | length, kind][..], &fields.concat()].concat()
}

#[test]
fn what_nodes_say_to_one_another_ends_a_clients_link() {
    let owner = [&[0x93][..], NODE, LIFE, ONE].concat();
    let waiting = [0x95, 11, 3, 0, 1, 1];
    let initiator = [&[0x93][..], NODE, &waiting, ONE].concat();
    let admission = [&[0x93][..], NIL, ENTITY, NIL].concat();
    let open = [0x94, kind::OPEN, 0xc0, 0xc4, 0, 9];
    let link = [0x91, 0x93, 1, 1, 2];
    let method = [0xce, 0, 11, 0, 3];
    let all = [
        message(kind::ATTACHED, &[ONE, ONE, &admission, &open]),
        message(kind::ATTACHED, &[ONE, ONE, NIL, ACK]),
        message(kind::FAN, &[&link, ACK]),
        message(kind::LOST, &[ONE, ONE]),
        message(kind::REDIRECT, &[ONE, ONE, NODE, LIFE, &open]),
        message(kind::HANDOFF, &[ENTITY, ONE, LIFE, LIFE, ONE, NIL, NONE]),
        message(kind::HANDOFF_DONE, &[ENTITY, ONE, &[0xc3]]),
        message(kind::RELEASE, &[ENTITY, ONE]),
        message(kind::LOCATE, &[ENTITY]),
        message(kind::AT, &[ENTITY, &owner]),
        message(kind::NO_OWNER, &[ENTITY, ONE]),
        message(kind::MOVED, &[ONE, ONE]),
        message(kind::WAIT_PROBE, &[ONE, &initiator, NONE, ENTITY]),
        message(kind::WAIT_FOUND, &[ONE, &initiator, NONE]),
        message(kind::SYNC, &[&method, NIL, &[0x80]]),
        message(kind::OPENED, &[UUID, ONE]),
        message(kind::REFUSED, &[NIL, ONE, ONE]),
        message(kind::LATEST, &[ONE, ENTITY, ONE, ONE, ONE, NIL]),
        message(kind::DETACH, &[ONE]),
    ];
    under_attack(wary(), async |scene| {
        for bytes in &all {
            let mut raw = Raw::hello(&scene.address, Role::Client).await;
            raw.send(&frame_of(bytes)).await;
            raw.has_broken("only nodes may send this").await;
        }
        scene
            .links_closed("protocol", u32::try_from(all.len()).unwrap())
            .await;
    });
}

#[test]
fn whoever_poses_as_a_node_or_a_tool_is_turned_away() {
    under_attack(wary(), async |scene| {
        for role in [Role::Node, Role::Tool] {
            let peer = Client::connect_over(elsewhere(), &scene.address, role);
            let Note::Closed(why) = peer.note().await else {
                panic!("{role:?} was let in");
            };
            assert!(why.contains("not taken from this address"), "{why}");
            let mut raw = Raw::connect(&scene.address).await;
            raw.put(|w| put_hello(w, &Hello::new(role, "pier"))).await;
            raw.send(&frame_of(&message(kind::RELEASE, &[ENTITY, ONE])))
                .await;
            let (reason, _) = raw.goodbye().await.unwrap();
            assert_eq!(reason, GoAwayReason::Denied);
        }
        scene.links_closed("denied", 4).await;
    });
}

#[test]
fn what_tools_call_is_not_there_for_a_client() {
    under_attack(wary(), async |scene| {
        for client in [scene.stranger(), scene.player(66).await] {
            // The node's own calls: describe, call by name, ctl.
            for tag in 0..=16 {
                let method = Method {
                    package: 0,
                    number: 0,
                    slot: 0,
                    tag,
                };
                let asked = client.raw(method, None, &[0x91, 0xa0]).await;
                asked.refused(FailureKind::Unimplemented);
            }
            // What nodes that host the registry are called: members, locks.
            for number in 0..=8 {
                let method = Method {
                    package: 65_534,
                    number,
                    slot: 0,
                    tag: 1,
                };
                let asked = client.raw(method, None, &[0x90]).await;
                asked.refused(FailureKind::Unimplemented);
            }
        }
        scene.calls_refused("unimplemented", 2 * (17 + 9)).await;
    });
}
