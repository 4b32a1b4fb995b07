//! The leases of other nodes: watched, and revoked once they are unchanged for too long.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use playhouse_cluster::Seat;
use playhouse_cluster::placement::{LeaseTerms, LeaseWatch, Rules, Watched};
use playhouse_store::{Claim, Claimed, Header, Owner, Store, StoreError, Take};
use tokio::sync::mpsc;

use super::{Demand, Standing, lease_id, lease_key};
use crate::call::{Failure, FailureKind};
use crate::persist::NODES;

/// How often leases are looked at, in microseconds.
const LOOK_EVERY_US: u64 = 1_000_000;

/// So many nodes look all the time: the first by name. The others do when somebody asks, or a member is gone.
const WATCHERS: usize = 3;

/// At most so many questions whether a life of a node is over wait for their answers.
pub(super) const DEMANDS_MAX: usize = 4096;

/// At most so many leases are looked at.
const LEASES_MAX: usize = 4096;

/// So many leases come with one answer of the store.
const PAGE: usize = 256;

/// After so many looks that came to nothing, what was seen before says nothing.
const LOOKS_LOST_MAX: u64 = 3;

/// What one node knows of the leases of others.
pub(super) struct Others {
    standing: Standing,
    terms: LeaseTerms,
    rules: Rules,
    store: Rc<dyn Store>,
    seat: Seat,
    /// By the keys of their leases.
    watches: BTreeMap<Arc<str>, LeaseWatch>,
    demands: Vec<Demand>,
    looked_us: Option<u64>,
    /// When it last saw the leases.
    saw_us: Option<u64>,
    /// Members that were there at the last look.
    members: Vec<Arc<str>>,
    /// Until when it looks because a member is gone.
    doubts_until_us: u64,
}

impl Others {
    pub(super) fn new(
        standing: Standing,
        terms: LeaseTerms,
        rules: Rules,
        store: Rc<dyn Store>,
        seat: Seat,
    ) -> Self {
        Self {
            standing,
            terms,
            rules,
            store,
            seat,
            watches: BTreeMap::new(),
            demands: Vec::new(),
            looked_us: None,
            saw_us: None,
            members: Vec::new(),
            doubts_until_us: 0,
        }
    }

