//! Trouble on purpose: streams that break at any byte, and sessions that move for no reason.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use playhouse_client::network::{Datagrams, Handover, Listener, LocalBoxFuture, Stream, Transport};
use playhouse_client::{Client, Network, Random};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::sleep;

/// Fewest and most bytes, of both directions together, behind which a stream breaks.
const BREAKS_AFTER: (u64, u64) = (300, 30_000);
/// Least and most milliseconds between two moves of a session.
const MOVES_AFTER_MS: (u64, u64) = (300, 3_000);

/// What befalls one client, once it has a session: a guest is over with its link.
#[derive(Debug)]
pub(crate) struct Trouble {
    random: Random,
    has_begun: Cell<bool>,
}

impl Trouble {
    pub(crate) fn new(random: Random) -> Rc<Self> {
        Rc::new(Self {
            random,
            has_begun: Cell::new(false),
        })
    }

    /// Another network, whose streams break behind as many bytes as chance has it.
    pub(crate) fn over(self: &Rc<Self>, inner: Rc<dyn Network>) -> Rc<dyn Network> {
        Rc::new(Breaking {
            inner,
            trouble: Rc::clone(self),
        })
    }

    /// Lets it begin, and moves the session of `client` from one address to another until it is over.
    pub(crate) fn begin(self: &Rc<Self>, client: &Client, addresses: &[String]) {
        if self.has_begun.replace(true) {
            return;
        }
        let (client, addresses) = (client.clone(), addresses.to_vec());
        let random = self.random.split();
        tokio::task::spawn_local(async move {
            while !client.is_closed() {
                sleep(Duration::from_millis(between(&random, MOVES_AFTER_MS))).await;
                let to = random.below(addresses.len() as u64) as usize;
                if let Some(to) = addresses.get(to) {
                    // The link may break before the session is there: then it goes on elsewhere by itself.
                    let _ = client.migrate(to).await;
                }
            }
        });
    }
}

#[derive(Debug)]
struct Breaking {
    inner: Rc<dyn Network>,
    trouble: Rc<Trouble>,
}

impl Network for Breaking {
    fn dial<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let stream = self.inner.dial(address).await?;
            let breaks: Box<dyn Stream> = Box::new(Breaks {
                stream,
                left: between(&self.trouble.random, BREAKS_AFTER),
                trouble: Rc::clone(&self.trouble),
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
    /// Bytes until then.
    left: u64,
    trouble: Rc<Trouble>,
}

impl Breaks {
    fn check(&self) -> io::Result<()> {
        if self.left > 0 {
            return Ok(());
        }
        let why = "it breaks on purpose";
        Err(io::Error::new(io::ErrorKind::ConnectionReset, why))
    }

    /// How many of so many bytes come through.
    fn pass(&mut self, count: usize) -> usize {
        if !self.trouble.has_begun.get() {
            return count;
        }
        let passes = count.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= passes as u64;
        passes
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
        let passes = self.pass(count);
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
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let bytes = bytes.get(..left).unwrap_or(bytes);
        let count = std::task::ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.pass(count);
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

fn between(random: &Random, (least, most): (u64, u64)) -> u64 {
    least + random.below(most - least)
}
