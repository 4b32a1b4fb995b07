//! Whom a node lets near: what is looked at before anything is spent on a connection.
//!
//! A connection that comes from a banned address, or is one too many of its address or of all, is dropped before it has
//! a task, a buffer or a handshake. Addresses count as [`Place`]s: of version 6 a whole network of 64 bits is one,
//! since who has one of its addresses has all. Where [trusted peers](super::NodeBuilder::trust_peers) may come from
//! nothing is limited or banned: there the load of tests and the tools of operators come from.

mod bans;
mod entered;
mod proxied;
mod turning_out;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use playhouse_net::Transport;
use playhouse_net::link::Pace;
use tokio::time::{Duration, Instant};

use super::guests::Place;
use crate::rate::{Bucket, Rate};

pub use bans::{BAN_LIST_EVERY, BANS_MAX};
pub(super) use bans::{BanList, Bans};
pub(super) use entered::Entered;
pub(super) use proxied::{PROXIES_WAITING_MAX, origin};
pub use proxied::{PROXY_BYTES_MAX, PROXY_WAIT};

/// Most connections of a node, if nothing else is said.
pub const CONNECTIONS_MAX: u32 = 65_536;

/// Most connections of one address: a household, a school, players behind one provider's address.
pub const CONNECTIONS_PER_ADDRESS: u32 = 128;

/// Most connections that have not said hello yet.
pub const HANDSHAKES_MAX: u32 = 4_096;

/// Most connections of one address that have not said hello yet.
pub const HANDSHAKES_PER_ADDRESS: u32 = 32;

/// How many messages a client may send a second; four times as many at once after a rest.
pub const CLIENT_FRAMES: u32 = 500;

/// How many bytes of messages a client may send a second; eight times as many at once after a rest.
pub const CLIENT_BYTES: u32 = 256 * 1024;

/// How often the tokens of one address may be refused in a minute, before it is banned for a while.
pub const AUTH_FAILURES: u32 = 30;

/// For how long an address is banned that shows too many tokens which are refused.
pub const BAN_TIME: Duration = Duration::from_secs(600);

/// Addresses of which refused tokens are remembered.
const FAILURES_MAX: usize = 16_384;

/// What strangers may have of a node. Addresses are counted as their network of 64 bits, if they are of version 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoorLimits {
    /// Most connections of the node: [`CONNECTIONS_MAX`].
    pub connections: u32,
    /// Most connections of one address: [`CONNECTIONS_PER_ADDRESS`]. Raise it where many players share one.
    pub connections_per_address: u32,
    /// Most connections that have not said hello: [`HANDSHAKES_MAX`].
    pub handshakes: u32,
    /// Most connections of one address that have not said hello: [`HANDSHAKES_PER_ADDRESS`].
    pub handshakes_per_address: u32,
    /// Messages that a client may send a second: [`CLIENT_FRAMES`]; four times as many at once.
    pub frames_per_second: u32,
    /// Bytes that a client may send a second: [`CLIENT_BYTES`]; eight times as many at once.
    pub bytes_per_second: u32,
    /// Tokens of one address that may be refused in a minute: [`AUTH_FAILURES`].
    pub auth_failures: u32,
    /// For how long it is banned then: [`BAN_TIME`].
    pub ban_time: Duration,
}

impl Default for DoorLimits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS_MAX,
            connections_per_address: CONNECTIONS_PER_ADDRESS,
            handshakes: HANDSHAKES_MAX,
            handshakes_per_address: HANDSHAKES_PER_ADDRESS,
            frames_per_second: CLIENT_FRAMES,
            bytes_per_second: CLIENT_BYTES,
            auth_failures: AUTH_FAILURES,
            ban_time: BAN_TIME,
        }
    }
}

impl DoorLimits {
    /// How fast a client may send.
    pub(super) const fn pace(&self) -> Pace {
        Pace {
            frames_per_second: self.frames_per_second,
            frames_at_once: self.frames_per_second.saturating_mul(4),
            bytes_per_second: self.bytes_per_second,
            bytes_at_once: self.bytes_per_second.saturating_mul(8),
        }
    }
}

/// Why a connection is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turned {
    Banned,
    Full,
    Crowded,
    Handshakes,
    Proxy,
}

