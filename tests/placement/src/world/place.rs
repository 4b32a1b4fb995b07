//! The owner's side, and the store's.

use playhouse_cluster::placement::{Admission, Route, Rule, Tenure};

use super::net::Frame;
use super::{Active, Asked, Record, Request, Taken, Told, World, owner};

impl World {
    pub(super) fn active(&self, at: usize) -> Option<&Active> {
        self.nodes[at].active.as_ref()
    }

    pub(super) fn holds(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        node.lease.holds(node.now_us)
    }

    fn me(&self, at: usize) -> (usize, u64) {
        (at, self.nodes[at].incarnation())
    }

    fn ask(&mut self, at: usize, what: Asked) {
        let (node, incarnation) = self.me(at);
        if let Some(active) = &mut self.nodes[at].active {
            active.request = Some(Request {
                node,
                incarnation,
                what,
            });
            active.answer = None;
        }
    }

    /// A call comes to a node.
    pub(super) fn take_call(&mut self, at: usize, k: usize, attempt: u32, epoch: u64) {
        let taken = Taken {
            k,
            attempt,
            epoch: Some(epoch),
        };
        let active = self.nodes[at].active.as_mut();
        match active {
            Some(active) if active.tenure.admits(epoch) != Admission::Moved => {
                active.queue.push(taken);
            }
            _ => match self.record.owner {
                Some((to, _)) if to != at && !self.setting.without.has(Rule::NeverForward) => {
                    let epoch = self.record.epoch;
                    self.put(at, to, Frame::Call { k, attempt, epoch });
                }
                _ => self.bounce(at, taken, None),
            },
        }
    }

    fn bounce(&mut self, at: usize, taken: Taken, hint: Option<Route>) {
        let Taken { k, attempt, epoch } = taken;
        if epoch.is_some() {
            let to = self.sender(k);
            self.put(at, to, Frame::Moved { k, attempt, hint });
        } else {
            self.place(k);
        }
    }

    /// Looks at all calls that wait, after the tenure has changed.
    pub(super) fn settle(&mut self, at: usize, hint: Option<Route>) {
        let Some(active) = &mut self.nodes[at].active else {
            return;
        };
        if active.tenure.is_over() {
            self.drop_active(at, hint);
            return;
        }
        let tenure = &active.tenure;
        let is_moved = |taken: &Taken| {
            let admission = taken.epoch.map(|epoch| tenure.admits(epoch));
            admission == Some(Admission::Moved)
        };
        let (moved, kept) = active.queue.iter().partition(|taken| is_moved(taken));
        active.queue = kept;
        let moved: Vec<Taken> = moved;
        for taken in moved {
            self.bounce(at, taken, hint.clone());
        }
    }

    /// The activation is gone: what ran in it may have run, what waited did not.
    pub(super) fn drop_active(&mut self, at: usize, hint: Option<Route>) {
        let Some(active) = self.nodes[at].active.take() else {
            return;
        };
        self.keep_late(&active);
        if let Some(running) = active.running {
            let Taken { k, attempt, epoch } = running;
            if epoch.is_some() {
                let to = self.sender(k);
                let failed = true;
                self.put(at, to, Frame::Reply { k, attempt, failed });
            } else {
                self.tell(k, Told::Unknown);
            }
        }
        for taken in active.queue {
            self.bounce(at, taken, hint.clone());
        }
    }

    /// What was asked of the store may be done though nobody waits for it.
    pub(super) fn keep_late(&mut self, active: &Active) {
        if let (Some(request), None) = (active.request, active.answer) {
            self.late.push(request);
            self.late
                .sort_by_key(|request| (request.node, request.incarnation));
        }
    }

    pub(super) fn start(&mut self, at: usize) {
        let is_stale = self.record.owner != Some(self.me(at));
        let Some(active) = &mut self.nodes[at].active else {
            return;
        };
        let taken = active.queue.remove(0);
        active.running = Some(taken);
        let k = taken.k;
        self.calls[k].ran += 1;
        if self.calls[k].ran > 1 && !self.is_idempotent(k) {
            self.is_wrong("a call runs twice");
        }
        if self.calls[k].told == Some(Told::NotExecuted) {
            self.is_wrong("a call that was said not to have run runs");
        }
        if is_stale {
            self.is_wrong("a call starts where the entity is not");
        }
        let is_overtaken = (k + 1..self.calls.len())
            .any(|later| self.sender(later) == self.sender(k) && self.started & (1 << later) != 0);
        if is_overtaken && !self.is_idempotent(k) {
            self.is_wrong("a call starts after a later one of the same sender");
        }
        self.started |= 1 << k;
    }

