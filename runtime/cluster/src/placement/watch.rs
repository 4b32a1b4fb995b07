//! Another node's lease.

use playhouse_store::{Header, Owner};

use crate::placement::lease::LeaseTerms;
use crate::placement::rules::{Rule, Rules};

/// What a look at another's lease says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Watched {
    /// It may be alive.
    Alive {
        /// The next look that can say more, by the watcher's clock. One before does no harm.
        look_us: u64,
    },
    /// It was unchanged for too long. Claim it with this epoch, from its owner, and look again.
    Revoke {
        /// The epoch that it must still have.
        epoch: u64,
    },
    /// That life of the node is over, for good: what it owned may be claimed.
    Over,
}

/// Another node's lease, as one sees it who wants to prove that it is over.
///
/// One watch is for one life of a node. Each look is a read of the lease document with the time at which its answer came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LeaseWatch {
    owner: Owner,
    terms: LeaseTerms,
    rules: Rules,
    /// The epoch seen last, and when it was first seen.
    seen: Option<(u64, u64)>,
}

impl LeaseWatch {
    /// Of this life of a node. The terms must be those of the node that is watched.
    #[must_use]
    pub const fn new(owner: Owner, terms: LeaseTerms, rules: Rules) -> Self {
        Self {
            owner,
            terms,
            rules,
            seen: None,
        }
    }

    /// Whose lease it is.
    #[must_use]
    pub const fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The lease document's header, as just read; none if there is no such document.
    pub fn seen(&mut self, lease: Option<&Header>, now_us: u64) -> Watched {
        let Some(lease) = lease.filter(|lease| lease.owner.as_ref() == Some(&self.owner)) else {
            return Watched::Over;
        };
        let first_us = match self.seen {
            Some((epoch, first_us)) if epoch == lease.epoch => first_us,
            _ => now_us,
        };
        self.seen = Some((lease.epoch, first_us));
        let look_us = first_us.saturating_add(self.terms.revoke_us);
        if now_us >= look_us || !self.rules.has(Rule::WaitToRevoke) {
            Watched::Revoke { epoch: lease.epoch }
        } else {
            Watched::Alive { look_us }
        }
    }
}
