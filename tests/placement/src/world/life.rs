//! Processes, leases and links, and what becomes of them.

use playhouse_cluster::placement::Rule;

use super::net::Frame;
use super::{LATE_US, Node, World, granted};

impl World {
    pub(super) fn life(&self, at: usize) -> (usize, u64) {
        (at, self.nodes[at].incarnation())
    }

    /// The process is no more. What it sent may still come.
    pub(super) fn vanish(&mut self, at: usize) {
        if let Some(active) = self.nodes[at].active.take() {
            self.keep_late(&active);
        }
        let node = &mut self.nodes[at];
        node.is_up = false;
        node.is_paused = false;
        node.in_slice = false;
        node.asking = None;
        node.avoids = 0;
        for other in 0..self.nodes.len() {
            self.net.queue_mut(other, at).clear();
            if other != at && self.nodes[other].is_up && !self.net.is_broken(other, at) {
                self.net.queue_mut(at, other).push_back(Frame::End);
            }
        }
    }

    /// It starts anew: only one process has its data folder, so its former life is over.
    pub(super) fn restart(&mut self, at: usize) {
        let (_, incarnation) = self.life(at);
        self.prove_over(at);
        self.nodes[at] = Node::new(at, incarnation + 1, self.setting.without);
    }

    pub(super) fn prove_over(&mut self, at: usize) {
        let life = self.life(at);
        if !self.over.contains(&life) {
            self.over.push(life);
            self.over.sort_unstable();
        }
    }

    /// The node's lease was not renewed for as long as others wait.
    pub(super) fn expire(&mut self, at: usize) {
        self.is_lossy = true;
        self.nodes[at].now_us = LATE_US;
    }

    pub(super) fn renew(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        node.now_us = 0;
        node.lease = granted(node.lease.clone());
    }

    /// The node hears that its lease is another's.
    pub(super) fn fence(&mut self, at: usize) {
        self.nodes[at].lease.fenced();
        if self.setting.without.has(Rule::Discard) {
            self.drop_active(at, None);
            self.nodes[at].in_slice = false;
        }
        let node = &mut self.nodes[at];
        node.lease = node.lease.next_life();
        self.renew(at);
    }

    /// A node comes to the end of a link.
    pub(super) fn link_lost(&mut self, at: usize, other: usize) {
        let name = super::owner(other, 0).node;
        self.nodes[at].caller.link_lost(&name);
        self.drive(at);
        let is_sent = self.active(at).is_some_and(|active| {
            active.tenure.is_sent() && active.peer.is_some_and(|(peer, _)| peer == other)
        });
        if is_sent {
            self.abort(at);
        }
    }

    pub(super) fn deliver(&mut self, from: usize, to: usize) {
        let Some(frame) = self.net.queue_mut(from, to).pop_front() else {
            return;
        };
        match frame {
            Frame::Call { k, attempt, epoch } => self.take_call(to, k, attempt, epoch),
            Frame::Reply { k, attempt, failed } => self.replied(to, k, attempt, failed),
            Frame::Moved { k, attempt, hint } => self.moved(to, k, attempt, hint),
            Frame::Offer { .. } => self.offered(to, from, &frame),
            Frame::Done { epoch, ok } => self.handoff_done(to, from, epoch, ok),
            Frame::Away => {
                self.nodes[to].avoids |= 1 << from;
                self.put(to, from, Frame::AwayAck);
            }
            Frame::AwayAck => self.nodes[to].acks |= 1 << from,
            Frame::End => self.link_lost(to, from),
        }
    }

    pub(super) fn go_away(&mut self, at: usize) {
        self.nodes[at].is_exiting = true;
        if !self.setting.without.has(Rule::GoAwayFirst) {
            return;
        }
        for other in 0..self.nodes.len() {
            if other != at {
                self.put(at, other, Frame::Away);
            }
        }
    }

    pub(super) fn may_exit(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        let is_heard =
            |other: usize| other == at || node.acks & (1 << other) != 0 || !self.is_open(at, other);
        node.is_exiting
            && (!self.setting.without.has(Rule::GoAwayFirst) || (0..self.nodes.len()).all(is_heard))
    }
}