impl Turned {
    /// All of them, as metrics have them.
    const ALL: [(Self, &'static str); 5] = [
        (Self::Banned, "banned"),
        (Self::Full, "full"),
        (Self::Crowded, "crowded"),
        (Self::Handshakes, "handshakes"),
        (Self::Proxy, "proxy"),
    ];
}

/// The doors of a node, for all its listeners.
#[derive(Debug)]
pub(super) struct Doors {
    limits: DoorLimits,
    pub(super) bans: Bans,
    inside: Mutex<Inside>,
    failures: Mutex<HashMap<Place, Bucket>>,
    began: Instant,
    turned: [AtomicU64; Turned::ALL.len()],
}

/// Who is connected.
#[derive(Debug, Default)]
struct Inside {
    connections: u32,
    handshakes: u32,
    places: HashMap<Place, Crowd>,
    /// Connections that have not said hello.
    shaking: HashMap<SocketAddr, u32>,
    carried: HashMap<Transport, u32>,
}

/// The connections of one place.
#[derive(Debug, Default)]
struct Crowd {
    connections: u32,
    handshakes: u32,
}

/// A connection that was let in, for as long as it lives.
#[derive(Debug)]
pub(super) struct Entry {
    doors: Arc<Doors>,
    peer: SocketAddr,
    transport: Transport,
}

/// What is to be seen of the doors.
#[derive(Debug, Clone, Default)]
pub(crate) struct DoorCounts {
    pub(crate) turned: Vec<(&'static str, u64)>,
    pub(crate) carried: Vec<(&'static str, u32)>,
    pub(crate) handshakes: u32,
    pub(crate) bans: usize,
}

impl Doors {
    pub(super) fn new(limits: DoorLimits) -> Self {
        Self {
            limits,
            bans: Bans::default(),
            inside: Mutex::default(),
            failures: Mutex::default(),
            began: Instant::now(),
            turned: Default::default(),
        }
    }

    pub(super) const fn limits(&self) -> &DoorLimits {
        &self.limits
    }

    /// Lets a connection in, or says why not; of trusted ones nothing is asked.
    pub(super) fn knock(
        self: &Arc<Self>,
        peer: SocketAddr,
        transport: Transport,
        is_trusted: bool,
    ) -> Result<Entry, Turned> {
        if !is_trusted && self.bans.contains(peer.ip(), Instant::now()) {
            return Err(self.turn_away(Turned::Banned));
        }
        let mut inside = self.inside();
        if !is_trusted && let Err(why) = inside.has_room(&self.limits, peer) {
            return Err(self.turn_away(why));
        }
        inside.add(peer, transport);
        Ok(Entry {
            doors: Arc::clone(self),
            peer,
            transport,
        })
    }

    /// Counts one that is not taken.
    pub(super) fn turn_away(&self, why: Turned) -> Turned {
        if let Some(count) = self.turned.get(why as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        why
    }

    /// The connection from this address has said hello.
    pub(super) fn arrived(&self, address: &str) {
        if let Ok(peer) = address.parse() {
            self.inside().arrived(peer);
        }
    }

    /// A token from this address was refused. Whoever shows too many is banned for a while: none of its connections is
    /// taken until then, but those that it has stay.
    pub(super) fn auth_failed(&self, address: &str) {
        let Ok(peer) = address.parse::<SocketAddr>() else {
            return;
        };
        let place = Place::of_ip(peer.ip());
        let now = Instant::now();
        let now_us = u64::try_from((now - self.began).as_micros()).unwrap_or(u64::MAX);
        let rate = Rate {
            count: self.limits.auth_failures,
            period_us: 60_000_000,
            burst: self.limits.auth_failures,
        };
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= FAILURES_MAX && !failures.contains_key(&place) {
            failures.retain(|_, bucket| bucket.full_in_us(rate, now_us) != Some(0));
            if failures.len() >= FAILURES_MAX {
                return;
            }
        }
        if failures.entry(place).or_default().take(rate, now_us) {
            return;
        }
        failures.remove(&place);
        drop(failures);
        tracing::warn!(
            address,
            seconds = self.limits.ban_time.as_secs(),
            "an address is banned for a while, since too many of its tokens were refused"
        );
        self.bans
            .ban(place.network(), Some(now + self.limits.ban_time));
    }

    pub(super) fn counts(&self) -> DoorCounts {
        let inside = self.inside();
        let carried = |it: &Transport| inside.carried.get(it).copied().unwrap_or(0);
        DoorCounts {
            turned: Turned::ALL
                .iter()
                .zip(&self.turned)
                .map(|((_, name), count)| (*name, count.load(Ordering::Relaxed)))
                .collect(),
            carried: [
                Transport::Tcp,
                Transport::Kcp,
                Transport::WebSocket,
                Transport::Quic,
            ]
            .iter()
            .map(|it| (it.as_str(), carried(it)))
            .collect(),
            handshakes: inside.handshakes,
            bans: self.bans.len(),
        }
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        // Numbers that a panic left behind are still numbers.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn has_room(&self, limits: &DoorLimits, peer: SocketAddr) -> Result<(), Turned> {
        let crowd = self.places.get(&Place::of_ip(peer.ip()));
        let (connections, handshakes) =
            crowd.map_or((0, 0), |crowd| (crowd.connections, crowd.handshakes));
        if connections >= limits.connections_per_address
            || handshakes >= limits.handshakes_per_address
        {
            return Err(Turned::Crowded);
        }
        if self.connections >= limits.connections {
            return Err(Turned::Full);
        }
        if self.handshakes >= limits.handshakes {
            return Err(Turned::Handshakes);
        }
        Ok(())
    }

    fn add(&mut self, peer: SocketAddr, transport: Transport) {
        self.connections += 1;
        self.handshakes += 1;
        *self.shaking.entry(peer).or_default() += 1;
        *self.carried.entry(transport).or_default() += 1;
        let crowd = self.places.entry(Place::of_ip(peer.ip())).or_default();
        crowd.connections += 1;
        crowd.handshakes += 1;
    }

    fn arrived(&mut self, peer: SocketAddr) {
        let Some(count) = self.shaking.get_mut(&peer) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            self.shaking.remove(&peer);
        }
        self.handshakes = self.handshakes.saturating_sub(1);
        if let Some(crowd) = self.places.get_mut(&Place::of_ip(peer.ip())) {
            crowd.handshakes = crowd.handshakes.saturating_sub(1);
        }
    }

    fn remove(&mut self, peer: SocketAddr, transport: Transport) {
        self.arrived(peer);
        self.connections = self.connections.saturating_sub(1);
        if let Some(count) = self.carried.get_mut(&transport) {
            *count = count.saturating_sub(1);
        }
        let place = Place::of_ip(peer.ip());
        if let Some(crowd) = self.places.get_mut(&place) {
            crowd.connections = crowd.connections.saturating_sub(1);
            if crowd.connections == 0 {
                self.places.remove(&place);
            }
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.doors.inside().remove(self.peer, self.transport);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> DoorLimits {
        DoorLimits {
            connections: 5,
            connections_per_address: 3,
            handshakes: 4,
            handshakes_per_address: 2,
            auth_failures: 3,
            ..DoorLimits::default()
        }
    }

    fn peer(host: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, host], port))
    }

    fn knock(doors: &Arc<Doors>, peer: SocketAddr) -> Result<Entry, Turned> {
        doors.knock(peer, Transport::Tcp, false)
    }

    #[test]
    fn an_address_has_so_many_connections_and_handshakes() {
        let doors = Arc::new(Doors::new(limits()));
        let first = knock(&doors, peer(1, 1)).unwrap();
        let _second = knock(&doors, peer(1, 2)).unwrap();
        assert_eq!(knock(&doors, peer(1, 3)).unwrap_err(), Turned::Crowded);
        doors.arrived("10.0.0.1:1");
        doors.arrived("10.0.0.1:1");
        let _third = knock(&doors, peer(1, 3)).unwrap();
        doors.arrived("10.0.0.1:3");
        assert_eq!(knock(&doors, peer(1, 4)).unwrap_err(), Turned::Crowded);
        drop(first);
        let _fourth = knock(&doors, peer(1, 4)).unwrap();
        // A network of version 6 is one address.
        let six = |text: &str| text.parse::<SocketAddr>().unwrap();
        let _six = knock(&doors, six("[2001:db8::1]:1")).unwrap();
        assert_eq!(doors.counts().handshakes, 3);
        assert_eq!(doors.counts().turned[2], ("crowded", 2));
    }

    #[test]
    fn a_node_has_so_many_connections_and_handshakes_but_of_those_it_trusts() {
        let doors = Arc::new(Doors::new(limits()));
        let mut entries: Vec<_> = (1..=4)
            .map(|it| knock(&doors, peer(it, 1)).unwrap())
            .collect();
        assert_eq!(knock(&doors, peer(5, 1)).unwrap_err(), Turned::Handshakes);
        doors.arrived("10.0.0.1:1");
        entries.push(knock(&doors, peer(5, 1)).unwrap());
        doors.arrived("10.0.0.2:1");
        assert_eq!(knock(&doors, peer(6, 1)).unwrap_err(), Turned::Full);
        for port in 0..50 {
            entries.push(doors.knock(peer(7, port), Transport::Quic, true).unwrap());
        }
        assert_eq!(doors.counts().carried[3], ("quic", 50));
        drop(entries);
        let inside = doors.inside();
        assert_eq!((inside.connections, inside.handshakes), (0, 0));
        assert!(inside.places.is_empty() && inside.shaking.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_shows_too_many_wrong_tokens_is_banned_for_a_while() {
        let doors = Arc::new(Doors::new(limits()));
        for _ in 0..3 {
            doors.auth_failed("10.0.0.1:9");
            assert!(knock(&doors, peer(1, 1)).is_ok());
        }
        doors.auth_failed("10.0.0.1:9");
        assert_eq!(knock(&doors, peer(1, 1)).unwrap_err(), Turned::Banned);
        assert!(knock(&doors, peer(2, 1)).is_ok(), "another address");
        assert!(doors.knock(peer(1, 1), Transport::Tcp, true).is_ok());
        assert_eq!(doors.counts().bans, 1);
        tokio::time::advance(BAN_TIME + Duration::from_secs(1)).await;
        assert!(knock(&doors, peer(1, 1)).is_ok());
    }

    #[test]
    fn what_is_remembered_of_refused_tokens_is_bounded() {
        let doors = Doors::new(limits());
        for host in 0..FAILURES_MAX as u32 + 9 {
            doors.auth_failed(&format!("{}:1", std::net::Ipv4Addr::from_bits(host)));
        }
        assert_eq!(doors.failures.lock().unwrap().len(), FAILURES_MAX);
    }
}
