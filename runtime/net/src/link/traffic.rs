//! How much has gone over links.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use super::Way;
use crate::network::Transport;

/// Counts bytes of links of one thread, those that are over included.
#[derive(Debug, Default)]
pub struct Traffic {
    bytes_in: Cell<u64>,
    bytes_out: Cell<u64>,
    slowed: Cell<u64>,
    passed: RefCell<BTreeMap<(Transport, Way), u64>>,
}

impl Traffic {
    /// How many bytes came in.
    #[must_use]
    pub const fn bytes_in(&self) -> u64 {
        self.bytes_in.get()
    }

    /// How many bytes the network took.
    #[must_use]
    pub const fn bytes_out(&self) -> u64 {
        self.bytes_out.get()
    }

    /// How often a peer was made to wait, since it had sent faster than it may.
    #[must_use]
    pub const fn slowed(&self) -> u64 {
        self.slowed.get()
    }

    /// What became of messages that may be lost, by what carries their links.
    #[must_use]
    pub fn passed(&self) -> BTreeMap<(Transport, Way), u64> {
        self.passed.borrow().clone()
    }

    pub(super) fn pass(&self, transport: Transport, way: Way) {
        let mut passed = self.passed.borrow_mut();
        let count = passed.entry((transport, way)).or_default();
        *count = count.wrapping_add(1);
    }

    pub(super) fn slow(&self) {
        self.slowed.set(self.slowed.get().wrapping_add(1));
    }

    pub(super) fn read(&self, bytes: usize) {
        self.bytes_in
            .set(self.bytes_in.get().wrapping_add(bytes as u64));
    }

    pub(super) fn wrote(&self, bytes: usize) {
        self.bytes_out
            .set(self.bytes_out.get().wrapping_add(bytes as u64));
    }
}
