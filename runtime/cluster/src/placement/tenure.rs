//! One activation's place: which calls it takes.

use crate::placement::rules::{Rule, Rules};

/// What becomes of a call that names an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Admission {
    /// It may start, once it is its turn.
    Run,
    /// It waits. Ask again after the tenure's next change.
    Hold,
    /// It goes back to its sender: it did not start, and the activation that it names is not here and never will be.
    Moved,
}

/// An activation on its node, from the claim to the end.
///
/// The host asks [`admits`](Self::admits) when a call comes, and again for every call that it holds after each change. Changes
/// that don't fit the state do nothing and return `false`, since they come from answers and messages that may be late.
///
/// ```text
/// claiming ──claimed──► active ──freeze──► frozen ──handoff_sent──► sent ──handoff_done──► over
/// staging  ──claimed──►   ▲  ◄────thaw───────┘                       │ ▲
///    │                    │  ◄──────────handoff_refused──────────────┤ │
///    │                    └─────────aborted(e + 1)──── aborting ◄────┘ │
///    └─claim_failed─► over        active, frozen ──releasing──► releasing ──released──► over
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tenure {
    state: State,
    rules: Rules,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    /// A claim is asked for: the epoch will be above the one seen.
    Claiming {
        seen: u64,
    },
    Active {
        epoch: u64,
    },
    Frozen {
        epoch: u64,
    },
    Sent {
        epoch: u64,
    },
    Aborting {
        epoch: u64,
    },
    Releasing {
        epoch: u64,
    },
    Over,
}

impl Default for Tenure {
    /// Of a claim by who knows of no epoch.
    fn default() -> Self {
        Self::claiming(0, Rules::default())
    }
}

impl Tenure {
    /// Of a claim that is about to be asked for, by who knows of epochs up to this one (0: of none).
    #[must_use]
    pub const fn claiming(seen: u64, rules: Rules) -> Self {
        Self {
            state: State::Claiming { seen },
            rules,
        }
    }

    /// Of an activation that another node hands over: this node is about to set the record from that epoch to the next. What
    /// holds for a claim holds for it.
    #[must_use]
    pub const fn staging(epoch: u64, rules: Rules) -> Self {
        Self::claiming(epoch, rules)
    }

    /// The activation's number; none before the claim is answered, and after the end.
    #[must_use]
    pub const fn epoch(&self) -> Option<u64> {
        match self.state {
            State::Active { epoch }
            | State::Frozen { epoch }
            | State::Sent { epoch }
            | State::Aborting { epoch }
            | State::Releasing { epoch } => Some(epoch),
            State::Claiming { .. } | State::Over => None,
        }
    }

    /// Whether calls and timers may start. One of this node that names no epoch waits while they may not.
    #[must_use]
    pub fn may_start(&self) -> bool {
        match self.state {
            State::Active { .. } => true,
            State::Frozen { .. } | State::Sent { .. } => !self.rules.has(Rule::HoldWhileMoving),
            State::Releasing { .. } => !self.rules.has(Rule::HoldWhileReleasing),
            State::Claiming { .. } | State::Aborting { .. } | State::Over => false,
        }
    }

    /// Whether the activation is gone, or never came to be.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Whether it is being handed over, and may yet go on.
    #[must_use]
    pub const fn is_moving(&self) -> bool {
        matches!(
            self.state,
            State::Frozen { .. } | State::Sent { .. } | State::Aborting { .. }
        )
    }

    /// Whether a handoff was offered, and neither taken nor refused nor called off.
    #[must_use]
    pub const fn is_sent(&self) -> bool {
        matches!(self.state, State::Sent { .. })
    }

    /// What becomes of a call that names this epoch.
    #[must_use]
    pub fn admits(&self, epoch: u64) -> Admission {
        let is_exact = self.rules.has(Rule::ExactEpoch);
        let is_meant = match self.state {
            State::Over => false,
            State::Claiming { seen } => {
                self.rules.has(Rule::HoldWhileClaiming) && (epoch > seen || !is_exact)
            }
            // The next epoch may be this activation's by now, and its answer on the way.
            State::Aborting { epoch: mine } => epoch >= mine || !is_exact,
            State::Active { epoch: mine }
            | State::Frozen { epoch: mine }
            | State::Sent { epoch: mine }
            | State::Releasing { epoch: mine } => epoch == mine || !is_exact,
        };
        match is_meant {
            false => Admission::Moved,
            true if self.may_start() => Admission::Run,
            true => Admission::Hold,
        }
    }

