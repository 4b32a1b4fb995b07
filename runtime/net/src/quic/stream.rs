//! The stream of a connection, and the datagrams beside it.

use std::{
    cell::RefCell,
    fmt, io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use quinn::{Connection, ConnectionError, ReadError, RecvStream, SendStream, VarInt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::refused;
use crate::{
    network::{Datagrams, Handover, LocalBoxFuture, Stream, Transport},
    tls::{BINDING_BYTES, BINDING_LABEL},
};

/// A connection whose stream is open.
pub(super) struct Line {
    connection: Connection,
    send: SendStream,
    receive: RecvStream,
    peer: String,
    binding: [u8; BINDING_BYTES],
    datagrams: Rc<Beside>,
    /// Waits until the peer has all that was sent.
    ending: Option<LocalBoxFuture<'static, ()>>,
}

impl Line {
    pub(super) fn boxed(
        connection: Connection,
        (send, receive): (SendStream, RecvStream),
        peer: String,
    ) -> io::Result<Box<dyn Stream>> {
        let mut binding = [0; BINDING_BYTES];
        connection
            .export_keying_material(&mut binding, BINDING_LABEL, &[])
            .map_err(|_| refused("the keys of a connection give no binding"))?;
        Ok(Box::new(Self {
            datagrams: Rc::new(Beside {
                connection: connection.clone(),
                next: RefCell::default(),
            }),
            connection,
            send,
            receive,
            peer,
            binding,
            ending: None,
        }))
    }
}

impl Stream for Line {
    fn peer_address(&self) -> &str {
        &self.peer
    }

    fn transport(&self) -> Transport {
        Transport::Quic
    }

    fn binding(&self) -> Option<&[u8]> {
        Some(&self.binding)
    }

    fn datagrams(&self) -> Option<Rc<dyn Datagrams>> {
        Some(Rc::<Beside>::clone(&self.datagrams))
    }

    fn hand_over(self: Box<Self>) -> io::Result<Handover> {
        // What drives the connection is a task of this thread.
        Ok(Handover::staying(self))
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match ready!(self.receive.poll_read_buf(cx, buffer)) {
            Ok(()) => Poll::Ready(Ok(())),
            // A connection that was closed ends as one of TCP does.
            Err(ReadError::ConnectionLost(ConnectionError::ApplicationClosed(_))) => {
                Poll::Ready(Ok(()))
            }
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.send)
            .poll_write(cx, bytes)
            .map_err(Into::into)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ready when the peer has all: a connection that is dropped takes back what it has not delivered.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let ending = this.ending.get_or_insert_with(|| {
            // Finished already is finished.
            let _ = this.send.finish();
            let stopped = this.send.stopped();
            Box::pin(async move {
                // A peer that is gone has all that it will ever have.
                let _ = stopped.await;
            })
        });
        ready!(ending.as_mut().poll(cx));
        this.ending = Some(Box::pin(std::future::ready(())));
        Poll::Ready(Ok(()))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // Handles of its datagrams may live on.
        self.connection.close(VarInt::from_u32(0), b"");
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "quic::Line({})", self.peer)
    }
}

/// The datagrams of a connection.
struct Beside {
    connection: Connection,
    next: RefCell<Option<LocalBoxFuture<'static, Option<Vec<u8>>>>>,
}

impl Datagrams for Beside {
    fn bytes_max(&self) -> usize {
        self.connection.max_datagram_size().unwrap_or(0)
    }

    fn send(&self, bytes: &[u8]) {
        // One that can't go is dropped, as all may be.
        let _ = self.connection.send_datagram(bytes.to_vec().into());
    }

    fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<Vec<u8>> {
        let mut next = self.next.borrow_mut();
        let waiting = next.get_or_insert_with(|| {
            let connection = self.connection.clone();
            Box::pin(async move { Some(connection.read_datagram().await.ok()?.to_vec()) })
        });
        match ready!(waiting.as_mut().poll(cx)) {
            Some(bytes) => {
                *next = None;
                Poll::Ready(bytes)
            }
            None => {
                *next = Some(Box::pin(std::future::pending()));
                Poll::Pending
            }
        }
    }
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("quic::Beside(..)")
    }
}