    pub(super) fn finish(&mut self, at: usize) {
        let is_mine = self.record.owner == Some(self.me(at));
        let in_slice = std::mem::take(&mut self.nodes[at].in_slice);
        let Some(active) = &mut self.nodes[at].active else {
            return;
        };
        let Some(taken) = active.running.take() else {
            return;
        };
        let Taken { k, attempt, epoch } = taken;
        active.state |= 1 << k;
        if is_mine {
            self.memory |= 1 << k;
        } else if !in_slice {
            self.is_wrong("a handler runs on where the entity is not");
        }
        if epoch.is_some() {
            let to = self.sender(k);
            let failed = false;
            self.put(at, to, Frame::Reply { k, attempt, failed });
        } else {
            self.tell(k, Told::Result);
        }
    }

    pub(super) fn claim(&mut self, at: usize) {
        let asking = self.nodes.iter().filter_map(|node| node.asking);
        let seen = asking.min().unwrap_or(0);
        let tenure = Tenure::claiming(seen, self.setting.without.rules());
        self.nodes[at].active = Some(Active::new(tenure));
        let me = self.me(at);
        let from = self.record.owner.filter(|owner| *owner != me);
        self.ask(at, Asked::Claim { from });
    }

    /// Whether somebody waits for the entity, and this node may take it.
    pub(super) fn may_claim(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        let is_free = match self.record.owner {
            None => true,
            Some(owner) => {
                owner == self.me(at)
                    || self.over.contains(&owner)
                    || !self.setting.without.has(Rule::ClaimWhenOver)
            }
        };
        is_free
            && node.active.is_none()
            && !node.is_exiting
            && self.setting.scenario.hosts.contains(&at)
            && self.holds(at)
            && self.nodes.iter().any(|node| node.asking.is_some())
    }

    /// Whether somebody who asks for it knows that the epoch which runs here is over.
    pub(super) fn is_overtaken(&self, at: usize) -> bool {
        let Some(active) = self.active(at) else {
            return false;
        };
        let epoch = active.tenure.epoch().filter(|_| active.request.is_none());
        let asking = self.nodes.iter().filter_map(|node| node.asking).max();
        epoch.zip(asking).is_some_and(|(epoch, seen)| seen >= epoch)
    }

    pub(super) fn passivate(&mut self, at: usize) {
        let active = self.nodes[at].active.as_mut();
        let Some((epoch, true)) =
            active.map(|active| (active.tenure.epoch(), active.tenure.releasing()))
        else {
            return;
        };
        let epoch = epoch.unwrap_or(0);
        self.ask(at, Asked::Release { epoch });
    }

    pub(super) fn freeze(&mut self, at: usize, to: usize) {
        let peer = self.me(to);
        if let Some(active) = &mut self.nodes[at].active
            && active.tenure.freeze()
        {
            active.peer = Some(peer);
        }
    }

    /// The activation is offered, or not if the link is gone.
    pub(super) fn offer(&mut self, at: usize) {
        let (_, from) = self.me(at);
        let Some((to, life)) = self.active(at).and_then(|active| active.peer) else {
            return;
        };
        let is_open = self.is_open(at, to);
        let is_sound = self.setting.without.has(Rule::ReceiverSets);
        let is_current = self.route().map(|route| route.epoch);
        let Some(active) = &mut self.nodes[at].active else {
            return;
        };
        if !is_open {
            active.tenure.thaw();
            active.peer = None;
            return;
        }
        let epoch = active.tenure.epoch().unwrap_or(0);
        let state = active.state;
        active.tenure.handoff_sent();
        if !is_sound && is_current == Some(epoch) {
            self.record.owner = Some((to, life));
            self.record.epoch += 1;
        }
        let frame = Frame::Offer {
            epoch,
            state,
            from,
            to: life,
        };
        self.put(at, to, frame);
    }

    pub(super) fn offered(&mut self, at: usize, by: usize, frame: &Frame) {
        let Frame::Offer {
            epoch,
            state,
            from,
            to,
        } = *frame
        else {
            return;
        };
        let node = &self.nodes[at];
        let is_welcome = node.active.is_none() && !node.is_exiting && node.incarnation() == to;
        if !is_welcome || !self.holds(at) {
            let ok = false;
            self.put(at, by, Frame::Done { epoch, ok });
            return;
        }
        let mut tenure = Tenure::staging(epoch, self.setting.without.rules());
        let is_set = !self.setting.without.has(Rule::ReceiverSets);
        if is_set {
            tenure.claimed(epoch + 1);
        }
        let mut active = Active::new(tenure);
        active.state = state;
        active.peer = Some((by, from));
        self.nodes[at].active = Some(active);
        if is_set {
            let ok = true;
            self.put(at, by, Frame::Done { epoch, ok });
        } else {
            let from = (by, from);
            self.ask(at, Asked::Stage { epoch, from });
        }
    }

