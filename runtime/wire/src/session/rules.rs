//! The rules of sessions, each of which a test can drop.

/// Which rules hold: all of them, but where a test shows what a rule is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Rules {
    dropped: Option<Rule>,
}

impl Rules {
    /// All of them.
    pub const ALL: Self = Self { dropped: None };

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

/// A rule of sessions: one of the table in `docs/sessions.md`, which says who keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The home takes an `Open` only if its attempt is above all that it took.
    AttemptRises,
    /// The mac of an `Open` is checked with the binding of the link that brings it.
    MacBinds,
    /// What a client sends counts at the home only by the link and attempt that are attached.
    Fence,
    /// The end of a link counts at the home only if that link is attached, by that attempt.
    LostIsMine,
    /// A hop that breaks ends the attachments over it, at both its ends.
    BrokenHopDetaches,
    /// A session is gone on with by its name, and begun by a login alone.
    ResumeNamesSession,
    /// The number of a login is stored before its client is told of a session.
    LoginStored,
    /// A session goes on only if both sides still have what the other one lacks.
    RangeCheck,
    /// What was taken before is dropped when it comes again.
    Deduplicate,
    /// A message is kept until it is acknowledged, not until it is written.
    KeepUntilAcked,
    /// An acknowledgement needs no message to stand in.
    AcksStandAlone,
    /// What the home keeps for a client is bounded: calls wait for room, events that don't fit end the session.
    Bounded,
    /// A session that ended takes, begins and sends nothing more.
    EndIsFinal,
    /// How a session ended is told to who names that session, and to nobody else.
    TombstoneNamesSession,
    /// What is above `ran`, or was never sent, is not executed; nothing else is said to be.
    TagsAreTrue,
    /// The home counts a message as sent for good.
    SentStays,
    /// A frozen session takes and begins nothing, and serves no link.
    FrozenStands,
    /// What was taken and has not begun moves along.
    InboxMoves,
    /// A move counts only if nobody took the entity over meanwhile.
    MoveIsBound,
    /// Who does not own the entity says who does; the gate takes the same `Open` there.
    Redirect,
    /// An owner past its lease stops before another one begins.
    OwnerStops,
    /// Newest state is applied only onto the change of structure that it is for.
    LatestNamesBase,
    /// Newest state is applied only if it is newer than what was.
    LatestRises,
    /// The versions of newest state move with the entity.
    VersionsMove,
    /// A client's call that passes by the sequence counts only for the attempt that it names.
    AsideNamesAttempt,
    /// And only if its number is above all that were taken.
    AsideRises,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 26] = [
        Self::AttemptRises,
        Self::MacBinds,
        Self::Fence,
        Self::LostIsMine,
        Self::BrokenHopDetaches,
        Self::ResumeNamesSession,
        Self::LoginStored,
        Self::RangeCheck,
        Self::Deduplicate,
        Self::KeepUntilAcked,
        Self::AcksStandAlone,
        Self::Bounded,
        Self::EndIsFinal,
        Self::TombstoneNamesSession,
        Self::TagsAreTrue,
        Self::SentStays,
        Self::FrozenStands,
        Self::InboxMoves,
        Self::MoveIsBound,
        Self::Redirect,
        Self::OwnerStops,
        Self::LatestNamesBase,
        Self::LatestRises,
        Self::VersionsMove,
        Self::AsideNamesAttempt,
        Self::AsideRises,
    ];
}