    /// The claim was answered: the document is this activation's, with this epoch. One that is not above the epoch seen was
    /// never asked for and ends the tenure.
    pub const fn claimed(&mut self, epoch: u64) -> bool {
        let State::Claiming { seen } = self.state else {
            return false;
        };
        let is_new = epoch > seen;
        self.state = if is_new {
            State::Active { epoch }
        } else {
            State::Over
        };
        is_new
    }

    /// The claim was refused, or nobody knows what came of it. Then it is made anew, with a tenure of its own: what the store
    /// does late with the old one is overtaken by the new one's epoch.
    pub const fn claim_failed(&mut self) -> bool {
        let fits = matches!(self.state, State::Claiming { .. });
        if fits {
            self.state = State::Over;
        }
        fits
    }

    /// It is to be handed over: nothing starts from now on. What runs may end.
    pub const fn freeze(&mut self) -> bool {
        let State::Active { epoch } = self.state else {
            return false;
        };
        self.state = State::Frozen { epoch };
        true
    }

    /// It is not handed over after all, and the offer never left this node.
    pub const fn thaw(&mut self) -> bool {
        let State::Frozen { epoch } = self.state else {
            return false;
        };
        self.state = State::Active { epoch };
        true
    }

    /// Nothing runs any more, everything is committed, and the offer is about to be sent. From now on the other node may own
    /// the entity at any time.
    pub const fn handoff_sent(&mut self) -> bool {
        let State::Frozen { epoch } = self.state else {
            return false;
        };
        self.state = State::Sent { epoch };
        true
    }

    /// The other node says that it runs the entity: the activation of this epoch is over.
    pub fn handoff_done(&mut self, epoch: u64) -> bool {
        let fits = matches!(self.state, State::Sent { epoch: mine } | State::Aborting { epoch: mine } if mine == epoch);
        if fits {
            self.state = State::Over;
        }
        fits
    }

    /// The other node says that it has not set the record and never will for this offer: the activation goes on.
    pub fn handoff_refused(&mut self, epoch: u64) -> bool {
        let fits = self.state == State::Sent { epoch };
        if fits {
            self.state = State::Active { epoch };
        }
        fits
    }

    /// The handoff is called off: the link is lost, or it takes too long. Gives the epoch that the record must still have; the
    /// host claims it for this same owner, and says what came of it. Both nodes race for the record, and one wins.
    pub fn abort(&mut self) -> Option<u64> {
        let State::Sent { epoch } = self.state else {
            return None;
        };
        if self.rules.has(Rule::AbortRaises) {
            self.state = State::Aborting { epoch };
            Some(epoch)
        } else {
            self.state = State::Active { epoch };
            None
        }
    }

    /// The record is this activation's again, with this epoch, under which it goes on. Calls that name the old one go back.
    pub const fn aborted(&mut self, epoch: u64) -> bool {
        let State::Aborting { epoch: old } = self.state else {
            return false;
        };
        let is_new = epoch > old;
        self.state = if is_new {
            State::Active { epoch }
        } else {
            State::Over
        };
        is_new
    }

    /// The record went to the other node, or nobody knows what came of the claim: the activation is over.
    pub const fn abort_failed(&mut self) -> bool {
        let fits = matches!(self.state, State::Aborting { .. });
        if fits {
            self.state = State::Over;
        }
        fits
    }

    /// It is to be released: nothing starts from now on, and nothing runs.
    pub const fn releasing(&mut self) -> bool {
        let (State::Active { epoch } | State::Frozen { epoch }) = self.state else {
            return false;
        };
        self.state = State::Releasing { epoch };
        true
    }

    /// The release is done, or the record was another's by then: the activation is over. While that is in doubt it is asked for
    /// again; there is no way back from it.
    pub const fn released(&mut self) -> bool {
        let fits = matches!(self.state, State::Releasing { .. });
        if fits {
            self.state = State::Over;
        }
        fits
    }

    /// It ends as it is: the lease is lost, a commit was fenced, a handler panicked, the entity is deleted.
    pub const fn end(&mut self) {
        self.state = State::Over;
    }
}
