//! A client's session: opening and resuming it, its sequence, and its end.

use crate::error::Result;
use crate::value::{EntityRef, Uuid};
use crate::{Decode, Reader, Writer};

use super::bounded::{Bin, decode_array, decode_bytes, decode_text, shortened};
use super::call::{exactly, rest};
use super::elements::{Element, Elements};
use super::fields::Fields;
use super::kind;
use super::reason::reasons;
use super::wait::decode_entity;

/// Most bytes of a login token.
pub const LOGIN_TOKEN_BYTES_MAX: usize = 4096;

/// Most bytes of the text of a [`Refused`] or [`End`]; writers cut longer ones.
pub const SESSION_TEXT_BYTES_MAX: usize = 1024;

/// Most entities that [`Opened`] names.
pub const SESSION_ENTITIES_MAX: usize = 16;

/// `[32, session, token, attempt, rx, tx lowest, tx highest, root, mac]`: a client begins a session, or goes on with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open<'a> {
    /// The session to go on with; none for a new one.
    pub session: Option<Uuid>,
    /// What the login gave the client. At most [`LOGIN_TOKEN_BYTES_MAX`].
    pub token: &'a [u8],
    /// Greater than in every `Open` that this client process sent before.
    pub attempt: u64,
    /// The last sequence number that the client took.
    pub rx: u64,
    /// The highest of the client's that was acknowledged.
    pub tx_lowest: u64,
    /// The highest that the client gave out.
    pub tx_highest: u64,
    /// Digest of the client's schema.
    pub root: u64,
    /// HMAC-SHA-256 of the fields before it and the link's binding; none where links have no binding.
    pub mac: Option<[u8; 32]>,
}

/// `[33, session, attempt, rx, window, window bytes, grace, ack delay, entities]`: the session is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened<'a> {
    /// The session.
    pub session: Uuid,
    /// The `Open`'s.
    pub attempt: u64,
    /// The last sequence number that the home took: the client sends again what is above.
    pub rx: u64,
    /// What the session allows.
    pub terms: Terms,
    /// Entities that are bound to the session: those the client may call. At most [`SESSION_ENTITIES_MAX`].
    pub entities: Elements<'a, EntityRef>,
}

/// What a session allows its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Most messages that may be unacknowledged.
    pub window: u32,
    /// Most bytes of them.
    pub window_bytes: u32,
    /// Microseconds that the session outlives its last link.
    pub grace_us: u64,
    /// Microseconds after which a message is acknowledged at the latest.
    pub ack_us: u64,
}

/// `[34, session, attempt, reason, ran, text]`: an `Open` was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused<'a> {
    /// The session that was named.
    pub session: Option<Uuid>,
    /// The `Open`'s.
    pub attempt: u64,
    /// Why.
    pub reason: SessionReason,
    /// The last sequence number of the client's whose message began to run, if the home still knows.
    pub ran: Option<u64>,
    /// For people; may be empty. At most [`SESSION_TEXT_BYTES_MAX`] bytes.
    pub text: &'a str,
}

/// `[38, session, attempt, reason, ran, text]`: the session is over, for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End<'a> {
    /// The session.
    pub session: Uuid,
    /// The attempt that was attached last.
    pub attempt: u64,
    /// Why.
    pub reason: SessionReason,
    /// The last sequence number of the client's whose message began to run.
    pub ran: Option<u64>,
    /// For people; may be empty. At most [`SESSION_TEXT_BYTES_MAX`] bytes.
    pub text: &'a str,
}

reasons! {
    /// Why a session isn't attached, or is over.
    SessionReason {
        /// A later attempt was seen already: try again with a greater one.
        Stale = 1,
        /// The token or the mac isn't right: log in anew, or stop.
        Denied = 2,
        /// The session isn't known any more: final.
        Lost = 3,
        /// Another login of the account took its place: final, and no reason to log in again by itself.
        Replaced = 4,
        /// It was without a link for too long: final.
        Expired = 5,
        /// More was to be kept for the client than there is room: final.
        Overflow = 6,
        /// The schemas don't fit: final, the client must be updated.
        Incompatible = 7,
        /// No room or no node for it now: try again later.
        Unavailable = 8,
        /// The client logged out: final.
        LoggedOut = 9,
        /// An operator or the game ended it: final.
        Kicked = 10,
        /// The client broke the rules of the session: final.
        Protocol = 11,
    }
}

