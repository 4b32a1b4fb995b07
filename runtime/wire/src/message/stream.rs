//! Streams: items of one call one after another, and state that is kept in step.

use crate::error::Result;
use crate::{Decode, Encode, Reader, Writer};

use super::call::{NIL, Outcome, exactly, rest};
use super::fields::Fields;
use super::{Header, Method, kind};

/// `[4, id, item]`: one item of a stream. It costs its receiver's credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamItem<'a> {
    /// The request's, which began the stream.
    pub id: u32,
    /// The item as MessagePack, the rest of the frame: not looked at yet.
    pub item: &'a [u8],
}

/// `[5, id, error]`: the sender's direction of a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamEnd<'a> {
    /// The request's, which began the stream.
    pub id: u32,
    /// How: [`Outcome::Returned`] of nil without an error.
    pub outcome: Outcome<'a>,
}

/// `[6, id, n]`: so many more items may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamCredit {
    /// The request's, which began the stream.
    pub id: u32,
    /// How many more.
    pub items: u32,
}

/// `[7, owner, header, changes]`: what changed in the state of an entity or component that the receiver follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sync<'a> {
    /// Whose state: a method whose tag is 0.
    pub owner: Method,
    /// The key, the local entity and the epoch; nothing else means anything here.
    pub header: Header<'a>,
    /// Changes as `docs/wire.md` has them, the rest of the frame: not looked at yet.
    pub changes: &'a [u8],
}

impl<'a> StreamItem<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        exactly(r, left, 2)?;
        Ok(Self {
            id: r.u32().map_err(|error| error.member("id"))?,
            item: rest(r).map_err(|error| error.member("item"))?,
        })
    }
}

impl StreamItem<'_> {
    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        put_stream_item(w, self.id, |w| w.raw(self.item));
    }
}

/// Writes one item of the stream that request `id` began.
#[inline]
pub fn put_stream_item(w: &mut Writer, id: u32, item: impl FnOnce(&mut Writer)) {
    w.raw(&[0x93, kind::STREAM_ITEM]);
    w.unsigned(id.into());
    item(w);
}

impl<'a> StreamEnd<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let id = slots.required::<u32>("id")?;
        let error = slots.optional_with("error", Outcome::decode_error)?;
        slots.end()?;
        Ok(Self {
            id,
            outcome: error.unwrap_or(Outcome::Returned(NIL)),
        })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        let ended = matches!(self.outcome, Outcome::Returned(_));
        w.raw(&[if ended { 0x92 } else { 0x93 }, kind::STREAM_END]);
        w.unsigned(self.id.into());
        if !ended {
            Outcome::put_error(w, &self.outcome);
        }
    }
}

impl StreamCredit {
    pub(super) fn decode_rest(r: &mut Reader<'_>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let id = slots.required::<u32>("id")?;
        let items = slots.required::<u32>("n")?;
        slots.end()?;
        Ok(Self { id, items })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        let mut fields = Fields::of_kind(w, kind::STREAM_CREDIT);
        fields.put(&self.id).put(&self.items).end();
    }
}

impl<'a> Sync<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        exactly(r, left, 3)?;
        Ok(Self {
            owner: Method::decode(r).map_err(|error| error.member("owner"))?,
            header: Header::decode(r)?,
            changes: rest(r).map_err(|error| error.member("changes"))?,
        })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        put_sync(w, self.owner, &self.header, |w| w.raw(self.changes));
    }
}

/// Writes what changed in the state of `owner`.
#[inline]
pub fn put_sync(
    w: &mut Writer,
    owner: Method,
    header: &Header<'_>,
    changes: impl FnOnce(&mut Writer),
) {
    w.raw(&[0x94, kind::SYNC]);
    owner.encode(w);
    header.encode(w);
    changes(w);
}
