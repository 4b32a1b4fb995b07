//! The callers' side.

use playhouse_cluster::placement::{Act, Route, Rule};
use playhouse_wire::message::Executed;

use super::net::Frame;
use super::{Taken, Told, World, index};

impl World {
    pub(super) fn sender(&self, k: usize) -> usize {
        self.setting.scenario.calls[k].0
    }

    pub(super) fn is_idempotent(&self, k: usize) -> bool {
        self.setting.scenario.calls[k].1
    }

    /// A call is made: to the entity here if it is here and nothing is on its way, else through the caller.
    pub(super) fn issue(&mut self, k: usize) {
        self.calls[k].is_issued = true;
        let at = self.sender(k);
        let is_clear = self.nodes[at].caller.is_idle() || !self.setting.without.has(Rule::OneLine);
        match &mut self.nodes[at].active {
            Some(active) if active.tenure.epoch().is_some() && is_clear => {
                active.queue.push(Taken {
                    k,
                    attempt: 0,
                    epoch: None,
                });
            }
            _ => self.place(k),
        }
    }

    /// A call goes to wherever the entity is.
    pub(super) fn place(&mut self, k: usize) {
        let at = self.sender(k);
        let is_idempotent = self.is_idempotent(k);
        self.nodes[at].caller.call(k as u64, is_idempotent, k);
        self.drive(at);
    }

    /// Does what a node's caller says.
    pub(super) fn drive(&mut self, at: usize) {
        while let Some(act) = self.nodes[at].caller.poll() {
            match act {
                Act::Locate { epoch_seen } | Act::LocateAt { epoch_seen, .. } => {
                    self.nodes[at].asking = Some(epoch_seen);
                }
                Act::Send { id, attempt, route } => self.send(at, id, attempt, &route),
                Act::End { call, executed, .. } => self.tell(
                    call,
                    match executed {
                        Executed::NotExecuted => Told::NotExecuted,
                        Executed::Unknown => Told::Unknown,
                    },
                ),
            }
        }
    }

    fn send(&mut self, at: usize, id: u64, attempt: u32, route: &Route) {
        let to = index(&route.owner);
        let is_gone = !self.nodes[to].is_up && !self.net.is_broken(at, to);
        let is_away = self.nodes[at].avoids & (1 << to) != 0;
        if to != at && (is_gone || is_away) {
            self.nodes[at].caller.not_sent(id, attempt);
            return;
        }
        let frame = Frame::Call {
            k: id as usize,
            attempt,
            epoch: route.epoch,
        };
        self.put(at, to, frame);
    }

    /// Whoever called hears what came of it.
    pub(super) fn tell(&mut self, k: usize, told: Told) {
        if self.calls[k].told.replace(told).is_some() {
            self.is_wrong("a call has two outcomes");
        }
        if told == Told::NotExecuted && self.calls[k].ran > 0 {
            self.is_wrong("a call that ran is said not to have run");
        }
        if told != Told::Result && !self.is_faulty {
            self.is_wrong("a call fails though nothing has failed");
        }
    }

    pub(super) fn replied(&mut self, at: usize, k: usize, attempt: u32, failed: bool) {
        if self.nodes[at].caller.replied(k as u64, attempt).is_some() {
            self.tell(k, if failed { Told::Unknown } else { Told::Result });
            self.drive(at);
        }
    }

    pub(super) fn moved(&mut self, at: usize, k: usize, attempt: u32, hint: Option<Route>) {
        self.nodes[at].caller.moved(k as u64, attempt, hint);
        self.drive(at);
    }

    /// Whoever called waits no longer.
    pub(super) fn time_out(&mut self, k: usize) {
        let at = self.sender(k);
        let Some((_, executed)) = self.nodes[at].caller.give_up(k as u64) else {
            return;
        };
        let told = match executed {
            Executed::NotExecuted => Told::NotExecuted,
            Executed::Unknown => Told::Unknown,
        };
        self.tell(k, told);
        self.drive(at);
    }

    /// What a node that asks where the entity is may be told.
    pub(super) fn answers(&self, at: usize) -> Vec<Route> {
        let Some(seen) = self.nodes[at].asking else {
            return Vec::new();
        };
        let earlier = self.earlier.clone().filter(|_| self.budget.stale_reads > 0);
        let mut answers: Vec<Route> = self.route().into_iter().collect();
        answers.extend(
            self.nodes
                .iter()
                .filter(|node| node.runs())
                .filter_map(|node| {
                    let epoch = node.active.as_ref()?.tenure.epoch()?;
                    Some(Route {
                        owner: node.lease.owner().clone(),
                        epoch,
                    })
                }),
        );
        answers.sort_by_key(|route| (route.epoch, index(&route.owner)));
        answers.dedup();
        answers.retain(|route| {
            let to = index(&route.owner);
            self.nodes[to].is_up || self.net.is_broken(at, to)
        });
        answers.extend(earlier);
        answers.retain(|route| route.epoch > seen);
        answers
    }

    pub(super) fn locate(&mut self, at: usize, route: Route) {
        let is_fresh = Some(&route) == self.route().as_ref();
        if !is_fresh && self.earlier.as_ref() == Some(&route) {
            self.budget.stale_reads = self.budget.stale_reads.saturating_sub(1);
        }
        self.nodes[at].asking = None;
        self.nodes[at].caller.located(Ok(route));
        self.drive(at);
    }
}
