//! Bytes that are no messages, or more than they say.

use playhouse_wire::frame::{FRAME_BYTES_MAX, PACKED};
use playhouse_wire::message::{self, GoAwayReason, Hello, Message, PACKING_LZ4, Role, kind};

use crate::raw::{Raw, frame_of, framed};
use crate::scene::{Scene, under_attack, wary};
use crate::schema::harbour::{Door, DoorWeatherArgs};

/// The longest message before the hellos, as `docs/wire.md` has it.
const HELLO_BYTES_MAX: u32 = 256 * 1024;

/// What is sent in place of a hello breaks the protocol so.
async fn breaks_at_once(scene: &Scene, bytes: &[u8], how: &str) {
    let mut raw = Raw::connect(&scene.address).await;
    raw.send(bytes).await;
    raw.has_broken(how).await;
}

/// What is sent behind the hellos does.
async fn breaks(scene: &Scene, bytes: &[u8], how: &str) {
    let mut raw = Raw::hello(&scene.address, Role::Client).await;
    raw.send(bytes).await;
    raw.has_broken(how).await;
}

#[test]
fn a_frame_longer_than_is_taken_ends_the_link_as_its_length_is_read() {
    under_attack(wary(), async |scene| {
        let longest = u32::try_from(FRAME_BYTES_MAX).unwrap();
        for length in [HELLO_BYTES_MAX + 1, PACKED - 1, u32::MAX] {
            breaks_at_once(scene, &length.to_le_bytes(), "at most 262144").await;
        }
        for length in [longest + 1, PACKED, u32::MAX] {
            breaks(scene, &length.to_le_bytes(), "at most 16777216").await;
        }
        scene.links_closed("protocol", 6).await;
    });
}

#[test]
fn lengths_inside_of_a_message_that_lie_are_not_believed() {
    let lying: [&[u8]; 6] = [
        // An array, a map, a text, bytes and an extension of four billion.
        &[0xdd, 0xff, 0xff, 0xff, 0xff],
        &[0x92, 0xdf, 0xff, 0xff, 0xff, 0xff],
        &[0x93, kind::GO_AWAY, 1, 0xdb, 0xff, 0xff, 0xff, 0xff],
        &[0x94, kind::OPEN, 0xc0, 0xc6, 0xff, 0xff, 0xff, 0xff, 1],
        &[0x92, 0xc9, 0xff, 0xff, 0xff, 0xff, 1],
        // A call of which nothing is there.
        &[0xdc, 0xff, 0xff, kind::REQUEST],
    ];
    under_attack(wary(), async |scene| {
        for bytes in lying {
            breaks_at_once(scene, &frame_of(bytes), "").await;
            breaks(scene, &frame_of(bytes), "").await;
        }
        // A hello whose name is said to be longer than all of it.
        let mut hello = framed(|w| message::put_hello(w, &Hello::new(Role::Client, "n")));
        let name = hello.iter().position(|byte| *byte == 0xa1).unwrap();
        hello[name] = 0xbf;
        breaks_at_once(scene, &hello, "").await;
        scene.links_closed("protocol", 13).await;
    });
}

#[test]
fn values_inside_of_one_another_go_so_deep_and_no_deeper() {
    under_attack(wary(), async |scene| {
        breaks_at_once(scene, &frame_of(&[0x91; 100_000]), "").await;
        let header = [&[0x95, kind::REQUEST, 1, 1][..], &[0x91; 100_000]].concat();
        breaks(scene, &frame_of(&header), "").await;
        let map = [&[0x95, kind::REQUEST, 1, 1][..], &[0x81; 100_000]].concat();
        breaks(scene, &frame_of(&map), "").await;
        scene.links_closed("protocol", 3).await;
    });
}

