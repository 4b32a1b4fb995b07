//! Headers of the PROXY protocol from whom nobody believes them, and wrong ones from proxies.

use playhouse_wire::message::GoAwayReason;

use crate::client::PATIENCE;
use crate::raw::Raw;
use crate::scene::{under_attack, wary};

const REFUSED: &str = "playhouse_connections_refused_total{reason=\"proxy\"}";

fn header(command: u8, family: u8, length: u16, rest: &[u8]) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
    header.extend([command, family]);
    header.extend(length.to_be_bytes());
    header.extend(rest);
    header
}

const FROM: [u8; 12] = [192, 0, 2, 7, 10, 0, 0, 1, 0x1f, 0x90, 0, 80];

#[test]
fn a_header_from_anybody_else_is_no_hello() {
    // There is a proxy, and this is not its address.
    let builder = wary().proxies("127.0.0.99".parse().unwrap());
    under_attack(builder, async |scene| {
        let mut raw = Raw::connect(&scene.address).await;
        raw.send(&header(0x21, 0x11, 12, &FROM)).await;
        let (reason, _) = raw.goodbye().await.unwrap();
        assert_eq!(reason, GoAwayReason::Protocol);
        scene.links_closed("protocol", 1).await;
    });
}

#[test]
fn a_header_that_lies_or_does_not_come_is_cut_off() {
    let builder = wary().proxies("127.0.0.66".parse().unwrap());
    under_attack(builder, async |scene| {
        let mut refused = 0;
        for bytes in [
            // Longer than may be, shorter than its addresses, of other kinds, of version 1, and none.
            header(0x21, 0x11, 513, &[0; 513]),
            header(0x21, 0x11, u16::MAX, &FROM),
            header(0x21, 0x11, 4, &FROM),
            header(0x21, 0x21, 12, &FROM),
            header(0x21, 0x31, 12, &FROM),
            header(0x11, 0x11, 12, &FROM),
            header(0x22, 0x11, 12, &FROM),
            b"PROXY TCP4 192.0.2.7 10.0.0.1 8080 80\r\n".to_vec(),
            vec![0; 64],
        ] {
            let mut raw = Raw::connect(&scene.address).await;
            raw.send(&bytes).await;
            raw.end(PATIENCE).await;
            refused += 1;
            scene.counted(REFUSED, refused).await;
        }
        // One whose rest does not come is waited for, and not for long.
        let mut raw = Raw::connect(&scene.address).await;
        raw.send(&header(0x21, 0x11, 12, &FROM[..5])).await;
        raw.end(PATIENCE).await;
        scene.counted(REFUSED, refused + 1).await;
    });
}
