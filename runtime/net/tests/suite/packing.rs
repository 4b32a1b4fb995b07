//! Messages that travel compressed, and what hostile peers make of it.

use std::rc::Rc;

use playhouse_net::{Link, link::LinkOptions};
use playhouse_wire::{
    Writer,
    frame::{PACK_RATIO_MAX, PACKED},
    link::Identity,
    message::{Hello, PACKING_LZ4, Role},
};

use crate::{
    peers::{Client, ECHO, Ended, call, options, serve},
    raw::RawPeer,
    world::on_both,
};

fn text(length: usize) -> Vec<u8> {
    let words = (0_u32..).flat_map(|it| {
        let number = it.wrapping_mul(2_654_435_761) >> 20;
        format!("player {number} moves; ").into_bytes()
    });
    let mut w = Writer::new();
    w.bin(&words.take(length).collect::<Vec<_>>());
    w.into_bytes()
}

fn packing(pack_from: u32) -> LinkOptions {
    let mut options = LinkOptions::new(Identity::new(Role::Client, "a"));
    options.limits.pack_from = pack_from;
    options
}

#[test]
fn long_messages_take_fewer_bytes_both_ways_if_both_want_it() {
    on_both(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        for (pack_from, packed) in [(1024, true), (0, false)] {
            let options = packing(pack_from);
            let traffic = Rc::clone(&options.traffic);
            let client = Rc::new(Client::default());
            let link = Link::dial(world.host("a"), &serving.address, options, client);
            // The first may go before it is known what the other side reads.
            assert!(matches!(call(&link, ECHO, &[0xc0]).await, Ended::Ok(_)));
            let before = (traffic.bytes_out(), traffic.bytes_in());
            for length in [100, 1_000, 50_000, 700_000] {
                let sent = text(length);
                assert_eq!(call(&link, ECHO, &sent).await, Ended::Ok(sent));
            }
            for bytes in [
                traffic.bytes_out() - before.0,
                traffic.bytes_in() - before.1,
            ] {
                assert_eq!(bytes < 400_000, packed, "{bytes} bytes");
            }
        }
    });
}

/// What a link says to a peer that agreed on this compression and sends these bytes.
async fn said(world: crate::world::World, packing: u8, sent: &[u8]) -> String {
    let serving = serve(world.host("b"), options("b")).await;
    let stream = world.host("a").dial(&serving.address).await.unwrap();
    let hello = Hello {
        packing,
        ..Hello::new(Role::Client, "raw")
    };
    let mut rude = RawPeer::dialled_as(stream, &hello).await;
    rude.send_bytes(sent).await;
    let words = rude.next().await.expect("a goaway");
    assert_eq!(serving.server.requests.get(), 0);
    String::from_utf8_lossy(&words).into_owned()
}

fn packed(length: usize, block: &[u8]) -> Vec<u8> {
    let packed = u32::try_from(block.len() + 4).unwrap() | PACKED;
    let length = u32::try_from(length).unwrap();
    [&packed.to_le_bytes()[..], &length.to_le_bytes(), block].concat()
}

#[test]
fn bombs_and_broken_blocks_end_the_link_by_name() {
    on_both(|world| async move {
        let block = [0x1f, 0, 1, 0, 0xff, 0xff, 0xff, 0xff, 0];
        let bomb = packed(block.len() * PACK_RATIO_MAX + 1, &block);
        let why = said(world.clone(), PACKING_LZ4, &bomb).await;
        assert!(why.contains("more than 64 times"), "{why}");
        let lie = packed(10, &block);
        let why = said(world.clone(), PACKING_LZ4, &lie).await;
        assert!(why.contains("is broken"), "{why}");
        let long = packed((16 << 20) + 1, &vec![0; 300_000]);
        let why = said(world.clone(), PACKING_LZ4, &long).await;
        assert!(why.contains("at most 16777216 are allowed"), "{why}");
        // Whoever did not ask may not send any.
        let why = said(world, 0, &lie).await;
        assert!(why.contains("are allowed"), "{why}");
    });
}
