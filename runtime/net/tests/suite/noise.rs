//! Encrypted streams: what they carry, and what becomes of peers without the key and of those who meddle.

use std::{
    io::ErrorKind,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use playhouse_net::{
    Handover, Link, Network, Stream, Transport,
    noise::{self, Accepted, ClusterKey, Keys, NoiseError, Policy, Profile, PublicKey, ServerKey},
};
use tokio::{
    io::{
        AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex, split,
    },
    task::{JoinHandle, spawn_local},
};

use crate::{
    peers::{Client, options},
    world::{World, on_both},
};

fn keys() -> Keys {
    Keys {
        server: Some(Arc::new(ServerKey::generate().unwrap())),
        cluster: Some(Arc::new(ClusterKey::generate().unwrap())),
        ..Keys::default()
    }
}

fn pinned(keys: &Keys) -> PublicKey {
    keys.server.as_ref().unwrap().public_key()
}

type Accepting = JoinHandle<Result<Accepted, NoiseError>>;

/// A listener that takes one stream, and its address.
async fn listen(world: &World, keys: &Keys, policy: Policy) -> (String, Accepting) {
    let mut listener = world.host("b").listen("127.0.0.1:0").await.unwrap();
    let address = listener.local_address().to_owned();
    let keys = keys.clone();
    let accepting = spawn_local(async move {
        let stream = listener.accept().await.unwrap();
        noise::accept(stream, &keys, policy).await
    });
    (address, accepting)
}

/// Both ends of an encrypted stream.
async fn pair(world: &World) -> (Box<dyn Stream>, Box<dyn Stream>) {
    let keys = keys();
    let (address, accepting) = listen(world, &keys, Policy::Sealed).await;
    let network = noise::Network::client(world.host("a"), pinned(&keys));
    let stream = network.dial(&address).await.unwrap();
    let accepted = accepting.await.unwrap().unwrap();
    assert_eq!(accepted.profile, Some(Profile::Client));
    (stream, accepted.stream)
}

#[test]
fn bytes_arrive_in_order_and_the_end_is_seen() {
    on_both(|world| async move {
        let (mut a, mut b) = pair(&world).await;
        assert_eq!(a.binding(), b.binding());
        assert_eq!(a.binding().map(<[u8]>::len), Some(32));
        let server = spawn_local(async move {
            let mut received = Vec::new();
            b.read_to_end(&mut received).await.unwrap();
            b.write_all(&received).await.unwrap();
            b.shutdown().await.unwrap();
        });
        let sent: Vec<u8> = (0..500_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        a.write_all(&sent).await.unwrap();
        a.shutdown().await.unwrap();
        let mut back = Vec::new();
        a.read_to_end(&mut back).await.unwrap();
        assert!(back == sent);
        server.await.unwrap();
    });
}

#[test]
fn pieces_of_all_lengths_pass_both_ways_at_once() {
    on_both(|world| async move {
        let (a, b) = pair(&world).await;
        let run = |stream: Box<dyn Stream>| async move {
            let (mut reading, mut writing) = split(stream);
            let lengths = || (0..200_usize).map(|it| it * it * 7 % 40_000 + 1);
            let writer = spawn_local(async move {
                for length in lengths() {
                    let piece: Vec<u8> = (0..length).map(|it| (it % 253) as u8).collect();
                    writing.write_all(&piece).await.unwrap();
                    writing.flush().await.unwrap();
                }
                writing
            });
            for length in lengths() {
                // Rooms of other lengths than the pieces.
                let mut piece = vec![0; length];
                for room in piece.chunks_mut(length / 3 + 1) {
                    reading.read_exact(room).await.unwrap();
                }
                assert!(
                    piece
                        .iter()
                        .enumerate()
                        .all(|(n, it)| usize::from(*it) == n % 253)
                );
            }
            writer.await.unwrap();
        };
        let other = spawn_local(run(b));
        run(a).await;
        other.await.unwrap();
    });
}

#[test]
fn a_writer_waits_for_a_reader_who_does_not_read() {
    on_both(|world| async move {
        let (mut a, _b) = pair(&world).await;
        let endless = async { while a.write_all(&[0; 65_536]).await.is_ok() {} };
        let wait = std::time::Duration::from_millis(300);
        assert!(tokio::time::timeout(wait, endless).await.is_err());
    });
}

#[test]
fn a_stream_changes_its_shard_between_any_two_bytes() {
    on_both(|world| async move {
        let (mut a, mut b) = pair(&world).await;
        for _ in 0..3 {
            a.write_all(b"hello").await.unwrap();
            a.flush().await.unwrap();
            assert_eq!(b.read_u8().await.unwrap(), b'h');
            b = b.hand_over().unwrap().adopt().unwrap();
            let mut rest = [0; 4];
            b.read_exact(&mut rest).await.unwrap();
            assert_eq!(&rest, b"ello");
            b.write_u8(7).await.unwrap();
            b.flush().await.unwrap();
            assert_eq!(a.read_u8().await.unwrap(), 7);
        }
    });
}

#[test]
fn links_open_over_encrypted_streams() {
    on_both(|world| async move {
        let keys = keys();
        let (address, accepting) = listen(&world, &keys, Policy::Sealed).await;
        let cluster = Arc::clone(keys.cluster.as_ref().unwrap());
        let network = Rc::new(noise::Network::cluster(world.host("a"), cluster, 0x0100));
        let dialled = Link::dial(network, &address, options("a"), Rc::new(Client::default()));
        let accepted = accepting.await.unwrap().unwrap();
        assert_eq!(accepted.profile, Some(Profile::Cluster));
        let other = Link::accept(accepted.stream, options("b"), Rc::new(Client::default()));
        while dialled.peer().is_none() || other.peer().is_none() {
            tokio::task::yield_now().await;
            assert_eq!(dialled.close_reason().or(other.close_reason()), None);
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    });
}

#[test]
fn a_plain_peer_is_let_in_where_that_is_allowed() {
    on_both(|world| async move {
        let (address, accepting) = listen(&world, &keys(), Policy::Any).await;
        let mut a = world.host("a").dial(&address).await.unwrap();
        a.write_all(b"plain, and longer than any magic")
            .await
            .unwrap();
        let accepted = accepting.await.unwrap().unwrap();
        assert_eq!(accepted.profile, None);
        let mut b = accepted.stream.hand_over().unwrap().adopt().unwrap();
        assert_eq!(b.binding(), None);
        let mut read = vec![0; 5];
        b.read_exact(&mut read).await.unwrap();
        let mut b = b.hand_over().unwrap().adopt().unwrap();
        a.shutdown().await.unwrap();
        b.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, b"plain, and longer than any magic");
    });
}

#[test]
fn a_plain_peer_is_told_what_it_lacks() {
    on_both(|world| async move {
        let keys = keys();
        let (address, accepting) = listen(&world, &keys, Policy::Sealed).await;
        let link = Link::dial(
            world.host("a"),
            &address,
            options("a"),
            Rc::new(Client::default()),
        );
        assert_eq!(accepting.await.unwrap().unwrap_err(), NoiseError::Plain);
        let told = link.closed().await.to_string();
        assert!(told.contains("without encryption"), "{told}");
        assert_eq!(keys.counts.read().plain, 1);
    });
}

#[test]
fn a_plain_listener_tells_who_wants_encryption() {
    on_both(|world| async move {
        let mut listener = world.host("b").listen("127.0.0.1:0").await.unwrap();
        let address = listener.local_address().to_owned();
        let server = spawn_local(async move {
            let stream = listener.accept().await.unwrap();
            Link::accept(stream, options("b"), Rc::new(Client::default()))
                .closed()
                .await
        });
        let network = noise::Network::client(world.host("a"), pinned(&keys()));
        let error = network.dial(&address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(
            error.to_string().contains("no encrypted connections"),
            "{error}"
        );
        let seen = server.await.unwrap().to_string();
        assert!(seen.contains("an encrypted connection"), "{seen}");
    });
}

#[test]
fn another_key_is_told_by_name_on_both_sides() {
    on_both(|world| async move {
        let keys = keys();
        let (address, accepting) = listen(&world, &keys, Policy::Any).await;
        let other = ServerKey::generate().unwrap().public_key();
        let network = noise::Network::client(world.host("a"), other);
        let error = network.dial(&address).await.unwrap_err();
        assert!(
            error.to_string().contains("its key is another one"),
            "{error}"
        );
        assert_eq!(accepting.await.unwrap().unwrap_err(), NoiseError::OtherKey);
        assert_eq!(keys.counts.read().refused, 1);
    });
}

#[test]
fn whoever_does_not_finish_a_handshake_is_sent_away() {
    crate::world::on_sim(1, crate::world::calm(), |world| async move {
        for sent in [&b""[..], b"P", b"PHN1\x01\0\0\0\0\x30\0half of it"] {
            let keys = keys();
            let (address, accepting) = listen(&world, &keys, Policy::Any).await;
            let mut a = world.host("a").dial(&address).await.unwrap();
            a.write_all(sent).await.unwrap();
            a.flush().await.unwrap();
            assert_eq!(accepting.await.unwrap().unwrap_err(), NoiseError::TimedOut);
            assert_eq!(a.read(&mut [0]).await.unwrap(), 0, "it is closed");
            assert_eq!(keys.counts.read().timed_out, 1);
        }
        // Who dials waits no longer either.
        let mut listener = world.host("b").listen("127.0.0.1:0").await.unwrap();
        let address = listener.local_address().to_owned();
        let network = noise::Network::client(world.host("a"), pinned(&keys()));
        let error = network.dial(&address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        drop(listener.accept().await);
    });
}

#[test]
fn garbage_instead_of_a_handshake_is_refused_and_answered() {
    on_both(|world| async move {
        for (sent, expected) in [
            (&b"PHN1\x07\0\0\0\0\0\0"[..], NoiseError::UnknownProfile(7)),
            (
                b"PHN1\x01\0\0\0\0\xff\xff",
                NoiseError::TooLong {
                    length: 65_546,
                    max: 1024,
                },
            ),
            (b"PHN1\x01\0\0\0\0\x01\0x", NoiseError::Truncated),
            (
                b"PHN1\x01\0\0\0\0\x02\0x and more behind it",
                NoiseError::Truncated,
            ),
        ] {
            let (address, accepting) = listen(&world, &keys(), Policy::Any).await;
            let mut a = world.host("a").dial(&address).await.unwrap();
            a.write_all(sent).await.unwrap();
            a.flush().await.unwrap();
            let mut told = Vec::new();
            a.read_to_end(&mut told).await.unwrap();
            assert!(told.is_empty() || told.starts_with(b"PHN1"), "{told:?}");
            drop(a);
            assert_eq!(accepting.await.unwrap().unwrap_err(), expected);
        }
    });
}

/// Half of a pipe as a stream.
#[derive(Debug)]
struct Piped(DuplexStream);

impl Stream for Piped {
    fn peer_address(&self) -> &str {
        "the other end"
    }

    fn transport(&self) -> Transport {
        Transport::Simulated
    }

    fn hand_over(self: Box<Self>) -> std::io::Result<Handover> {
        Ok(Handover::staying(self))
    }
}

impl AsyncRead for Piped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, out)
    }
}

impl AsyncWrite for Piped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A network of one stream.
#[derive(Debug)]
struct One(std::cell::RefCell<Option<Piped>>);

impl Network for One {
    fn dial<'a>(
        &'a self,
        _address: &'a str,
    ) -> playhouse_net::LocalBoxFuture<'a, std::io::Result<Box<dyn Stream>>> {
        let stream: Box<dyn Stream> = Box::new(self.0.take().unwrap());
        Box::pin(async { Ok(stream) })
    }

    fn listen<'a>(
        &'a self,
        _address: &'a str,
    ) -> playhouse_net::LocalBoxFuture<'a, std::io::Result<Box<dyn playhouse_net::Listener>>> {
        unreachable!("nobody listens here")
    }
}

