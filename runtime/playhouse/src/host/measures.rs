//! What a shard says of itself to whoever watches its node.

use super::kind::CallHost;
use super::shard::Shard;
use crate::call::FailureKind;
use crate::descriptor::Head;
use crate::metrics::{Method, Snapshot, StoreCounts};

impl Shard {
    /// A call was refused before it came to any handler.
    pub(crate) fn count_refused(&self, kind: FailureKind) {
        self.tally.refuse(kind);
    }

    /// What it has counted, and what it holds just now. Looks at every call that has not ended, once.
    pub(crate) fn measures(&self) -> Snapshot {
        let mut methods = Vec::new();
        let mut add = |head: &'static Head, slot: &'static str, call: &CallHost| {
            if let Some(counts) = call.tally.counts() {
                let name = call.call.name;
                methods.push((Method { head, slot, name }, counts));
            }
        };
        for kind in &self.kinds {
            let head = &kind.descriptor.head;
            for (slot, call) in kind.hosted_calls() {
                add(head, slot, call);
            }
        }
        for service in &self.services {
            for call in service.hosted_calls() {
                add(&service.descriptor.head, "", call);
            }
        }
        let calls = self.calls.borrow();
        Snapshot {
            methods,
            entities: self
                .kinds
                .iter()
                .map(|kind| (&kind.descriptor.head, kind.len()))
                .collect(),
            refused: std::array::from_fn(|index| self.tally.refused[index].get()),
            calls_open: calls.len(),
            calls_queued: calls.queued(),
            inbox: self.fabric.len(self.index),
            timers: self.wheel.borrow().len(),
            timers_fired: self.tally.timers_fired.get(),
            events: self.tally.events.get(),
            events_sent: self.tally.events_sent.get(),
            placed: self.tally.placed.get(),
            locates: self.tally.locates.get(),
            passivated: self.passivated(),
            panics: self.panics(),
            overruns: self.overruns(),
            stalls: self.mark.stalls(),
            durable_senders: self.durable.senders(),
            store: self.keeper().map(|keeper| StoreCounts {
                loads: keeper.loads.get(),
                saves: keeper.saves.get(),
                failures: keeper.failed.get(),
                in_flight: keeper.in_flight.get(),
                unsaved: self.unsaved(),
                is_away: keeper.is_away(),
            }),
            ..Snapshot::default()
        }
    }
}
