//! Who is told what arrives on a link, and what becomes of requests.

use std::{borrow::Cow, fmt};

use playhouse_wire::{
    link::{CloseReason as ProtocolEnd, Peer},
    message::{
        Executed, FailureKind, GoAway, GoAwayReason, Message, Notify, Outcome, Owner, Request,
        WireFailure,
    },
};

use super::Link;

/// The owner of a link: told inline, on the link's task, of everything that arrives.
///
/// What a handler writes to the link leaves with the whole batch of which the message was part. It must not block, and
/// may use the link as it likes: nothing is borrowed while it is called.
pub trait LinkHandler {
    /// The hellos were exchanged, and [`Link::peer`] says who is there. A peer that may not be here, or whose schema
    /// doesn't fit, is sent away with [`Link::close`]: then nothing of it is handled.
    fn opened(&self, _link: &Link, _peer: &Peer) {}

    /// A call that is to be answered, by one of the link's `respond` methods, now or later, exactly once: a cancelled one
    /// too, since unanswered requests count against what the peer may have.
    fn request(&self, link: &Link, request: Request<'_>);

    /// A call that isn't answered.
    fn notify(&self, link: &Link, notify: Notify<'_>);

    /// Messages have been read, and will be handed over now, one after another. Whether this link is the only busy one of
    /// its owner: then half of the answers are written while the other half is worked on, so that the peer needn't wait
    /// for all of them; where other links are served meanwhile, that would only cost another call of the system.
    fn batch_begins(&self, _link: &Link) -> bool {
        true
    }

    /// The messages of one read have been handed over. Told even if handling one of them panicked.
    fn batch_ends(&self, _link: &Link) {}

    /// Everything else: that a request was cancelled, and what later parts of the protocol add.
    fn other(&self, _link: &Link, _message: Message<'_>) {}

    /// Bytes that the peer sent with [`Link::send_datagram`]. Not before the link is open; in no order with its messages.
    fn datagram(&self, _link: &Link, _bytes: &[u8]) {}

    /// The peer takes nothing new on this link and closes it soon: what it still owes, it answers.
    fn peer_goes_away(&self, _link: &Link, _go_away: GoAway<'_>) {}

    /// The peer has read this side's goaway: nothing new comes.
    fn drained(&self, _link: &Link) {}

    /// The link is over, and so is every request that waited on it. The last thing that is said.
    fn closed(&self, _link: &Link, _reason: &CloseReason) {}
}

/// Who waits for the end of a request. Told exactly once, unless the request was cancelled.
pub trait ReplySink {
    /// Takes the end of the request, inline on the link's task. Nothing of the link is borrowed: another request may be
    /// made here.
    fn complete(&self, outcome: ReplyOutcome<'_>);
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyOutcome<'a> {
    /// It returned this, as MessagePack.
    Ok(&'a [u8]),
    /// Its handler threw this: the error union as MessagePack.
    Thrown(&'a [u8]),
    /// It failed.
    Failed(WireFailure<'a>),
    /// It named an activation of its entity that is over there: nothing was executed.
    Moved {
        /// The epoch that it named.
        epoch: u64,
        /// Where the entity went, if that is known.
        hint: Option<Owner<'a>>,
    },
    /// The link was lost before the answer came. Says whether the request may have gone out.
    Lost(WireFailure<'a>),
}

impl<'a> ReplyOutcome<'a> {
    /// As whoever meant no particular activation takes it: what was returned, or what was thrown, or why there is
    /// neither.
    ///
    /// # Errors
    ///
    /// The failure.
    pub const fn into_result(self) -> Result<Result<&'a [u8], &'a [u8]>, WireFailure<'a>> {
        match self {
            Self::Ok(result) => Ok(Ok(result)),
            Self::Thrown(error) => Ok(Err(error)),
            Self::Failed(failure) | Self::Lost(failure) => Err(failure),
            Self::Moved { .. } => Err(WireFailure {
                text: "the entity runs elsewhere by now",
                ..WireFailure::new(FailureKind::Unreachable, Executed::NotExecuted)
            }),
        }
    }
}

impl<'a> From<Outcome<'a>> for ReplyOutcome<'a> {
    fn from(outcome: Outcome<'a>) -> Self {
        match outcome {
            Outcome::Returned(result) => Self::Ok(result),
            Outcome::Thrown(error) => Self::Thrown(error),
            Outcome::Failed(failure) => Self::Failed(failure),
        }
    }
}

/// A message that a link did not take. Nothing of it was sent: whatever it was, it was not executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub kind: FailureKind,
    /// In words.
    pub text: Cow<'static, str>,
}

impl Refused {
    pub(crate) fn new(kind: FailureKind, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }

    /// The refusal as it would travel.
    #[must_use]
    pub fn failure(&self) -> WireFailure<'_> {
        WireFailure {
            text: &self.text,
            ..WireFailure::new(self.kind, Executed::NotExecuted)
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refused {}

/// Why a link is over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// There never was a connection; says why.
    Unreached(Box<str>),
    /// The connection failed; says how.
    Broken(Box<str>),
    /// The peer read nothing of what waited for it, for too long.
    Stalled,
    /// More waited for the peer than a link holds.
    OutputFull,
    /// The shard that drove the link is gone.
    Abandoned,
    /// By the rules of the protocol.
    Protocol(ProtocolEnd),
}

impl CloseReason {
    /// What requests fail with that waited.
    #[must_use]
    pub fn failure_kind(&self) -> FailureKind {
        match self {
            Self::Protocol(ProtocolEnd::Version { .. } | ProtocolEnd::Outdated { .. }) => {
                FailureKind::Incompatible
            }
            Self::Protocol(ProtocolEnd::Refused { reason, .. } | ProtocolEnd::Local(reason)) => {
                match reason {
                    GoAwayReason::Version | GoAwayReason::Incompatible => FailureKind::Incompatible,
                    GoAwayReason::Denied => FailureKind::Denied,
                    GoAwayReason::Overloaded => FailureKind::Overloaded,
                    _ => FailureKind::Unreachable,
                }
            }
            _ => FailureKind::Unreachable,
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreached(why) => f.write_str(why),
            Self::Broken(how) => write!(f, "the connection broke: {how}"),
            Self::Stalled => f.write_str("the peer did not read what was sent, for too long"),
            Self::OutputFull => f.write_str("too much waited for the peer: it reads too slowly"),
            Self::Abandoned => f.write_str("the shard that drove the link has stopped"),
            Self::Protocol(reason) => reason.fmt(f),
        }
    }
}

impl std::error::Error for CloseReason {}
