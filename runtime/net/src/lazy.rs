//! Streams with a handshake of their own, which goes on whenever they are read or written.
//!
//! Whoever accepts such a stream has it at once, and the link that reads it waits for the handshake as it waits for a
//! hello: within the same time, at nobody else's cost.

use std::{
    fmt,
    future::Future,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::network::{Datagrams, Handover, LocalBoxFuture, Stream, Transport};

/// A stream that will be there once its handshake is over.
pub struct Lazy {
    state: State,
    peer: String,
    transport: Transport,
}

enum State {
    Shaking(LocalBoxFuture<'static, io::Result<Box<dyn Stream>>>),
    Open(Box<dyn Stream>),
    Failed,
}

impl Lazy {
    /// The stream that `handshake` comes to, from `peer`.
    #[must_use]
    pub fn boxed(
        peer: String,
        transport: Transport,
        handshake: impl Future<Output = io::Result<Box<dyn Stream>>> + 'static,
    ) -> Box<dyn Stream> {
        Box::new(Self {
            state: State::Shaking(Box::pin(handshake)),
            peer,
            transport,
        })
    }

    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&mut dyn Stream>> {
        if let State::Shaking(handshake) = &mut self.state {
            match ready!(handshake.as_mut().poll(cx)) {
                Ok(stream) => self.state = State::Open(stream),
                Err(error) => {
                    self.state = State::Failed;
                    return Poll::Ready(Err(error));
                }
            }
        }
        match &mut self.state {
            State::Open(stream) => Poll::Ready(Ok(&mut **stream)),
            State::Shaking(_) | State::Failed => Poll::Ready(Err(io::Error::new(
                io::ErrorKind::NotConnected,
                "the handshake has failed",
            ))),
        }
    }

    fn open(&self) -> Option<&dyn Stream> {
        match &self.state {
            State::Open(stream) => Some(&**stream),
            State::Shaking(_) | State::Failed => None,
        }
    }
}

impl Stream for Lazy {
    fn peer_address(&self) -> &str {
        &self.peer
    }

    fn transport(&self) -> Transport {
        self.transport
    }

    fn binding(&self) -> Option<&[u8]> {
        self.open()?.binding()
    }

    fn datagrams(&self) -> Option<Rc<dyn Datagrams>> {
        self.open()?.datagrams()
    }

    fn hand_over(self: Box<Self>) -> io::Result<Handover> {
        match self.state {
            State::Open(stream) => stream.hand_over(),
            State::Shaking(_) => Ok(Handover::staying(self)),
            State::Failed => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl AsyncRead for Lazy {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = ready!(self.poll_open(cx))?;
        Pin::new(stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Lazy {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let stream = ready!(self.poll_open(cx))?;
        Pin::new(stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = ready!(self.poll_open(cx))?;
        Pin::new(stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = ready!(self.poll_open(cx))?;
        Pin::new(stream).poll_shutdown(cx)
    }
}

impl fmt::Debug for Lazy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lazy({} from {})", self.transport, self.peer)
    }
}
