//! Who gets in, and who stays.

use super::*;

struct Door {
    contact: Contact,
    trust: Trust,
    options: Options,
    out: Vec<u8>,
}

impl Door {
    fn new(limits: ContactLimits) -> Self {
        let keys = keys();
        let trust = Trust::Key(keys.server.as_ref().unwrap().public_key());
        let options = Options::FAST;
        let contact = Contact::new(&[3; 32], Security::sealed(keys), options, limits);
        Self {
            contact,
            trust,
            options,
            out: Vec::new(),
        }
    }

    fn ask(&mut self, now_ms: u64, from: SocketAddr, bytes: &[u8]) -> Option<Vec<u8>> {
        match self.contact.handle(now_ms, from, bytes, &mut self.out) {
            Came::Question => {
                assert!(self.out.len() <= bytes.len(), "an answer that is longer");
                Some(self.out.clone())
            }
            Came::Nothing => None,
            Came::Opened(_) => panic!("it has opened"),
        }
    }

    /// A client's question with his cookie, to be sent from `from`.
    fn open_question(&mut self, now_ms: u64, from: SocketAddr, nonce: u8) -> (Dialling, Vec<u8>) {
        let mut dialling =
            Dialling::new([nonce; 8], self.options, &self.trust, server_address()).unwrap();
        let hello = dialling.ask(0).unwrap().to_vec();
        let challenge = self.ask(now_ms, from, &hello).unwrap();
        assert!(dialling.handle(&challenge).unwrap().is_none());
        let open = dialling.ask(0).unwrap().to_vec();
        (dialling, open)
    }

    fn count(&self, count: Count) -> u64 {
        self.contact.counts().get(count)
    }
}

fn client(number: u8) -> SocketAddr {
    SocketAddr::from(([10, 1, 0, number], 4_000))
}

#[test]
fn a_flood_of_first_datagrams_is_not_remembered() {
    let mut door = Door::new(ContactLimits::DEFAULT);
    let mut hello = Vec::new();
    for number in 0..20_000_u32 {
        let [a, b, c, d] = number.to_le_bytes();
        Packet::Hello {
            nonce: [a, b, c, d, 0, 0, 0, 0],
        }
        .write(&mut hello);
        let from = SocketAddr::from(([10, a, b, c], 1_000));
        assert!(door.ask(1, from, &hello).is_some());
    }
    assert_eq!(door.contact.half_open(), 0);
    assert_eq!(door.count(Count::Hello), 20_000);
}

#[test]
fn a_cookie_of_another_address_opens_nothing() {
    let mut door = Door::new(ContactLimits::DEFAULT);
    let (_, open) = door.open_question(0, client(1), 1);
    assert_eq!(door.ask(0, client(2), &open), None);
    assert_eq!(door.ask(30_000, client(1), &open), None, "too late");
    assert_eq!(door.count(Count::Cookie), 2);
    assert_eq!(door.contact.half_open(), 0);
    assert!(door.ask(1, client(1), &open).is_some());
    assert_eq!(door.contact.half_open(), 1);
}

#[test]
fn a_question_that_comes_twice_opens_once() {
    let mut door = Door::new(ContactLimits::DEFAULT);
    let (_, open) = door.open_question(0, client(1), 1);
    let first = door.ask(0, client(1), &open).unwrap();
    assert_eq!(door.ask(1, client(1), &open).unwrap(), first);
    assert_eq!(door.contact.half_open(), 1);
}

#[test]
fn half_open_connections_are_bounded_and_forgotten() {
    let limits = ContactLimits {
        half_open_max: 3,
        half_open_per_address_max: 2,
        ..ContactLimits::DEFAULT
    };
    let mut door = Door::new(limits);
    let knock = |door: &mut Door, now_ms, from, nonce| {
        let (mut dialling, open) = door.open_question(now_ms, from, nonce);
        let answer = door.ask(now_ms, from, &open).unwrap();
        dialling.handle(&answer).map(|opened| opened.unwrap())
    };
    knock(&mut door, 0, client(1), 1).unwrap();
    knock(&mut door, 0, client(1), 2).unwrap();
    let refused = knock(&mut door, 0, client(1), 3).unwrap_err();
    assert!(refused.to_string().contains("try again later"), "{refused}");
    knock(&mut door, 0, client(2), 1).unwrap();
    knock(&mut door, 0, client(3), 1).unwrap_err();
    assert_eq!(door.contact.half_open(), 3);
    assert_eq!(door.count(Count::Full), 2);
    let later_ms = limits.half_open_ms_max;
    knock(&mut door, later_ms, client(1), 3).unwrap();
    assert_eq!(door.contact.half_open(), 1);
    assert_eq!(door.count(Count::Expired), 3);
}

