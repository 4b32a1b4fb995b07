//! The sending half of a sequence: numbers, what is kept until it is acknowledged, and what was ever sent.

use std::collections::VecDeque;

use super::frame::Body;
use super::rules::{Rule, Rules};

/// Messages of one direction, from 1 on. What is above `acked` is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Sending {
    /// The highest number given out.
    pub(super) given: u64,
    /// The highest that was acknowledged.
    pub(super) acked: u64,
    /// The highest that was ever put on a link.
    pub(super) sent: u64,
    /// The last that was put on this link.
    cursor: u64,
    /// Those from `acked + 1` to `given`.
    pub(super) kept: VecDeque<Body>,
    pub(super) bytes: usize,
}

impl Sending {
    /// As it was elsewhere.
    pub(super) fn restored(acked: u64, sent: u64, kept: VecDeque<Body>) -> Option<Self> {
        let given = acked.checked_add(u64::try_from(kept.len()).ok()?)?;
        let bytes = kept.iter().map(|body| body.len()).sum();
        (acked <= sent && sent <= given).then_some(Self {
            given,
            acked,
            sent,
            cursor: acked,
            kept,
            bytes,
        })
    }

    pub(super) fn push(&mut self, body: Body) -> u64 {
        self.given += 1;
        self.bytes += body.len();
        self.kept.push_back(body);
        self.given
    }

    /// The next one for this link.
    pub(super) fn next(&mut self, rules: Rules) -> Option<(u64, Body)> {
        let index = usize::try_from(self.cursor.checked_sub(self.acked)?).ok()?;
        let body = self.kept.get(index)?.clone();
        self.cursor += 1;
        self.sent = self.sent.max(self.cursor);
        let seq = self.cursor;
        if !rules.has(Rule::KeepUntilAcked) {
            self.drop_to(seq);
        }
        Some((seq, body))
    }

    /// All up to here was taken. Whether that can be.
    pub(super) fn acknowledge(&mut self, seq: u64) -> bool {
        if seq > self.sent {
            return false;
        }
        self.drop_to(seq);
        true
    }

    /// Another link takes over; its other end has taken all up to `rx`.
    pub(super) fn resume(&mut self, rx: u64) {
        self.drop_to(rx.min(self.given));
        self.sent = self.sent.max(self.acked);
        self.cursor = self.acked;
    }

    fn drop_to(&mut self, seq: u64) {
        while self.acked < seq {
            let Some(body) = self.kept.pop_front() else {
                break;
            };
            self.acked += 1;
            self.bytes -= body.len();
        }
        self.cursor = self.cursor.max(self.acked);
        if self.kept.is_empty() {
            // Most sessions are idle most of the time.
            self.kept = VecDeque::new();
        }
    }
}
