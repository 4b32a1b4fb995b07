//! A relay in front of a node, on sockets of the loopback: it cuts streams behind a chosen byte, or holds them back.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, spawn_local};

/// How many bytes of a stream come through in each direction before it is cut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    pub(crate) up: u64,
    pub(crate) down: u64,
}

impl Cut {
    const NEVER: Self = Self {
        up: u64::MAX,
        down: u64::MAX,
    };
}

/// A relay. Its streams end with it.
pub(crate) struct Relay {
    pub(crate) address: String,
    shared: Rc<Shared>,
    accepting: AbortHandle,
}

struct Shared {
    target: String,
    /// What becomes of the next streams; those that come later are left alone.
    cuts: RefCell<VecDeque<Cut>>,
    streams: RefCell<Vec<Rc<Ended>>>,
    holds: Cell<bool>,
    moved_on: Notify,
    refuses: Cell<bool>,
    accepted: Cell<u32>,
}

/// Says that a stream is cut.
#[derive(Default)]
struct Ended {
    is: Cell<bool>,
    told: Notify,
}

impl Ended {
    fn end(&self) {
        self.is.set(true);
        self.told.notify_waiters();
    }
}

impl Relay {
    pub(crate) async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Rc::new(Shared {
            target: target.to_owned(),
            cuts: RefCell::default(),
            streams: RefCell::default(),
            holds: Cell::new(false),
            moved_on: Notify::new(),
            refuses: Cell::new(false),
            accepted: Cell::new(0),
        });
        let accepting = spawn_local(accept(listener, Rc::clone(&shared)));
        Self {
            address,
            shared,
            accepting: accepting.abort_handle(),
        }
    }

    /// Cuts the streams that come next, one after another.
    pub(crate) fn cut_next(&self, cuts: impl IntoIterator<Item = Cut>) {
        self.shared.cuts.borrow_mut().extend(cuts);
    }

    /// How many streams are still to come that will be cut.
    pub(crate) fn cuts_left(&self) -> usize {
        self.shared.cuts.borrow().len()
    }

    /// Cuts all streams that are there.
    pub(crate) fn cut_all(&self) {
        for stream in self.shared.streams.take() {
            stream.end();
        }
    }

    /// Lets no byte through, in either direction, until it is told otherwise. The streams stay.
    pub(crate) fn hold(&self, holds: bool) {
        self.shared.holds.set(holds);
        self.shared.moved_on.notify_waiters();
    }

    /// Takes streams only to cut them at once, until it is told otherwise.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.shared.refuses.set(refuses);
    }

    /// Streams that came so far.
    pub(crate) fn accepted(&self) -> u32 {
        self.shared.accepted.get()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut_all();
    }
}

async fn accept(listener: TcpListener, shared: Rc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        shared.accepted.set(shared.accepted.get() + 1);
        if shared.refuses.get() {
            continue;
        }
        let cut = shared.cuts.borrow_mut().pop_front().unwrap_or(Cut::NEVER);
        let Ok(server) = TcpStream::connect(&shared.target).await else {
            continue;
        };
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let ended = Rc::new(Ended::default());
        shared.streams.borrow_mut().push(Rc::clone(&ended));
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        for (from, to, bytes) in [
            (from_client, to_server, cut.up),
            (from_server, to_client, cut.down),
        ] {
            let (shared, ended) = (Rc::clone(&shared), Rc::clone(&ended));
            spawn_local(async move {
                let told = ended.told.notified();
                tokio::pin!(told);
                told.as_mut().enable();
                if !ended.is.get() {
                    tokio::select! {
                        biased;
                        () = told => {}
                        () = pass(from, to, bytes, &shared) => {}
                    }
                }
                // The other direction ends too: half a stream is none.
                ended.end();
            });
        }
    }
}

/// Passes bytes on until one end is gone or the last byte has come through.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, bytes: u64, shared: &Shared) {
    let mut left = bytes;
    let mut buffer = [0; 4096];
    while left > 0 {
        let Ok(count @ 1..) = from.read(&mut buffer).await else {
            return;
        };
        while shared.holds.get() {
            shared.moved_on.notified().await;
        }
        let count = count.min(usize::try_from(left).unwrap_or(usize::MAX));
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
        left -= count as u64;
    }
}
