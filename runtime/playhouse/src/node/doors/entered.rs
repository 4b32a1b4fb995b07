//! A stream whose connection was let in: it counts for as long as it lives.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use playhouse_net::{Datagrams, Handover, Stream, Transport};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Entry;

/// A stream and what it counts as.
#[derive(Debug)]
pub(in crate::node) struct Entered {
    stream: Box<dyn Stream>,
    _entry: Entry,
}

impl Entered {
    pub(in crate::node) fn boxed(stream: Box<dyn Stream>, entry: Entry) -> Box<dyn Stream> {
        Box::new(Self {
            stream,
            _entry: entry,
        })
    }
}

impl Stream for Entered {
    fn peer_address(&self) -> &str {
        self.stream.peer_address()
    }

    fn transport(&self) -> Transport {
        self.stream.transport()
    }

    fn binding(&self) -> Option<&[u8]> {
        self.stream.binding()
    }

    fn datagrams(&self) -> Option<Rc<dyn Datagrams>> {
        self.stream.datagrams()
    }

    fn hand_over(self: Box<Self>) -> io::Result<Handover> {
        // It is where it will live: its shard has adopted it.
        Ok(Handover::staying(self))
    }
}

impl AsyncRead for Entered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Entered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_shutdown(cx)
    }
}
