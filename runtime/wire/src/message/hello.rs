//! The first messages on a link: who is there, what it speaks and how much it takes.

use crate::error::{Error, Problem, Result};
use crate::{Check, Encode, Reader, Writer};

use super::bounded::{decode_text, shortened};
use super::elements::{Element, Elements};
use super::fields::Fields;
use super::kind;

/// The version of the protocol that this crate speaks.
pub const VERSION: u16 = 1;

/// The oldest version that it speaks.
pub const VERSION_LEAST: u16 = 1;

/// The least that a peer must take as the longest message, in bytes.
pub const FRAME_BYTES_LEAST: u32 = 4096;

/// Most bytes of a peer's name.
pub const NAME_BYTES_MAX: usize = 128;

/// Most digests in [`Digests`].
pub const DIGESTS_MAX: usize = 8192;

/// Requests that a peer may have unanswered on a link, if its hello says nothing.
pub const REQUESTS_MAX: u32 = 65_536;

/// The longest message of a peer whose hello says nothing.
const FRAME_BYTES: u32 = 16 * 1024 * 1024;
const _: () = assert!(FRAME_BYTES as usize == crate::frame::FRAME_BYTES_MAX);

/// What a peer may name as its longest message.
type FrameBytes = crate::codec::Int<u32, { FRAME_BYTES_LEAST as i128 }, { u32::MAX as i128 }>;

/// `[13, version, least, role, name, incarnation, root, frame bytes, requests, lane, date, packing]` from who dialled,
/// and `[14, .., requests, digests, date, packing]` back: who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello<'a> {
    /// The newest version of the protocol that it speaks.
    pub version: u16,
    /// The oldest one.
    pub version_least: u16,
    /// What it is.
    pub role: Role,
    /// The node's name in the cluster, or what a client or tool calls itself. At most [`NAME_BYTES_MAX`] bytes.
    pub name: &'a str,
    /// Which life of that name.
    pub incarnation: Incarnation,
    /// Digest of its whole schema.
    pub root: u64,
    /// The longest message that it takes, in bytes.
    pub frame_bytes_max: u32,
    /// Most requests that it lets the other side have unanswered.
    pub requests_max: u32,
    /// Which of its links to this node it is, of a node that dials: of two with one number only the later is meant, and
    /// nothing of it is taken before the end of the other one. 0 for links of which there may be several.
    pub lane: u32,
    /// What its clock showed when it wrote this, in microseconds since 1970; 0 if it does not say.
    pub date_us: i64,
    /// Which [compression](crate::frame::pack) it reads, a bit each: 1 is LZ4. A reply says what is used.
    pub packing: u8,
    /// The release of its schema: how often it was closed with `playhouse release`. 0 if it never was, or there is none.
    pub release: u32,
}

/// LZ4, among the bits of [`Hello::packing`].
pub const PACKING_LZ4: u8 = 1;

/// What a peer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum Role {
    /// A node of the cluster.
    #[default]
    Node = 0,
    /// A game's client.
    Client = 1,
    /// A tool of developers or operators.
    Tool = 2,
}

/// One life of a node: its name may come back, this pair does not. On the wire `[boot, lease]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Incarnation {
    /// Random, chosen when the process starts.
    pub boot: u64,
    /// Rises each time the process registers anew after it lost its lease.
    pub lease: u64,
}

/// A digest for each component, entity and service of a schema: exchanged when the roots differ. At most [`DIGESTS_MAX`].
pub type Digests<'a> = Elements<'a, TypeDigest>;

/// The digest of one component, entity or service. On the wire `[package, number, digest]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeDigest {
    /// The number of its package.
    pub package: u16,
    /// Its number in the package.
    pub number: u16,
    /// Digest of all that decides how peers read it.
    pub digest: u64,
}

impl<'a> Hello<'a> {
    /// The hello of `name`: this crate's version and limits, nothing generated.
    #[must_use]
    pub const fn new(role: Role, name: &'a str) -> Self {
        Self {
            version: VERSION,
            version_least: VERSION_LEAST,
            role,
            name,
            incarnation: Incarnation { boot: 0, lease: 0 },
            root: 0,
            frame_bytes_max: FRAME_BYTES,
            requests_max: REQUESTS_MAX,
            lane: 0,
            date_us: 0,
            packing: 0,
            release: 0,
        }
    }

