//! KCP: whatever datagrams come at whatever time, a connection and a listener keep little, and answer with no more than came.
//!
//! An input is steps: a byte of time (in 50 ms), a byte of what to do, two of a length (little-endian), and as many bytes.

use std::net::SocketAddr;

use playhouse_net::kcp::{Came, Connection, Contact, ContactLimits, Options, Security};

use crate::allocation;

/// Bytes that both hold at most besides what came: windows, and what counts what came in them.
const HELD_MAX: usize = 256 * 1024;
/// The id of the connection, which the first byte of its datagrams follows.
const ID: u64 = 7;
const COOKIE_BYTES: usize = 20;

pub(super) fn run(bytes: &[u8]) {
    let ((), held) = allocation::peak(|| drive(bytes));
    let allowed = HELD_MAX + 32 * bytes.len();
    assert!(
        held <= allowed,
        "{} bytes of input took {held} bytes, {allowed} are allowed",
        bytes.len()
    );
}

struct Sides {
    connection: Connection,
    contact: Contact,
    peer: SocketAddr,
    now_ms: u64,
    out: Vec<u8>,
}

fn drive(mut steps: &[u8]) {
    let peer = SocketAddr::from(([127, 0, 0, 1], 9));
    let mut options = Options::FAST;
    options.send_window_bytes = 8 * 1024;
    options.receive_window_bytes = 8 * 1024;
    let limits = ContactLimits::DEFAULT;
    let mut sides = Sides {
        connection: Connection::plain(ID, options, peer),
        contact: Contact::new(&[1; 32], Security::plain(), options, limits),
        peer,
        now_ms: 0,
        out: Vec::new(),
    };
    while let [time, step, low, high, rest @ ..] = steps {
        sides.now_ms += u64::from(*time) * 50;
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let (bytes, rest) = rest.split_at(rest.len().min(length));
        steps = rest;
        sides.step(*step, bytes);
    }
}

impl Sides {
    fn step(&mut self, step: u8, bytes: &[u8]) {
        let Self {
            connection, now_ms, ..
        } = self;
        match step % 10 {
            0 => drop(connection.handle_packet(*now_ms, self.peer, bytes)),
            // Its segments, so that an input need not hit upon what is around them.
            1..=3 => {
                let packet = [&[5][..], &ID.to_le_bytes(), &[0], bytes].concat();
                assert!(connection.handle_packet(*now_ms, self.peer, &packet));
            }
            4 => drop(connection.conversation().write(bytes)),
            5 => drop(connection.conversation().read(&mut vec![0; bytes.len()])),
            6 => connection.send_datagram(bytes),
            7 => connection.conversation().finish(),
            8 => self.knock(bytes),
            _ => self.open(bytes),
        }
        self.flush();
    }

    fn knock(&mut self, bytes: &[u8]) {
        let came = self
            .contact
            .handle(self.now_ms, self.peer, bytes, &mut self.out);
        if matches!(came, Came::Question) {
            assert!(self.out.len() <= bytes.len(), "an answer that is longer");
        }
    }

    /// A dialling with the cookie that belongs to it.
    fn open(&mut self, handshake: &[u8]) {
        let mut hello = b"\x01PHK1nonce..8".to_vec();
        hello.resize(64, 0);
        self.knock(&hello);
        let cookie = self
            .out
            .get(9..9 + COOKIE_BYTES)
            .expect("a hello is answered");
        let open = [b"\x03nonce..8", cookie, handshake].concat();
        self.knock(&open);
        assert!(
            self.contact.half_open() <= 1,
            "one dialling, one connection"
        );
    }

    fn flush(&mut self) {
        let due = |connection: &Connection, now_ms| {
            let due_ms = connection.poll_timeout();
            due_ms.is_some_and(|due_ms| due_ms <= now_ms)
        };
        if due(&self.connection, self.now_ms) {
            self.connection.flush(self.now_ms, |_, bytes| {
                assert!(bytes.len() <= Options::DATAGRAM_BYTES, "a long datagram");
            });
            let again = due(&self.connection, self.now_ms);
            assert!(!again, "what was to be done is done");
        }
    }
}
