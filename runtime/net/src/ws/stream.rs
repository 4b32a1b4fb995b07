//! The stream of bytes in a WebSocket's messages.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::{Sink as _, Stream as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Bytes, Error, Message, error::ProtocolError, protocol::WebSocketConfig},
};

use super::upgrade::Bounded;
use crate::network::{Handover, Stream, Transport};

/// The longest message that is taken, in bytes: 64 KiB. A piece of the stream may end anywhere, so nobody needs more.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Most pings and pongs between two messages: 64.
pub const CONTROLS_MAX: u32 = 64;

/// What one write puts into a message at most.
const PIECE_BYTES: usize = 32 * 1024;

/// What is kept of the network for one read.
const READ_BYTES: usize = 8 * 1024;

pub(super) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        // Each piece goes out at once: links batch by themselves.
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MESSAGE_BYTES_MAX)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
}

/// A WebSocket whose handshake is over.
#[derive(Debug)]
pub(super) struct Line {
    socket: WebSocketStream<Bounded>,
    peer: String,
    /// Came, and was not read yet.
    unread: Bytes,
    /// Pings and pongs since the last message.
    controls: u32,
    /// The peer sends no more.
    finished: bool,
    shutdown: Shutdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shutdown {
    No,
    Told,
}

impl Line {
    pub(super) fn new(mut socket: WebSocketStream<Bounded>, peer: String) -> Self {
        socket.get_mut().unbounded();
        Self {
            socket,
            peer,
            unread: Bytes::new(),
            controls: 0,
            finished: false,
            shutdown: Shutdown::No,
        }
    }

    fn socket(&mut self) -> Pin<&mut WebSocketStream<Bounded>> {
        Pin::new(&mut self.socket)
    }

    /// Waits for the next piece; whether the peer sends more.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.unread.is_empty() && !self.finished {
            match ready!(self.socket().poll_next(cx)) {
                Some(Ok(Message::Binary(piece))) => {
                    self.controls = 0;
                    self.finished = piece.is_empty();
                    self.unread = piece;
                }
                Some(Ok(Message::Text(_))) => {
                    return Poll::Ready(Err(invalid("text came: send binary messages alone")));
                }
                Some(Ok(Message::Close(_))) | None => self.finished = true,
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                    self.controls += 1;
                    if self.controls > CONTROLS_MAX {
                        return Poll::Ready(Err(invalid("too many pings without a message")));
                    }
                }
                // A connection that ends without a word ends as one of TCP does.
                Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => {
                    self.finished = true;
                }
                Some(Err(error)) => return Poll::Ready(Err(problem(error))),
            }
        }
        Poll::Ready(Ok(()))
    }
}

pub(super) fn problem(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::ConnectionClosed | Error::AlreadyClosed => io::ErrorKind::BrokenPipe.into(),
        error => io::Error::new(io::ErrorKind::InvalidData, error.to_string()),
    }
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

impl Stream for Line {
    fn peer_address(&self) -> &str {
        &self.peer
    }

    fn transport(&self) -> Transport {
        Transport::WebSocket
    }

    fn binding(&self) -> Option<&[u8]> {
        self.socket.get_ref().binding()
    }

    fn hand_over(self: Box<Self>) -> io::Result<Handover> {
        // What was read of the network stands in the socket's buffers, so it stays where it is.
        Ok(Handover::staying(self))
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_piece(cx))?;
        let count = self.unread.len().min(buffer.remaining());
        buffer.put_slice(&self.unread.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.socket().poll_ready(cx)).map_err(problem)?;
        let piece = bytes.get(..PIECE_BYTES).unwrap_or(bytes);
        if piece.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let message = Message::Binary(Bytes::copy_from_slice(piece));
        self.socket().start_send(message).map_err(problem)?;
        Poll::Ready(Ok(piece.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_flush(cx).map_err(problem)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.shutdown == Shutdown::No {
            ready!(self.socket().poll_ready(cx)).map_err(problem)?;
            self.shutdown = Shutdown::Told;
            let end = Message::Binary(Bytes::new());
            self.socket().start_send(end).map_err(problem)?;
        }
        self.poll_flush(cx)
    }
}
