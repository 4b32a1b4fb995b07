//! What a token says about its bearer.

use playhouse_wire::message::NAME_BYTES_MAX;
use playhouse_wire::{
    Decode, EntityRef, Error, Limits, Problem, Reader, Result, Timestamp, Writer,
};

/// What a token says about its bearer. Nothing of it is secret: a client can read it, and can't change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Whom it admits: the entity that the session is bound to, or for a ticket whoever it was given to.
    pub entity: EntityRef,
    /// Which login of theirs it comes from, from 1: an older one gives way to a newer one. 0: from none, as a ticket may
    /// be; it is not revoked with any.
    pub login_no: u64,
    /// When it was made.
    pub issued: Timestamp,
    /// Until when it opens a session.
    pub expires: Timestamp,
    /// What it is for.
    pub kind: TokenKind,
}

/// What a token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenKind {
    /// Opens a session.
    Login,
    /// Opens a session on one node, for one thing that runs there, such as a battle.
    Ticket {
        /// The name of the node, at most 128 bytes.
        node: String,
        /// What it lets its bearer into.
        session: EntityRef,
    },
}

const LOGIN: u64 = 1;
const TICKET: u64 = 2;
/// Elements of each kind.
const LOGIN_LENGTH: usize = 5;
const TICKET_LENGTH: usize = 7;

impl Claims {
    /// As bytes: the same for the same claims, always.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        let ticket = match &self.kind {
            TokenKind::Login => None,
            TokenKind::Ticket { node, session } => Some((node, session)),
        };
        w.array(ticket.map_or(LOGIN_LENGTH, |_| TICKET_LENGTH));
        w.unsigned(ticket.map_or(LOGIN, |_| TICKET));
        w.put(&self.entity);
        w.unsigned(self.login_no);
        w.put(&self.issued);
        w.put(&self.expires);
        if let Some((node, session)) = ticket {
            w.str(node);
            w.put(session);
        }
        w.into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes, &Limits::STRICT);
        let length = r.enter_array()?;
        let kind = r.u64()?;
        if !matches!(
            (length, kind),
            (LOGIN_LENGTH, LOGIN) | (TICKET_LENGTH, TICKET)
        ) {
            return Err(r.error(Problem::UnknownKind(kind)));
        }
        let entity = EntityRef::decode(&mut r)?;
        let login_no = r.u64()?;
        let issued = Timestamp::decode(&mut r)?;
        let expires = Timestamp::decode(&mut r)?;
        let kind = if kind == LOGIN {
            TokenKind::Login
        } else {
            TokenKind::Ticket {
                node: name(&mut r)?,
                session: EntityRef::decode(&mut r)?,
            }
        };
        r.leave();
        r.end()?;
        Ok(Self {
            entity,
            login_no,
            issued,
            expires,
            kind,
        })
    }
}

fn name(r: &mut Reader<'_>) -> Result<String> {
    let text = r.str()?;
    if text.len() > NAME_BYTES_MAX {
        return Err(Error::new(Problem::Length {
            length: text.len(),
            unit: "bytes",
            min: 0,
            max: u32::try_from(NAME_BYTES_MAX).unwrap_or(u32::MAX),
        }));
    }
    r.charge(text.len())?;
    Ok(text.to_owned())
}
