//! Whether everything comes to rest, once no more goes wrong.

use std::sync::Arc;

use playhouse_store::durable::{Arrival, More, Verdict};
use playhouse_store::{Committed, End, Sweep};

use super::net::Message;
use super::{Live, World, entity_of, owner};
use crate::scenario::{Habit, Without};

/// How many rounds there may be until everything has come to rest. A round is enough for each message to go one step.
const ROUNDS_MAX: usize = 40;

impl World {
    /// Loses everything that is on its way, and then lets all nodes work. What is wrong in the end.
    #[must_use]
    pub fn comes_to_rest(&self, without: Without) -> Option<String> {
        let mut world = self.clone();
        world.net.clear();
        for _ in 0..ROUNDS_MAX {
            let before = world.clone();
            world.round(without);
            if world == before {
                break;
            }
        }
        if world.has_rows() {
            return Some("a message waits for ever, though nothing fails any more".to_owned());
        }
        let wrong = world.wrong(without);
        wrong.map(|wrong| format!("{wrong}, once everything has come to rest"))
    }

    fn round(&mut self, without: Without) {
        for node in 0..self.nodes.len() {
            for entity in 0..2 {
                if let Some(document) = self.nodes[node].coming[entity].take() {
                    self.start_coming(node, entity, &document, without);
                }
                self.finish_half(node, entity);
                self.commit_and_answer(node, entity, without);
            }
        }
        self.sweep(without);
        let lives: Vec<(usize, Arc<Live>)> = (0..self.nodes.len())
            .flat_map(|node| {
                let lives = self.nodes[node].lives.iter().flatten();
                lives.map(move |live| (node, live.clone()))
            })
            .collect();
        for (node, live) in lives {
            for delivery in live.activation.deliveries() {
                let to = entity_of(&delivery.row.to);
                if (0..self.nodes.len()).all(|at| self.live(at, to).is_none()) {
                    self.claim(node, to, without);
                }
                for at in 0..self.nodes.len() {
                    let Some(live) = self.live_mut(at, to) else {
                        continue;
                    };
                    match live.activation.arrives(&delivery) {
                        Arrival::Run => {
                            live.now.items[delivery.row.slot as usize] += 1;
                            live.activation.mark(&delivery, Verdict::Done);
                        }
                        Arrival::Again(ack) => self.net.insert(Message::Ack(ack)),
                        Arrival::Wait | Arrival::Gap => {}
                    }
                }
            }
        }
        let acks: Vec<Message> = self.net.iter().cloned().collect();
        self.net.clear();
        for message in acks {
            let Message::Ack(ack) = message else { continue };
            for node in 0..self.nodes.len() {
                if let Some(live) = self.live_mut(node, entity_of(&ack.from)) {
                    live.take_ack(&ack);
                }
            }
        }
    }

    /// Commits what is to be committed, with everything answered at once.
    fn commit_and_answer(&mut self, node: usize, entity: usize, without: Without) {
        if !self.commit(node, entity, End::Stays) {
            return;
        }
        let commits: Vec<_> = self
            .net
            .iter()
            .filter_map(|message| match message {
                Message::Commit(commit) => Some(commit.clone()),
                _ => None,
            })
            .collect();
        self.net
            .retain(|message| !matches!(message, Message::Commit(_)));
        for commit in commits {
            let outcome = self.documents.commit(&[commit]).pop();
            let Some(live) = self.live_mut(node, entity) else {
                continue;
            };
            let after = live
                .activation
                .answered(Ok(outcome.unwrap_or(Committed::Fenced)));
            self.settle(node, entity, after, without);
        }
    }

    fn sweep(&mut self, without: Without) {
        if !without.has(Habit::Sweep) {
            return;
        }
        let found = self.documents.sweep(&Sweep {
            now_us: 0,
            except: owner(usize::MAX, 0),
            limit: usize::MAX,
        });
        for (id, header) in found {
            let entity = entity_of(&id);
            let is_run = self.nodes.iter().any(|node| {
                let live = node.lives[entity].as_ref();
                live.is_some_and(|live| live.activation.epoch() == header.epoch)
            });
            if !is_run {
                self.nodes[0].lives[entity] = None;
                self.claim(0, entity, without);
            }
        }
    }

    /// Takes a snapshot if there is something to commit, or sends the one that is in flight again.
    pub(super) fn commit(&mut self, node: usize, entity: usize, end: End) -> bool {
        let Some(live) = self.live_mut(node, entity) else {
            return false;
        };
        let is_first = live.now != live.kept || live.activation.is_dirty() || end != End::Stays;
        if live.activation.is_in_flight() {
            let commit = live.in_flight();
            if let Some(commit) = commit {
                self.net.insert(Message::Commit(commit));
                return true;
            }
            return false;
        }
        if !is_first {
            return false;
        }
        let update = live.now.changes(&live.kept);
        let more = More {
            end,
            ..More::default()
        };
        let Some(commit) = live.activation.snapshot(update, more) else {
            return false;
        };
        live.saving = Some(live.now);
        self.net.insert(Message::Commit(commit));
        true
    }
}