#[test]
fn handshakes_of_an_address_are_bounded_whatever_comes_of_them() {
    let limits = ContactLimits {
        handshakes_per_address_max: 2,
        ..ContactLimits::DEFAULT
    };
    let mut door = Door::new(limits);
    let right = door.trust.clone();
    let mut knock = |now_ms, from, trust| {
        door.trust = trust;
        let (mut dialling, open) = door.open_question(now_ms, from, 1);
        let answer = door.ask(now_ms, from, &open).unwrap();
        dialling.handle(&answer)
    };
    let other = Trust::Key(ServerKey::generate().unwrap().public_key());
    for _ in 0..2 {
        knock(0, client(1), other.clone()).unwrap_err();
    }
    let refused = knock(0, client(1), right.clone()).unwrap_err();
    assert!(refused.to_string().contains("try again later"), "{refused}");
    knock(0, client(2), right.clone()).unwrap();
    knock(COOKIE_SLOT_MS, client(1), right).unwrap();
}

#[test]
fn connections_in_all_are_bounded() {
    let limits = ContactLimits {
        connections_max: 2,
        ..ContactLimits::DEFAULT
    };
    let mut door = Door::new(limits);
    let knock = |door: &mut Door, number| {
        let (mut dialling, open) = door.open_question(0, client(number), number);
        let answer = door.ask(0, client(number), &open).unwrap();
        let mut connection = dialling.handle(&answer)?.unwrap();
        let mut came = None;
        connection.flush(0, |_, bytes| {
            came = Some(door.contact.handle(0, client(number), bytes, &mut door.out));
        });
        assert!(matches!(came, Some(Came::Opened(_))));
        std::io::Result::Ok(())
    };
    knock(&mut door, 1).unwrap();
    knock(&mut door, 2).unwrap();
    knock(&mut door, 3).unwrap_err();
    door.contact.closed();
    knock(&mut door, 4).unwrap();
}

#[test]
fn another_key_and_no_key_are_told_so() {
    let mut door = Door::new(ContactLimits::DEFAULT);
    let other = ServerKey::generate().unwrap().public_key();
    for trust in [Trust::Key(other), Trust::Plain] {
        door.trust = trust;
        let (mut dialling, open) = door.open_question(0, client(1), 1);
        let answer = door.ask(0, client(1), &open).unwrap();
        dialling.handle(&answer).unwrap_err();
    }
    assert_eq!(door.count(Count::Handshake), 2);
    assert_eq!(door.contact.half_open(), 0);
}

#[test]
fn who_only_guesses_an_id_confirms_nothing() {
    let mut door = Door::new(ContactLimits::DEFAULT);
    let (mut dialling, open) = door.open_question(0, client(1), 1);
    let answer = door.ask(0, client(1), &open).unwrap();
    let connection = dialling.handle(&answer).unwrap().unwrap();
    for (id, kind) in [
        (connection.id(), Count::Foul),
        (connection.id() ^ 1, Count::Stranger),
    ] {
        let mut bytes = Vec::new();
        let sealed = &[0; 64];
        Packet::Data { id, sealed }.write(&mut bytes);
        assert_eq!(door.ask(0, client(1), &bytes), None);
        assert_eq!(door.count(kind), 1);
    }
    assert_eq!(door.contact.half_open(), 1);
    assert_eq!(door.ask(0, client(1), b"GET / HTTP/1.1\r\n\r\n"), None);
    assert_eq!(door.count(Count::Garbage), 1);
}

#[test]
fn a_client_keeps_his_connection_at_another_address() {
    let mut pair = Pair::new(1, Options::FAST, CALM, true);
    pair.client_at = "203.0.113.9:1".parse().unwrap();
    pair.ends[0].conversation().write(b"moved");
    pair.run_until(200);
    assert_eq!(pair.ends[1].path(), pair.client_at);
    let mut buffer = [0; 16];
    assert_eq!(pair.ends[1].conversation().read(&mut buffer), 5);
}

#[test]
fn datagrams_that_come_again_or_are_made_up_move_nothing() {
    let mut pair = Pair::new(1, Options::FAST, CALM, true);
    let mut sent = Vec::new();
    for bytes in [b"one", b"two"] {
        pair.ends[0].conversation().write(bytes);
        let now_ms = pair.now_ms;
        pair.ends[0].flush(now_ms, |_, bytes| sent.push(bytes.to_vec()));
    }
    let thief: SocketAddr = "203.0.113.66:6".parse().unwrap();
    let server = &mut pair.ends[1];
    assert!(server.handle_packet(1, client_address(), &sent[1]));
    // An older one that nobody saw is the peer's, but says nothing of where he is now.
    assert!(server.handle_packet(1, thief, &sent[0]));
    assert_eq!(server.path(), client_address());
    for bytes in &mut sent {
        assert!(!server.handle_packet(1, thief, bytes), "it came before");
        for at in 9..bytes.len() {
            bytes[at] ^= 1;
            assert!(
                !server.handle_packet(1, thief, bytes),
                "byte {at} is changed"
            );
            bytes[at] ^= 1;
        }
    }
    assert_eq!(server.path(), client_address());
}

#[test]
fn a_connection_without_encryption_stays_with_its_address() {
    let mut pair = Pair::new(1, Options::FAST, CALM, false);
    pair.client_at = "203.0.113.9:1".parse().unwrap();
    pair.ends[0].conversation().write(b"moved");
    pair.run_until(200);
    assert_eq!(pair.ends[1].path(), client_address());
    assert!(pair.ends[1].conversation().is_dry());
}