/// `[35, seq, ack, body]`: a message of a session, in sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Msg<'a> {
    /// One more than the sender's last; from 1.
    pub seq: u64,
    /// The last that the sender took of the other side's.
    pub ack: Option<u64>,
    /// The message inside, the rest of the frame: see [`super::Message::in_session`].
    pub body: &'a [u8],
}

/// `[36, session, entity, incarnation, base, version, body]`: newest state, which may be lost and overtaken.
///
/// Inside of a [`Msg`] it is neither: those that follow are based on it. Session, base and version are 0 there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest<'a> {
    /// The first 32 bits of the session's id.
    pub session: u32,
    /// Whose state.
    pub entity: EntityRef,
    /// Which life of the entity, as the client knows it.
    pub incarnation: u64,
    /// The sequence number of the entity's last change of structure: worth nothing to those who have not seen it.
    pub base: u64,
    /// Greater than in every earlier one of this life.
    pub version: u64,
    /// Changes, or an event as [`super::Notify`], the rest of the frame: not looked at yet.
    pub body: &'a [u8],
}

/// `[43, attempt, number, body]`: a client's call that may be lost and overtaken, and waits for none before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aside<'a> {
    /// For which it is sent: worth nothing once the link serves another.
    pub attempt: u64,
    /// Greater than in every earlier one of the session.
    pub number: u64,
    /// A [`super::Notify`], the rest of the frame: not looked at yet.
    pub body: &'a [u8],
}

impl<'a> Open<'a> {
    /// The first `Open` of a client with this token: nothing sent, nothing taken.
    #[must_use]
    pub const fn new(token: &'a [u8], attempt: u64) -> Self {
        Self {
            session: None,
            token,
            attempt,
            rx: 0,
            tx_lowest: 0,
            tx_highest: 0,
            root: 0,
            mac: None,
        }
    }

    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let open = Self {
            session: slots.optional::<Uuid>("session")?,
            token: slots.required_with("token", |r| decode_bytes(r, LOGIN_TOKEN_BYTES_MAX))?,
            attempt: slots.required::<u64>("attempt")?,
            rx: slots.or_default::<u64>("rx")?,
            tx_lowest: slots.or_default::<u64>("tx_lowest")?,
            tx_highest: slots.or_default::<u64>("tx_highest")?,
            root: slots.or_default::<u64>("root")?,
            mac: slots.optional_with("mac", decode_array::<32>)?,
        };
        slots.end()?;
        Ok(open)
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        Fields::of_kind(w, kind::OPEN)
            .maybe(self.session.as_ref())
            .put(&Bin(self.token))
            .put(&self.attempt)
            .or(&self.rx, &0)
            .or(&self.tx_lowest, &0)
            .or(&self.tx_highest, &0)
            .or(&self.root, &0)
            .maybe(self.mac.as_ref().map(|mac| Bin(mac)).as_ref())
            .end();
    }
}

impl Terms {
    /// 256 messages or 128 KiB, a minute, 50 ms.
    pub const DEFAULT: Self = Self {
        window: 256,
        window_bytes: 128 * 1024,
        grace_us: 60_000_000,
        ack_us: 50_000,
    };
}

impl Default for Terms {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl<'a> Opened<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        let default = Terms::DEFAULT;
        let mut slots = r.slots_left(left);
        let opened = Self {
            session: slots.required::<Uuid>("session")?,
            attempt: slots.required::<u64>("attempt")?,
            rx: slots.or_default::<u64>("rx")?,
            terms: Terms {
                window: slots.or::<u32>("window", default.window)?,
                window_bytes: slots.or::<u32>("window_bytes", default.window_bytes)?,
                grace_us: slots.or::<u64>("grace", default.grace_us)?,
                ack_us: slots.or::<u64>("ack_delay", default.ack_us)?,
            },
            entities: slots
                .optional_with("entities", Elements::decode)?
                .unwrap_or_default(),
        };
        slots.end()?;
        Ok(opened)
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        let default = Terms::DEFAULT;
        Fields::of_kind(w, kind::OPENED)
            .put(&self.session)
            .put(&self.attempt)
            .or(&self.rx, &0)
            .or(&self.terms.window, &default.window)
            .or(&self.terms.window_bytes, &default.window_bytes)
            .or(&self.terms.grace_us, &default.grace_us)
            .or(&self.terms.ack_us, &default.ack_us)
            .or(&self.entities, &Elements::EMPTY)
            .end();
    }
}

impl<'a> Element<'a> for EntityRef {
    const COUNT_MAX: u32 = 16;

