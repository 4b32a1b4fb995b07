//! Calls: requests, their responses, notifications, and giving up.

use crate::error::{Problem, Result};
use crate::{Encode, Reader, Writer};

use super::fields::Fields;
use super::{Header, Method, WireFailure, kind};

/// `[0, id, method, header, args]`: a call that is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<'a> {
    /// Chosen by the caller: no other unanswered request of this link's side has it.
    pub id: u32,
    /// What is called.
    pub method: Method,
    /// For whom, for how long, on whose behalf.
    pub header: Header<'a>,
    /// The arguments as MessagePack, the rest of the frame: not looked at yet.
    pub args: &'a [u8],
}

/// `[1, id, error, result]`: how a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response<'a> {
    /// The request's.
    pub id: u32,
    /// Its end.
    pub outcome: Outcome<'a>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// It returned this, as MessagePack: the rest of the frame, not looked at yet. Nil if there is no value.
    Returned(&'a [u8]),
    /// The handler threw this: the error union as MessagePack.
    Thrown(&'a [u8]),
    /// It failed.
    Failed(WireFailure<'a>),
}

/// `[2, method, header, args]`: a call that isn't answered: a oneway, or an event to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify<'a> {
    /// What is called.
    pub method: Method,
    /// For whom, for how long, on whose behalf.
    pub header: Header<'a>,
    /// The arguments as MessagePack, the rest of the frame: not looked at yet.
    pub args: &'a [u8],
}

/// Number in front of a thrown error; failures have their kind there.
const THROWN: u8 = 0;

/// What a result is when nothing was written for it.
pub(super) const NIL: &[u8] = &[0xc0];

/// Writes a request, whose arguments `args` writes.
#[inline]
pub fn put_request(
    w: &mut Writer,
    id: u32,
    method: Method,
    header: &Header<'_>,
    args: impl FnOnce(&mut Writer),
) {
    w.raw(&[0x95, kind::REQUEST]);
    w.unsigned(id.into());
    method.encode(w);
    header.encode(w);
    args(w);
}

/// Writes the response to a request that returned what `result` writes; nil for no value.
#[inline]
pub fn put_response_ok(w: &mut Writer, id: u32, result: impl FnOnce(&mut Writer)) {
    w.raw(&[0x94, kind::RESPONSE]);
    w.unsigned(id.into());
    w.nil();
    result(w);
}

/// Writes the response to a request whose handler threw the error that `body` writes.
pub fn put_response_thrown(w: &mut Writer, id: u32, body: impl FnOnce(&mut Writer)) {
    w.raw(&[0x93, kind::RESPONSE]);
    w.unsigned(id.into());
    w.raw(&[0x92, THROWN]);
    body(w);
}

/// Writes the response to a request that failed.
pub fn put_response_failure(w: &mut Writer, id: u32, failure: &WireFailure<'_>) {
    w.raw(&[0x93, kind::RESPONSE]);
    w.unsigned(id.into());
    failure.encode(w);
}

/// Writes a notification, whose arguments `args` writes.
#[inline]
pub fn put_notify(
    w: &mut Writer,
    method: Method,
    header: &Header<'_>,
    args: impl FnOnce(&mut Writer),
) {
    w.raw(&[0x94, kind::NOTIFY]);
    method.encode(w);
    header.encode(w);
    args(w);
}

/// Writes that the caller of request `id` wants no response any more.
pub fn put_cancel(w: &mut Writer, id: u32) {
    Fields::of_kind(w, kind::CANCEL).put(&id).end();
}

impl<'a> Request<'a> {
    #[inline]
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        exactly(r, left, 4)?;
        Ok(Self {
            id: r.u32().map_err(|error| error.member("id"))?,
            method: crate::Decode::decode(r).map_err(|error| error.member("method"))?,
            header: Header::decode(r)?,
            args: rest(r).map_err(|error| error.member("args"))?,
        })
    }
}

impl<'a> Notify<'a> {
    #[inline]
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        exactly(r, left, 3)?;
        Ok(Self {
            method: crate::Decode::decode(r).map_err(|error| error.member("method"))?,
            header: Header::decode(r)?,
            args: rest(r).map_err(|error| error.member("args"))?,
        })
    }
}

impl<'a> Response<'a> {
    #[inline]
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        if left == 0 {
            return Err(r.error(Problem::Missing).member("id"));
        }
        let id = r.u32().map_err(|error| error.member("id"))?;
        let outcome = match left {
            1 => Outcome::Returned(NIL),
            _ if !r.take_nil() => {
                let outcome = Outcome::decode_error(r).map_err(|error| error.member("error"))?;
                // A result beside an error means nothing, and newer peers append.
                r.slots_left(left - 2).end()?;
                outcome
            }
            2 => Outcome::Returned(NIL),
            3 => Outcome::Returned(rest(r).map_err(|error| error.member("result"))?),
            _ => return Err(r.error(fields_problem(left, 3))),
        };
        Ok(Self { id, outcome })
    }
}

impl<'a> Outcome<'a> {
    /// Reads an error: `[0, body]` or a failure.
    #[inline(never)]
    pub(super) fn decode_error(r: &mut Reader<'a>) -> Result<Self> {
        let length = r.enter_array()?;
        let Some(left) = length.checked_sub(1) else {
            return Err(r.error(Problem::Missing).member("kind"));
        };
        let kind = r.u8().map_err(|error| error.member("kind"))?;
        if kind != THROWN {
            return WireFailure::decode_rest(r, kind, left).map(Self::Failed);
        }
        let Some(left) = left.checked_sub(1) else {
            return Err(r.error(Problem::Missing).member("body"));
        };
        let body = r.raw(usize::MAX).map_err(|error| error.member("body"))?;
        r.slots_left(left).end()?;
        Ok(Self::Thrown(body))
    }

    /// Writes an error as [`Self::decode_error`] reads it.
    pub(super) fn put_error(w: &mut Writer, error: &Self) {
        match error {
            Self::Returned(_) => w.nil(),
            Self::Thrown(body) => {
                w.raw(&[0x92, THROWN]);
                w.raw(body);
            }
            Self::Failed(failure) => failure.encode(w),
        }
    }
}

/// The rest of the frame, which holds at least one value.
#[inline]
pub(super) fn rest<'a>(r: &mut Reader<'a>) -> Result<&'a [u8]> {
    let length = r.rest().len();
    if length == 0 {
        return Err(r.error(Problem::Truncated { needed: 1, left: 0 }));
    }
    r.take(length)
}

/// Messages that end in the rest of the frame have as many fields as this version gives them.
#[inline]
pub(super) fn exactly(r: &Reader<'_>, left: usize, fields: u32) -> Result<()> {
    if left == fields as usize {
        Ok(())
    } else {
        Err(r.error(fields_problem(left, fields)))
    }
}

#[cold]
fn fields_problem(length: usize, fields: u32) -> Problem {
    Problem::Length {
        length,
        unit: "elements",
        min: fields,
        max: fields,
    }
}