    /// Until nobody can ask any more.
    pub(super) async fn run(mut self, mut asked: mpsc::Receiver<Demand>) {
        let mut views = self.seat.views();
        loop {
            let now_us = self.standing.0.clock.now_us();
            let looks = self.standing.holds()
                && (self.is_watcher() || !self.demands.is_empty() || now_us < self.doubts_until_us);
            let next_us = self
                .looked_us
                .map_or(0, |us| us.saturating_add(LOOK_EVERY_US));
            if looks && next_us <= now_us {
                self.look(now_us).await;
                continue;
            }
            // One that may not look now asks itself again by then.
            let pause = self
                .standing
                .0
                .clock
                .until(next_us.max(now_us + LOOK_EVERY_US / 4));
            let room = self.demands.len() < DEMANDS_MAX;
            tokio::select! {
                biased;
                demand = asked.recv(), if room => match demand {
                    Some(demand) => {
                        if self.demands.is_empty() {
                            self.looked_us = self.looked_us.filter(|_| self.is_watcher());
                        }
                        self.demands.push(demand);
                    }
                    None => return,
                },
                changed = views.changed() => match changed {
                    Ok(()) => self.members_changed(),
                    // The seat's other end is gone: the last view stays.
                    Err(_) => tokio::time::sleep(pause).await,
                },
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Whether this node looks all the time.
    fn is_watcher(&self) -> bool {
        let view = self.seat.view();
        let before = view
            .members
            .keys()
            .take_while(|name| **name < self.standing.0.node);
        before.take(WATCHERS).count() < WATCHERS
    }

    /// Somebody came, or is gone. A lease of one that is gone is watched until it must be over.
    fn members_changed(&mut self) {
        let view = self.seat.view();
        let names: Vec<Arc<str>> = view.members.keys().cloned().collect();
        let gone = self.members.iter().any(|name| !names.contains(name));
        self.members = names;
        if gone {
            let now_us = self.standing.0.clock.now_us();
            let long_us = self.terms.revoke_us.saturating_mul(2);
            self.doubts_until_us = now_us.saturating_add(long_us);
        }
    }

    /// Looks at all leases.
    async fn look(&mut self, now_us: u64) {
        self.looked_us = Some(now_us);
        let patience = Duration::from_micros(self.terms.renew_us);
        let Ok(Ok(leases)) = tokio::time::timeout(patience, self.leases()).await else {
            return;
        };
        let now_us = self.standing.0.clock.now_us();
        let before_us = self.saw_us.replace(now_us);
        let lost_us = LOOK_EVERY_US * LOOKS_LOST_MAX;
        if before_us.is_none_or(|us| now_us.saturating_sub(us) > lost_us) {
            // It may have been this node that was away from the store, or the store from all.
            self.watches.clear();
        }
        let mut revoked = Vec::new();
        for (key, header) in &leases {
            if let Some(revoke) = self.see(key, header, now_us) {
                revoked.push(revoke);
            }
        }
        let gone: Vec<Arc<str>> = self
            .watches
            .keys()
            .filter(|key| !leases.contains_key(*key))
            .cloned()
            .collect();
        for key in gone {
            if let Some(watch) = self.watches.remove(&key) {
                self.standing.remember(watch.owner().clone());
            }
        }
        for (owner, epoch) in revoked {
            self.revoke(owner, epoch).await;
        }
        self.answer_demands(&leases);
    }

    /// The leases by their keys.
    async fn leases(&self) -> Result<BTreeMap<Arc<str>, Header>, StoreError> {
        let mut leases = BTreeMap::new();
        let mut after: Option<Arc<str>> = None;
        while leases.len() < LEASES_MAX {
            let page = self.store.scan(NODES.into(), after.take(), PAGE).await?;
            let is_last = page.len() < PAGE;
            after = page.last().map(|document| Arc::clone(&document.id.key));
            leases.extend(page.into_iter().map(|it| (it.id.key, it.header)));
            if is_last {
                break;
            }
        }
        Ok(leases)
    }

    /// Looks at one lease; whose it is and its epoch, if it is to be revoked.
    fn see(&mut self, key: &Arc<str>, header: &Header, now_us: u64) -> Option<(Owner, u64)> {
        let holder = header.owner.as_ref();
        // One that was revoked is another node's.
        let life = holder.filter(|owner| lease_key(&owner.node) == **key);
        if let Some(watch) = self.watches.get(key)
            && Some(watch.owner()) != life
            && let Some(watch) = self.watches.remove(key)
        {
            self.standing.remember(watch.owner().clone());
        }
        let life = life.filter(|life| life.node != self.standing.0.node)?;
        let watch = self
            .watches
            .entry(Arc::clone(key))
            .or_insert_with(|| LeaseWatch::new(life.clone(), self.terms, self.rules));
        match watch.seen(Some(header), now_us) {
            Watched::Revoke { epoch } => Some((life.clone(), epoch)),
            Watched::Alive { .. } | Watched::Over => None,
        }
    }

    /// Takes a lease away that was unchanged for too long.
    async fn revoke(&mut self, owner: Owner, epoch: u64) {
        let claim = Claim {
            id: lease_id(&owner.node),
            owner: self.standing.owner(),
            seen: Some(epoch),
            take: Take::From(owner.clone()),
            create: false,
            birth: 0,
        };
        let patience = Duration::from_micros(self.terms.renew_us);
        let claimed = tokio::time::timeout(patience, self.store.claim(claim)).await;
        // Whatever else it came to, the next look says.
        if matches!(claimed, Ok(Ok(Claimed::Mine(_)))) {
            tracing::warn!(
                node = &*owner.node,
                incarnation = owner.incarnation,
                "a node has not renewed its lease in time: it is over, and what it ran may be taken over"
            );
            self.watches.remove(lease_key(&owner.node).as_str());
            self.standing.remember(owner);
        }
    }

    /// Tells those who asked what is known by now.
    fn answer_demands(&mut self, leases: &BTreeMap<Arc<str>, Header>) {
        for mut demand in std::mem::take(&mut self.demands) {
            if demand.answer.is_closed() {
                continue;
            }
            let lease = leases.get(lease_key(&demand.owner.node).as_str());
            let theirs = lease.filter(|it| it.owner.as_ref() == Some(&demand.owner));
            let over = self.standing.known_over(&demand.owner);
            match theirs {
                Some(lease) if !over => match demand.seen {
                    Some(seen) if seen != lease.epoch => {
                        let why = format!("node {} is alive", demand.owner.node);
                        let failure = Failure::not_executed(FailureKind::Unreachable);
                        let _ = demand.answer.send(Err(failure.because(why)));
                    }
                    _ => {
                        demand.seen = Some(lease.epoch);
                        self.demands.push(demand);
                    }
                },
                _ => {
                    self.standing.remember(demand.owner);
                    let _ = demand.answer.send(Ok(()));
                }
            }
        }
    }
}