/// What someone on the way makes of three records, and what of their bytes arrives before the stream fails.
async fn meddled(meddle: impl FnOnce([Vec<u8>; 3]) -> Vec<u8>) -> (Vec<u8>, String, u64) {
    let keys = keys();
    let (near, mut near_middle) = duplex(1 << 20);
    let (far, mut far_middle) = duplex(1 << 20);
    let accepting = spawn_local({
        let keys = keys.clone();
        async move { noise::accept(Box::new(Piped(far)), &keys, Policy::Sealed).await }
    });
    let network = noise::Network::client(Rc::new(One(Some(Piped(near)).into())), pinned(&keys));
    let dialling = spawn_local(async move { network.dial("").await });
    let mut offer = [0; 59];
    near_middle.read_exact(&mut offer).await.unwrap();
    far_middle.write_all(&offer).await.unwrap();
    let mut answer = [0; 55];
    far_middle.read_exact(&mut answer).await.unwrap();
    near_middle.write_all(&answer).await.unwrap();
    let mut a = dialling.await.unwrap().unwrap();
    let mut b = accepting.await.unwrap().unwrap().stream;

    let mut records = [const { Vec::new() }; 3];
    for (record, words) in records.iter_mut().zip(["one ", "two ", "three"]) {
        a.write_all(words.as_bytes()).await.unwrap();
        record.resize(words.len() + 18, 0);
        near_middle.read_exact(record).await.unwrap();
    }
    far_middle.write_all(&meddle(records)).await.unwrap();
    far_middle.shutdown().await.unwrap();
    let mut read = Vec::new();
    let end = b.read_to_end(&mut read).await;
    let end = match end {
        Ok(_) => "ended".to_owned(),
        Err(error) => {
            let again = b.read(&mut [0]).await.unwrap_err();
            assert_eq!(again.to_string(), error.to_string(), "it stays broken");
            error.to_string()
        }
    };
    (read, end, keys.counts.read().forged)
}

