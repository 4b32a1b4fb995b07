//! Takes connections, and gives each to a shard: to one after another, but for the links of nodes that have as many shards.
//!
//! All calls of a node to an entity come by the link of the entity's home shard there, and nodes of equally many shards
//! agree on an entity's home. So such a link goes to the shard of the same number, where its calls need not cross over to
//! another. What the first bytes of a connection say is a hint: a connection that keeps them back goes to any shard.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use playhouse_cluster::watch;
use playhouse_net::{Adopt, Arrival, Listening, Stream, Tcp, Transport, noise};
use playhouse_wire::frame::Frames;
use playhouse_wire::message::{Message, Role};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Duration, timeout};

use super::ACCEPT_PAUSE;
use super::doors::{Entered, Entry, PROXIES_WAITING_MAX, Turned, origin};
use super::lanes;
use super::shared::Shared;

mod opening;
#[cfg(feature = "tls")]
mod shown;

pub(super) use opening::{Bound, Opening, is_tcp};
#[cfg(feature = "tls")]
pub use shown::CERTIFICATE_EVERY;
#[cfg(feature = "tls")]
pub(super) use shown::{Shown, TlsFiles};

/// How long the first bytes of a connection are waited for.
const HELLO_WAIT: Duration = Duration::from_millis(200);
/// So many of them are looked at: no hello is longer.
const HELLO_BYTES_MAX: usize = 512;
/// The first bytes of so many connections are waited for at a time; others go to any shard.
const WAITING_MAX: usize = 256;

/// What a listener's connections speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    Playhouse,
    MessagePackRpc,
}

/// What goes on over a connection of TCP, on the thread that it lives on: WebSocket, or nothing.
pub(super) type Dress = Arc<dyn Fn(Box<dyn Stream>) -> Box<dyn Stream> + Send + Sync>;

/// A listener whose runtime has begun.
pub(super) enum Door {
    Tcp {
        listener: TcpListener,
        speech: Speech,
        dress: Option<Dress>,
    },
    /// One socket with many connections.
    Datagrams(Box<dyn Listening>),
}

