//! What the machines send, as values of their own: they cross threads, and many share one body.

use std::sync::Arc;

use crate::message::{
    ElementBuffer, End, Latest, Message, Open, Opened, Refused, SessionReason, Terms, kind,
    put_ack, put_aside, put_detach, put_msg,
};
use crate::value::{EntityRef, Uuid};
use crate::{Limits, Reader, Writer};

/// What stands in a message of a session: one encoded message of [`crate::Message::in_session`]'s kinds.
pub type Body = Arc<[u8]>;

/// What a client sends on a link.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Up {
    /// It begins a session, or goes on with it.
    Open(Box<OwnedOpen>),
    /// A message in sequence.
    Msg {
        /// Its number.
        seq: u64,
        /// What was taken of the home's.
        ack: Option<u64>,
        /// What stands in it.
        body: Body,
    },
    /// A call that passes by the sequence.
    Aside {
        /// What it is sent for.
        attempt: u64,
        /// Above all before it.
        number: u64,
        /// What stands in it.
        body: Body,
    },
    /// All up to here was taken.
    Ack(u64),
    /// It logs out.
    End(Box<OwnedEnd>),
}

/// What a home sends to a client, by way of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Down {
    /// The session is attached.
    Opened(Box<OwnedOpened>),
    /// It is not.
    Refused(Box<OwnedRefused>),
    /// A message in sequence. Without an `ack` it may go as one link of a fan.
    Msg {
        /// Its number.
        seq: u64,
        /// What was taken of the client's.
        ack: Option<u64>,
        /// What stands in it.
        body: Body,
    },
    /// All up to here was taken.
    Ack(u64),
    /// The link serves the session no more, for this attempt.
    Detach(u64),
    /// The session is over.
    End(Box<OwnedEnd>),
    /// Newest state.
    Latest(Box<OwnedLatest>),
}

/// An [`Open`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnedOpen {
    /// The session to go on with.
    pub session: Option<Uuid>,
    /// What the login gave the client.
    pub token: Arc<[u8]>,
    /// Greater than in every `Open` of this client before.
    pub attempt: u64,
    /// The last number that the client took.
    pub rx: u64,
    /// The highest of its own that was acknowledged.
    pub tx_lowest: u64,
    /// The highest of its own.
    pub tx_highest: u64,
    /// Digest of its schema.
    pub root: u64,
    /// The proof that it has the login's key.
    pub mac: Option<[u8; 32]>,
}

/// An [`Opened`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnedOpened {
    /// The session.
    pub session: Uuid,
    /// The `Open`'s.
    pub attempt: u64,
    /// The last of the client's that the home took.
    pub rx: u64,
    /// What the session allows.
    pub terms: Terms,
    /// What is bound to it: the first [`crate::message::SESSION_ENTITIES_MAX`] are told.
    pub entities: Arc<[EntityRef]>,
}

/// A [`Refused`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnedRefused {
    /// The session that was named.
    pub session: Option<Uuid>,
    /// The `Open`'s.
    pub attempt: u64,
    /// Why.
    pub reason: SessionReason,
    /// The last of the client's that began, if that is known.
    pub ran: Option<u64>,
    /// For people.
    pub text: Box<str>,
}

/// An [`End`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnedEnd {
    /// The session.
    pub session: Uuid,
    /// The attempt that was attached last.
    pub attempt: u64,
    /// Why.
    pub reason: SessionReason,
    /// The last of the client's that began, if that is known.
    pub ran: Option<u64>,
    /// For people.
    pub text: Box<str>,
}

/// A [`Latest`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnedLatest {
    /// The first 32 bits of the session's id.
    pub session: u32,
    /// Whose state.
    pub entity: EntityRef,
    /// Which life of it.
    pub incarnation: u64,
    /// The number of its last change of structure.
    pub base: u64,
    /// Greater than in every earlier one.
    pub version: u64,
    /// The changes.
    pub body: Body,
}

impl Up {
    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        match self {
            Self::Open(open) => open.borrowed().put(w),
            Self::Msg { seq, ack, body } => put_msg(w, *seq, *ack, |w| w.raw(body)),
            Self::Aside {
                attempt,
                number,
                body,
            } => put_aside(w, *attempt, *number, |w| w.raw(body)),
            Self::Ack(seq) => put_ack(w, *seq),
            Self::End(end) => end.borrowed().put(w),
        }
    }
}

