//! What may happen in a state, and what comes of it.

use std::fmt;
use std::sync::Arc;

use playhouse_store::durable::{Ack, Arrival, Delivery, Row, Verdict};
use playhouse_store::{Commit, Committed, Document, End, StoreError};

use super::body::Body;
use super::net::Message;
use super::{Live, NAMES, World, entity_of, id};
use crate::scenario::{Habit, Scenario, Without};

/// What happens: to a node and an entity, or to a message by its place among those on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is said in words by `describe`")]
pub enum Step {
    Crash(usize),
    Panic(usize, usize),
    Claim(usize, usize),
    Load(usize, usize),
    Give(usize, usize, usize),
    SendRest(usize, usize),
    Touch(usize, usize),
    Look(usize, usize, usize),
    Commit(usize, usize),
    Release(usize, usize),
    Delete(usize, usize),
    Remove(usize),
    GiveUp(usize, usize),
    Land(usize),
    Answer(usize, usize),
    Run(usize, usize),
    Refuse(usize, usize),
    Acked(usize, usize),
}

impl World {
    /// Everything that may happen now.
    pub fn steps(&self, without: Without) -> Vec<Step> {
        let mut steps = Vec::new();
        let budget = &self.budget;
        for node in 0..self.nodes.len() {
            let is_up = self.nodes[node].lives.iter().any(Option::is_some);
            if budget.crashes > 0 && is_up {
                steps.push(Step::Crash(node));
            }
            for entity in 0..2 {
                match self.live(node, entity) {
                    Some(live) => self.steps_of(live, node, entity, without, &mut steps),
                    None if self.nodes[node].coming[entity].is_some() => {
                        steps.push(Step::Load(node, entity));
                    }
                    None if budget.claims > 0 => steps.push(Step::Claim(node, entity)),
                    None => {}
                }
            }
        }
        if budget.removals > 0 {
            steps.extend((0..2).map(Step::Remove));
        }
        for (index, message) in self.net.iter().enumerate() {
            let to = match message {
                Message::Commit(_) => {
                    steps.push(Step::Land(index));
                    continue;
                }
                Message::Answer { commit, .. } => entity_of(&commit.id),
                Message::Delivery(delivery) => entity_of(&delivery.row.to),
                Message::Ack(ack) => entity_of(&ack.from),
            };
            for node in 0..self.nodes.len() {
                let Some(live) = self.live(node, to) else {
                    continue;
                };
                match message {
                    Message::Commit(_) => {}
                    Message::Answer { commit, .. } => {
                        if live.awaits(commit) {
                            steps.push(Step::Answer(node, index));
                        }
                    }
                    Message::Delivery(delivery) => {
                        if live.half.is_none() && live.activation.arrives(delivery) == Arrival::Run
                        {
                            steps.push(Step::Run(node, index));
                            if budget.refusals > 0 {
                                steps.push(Step::Refuse(node, index));
                            }
                        }
                    }
                    Message::Ack(_) => {
                        if live.half.is_none() {
                            steps.push(Step::Acked(node, index));
                        }
                    }
                }
            }
        }
        steps
    }

    fn steps_of(
        &self,
        live: &Live,
        node: usize,
        entity: usize,
        without: Without,
        steps: &mut Vec<Step>,
    ) {
        let budget = &self.budget;
        if budget.panics > 0 {
            steps.push(Step::Panic(node, entity));
        }
        let is_in_flight = live.activation.is_in_flight();
        if live.half.is_some() {
            steps.push(Step::SendRest(node, entity));
        } else {
            for item in 0..self.items {
                if budget.gives > 0 && live.now.items[item] > 0 {
                    steps.push(Step::Give(node, entity, item));
                }
            }
            if budget.touches > 0 {
                steps.push(Step::Touch(node, entity));
            }
            for at in 0..self.nodes.len() {
                if let Some(other) = self.live(at, 1 - entity)
                    && budget.looks > 0
                    && (other.now == other.kept || !without.has(Habit::OutputCommit))
                {
                    steps.push(Step::Look(node, entity, at));
                }
            }
            if budget.releases > 0 && !is_in_flight {
                steps.push(Step::Release(node, entity));
            }
            if budget.deletions > 0 && !is_in_flight && live.now.items == [0; 2] {
                steps.push(Step::Delete(node, entity));
            }
        }
        let is_between = live.half.is_none() || !without.has(Habit::SnapshotBetweenHandlers);
        if is_between && !is_in_flight && (live.now != live.kept || live.activation.is_dirty()) {
            steps.push(Step::Commit(node, entity));
        }
        if budget.timeouts > 0 && is_in_flight {
            steps.push(Step::GiveUp(node, entity));
        }
    }

