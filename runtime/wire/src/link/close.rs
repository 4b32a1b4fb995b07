//! Why a link ended.

use std::fmt;

use crate::message::GoAwayReason;

/// Why a link ended: what its calls fail with, and what a log says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The peer didn't say who it is in time.
    HelloTimeout,
    /// Nothing was heard from the peer for too long.
    Silent,
    /// The peer didn't acknowledge a goaway in time.
    GoAwayTimeout,
    /// The peer broke the protocol; says how.
    Protocol(Box<str>),
    /// There is no version of the protocol that both speak.
    Version {
        /// The newest that the peer speaks.
        newest: u16,
        /// The oldest that it speaks.
        oldest: u16,
    },
    /// The peer is a client of too old a release of the game's schema.
    Outdated {
        /// The release that it has.
        release: u32,
        /// The oldest that this side takes.
        least: u32,
    },
    /// The peer refused the link, or gave it up before it was open.
    Refused {
        /// Why.
        reason: GoAwayReason,
        /// In words; may be empty.
        text: Box<str>,
    },
    /// This side closed it.
    Local(GoAwayReason),
    /// The connection broke, or the peer closed it.
    Disconnected,
}

impl CloseReason {
    /// What the peer is told, if it is told anything: nothing where it is gone or closed the link itself.
    pub(super) const fn told(&self) -> Option<GoAwayReason> {
        match self {
            Self::HelloTimeout | Self::Protocol(_) => Some(GoAwayReason::Protocol),
            Self::Version { .. } => Some(GoAwayReason::Version),
            Self::Outdated { .. } => Some(GoAwayReason::Incompatible),
            Self::Local(reason) => Some(*reason),
            Self::Silent | Self::GoAwayTimeout | Self::Refused { .. } | Self::Disconnected => None,
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HelloTimeout => f.write_str("the peer did not say hello in time"),
            Self::Silent => f.write_str("the peer was silent for too long"),
            Self::GoAwayTimeout => {
                f.write_str("the peer did not acknowledge in time that this side goes away")
            }
            Self::Protocol(how) => write!(f, "the peer broke the protocol: {how}"),
            Self::Version { newest, oldest } => write!(
                f,
                "the peer speaks versions {oldest} to {newest} of the protocol, this side speaks {}: update the older one",
                crate::message::VERSION
            ),
            Self::Outdated { release, least } => write!(
                f,
                "the client is of release {release} of the game, and from release {least} on clients are taken: update the client"
            ),
            Self::Refused { reason, text } if text.is_empty() => {
                write!(f, "the peer refused the link: {reason}")
            }
            Self::Refused { reason, text } => {
                write!(f, "the peer refused the link: {reason}: {text}")
            }
            Self::Local(reason) => write!(f, "this side closed the link: {reason}"),
            Self::Disconnected => f.write_str("the connection broke"),
        }
    }
}

impl std::error::Error for CloseReason {}

impl fmt::Display for GoAwayReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopping => "stopping",
            Self::Protocol => "broken protocol",
            Self::Version => "no common version",
            Self::Incompatible => "incompatible schemas",
            Self::Denied => "not allowed",
            Self::Overloaded => "overloaded",
            Self::Replaced => "replaced by another link",
            Self::Idle => "idle",
            Self::Internal => "internal fault",
            Self::Other(number) => return write!(f, "reason {number}"),
        })
    }
}
