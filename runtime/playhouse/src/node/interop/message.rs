//! MessagePack-RPC: `[0, id, method, params]`, `[1, id, error, result]`, `[2, method, params]`.

use playhouse_wire::{Limits, Problem, Reader, Result, Writer};

/// A message of a tool. Method and parameters stay where they lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// None for a notification.
    pub(super) id: Option<u32>,
    pub(super) method: &'a str,
    /// One MessagePack value, no deeper than the limits allow.
    pub(super) params: &'a [u8],
}

const REQUEST: u64 = 0;
const NOTIFY: u64 = 2;

impl<'a> Message<'a> {
    /// Reads the message that fills `bytes`.
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self> {
        let r = &mut Reader::new(bytes, &Limits::STRICT);
        let length = r.enter_array()?;
        let kind = r.u64().map_err(|error| error.member("type"))?;
        let id = match (kind, length) {
            (REQUEST, 4) => Some(r.u32().map_err(|error| error.member("id"))?),
            (NOTIFY, 3) => None,
            // A response: nothing was asked.
            _ => return Err(r.error(Problem::UnknownKind(kind))),
        };
        let method = r.str().map_err(|error| error.member("method"))?;
        let params = r.raw(usize::MAX).map_err(|error| error.member("params"))?;
        r.end()?;
        Ok(Self { id, method, params })
    }
}

/// Writes a response whose error and result are these MessagePack values.
pub(super) fn put_response(w: &mut Writer, id: u32, error: Option<&[u8]>, result: &[u8]) {
    w.array(4);
    w.unsigned(1);
    w.unsigned(id.into());
    match error {
        Some(error) => w.raw(error),
        None => w.nil(),
    }
    w.raw(result);
}
