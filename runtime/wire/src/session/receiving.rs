//! The receiving half of a sequence: what was taken, and when that is acknowledged.

use super::limits::SessionLimits;
use super::rules::{Rule, Rules};

/// What was taken of the other side's messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Receiving {
    /// The last that was taken.
    pub(super) rx: u64,
    /// The last that the other side was told of.
    told: u64,
    /// Bytes since then.
    bytes: usize,
    /// When it is told at the latest.
    ack_at: Option<u64>,
}

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Next,
    Again,
    Gap,
}

impl Receiving {
    pub(super) const fn of(rx: u64) -> Self {
        Self {
            rx,
            told: rx,
            bytes: 0,
            ack_at: None,
        }
    }

    pub(super) fn place(&self, seq: u64, rules: Rules) -> Place {
        if Some(seq) == self.rx.checked_add(1) || !rules.has(Rule::Deduplicate) {
            Place::Next
        } else if seq <= self.rx {
            Place::Again
        } else {
            Place::Gap
        }
    }

    /// The next one is taken.
    pub(super) fn take(&mut self, now_us: u64, length: usize, limits: &SessionLimits) {
        self.rx = self.rx.saturating_add(1);
        self.bytes = self.bytes.saturating_add(length);
        let is_much = self.rx - self.told >= limits.ack_messages.into()
            || self.bytes >= limits.window_bytes as usize / 4;
        let at = if is_much {
            now_us
        } else {
            now_us.saturating_add(limits.ack_us)
        };
        self.ack_at = Some(self.ack_at.map_or(at, |earlier| earlier.min(at)));
    }

    /// One came again: the acknowledgement of it was lost.
    pub(super) const fn again(&mut self, now_us: u64) {
        self.ack_at = Some(now_us);
    }

    /// The other side knows how far it is.
    pub(super) const fn resume(&mut self) {
        self.told = self.rx;
        self.bytes = 0;
        self.ack_at = None;
    }

    /// What to tell along with a message, if there is something to tell.
    pub(super) fn poll_ack(&mut self) -> Option<u64> {
        self.ack_at.take()?;
        self.resume();
        Some(self.rx)
    }

    /// What to tell by itself now.
    pub(super) fn poll_ack_alone(&mut self, now_us: u64) -> Option<u64> {
        self.ack_at.filter(|at| *at <= now_us)?;
        self.poll_ack()
    }

    /// When something is to be told.
    pub(super) const fn ack_at(&self) -> Option<u64> {
        self.ack_at
    }
}
