//! What the machine of an entity's calls has the shard do: ask for the owner, send, end.

use std::rc::Rc;

use playhouse_cluster::placement::{Act, Ended, Route};
use playhouse_net::link::{ReplyOutcome, ReplySink};
use playhouse_store::Owner;
use playhouse_wire::Limits;
use playhouse_wire::message::{
    ChainBuffer, DEADLINE_US_MAX, Executed, Header, Owner as WireOwner, WireFailure,
};

use super::super::egress::Outgoing;
use super::super::forward::Raw;
use super::super::handler::Answer;
use super::super::ingress::{Incoming, Origin, ReplyTo, target};
use super::super::shard::{Due, NEVER, Shard};
use super::Clustered;
use super::placed::{Placed, Underway, written};
use super::table::Entry;
use crate::call::{Failure, FailureKind};

/// One attempt at a call: takes its answer.
struct Attempt {
    shard: Rc<Shard>,
    placed: Rc<Placed>,
    number: u32,
    owner: Owner,
}

/// An activation as a route to it.
pub(super) fn route_of(owner: &WireOwner<'_>) -> Route {
    let incarnation = owner.incarnation;
    Route {
        owner: Owner {
            node: owner.node.into(),
            incarnation: incarnation.boot.wrapping_add(incarnation.lease),
        },
        epoch: owner.epoch,
    }
}

impl Shard {
    /// Does what the machine of an entity's calls wants done.
    pub(super) fn drive(self: &Rc<Self>, entry: &Rc<Entry>) {
        if entry.driven.replace(true) {
            // Whoever is at it goes on.
            return;
        }
        loop {
            let act = entry.caller.borrow_mut().poll();
            match act {
                None => break,
                Some(Act::Locate { epoch_seen }) => {
                    self.tally.locates.add(1);
                    self.ask_for(entry, epoch_seen);
                }
                Some(Act::LocateAt {
                    epoch_seen,
                    delay_us,
                }) => {
                    // Those that lost the same owner shall not all ask at once.
                    let delay_us = delay_us - self.env.random() % (delay_us / 2 + 1);
                    let at_us = self.call_time().saturating_add(delay_us);
                    self.set_timer(at_us, Due::Ask(Rc::clone(entry), epoch_seen));
                }
                Some(Act::Send { id, attempt, route }) => {
                    let over = |it: &Clustered| it.standing.known_over(&route.owner);
                    if self.clustered().is_some_and(over) {
                        // That life of the node runs nothing any more, though its links may still stand.
                        entry.caller.borrow_mut().moved(id, attempt, None);
                        continue;
                    }
                    let placed = entry.caller.borrow().get(id).cloned();
                    let Some(placed) = placed else {
                        continue;
                    };
                    let of_client = matches!(placed.letter.origin, Origin::Client(Some(_)));
                    if of_client && !self.is_me(&route.owner) {
                        entry.caller.borrow_mut().not_sent(id, attempt);
                        self.refuse_of_client(&placed, &route);
                        continue;
                    }
                    self.tally.placed.add(1);
                    self.send_placed(&placed, attempt, &route);
                }
                Some(Act::End {
                    call,
                    why,
                    executed,
                    ..
                }) => self.end_placed(&call, why, executed),
            }
        }
        entry.driven.set(false);
    }

    /// A client's call of an entity that runs on another node than its own: it would be nobody's there.
    fn refuse_of_client(self: &Rc<Self>, placed: &Rc<Placed>, route: &Route) {
        let text = format!(
            "the entity runs on node `{}`, and the client's own does not",
            route.owner.node
        );
        let given_up = placed.entry.caller.borrow_mut().give_up(placed.id);
        if let Some((placed, executed)) = given_up {
            let failure = WireFailure {
                text: &text,
                ..WireFailure::new(FailureKind::Unreachable, executed)
            };
            self.settle_placed(&placed, ReplyOutcome::Failed(failure));
        }
    }

