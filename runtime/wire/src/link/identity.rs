//! Who is at the two ends of a link.

use std::sync::Arc;

use crate::message::{
    DIGESTS_MAX, Digests, Hello, Incarnation, PACKING_LZ4, Role, TypeDigest, VERSION, VERSION_LEAST,
};

use super::{CloseReason, LinkLimits};

/// What this side says about itself. Cheap to clone: a node has one, and many links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What it is.
    pub role: Role,
    /// The node's name in the cluster, or what a client or tool calls itself; cut at 128 bytes.
    pub name: Arc<str>,
    /// Which life of that name.
    pub incarnation: Incarnation,
    /// Digest of its whole schema; 0 without one, and then digests are never exchanged.
    pub root: u64,
    /// Digests of its components, entities and services, at most [`DIGESTS_MAX`]: sent when the roots differ.
    pub digests: Arc<[TypeDigest]>,
    /// Which of its links to a node it dials; 0 for links of which there may be several.
    pub lane: u32,
    /// The release of its schema, 0 if there was none.
    pub release: u32,
}

/// What the other side said about itself, and what both speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The version of the protocol that both speak.
    pub version: u16,
    /// What it says it is. Whether that is so is for the caller to find out.
    pub role: Role,
    /// What it calls itself.
    pub name: Box<str>,
    /// Which life of that name.
    pub incarnation: Incarnation,
    /// Digest of its whole schema; 0 without one.
    pub root: u64,
    /// Digests of its components, entities and services, if the roots differ: the newer side judges them.
    pub digests: Option<Box<[TypeDigest]>>,
    /// The longest message that it takes, in bytes.
    pub frame_bytes_max: u32,
    /// Most requests that it lets this side have unanswered.
    pub requests_max: u32,
    /// Which of its links to this node it is; 0 if there may be several.
    pub lane: u32,
    /// Whether messages may be compressed, both ways.
    pub packs: bool,
    /// How far its clock is ahead, of whom this side has dialled, if both know the date.
    pub clock: Option<ClockAhead>,
}

/// How far another clock is ahead, as one exchange showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockAhead {
    /// In microseconds; below 0 it is behind.
    pub ahead_us: i64,
    /// It may be so much more or less, in microseconds: half of the time that the exchange took.
    pub within_us: u64,
}

impl Identity {
    /// Someone without a schema.
    #[must_use]
    pub fn new(role: Role, name: &str) -> Self {
        Self {
            role,
            name: name.into(),
            incarnation: Incarnation::default(),
            root: 0,
            digests: Arc::new([]),
            lane: 0,
            release: 0,
        }
    }

    pub(super) fn hello(&self, limits: &LinkLimits, date_us: i64) -> Hello<'_> {
        Hello {
            version: VERSION,
            version_least: VERSION_LEAST,
            role: self.role,
            name: &self.name,
            incarnation: self.incarnation,
            root: self.root,
            frame_bytes_max: limits.frame_bytes_max,
            requests_max: limits.requests_max,
            lane: self.lane,
            date_us,
            packing: match limits.pack_from {
                0 => 0,
                _ => PACKING_LZ4,
            },
            release: self.release,
        }
    }

    /// Whether the digests of each type are to be exchanged with someone of this root.
    pub(super) const fn differs_from(&self, root: u64) -> bool {
        self.root != 0 && root != 0 && self.root != root
    }

    /// The digests that may be sent.
    pub(super) fn sent_digests(&self) -> &[TypeDigest] {
        self.digests.get(..DIGESTS_MAX).unwrap_or(&self.digests)
    }
}

impl Peer {
    pub(super) fn new(hello: &Hello<'_>, version: u16, digests: Option<Digests<'_>>) -> Self {
        Self {
            version,
            role: hello.role,
            name: hello.name.into(),
            incarnation: hello.incarnation,
            root: hello.root,
            digests: digests.map(|digests| digests.iter().collect()),
            frame_bytes_max: hello.frame_bytes_max,
            requests_max: hello.requests_max,
            lane: hello.lane,
            packs: hello.packing & PACKING_LZ4 != 0,
            clock: None,
        }
    }
}

/// The newest version that both speak, unless the peer is a client of an older release than this side takes.
pub(super) fn agree(hello: &Hello<'_>, limits: &LinkLimits) -> Result<u16, CloseReason> {
    let (release, least) = (hello.release, limits.client_release_min);
    if hello.role == Role::Client && release < least {
        return Err(CloseReason::Outdated { release, least });
    }
    let version = hello.version.min(VERSION);
    if version >= hello.version_least.max(VERSION_LEAST) {
        Ok(version)
    } else {
        Err(CloseReason::Version {
            newest: hello.version,
            oldest: hello.version_least,
        })
    }
}