impl Down {
    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        match self {
            Self::Opened(opened) => {
                let mut entities = ElementBuffer::new();
                for entity in &*opened.entities {
                    if !entities.push(entity) {
                        break;
                    }
                }
                let opened = Opened {
                    session: opened.session,
                    attempt: opened.attempt,
                    rx: opened.rx,
                    terms: opened.terms,
                    entities: entities.elements(),
                };
                opened.put(w);
            }
            Self::Refused(refused) => {
                let refused = Refused {
                    session: refused.session,
                    attempt: refused.attempt,
                    reason: refused.reason,
                    ran: refused.ran,
                    text: &refused.text,
                };
                refused.put(w);
            }
            Self::Msg { seq, ack, body } => put_msg(w, *seq, *ack, |w| w.raw(body)),
            Self::Ack(seq) => put_ack(w, *seq),
            Self::Detach(attempt) => put_detach(w, *attempt),
            Self::End(end) => end.borrowed().put(w),
            Self::Latest(latest) => {
                let latest = Latest {
                    session: latest.session,
                    entity: latest.entity.clone(),
                    incarnation: latest.incarnation,
                    base: latest.base,
                    version: latest.version,
                    body: &latest.body,
                };
                latest.put(w);
            }
        }
    }

    /// Its kind, for [`super::GateLink::handle_down`].
    #[must_use]
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Opened(_) => kind::OPENED,
            Self::Refused(_) => kind::REFUSED,
            Self::Msg { .. } => kind::MSG,
            Self::Ack(_) => kind::ACK,
            Self::Detach(_) => kind::DETACH,
            Self::End(_) => kind::END,
            Self::Latest(_) => kind::LATEST,
        }
    }
}

impl OwnedOpen {
    /// As it is written.
    #[must_use]
    pub fn borrowed(&self) -> Open<'_> {
        Open {
            session: self.session,
            token: &self.token,
            attempt: self.attempt,
            rx: self.rx,
            tx_lowest: self.tx_lowest,
            tx_highest: self.tx_highest,
            root: self.root,
            mac: self.mac,
        }
    }
}

impl OwnedEnd {
    fn borrowed(&self) -> End<'_> {
        End {
            session: self.session,
            attempt: self.attempt,
            reason: self.reason,
            ran: self.ran,
            text: &self.text,
        }
    }
}

/// The first 32 bits of a session's name.
pub(super) fn short_of(id: Uuid) -> u32 {
    let [a, b, c, d, ..] = id.0;
    u32::from_be_bytes([a, b, c, d])
}

/// What a body is to the session that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyKind {
    /// A call that will be answered.
    Request,
    /// The answer to one.
    Response,
    /// Something else that belongs to a call: it must not wait behind calls.
    OfCall,
    /// A call without an answer, or state.
    Notice,
    /// Nothing that may stand in a session.
    None,
}

/// What a body is, by its first two elements; the rest is not looked at.
pub(super) fn kind_of(body: &[u8]) -> BodyKind {
    let mut r = Reader::new(body, &Limits::STRICT);
    let number = match r.enter_array() {
        Ok(length) if length > 0 => r.u64().ok(),
        _ => None,
    };
    match number.and_then(|number| u8::try_from(number).ok()) {
        Some(kind::REQUEST) => BodyKind::Request,
        Some(kind::RESPONSE) => BodyKind::Response,
        Some(kind::CANCEL | kind::STREAM_ITEM | kind::STREAM_END | kind::STREAM_CREDIT) => {
            BodyKind::OfCall
        }
        Some(kind::NOTIFY | kind::SYNC | kind::LATEST) => BodyKind::Notice,
        _ => BodyKind::None,
    }
}

/// What is to be said of an entity in sequence, so that [`super::Door::latest`] can go on from there: the body for
/// [`super::Door::follow`], the same for all sessions.
#[must_use]
pub fn first_latest(entity: &EntityRef, incarnation: u64, body: &[u8]) -> Body {
    let mut w = Writer::with_capacity(body.len() + 64);
    let first = Latest {
        session: 0,
        entity: entity.clone(),
        incarnation,
        base: 0,
        version: 0,
        body,
    };
    first.put(&mut w);
    w.into_bytes().into()
}

/// The same read.
pub(super) fn first_latest_of(body: &[u8]) -> Option<Latest<'_>> {
    if body.get(1) != Some(&kind::LATEST) {
        return None;
    }
    match Message::decode(body) {
        Ok(Message::Latest(latest)) => Some(latest),
        _ => None,
    }
}