    pub(super) fn handoff_done(&mut self, at: usize, by: usize, epoch: u64, ok: bool) {
        let is_sound = self.setting.without.has(Rule::QueueStays);
        let Some(active) = &mut self.nodes[at].active else {
            return;
        };
        let Some((to, life)) = active.peer.filter(|(peer, _)| *peer == by) else {
            return;
        };
        if !ok {
            if active.tenure.handoff_refused(epoch) {
                active.peer = None;
                self.settle(at, None);
            }
            return;
        }
        if !active.tenure.handoff_done(epoch) {
            return;
        }
        let epoch = epoch + 1;
        if !is_sound {
            for taken in std::mem::take(&mut active.queue) {
                let Taken { k, attempt, .. } = taken;
                self.put(at, to, Frame::Call { k, attempt, epoch });
            }
        }
        let hint = Route {
            owner: owner(to, life),
            epoch,
        };
        self.settle(at, Some(hint));
    }

    /// A handoff is called off.
    pub(super) fn abort(&mut self, at: usize) {
        let Some(active) = &mut self.nodes[at].active else {
            return;
        };
        match active.tenure.abort() {
            Some(epoch) => self.ask(at, Asked::Abort { epoch }),
            None => {
                active.peer = None;
                self.settle(at, None);
            }
        }
    }

    /// The store does what it is asked for. Gives the epoch that it has made.
    pub(super) fn land(&mut self, request: Request) -> Option<u64> {
        let me = (request.node, request.incarnation);
        let Record { owner, epoch } = self.record;
        let without = self.setting.without;
        let is_done = match request.what {
            Asked::Claim { from } => {
                owner.is_none()
                    || owner == Some(me)
                    || owner == from
                    || !without.has(Rule::CompareAndSet)
            }
            Asked::Stage { epoch: of, from } => owner == Some(from) && epoch == of,
            Asked::Abort { epoch: of } => owner == Some(me) && epoch == of,
            Asked::Release { epoch: of } => {
                owner == Some(me) && epoch == of || !without.has(Rule::ReleaseMine)
            }
        };
        if !is_done {
            return None;
        }
        self.earlier = self.route().filter(|_| self.budget.stale_reads > 0);
        match request.what {
            Asked::Release { .. } => {
                self.record.owner = None;
                self.memory = 0;
                return Some(epoch);
            }
            Asked::Claim { .. } => {
                if owner.is_some() && !self.is_lossy {
                    self.is_wrong("volatile state is lost though nothing has failed");
                }
                self.memory = 0;
            }
            Asked::Stage { .. } | Asked::Abort { .. } => {}
        }
        self.record = Record {
            owner: Some(me),
            epoch: epoch + 1,
        };
        Some(epoch + 1)
    }

    /// The store's answer comes.
    pub(super) fn answered(&mut self, at: usize) {
        let (memory, is_lossy) = (self.memory, self.is_lossy);
        let Some(active) = &mut self.nodes[at].active else {
            return;
        };
        let (Some(request), Some(answer)) = (active.request.take(), active.answer.take()) else {
            return;
        };
        let mut done = None;
        match (request.what, answer) {
            (Asked::Claim { .. }, Some(epoch)) => {
                active.tenure.claimed(epoch);
            }
            (Asked::Stage { epoch: of, from }, Some(epoch)) => {
                active.tenure.claimed(epoch);
                active.peer = None;
                done = Some((from.0, of, true));
            }
            (Asked::Claim { .. }, None) => {
                active.tenure.claim_failed();
            }
            (Asked::Stage { epoch, from }, None) => {
                active.tenure.claim_failed();
                done = Some((from.0, epoch, false));
            }
            (Asked::Abort { .. }, Some(epoch)) => {
                active.tenure.aborted(epoch);
                active.peer = None;
            }
            (Asked::Abort { .. }, None) => {
                active.tenure.abort_failed();
            }
            (Asked::Release { .. }, _) => {
                active.tenure.released();
            }
        }
        let is_changed = active.state != memory;
        if let Some((to, epoch, ok)) = done {
            if ok && is_changed && !is_lossy {
                self.is_wrong("volatile state is lost though nothing has failed");
            }
            self.put(at, to, Frame::Done { epoch, ok });
        }
        self.settle(at, None);
    }

    /// The node waits for the store no longer.
    pub(super) fn give_up(&mut self, at: usize) {
        let is_sound = self.setting.without.has(Rule::ClaimAnew);
        let next = self.record.epoch + 1;
        let Some(active) = self.nodes[at].active.clone() else {
            return;
        };
        self.keep_late(&active);
        let Some(active) = &mut self.nodes[at].active else {
            return;
        };
        let answer = active.answer.take();
        match active.request.map(|request| request.what) {
            Some(Asked::Release { .. }) | None => return,
            Some(Asked::Claim { .. }) if !is_sound => {
                active.tenure.claimed(answer.flatten().unwrap_or(next));
            }
            Some(Asked::Claim { .. } | Asked::Stage { .. }) => {
                active.tenure.claim_failed();
            }
            Some(Asked::Abort { .. }) => {
                active.tenure.abort_failed();
            }
        }
        active.request = None;
        self.settle(at, None);
    }
}
