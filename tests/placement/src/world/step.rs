//! What may happen in a state, and what comes of it.

use playhouse_cluster::placement::Rule;

use super::{Asked, World, index};

/// What happens: to a node, to a call, or on the way from one node to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is said in words by `describe`")]
pub enum Step {
    Issue(usize),
    Locate(usize, usize),
    Deliver(usize, usize),
    Start(usize),
    Finish(usize),
    Overtaken(usize),
    Claim(usize),
    Land(usize),
    Answer(usize),
    GiveUp(usize),
    LandLate(usize),
    Freeze(usize, usize),
    Offer(usize),
    Abort(usize),
    Passivate(usize),
    Crash(usize),
    Restart(usize),
    Pause(usize),
    Resume(usize),
    Cut(usize),
    Expire(usize),
    Revoke(usize),
    Renew(usize),
    Fence(usize),
    Break(usize, usize, bool),
    TimeOut(usize),
    GoAway(usize),
    Exit(usize),
}

impl World {
    pub(super) fn all_steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (k, call) in self.calls.iter().enumerate() {
            let at = self.sender(k);
            let is_next = (0..k).all(|of| self.sender(of) != at || self.calls[of].is_issued);
            if !call.is_issued && is_next {
                steps.push(Step::Issue(k));
            }
            let is_placed = self.nodes[at].caller.get(k as u64).is_some();
            if self.budget.timeouts > 0 && is_placed {
                steps.push(Step::TimeOut(k));
            }
        }
        for at in 0..self.nodes.len() {
            self.steps_of_life(at, &mut steps);
            self.steps_of_store(at, &mut steps);
            if self.nodes[at].runs() {
                self.steps_of_node(at, &mut steps);
            }
            self.steps_of_links(at, &mut steps);
        }
        steps.extend((0..self.late.len()).map(Step::LandLate));
        steps
    }

    fn steps_of_life(&self, at: usize, steps: &mut Vec<Step>) {
        let node = &self.nodes[at];
        let is_caller = (0..self.calls.len()).any(|k| self.sender(k) == at);
        let is_busy = node.active.is_some()
            || (0..self.nodes.len()).any(|from| !self.net.queue(from, at).is_empty());
        let is_late = node.now_us > 0;
        let is_over = self.over.contains(&self.life(at));
        if !node.is_up && !node.is_exiting {
            steps.push(Step::Restart(at));
        }
        if (!node.is_up && !node.is_exiting || node.is_paused) && !is_late {
            steps.push(Step::Expire(at));
        }
        if is_late && !is_over && self.record.owner == Some(self.life(at)) {
            steps.push(Step::Revoke(at));
        }
        if node.is_paused {
            steps.push(Step::Resume(at));
        }
        if !node.runs() {
            return;
        }
        if self.budget.crashes > 0 && !is_caller && is_busy {
            steps.push(Step::Crash(at));
        }
        if self.budget.pauses > 0 && node.active.is_some() {
            steps.push(Step::Pause(at));
        }
        if self.budget.cuts > 0 && node.active.is_some() && !is_late {
            steps.push(Step::Cut(at));
        }
        if is_late {
            steps.push(if is_over {
                Step::Fence(at)
            } else {
                Step::Renew(at)
            });
        }
    }

    /// The store does its part for a process that is stopped, too.
    fn steps_of_store(&self, at: usize, steps: &mut Vec<Step>) {
        let Some(active) = self.active(at) else {
            return;
        };
        if active.request.is_some() && active.answer.is_none() {
            steps.push(Step::Land(at));
        }
    }

    fn steps_of_node(&self, at: usize, steps: &mut Vec<Step>) {
        let node = &self.nodes[at];
        steps.extend((0..self.answers(at).len()).map(|of| Step::Locate(at, of)));
        if self.may_claim(at) {
            steps.push(Step::Claim(at));
        }
        let has_handed_over = node.active.is_none() && self.budget.handoffs == 0;
        if self.setting.scenario.has_exit && at == 0 && !node.is_exiting && has_handed_over {
            steps.push(Step::GoAway(at));
        }
        if self.may_exit(at) {
            steps.push(Step::Exit(at));
        }
        let Some(active) = &node.active else {
            return;
        };
        let is_over = self.over.contains(&self.life(at));
        if active.running.is_some() && (self.holds(at) || node.in_slice || !is_over) {
            steps.push(Step::Finish(at));
        }
        if active.answer.is_some() {
            steps.push(Step::Answer(at));
        }
        if active.request.is_some() && self.budget.lost_answers > 0 {
            steps.push(Step::GiveUp(at));
        }
        if active.tenure.is_sent() {
            steps.push(Step::Abort(at));
        }
        if self.is_overtaken(at) && self.setting.without.has(Rule::OvertakenEnds) {
            steps.push(Step::Overtaken(at));
        }
        let is_idle = active.running.is_none();
        let waits = active.request.is_some() || active.tenure.epoch().is_none();
        let is_mine = active.peer.is_none() && !waits;
        let is_frozen = active.peer.is_some() && !waits && !active.tenure.is_sent();
        if is_frozen && (is_idle || !self.setting.without.has(Rule::Quiesce)) {
            steps.push(Step::Offer(at));
        }
        if !self.holds(at) {
            return;
        }
        if is_idle && !active.queue.is_empty() && active.tenure.may_start() {
            steps.push(Step::Start(at));
        }
        if is_mine && self.budget.passivations > 0 && is_idle && active.queue.is_empty() {
            steps.push(Step::Passivate(at));
        }
        if is_mine && self.budget.handoffs > 0 {
            let hosts = self.setting.scenario.hosts.iter().copied();
            let fit = |to: usize| to != at && self.nodes[to].is_up && !self.nodes[to].is_exiting;
            steps.extend(hosts.filter(|to| fit(*to)).map(|to| Step::Freeze(at, to)));
        }
    }

    fn steps_of_links(&self, at: usize, steps: &mut Vec<Step>) {
        for other in 0..self.nodes.len() {
            if self.nodes[at].runs() && !self.net.queue(other, at).is_empty() {
                steps.push(Step::Deliver(other, at));
            }
            let is_whole = other != at
                && self.nodes[at].is_up
                && self.nodes[other].is_up
                && !self.net.is_broken(at, other)
                && !self.net.is_broken(other, at);
            if self.budget.breaks == 0 || !is_whole {
                continue;
            }
            let (out, back) = (self.net.queue(at, other), self.net.queue(other, at));
            if !out.is_empty() {
                steps.push(Step::Break(at, other, true));
            }
            let is_used =
                !out.is_empty() || !back.is_empty() || self.uses(at, other) || self.uses(other, at);
            if at < other && is_used {
                steps.push(Step::Break(at, other, false));
            }
        }
    }

    /// Whether a node waits for something from another.
    fn uses(&self, at: usize, other: usize) -> bool {
        let caller = &self.nodes[at].caller;
        let is_sent = self
            .active(at)
            .is_some_and(|active| active.tenure.is_sent());
        let is_there = caller
            .route()
            .is_some_and(|route| index(&route.owner) == other);
        is_sent || is_there && caller.len() > caller.held()
    }

    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::Issue(k) => self.issue(k),
            Step::Locate(at, of) => {
                if let Some(route) = self.answers(at).into_iter().nth(of) {
                    self.locate(at, route);
                }
            }
            Step::Deliver(from, to) => self.deliver(from, to),
            Step::Start(at) => self.start(at),
            Step::Finish(at) => self.finish(at),
            Step::Overtaken(at) => self.drop_active(at, None),
            Step::Claim(at) => self.claim(at),
            Step::Land(at) => {
                let request = self.active(at).and_then(|active| active.request);
                let answer = request.map(|request| self.land(request));
                if let Some(active) = &mut self.nodes[at].active {
                    active.answer = answer;
                }
            }
            Step::Answer(at) => self.answered(at),
            Step::GiveUp(at) => {
                self.budget.lost_answers -= 1;
                (self.is_faulty, self.is_lossy) = (true, true);
                self.give_up(at);
            }
            Step::LandLate(of) => {
                let request = self.late.remove(of);
                self.land(request);
            }
            Step::Freeze(at, to) => {
                self.budget.handoffs -= 1;
                self.freeze(at, to);
            }
            Step::Offer(at) => self.offer(at),
            Step::Abort(at) => self.abort(at),
            Step::Passivate(at) => {
                self.budget.passivations -= 1;
                self.passivate(at);
            }
            Step::Crash(at) => {
                self.budget.crashes -= 1;
                (self.is_faulty, self.is_lossy) = (true, true);
                self.vanish(at);
            }
            Step::Restart(at) => self.restart(at),
            Step::Pause(at) => {
                self.budget.pauses -= 1;
                self.is_faulty = true;
                let node = &mut self.nodes[at];
                node.is_paused = true;
                node.in_slice = node.active.as_ref().is_some_and(|a| a.running.is_some());
            }
            Step::Resume(at) => self.nodes[at].is_paused = false,
            Step::Cut(at) => {
                self.budget.cuts -= 1;
                self.is_faulty = true;
                self.expire(at);
            }
            Step::Expire(at) => self.expire(at),
            Step::Revoke(at) => self.prove_over(at),
            Step::Renew(at) => self.renew(at),
            Step::Fence(at) => self.fence(at),
            Step::Break(at, other, keeps) => {
                self.budget.breaks -= 1;
                self.is_faulty = true;
                self.net.cut(at, other, keeps);
            }
            Step::TimeOut(k) => {
                self.budget.timeouts -= 1;
                self.is_faulty = true;
                self.time_out(k);
            }
            Step::GoAway(at) => self.go_away(at),
            Step::Exit(at) => {
                self.prove_over(at);
                self.vanish(at);
            }
        }
    }

    pub(super) fn in_words(&self, step: Step) -> String {
        match step {
            Step::Issue(k) => format!("node {} makes call {}", self.sender(k), k + 1),
            Step::Locate(at, of) => match self.answers(at).get(of) {
                Some(route) => format!(
                    "node {at} is told that it is on node {} in epoch {}",
                    index(&route.owner),
                    route.epoch
                ),
                None => format!("node {at} is told nothing"),
            },
            Step::Deliver(from, to) => match self.net.queue(from, to).front() {
                Some(frame) => format!("node {to} gets from node {from}: {frame:?}"),
                None => format!("node {to} gets nothing from node {from}"),
            },
            Step::Start(at) => {
                let next = self.active(at).and_then(|active| active.queue.first());
                let k = next.map_or(0, |taken| taken.k + 1);
                format!("node {at} starts call {k}")
            }
            Step::Finish(at) => {
                let running = self.active(at).and_then(|active| active.running);
                let k = running.map_or(0, |taken| taken.k + 1);
                format!("node {at} finishes call {k}")
            }
            Step::Overtaken(at) => format!("node {at} is asked for a later epoch than its own"),
            Step::Claim(at) => format!("node {at} asks to claim it"),
            Step::Land(at) => format!("the store gets {}", self.request_in_words(at)),
            Step::Answer(at) => format!("node {at} is answered by the store"),
            Step::GiveUp(at) => format!(
                "node {at} waits no longer for {}",
                self.request_in_words(at)
            ),
            Step::LandLate(of) => format!("the store gets late: {:?}", self.late.get(of)),
            Step::Freeze(at, to) => format!("node {at} is to hand it over to node {to}"),
            Step::Offer(at) => format!("node {at} offers it"),
            Step::Abort(at) => format!("node {at} calls the handoff off"),
            Step::Passivate(at) => format!("node {at} passivates it"),
            Step::Crash(at) => format!("node {at} dies"),
            Step::Restart(at) => format!("node {at} starts anew"),
            Step::Pause(at) => format!("node {at} is stopped"),
            Step::Resume(at) => format!("node {at} goes on"),
            Step::Cut(at) => format!("node {at} could not renew its lease"),
            Step::Expire(at) => format!("node {at} has not renewed its lease"),
            Step::Revoke(at) => format!("the lease of node {at} is revoked"),
            Step::Renew(at) => format!("node {at} renews its lease"),
            Step::Fence(at) => format!("node {at} hears that it has lost its lease"),
            Step::Break(at, other, true) => {
                format!(
                    "the link of nodes {at} and {other} breaks, what is on it to node {other} arrives"
                )
            }
            Step::Break(at, other, false) => format!("the link of nodes {at} and {other} breaks"),
            Step::TimeOut(k) => format!("the caller of call {} waits no longer", k + 1),
            Step::GoAway(at) => format!("node {at} is about to go"),
            Step::Exit(at) => format!("node {at} goes"),
        }
    }

    fn request_in_words(&self, at: usize) -> String {
        let request = self.active(at).and_then(|active| active.request);
        let what = match request.map(|request| request.what) {
            Some(Asked::Claim { from: None }) => "the claim".to_owned(),
            Some(Asked::Claim {
                from: Some((node, life)),
            }) => {
                format!("the claim from node {node} in its life {life}")
            }
            Some(Asked::Stage { epoch, .. }) => format!("the receiver's claim after epoch {epoch}"),
            Some(Asked::Abort { epoch }) => format!("the sender's claim after epoch {epoch}"),
            Some(Asked::Release { epoch }) => format!("the release of epoch {epoch}"),
            None => "nothing".to_owned(),
        };
        format!("{what} of node {at}")
    }
}
