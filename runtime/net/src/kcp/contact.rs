//! The first contact as a server has it: nothing is kept of who has not shown where he is.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
};

use super::{
    connection::Connection,
    cookie::{Bakery, COOKIE_SLOT_MS},
    counts::{Count, Counts},
    options::Options,
    packet::{Nonce, Packet, Refusal},
    security::Security,
};

/// Bounds of a listener's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContactLimits {
    /// Connections in all, those that are half open among them.
    pub connections_max: usize,
    /// Connections whose client was answered and has not shown that he heard it.
    pub half_open_max: usize,
    /// Such connections of one address; of IPv6 the first 64 bits count.
    pub half_open_per_address_max: usize,
    /// How long they are kept, in milliseconds.
    pub half_open_ms_max: u64,
    /// Handshakes of one address in [`COOKIE_SLOT_MS`], whatever came of them: each is work. Many players may be behind
    /// one address, so this is a tenth of what a core can do.
    pub handshakes_per_address_max: u32,
}

impl ContactLimits {
    /// What a listener has if it isn't told otherwise.
    pub const DEFAULT: Self = Self {
        connections_max: 16_384,
        half_open_max: 1_024,
        half_open_per_address_max: 32,
        half_open_ms_max: 5_000,
        handshakes_per_address_max: 500,
    };
}

/// Addresses whose handshakes are counted at a time; those of more are not.
const ADDRESSES_MAX: usize = 4_096;

impl Default for ContactLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What a datagram at a listener's socket was.
#[derive(Debug)]
#[non_exhaustive]
pub enum Came {
    /// Nothing that is answered.
    Nothing,
    /// Something that is answered with what was written to `out`.
    Question,
    /// The first datagram of a client who has shown that he heard the answer: his connection, which is the caller's now.
    Opened(Box<Connection>),
}

#[derive(Debug)]
struct HalfOpen {
    connection: Box<Connection>,
    dialling: (SocketAddr, Nonce),
    answer: Vec<u8>,
}

/// Answers hellos with cookies, and who brings his cookie back with a handshake, of which it keeps what
/// [`ContactLimits`] allow. Pure: it does no IO and is told the time.
///
/// Call [`handle`](Self::handle) for every datagram that is of no connection that was opened;
/// [`closed`](Self::closed) for each of those that is over.
#[derive(Debug)]
pub struct Contact {
    bakery: Bakery,
    security: Security,
    options: Options,
    limits: ContactLimits,
    counts: Counts,
    made: u64,
    opened: usize,
    half_open: HashMap<u64, HalfOpen>,
    /// The dialling of each half-open connection.
    diallings: HashMap<(SocketAddr, Nonce), u64>,
    per_address: BTreeMap<IpAddr, usize>,
    /// Handshakes of each address in this slot of time.
    handshakes: HashMap<IpAddr, u32>,
    slot: u64,
    /// The ids of half-open connections by age, some of them gone, with when their time is over.
    oldest: VecDeque<(u64, u64)>,
}

impl Contact {
    /// With a secret that nobody else may know, made anew at each start.
    #[must_use]
    pub fn new(
        secret: &[u8; 32],
        security: Security,
        options: Options,
        limits: ContactLimits,
    ) -> Self {
        Self {
            bakery: Bakery::new(secret),
            security,
            options: options.checked(),
            limits,
            counts: Counts::default(),
            made: 0,
            opened: 0,
            half_open: HashMap::new(),
            diallings: HashMap::new(),
            per_address: BTreeMap::new(),
            handshakes: HashMap::new(),
            slot: 0,
            oldest: VecDeque::new(),
        }
    }

    /// Counts into these, which others may share.
    #[must_use]
    pub fn counting(mut self, counts: Counts) -> Self {
        self.counts = counts;
        self
    }

