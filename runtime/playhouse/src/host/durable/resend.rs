//! Rows that nobody has acknowledged go out again: what was lost, and what its receiver could not take.

use std::rc::Rc;

use playhouse_store::durable::Delivery;
use rustc_hash::FxHashMap;

use super::super::cell::Hosted;
use super::super::shard::{Due, Shard};

/// How long a row waits for its acknowledgement before it is sent again, in microseconds. Twice as long the next time, and
/// so on up to eight times, while nothing at all is acknowledged.
pub const RESEND_US: u64 = 1_000_000;

/// Most rows for one receiver that are sent again at a time: the others come after them.
pub const RESEND_MAX: usize = 1024;

/// The greatest number of [`RESEND_US`] between two attempts.
const QUIET_MAX: u32 = 8;

impl Shard {
    /// The entity has rows to be acknowledged.
    pub(super) fn watch_rows(&self, cell: &Rc<dyn Hosted>) {
        let listed = cell.header().rare_mut(|rare| {
            let durable = rare.durable.get_or_insert_default();
            std::mem::replace(&mut durable.listed, true)
        });
        if !listed {
            self.durable.pending.borrow_mut().push(Rc::downgrade(cell));
        }
        self.resend_later();
    }

    pub(super) fn resend_later(&self) {
        if self.durable.resending.replace(true) {
            return;
        }
        // Shards and nodes that began together shall not go on together.
        let jitter_us = self.env.random() % (RESEND_US / 4);
        let at_us = self
            .now_us()
            .saturating_add(RESEND_US)
            .saturating_add(jitter_us);
        self.set_timer(at_us, Due::Resend);
    }

    /// It is time to look after what was not acknowledged.
    pub(in crate::host) fn resend(self: &Rc<Self>) {
        self.durable.resending.set(false);
        let cells = std::mem::take(&mut *self.durable.pending.borrow_mut());
        for cell in cells.iter().filter_map(std::rc::Weak::upgrade) {
            let mut rows: Vec<Delivery> = self
                .activation(&cell, |activation| activation.deliveries().collect())
                .unwrap_or_default();
            let waits = self
                .activation(&cell, |activation| activation.has_rows())
                .unwrap_or(false);
            cell.header().rare_mut(|rare| {
                let durable = rare.durable.get_or_insert_default();
                durable.listed = false;
                durable.quiet = durable.quiet.saturating_add(1);
                overdue(&mut durable.looked, &mut rows);
                if !is_time(durable.quiet) {
                    rows.clear();
                }
            });
            if waits {
                self.watch_rows(&cell);
            }
            self.send_rows(rows);
        }
        if self.resend_outboxes() {
            self.resend_later();
        }
    }
}

/// Whether it is tried again after so many looks without an acknowledgement.
const fn is_time(quiet: u32) -> bool {
    quiet.is_power_of_two() && quiet < QUIET_MAX || quiet.is_multiple_of(QUIET_MAX)
}

/// Leaves the rows that were there at the last look already, and not too many for one receiver.
pub(super) fn overdue(
    looked: &mut FxHashMap<playhouse_store::DocumentId, u64>,
    rows: &mut Vec<Delivery>,
) {
    let mut now = FxHashMap::default();
    for row in &*rows {
        let greatest = now.entry(row.row.to.clone()).or_insert(0);
        *greatest = row.seq.max(*greatest);
    }
    let mut counts: FxHashMap<_, usize> = FxHashMap::default();
    rows.retain(|row| {
        let before = looked.get(&row.row.to).copied().unwrap_or(0);
        if row.seq > before {
            return false;
        }
        let count = counts.entry(row.row.to.clone()).or_default();
        *count += 1;
        *count <= RESEND_MAX
    });
    *looked = now;
}
