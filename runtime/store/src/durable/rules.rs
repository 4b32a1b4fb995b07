//! The rules of the protocol, each of which a test can drop.

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

/// A rule that the code of this crate keeps. Those that a host keeps are in `docs/durable.md` beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A commit is filtered on birth, owner and epoch.
    EpochInFilter,
    /// A commit is filtered on the revision.
    RevInFilter,
    /// A commit whose outcome is unknown is sent again as it was.
    IdenticalRetry,
    /// An activation that was fenced is over.
    FencedIsOver,
    /// A row is in the commit of the change that it belongs to.
    RowInCommit,
    /// A mark is in the commit of the effect that it stands for.
    MarkInCommit,
    /// A row is sent only once its commit was answered.
    SendAfterCommit,
    /// The next sequence to a receiver is in the document, whatever the outbox holds.
    PersistedSequence,
    /// A message that skips a number is ignored.
    GapsIgnored,
    /// An acknowledgement says only what is committed.
    AckAfterCommit,
    /// Every duplicate is acknowledged again.
    AckAgain,
    /// Each activation sends again all that it finds in its outbox.
    Resend,
    /// Marks are kept by sender and birth.
    BirthInMarks,
    /// A refusal is kept until the sender has dropped its row.
    RefusalsKept,
    /// Marks and sequences outlive the entity.
    MarksOutlive,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::EpochInFilter,
        Self::RevInFilter,
        Self::IdenticalRetry,
        Self::FencedIsOver,
        Self::RowInCommit,
        Self::MarkInCommit,
        Self::SendAfterCommit,
        Self::PersistedSequence,
        Self::GapsIgnored,
        Self::AckAfterCommit,
        Self::AckAgain,
        Self::Resend,
        Self::BirthInMarks,
        Self::RefusalsKept,
        Self::MarksOutlive,
    ];
}
