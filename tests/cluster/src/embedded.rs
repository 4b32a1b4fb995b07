//! The embedded registry, hosted by a node of the test.

use std::fmt;

use playhouse::cluster::{Embedded, Membership as _};
use playhouse::node::Running;
use playhouse_cluster::{Backend, Seat};

use crate::member::HOST;
use crate::{Registry, blocking};

/// A node that hosts a registry. It is a member itself, of the name `HOST`.
pub struct Hosted {
    address: String,
    /// Its membership lasts as long as its seat.
    host: Option<(Running, Seat)>,
}

impl Hosted {
    /// Hosts one on a free port of loopback.
    ///
    /// # Panics
    ///
    /// If it can't.
    #[must_use]
    pub fn new() -> Self {
        let host = host("127.0.0.1:0");
        Self {
            address: host.0.addresses().remove(0),
            host: Some(host),
        }
    }
}

impl Default for Hosted {
    fn default() -> Self {
        Self::new()
    }
}

fn host(address: &str) -> (Running, Seat) {
    let embedded = Embedded::hosting();
    let node = playhouse::Node::builder()
        .schema(&arena_schema::SCHEMA)
        .name(HOST)
        .roles(Vec::<String>::new())
        .shards(1)
        .listen(address);
    let node = embedded.attach(node).build().expect("the node is right");
    let running = blocking(|| node.start()).expect("the node starts");
    let me = playhouse_cluster::Member::new(HOST, 1, running.addresses().remove(0));
    let (seat, driver) = playhouse_cluster::seat(me);
    let _driving = running.spawn_on(0, move || {
        embedded.drive(driver, tokio::runtime::Handle::current())
    });
    (running, seat)
}

impl Registry for Hosted {
    fn membership(&self) -> Box<dyn Backend> {
        Box::new(Embedded::at(&*self.address))
    }

    fn stop(&mut self) {
        if let Some((running, seat)) = self.host.take() {
            running.stop();
            // Its links are closed when this returns.
            blocking(|| running.wait()).expect("the host stops");
            drop(seat);
        }
    }

    fn start(&mut self) {
        self.host = Some(host(&self.address));
    }
}

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosted")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        blocking(|| drop(self.host.take()));
    }
}
