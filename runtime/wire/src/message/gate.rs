//! Between a gate and the home node of a session: the session's messages with the gate's link, and what only they say.

use crate::error::Result;
use crate::{Decode, Encode, Reader, Writer};

use super::bounded::{Bin, decode_bytes, decode_text, shortened};
use super::call::{exactly, rest};
use super::fields::Fields;
use super::hello::{Incarnation, NAME_BYTES_MAX};
use super::kind;

/// Most bytes of a link's binding.
pub const BINDING_BYTES_MAX: usize = 64;

/// `[41, link, attempt, binding, message]`: a session's message on its way between gate and home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attached<'a> {
    /// The client's link, as the gate numbers them; never given twice.
    pub link: u64,
    /// The attempt that the link serves. What comes from another than the current one is dropped.
    pub attempt: u64,
    /// With an `Open`, what its mac is bound to: the Noise handshake's hash or the TLS exporter, as the gate saw it. At
    /// most [`BINDING_BYTES_MAX`].
    pub binding: Option<&'a [u8]>,
    /// The message, the rest of the frame: see [`super::Message::of_session`].
    pub message: &'a [u8],
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
        let binding = if r.take_nil() {
            None
        } else {
            let binding = decode_bytes(r, BINDING_BYTES_MAX);
            Some(binding.map_err(|error| error.member("binding"))?)
        };
        let message = rest(r).map_err(|error| error.member("message"))?;
        Ok(Self {
            link,
            attempt,
            binding,
            message,
        })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        put_attached(w, self.link, self.attempt, self.binding, |w| {
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
    binding: Option<&[u8]>,
    message: impl FnOnce(&mut Writer),
) {
    w.raw(&[0x95, kind::ATTACHED]);
    w.unsigned(link);
    w.unsigned(attempt);
    binding.map(Bin).encode(w);
    message(w);
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