#[test]
fn records_that_were_meddled_with_end_the_stream_by_name() {
    crate::world::on_tcp(|_| async move {
        let intact = meddled(|it| it.concat()).await;
        assert_eq!(intact, (b"one two three".to_vec(), "ended".to_owned(), 0));

        let forged = NoiseError::Forged.to_string();
        let changed = meddled(|[one, mut two, three]| {
            two[10] ^= 1;
            [one, two, three].concat()
        });
        assert_eq!(changed.await, (b"one ".to_vec(), forged.clone(), 1));
        let replayed = meddled(|[one, two, three]| [one, two.clone(), two, three].concat());
        assert_eq!(replayed.await, (b"one two ".to_vec(), forged.clone(), 1));
        let reordered = meddled(|[one, two, three]| [one, three, two].concat());
        assert_eq!(reordered.await, (b"one ".to_vec(), forged.clone(), 1));
        let left_out = meddled(|[_, two, three]| [two, three].concat());
        assert_eq!(left_out.await, (Vec::new(), forged.clone(), 1));
        let inserted = meddled(|[one, two, _]| [one, vec![17, 0], vec![0; 17], two].concat());
        assert_eq!(inserted.await, (b"one ".to_vec(), forged, 1));

        let cut = meddled(|[one, mut two, _]| {
            two.pop();
            [one, two].concat()
        });
        let truncated = NoiseError::Truncated.to_string();
        assert_eq!(cut.await, (b"one ".to_vec(), truncated, 0));
        let (length, max) = (65_519, noise::RECORD_BYTES_MAX);
        let too_long = NoiseError::TooLong { length, max }.to_string();
        let announced = meddled(|[one, ..]| [one, vec![0xff; 2]].concat());
        assert_eq!(announced.await, (b"one ".to_vec(), too_long, 0));
        let cut_between = meddled(|[one, two, _]| [one, two].concat());
        assert_eq!(
            cut_between.await,
            (b"one two ".to_vec(), "ended".to_owned(), 0)
        );
    });
}
