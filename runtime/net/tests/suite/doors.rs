//! WebSocket, TLS and QUIC: what strangers are refused, what both ends agree on, and datagrams.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    io,
    net::UdpSocket,
    rc::Rc,
};

use playhouse_net::{
    Link, Listening as _, Network, Scheme, Stream, Tcp,
    link::LinkHandler,
    quic,
    tls::{Certificates, Fingerprint, Trust},
    ws,
};
use playhouse_wire::message::{Notify, Request};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::spawn_local,
};

use crate::{
    carried::{Carried, certificates, trust},
    peers::options,
    world::on_tcp,
};

/// Runs a client by hand against a WebSocket that is accepted by these rules; both outcomes.
async fn upgrade<C: Future<Output = String> + 'static>(
    rules: ws::Rules,
    client: impl FnOnce(Box<dyn Stream>) -> C,
) -> (io::Result<Vec<u8>>, String) {
    let mut listener = Tcp.listen("127.0.0.1:0").await.unwrap();
    let stream = Tcp.dial(listener.local_address()).await.unwrap();
    let client = spawn_local(client(stream));
    let stream = listener.accept().await.unwrap();
    let server = async {
        let mut stream = ws::accept(stream, rules).await?;
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.map(|_| all)
    };
    let server = server.await;
    (server, client.await.unwrap())
}

