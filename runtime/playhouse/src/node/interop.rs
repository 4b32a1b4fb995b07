//! A port for plain MessagePack-RPC, so that tools in any language can call a node.
//!
//! `[0, id, "Login.weather", params]` is answered by `[1, id, error, result]`; `[2, method, params]` is not answered.
//! Methods are named as [`Target`](super::tool::Target) says, parameters are a map by name, a list by position, or a
//! list of nothing but a map. Integers of 64 bits are integers and `bytes` are bin, since MessagePack has them. An
//! error is a map: `{"thrown": {arm: body}}`, or `{kind, executed, text}` and perhaps `path`.
//!
//! Requests of one connection run beside one another and are answered in the order in which they end. Whoever sends
//! too much is read no further until there is room; whoever reads nothing is closed.

mod message;
mod scanner;

use std::io;
use std::rc::Rc;

use playhouse_net::Stream;
use playhouse_wire::Writer;
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio::time::{Duration, timeout};

use super::shard::ShardNode;
use super::tool::{self, Ended, Shown};
use crate::call::{Failure, FailureKind};
use message::{Message, put_response};
use scanner::Scanner;

/// Most requests of one connection that run at once. More wait in the socket.
pub const RUNNING_MAX: usize = 256;

/// A connection that takes none of its answers for so long is closed.
const WRITE_STALL: Duration = Duration::from_secs(10);

const READ_BYTES: usize = 16 * 1024;

/// Serves one connection until it ends.
pub(super) async fn serve(node: Rc<ShardNode>, mut stream: Box<dyn Stream>) {
    let peer = stream.peer_address().to_owned();
    if let Err(error) = converse(&node, &mut *stream).await {
        tracing::debug!(%peer, %error, "an interop connection ends");
    }
}

async fn converse(node: &Rc<ShardNode>, stream: &mut dyn Stream) -> io::Result<()> {
    let mut running: JoinSet<Option<Vec<u8>>> = JoinSet::new();
    let mut scanner = Scanner::new();
    let mut input = Vec::new();
    let mut open = true;
    while open || !running.is_empty() {
        let room = open && running.len() < RUNNING_MAX;
        input.reserve(READ_BYTES);
        tokio::select! {
            biased;
            Some(ended) = running.join_next() => {
                // What was cancelled or panicked has nothing to say; the host has told already why.
                if let Ok(Some(response)) = ended {
                    write(stream, &response).await?;
                }
            }
            read = stream.read_buf(&mut input), if room => {
                open = read? > 0;
            }
        }
        while running.len() < RUNNING_MAX {
            let broken = |why: &dyn std::fmt::Display| {
                io::Error::new(io::ErrorKind::InvalidData, why.to_string())
            };
            let Some(length) = scanner.poll(&input).map_err(|why| broken(&why))? else {
                break;
            };
            let bytes: Vec<u8> = input.drain(..length).collect();
            let node = Rc::clone(node);
            // What is no message ends the connection: there is no telling what else the other side means.
            Message::decode(&bytes).map_err(|why| broken(&why))?;
            running.spawn_local(async move { answer(&node, &bytes).await });
        }
    }
    Ok(())
}

async fn write(stream: &mut dyn Stream, bytes: &[u8]) -> io::Result<()> {
    match timeout(WRITE_STALL, stream.write_all(bytes)).await {
        Ok(written) => written,
        Err(_) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the other side reads none of its answers",
        )),
    }
}

/// What the message in `bytes` is answered by.
async fn answer(node: &ShardNode, bytes: &[u8]) -> Option<Vec<u8>> {
    let message = Message::decode(bytes).ok()?;
    let params = &mut rmp_serde::Deserializer::from_read_ref(message.params);
    let ended = match tool::prepare(node, message.method, params) {
        Ok((target, args)) => tool::call(node, &target, &args, None).await,
        Err(failure) => Ended::Failed(failure),
    };
    let Some(id) = message.id else {
        if let Ended::Failed(failure) = ended {
            tracing::debug!(method = message.method, %failure, "a notification of a tool fails");
        }
        return None;
    };
    let nil = vec![0xc0];
    let (error, result) = match &ended {
        Ended::Returned(None) => (None, nil),
        Ended::Returned(Some(value)) => (None, packed(value)),
        Ended::Thrown(value) => (Some(packed(&Thrown { thrown: value })), nil),
        Ended::Failed(failure) => (Some(packed(&Shown(failure))), nil),
    };
    let mut w = Writer::new();
    put_response(&mut w, id, error.as_deref(), &result);
    Some(w.into_bytes())
}

#[derive(Serialize)]
struct Thrown<T> {
    thrown: T,
}

/// `value` in named form, as MessagePack.
fn packed(value: &impl Serialize) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap_or_else(|error| {
        // Only a map whose length is not known ahead fails, and there is none.
        let failure = Failure::unknown(FailureKind::Internal).because(error.to_string());
        rmp_serde::to_vec_named(&Shown(&failure)).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use playhouse_net::Handover;
    use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

    use super::*;

    /// A stream that holds as much as it is told to.
    #[derive(Debug)]
    struct Pipe(DuplexStream);

    impl AsyncRead for Pipe {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            into: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_read(cx, into)
        }
    }

    impl AsyncWrite for Pipe {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.0).poll_write(cx, bytes)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_shutdown(cx)
        }
    }

    impl Stream for Pipe {
        fn peer_address(&self) -> &str {
            "pipe"
        }

        fn transport(&self) -> playhouse_net::Transport {
            playhouse_net::Transport::Simulated
        }

        fn hand_over(self: Box<Self>) -> io::Result<Handover> {
            Ok(Handover::staying(self))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_no_answer_within_the_stall_is_given_up() {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let mut ours = Pipe(ours);
        write(&mut ours, &[1; 4]).await.unwrap();
        // Read just in time.
        let reader = tokio::spawn(async move {
            tokio::time::sleep(WRITE_STALL - Duration::from_millis(1)).await;
            theirs.read_exact(&mut [0; 4]).await.unwrap();
            theirs
        });
        write(&mut ours, &[2; 4]).await.unwrap();
        // And then no more.
        let _theirs = reader.await.unwrap();
        let began = tokio::time::Instant::now();
        let error = write(&mut ours, &[3; 4]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let waited = began.elapsed();
        assert!(waited >= WRITE_STALL && waited < WRITE_STALL + Duration::from_millis(10));
    }
}