    /// Makes a call where its entity is said to be.
    fn send_placed(self: &Rc<Self>, placed: &Rc<Placed>, number: u32, route: &Route) {
        let attempt = Rc::new(Attempt {
            shard: Rc::clone(self),
            placed: Rc::clone(placed),
            number,
            owner: route.owner.clone(),
        });
        let letter = &placed.letter;
        let mut chain = ChainBuffer::new();
        for waits in &letter.chain {
            // It was counted when the call was made.
            let _ = chain.push(waits.method, &waits.key);
        }
        let left_us = if letter.oneway || letter.deadline_us == NEVER {
            DEADLINE_US_MAX
        } else {
            letter.deadline_us.saturating_sub(self.now_us())
        };
        let header = Header {
            target: Some(placed.entry.entity.key.clone()),
            deadline_us: Some(left_us),
            epoch: Some(route.epoch),
            trace: letter.trace.map(Into::into),
            chain: chain.as_chain(),
            ..Header::EMPTY
        };
        if self.is_me(&route.owner) {
            return self.serve_placed(attempt, &header);
        }
        let sent = self.reach(&route.owner.node, letter.method).and_then(|to| {
            let egress = self.egress_or_refuse(&to)?;
            egress.request(
                &Outgoing {
                    to: &to,
                    method: letter.method,
                    header: &header,
                    args: &Raw(&letter.args),
                    idempotent: false,
                },
                Rc::clone(&attempt) as Rc<dyn ReplySink>,
            )
        });
        match sent {
            Ok(id) => *placed.underway.borrow_mut() = Underway::Link(id),
            // Another node would say the same.
            Err(failure) if failure.kind() == FailureKind::Incompatible => {
                attempt.complete(ReplyOutcome::Failed((&failure).into()));
            }
            Err(failure) => attempt.not_sent(failure),
        }
    }

    /// Makes a call on an entity that has come to live here.
    fn serve_placed(self: &Rc<Self>, attempt: Rc<Attempt>, header: &Header<'_>) {
        let placed = Rc::clone(&attempt.placed);
        let letter = &placed.letter;
        let incoming = Incoming {
            method: letter.method,
            header,
            args: &letter.args,
            origin: letter.origin,
            limits: Limits::DEFAULT,
        };
        *placed.underway.borrow_mut() = Underway::Here(None);
        let target = target(letter.method, header);
        if let Some(serving) = self.serve_at_epoch(&target, &incoming, attempt) {
            let mut underway = placed.underway.borrow_mut();
            if matches!(*underway, Underway::Here(None)) {
                *underway = Underway::Here(Some(serving));
            }
        }
    }

    /// The machine gives a call up.
    fn end_placed(self: &Rc<Self>, placed: &Rc<Placed>, why: Ended, executed: Executed) {
        let known = match why {
            Ended::Lost => placed.failure.take(),
            Ended::Unplaced(_) => placed.entry.failure.borrow().clone(),
        };
        let failure = known.unwrap_or_else(|| Failure::not_executed(FailureKind::Unreachable));
        let text = self.place_text(&placed.entry, failure.text());
        let wire = WireFailure {
            text: &text,
            ..WireFailure::new(failure.kind(), executed)
        };
        self.settle_placed(placed, ReplyOutcome::Failed(wire));
    }

    /// A call is over.
    fn settle_placed(&self, placed: &Rc<Placed>, outcome: ReplyOutcome<'_>) {
        let open = self.placements.open.get();
        self.placements.open.set(open.saturating_sub(1));
        placed.underway.take();
        placed.complete(outcome);
    }

    /// The caller is gone, or the deadline has passed. Returns how the call ends.
    pub(in crate::host) fn give_placed_up(
        self: &Rc<Self>,
        placed: &Rc<Placed>,
        kind: FailureKind,
    ) -> Option<Failure> {
        if placed.letter.oneway && placed.is_underway() {
            // It has a place in the mailbox of its entity by now.
            return None;
        }
        let entry = Rc::clone(&placed.entry);
        let given_up = entry.caller.borrow_mut().give_up(placed.id);
        let executed = match given_up {
            Some((_, executed)) => executed,
            None if placed.is_over() => return None,
            // It stands behind those that return, where the machine does not see it yet.
            None => Executed::NotExecuted,
        };
        match placed.underway.take() {
            Underway::Link(id) => {
                if let Some(egress) = self.egress() {
                    egress.cancel(id);
                }
            }
            Underway::Here(Some(serving)) => serving.cancel(),
            Underway::Here(None) | Underway::No => {}
        }
        let failure = match executed {
            Executed::NotExecuted => Failure::not_executed(kind),
            Executed::Unknown => Failure::unknown(kind),
        };
        let why = entry
            .failure
            .borrow()
            .as_ref()
            .map(|it| it.text().to_owned());
        let why = why.unwrap_or_default();
        let failure = failure.because(self.place_text(&entry, &why));
        self.settle_placed(placed, ReplyOutcome::Failed((&failure).into()));
        self.drive(&entry);
        Some(failure)
    }

