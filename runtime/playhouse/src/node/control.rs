//! How far a node is in its life, and what operators have asked of it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use playhouse_cluster::watch;

/// How far a node is in its life, as all of its threads see it.
#[derive(Debug, Default)]
pub(super) struct Control {
    stop: OnceLock<watch::Sender<bool>>,
    started: AtomicBool,
    restart: AtomicBool,
    ousted: OnceLock<String>,
}

impl Control {
    /// The node is told to stop by this.
    pub(super) fn begin(&self, stop: watch::Sender<bool>) {
        // A node starts once, so nobody was here before.
        let _ = self.stop.set(stop);
    }

    /// Everything has started.
    pub(super) fn set_started(&self) {
        self.started.store(true, Ordering::Release);
    }

    pub(super) fn is_started(&self) -> bool {
        self.started.load(Ordering::Acquire)
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stop.get().is_some_and(|stop| *stop.borrow())
    }

    /// Begins to stop, to be started again by whoever supervises the process.
    pub(super) fn restart(&self) {
        self.restart.store(true, Ordering::Release);
        self.stop();
    }

    /// Begins to stop, since the node has lost its place in its cluster.
    pub(super) fn oust(&self, why: String) {
        // One reason is enough.
        let _ = self.ousted.set(why);
        self.stop();
    }

    /// Why the node has lost its place in its cluster, if it has.
    pub(super) fn ousted(&self) -> Option<&str> {
        self.ousted.get().map(String::as_str)
    }

    /// Begins to stop.
    pub(super) fn stop(&self) {
        if let Some(stop) = self.stop.get() {
            stop.send_replace(true);
        }
    }

    /// Whether it stops to be started again.
    pub(super) fn restarts(&self) -> bool {
        self.restart.load(Ordering::Acquire)
    }
}