    /// The state after a step; none if it comes to nothing.
    pub fn take(&self, step: Step, scenario: &Scenario, without: Without) -> Option<Self> {
        let mut world = self.clone();
        world.step(step, scenario, without)?;
        world.send_all();
        if without == Without::Nothing {
            world.forget();
        }
        Some(world)
    }

    fn step(&mut self, step: Step, scenario: &Scenario, without: Without) -> Option<()> {
        match step {
            Step::Crash(node) => {
                self.budget.crashes -= 1;
                self.crash(node);
            }
            Step::Panic(node, entity) => {
                self.budget.panics -= 1;
                self.panic(node, entity, without);
            }
            Step::Claim(node, entity) => {
                self.budget.claims -= 1;
                let is_sound =
                    without.has(Habit::ClaimInOneStep) && without.has(Habit::LoadFromClaim);
                if !is_sound {
                    let document = self.documents.read(&id(entity))?.clone();
                    self.nodes[node].coming[entity] = Some(Arc::new(document));
                } else if scenario.has_slow_claims {
                    let document = self.claimed(node, entity)?;
                    self.nodes[node].coming[entity] = Some(Arc::new(document));
                } else {
                    self.claim(node, entity, without);
                }
            }
            Step::Load(node, entity) => {
                let document = self.nodes[node].coming[entity].take()?;
                self.start_coming(node, entity, &document, without);
            }
            Step::Give(node, entity, item) => {
                self.budget.gives -= 1;
                let live = self.live_mut(node, entity)?;
                live.now.items[item] -= 1;
                if without.has(Habit::SnapshotBetweenHandlers) {
                    live.send(entity, item)?;
                } else {
                    live.half = Some(item);
                }
            }
            Step::SendRest(node, entity) => self.finish_half(node, entity),
            Step::Touch(node, entity) => {
                let bit = 1 << self.budget.touches;
                self.budget.touches -= 1;
                self.live_mut(node, entity)?.now.touched |= bit;
            }
            Step::Look(node, entity, at) => {
                self.budget.looks -= 1;
                let seen = self.live(at, 1 - entity)?.now.touched;
                self.live_mut(node, entity)?.now.seen |= seen;
            }
            Step::Commit(node, entity) => self.commit(node, entity, End::Stays).then_some(())?,
            Step::Release(node, entity) => {
                self.budget.releases -= 1;
                self.commit(node, entity, End::Released).then_some(())?;
            }
            Step::Delete(node, entity) => {
                self.budget.deletions -= 1;
                self.commit(node, entity, End::Deleted).then_some(())?;
            }
            Step::Remove(entity) => {
                self.budget.removals -= 1;
                let document = self.documents.read(&id(entity))?;
                let is_free = document.header.owner.is_none() && !document.header.pending;
                let is_plain = Body::of(document).items == [0; 2];
                // Who has taken what others sent can't be removed by hand: nothing would tell a late copy from a new message.
                let has_taken = document.root.at(&["inbox".to_owned()]).is_some();
                (is_free && is_plain && !has_taken).then_some(())?;
                self.documents.remove(&id(entity));
            }
            Step::GiveUp(node, entity) => {
                self.budget.timeouts -= 1;
                let live = self.live_mut(node, entity)?;
                let lost = StoreError::Unknown(String::new());
                let after = live.activation.answered(Err(lost));
                self.settle(node, entity, after, without);
            }
            Step::Land(index) => match &*self.net.get(index)? {
                Message::Commit(commit) => self.land(commit)?,
                _ => return None,
            },
            Step::Answer(node, index) => self.answer(node, &*self.net.get(index)?, without)?,
            Step::Run(node, index) | Step::Refuse(node, index) => match &*self.net.get(index)? {
                Message::Delivery(delivery) => {
                    let is_refused = matches!(step, Step::Refuse(..));
                    self.budget.refusals -= u8::from(is_refused);
                    let live = self.live_mut(node, entity_of(&delivery.row.to))?;
                    live.run(delivery, is_refused);
                }
                _ => return None,
            },
            Step::Acked(node, index) => match &*self.net.get(index)? {
                Message::Ack(ack) => {
                    let live = self.live_mut(node, entity_of(&ack.from))?;
                    live.take_ack(ack).then_some(())?;
                }
                _ => return None,
            },
        }
        Some(())
    }

