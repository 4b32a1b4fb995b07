//! A peer that speaks the protocol by hand, and so can break its manners.

use std::time::Duration;

use playhouse_net::Stream;
use playhouse_wire::{
    Writer,
    frame::{self, FRAME_BYTES_MAX},
    message::{self, Header, Hello, Message, Outcome, Role},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::peers::method;

pub(crate) struct RawPeer {
    stream: Box<dyn Stream>,
}

impl RawPeer {
    /// Says hello on a stream that was dialled, and takes the reply.
    pub(crate) async fn dialled(stream: Box<dyn Stream>) -> Self {
        Self::dialled_as(stream, &Hello::new(Role::Node, "raw")).await
    }

    /// Says this hello on a stream that was dialled, and takes the reply.
    pub(crate) async fn dialled_as(stream: Box<dyn Stream>, hello: &Hello<'_>) -> Self {
        let mut peer = Self { stream };
        peer.send(|w| message::put_hello(w, hello)).await;
        peer.next().await.expect("a reply");
        peer
    }

    /// Takes the hello on a stream that was accepted, and replies.
    pub(crate) async fn accepted(stream: Box<dyn Stream>) -> Self {
        let mut peer = Self { stream };
        peer.next().await.expect("a hello");
        let hello = Hello::new(Role::Node, "raw");
        peer.send(|w| message::put_hello_reply(w, &hello, None))
            .await;
        peer
    }

    pub(crate) async fn send(&mut self, write: impl FnOnce(&mut Writer)) {
        let mut w = Writer::new();
        frame::put(&mut w, FRAME_BYTES_MAX, write).unwrap();
        self.stream.write_all(w.as_bytes()).await.unwrap();
    }

    /// Sends requests until nothing more is taken for a while; how many were taken whole.
    pub(crate) async fn flood(&mut self, tag: u8, args: &[u8], most: u32) -> u32 {
        for id in 0..most {
            let mut w = Writer::new();
            let request = |w: &mut Writer| {
                message::put_request(w, id, method(tag), &Header::EMPTY, |w| w.bin(args));
            };
            frame::put(&mut w, FRAME_BYTES_MAX, request).unwrap();
            let write = self.stream.write_all(w.as_bytes());
            if !matches!(timeout(Duration::from_millis(300), write).await, Ok(Ok(()))) {
                return id;
            }
        }
        most
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next frame; none at the end.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        let length = self.stream.read_u32_le().await.ok()?;
        let mut bytes = vec![0; length as usize];
        self.stream.read_exact(&mut bytes).await.ok()?;
        Some(bytes)
    }

    /// Reads responses: how many were results, and how many failures.
    pub(crate) async fn responses(&mut self, count: u32) -> (u32, u32) {
        let (mut results, mut failures) = (0, 0);
        while results + failures < count {
            let bytes = self.next().await.expect("a response");
            match Message::decode(&bytes).unwrap() {
                Message::Response(response) => match response.outcome {
                    Outcome::Returned(_) => results += 1,
                    _ => failures += 1,
                },
                Message::Ping(nonce) => self.send(|w| message::put_pong(w, nonce)).await,
                other => panic!("not a response: {other:?}"),
            }
        }
        (results, failures)
    }
}
