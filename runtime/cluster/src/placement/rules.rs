//! The rules of placement, each of which a test can drop.

/// Which rules hold: all of them, but where a test shows what a rule is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Rules {
    dropped: Option<Rule>,
}

impl Rules {
    /// All but one. The explorer finds what goes wrong then, and simulations that they would notice; nothing else may use it.
    #[doc(hidden)]
    #[must_use]
    pub const fn without(rule: Rule) -> Self {
        Self {
            dropped: Some(rule),
        }
    }

    /// Whether this one holds.
    #[must_use]
    pub fn has(self, rule: Rule) -> bool {
        self.dropped != Some(rule)
    }
}

/// A rule that the machines of this module keep. Those that a host keeps are in `docs/placement.md` beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A node past its margin starts nothing.
    Margin,
    /// A lease counts from before its renewal is sent.
    MeasuredFromSending,
    /// Who has lost its lease goes on as another life of the node.
    NewIncarnation,
    /// A lease is over only once it was seen unchanged for longer than it lasts.
    WaitToRevoke,
    /// A call is taken by the activation that it names, and by no other.
    ExactEpoch,
    /// While a claim is pending, calls that may be meant for it wait.
    HoldWhileClaiming,
    /// A call is sent to a place only when every older one is finished or sent to the same place.
    Barrier,
    /// Calls that come back stand in line where they stood.
    BackInOrder,
    /// A call that was on a link that broke may have run.
    LostIsUnknown,
    /// Only calls that may run twice are sent again after that.
    OnlyIdempotentAgain,
    /// What may have run once is never said not to have run.
    OnceUnknown,
    /// An activation that is being moved starts nothing.
    HoldWhileMoving,
    /// Who calls a handoff off goes on under a new epoch alone.
    AbortRaises,
    /// An activation that is being released starts nothing.
    HoldWhileReleasing,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Margin,
        Self::MeasuredFromSending,
        Self::NewIncarnation,
        Self::WaitToRevoke,
        Self::ExactEpoch,
        Self::HoldWhileClaiming,
        Self::Barrier,
        Self::BackInOrder,
        Self::LostIsUnknown,
        Self::OnlyIdempotentAgain,
        Self::OnceUnknown,
        Self::HoldWhileMoving,
        Self::AbortRaises,
        Self::HoldWhileReleasing,
    ];
}
