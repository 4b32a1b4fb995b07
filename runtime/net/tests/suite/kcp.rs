//! KCP over real sockets, sealed.

use std::{
    future::poll_fn,
    net::{SocketAddr, UdpSocket},
    rc::Rc,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use playhouse_net::{
    Adopt, Kcp, Listening as _, Network, Stream, Transport,
    kcp::{ContactLimits, Count, Counts, Listening, Options, Security, Trust},
    noise::{Keys, ServerKey},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, split},
    net::UdpSocket as Socket,
    runtime::Builder,
    sync::mpsc,
    task::{LocalSet, spawn_local, yield_now},
    time::{sleep, timeout},
};

use crate::world::on_machine;

fn keys() -> (Security, Trust) {
    let key = ServerKey::generate().unwrap();
    let trust = Trust::Key(key.public_key());
    let keys = Keys {
        server: Some(Arc::new(key)),
        ..Keys::default()
    };
    (Security::sealed(keys), trust)
}

/// A listener of this thread that knows what came to it.
fn listening(security: Security) -> (Listening, String, Counts) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (limits, counts) = (ContactLimits::DEFAULT, Counts::default());
    let made = Listening::new(socket, security, Options::FAST, limits, counts.clone());
    let (listening, pump) = made.unwrap();
    spawn_local(pump.run());
    let address = listening.local_address().to_owned();
    (listening, address, counts)
}

async fn accept(listening: &mut Listening) -> Box<dyn Stream> {
    let arrival = poll_fn(|cx| listening.poll_arrival(cx)).await.unwrap();
    assert_eq!(arrival.transport, Transport::Kcp);
    (arrival.adopt)().unwrap()
}

async fn counted(counts: &Counts, count: Count, least: u64) {
    while counts.get(count) < least {
        yield_now().await;
    }
}

/// Whatever network the test has, it makes its own.
fn run<F: Future<Output = ()> + 'static>(test: impl Fn() -> F) {
    let unused = Rc::new(Kcp::new(Options::FAST, Trust::Plain));
    on_machine(unused, |_| test());
}

fn pattern(seed: u64, count: usize) -> Vec<u8> {
    let random = playhouse_net::Random::new(seed);
    (0..count).map(|_| random.u64().to_le_bytes()[0]).collect()
}

#[test]
fn ten_mebibytes_go_both_ways_at_once() {
    run(|| async {
        for options in [Options::FAST, Options::DEFAULT] {
            let (security, trust) = keys();
            let (mut listening, address, _) = listening(security);
            let client = Kcp::new(options, trust).dial(&address).await.unwrap();
            let server = accept(&mut listening).await;
            assert_eq!(client.binding().unwrap(), server.binding().unwrap());
            let exchange = |stream: Box<dyn Stream>, own: u64, other: u64| async move {
                let (mut reader, mut writer) = split(stream);
                let writing = spawn_local(async move {
                    writer.write_all(&pattern(own, 10 << 20)).await.unwrap();
                    writer.shutdown().await.unwrap();
                });
                let mut read = Vec::new();
                reader.read_to_end(&mut read).await.unwrap();
                assert!(read == pattern(other, 10 << 20), "other bytes came");
                writing.await.unwrap();
            };
            let served = spawn_local(exchange(server, 1, 2));
            exchange(client, 2, 1).await;
            served.await.unwrap();
        }
    });
}

