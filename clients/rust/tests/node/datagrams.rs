//! A relay of datagrams in front of a node, on sockets of the loopback: it leaves out long ones, or each so-and-so-many-th.

use std::cell::Cell;
use std::rc::Rc;

use tokio::net::UdpSocket;
use tokio::task::{AbortHandle, spawn_local};

/// A relay for one client.
pub(crate) struct Datagrams {
    pub(crate) address: String,
    shared: Rc<Shared>,
    passing: AbortHandle,
}

struct Shared {
    /// What is longer doesn't come through.
    longest: Cell<usize>,
    /// Of so many one doesn't come through; 0: all do.
    each: Cell<u32>,
    passed: Cell<u32>,
    left_out: Cell<u32>,
}

impl Datagrams {
    pub(crate) async fn to(target: &str) -> Self {
        let front = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let back = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        back.connect(target).await.unwrap();
        let address = front.local_addr().unwrap().to_string();
        let shared = Rc::new(Shared {
            longest: Cell::new(usize::MAX),
            each: Cell::new(0),
            passed: Cell::new(0),
            left_out: Cell::new(0),
        });
        let passing = spawn_local(pass(front, back, Rc::clone(&shared)));
        Self {
            address,
            shared,
            passing: passing.abort_handle(),
        }
    }

    /// Lets nothing through from now on that is longer than so many bytes.
    pub(crate) fn stop_above(&self, bytes: usize) {
        self.shared.longest.set(bytes);
    }

    /// Leaves one of so many out from now on.
    pub(crate) fn lose_one_of(&self, count: u32) {
        self.shared.each.set(count);
    }

    /// How many did not come through so far.
    pub(crate) fn left_out(&self) -> u32 {
        self.shared.left_out.get()
    }
}

impl Drop for Datagrams {
    fn drop(&mut self) {
        self.passing.abort();
    }
}

impl Shared {
    fn lets_through(&self, length: usize) -> bool {
        self.passed.set(self.passed.get() + 1);
        let each = self.each.get();
        let is_lost = each > 0 && self.passed.get().is_multiple_of(each);
        let passes = !is_lost && length <= self.longest.get();
        if !passes {
            self.left_out.set(self.left_out.get() + 1);
        }
        passes
    }
}

async fn pass(front: UdpSocket, back: UdpSocket, shared: Rc<Shared>) {
    let mut client = None;
    let (mut up, mut down) = ([0; 2048], [0; 2048]);
    loop {
        tokio::select! {
            biased;
            Ok((length, from)) = front.recv_from(&mut up) => {
                client = Some(from);
                if shared.lets_through(length) {
                    let _ = back.send(&up[..length]).await;
                }
            }
            Ok(length) = back.recv(&mut down) => {
                if let Some(client) = client
                    && shared.lets_through(length)
                {
                    let _ = front.send_to(&down[..length], client).await;
                }
            }
        }
    }
}
