//! Clients of releases that a node does not take any more.

use super::*;

#[test]
fn a_client_of_too_old_a_release_is_told_to_update() {
    let opens = |role, release| {
        let limits = LinkLimits {
            client_release_min: 3,
            ..LinkLimits::DEFAULT
        };
        let mut link = Link::new(Side::Accepted, schema(0), limits, 0);
        let hello = Hello {
            release,
            ..Hello::new(role, "n")
        };
        let event = link.handle_frame(0, message(|w| message::put_hello(w, &hello)));
        let is_open = event == Event::Opened;
        (is_open, link)
    };
    assert!(opens(Role::Client, 3).0);
    assert!(opens(Role::Node, 0).0, "nodes judge each other otherwise");
    let (is_open, mut link) = opens(Role::Client, 2);
    assert!(!is_open);
    let mut w = Writer::new();
    assert!(link.poll_transmit(&mut w));
    let mut dialler = Link::new(Side::Dialled, schema(0), LinkLimits::DEFAULT, 0);
    match dialler.handle_frame(0, &w.as_bytes()[4..]) {
        Event::Closed(CloseReason::Refused { reason, text }) => {
            assert_eq!(reason, GoAwayReason::Incompatible);
            assert!(text.contains("of release 2") && text.ends_with("update the client"));
        }
        event => panic!("should be refused, not {event:?}"),
    }
}
