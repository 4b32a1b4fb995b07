//! Handshakes that succeed, and what is told of those that don't.

use std::sync::Arc;

use super::*;
use crate::noise::{Refusal, ServerKey, TicketKey};

fn keys() -> Keys {
    Keys {
        server: Some(Arc::new(ServerKey::generate().unwrap())),
        cluster: Some(Arc::new(ClusterKey::generate().unwrap())),
        tickets: Some(Arc::new(|ticket| {
            (ticket == b"ticket").then(|| TicketKey::from_bytes([7; 32]))
        })),
        ..Keys::default()
    }
}

fn pinned(keys: &Keys) -> PublicKey {
    keys.server.as_ref().unwrap().public_key()
}

/// Both ends of a connection: of who offered, of who answered.
pub(in crate::noise) fn pair() -> (Secured, Secured) {
    let keys = keys();
    let (handshake, offer) = Handshake::client(&pinned(&keys), b"").unwrap();
    let answered = answer(&keys, &offer, b"").unwrap();
    let client = handshake.finish(&answered.answer).unwrap();
    (client, answered.secured)
}

/// An offer of each profile.
fn offers(keys: &Keys, context: &[u8]) -> [(Profile, Handshake, Vec<u8>); 3] {
    let ticket = Ticket::new(b"ticket", [7; 32]);
    let cluster = keys.cluster.as_ref().unwrap();
    [
        (Profile::Client, Handshake::client(&pinned(keys), context)),
        (
            Profile::Ticket,
            Handshake::with_ticket(&pinned(keys), &ticket, context),
        ),
        (Profile::Cluster, Handshake::cluster(cluster, 9, context)),
    ]
    .map(|(profile, offered)| {
        let (handshake, offer) = offered.unwrap();
        (profile, handshake, offer)
    })
}

#[test]
fn each_profile_makes_a_connection_whose_ends_agree() {
    let keys = keys();
    for (profile, handshake, offer) in offers(&keys, b"context") {
        let answered = answer(&keys, &offer, b"context").unwrap();
        assert_eq!(answered.profile, profile);
        assert_eq!(
            answered.lane,
            if profile == Profile::Cluster { 9 } else { 0 }
        );
        assert!(answered.answer.len() <= offer.len(), "no amplification");
        let one = handshake.finish(&answered.answer).unwrap();
        assert_eq!(one.binding(), answered.secured.binding());
        let (mut one, mut other) = (one.into_records(), answered.secured.into_records());
        let (mut sealed, mut room) = (Vec::new(), [0; 5]);
        one.seal(b"hello", &mut sealed).unwrap();
        assert_eq!(other.open(&sealed, &mut room), Ok(Some(5)));
        assert_eq!(&room, b"hello");
    }
    assert_eq!(keys.counts.read().handshakes, 3);
}

#[test]
fn no_two_connections_have_one_binding() {
    let (one, other) = (pair(), pair());
    assert_ne!(one.0.binding(), other.0.binding());
}

#[test]
fn another_key_on_either_side_is_told_by_name() {
    let (ours, theirs) = (keys(), keys());
    for (profile, handshake, offer) in offers(&ours, b"") {
        let error = answer(&theirs, &offer, b"").unwrap_err();
        assert_eq!(error, NoiseError::OtherKey, "{profile:?}");
        let told = handshake.finish(&error.refusal()).unwrap_err();
        assert_eq!(told, NoiseError::Refused(Refusal::OtherKey));
        assert!(told.to_string().contains("playhouse keys"), "{told}");
    }
    assert_eq!(theirs.counts.read().refused, 3);
}

#[test]
fn a_missing_key_is_told_by_name() {
    for (_, handshake, offer) in offers(&keys(), b"") {
        let error = answer(&Keys::default(), &offer, b"").unwrap_err();
        assert_eq!(error, NoiseError::NoKey);
        let told = handshake.finish(&error.refusal()).unwrap_err();
        assert_eq!(told, NoiseError::Refused(Refusal::NoKey));
    }
}

