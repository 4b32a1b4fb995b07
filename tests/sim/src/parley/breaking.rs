//! Streams that break at any byte.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use playhouse_client::Network;
use playhouse_client::network::{Handover, Listener, LocalBoxFuture, Stream, Transport};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What decides when the streams of one client break.
#[derive(Debug, Default)]
pub(super) struct Fuse {
    /// Bytes of both directions that still come through, if it is lit.
    left: Cell<Option<u64>>,
    /// How often it has burnt down.
    burnt: Cell<u64>,
}

impl Fuse {
    /// Every stream that is there when so many more bytes have passed breaks behind them.
    pub(super) fn light(&self, bytes: u64) {
        self.left.set(Some(bytes));
    }

    /// Another network, whose streams break so.
    pub(super) fn over(self: &Rc<Self>, inner: Rc<dyn Network>) -> Rc<dyn Network> {
        Rc::new(Breaking {
            inner,
            fuse: Rc::clone(self),
        })
    }

    /// How many of so many bytes come through.
    fn pass(&self, count: usize) -> usize {
        let Some(left) = self.left.get() else {
            return count;
        };
        let passes = count.min(usize::try_from(left).unwrap_or(usize::MAX));
        let left = left - passes as u64;
        self.left.set(Some(left).filter(|left| *left > 0));
        if left == 0 {
            self.burnt.set(self.burnt.get() + 1);
        }
        passes
    }
}

#[derive(Debug)]
struct Breaking {
    inner: Rc<dyn Network>,
    fuse: Rc<Fuse>,
}

impl Network for Breaking {
    fn dial<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let stream = self.inner.dial(address).await?;
            let breaks: Box<dyn Stream> = Box::new(Breaks {
                stream,
                burnt: self.fuse.burnt.get(),
                fuse: Rc::clone(&self.fuse),
            });
            Ok(breaks)
        })
    }

    fn listen<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Listener>>> {
        self.inner.listen(address)
    }
}

/// A stream that breaks.
#[derive(Debug)]
struct Breaks {
    stream: Box<dyn Stream>,
    /// How often the fuse had burnt down when the stream began.
    burnt: u64,
    fuse: Rc<Fuse>,
}

impl Breaks {
    fn check(&self) -> io::Result<()> {
        if self.fuse.burnt.get() == self.burnt {
            return Ok(());
        }
        let why = "it breaks on purpose";
        Err(io::Error::new(io::ErrorKind::ConnectionReset, why))
    }
}

impl AsyncRead for Breaks {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        let before = buffer.filled().len();
        std::task::ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let count = buffer.filled().len() - before;
        let passes = self.fuse.pass(count);
        // What is cut off was read, and is lost with the stream.
        buffer.set_filled(before + passes);
        if count > 0 && passes == 0 {
            self.check()?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Breaks {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let left = self.fuse.left.get().unwrap_or(u64::MAX);
        let bytes = bytes
            .get(..usize::try_from(left).unwrap_or(usize::MAX))
            .unwrap_or(bytes);
        let count = std::task::ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.fuse.pass(count);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Stream for Breaks {
    fn peer_address(&self) -> &str {
        self.stream.peer_address()
    }

    fn transport(&self) -> Transport {
        self.stream.transport()
    }

    fn hand_over(self: Box<Self>) -> io::Result<Handover> {
        self.stream.hand_over()
    }
}