    fn read(r: &mut Reader<'a>) -> Result<Self> {
        decode_entity(r)
    }
}

const _: () = assert!(<EntityRef as Element<'_>>::COUNT_MAX as usize == SESSION_ENTITIES_MAX);

impl<'a> Refused<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let refused = Self {
            session: slots.optional::<Uuid>("session")?,
            attempt: slots.required::<u64>("attempt")?,
            reason: SessionReason::from_number(slots.required::<u8>("reason")?),
            ran: slots.optional::<u64>("ran")?,
            text: slots
                .optional_with("text", |r| decode_text(r, SESSION_TEXT_BYTES_MAX))?
                .unwrap_or_default(),
        };
        slots.end()?;
        Ok(refused)
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        Fields::of_kind(w, kind::REFUSED)
            .maybe(self.session.as_ref())
            .put(&self.attempt)
            .put(&self.reason.number())
            .maybe(self.ran.as_ref())
            .or(shortened(self.text, SESSION_TEXT_BYTES_MAX), "")
            .end();
    }
}

impl<'a> End<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let end = Self {
            session: slots.required::<Uuid>("session")?,
            attempt: slots.required::<u64>("attempt")?,
            reason: SessionReason::from_number(slots.required::<u8>("reason")?),
            ran: slots.optional::<u64>("ran")?,
            text: slots
                .optional_with("text", |r| decode_text(r, SESSION_TEXT_BYTES_MAX))?
                .unwrap_or_default(),
        };
        slots.end()?;
        Ok(end)
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        Fields::of_kind(w, kind::END)
            .put(&self.session)
            .put(&self.attempt)
            .put(&self.reason.number())
            .maybe(self.ran.as_ref())
            .or(shortened(self.text, SESSION_TEXT_BYTES_MAX), "")
            .end();
    }
}

impl<'a> Msg<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        exactly(r, left, 3)?;
        Ok(Self {
            seq: r.u64().map_err(|error| error.member("seq"))?,
            ack: Option::decode(r).map_err(|error| error.member("ack"))?,
            body: rest(r).map_err(|error| error.member("body"))?,
        })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        put_msg(w, self.seq, self.ack, |w| w.raw(self.body));
    }
}

/// Writes a message of a session, inside of which stands the one that `body` writes.
#[inline]
pub fn put_msg(w: &mut Writer, seq: u64, ack: Option<u64>, body: impl FnOnce(&mut Writer)) {
    // An array of four, and a kind that is no more than a byte.
    w.raw(&[0x94, kind::MSG]);
    w.unsigned(seq);
    w.put(&ack);
    body(w);
}

/// Writes that all up to `seq` was taken.
pub fn put_ack(w: &mut Writer, seq: u64) {
    Fields::of_kind(w, kind::ACK).put(&seq).end();
}

/// Writes that this link serves the session no more, for the attempt: the client opens it again, on the same link if it likes.
pub fn put_detach(w: &mut Writer, attempt: u64) {
    Fields::of_kind(w, kind::DETACH).put(&attempt).end();
}

impl<'a> Latest<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        exactly(r, left, 6)?;
        Ok(Self {
            session: r.u32().map_err(|error| error.member("session"))?,
            entity: decode_entity(r).map_err(|error| error.member("entity"))?,
            incarnation: r.u64().map_err(|error| error.member("incarnation"))?,
            base: r.u64().map_err(|error| error.member("base"))?,
            version: r.u64().map_err(|error| error.member("version"))?,
            body: rest(r).map_err(|error| error.member("body"))?,
        })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        w.raw(&[0x97, kind::LATEST]);
        w.unsigned(self.session.into());
        w.put(&self.entity);
        w.unsigned(self.incarnation);
        w.unsigned(self.base);
        w.unsigned(self.version);
        w.raw(self.body);
    }
}

impl<'a> Aside<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        exactly(r, left, 3)?;
        Ok(Self {
            attempt: r.u64().map_err(|error| error.member("attempt"))?,
            number: r.u64().map_err(|error| error.member("number"))?,
            body: rest(r).map_err(|error| error.member("body"))?,
        })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        put_aside(w, self.attempt, self.number, |w| w.raw(self.body));
    }
}

/// Writes a call that passes by the sequence, whose message `body` writes.
pub fn put_aside(w: &mut Writer, attempt: u64, number: u64, body: impl FnOnce(&mut Writer)) {
    w.raw(&[0x94, kind::ASIDE]);
    w.unsigned(attempt);
    w.unsigned(number);
    body(w);
}