    /// What came, by kinds. Clones count on.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts.clone()
    }

    /// Connections that are half open.
    #[must_use]
    pub fn half_open(&self) -> usize {
        self.half_open.len()
    }

    pub(super) fn count(&self, count: Count) {
        self.counts.add(count);
    }

    /// A connection that [`Came::Opened`] gave is over.
    pub fn closed(&mut self) {
        self.opened = self.opened.saturating_sub(1);
    }

    /// Takes a datagram. An answer stands in `out` then, and is never longer than the datagram.
    pub fn handle(
        &mut self,
        now_ms: u64,
        from: SocketAddr,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Came {
        self.expire(now_ms);
        match Packet::read(bytes) {
            Some(Packet::Hello { nonce }) => {
                self.counts.add(Count::Hello);
                let cookie = self.bakery.bake(now_ms, from, nonce);
                Packet::Challenge { nonce, cookie }.write(out);
                Came::Question
            }
            Some(Packet::Open {
                nonce,
                cookie,
                handshake,
            }) => {
                if !self.bakery.knows(now_ms, from, nonce, &cookie) {
                    self.counts.add(Count::Cookie);
                    return Came::Nothing;
                }
                self.open(now_ms, from, nonce, handshake, out);
                Came::Question
            }
            Some(Packet::Data { id, .. }) => self.confirm(now_ms, from, id, bytes),
            _ => {
                self.counts.add(Count::Garbage);
                Came::Nothing
            }
        }
    }

    fn open(
        &mut self,
        now_ms: u64,
        from: SocketAddr,
        nonce: Nonce,
        handshake: &[u8],
        out: &mut Vec<u8>,
    ) {
        let dialling = (from, nonce);
        if let Some(again) = self
            .diallings
            .get(&dialling)
            .and_then(|id| self.half_open.get(id))
        {
            out.clone_from(&again.answer);
            return;
        }
        let address = network_of(from.ip());
        let of_address = self.per_address.get(&address).copied().unwrap_or(0);
        let full = self.opened + self.half_open.len() >= self.limits.connections_max
            || self.half_open.len() >= self.limits.half_open_max
            || of_address >= self.limits.half_open_per_address_max
            || !self.may_shake_hands(now_ms, address);
        if full {
            self.counts.add(Count::Full);
            let refusal = Refusal::Full;
            return Packet::Refuse { nonce, refusal }.write(out);
        }
        let (seal, handshake) = match self.security.answer(&nonce, handshake) {
            Ok(answered) => answered,
            Err(error) => {
                self.counts.add(Count::Handshake);
                let accept = Packet::Accept {
                    nonce,
                    id: 0,
                    handshake: &error.refusal(),
                };
                return accept.write(out);
            }
        };
        self.made += 1;
        let id = self.bakery.id(self.made);
        let accept = Packet::Accept {
            nonce,
            id,
            handshake: &handshake,
        };
        accept.write(out);
        let half_open = HalfOpen {
            connection: Box::new(Connection::new(id, seal, self.options, from)),
            dialling,
            answer: out.clone(),
        };
        self.half_open.insert(id, half_open);
        self.diallings.insert(dialling, id);
        *self.per_address.entry(address).or_default() += 1;
        let until_ms = now_ms + self.limits.half_open_ms_max;
        self.oldest.push_back((until_ms, id));
    }

    fn may_shake_hands(&mut self, now_ms: u64, address: IpAddr) -> bool {
        let slot = now_ms / COOKIE_SLOT_MS;
        if slot != self.slot {
            self.slot = slot;
            self.handshakes.clear();
        }
        if self.handshakes.len() >= ADDRESSES_MAX && !self.handshakes.contains_key(&address) {
            return true;
        }
        let count = self.handshakes.entry(address).or_default();
        *count += 1;
        *count <= self.limits.handshakes_per_address_max
    }

    fn confirm(&mut self, now_ms: u64, from: SocketAddr, id: u64, bytes: &[u8]) -> Came {
        let Some(half_open) = self.half_open.get_mut(&id) else {
            self.counts.add(Count::Stranger);
            return Came::Nothing;
        };
        if !half_open.connection.handle_packet(now_ms, from, bytes) {
            self.counts.add(Count::Foul);
            return Came::Nothing;
        }
        match self.forget(id) {
            Some(half_open) => {
                self.counts.add(Count::Opened);
                self.opened += 1;
                Came::Opened(half_open.connection)
            }
            None => Came::Nothing,
        }
    }

    fn expire(&mut self, now_ms: u64) {
        while let Some(&(until_ms, id)) = self.oldest.front()
            && (now_ms >= until_ms || !self.half_open.contains_key(&id))
        {
            self.oldest.pop_front();
            if self.forget(id).is_some() {
                self.counts.add(Count::Expired);
            }
        }
    }

    fn forget(&mut self, id: u64) -> Option<HalfOpen> {
        let half_open = self.half_open.remove(&id)?;
        self.diallings.remove(&half_open.dialling);
        let address = network_of(half_open.dialling.0.ip());
        if let Some(count) = self.per_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&address);
            }
        }
        Some(half_open)
    }
}

/// What counts as one address: of IPv6 a customer has 64 bits to choose from.
fn network_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        ip => ip,
    }
}
