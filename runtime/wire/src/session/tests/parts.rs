//! Passes, macs, and what a gate knows of a link.

use crate::Message;
use crate::message::Open;
use crate::session::{GateLink, GateUp, PASS_MAGIC, Pass, SessionKey, is_open_mac_right, open_mac};
use crate::value::Uuid;

use super::trio::{KEY, TOKEN};

#[test]
fn a_mac_is_of_one_key_one_open_and_one_link() {
    let mut open = Open::new(TOKEN, 1);
    open.mac = Some(open_mac(&KEY, &open, Some(b"link")));
    assert!(is_open_mac_right(&KEY, &open, Some(b"link")));
    let other = Open { attempt: 2, ..open };
    for (key, open, binding) in [
        (&SessionKey([8; 32]), open, Some(&b"link"[..])),
        (&KEY, other, Some(b"link")),
        (&KEY, open, Some(b"knil")),
        (&KEY, open, None),
        (&KEY, Open { mac: None, ..open }, Some(b"link")),
        (
            &KEY,
            Open {
                mac: Some([0; 32]),
                ..open
            },
            Some(b"link"),
        ),
    ] {
        assert!(
            !is_open_mac_right(key, &open, binding),
            "{open:?} {binding:?}"
        );
    }
}

#[test]
fn a_mac_is_the_same_everywhere() {
    let open = Open {
        session: Some(Uuid([1; 16])),
        rx: 3,
        tx_lowest: 4,
        tx_highest: 5,
        root: 6,
        ..Open::new(TOKEN, 2)
    };
    let mac = open_mac(&SessionKey([7; 32]), &open, Some(&[9; 32]));
    let text: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(text, MAC);
}

/// HMAC-SHA-256 of that `Open`, as Python's `hmac` makes it.
const MAC: &str = "336cbf1b1a88afcff234ab79b9b9d81fd3aecc40525ef8051fe87048a490c39d";

#[test]
fn a_pass_is_taken_apart() {
    let bytes = Pass::join(&KEY, TOKEN);
    let pass = Pass::split(&bytes);
    assert_eq!((pass.key, &*pass.token), (Some(KEY), TOKEN));
    for alone in [b"dev:ada".as_slice(), b"", &PASS_MAGIC, &bytes[..35]] {
        let pass = Pass::split(alone);
        assert_eq!((pass.key, &*pass.token), (None, alone));
    }
    assert_eq!(format!("{KEY:?}"), "SessionKey(..)");
}

#[test]
fn a_gate_is_asked_in_order() {
    let mut gate = GateLink::new();
    let open = |attempt| Message::Open(Open::new(TOKEN, attempt));
    let ack = Message::Ack(0);
    assert!(matches!(gate.handle_up(&ack), GateUp::Broken(_)));
    assert_eq!(gate.handle_up(&open(2)), GateUp::Locate { attempt: 2 });
    assert_eq!(gate.handle_up(&ack), GateUp::Drop);
    assert!(gate.found(2, 5).is_wanted);
    let forward = GateUp::Forward {
        home: 5,
        attempt: 2,
    };
    assert_eq!(gate.handle_up(&ack), forward);
    assert!(matches!(gate.handle_up(&open(2)), GateUp::Broken(_)));
    assert_eq!(gate.handle_up(&open(3)), GateUp::Locate { attempt: 3 });
    assert!(!gate.handle_down(5, 2, 35), "of an attempt that is over");
    assert!(!gate.found(2, 5).is_wanted, "a later one is looked for");
    let found = gate.found(3, 6);
    assert_eq!((found.is_wanted, found.lost), (true, Some((5, 2))));
    assert!(gate.handle_redirect(6, 3));
    assert!(gate.found(3, 7).is_wanted);
    assert_eq!(gate.handle_home_lost(6), None);
    assert_eq!(gate.handle_home_lost(7), Some(3));
    assert_eq!(gate.handle_closed(), None);
    assert_eq!(gate.handle_up(&ack), GateUp::Drop);
    assert_eq!(gate.handle_up(&open(4)), GateUp::Locate { attempt: 4 });
    assert!(gate.not_found(4).is_wanted);
}
