//! Links: a queue of frames for each pair of nodes and direction, in order.

use std::collections::VecDeque;

use playhouse_cluster::placement::{Route, Rule};

use super::World;

/// What travels.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Frame {
    /// A call with the epoch that it is for.
    Call { k: usize, attempt: u32, epoch: u64 },
    /// It ran, or it began and was cut off.
    Reply {
        k: usize,
        attempt: u32,
        failed: bool,
    },
    /// It did not start there.
    Moved {
        k: usize,
        attempt: u32,
        hint: Option<Route>,
    },
    /// An activation is handed over, with its volatile state.
    Offer {
        epoch: u64,
        state: u8,
        from: u64,
        to: u64,
    },
    /// The offer was taken, or not.
    Done { epoch: u64, ok: bool },
    /// I go: send no more.
    Away,
    /// I send no more.
    AwayAck,
    /// The link is broken. What follows is on a new one.
    End,
}

/// A queue for each direction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Net {
    nodes: usize,
    queues: Vec<VecDeque<Frame>>,
}

impl Net {
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            nodes,
            queues: vec![VecDeque::new(); nodes * nodes],
        }
    }

    pub(super) fn queue(&self, from: usize, to: usize) -> &VecDeque<Frame> {
        &self.queues[from * self.nodes + to]
    }

    pub(super) fn queue_mut(&mut self, from: usize, to: usize) -> &mut VecDeque<Frame> {
        &mut self.queues[from * self.nodes + to]
    }

    /// Whether `from` has yet to notice that its link to `to` is broken.
    pub(super) fn is_broken(&self, from: usize, to: usize) -> bool {
        self.queue(to, from).contains(&Frame::End)
    }

    /// Cuts a link: what is on it from `a` to `b` is lost or not, the other way it is lost.
    pub(super) fn cut(&mut self, a: usize, b: usize, keeps: bool) {
        if !keeps {
            self.queue_mut(a, b).clear();
        }
        self.queue_mut(a, b).push_back(Frame::End);
        self.queue_mut(b, a).clear();
        self.queue_mut(b, a).push_back(Frame::End);
    }
}

impl World {
    /// Whether a frame can leave `from` for `to`.
    pub(super) fn is_open(&self, from: usize, to: usize) -> bool {
        from == to || (self.nodes[to].is_up && !self.net.is_broken(from, to))
    }

    /// Sends a frame; on a link that is broken it is lost.
    pub(super) fn put(&mut self, from: usize, to: usize, frame: Frame) {
        if !self.is_open(from, to) {
            return;
        }
        let is_sound = self.setting.without.has(Rule::OldLinkFirst);
        let queue = self.net.queue_mut(from, to);
        if is_sound || !queue.contains(&Frame::End) {
            queue.push_back(frame);
        } else {
            queue.push_front(frame);
        }
    }
}
