//! A node's own lease.

use playhouse_store::Owner;

use crate::placement::rules::{Rule, Rules};

/// How long leases last, and when what is done about them. Microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseTerms {
    /// What a renewal is worth to others.
    pub ttl_us: u64,
    /// A lease is renewed when it is so old.
    pub renew_us: u64,
    /// The margin: its holder starts nothing when it is so old.
    pub stop_us: u64,
    /// After a renewal that failed the next one follows so soon.
    pub retry_us: u64,
    /// Who saw it unchanged for so long may revoke it. Longer than `ttl_us` by what two clocks may differ in speed.
    pub revoke_us: u64,
}

impl LeaseTerms {
    /// For a time to live in microseconds: renewed at a third, margin at two thirds, revoked after it and a tenth and half a
    /// second.
    #[must_use]
    pub const fn of_ttl(ttl_us: u64) -> Self {
        Self {
            ttl_us,
            renew_us: ttl_us / 3,
            stop_us: ttl_us / 3 * 2,
            retry_us: ttl_us / 24,
            revoke_us: ttl_us + ttl_us / 10 + 500_000,
        }
    }
}

/// Six seconds.
impl Default for LeaseTerms {
    fn default() -> Self {
        Self::of_ttl(6_000_000)
    }
}

/// What a holder is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeaseStep {
    /// Ask the store for the lease (again), and call [`NodeLease::sent`] *before*.
    Ask,
    /// Nothing until then.
    Wait {
        /// When, by the same clock.
        until_us: u64,
    },
    /// Nothing until the store has answered.
    Answer,
    /// The lease is lost. Discard all activations, then go on with [`NodeLease::next_life`].
    Over,
}

/// The lease by which a node may run placed entities at all, as its holder sees it.
///
/// It is a document in the store. Taking it up is a claim of it, and so is each renewal: a claim from nobody else
/// ([`Take::Free`](playhouse_store::Take::Free)), that raises the document's epoch. Whoever revokes it claims it too, with the epoch that was seen for
/// too long; after that no renewal goes through.
///
/// Call order: [`poll`](Self::poll); at `Ask`, [`sent`](Self::sent) and then one of [`renewed`](Self::renewed), [`failed`](Self::failed), [`fenced`](Self::fenced).
/// [`holds`](Self::holds) is asked before each start of a call or a timer, with the time of that moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NodeLease {
    owner: Owner,
    terms: LeaseTerms,
    rules: Rules,
    /// When the request was sent that was granted last.
    since_us: Option<u64>,
    /// When the request was sent that is not answered.
    asked_us: Option<u64>,
    next_us: u64,
    is_over: bool,
}

impl NodeLease {
    /// Of a node in this life, to be asked for at once.
    #[must_use]
    pub const fn new(owner: Owner, terms: LeaseTerms, rules: Rules) -> Self {
        Self {
            owner,
            terms,
            rules,
            since_us: None,
            asked_us: None,
            next_us: 0,
            is_over: false,
        }
    }

    /// Whose it is.
    #[must_use]
    pub const fn owner(&self) -> &Owner {
        &self.owner
    }

    /// What to do now.
    #[must_use]
    pub const fn poll(&self, now_us: u64) -> LeaseStep {
        if self.is_over {
            LeaseStep::Over
        } else if self.asked_us.is_some() {
            LeaseStep::Answer
        } else if now_us >= self.next_us {
            LeaseStep::Ask
        } else {
            LeaseStep::Wait {
                until_us: self.next_us,
            }
        }
    }

    /// The request is about to be sent.
    pub const fn sent(&mut self, now_us: u64) {
        self.asked_us = Some(now_us);
    }

    /// The store has granted it: the document is this owner's, and has a new epoch.
    pub fn renewed(&mut self, now_us: u64) {
        let Some(asked_us) = self.asked_us.take() else {
            return;
        };
        let since_us = if self.rules.has(Rule::MeasuredFromSending) {
            asked_us
        } else {
            now_us
        };
        self.since_us = Some(since_us);
        self.next_us = since_us.saturating_add(self.terms.renew_us);
    }

    /// Nobody knows what came of the request, or the store can't be reached. It is asked again soon.
    pub const fn failed(&mut self, now_us: u64) {
        self.asked_us = None;
        self.next_us = now_us.saturating_add(self.terms.retry_us);
    }

    /// The document is another's: the lease is lost for good.
    pub const fn fenced(&mut self) {
        self.asked_us = None;
        self.is_over = true;
    }

    /// Whether the store has ever granted it, and it was not lost. Past the margin too.
    #[must_use]
    pub const fn is_granted(&self) -> bool {
        self.since_us.is_some() && !self.is_over
    }

    /// Whether something may start now. False past the margin; true again if a late renewal goes through, since that proves
    /// that nobody has revoked it.
    #[must_use]
    pub fn holds(&self, now_us: u64) -> bool {
        self.stops_us().is_some_and(|stops_us| now_us < stops_us)
    }

    /// When nothing may start any more, if no renewal comes; none if nothing may start now.
    #[must_use]
    pub fn stops_us(&self) -> Option<u64> {
        if self.is_over {
            return None;
        }
        let since_us = self.since_us?;
        Some(if self.rules.has(Rule::Margin) {
            since_us.saturating_add(self.terms.stop_us)
        } else {
            u64::MAX
        })
    }

    /// The lease of the node's next life, to be asked for at once.
    #[must_use]
    pub fn next_life(&self) -> Self {
        let step = u64::from(self.rules.has(Rule::NewIncarnation));
        let owner = Owner {
            node: self.owner.node.clone(),
            incarnation: self.owner.incarnation.wrapping_add(step),
        };
        Self::new(owner, self.terms, self.rules)
    }
}