#[test]
fn a_connection_is_driven_on_another_thread_than_its_socket() {
    let (security, trust) = keys();
    let (hand_on, mut handed) = mpsc::unbounded_channel::<Adopt>();
    let (tell, told) = std::sync::mpsc::channel();
    let (stop, mut stopped) = mpsc::channel::<()>(1);
    let system = thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            let (limits, counts) = (ContactLimits::DEFAULT, Counts::default());
            let made = Listening::new(socket, security, Options::FAST, limits, counts);
            let (mut listening, pump) = made.unwrap();
            tell.send(listening.local_address().to_owned()).unwrap();
            let pump = tokio::spawn(pump.run());
            let arrival = poll_fn(|cx| listening.poll_arrival(cx)).await.unwrap();
            hand_on.send(arrival.adopt).unwrap();
            // What was accepted lives on without its listener; the pump ends with the last of it.
            drop(listening);
            stopped.recv().await;
            pump.await.unwrap();
        });
    });
    let address = told.recv().unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let client = Kcp::new(Options::FAST, trust).dial(&address).await.unwrap();
        let mut client = client.hand_over().unwrap().adopt().unwrap();
        client.write_all(b"ping").await.unwrap();
        let mut server = handed.recv().await.unwrap()().unwrap();
        let mut bytes = [0; 4];
        server.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"ping");
        let (beside, from) = (client.datagrams().unwrap(), server.datagrams().unwrap());
        let mut last = None;
        while last.is_none() {
            beside.send(b"beside");
            let receive = poll_fn(|cx| from.poll_receive(cx));
            last = timeout(Duration::from_millis(100), receive).await.ok();
        }
        assert_eq!(last.unwrap(), b"beside");
        drop(server);
        assert_eq!(client.read(&mut bytes).await.unwrap(), 0, "the end");
        let broken = loop {
            if let Err(error) = client.write_all(b"more").await {
                break error;
            }
            yield_now().await;
        };
        assert_eq!(broken.kind(), std::io::ErrorKind::ConnectionReset);
        stop.send(()).await.unwrap();
    });
    system.join().unwrap();
}

#[test]
fn what_was_written_comes_though_the_stream_was_dropped() {
    run(|| async {
        let (security, trust) = keys();
        let (mut listening, address, _) = listening(security);
        let kcp = Kcp::new(Options::FAST, trust);
        let mut client = kcp.dial(&address).await.unwrap();
        let mut server = accept(&mut listening).await;
        let bytes = pattern(3, 200_000);
        client.write_all(&bytes).await.unwrap();
        drop(client);
        let mut read = Vec::new();
        server.read_to_end(&mut read).await.unwrap();
        assert!(read == bytes);
    });
}

#[test]
fn an_arrival_that_nobody_wants_is_told_so() {
    run(|| async {
        let (security, trust) = keys();
        let (mut listening, address, _) = listening(security);
        let kcp = Kcp::new(Options::FAST, trust);
        let mut client = kcp.dial(&address).await.unwrap();
        drop(poll_fn(|cx| listening.poll_arrival(cx)).await.unwrap());
        let gone = client.read_u8().await.unwrap_err();
        assert_eq!(gone.kind(), std::io::ErrorKind::ConnectionReset);
    });
}

#[test]
fn another_key_is_refused_with_words() {
    run(|| async {
        let (_listening, address, counts) = listening(keys().0);
        let (_, other) = keys();
        for trust in [other, Trust::Plain] {
            let kcp = Kcp::new(Options::FAST, trust);
            let refused = kcp.dial(&address).await.unwrap_err();
            assert_eq!(
                refused.kind(),
                std::io::ErrorKind::ConnectionRefused,
                "{refused}"
            );
        }
        assert_eq!(counts.get(Count::Handshake), 2);
    });
}

/// Sits between a client and a server and sees all.
struct Spy {
    towards_client: Socket,
    towards_server: Socket,
    client: Option<SocketAddr>,
    seen: Vec<Vec<u8>>,
}

impl Spy {
    async fn new(server: &str) -> (Self, String) {
        let towards_client = Socket::bind("127.0.0.1:0").await.unwrap();
        let address = format!("kcp://{}", towards_client.local_addr().unwrap());
        let towards_server = Socket::bind("127.0.0.1:0").await.unwrap();
        let server = server.strip_prefix("kcp://").unwrap();
        towards_server.connect(server).await.unwrap();
        let spy = Self {
            towards_client,
            towards_server,
            client: None,
            seen: Vec::new(),
        };
        (spy, address)
    }

