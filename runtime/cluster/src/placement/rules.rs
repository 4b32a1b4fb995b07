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

/// A rule of placement: one of the table in `docs/placement.md`, which says who keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A claim is judged by the store in the moment in which it is done.
    CompareAndSet,
    /// An entity is claimed from nobody, or from a life that is over.
    ClaimWhenOver,
    /// A claim of which nobody knows what came is made anew.
    ClaimAnew,
    /// Who is asked for a later epoch than the one that it runs ends that one.
    OvertakenEnds,
    /// A node past its margin starts nothing.
    Margin,
    /// A lease counts from before its renewal is sent.
    MeasuredFromSending,
    /// Who has lost its lease discards what it ran.
    Discard,
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
    /// Calls of a node to an entity that runs there wait behind those that are on their way to it.
    OneLine,
    /// Who gets a call that is not for it sends it back, not on.
    NeverForward,
    /// A call that was on a link that broke may have run.
    LostIsUnknown,
    /// Only calls that may run twice are sent again after that.
    OnlyIdempotentAgain,
    /// What may have run once is never said not to have run.
    OnceUnknown,
    /// The end of a link is noticed before anything of the next one is taken.
    OldLinkFirst,
    /// An activation is offered once nothing runs in it.
    Quiesce,
    /// An activation that is being moved starts nothing.
    HoldWhileMoving,
    /// The receiver of a handoff sets the record, not the sender.
    ReceiverSets,
    /// Who calls a handoff off goes on under a new epoch alone.
    AbortRaises,
    /// Calls that wait are sent back when the entity has moved, not along.
    QueueStays,
    /// Who goes says so, and waits until it was heard.
    GoAwayFirst,
    /// An activation that is being released starts nothing.
    HoldWhileReleasing,
    /// A release is of one's own activation.
    ReleaseMine,
}

impl Rule {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 27] = [
        Self::CompareAndSet,
        Self::ClaimWhenOver,
        Self::ClaimAnew,
        Self::OvertakenEnds,
        Self::Margin,
        Self::MeasuredFromSending,
        Self::Discard,
        Self::NewIncarnation,
        Self::WaitToRevoke,
        Self::ExactEpoch,
        Self::HoldWhileClaiming,
        Self::Barrier,
        Self::BackInOrder,
        Self::OneLine,
        Self::NeverForward,
        Self::LostIsUnknown,
        Self::OnlyIdempotentAgain,
        Self::OnceUnknown,
        Self::OldLinkFirst,
        Self::Quiesce,
        Self::HoldWhileMoving,
        Self::ReceiverSets,
        Self::AbortRaises,
        Self::QueueStays,
        Self::GoAwayFirst,
        Self::HoldWhileReleasing,
        Self::ReleaseMine,
    ];
}