    /// A panic ends the activation; with the rule off it is read again under its epoch.
    fn panic(&mut self, node: usize, entity: usize, without: Without) {
        let live = self.nodes[node].lives[entity].take();
        let document = self.documents.read(&id(entity)).cloned();
        if let (Some(live), Some(document)) = (live, document)
            && !without.has(Habit::ClaimAfterPanic)
            && live.activation.epoch() == document.header.epoch
        {
            self.start(node, entity, &document, without);
        }
    }

    /// A document that was on its way has come.
    pub(super) fn start_coming(
        &mut self,
        node: usize,
        entity: usize,
        document: &Document,
        without: Without,
    ) {
        if !without.has(Habit::ClaimInOneStep) {
            let mut written = self.documents.read(&id(entity)).unwrap_or(document).clone();
            written.header.owner = Some(super::owner(node, self.nodes[node].incarnation));
            written.header.epoch = document.header.epoch + 1;
            written.header.rev = document.header.rev + 1;
            self.documents.insert(written.clone());
            self.start(node, entity, &written, without);
        } else if !without.has(Habit::LoadFromClaim) {
            if let Some(mut claimed) = self.claimed(node, entity) {
                claimed.root = document.root.clone();
                self.start(node, entity, &claimed, without);
            }
        } else {
            self.start(node, entity, document, without);
        }
    }

    pub(super) fn finish_half(&mut self, node: usize, entity: usize) {
        if let Some(live) = self.live_mut(node, entity)
            && let Some(item) = live.half.take()
        {
            let _ = live.send(entity, item);
        }
    }

    /// A commit reaches the store, which may have seen it before.
    fn land(&mut self, commit: &Arc<Commit>) -> Option<()> {
        let before = self.documents.clone();
        let nets = self.net.clone();
        let epoch = self
            .documents
            .read(&commit.id)
            .map(|document| document.header.epoch);
        let outcome = self.documents.commit(std::slice::from_ref(commit)).pop()?;
        let has_changed = self.documents != before;
        if has_changed && epoch.is_some_and(|epoch| epoch > commit.epoch) {
            self.fault = Some("what a stale epoch did lasts");
        }
        self.net.insert(Message::Answer {
            commit: commit.clone(),
            is_applied: outcome == Committed::Applied,
        });
        (has_changed || self.net != nets).then_some(())
    }

    fn answer(&mut self, node: usize, message: &Message, without: Without) -> Option<()> {
        let Message::Answer { commit, is_applied } = message else {
            return None;
        };
        let entity = entity_of(&commit.id);
        let live = self.live_mut(node, entity)?;
        let outcome = if *is_applied {
            Committed::Applied
        } else {
            Committed::Fenced
        };
        let after = live.activation.answered(Ok(outcome));
        self.settle(node, entity, after, without);
        Some(())
    }

    /// Drops what is on its way and can't matter any more, given that the rules hold: numbers only rise.
    fn forget(&mut self) {
        let mut net = std::mem::take(&mut self.net);
        net.retain(|message| match message {
            Message::Commit(commit) => {
                let document = self.documents.read(&commit.id);
                let fits = document.is_some_and(|document| {
                    let header = &document.header;
                    (header.birth, header.epoch, header.rev)
                        == (commit.birth, commit.epoch, commit.rev)
                });
                fits || self.awaits(commit)
            }
            Message::Answer { commit, .. } => self.awaits(commit),
            Message::Delivery(_) | Message::Ack(_) => true,
        });
        self.net = net;
    }

    fn awaits(&self, commit: &Commit) -> bool {
        let entity = entity_of(&commit.id);
        let mut lives = self
            .nodes
            .iter()
            .filter_map(|node| node.lives[entity].as_ref());
        lives.any(|live| live.awaits(commit))
    }