    async fn relay(&mut self, until: Duration) {
        let until = Instant::now() + until;
        while Instant::now() < until {
            let (mut up, mut down) = ([0; 2048], [0; 2048]);
            if let Ok((count, from)) = self.towards_client.try_recv_from(&mut up) {
                self.client = Some(from);
                self.seen.push(up[..count].to_vec());
                self.towards_server.send(&up[..count]).await.unwrap();
            }
            if let Ok(count) = self.towards_server.try_recv(&mut down) {
                self.towards_client
                    .send_to(&down[..count], self.client.unwrap())
                    .await
                    .unwrap();
            }
            sleep(Duration::from_millis(1)).await;
        }
    }
}

#[test]
fn replays_and_spoofed_datagrams_change_nothing() {
    run(|| async {
        let (security, trust) = keys();
        let (mut listening, address, counts) = listening(security);
        let (mut spy, by_spy) = Spy::new(&address).await;
        let spying = spawn_local(async move {
            spy.relay(Duration::from_millis(600)).await;
            spy
        });
        let mut client = Kcp::new(Options::FAST, trust).dial(&by_spy).await.unwrap();
        client.write_all(b"hello").await.unwrap();
        let mut server = accept(&mut listening).await;
        let mut bytes = [0; 5];
        server.read_exact(&mut bytes).await.unwrap();
        let spy = spying.await.unwrap();
        // All that was seen again, from the client's address and from another.
        let thief = Socket::bind("127.0.0.1:0").await.unwrap();
        let place = address.strip_prefix("kcp://").unwrap();
        for seen in &spy.seen {
            for _ in 0..10 {
                spy.towards_server.send(seen).await.unwrap();
                thief.send_to(seen, place).await.unwrap();
            }
        }
        // The thief's: no cookie of his. What opened is as open as it was, and nothing came a second time.
        counted(&counts, Count::Cookie, 10).await;
        assert_eq!(counts.get(Count::Opened), 1);
        server.write_all(b"still").await.unwrap();
        let mut spy = spy;
        let relaying = spawn_local(async move { spy.relay(Duration::from_millis(300)).await });
        client.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"still");
        client.write_all(b"there").await.unwrap();
        server.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"there");
        relaying.await.unwrap();
    });
}

#[test]
fn floods_leave_others_alone() {
    run(|| async {
        let (security, trust) = keys();
        let (mut listening, address, counts) = listening(security);
        let flooding = Socket::bind("127.0.0.1:0").await.unwrap();
        let place = address.strip_prefix("kcp://").unwrap().to_owned();
        let flood = spawn_local(async move {
            let mut hello = [0; 64];
            hello[..5].copy_from_slice(b"\x01PHK1");
            for number in 0_u64.. {
                hello[5..13].copy_from_slice(&number.to_le_bytes());
                let garbage = [number.to_le_bytes()[0]; 100];
                for bytes in [&hello[..], &garbage] {
                    let _ = flooding.try_send_to(bytes, place.parse().unwrap());
                }
                yield_now().await;
            }
        });
        counted(&counts, Count::Hello, 1_000).await;
        let client = Kcp::new(Options::FAST, trust).dial(&address).await.unwrap();
        let server = accept(&mut listening).await;
        let (mut reader, mut writer) = split(server);
        let echo = spawn_local(async move { tokio::io::copy(&mut reader, &mut writer).await });
        let bytes = pattern(4, 100_000);
        let mut back = vec![0; bytes.len()];
        let (mut reader, mut writer) = split(client);
        let writing = async { writer.write_all(&bytes).await.unwrap() };
        let reading = async { reader.read_exact(&mut back).await.unwrap() };
        tokio::join!(writing, reading);
        assert!(back == bytes);
        assert_eq!(counts.get(Count::Opened), 1);
        flood.abort();
        echo.abort();
    });
}
