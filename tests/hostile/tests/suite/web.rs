//! WebSockets of pages and programs that are not the game's.

use std::time::Duration;

use playhouse::NodeBuilder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::client::PATIENCE;
use crate::raw::Raw;
use crate::scene::{Scene, under_attack, wary};

const ORIGIN: &str = "https://game.example";

fn web() -> NodeBuilder {
    wary().listen("ws://127.0.0.1:0/play").origin(ORIGIN)
}

async fn connect(scene: &Scene) -> Raw {
    Raw::connect(&scene.running.addresses()[1]).await
}

fn request(path: &str, origin: &str, more: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: game.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: {origin}\r\n{more}\r\n"
    )
    .into_bytes()
}

/// The head of what comes back.
async fn head(raw: &mut Raw) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match raw.stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// A WebSocket whose request was taken.
async fn upgraded(scene: &Scene) -> Raw {
    let mut raw = connect(scene).await;
    raw.send(&request("/play", ORIGIN, "")).await;
    let head = head(&mut raw).await;
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    raw
}

/// A frame as clients send it, of which so many bytes are announced; its mask is zero.
fn frame(first: u8, announced: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match announced {
        0..126 => bytes.push(0x80 | u8::try_from(announced).unwrap()),
        126..0x1_0000 => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(announced).unwrap().to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend(announced.to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

#[test]
fn pages_of_other_origins_and_other_paths_are_sent_away() {
    under_attack(web(), async |scene| {
        for (path, origin, status) in [
            ("/play", "https://evil.example", "403"),
            ("/play", "null", "403"),
            ("/", ORIGIN, "404"),
            ("/play/../play", ORIGIN, "404"),
        ] {
            let mut raw = connect(scene).await;
            raw.send(&request(path, origin, "")).await;
            let head = head(&mut raw).await;
            assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
            raw.end(PATIENCE).await;
        }
        // Two origins, of which one is right.
        let mut raw = connect(scene).await;
        let second = "Origin: https://evil.example\r\n";
        raw.send(&request("/play", ORIGIN, second)).await;
        let head = head(&mut raw).await;
        assert!(!head.starts_with("HTTP/1.1 101"), "{head}");
        scene.links_closed("broken", 5).await;
    });
}

#[test]
fn a_request_that_is_too_long_or_none_is_cut_off() {
    under_attack(web(), async |scene| {
        let long = format!("X-Long: {}\r\n", "x".repeat(9 * 1024));
        let many = "a: b\r\n".repeat(200);
        for bytes in [
            request("/play", ORIGIN, &long),
            request("/play", ORIGIN, &many),
            b"GET /play HTTP/1.1\r\n\r\n".to_vec(),
            b"\x16\x03\x01\x02\0\x01\0\r\n\r\n".to_vec(),
            vec![b'x'; 9 * 1024],
        ] {
            let mut raw = connect(scene).await;
            raw.send(&bytes).await;
            raw.end(PATIENCE).await;
        }
        scene.links_closed("broken", 5).await;
    });
}

#[test]
fn frames_that_are_no_pieces_of_a_stream_end_the_connection() {
    let masked_less = {
        let mut bytes = frame(0x82, 1, b"x");
        bytes[1] &= 0x7f;
        bytes
    };
    let all = [
        // Text, a reserved kind, reserved bits, no mask, a continuation of nothing, a long ping, a piece too long, one of a gigabyte.
        frame(0x81, 2, b"hi"),
        frame(0x83, 2, b"hi"),
        frame(0xc2, 2, b"hi"),
        masked_less,
        frame(0x80, 2, b"hi"),
        frame(0x89, 200, &[0; 200]),
        frame(0x82, 64 * 1024 + 1, b""),
        frame(0x82, 1 << 30, b""),
        frame(0x82, u64::MAX >> 1, b""),
        frame(0x89, 1, b"x").repeat(65),
    ];
    under_attack(web(), async |scene| {
        for bytes in &all {
            let mut raw = upgraded(scene).await;
            raw.send(bytes).await;
            raw.end(PATIENCE).await;
        }
        scene
            .links_closed("broken", u32::try_from(all.len()).unwrap())
            .await;
    });
}

#[test]
fn a_message_in_pieces_without_end_is_no_sign_of_life() {
    under_attack(web(), async |scene| {
        let mut raw = upgraded(scene).await;
        raw.send(&frame(0x02, 0, b"")).await;
        let more = frame(0x00, 0, b"").repeat(100);
        let began = tokio::time::Instant::now();
        while raw.stream.write_all(&more).await.is_ok() {
            assert!(began.elapsed() < Duration::from_secs(20), "it goes on");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        scene.links_closed("hello", 1).await;
        // Pieces that become too long together are cut off at once.
        let mut raw = upgraded(scene).await;
        raw.send(&frame(0x02, 40_000, &[0; 40_000])).await;
        raw.send(&frame(0x00, 40_000, &[0; 40_000])).await;
        raw.end(PATIENCE).await;
        scene.links_closed("broken", 1).await;
    });
}