#[test]
fn a_ticket_that_nobody_gave_is_refused_and_one_with_another_key_fails() {
    let keys = keys();
    let forged = Ticket::new(b"forged", [7; 32]);
    let (handshake, offer) = Handshake::with_ticket(&pinned(&keys), &forged, b"").unwrap();
    let error = answer(&keys, &offer, b"").unwrap_err();
    assert_eq!(error, NoiseError::Ticket);
    let told = handshake.finish(&error.refusal()).unwrap_err();
    assert_eq!(told, NoiseError::Refused(Refusal::Ticket));

    let stolen = Ticket::new(b"ticket", [8; 32]);
    let (handshake, offer) = Handshake::with_ticket(&pinned(&keys), &stolen, b"").unwrap();
    let answered = answer(&keys, &offer, b"").unwrap();
    let failed = handshake.finish(&answered.answer);
    assert_eq!(failed.unwrap_err(), NoiseError::OtherKey);
}

#[test]
fn the_longest_ticket_passes_and_one_byte_more_is_refused() {
    let mut keys = keys();
    keys.tickets = Some(Arc::new(|_| Some(TicketKey::from_bytes([7; 32]))));
    let with = |length| {
        let ticket = Ticket::new(&vec![1; length], [7; 32]);
        Handshake::with_ticket(&pinned(&keys), &ticket, b"")
    };
    let (_, offer) = with(TICKET_BYTES_MAX).unwrap();
    assert_eq!(offer.len(), OFFER_BYTES_MAX);
    assert!(answer(&keys, &offer, b"").is_ok());
    let (length, max) = (TICKET_BYTES_MAX + 1, TICKET_BYTES_MAX);
    assert_eq!(
        with(length).unwrap_err(),
        NoiseError::TooLong { length, max }
    );
}

#[test]
fn what_anyone_changes_on_the_way_is_noticed() {
    let keys = keys();
    for index in 0..3 {
        let lengths = {
            let (_, _, offer) = &offers(&keys, b"")[index];
            (offer.len(), answer(&keys, offer, b"").unwrap().answer.len())
        };
        for at in 0..lengths.0 {
            let (profile, _, mut offer) = offers(&keys, b"").into_iter().nth(index).unwrap();
            offer[at] ^= 0x10;
            assert!(answer(&keys, &offer, b"").is_err(), "{profile:?} {at}");
        }
        for at in 0..lengths.1 {
            let (profile, handshake, offer) = offers(&keys, b"").into_iter().nth(index).unwrap();
            let mut answer = answer(&keys, &offer, b"").unwrap().answer;
            answer[at] ^= 0x10;
            assert!(handshake.finish(&answer).is_err(), "{profile:?} {at}");
        }
    }
}

#[test]
fn what_was_cut_is_noticed_at_every_byte() {
    let keys = keys();
    for index in 0..3 {
        let (_, _, offer) = offers(&keys, b"").into_iter().nth(index).unwrap();
        for length in 0..offer.len() {
            let cut = answer(&keys, &offer[..length], b"");
            assert_eq!(cut.unwrap_err(), NoiseError::Truncated, "{length}");
        }
        let (_, handshake, offer) = offers(&keys, b"").into_iter().nth(index).unwrap();
        let answer = answer(&keys, &offer, b"").unwrap().answer;
        let cut = handshake.finish(&answer[..answer.len() - 1]);
        assert_eq!(cut.unwrap_err(), NoiseError::Truncated);
    }
}

#[test]
fn both_ends_must_mean_the_same_context() {
    let keys = keys();
    for (_, _, offer) in offers(&keys, b"one") {
        let other = answer(&keys, &offer, b"other");
        assert_eq!(other.unwrap_err(), NoiseError::OtherKey);
    }
}

#[test]
fn a_peer_that_speaks_plainly_or_of_the_future_is_told_apart() {
    let keys = keys();
    let plain = answer(&keys, b"\x20\x00\x00\x00\x9a and so on", b"");
    assert_eq!(plain.unwrap_err(), NoiseError::Plain);
    let (_, _, mut offer) = offers(&keys, b"").into_iter().next().unwrap();
    offer[4] = 9;
    let future = answer(&keys, &offer, b"");
    assert_eq!(future.unwrap_err(), NoiseError::UnknownProfile(9));
    assert_eq!(keys.counts.read().plain, 1);
}

#[test]
fn nothing_of_a_handshake_is_shown() {
    let (one, _) = pair();
    assert_eq!(format!("{one:?}"), "Secured(..)");
    let (handshake, _) = Handshake::client(&pinned(&keys()), b"").unwrap();
    assert_eq!(format!("{handshake:?}"), "Handshake(..)");
}
