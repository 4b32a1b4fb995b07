//! A peer made of bytes: it says what no link would.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use playhouse::Writer;
use playhouse_net::{Listener, LocalBoxFuture, Network, Stream, Tcp};
use playhouse_wire::frame::{self, Frames};
use playhouse_wire::message::{self, GoAwayReason, Hello, Message, Role};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::client::PATIENCE;

/// Where attackers come from: another address than honest clients do.
pub(crate) const ELSEWHERE: &str = "127.0.0.66:0";

/// The longest message that a peer reads here.
const BYTES_MAX: usize = 1 << 24;

/// TCP from [`ELSEWHERE`].
#[derive(Debug)]
pub(crate) struct FromElsewhere;

impl Network for FromElsewhere {
    fn dial<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let stream = connect(address).await?;
            Tcp::adopt_from(stream.into_std()?, address.to_owned())
        })
    }

    fn listen<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Listener>>> {
        Tcp.listen(address)
    }
}

/// A network whose clients come from [`ELSEWHERE`].
pub(crate) fn elsewhere() -> Rc<dyn Network> {
    Rc::new(FromElsewhere)
}

/// A connection from [`ELSEWHERE`].
pub(crate) async fn connect(address: &str) -> io::Result<TcpStream> {
    connect_from(ELSEWHERE, address).await
}

/// A connection from this address.
pub(crate) async fn connect_from(from: &str, address: &str) -> io::Result<TcpStream> {
    let address = address
        .trim_start_matches("tcp://")
        .trim_start_matches("ws://")
        .trim_start_matches("wss://");
    let to: SocketAddr = address.split('/').next().unwrap().parse().unwrap();
    let socket = TcpSocket::new_v4()?;
    socket.bind(from.parse().unwrap())?;
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A connection of bytes.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    read: Vec<u8>,
}

impl Raw {
    /// One that has said nothing.
    pub(crate) async fn connect(address: &str) -> Self {
        Self {
            stream: connect(address).await.unwrap(),
            read: Vec::new(),
        }
    }

    /// One that has said hello in this role, and heard the answer.
    pub(crate) async fn hello(address: &str, role: Role) -> Self {
        Self::hello_as(address, &Hello::new(role, "raw")).await
    }

    pub(crate) async fn hello_as(address: &str, hello: &Hello<'_>) -> Self {
        let mut raw = Self::connect(address).await;
        raw.put(|w| message::put_hello(w, hello)).await;
        let reply = raw.next().await.expect("a hello is answered");
        assert!(matches!(
            Message::decode(&reply),
            Ok(Message::HelloReply(..))
        ));
        raw
    }

    /// Sends a message in its frame.
    pub(crate) async fn put(&mut self, write: impl FnOnce(&mut Writer)) {
        self.send(&framed(write)).await;
    }

    /// Sends bytes; the node may have closed the connection already.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = timeout(PATIENCE, self.stream.write_all(bytes)).await;
    }

    /// The next message; none when the connection is over.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let mut frames = Frames::new(&self.read, BYTES_MAX);
            if let Some(found) = frames.poll().unwrap() {
                let found = found.to_vec();
                let used = frames.consumed();
                self.read.drain(..used);
                return Some(found);
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await;
            match read.expect("the node says something or closes") {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The node's last words, before the connection is over; none if it closed it without one.
    pub(crate) async fn goodbye(&mut self) -> Option<(GoAwayReason, String)> {
        let mut last = None;
        while let Some(bytes) = self.next().await {
            if let Ok(Message::GoAway(go_away)) = Message::decode(&bytes) {
                last = Some((go_away.reason, go_away.text.to_owned()));
            }
        }
        last
    }

    /// Has broken the protocol: the node says how, and closes.
    pub(crate) async fn has_broken(&mut self, how: &str) {
        let Some((reason, text)) = self.goodbye().await else {
            panic!("closed without a word, not for {how:?}");
        };
        assert_eq!(reason, GoAwayReason::Protocol, "{text}");
        assert!(text.contains(how), "{text:?} is not {how:?}");
    }

    /// Waits until the connection is over.
    pub(crate) async fn end(&mut self, patience: Duration) {
        let mut bytes = [0; 4096];
        let over = timeout(patience, async {
            while !matches!(self.stream.read(&mut bytes).await, Ok(0) | Err(_)) {}
        });
        over.await.expect("the node closes it");
    }
}

/// A message in its frame.
pub(crate) fn framed(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::new();
    frame::put(&mut w, BYTES_MAX, write).unwrap();
    w.into_bytes()
}

/// Bytes in a frame.
pub(crate) fn frame_of(bytes: &[u8]) -> Vec<u8> {
    framed(|w| w.raw(bytes))
}