#[test]
fn a_compressed_message_is_no_bomb() {
    let packed = |claimed: u32, block: &[u8]| {
        let length = u32::try_from(block.len() + 4).unwrap();
        let mut bytes = (length | PACKED).to_le_bytes().to_vec();
        bytes.extend(claimed.to_le_bytes());
        bytes.extend(block);
        bytes
    };
    // An LZ4 block that says one byte over and over: 255 times what it has.
    let zeros = [
        &[0x1f, 0, 1, 0][..],
        &[0xff; 4_000],
        &[0, 0x50, 0, 0, 0, 0, 0],
    ]
    .concat();
    under_attack(wary(), async |scene| {
        let longest = u32::try_from(FRAME_BYTES_MAX).unwrap();
        for (bytes, how) in [
            (packed(1_020_000, &zeros), "more than 64 times"),
            (packed(longest, b"short"), "more than 64 times"),
            (packed(longest + 1, &zeros), "at most 16777216"),
            (packed(1_000, b"no LZ4 at all, whatever it says"), "broken"),
            (packed(100, &zeros), "broken"),
            (PACKED.to_le_bytes().to_vec(), "broken"),
        ] {
            let hello = Hello {
                packing: PACKING_LZ4,
                ..Hello::new(Role::Client, "bomber")
            };
            let mut raw = Raw::hello_as(&scene.address, &hello).await;
            raw.send(&bytes).await;
            raw.has_broken(how).await;
        }
        // Where the hellos agreed on nothing it is a length that is too long.
        breaks(scene, &packed(1_000, &zeros), "at most").await;
        scene.links_closed("protocol", 7).await;
    });
}

#[test]
fn what_is_no_message_ends_the_link() {
    let http = b"GET / HTTP/1.1\r\nHost: game.example\r\n\r\n".as_slice();
    let tls = [22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3].as_slice();
    let empty = [0; 4].as_slice();
    let junk = frame_of(&[0xc1; 64]);
    under_attack(wary(), async |scene| {
        for bytes in [http, tls, empty, &junk] {
            breaks_at_once(scene, bytes, "").await;
        }
        for bytes in [empty, &junk] {
            breaks(scene, bytes, "").await;
        }
        scene.links_closed("protocol", 6).await;
    });
}

#[test]
fn what_stands_where_it_may_not_ends_the_link() {
    under_attack(wary(), async |scene| {
        let weather = playhouse::to_vec(&DoorWeatherArgs {
            region: String::new(),
        });
        let method = crate::client::method::<Door, DoorWeatherArgs>(0);
        let header = message::Header::EMPTY;
        let call = framed(|w| message::put_request(w, 1, method, &header, |w| w.raw(&weather)));
        let hello = framed(|w| message::put_hello(w, &Hello::new(Role::Client, "n")));
        let ack = framed(message::put_go_away_ack);
        let role = frame_of(&[0x97, kind::HELLO, 1, 1, 9, 0xa1, b'n', 0x92, 0, 0, 0]);
        breaks_at_once(scene, &call, "where a hello belongs").await;
        breaks_at_once(scene, &ack, "where a hello belongs").await;
        breaks_at_once(scene, &role, "").await;
        breaks(scene, &hello, "a second hello").await;
        breaks(scene, &ack, "wasn't sent").await;
        for unknown in [18, 63, 0x80] {
            let bytes: &[u8] = if unknown < 0x80 {
                &[0x91, unknown]
            } else {
                &[0x91, 0xcc, 0x80]
            };
            breaks(scene, &frame_of(bytes), "").await;
        }
        scene.links_closed("protocol", 8).await;
    });
}

#[test]
fn a_client_of_another_version_is_told_so() {
    under_attack(wary(), async |scene| {
        let hello = Hello {
            version: 9_000,
            version_least: 8_000,
            ..Hello::new(Role::Client, "from the future")
        };
        let mut raw = Raw::connect(&scene.address).await;
        raw.put(|w| message::put_hello(w, &hello)).await;
        let reply = raw.next().await.unwrap();
        let Ok(Message::GoAway(go_away)) = Message::decode(&reply) else {
            panic!("{reply:?}");
        };
        assert_eq!(go_away.reason, GoAwayReason::Version);
        scene.links_closed("version", 1).await;
    });
}
