//! The node's own lease: taken up, renewed, lost, given back.

use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use playhouse_cluster::Seat;
use playhouse_cluster::placement::{LeaseStep, LeaseTerms, LeaseWatch, NodeLease, Rules, Watched};
use playhouse_store::{
    Claim, Claimed, Commit, Committed, End, Header, Owner, Store, StoreError, Take, Update,
};

use super::lock::NameLock;
use super::{NoStanding, Phase, Standing, lease_id};
use crate::host::Shard;

/// How often at most the log hears that the lease is not granted.
const COMPLAIN_EVERY_US: u64 = 5_000_000;

/// The longest pause before a lease that was lost is asked for anew. The first is a sixteenth of it.
const REGISTER_PAUSE_MAX_US: u64 = 4_000_000;

/// The node's own lease, and what hangs on it.
pub(super) struct Own {
    standing: Standing,
    terms: LeaseTerms,
    lock: Option<NameLock>,
    store: Rc<dyn Store>,
    seat: Seat,
    shard: Rc<Shard>,
    lease: NodeLease,
    rules: Rules,
    /// The first life of this process: those from it to the present one are its own.
    first: u64,
    /// The lease as it was granted last.
    header: Option<Header>,
    /// From whom it is taken up, and the epoch that it must have.
    from: Option<(Owner, u64)>,
    /// A life of the node's name that may be alive, and the epoch that it was first seen with.
    rival: Option<(LeaseWatch, u64)>,
    /// This life has asked for the lease without hearing what came of it.
    doubtful: bool,
    complained_us: Option<u64>,
    losses: u32,
}

impl Own {
    pub(super) fn new(
        standing: Standing,
        terms: LeaseTerms,
        rules: Rules,
        lock: Option<NameLock>,
        store: Rc<dyn Store>,
        seat: Seat,
        shard: Rc<Shard>,
    ) -> Self {
        let owner = standing.owner();
        Self {
            first: owner.incarnation,
            lease: NodeLease::new(owner, terms, rules),
            standing,
            terms,
            lock,
            store,
            seat,
            shard,
            rules,
            header: None,
            from: None,
            rival: None,
            doubtful: false,
            complained_us: None,
            losses: 0,
        }
    }

    /// Until the lease is given up or refused.
    pub(super) async fn run(mut self) {
        let mut leaving = self.standing.0.leaving.subscribe();
        loop {
            if *leaving.borrow_and_update() {
                return self.give_back().await;
            }
            let now_us = self.now_us();
            match self.lease.poll(now_us) {
                LeaseStep::Ask => {
                    if let Err(why) = self.ask(now_us).await {
                        tracing::error!("{why}");
                        self.standing.0.phase.send_replace(Phase::Refused(why));
                        return;
                    }
                }
                LeaseStep::Wait { until_us } => {
                    let pause = self.standing.0.clock.until(until_us);
                    tokio::select! {
                        biased;
                        _ = leaving.changed() => {}
                        () = tokio::time::sleep(pause) => {}
                    }
                }
                LeaseStep::Over => self.begin_anew(&mut leaving).await,
                // Each request is waited for where it is made.
                LeaseStep::Answer => self.lease.failed(now_us),
            }
        }
    }

    /// Asks the store for the lease, or for more of it.
    async fn ask(&mut self, now_us: u64) -> Result<(), NoStanding> {
        let granted = self.lease.is_granted();
        let from = self.from.take().filter(|_| !granted);
        let claim = Claim {
            id: lease_id(&self.standing.0.node),
            owner: self.lease.owner().clone(),
            seen: from.as_ref().map(|(_, epoch)| *epoch),
            take: from.map_or(Take::Free, |(owner, _)| Take::From(owner)),
            create: !granted,
            birth: self.shard.chance() >> 1,
        };
        self.lease.sent(now_us);
        let patience = Duration::from_micros(self.terms.renew_us);
        let answer = tokio::time::timeout(patience, self.store.claim(claim)).await;
        let now_us = self.now_us();
        match answer {
            Ok(Ok(Claimed::Mine(document))) => {
                self.lease.renewed(now_us);
                self.header = Some(document.header);
                self.granted(now_us);
            }
            // The request that nobody answered may have been granted, and revoked since: then this life is over.
            Ok(Ok(Claimed::Owned(_))) if self.doubtful => self.lease.fenced(),
            Ok(Ok(Claimed::Owned(header))) if !granted => {
                self.lease.failed(now_us);
                return self.rivalled(&header, now_us);
            }
            // Somebody was faster: the next answer says who.
            Ok(Ok(Claimed::Moved(_) | Claimed::Absent)) if !granted => self.lease.failed(now_us),
            Ok(Ok(Claimed::Owned(_) | Claimed::Moved(_) | Claimed::Absent)) => self.lease.fenced(),
            Ok(Ok(Claimed::Quarantined { why })) if !granted => {
                return Err(NoStanding::Unusable { why });
            }
            Ok(Ok(Claimed::Quarantined { .. })) => self.lease.fenced(),
            Ok(Err(error)) => self.not_granted(&error, now_us),
            Err(_) => {
                let error = StoreError::Unknown("no answer came in time".to_owned());
                self.not_granted(&error, now_us);
            }
        }
        Ok(())
    }