    /// A step of this state in words.
    pub fn describe(&self, step: Step) -> impl fmt::Display {
        let message = |index: usize| match self.net.get(index) {
            Some(message) => message.to_string(),
            None => "nothing".to_owned(),
        };
        match step {
            Step::Crash(node) => format!("node {node} crashes and is there again"),
            Step::Panic(node, of) => format!("{} panics on node {node}", NAMES[of]),
            Step::Claim(node, of) => format!("node {node} claims {}", NAMES[of]),
            Step::Load(node, of) => format!("node {node} starts {} with what it got", NAMES[of]),
            Step::Give(node, of, item) => {
                format!("{} on node {node} gives item {} away", NAMES[of], item + 1)
            }
            Step::SendRest(node, of) => {
                format!(
                    "the handler of {} on node {node} goes on and sends it",
                    NAMES[of]
                )
            }
            Step::Touch(node, of) => format!("{} on node {node} is changed", NAMES[of]),
            Step::Look(node, of, at) => format!(
                "{} on node {node} is told how {} is on node {at}",
                NAMES[of],
                NAMES[1 - of]
            ),
            Step::Commit(node, of) => format!("node {node} sends a commit of {}", NAMES[of]),
            Step::Release(node, of) => {
                format!("node {node} sends a commit that releases {}", NAMES[of])
            }
            Step::Delete(node, of) => {
                format!("node {node} sends a commit that deletes {}", NAMES[of])
            }
            Step::Remove(of) => format!("somebody removes the document of {}", NAMES[of]),
            Step::GiveUp(node, of) => {
                format!(
                    "node {node} gives up waiting for the answer to its commit of {}",
                    NAMES[of]
                )
            }
            Step::Land(index) => format!("the store gets the {}", message(index)),
            Step::Answer(node, index) => format!("node {node} gets the {}", message(index)),
            Step::Run(node, index) => format!("node {node} takes {}", message(index)),
            Step::Refuse(node, index) => format!("node {node} refuses {}", message(index)),
            Step::Acked(node, index) => format!("node {node} gets the {}", message(index)),
        }
    }

    /// What the documents hold, in a line each.
    pub fn documents_in_words(&self) -> Vec<String> {
        let lines = self.documents.iter().map(|document| {
            let header = &document.header;
            let body = Body::of(document);
            let sections = ["out_next", "outbox", "inbox"].map(|name| {
                let section = document.root.at(&[name.to_owned()]);
                section.map_or(String::new(), |section| format!(" {name} {section:?}"))
            });
            format!(
                "{}: birth {}, epoch {}, revision {}, items {:?}, changes {:b}{}",
                document.id.key,
                header.birth,
                header.epoch,
                header.rev,
                body.items,
                body.touched,
                sections.concat()
            )
        });
        lines.collect()
    }
}

impl Live {
    /// Whether this activation waits for the answer to a commit.
    fn awaits(&self, commit: &Commit) -> bool {
        let its = &self.activation;
        its.is_in_flight()
            && (its.birth(), its.epoch(), its.rev()) == (commit.birth, commit.epoch, commit.rev)
            && *its.owner() == commit.owner
    }

    /// Sends an item to the other entity.
    fn send(&mut self, entity: usize, item: usize) -> Option<u64> {
        let row = Row {
            to: id(1 - entity),
            slot: u32::try_from(item).ok()?,
            tag: 0,
            call: "take".into(),
            args: Arc::from([]),
            from_slot: 0,
            expires_us: None,
            trace: None,
        };
        self.activation.send(row).ok()
    }

    fn run(&mut self, delivery: &Delivery, is_refused: bool) {
        if is_refused {
            let why = Verdict::Refused("no".to_owned());
            self.activation.mark(delivery, why);
        } else {
            self.now.items[delivery.row.slot as usize] += 1;
            self.activation.mark(delivery, Verdict::Done);
        }
    }

    /// Whether the acknowledgement has changed anything.
    pub(super) fn take_ack(&mut self, ack: &Ack) -> bool {
        let before = self.clone();
        for (row, _) in self.activation.acked(ack) {
            self.now.items[row.slot as usize] += 1;
        }
        *self != before
    }

    pub(super) fn in_flight(&mut self) -> Option<Arc<Commit>> {
        // Asking for it is what a lost answer does.
        let lost = StoreError::Unavailable(String::new());
        match self.activation.answered(Err(lost)) {
            playhouse_store::durable::After::Again(commit) => Some(commit),
            _ => None,
        }
    }
}
