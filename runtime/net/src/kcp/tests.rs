//! Two connections over a simulated network of datagrams, in virtual time.

use std::{cmp::Reverse, collections::BinaryHeap, net::SocketAddr, sync::Arc};

use super::{
    connection::{Connection, SILENCE_MS_MAX, State},
    contact::{Came, Contact, ContactLimits},
    conversation::Conversation,
    cookie::COOKIE_SLOT_MS,
    counts::Count,
    dialling::Dialling,
    options::Options,
    packet::Packet,
    security::{Security, Trust},
};
use crate::{
    noise::{Keys, ServerKey},
    random::Random,
};

mod contacts;
mod transfers;

/// What a network does to datagrams, in fractions of 1.
#[derive(Clone, Copy)]
struct Weather {
    loss: f64,
    twice: f64,
    /// Half a datagram, or one with a byte changed, besides.
    spoilt: f64,
    delay_ms: u64,
    jitter_ms: u64,
}

const CALM: Weather = Weather {
    loss: 0.0,
    twice: 0.0,
    spoilt: 0.0,
    delay_ms: 30,
    jitter_ms: 0,
};

const STORM: Weather = Weather {
    loss: 0.1,
    twice: 0.05,
    spoilt: 0.02,
    delay_ms: 10,
    jitter_ms: 60,
};

fn server_address() -> SocketAddr {
    "10.0.0.1:7000".parse().unwrap()
}

fn client_address() -> SocketAddr {
    "192.168.1.2:50000".parse().unwrap()
}

fn keys() -> Keys {
    Keys {
        server: Some(Arc::new(ServerKey::generate().unwrap())),
        ..Keys::default()
    }
}

/// A datagram on its way: when it arrives, its number, to the server or to the client, from where, and its bytes.
type Flight = Reverse<(u64, u64, bool, SocketAddr, Vec<u8>)>;

/// Client and server, `[client, server]` where there are two of something.
struct Pair {
    ends: [Connection; 2],
    now_ms: u64,
    weather: Weather,
    random: Random,
    flights: BinaryHeap<Flight>,
    launched: u64,
    datagrams: u64,
    client_at: SocketAddr,
}

impl Pair {
    fn new(seed: u64, options: Options, weather: Weather, sealed: bool) -> Self {
        let (security, trust) = if sealed {
            let keys = keys();
            let trust = Trust::Key(keys.server.as_ref().unwrap().public_key());
            (Security::sealed(keys), trust)
        } else {
            (Security::plain(), Trust::Plain)
        };
        let limits = ContactLimits::DEFAULT;
        let mut contact = Contact::new(&[3; 32], security, options, limits);
        let mut dialling = Dialling::new([1; 8], options, &trust, server_address()).unwrap();
        let mut out = Vec::new();
        let mut client = None;
        for _ in 0..2 {
            let question = dialling.ask(0).unwrap().to_vec();
            let came = contact.handle(0, client_address(), &question, &mut out);
            assert!(matches!(came, Came::Question));
            assert!(out.len() <= question.len(), "an answer that is longer");
            client = dialling.handle(&out).unwrap();
        }
        let mut client = client.unwrap();
        let mut server = None;
        client.flush(0, |_, bytes| {
            if let Came::Opened(opened) = contact.handle(0, client_address(), bytes, &mut out) {
                server = Some(*opened);
            }
        });
        Self {
            ends: [client, server.unwrap()],
            now_ms: 0,
            weather,
            random: Random::new(seed),
            flights: BinaryHeap::new(),
            launched: 0,
            datagrams: 0,
            client_at: client_address(),
        }
    }

    fn launch(&mut self, to_server: bool, bytes: Vec<u8>) {
        let jitter_ms = self.random.below(self.weather.jitter_ms + 1);
        let due_ms = self.now_ms + self.weather.delay_ms + jitter_ms;
        let from = if to_server {
            self.client_at
        } else {
            server_address()
        };
        self.launched += 1;
        self.flights
            .push(Reverse((due_ms, self.launched, to_server, from, bytes)));
    }

    fn flush(&mut self, end: usize) {
        let (mut sent, now_ms) = (Vec::new(), self.now_ms);
        self.ends[end].flush(now_ms, |_, bytes| sent.push(bytes.to_vec()));
        for bytes in sent {
            self.datagrams += 1;
            assert!(bytes.len() <= Options::DATAGRAM_BYTES);
            if self.random.chance(self.weather.twice) {
                self.launch(end == 0, bytes.clone());
            }
            if self.random.chance(self.weather.spoilt) {
                let mut spoilt = bytes.clone();
                let at = usize::try_from(self.random.below(bytes.len() as u64)).unwrap();
                match self.random.below(2) {
                    0 => spoilt.truncate(at),
                    _ => spoilt[at] ^= 0x10,
                }
                self.launch(end == 0, spoilt);
            }
            if !self.random.chance(self.weather.loss) {
                self.launch(end == 0, bytes);
            }
        }
    }

    /// Goes on to the next time at which something happens, not past `until_ms`.
    fn step(&mut self, until_ms: u64) {
        let times = self.ends.iter().filter_map(Connection::poll_timeout);
        let flight = self.flights.peek().map(|Reverse((due_ms, ..))| *due_ms);
        let next_ms = times.chain(flight).min().unwrap_or(u64::MAX);
        self.now_ms = next_ms.clamp(self.now_ms, until_ms);
        while let Some(Reverse((due_ms, ..))) = self.flights.peek()
            && *due_ms <= self.now_ms
        {
            let Reverse((_, _, to_server, from, bytes)) = self.flights.pop().unwrap();
            self.ends[usize::from(to_server)].handle_packet(self.now_ms, from, &bytes);
        }
        for end in 0..2 {
            let due = self.ends[end].poll_timeout();
            if due.is_some_and(|due_ms| due_ms <= self.now_ms) {
                self.flush(end);
            }
        }
    }

    fn run_until(&mut self, until_ms: u64) {
        while self.now_ms < until_ms {
            self.step(until_ms);
        }
    }
}