/// Takes connections and hands them to the shards, until the node stops.
pub(super) async fn accept(
    shared: Arc<Shared>,
    mut door: Door,
    mut stopping: watch::Receiver<bool>,
) {
    let mut waiting = JoinSet::new();
    let mut proxied = JoinSet::new();
    loop {
        while waiting.try_join_next().is_some() {}
        while proxied.try_join_next().is_some() {}
        let came = tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return,
            came = door.next() => came,
        };
        match came {
            Ok(Came::Whole(arrival)) => {
                // One that is turned away hears so by its being dropped.
                if let Ok(entry) = shared.let_in(arrival.peer, arrival.transport) {
                    hand_on(&shared, arrival.adopt, Some(entry), Speech::Playhouse, None);
                }
            }
            Ok(Came::Tcp(tcp)) if tcp.is_passed_on(&shared) => {
                if proxied.len() < PROXIES_WAITING_MAX {
                    let shared = Arc::clone(&shared);
                    proxied.spawn(async move { tcp.hand_on_passed(&shared).await });
                } else {
                    shared.doors.turn_away(Turned::Proxy);
                }
            }
            Ok(Came::Tcp(mut tcp)) => {
                if !tcp.enter(&shared) {
                    continue;
                }
                if !tcp.may_be_node(&shared) || waiting.len() >= WAITING_MAX {
                    tcp.hand_on(&shared, None);
                    continue;
                }
                let shared = Arc::clone(&shared);
                waiting.spawn(async move {
                    let shard = shard_meant(&tcp.stream, shared.about.shards).await;
                    tcp.hand_on(&shared, shard);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection can't be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A connection that came.
enum Came {
    Tcp(TcpCame),
    Whole(Arrival),
}

struct TcpCame {
    stream: TcpStream,
    peer: SocketAddr,
    entry: Option<Entry>,
    speech: Speech,
    dress: Option<Dress>,
}

impl Door {
    async fn next(&mut self) -> io::Result<Came> {
        match self {
            Self::Tcp {
                listener,
                speech,
                dress,
            } => {
                let (stream, peer) = listener.accept().await?;
                Ok(Came::Tcp(TcpCame {
                    stream,
                    peer,
                    entry: None,
                    speech: *speech,
                    dress: dress.clone(),
                }))
            }
            Self::Datagrams(listening) => {
                let arrival = poll_fn(|cx| listening.poll_arrival(cx)).await?;
                Ok(Came::Whole(arrival))
            }
        }
    }
}

impl TcpCame {
    /// Whether a look at its first bytes may be worth the wait.
    fn may_be_node(&self, shared: &Shared) -> bool {
        self.speech == Speech::Playhouse && self.dress.is_none() && shared.about.shards > 1
    }

    fn hand_on(self, shared: &Arc<Shared>, shard: Option<usize>) {
        let Self {
            stream,
            peer,
            entry,
            speech,
            dress,
        } = self;
        let stream = match stream.into_std() {
            Ok(stream) => stream,
            Err(error) => return tracing::debug!(%error, "a connection was gone at once"),
        };
        let adopt: Adopt = Box::new(move || {
            let stream = Tcp::adopt_from(stream, peer.to_string())?;
            Ok(match dress {
                Some(dress) => dress(stream),
                None => stream,
            })
        });
        hand_on(shared, adopt, entry, speech, shard);
    }

    /// Whether it comes from a proxy, which says where it comes from first.
    fn is_passed_on(&self, shared: &Shared) -> bool {
        let proxies = &shared.policy.proxies;
        self.speech == Speech::Playhouse && proxies.iter().any(|it| it.has(self.peer.ip()))
    }

    /// Takes a connection that a proxy passes on.
    async fn hand_on_passed(mut self, shared: &Arc<Shared>) {
        match origin(&mut self.stream).await {
            Ok(origin) => self.peer = origin.unwrap_or(self.peer),
            Err(error) => {
                shared.doors.turn_away(Turned::Proxy);
                tracing::debug!(proxy = %self.peer, %error, "a proxy does not say for whom it comes");
                return;
            }
        }
        if self.enter(shared) {
            self.hand_on(shared, None);
        }
    }

    /// Whether it is let in. Tools without a protocol of ours come from this machine, and have bounds of their own.
    fn enter(&mut self, shared: &Arc<Shared>) -> bool {
        if self.speech == Speech::MessagePackRpc {
            return true;
        }
        let transport = match self.dress {
            None => Transport::Tcp,
            Some(_) => Transport::WebSocket,
        };
        self.entry = shared.let_in(self.peer, transport).ok();
        self.entry.is_some()
    }
}

impl Shared {
    fn let_in(&self, peer: SocketAddr, transport: Transport) -> Result<Entry, Turned> {
        let is_trusted = (self.policy.trust)(&peer.to_string());
        let entered = self.doors.knock(peer, transport, is_trusted);
        if let Err(why) = entered {
            // At a level that a flood does not fill the log with.
            tracing::debug!(%peer, %transport, ?why, "a connection is not let in");
        }
        entered
    }
}

/// The shard that a connection is meant for, if it says so soon.
async fn shard_meant(stream: &TcpStream, shards: usize) -> Option<usize> {
    let mut bytes = [0; HELLO_BYTES_MAX];
    // They stay where they are, for the link to read.
    let peeked = timeout(HELLO_WAIT, stream.peek(&mut bytes)).await;
    let count = peeked.ok()?.ok()?;
    meant(bytes.get(..count)?, shards)
}

fn meant(bytes: &[u8], shards: usize) -> Option<usize> {
    // A link that will be encrypted has its lane in front.
    if let Some(lane) = noise::lane_of(bytes) {
        return lanes::same_shard(lane, shards);
    }
    let mut frames = Frames::new(bytes, HELLO_BYTES_MAX);
    let hello = frames.poll().ok().flatten()?;
    match Message::decode(hello) {
        Ok(Message::Hello(hello)) if hello.role == Role::Node => {
            lanes::same_shard(hello.lane, shards)
        }
        _ => None,
    }
}

/// Hands a connection to a shard: to the next one if none is meant.
fn hand_on(
    shared: &Arc<Shared>,
    adopt: Adopt,
    entry: Option<Entry>,
    speech: Speech,
    shard: Option<usize>,
) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let index = shard.unwrap_or_else(|| NEXT.fetch_add(1, Ordering::Relaxed) % shared.about.shards);
    if let Some(mailbox) = shared.mailbox(index) {
        mailbox.post(move |node| match adopt() {
            Ok(stream) => match (speech, entry) {
                (Speech::Playhouse, Some(entry)) => node.accepted(Entered::boxed(stream, entry)),
                (Speech::Playhouse, None) => node.accepted(stream),
                (Speech::MessagePackRpc, _) => node.accepted_interop(stream),
            },
            Err(error) => tracing::debug!(%error, "a connection was gone at once"),
        });
    }
}

#[cfg(test)]
mod tests {
    use playhouse_net::noise::{ClusterKey, Handshake};
    use playhouse_wire::message::{Hello, NAME_BYTES_MAX, put_hello};
    use playhouse_wire::{Writer, frame};

    use super::*;

    fn first_bytes(hello: &Hello<'_>) -> Vec<u8> {
        let mut writer = Writer::new();
        frame::put(&mut writer, HELLO_BYTES_MAX, |w| put_hello(w, hello)).unwrap();
        writer.into_bytes()
    }

    #[test]
    fn the_link_of_a_shard_is_meant_for_the_same_one() {
        let key = ClusterKey::generate().unwrap();
        for index in 0..4 {
            let hello = Hello {
                lane: lanes::first_lane(index, 4),
                ..Hello::new(Role::Node, "lobby-1")
            };
            let bytes = first_bytes(&hello);
            assert_eq!(meant(&bytes, 4), Some(index));
            // Of nodes that have other numbers of shards none is.
            assert_eq!(meant(&bytes, 3), None);
            assert_eq!(meant(&bytes, 5), None);
            for length in 0..bytes.len() {
                assert_eq!(meant(&bytes[..length], 4), None, "half of a hello");
            }
            // The same link encrypted.
            let (_, offer) = Handshake::cluster(&key, hello.lane, &[]).unwrap();
            assert_eq!(meant(&offer, 4), Some(index));
            assert_eq!(meant(&offer, 3), None);
        }
    }

    #[test]
    fn others_go_to_any_shard() {
        let lane = lanes::first_lane(1, 4);
        let client = Hello {
            lane,
            ..Hello::new(Role::Client, "bot")
        };
        assert_eq!(meant(&first_bytes(&client), 4), None);
        for lane in [0, lane + 1, lanes::first_lane(4, 4)] {
            let hello = Hello {
                lane,
                ..Hello::new(Role::Node, "lobby-1")
            };
            assert_eq!(meant(&first_bytes(&hello), 4), None, "lane {lane:x}");
        }
        assert_eq!(meant(b"GET / HTTP/1.1\r\n\r\n", 4), None);
        assert_eq!(meant(&[0xff; HELLO_BYTES_MAX], 4), None);
    }

    #[test]
    fn the_longest_hello_is_seen() {
        let name = "n".repeat(NAME_BYTES_MAX);
        let hello = Hello {
            lane: lanes::first_lane(63, 64),
            incarnation: playhouse_wire::message::Incarnation {
                boot: u64::MAX,
                lease: u64::MAX,
            },
            root: u64::MAX,
            frame_bytes_max: 5_000_000,
            requests_max: 70_000,
            ..Hello::new(Role::Node, &name)
        };
        assert_eq!(meant(&first_bytes(&hello), 64), Some(63));
    }
}