    /// Begins a message of this kind with all fields of a hello.
    pub(super) fn begin<'w>(&self, w: &'w mut Writer, kind: u8) -> Fields<'w> {
        let default = Self::new(Role::Node, "");
        let mut fields = Fields::of_kind(w, kind);
        fields
            .put(&self.version)
            .put(&self.version_least)
            .put(&self.role.number())
            .put(shortened(self.name, NAME_BYTES_MAX))
            .put(&self.incarnation)
            .put(&self.root)
            .or(&self.frame_bytes_max, &default.frame_bytes_max)
            .or(&self.requests_max, &default.requests_max);
        fields
    }

    /// Reads a hello (`reply` false) or a reply, whose digests come with it.
    pub(super) fn decode_rest(
        r: &mut Reader<'a>,
        left: usize,
        reply: bool,
    ) -> Result<(Self, Option<Digests<'a>>)> {
        let default = Self::new(Role::Node, "");
        let mut slots = r.slots_left(left);
        let hello = Self {
            version: slots.required::<u16>("version")?,
            version_least: slots.required::<u16>("least")?,
            role: slots.required_with("role", Role::decode)?,
            name: slots.required_with("name", |r| decode_text(r, NAME_BYTES_MAX))?,
            incarnation: slots.required::<Incarnation>("incarnation")?,
            root: slots.required::<u64>("root")?,
            frame_bytes_max: slots.or::<FrameBytes>("frame_bytes", default.frame_bytes_max)?,
            requests_max: slots.or::<u32>("requests", default.requests_max)?,
            lane: 0,
            date_us: 0,
            packing: 0,
            release: 0,
        };
        let lane = if reply {
            0
        } else {
            slots.or::<u32>("lane", 0)?
        };
        let digests = if reply {
            slots.optional_with("digests", Digests::decode)?
        } else {
            None
        };
        let date_us = slots.or::<i64>("date", 0)?;
        let packing = slots.or::<u8>("packing", 0)?;
        let release = slots.or::<u32>("release", 0)?;
        slots.end()?;
        let hello = Self {
            lane,
            date_us,
            packing,
            release,
            ..hello
        };
        Ok((hello, digests))
    }
}

/// Writes the first message of who dialled.
pub fn put_hello(w: &mut Writer, hello: &Hello<'_>) {
    hello
        .begin(w, kind::HELLO)
        .or(&hello.lane, &0)
        .or(&hello.date_us, &0)
        .or(&hello.packing, &0)
        .or(&hello.release, &0)
        .end();
}

/// Writes the answer to a hello. With the digests of `types` if the roots differ, at most [`DIGESTS_MAX`].
pub fn put_hello_reply(w: &mut Writer, hello: &Hello<'_>, types: Option<&[TypeDigest]>) {
    hello
        .begin(w, kind::HELLO_REPLY)
        .maybe(types.map(first).as_ref())
        .or(&hello.date_us, &0)
        .or(&hello.packing, &0)
        .or(&hello.release, &0)
        .end();
}

/// Writes what a reply with digests is answered by: one's own, at most [`DIGESTS_MAX`].
pub fn put_digests(w: &mut Writer, types: &[TypeDigest]) {
    Fields::of_kind(w, kind::DIGESTS).put(first(types)).end();
}

/// As many as may be sent.
fn first(types: &[TypeDigest]) -> &[TypeDigest] {
    types.get(..DIGESTS_MAX).unwrap_or(types)
}

impl Role {
    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        let start = r.offset();
        match r.u8()? {
            0 => Ok(Self::Node),
            1 => Ok(Self::Client),
            2 => Ok(Self::Tool),
            other => Err(Error::at(Problem::UnknownValue(other.into()), start)),
        }
    }
}

impl Encode for Incarnation {
    fn encode(&self, w: &mut Writer) {
        w.array(2);
        w.unsigned(self.boot);
        w.unsigned(self.lease);
    }
}

impl crate::Decode for Incarnation {
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        let mut slots = r.slots()?;
        let boot = slots.or_default::<u64>("boot")?;
        let lease = slots.or_default::<u64>("lease")?;
        slots.end()?;
        Ok(Self { boot, lease })
    }
}

impl Check for Incarnation {}

impl Encode for TypeDigest {
    fn encode(&self, w: &mut Writer) {
        w.array(3);
        w.unsigned(self.package.into());
        w.unsigned(self.number.into());
        w.unsigned(self.digest);
    }
}

impl<'a> Element<'a> for TypeDigest {
    const COUNT_MAX: u32 = 8192;

    fn read(r: &mut Reader<'a>) -> Result<Self> {
        let mut slots = r.slots()?;
        let package = slots.required::<u16>("package")?;
        let number = slots.required::<u16>("number")?;
        let digest = slots.required::<u64>("digest")?;
        slots.end()?;
        Ok(Self {
            package,
            number,
            digest,
        })
    }
}

const _: () = assert!(<TypeDigest as Element<'_>>::COUNT_MAX as usize == DIGESTS_MAX);