    /// `Avatar(7) at lobby-2: why`
    pub(super) fn place_text(&self, entry: &Entry, why: &str) -> String {
        let entity = self.entity_text(&entry.entity);
        let route = entry.caller.borrow().route().cloned();
        match (route, why) {
            (Some(route), "") => format!("{entity} at {}", route.owner.node),
            (Some(route), why) => format!("{entity} at {}: {why}", route.owner.node),
            (None, "") => format!("{entity}: nobody has said yet who runs it"),
            (None, why) => format!("{entity}: {why}"),
        }
    }

    /// Calls ended with their links: tells the machines, which send again what may be.
    fn tell_broken(self: &Rc<Self>) {
        let broken = std::mem::take(&mut *self.placements.broken.borrow_mut());
        for (entry, owner) in broken {
            entry.caller.borrow_mut().link_lost(&owner.node);
            self.drive(&entry);
        }
    }
}

impl Attempt {
    fn moved(&self, hint: Option<Route>) {
        let placed = &self.placed;
        placed.underway.take();
        let entry = &placed.entry;
        entry
            .caller
            .borrow_mut()
            .moved(placed.id, self.number, hint);
        self.shard.drive(entry);
    }

    /// It never left this node.
    fn not_sent(&self, failure: Failure) {
        let placed = &self.placed;
        placed.underway.take();
        let entry = &placed.entry;
        entry.avoid(&self.owner.node);
        *entry.failure.borrow_mut() = Some(failure);
        entry.caller.borrow_mut().not_sent(placed.id, self.number);
        self.shard.drive(entry);
    }

    fn lost(&self, failure: WireFailure<'_>) {
        if failure.executed == Executed::NotExecuted {
            return self.not_sent(failure.into());
        }
        let placed = &self.placed;
        placed.underway.take();
        *placed.failure.borrow_mut() = Some(failure.into());
        let mut broken = self.shard.placements.broken.borrow_mut();
        let first = broken.is_empty();
        let known = |(entry, owner): &(Rc<Entry>, Owner)| {
            Rc::ptr_eq(entry, &placed.entry) && *owner == self.owner
        };
        if !broken.iter().any(known) {
            broken.push((Rc::clone(&placed.entry), self.owner.clone()));
        }
        if first {
            // When all requests of the link have ended.
            let shard = Rc::clone(&self.shard);
            self.shard.spawn(async move { shard.tell_broken() });
        }
    }
}

impl ReplySink for Attempt {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        match outcome {
            ReplyOutcome::Moved { hint, .. } => self.moved(hint.as_ref().map(route_of)),
            ReplyOutcome::Lost(failure) => self.lost(failure),
            outcome => {
                let entry = &self.placed.entry;
                let over = entry
                    .caller
                    .borrow_mut()
                    .replied(self.placed.id, self.number);
                if let Some((placed, executed)) = over {
                    let outcome = match outcome {
                        ReplyOutcome::Failed(failure) if executed == Executed::Unknown => {
                            ReplyOutcome::Failed(WireFailure {
                                executed,
                                ..failure
                            })
                        }
                        outcome => outcome,
                    };
                    self.shard.settle_placed(&placed, outcome);
                }
                self.shard.drive(entry);
            }
        }
    }
}

impl ReplyTo for Attempt {
    fn answer(&self, answer: Answer<'_>) {
        match answer {
            Answer::Ok(value) => self.complete(ReplyOutcome::Ok(&written(value))),
            Answer::Thrown(value) => self.complete(ReplyOutcome::Thrown(&written(value))),
            Answer::Failed(failure) if failure.is_moved() => self.moved(None),
            Answer::Failed(failure) => self.complete(ReplyOutcome::Failed(failure.into())),
        }
    }
}