fn request(path: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

/// Sends this and, once there is an answer, these frames; the answer.
async fn send(mut stream: Box<dyn Stream>, request: String, frames: Vec<u8>) -> String {
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = vec![0; 4096];
    let count = stream.read(&mut answer).await.unwrap_or(0);
    let _ = stream.write_all(&frames).await;
    let _ = stream.shutdown().await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
    String::from_utf8_lossy(&answer[..count]).into_owned()
}

/// A frame of a client, with a mask of zeros.
fn frame(first: u8, length: u64, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0xff];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

#[test]
fn a_request_is_let_in_by_path_and_origin() {
    let rules = || ws::Rules {
        path: Some("/play".to_owned()),
        origins: vec!["https://game.example".to_owned()],
    };
    on_tcp(move |_| async move {
        for (path, more, status) in [
            ("/play", "", "101"),
            ("/play?region=eu", "", "101"),
            ("/play", "Origin: https://game.example\r\n", "101"),
            ("/play", "Origin: https://evil.example\r\n", "403"),
            ("/play", "Origin: https://game.example.evil\r\n", "403"),
            ("/", "", "404"),
            ("/play/x", "", "404"),
        ] {
            let request = request(path, more);
            let (_, answer) = upgrade(rules(), |it| send(it, request, Vec::new())).await;
            let expected = format!("HTTP/1.1 {status}");
            assert!(answer.starts_with(&expected), "{path} {more}: {answer}");
        }
    });
}

#[test]
fn what_is_no_upgrade_is_refused_at_its_limit() {
    on_tcp(|_| async {
        let fits = ws::UPGRADE_BYTES_MAX - request("/", "X: \r\n").len();
        for (length, good) in [(fits, true), (fits + 1, false), (1 << 20, false)] {
            let request = request("/", &format!("X: {}\r\n", "x".repeat(length)));
            let rules = ws::Rules::default();
            let (_, answer) = upgrade(rules, |it| send(it, request, Vec::new())).await;
            assert_eq!(answer.starts_with("HTTP/1.1 101"), good, "{length}");
        }
        for wrong in [
            "GET / HTTP/1.1\r\n\r\n",
            "\0\0\0\u{10}hello hello hello",
            "PHN1",
        ] {
            let rules = ws::Rules::default();
            let client = |mut stream: Box<dyn Stream>| async move {
                stream.write_all(wrong.as_bytes()).await.unwrap();
                let _ = stream.shutdown().await;
                String::new()
            };
            let (server, _) = upgrade(rules, client).await;
            assert!(server.is_err(), "{wrong}");
        }
    });
}

#[test]
fn frames_that_are_not_ours_end_the_stream() {
    let pings = |count: u32| (0..count).flat_map(|_| [0x89, 0x80, 0, 0, 0, 0]);
    let data = || frame(0x82, 2, b"hi");
    let bound = ws::MESSAGE_BYTES_MAX as u64;
    let whole = frame(0x82, bound, &vec![7; ws::MESSAGE_BYTES_MAX]);
    let end = || frame(0x82, 0, &[]);
    let cases: Vec<(&str, Vec<u8>, Option<usize>)> = vec![
        ("an end", end(), Some(0)),
        ("data", [data(), end()].concat(), Some(2)),
        ("pieces", [data(), data(), end()].concat(), Some(4)),
        (
            "parts",
            [frame(0x02, 2, b"hi"), frame(0x80, 2, b"ho"), end()].concat(),
            Some(4),
        ),
        (
            "the longest",
            [whole.clone(), end()].concat(),
            Some(ws::MESSAGE_BYTES_MAX),
        ),
        ("a lying length", frame(0x82, bound + 1, b"hi"), None),
        (
            "a length beyond all",
            frame(0x82, u64::MAX >> 1, b"hi"),
            None,
        ),
        (
            "parts too long",
            [
                frame(0x02, bound, &vec![7; ws::MESSAGE_BYTES_MAX]),
                frame(0x80, 1, b"x"),
            ]
            .concat(),
            None,
        ),
        ("text", frame(0x81, 2, b"hi"), None),
        ("no mask", vec![0x82, 1, b'x'], None),
        ("an opcode of nobody's", frame(0x83, 2, b"hi"), None),
        (
            "some pings",
            pings(ws::CONTROLS_MAX).chain(end()).collect(),
            Some(0),
        ),
        (
            "a flood of pings",
            pings(ws::CONTROLS_MAX + 1).chain(end()).collect(),
            None,
        ),
    ];
    on_tcp(move |_| {
        let cases = cases.clone();
        async move {
            for (name, frames, expected) in cases {
                let rules = ws::Rules::default();
                let (server, _) = upgrade(rules, |it| send(it, request("/", ""), frames)).await;
                assert_eq!(server.ok().map(|it| it.len()), expected, "{name}");
            }
        }
    });
}

/// Both ends of a new stream.
async fn pair(scheme: Scheme) -> (Box<dyn Stream>, Box<dyn Stream>) {
    let network = Carried(scheme);
    let mut listener = network.listen("127.0.0.1:0").await.unwrap();
    let dialled = network.dial(listener.local_address()).await.unwrap();
    (dialled, listener.accept().await.unwrap())
}

#[test]
fn both_ends_of_an_encrypted_stream_and_nobody_else_know_its_binding() {
    on_tcp(|_| async {
        let mut seen = Vec::new();
        for scheme in [Scheme::Wss, Scheme::Quic, Scheme::Wss, Scheme::Quic] {
            let (dialled, accepted) = pair(scheme).await;
            let binding = dialled.binding().unwrap().to_vec();
            assert_eq!(Some(&binding[..]), accepted.binding());
            assert_eq!(dialled.transport(), scheme.transport());
            assert!(!seen.contains(&binding));
            seen.push(binding);
        }
        let (dialled, accepted) = pair(Scheme::Ws).await;
        assert_eq!((dialled.binding(), accepted.binding()), (None, None));
    });
}

#[test]
fn a_server_that_is_not_trusted_is_not_talked_to() {
    on_tcp(|_| async {
        for scheme in [Scheme::Wss, Scheme::Quic] {
            let listener = Carried(scheme).listen("127.0.0.1:0").await.unwrap();
            let address = listener.local_address();
            let refused = match scheme {
                Scheme::Quic => quic::Network::new().dial(address).await,
                _ => ws::Network::new().dial(address).await,
            };
            let error = refused.unwrap_err().to_string();
            assert!(error.to_lowercase().contains("certificate"), "{error}");
        }
    });
}

#[test]
fn a_pinned_certificate_is_trusted_and_no_other_is() {
    on_tcp(|_| async {
        let ours = certificates().fingerprint().unwrap();
        for scheme in [Scheme::Wss, Scheme::Quic] {
            let listener = Carried(scheme).listen("127.0.0.1:0").await.unwrap();
            let address = listener.local_address();
            let dial = async |certificate| {
                let trust = Trust::pinned(certificate);
                match scheme {
                    Scheme::Quic => quic::Network::trusting(trust).dial(address).await,
                    _ => ws::Network::trusting(trust).dial(address).await,
                }
            };
            assert!(dial(ours).await.unwrap().binding().is_some());
            let error = dial(Fingerprint::of(b"")).await.unwrap_err().to_string();
            assert!(error.to_lowercase().contains("certificate"), "{error}");
        }
    });
}

#[test]
fn a_server_shows_another_certificate_without_a_new_start() {
    on_tcp(|_| async {
        let make = || {
            let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
            (made.cert.pem(), made.signing_key.serialize_pem())
        };
        let ((old, old_key), (new, new_key)) = (make(), make());
        let shown = Certificates::pem(old.as_bytes(), old_key.as_bytes()).unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut listening = quic::Listening::new(socket, &shown).unwrap();
        let address = listening.local_address().to_owned();
        spawn_local(async move {
            while let Ok(arrival) = poll_fn(|cx| listening.poll_arrival(cx)).await {
                let mut stream = (arrival.adopt)().unwrap();
                spawn_local(async move { stream.read(&mut [0]).await });
            }
        });
        let dial = async |trusted: &str| {
            let trust = Trust::pem(trusted.as_bytes()).unwrap();
            quic::Network::trusting(trust).dial(&address).await.is_ok()
        };
        assert!(dial(&old).await && !dial(&new).await);
        // Of another's key, and of none, nothing changes.
        assert!(shown.replace(new.as_bytes(), old_key.as_bytes()).is_err());
        assert!(shown.replace(b"", new_key.as_bytes()).is_err());
        assert!(dial(&old).await);
        shown.replace(new.as_bytes(), new_key.as_bytes()).unwrap();
        assert!(dial(&new).await && !dial(&old).await);
    });
}

/// Keeps the datagrams that come.
#[derive(Default)]
struct Beside {
    came: RefCell<Vec<Vec<u8>>>,
}

impl LinkHandler for Beside {
    fn request(&self, link: &Link, request: Request<'_>) {
        assert!(link.send_datagram(b"answer"));
        link.respond(request.id, |w| w.raw(request.args));
    }

    fn notify(&self, _link: &Link, _notify: Notify<'_>) {}

    fn datagram(&self, _link: &Link, bytes: &[u8]) {
        self.came.borrow_mut().push(bytes.to_vec());
    }
}

#[test]
fn datagrams_go_beside_a_link_that_has_some() {
    on_tcp(|_| async {
        for scheme in [Scheme::Quic, Scheme::Ws] {
            let has_some = scheme == Scheme::Quic;
            let (dialled, accepted) = pair(scheme).await;
            let network = Rc::new(Once(RefCell::new(Some(dialled))));
            let (here, there) = (Rc::new(Beside::default()), Rc::new(Beside::default()));
            let server = Link::accept(accepted, options("b"), there.clone());
            let client = Link::dial(network, "b", options("a"), here.clone());
            assert!(!client.send_datagram(b"too early"));
            while client.peer().is_none() || server.peer().is_none() {
                tokio::task::yield_now().await;
            }
            assert_eq!(client.transport(), Some(scheme.transport()));
            assert_eq!(client.binding(), server.binding());
            assert_eq!(client.datagram_bytes_max().is_some(), has_some);
            let Some(most) = client.datagram_bytes_max() else {
                assert!(!client.send_datagram(b"nowhere"));
                continue;
            };
            assert!(!client.send_datagram(&vec![0; most + 1]));
            assert!(client.send_datagram(&vec![9; most]));
            assert!(server.send_datagram(b"down"));
            while there.came.borrow().is_empty() || here.came.borrow().is_empty() {
                tokio::task::yield_now().await;
            }
            assert_eq!(*there.came.borrow(), [vec![9; most]]);
            assert_eq!(*here.came.borrow(), [b"down"]);
        }
    });
}

/// A network that was dialled already.
#[derive(Debug)]
struct Once(RefCell<Option<Box<dyn Stream>>>);

impl Network for Once {
    fn dial<'a>(
        &'a self,
        _address: &'a str,
    ) -> playhouse_net::LocalBoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async { Ok(self.0.take().unwrap()) })
    }

    fn listen<'a>(
        &'a self,
        address: &'a str,
    ) -> playhouse_net::LocalBoxFuture<'a, io::Result<Box<dyn playhouse_net::Listener>>> {
        Tcp.listen(address)
    }
}

#[test]
fn with_many_handshakes_under_way_an_address_proves_itself() {
    on_tcp(|_| async {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut listening = quic::Listening::new(socket, certificates()).unwrap();
        let address = listening.local_address().to_owned();
        let dial = || {
            let address = address.clone();
            spawn_local(async move { quic::Network::trusting(trust()).dial(&address).await })
        };
        // They come, and nobody goes on with them.
        let mut held = Vec::new();
        let mut dialling = Vec::new();
        for _ in 0..quic::UNPROVEN_MAX {
            dialling.push(dial());
            held.push(poll_fn(|cx| listening.poll_arrival(cx)).await.unwrap());
        }
        // One more is asked to show that it hears what it is told, does so, and is let in.
        let late = dial();
        let arrival = poll_fn(|cx| listening.poll_arrival(cx)).await.unwrap();
        let mut stream = (arrival.adopt)().unwrap();
        spawn_local(async move { stream.read(&mut [0]).await });
        let dialled = late.await.unwrap().unwrap();
        assert!(dialled.binding().is_some());
        drop(held);
        for refused in dialling {
            assert!(refused.await.unwrap().is_err(), "dropped is refused");
        }
    });
}
