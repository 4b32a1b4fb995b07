//! The wires of bots: streams whose bytes are counted, and that break at any byte if there is to be trouble.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use playhouse_client::Network;
use playhouse_client::network::{Datagrams, Handover, Listener, LocalBoxFuture, Stream, Transport};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::chaos::Trouble;
use crate::meter::Meter;

/// A network whose streams are counted and may break.
#[derive(Debug)]
pub(crate) struct Wires {
    pub(crate) inner: Rc<dyn Network>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) trouble: Option<Rc<Trouble>>,
}

impl Network for Wires {
    fn dial<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let stream = self.inner.dial(address).await?;
            let trouble = self.trouble.as_ref();
            let wire: Box<dyn Stream> = Box::new(Wire {
                stream,
                meter: Arc::clone(&self.meter),
                left: trouble.map_or(u64::MAX, |trouble| trouble.breaks_after()),
                trouble: trouble.cloned(),
            });
            Ok(wire)
        })
    }

    fn listen<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Listener>>> {
        self.inner.listen(address)
    }
}

#[derive(Debug)]
struct Wire {
    stream: Box<dyn Stream>,
    meter: Arc<Meter>,
    /// Bytes until it breaks, once trouble has begun.
    left: u64,
    trouble: Option<Rc<Trouble>>,
}

impl Wire {
    fn check(&self) -> io::Result<()> {
        if self.left > 0 {
            return Ok(());
        }
        let why = "it breaks on purpose";
        Err(io::Error::new(io::ErrorKind::ConnectionReset, why))
    }

    /// How many of so many bytes come through.
    fn pass(&mut self, count: usize) -> usize {
        let breaks = self.trouble.as_ref().is_some_and(|it| it.has_begun());
        if !breaks {
            return count;
        }
        let passes = count.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= passes as u64;
        passes
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        let before = buffer.filled().len();
        std::task::ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let count = buffer.filled().len() - before;
        let passes = self.pass(count);
        // What is cut off was read, and is lost with the stream.
        buffer.set_filled(before + passes);
        self.meter.bytes_in(passes);
        if count > 0 && passes == 0 {
            self.check()?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let bytes = bytes.get(..left).unwrap_or(bytes);
        let count = std::task::ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.pass(count);
        self.meter.bytes_out(count);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Stream for Wire {
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
        self.stream.hand_over()
    }
}
