//! Encryption: whatever stands where a handshake, a record, a datagram or a packed frame belongs, nothing of it is taken
//! but what the peer sealed, and little is held.
//!
//! The first byte of an input chooses what the others are: bytes as they come, or changes of what a peer really sent, each
//! a place (u16, little-endian) and what it is exclusive-ored with.

use std::sync::{Arc, LazyLock};

use playhouse_net::noise::{
    ClusterKey, Handshake, Keys, NoiseError, PublicKey, RECORD_BYTES_MAX, RECORD_OVERHEAD, Records,
    Secured, TicketKey, answer, answer_length, lane_of, offer_length,
};
use playhouse_wire::frame::{FRAME_BYTES_MAX, Frame, Frames, PACK_RATIO_MAX};

use crate::allocation;

/// Bytes that all of it holds at most, besides what came.
const HELD_MAX: usize = 128 * 1024;

/// What stands for secrets here: the same in all runs, so that an input stays what it is.
const SERVER: &str = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=";
const CLUSTER: &str = "XasIfmJKikt54X+Lg4AO5m87sSkmGLb9HC+LJ/+I4Os=";

static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys {
    server: Some(Arc::new(SERVER.parse().expect("a key"))),
    cluster: Some(Arc::new(CLUSTER.parse().expect("a key"))),
    tickets: Some(Arc::new(|ticket| {
        (ticket.len() < 9).then(|| TicketKey::from_bytes([7; 32]))
    })),
    ..Keys::default()
});

/// What a peer of [`KEYS`] knows.
pub(crate) fn public_key() -> PublicKey {
    let server = KEYS.server.as_ref().expect("it is there");
    server.public_key()
}

/// The cluster's key of [`KEYS`].
pub(crate) fn cluster_key() -> &'static ClusterKey {
    KEYS.cluster.as_ref().expect("it is there")
}

pub(super) fn run(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else {
        return;
    };
    LazyLock::force(&KEYS);
    let ((), held) = allocation::peak(|| drive(first, bytes));
    let allowed = HELD_MAX + 2 * PACK_RATIO_MAX * bytes.len();
    assert!(
        held <= allowed,
        "{} bytes of input took {held} bytes, {allowed} are allowed",
        bytes.len()
    );
}

fn drive(first: u8, bytes: &[u8]) {
    match first % 7 {
        0 => drop(answered(bytes)),
        1 => finished(bytes),
        2 => offer_with(bytes),
        3 => records_with(bytes),
        4 => datagrams_with(bytes),
        5 => opened(bytes),
        _ => unpacked(bytes),
    }
}

/// What came of an offer. Whoever is refused hears less than it said.
fn answered(offer: &[u8]) -> Result<Secured, NoiseError> {
    let _ = (lane_of(offer), offer_length(offer));
    match answer(&KEYS, offer, b"") {
        Ok(answered) => {
            assert!(answered.answer.len() <= offer.len(), "an amplifier");
            Ok(answered.secured)
        }
        Err(error) => {
            assert!(error.refusal().len() <= 7);
            Err(error)
        }
    }
}

/// Nobody answers an offer who has not the key.
fn finished(bytes: &[u8]) {
    let _ = answer_length(bytes);
    let (client, _) = Handshake::client(&public_key(), b"").expect("an offer");
    let (node, _) = Handshake::cluster(cluster_key(), 1, b"").expect("an offer");
    assert!(client.finish(bytes).is_err() && node.finish(bytes).is_err());
}

/// A real offer, changed on its way: it is taken if it came as it was.
fn offer_with(changes: &[u8]) {
    let (handshake, offer) = Handshake::client(&public_key(), b"").expect("an offer");
    let came = changed(&offer, changes);
    match answered(&came) {
        Ok(_) => assert!(came == offer, "a changed offer was taken"),
        Err(error) => assert!(handshake.finish(&error.refusal()).is_err()),
    }
}

fn pair() -> (Secured, Secured) {
    let (handshake, offer) = Handshake::client(&public_key(), b"").expect("an offer");
    let answered = answer(&KEYS, &offer, b"").expect("an answer");
    let client = handshake
        .finish(&answered.answer)
        .expect("it is the server");
    (client, answered.secured)
}

/// Real records, changed on their way: what opens is what was sealed, in order, up to the first change.
fn records_with(changes: &[u8]) {
    let (one, other) = pair();
    let (mut one, mut other) = (one.into_records(), other.into_records());
    let plain = [&b"first "[..], &[7; 100], b"last"];
    let mut sealed = Vec::new();
    for piece in plain {
        one.seal(piece, &mut sealed).expect("it is sealed");
    }
    let came = changed(&sealed, changes);
    let (plain, opened) = (plain.concat(), open_all(&mut other, &came));
    assert!(plain.starts_with(&opened), "something else was opened");
    assert!(opened.len() < plain.len() || came == sealed);
}

fn open_all(records: &mut Records, mut input: &[u8]) -> Vec<u8> {
    let (mut room, mut all) = (vec![0; RECORD_BYTES_MAX], Vec::new());
    while let Ok(Some(length)) = records.open(input, &mut room) {
        all.extend_from_slice(room.get(..length).unwrap_or_default());
        input = input.get(length + RECORD_OVERHEAD..).unwrap_or_default();
    }
    all
}

/// Real datagrams, picked in any order, again, and changed: each opens once at most, as it was.
fn datagrams_with(steps: &[u8]) {
    let (one, other) = pair();
    let (mut one, mut other) = (one.into_datagrams(), other.into_datagrams());
    let sealed: Vec<Vec<u8>> = (0..64_u8)
        .map(|number| {
            let mut sealed = Vec::new();
            one.seal(&[number; 5], &mut sealed).expect("it is sealed");
            sealed
        })
        .collect();
    let mut came = [false; 64];
    for step in steps.chunks_exact(3) {
        let &[pick, at, with] = step else { continue };
        let number = usize::from(pick) % sealed.len();
        let mut datagram = sealed[number].clone();
        if let Some(byte) = datagram.get_mut(usize::from(at)) {
            *byte ^= with;
        }
        let mut plain = Vec::new();
        if other.open(&datagram, &mut plain).is_ok() {
            assert!(datagram == sealed[number], "a changed datagram was opened");
            assert!(plain.iter().all(|byte| usize::from(*byte) == number));
            assert!(!came[number], "a datagram was opened twice");
            came[number] = true;
        }
    }
}

/// Bytes that nobody sealed: none of them opens.
fn opened(bytes: &[u8]) {
    let (one, other) = pair();
    assert!(open_all(&mut one.into_records(), bytes).is_empty());
    let mut plain = Vec::new();
    let opened = other.into_datagrams().open(bytes, &mut plain);
    assert!(opened.is_err() && plain.is_empty());
}

/// Frames that may be packed: what comes out is no longer than allowed.
fn unpacked(bytes: &[u8]) {
    let mut frames = Frames::new(bytes, FRAME_BYTES_MAX).or_packed();
    let mut out = Vec::new();
    while let Ok(Some(frame)) = frames.poll_any() {
        if let Frame::Packed(packed) = frame {
            let opened = packed.open(100_000, &mut out);
            assert!(out.len() <= 100_000 && (opened.is_ok() || out.is_empty()));
        }
    }
}

/// These bytes, with some of them changed.
fn changed(bytes: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for change in changes.chunks_exact(3) {
        let &[low, high, with] = change else { continue };
        if let Some(byte) = bytes.get_mut(usize::from(u16::from_le_bytes([low, high]))) {
            *byte ^= with;
        }
    }
    bytes
}
