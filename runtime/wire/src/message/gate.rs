//! Between a gate and the home node of a session: the session's messages with the gate's link, and what only they say.

use crate::error::Result;
use crate::value::EntityRef;
use crate::{Decode, Encode, Reader, Writer};

use super::bounded::{Bin, decode_bytes, decode_text, shortened};
use super::call::{exactly, rest};
use super::elements::{Element, Elements};
use super::fields::Fields;
use super::hello::{Incarnation, NAME_BYTES_MAX};
use super::kind;
use super::wait::decode_entity;

/// Most bytes of a link's binding.
pub const BINDING_BYTES_MAX: usize = 64;

/// Most links that one [`Fan`] goes to.
pub const FAN_LINKS_MAX: usize = 256;

/// `[41, link, attempt, admission, message]`: a session's message on its way between gate and home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached<'a> {
    /// The client's link, as the gate numbers them; never given twice.
    pub link: u64,
    /// The attempt that the link serves. What comes from another than the current one is dropped.
    pub attempt: u64,
    /// With an `Open`: who was let in, and by which link.
    pub admission: Option<Admission<'a>>,
    /// The message, the rest of the frame: see [`super::Message::of_session`].
    pub message: &'a [u8],
}

/// What a gate says about an `Open`: `[binding, entity, login_no]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission<'a> {
    /// What the `Open`'s mac is bound to: the Noise handshake's hash or the TLS exporter, as the gate saw it. At most
    /// [`BINDING_BYTES_MAX`].
    pub binding: Option<&'a [u8]>,
    /// Whose the token is. The home looks at the token again.
    pub entity: EntityRef,
    /// Which login of that entity's it is from, where logins are counted.
    pub login_no: Option<u64>,
}

/// `[42, links, body]`: one message for many clients; from home to gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fan<'a> {
    /// Where it goes: at most [`FAN_LINKS_MAX`].
    pub links: Elements<'a, FanLink>,
    /// What stands in the `Msg` of each, the rest of the frame.
    pub body: &'a [u8],
}

/// One client of a [`Fan`]: `[link, attempt, seq]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FanLink {
    /// The client's link.
    pub link: u64,
    /// The attempt that it serves.
    pub attempt: u64,
    /// The number that the message has in the client's session.
    pub seq: u64,
}

/// `[39, link, attempt]`: the client's link is gone; from gate to home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// The client's link.
    pub link: u64,
    /// The attempt that it served.
    pub attempt: u64,
}

/// `[40, link, attempt, node, incarnation, open]`: the session's home is elsewhere; the gate sends the same `Open` there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redirect<'a> {
    /// The client's link.
    pub link: u64,
    /// The attempt that it serves.
    pub attempt: u64,
    /// The node to ask. At most [`NAME_BYTES_MAX`] bytes.
    pub node: &'a str,
    /// Which life of it.
    pub incarnation: Incarnation,
    /// The `Open` as it came, the rest of the frame.
    pub open: &'a [u8],
}

impl<'a> Attached<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        exactly(r, left, 4)?;
        let link = r.u64().map_err(|error| error.member("link"))?;
        let attempt = r.u64().map_err(|error| error.member("attempt"))?;
        let admission = if r.take_nil() {
            None
        } else {
            Some(Admission::read(r).map_err(|error| error.member("admission"))?)
        };
        let message = rest(r).map_err(|error| error.member("message"))?;
        Ok(Self {
            link,
            attempt,
            admission,
            message,
        })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        put_attached(w, self.link, self.attempt, self.admission.as_ref(), |w| {
            w.raw(self.message)
        });
    }
}

/// Writes the session's message that `message` writes, for or from the gate's link.
#[inline]
pub fn put_attached(
    w: &mut Writer,
    link: u64,
    attempt: u64,
    admission: Option<&Admission<'_>>,
    message: impl FnOnce(&mut Writer),
) {
    w.raw(&[0x95, kind::ATTACHED]);
    w.unsigned(link);
    w.unsigned(attempt);
    w.put(&admission);
    message(w);
}

impl<'a> Admission<'a> {
    fn read(r: &mut Reader<'a>) -> Result<Self> {
        let mut slots = r.slots()?;
        let admission = Self {
            binding: slots.optional_with("binding", |r| decode_bytes(r, BINDING_BYTES_MAX))?,
            entity: slots.required_with("entity", decode_entity)?,
            login_no: slots.optional::<u64>("login_no")?,
        };
        slots.end()?;
        Ok(admission)
    }
}

impl Encode for Admission<'_> {
    fn encode(&self, w: &mut Writer) {
        Fields::new(w)
            .maybe(self.binding.map(Bin).as_ref())
            .put(&self.entity)
            .maybe(self.login_no.as_ref())
            .end();
    }
}

impl<'a> Fan<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        exactly(r, left, 2)?;
        Ok(Self {
            links: Elements::decode(r).map_err(|error| error.member("links"))?,
            body: rest(r).map_err(|error| error.member("body"))?,
        })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        w.raw(&[0x93, kind::FAN]);
        w.put(&self.links);
        w.raw(self.body);
    }
}

impl<'a> Element<'a> for FanLink {
    const COUNT_MAX: u32 = 256;

    fn read(r: &mut Reader<'a>) -> Result<Self> {
        let mut slots = r.slots()?;
        let link = Self {
            link: slots.required::<u64>("link")?,
            attempt: slots.required::<u64>("attempt")?,
            seq: slots.required::<u64>("seq")?,
        };
        slots.end()?;
        Ok(link)
    }
}

const _: () = assert!(<FanLink as Element<'_>>::COUNT_MAX as usize == FAN_LINKS_MAX);

impl Encode for FanLink {
    fn encode(&self, w: &mut Writer) {
        let mut fields = Fields::new(w);
        fields.put(&self.link).put(&self.attempt).put(&self.seq);
        fields.end();
    }
}

impl Lost {
    pub(super) fn decode_rest(r: &mut Reader<'_>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let link = slots.required::<u64>("link")?;
        let attempt = slots.required::<u64>("attempt")?;
        slots.end()?;
        Ok(Self { link, attempt })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        let mut fields = Fields::of_kind(w, kind::LOST);
        fields.put(&self.link).put(&self.attempt).end();
    }
}

impl<'a> Redirect<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        exactly(r, left, 5)?;
        Ok(Self {
            link: r.u64().map_err(|error| error.member("link"))?,
            attempt: r.u64().map_err(|error| error.member("attempt"))?,
            node: decode_text(r, NAME_BYTES_MAX).map_err(|error| error.member("node"))?,
            incarnation: Incarnation::decode(r).map_err(|error| error.member("incarnation"))?,
            open: rest(r).map_err(|error| error.member("open"))?,
        })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        w.raw(&[0x96, kind::REDIRECT]);
        w.unsigned(self.link);
        w.unsigned(self.attempt);
        w.str(shortened(self.node, NAME_BYTES_MAX));
        w.put(&self.incarnation);
        w.raw(self.open);
    }
}