    fn granted(&mut self, now_us: u64) {
        let until_us = self.lease.stops_us().unwrap_or(0);
        let shared = &self.standing.0;
        let before_us = shared.holds_until_us.swap(until_us, Ordering::AcqRel);
        self.rival = None;
        self.complained_us = None;
        if shared.phase.send_replace(Phase::Granted) != Phase::Granted {
            self.losses = 0;
            let owner = self.lease.owner();
            if let Some(lock) = &mut self.lock
                && let Err(error) = lock.stand_for(owner.incarnation)
            {
                tracing::warn!(%error, "the node's lock can't be written: a restart after a crash waits for the end of its lease");
            }
            tracing::info!(
                node = &*owner.node,
                incarnation = owner.incarnation,
                "the node has its lease"
            );
        }
        // The store was away, or this process was.
        if before_us != 0 && before_us <= now_us {
            tracing::info!("the store has renewed the node's lease: its entities go on");
            self.shard.on_entity_shards(|shard| shard.regain_standing());
        }
    }

    fn not_granted(&mut self, error: &StoreError, now_us: u64) {
        self.lease.failed(now_us);
        self.doubtful = true;
        let since_us = self.complained_us;
        let complains = since_us.is_none_or(|us| now_us.saturating_sub(us) >= COMPLAIN_EVERY_US);
        if !self.lease.is_granted() {
            if complains {
                self.complained_us = Some(now_us);
                tracing::warn!(%error, "the node waits for the store, to take up its lease");
            }
            return;
        }
        if self.lease.holds(now_us) {
            return;
        }
        if complains {
            self.complained_us = Some(now_us);
            tracing::error!(
                %error,
                "the store does not renew the node's lease: the node starts nothing on its entities until it does"
            );
        }
    }

    /// The lease is somebody's, and this life of the node has not had it.
    fn rivalled(&mut self, header: &Header, now_us: u64) -> Result<(), NoStanding> {
        let Some(owner) = header.owner.clone() else {
            return Ok(());
        };
        let mine = self.lease.owner();
        let earlier =
            owner.incarnation.wrapping_sub(self.first) < mine.incarnation.wrapping_sub(self.first);
        let proven = owner.node != mine.node
            || earlier
            || self
                .lock
                .as_ref()
                .is_some_and(|it| it.proves(owner.incarnation));
        if proven {
            // Who revoked an earlier life has the lease since. It is the node's to take up.
            self.from = Some((owner, header.epoch));
            return Ok(());
        }
        if let Some((rival, epoch)) = &self.rival
            && *rival.owner() == owner
            && *epoch != header.epoch
        {
            // It has renewed its lease since the last look.
            let name = owner.node.to_string();
            return Err(NoStanding::NameTaken { name });
        }
        if self
            .rival
            .as_ref()
            .is_none_or(|(it, _)| *it.owner() != owner)
        {
            tracing::warn!(
                "another life of the node's name has its lease: waiting until that is over"
            );
            let watch = LeaseWatch::new(owner.clone(), self.terms, self.rules);
            self.rival = Some((watch, header.epoch));
        }
        if let Some((rival, _)) = &mut self.rival
            && let Watched::Revoke { epoch } = rival.seen(Some(header), now_us)
        {
            self.from = Some((owner, epoch));
        }
        Ok(())
    }

    /// The lease is lost. Everything that ran by it ends; then the node registers in a new life.
    async fn begin_anew(&mut self, leaving: &mut playhouse_cluster::watch::Receiver<bool>) {
        let over = self.lease.owner().clone();
        self.lease = self.lease.next_life();
        let owner = self.lease.owner().clone();
        let shared = &self.standing.0;
        shared.holds_until_us.store(0, Ordering::Release);
        shared.phase.send_replace(Phase::Asking);
        shared
            .incarnation
            .store(owner.incarnation, Ordering::Release);
        self.doubtful = false;
        if self.header.take().is_some() {
            tracing::error!(
                node = &*over.node,
                incarnation = over.incarnation,
                "the node's lease was revoked: what it ran is discarded, and it registers anew"
            );
        }
        self.standing.remember(over);
        let told = owner.clone();
        self.shard
            .on_entity_shards(move |shard| shard.lose_standing(&told));
        self.seat.update(|me| me.incarnation = owner.incarnation);
        let most_us = REGISTER_PAUSE_MAX_US >> 4_u32.saturating_sub(self.losses);
        self.losses = self.losses.saturating_add(1);
        let pause = Duration::from_micros(self.shard.chance() % most_us.max(1));
        tokio::select! {
            biased;
            _ = leaving.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// The node stops: its lease is nobody's from now on.
    async fn give_back(self) {
        self.standing.0.holds_until_us.store(0, Ordering::Release);
        let Some(header) = self.header.filter(|_| self.lease.is_granted()) else {
            return;
        };
        let commit = Commit {
            id: lease_id(&self.standing.0.node),
            birth: header.birth,
            owner: self.lease.owner().clone(),
            epoch: header.epoch,
            rev: header.rev,
            update: Update::new(),
            schema: 0,
            pending: false,
            wake_us: None,
            end: End::Released,
        };
        let patience = Duration::from_micros(self.terms.renew_us);
        let asked = self.store.commit(vec![commit.into()]);
        let answer = tokio::time::timeout(patience, asked).await;
        if !matches!(answer, Ok(Ok(outcomes)) if outcomes == [Committed::Applied]) {
            tracing::warn!("the node's lease was not given back: others wait until it is over");
        }
    }

    fn now_us(&self) -> u64 {
        self.standing.0.clock.now_us()
    }
}
