//! A door as bytes, for the node that takes its entity over. Both are nodes of one cluster: the form is theirs alone.
//!
//! `[version, login_no, tombstone, session]`, where a tombstone is `[session, login_no, reason, ran, time left]` and a session
//! `[id, login_no, generation, rx, ran, acked, sent, entities, inbox, kept, views]`.

use std::collections::VecDeque;
use std::sync::Arc;

use super::door::{Door, Tombstone};
use super::frame::Body;
use super::home::{HomeSession, Run};
use super::limits::SessionLimits;
use super::receiving::Receiving;
use super::rules::Rule;
use super::sending::Sending;
use super::views::{View, Views};
use crate::error::{Problem, Result};
use crate::message::{Elements, SessionReason};
use crate::value::{EntityRef, Uuid};
use crate::{Limits, Reader, Writer};

/// The form that this version writes and reads.
const VERSION: u64 = 1;

impl Door {
    /// The door as bytes, for [`Door::thaw`]. Attachments don't move, nor does what waits to be answered.
    #[must_use]
    pub fn snapshot(&self, now_us: u64) -> Vec<u8> {
        let mut w = Writer::new();
        w.array(4);
        w.unsigned(VERSION);
        w.unsigned(self.login_no);
        match &self.tombstone {
            None => w.nil(),
            Some(tombstone) => {
                w.array(5);
                w.put(&tombstone.session);
                w.put(&tombstone.login_no);
                w.unsigned(tombstone.reason.number().into());
                w.unsigned(tombstone.ran);
                w.unsigned(tombstone.until_us.saturating_sub(now_us));
            }
        }
        match &self.session {
            None => w.nil(),
            Some(session) => session.put(&mut w, &self.limits),
        }
        w.into_bytes()
    }

    /// The door that [`Door::snapshot`] gave elsewhere. Its client has its grace to come back.
    ///
    /// # Errors
    ///
    /// If the bytes are none of a snapshot, or hold more than this node's limits let a session have.
    pub fn thaw(bytes: &[u8], limits: Arc<SessionLimits>, now_us: u64) -> Result<Self> {
        let mut r = Reader::new(bytes, &Limits::DEFAULT);
        let mut slots = r.slots()?;
        slots.required_with("version", |r| match r.u64()? {
            VERSION => Ok(()),
            other => Err(r.error(Problem::UnknownValue(other.into()))),
        })?;
        let login_no = slots.required::<u64>("login_no")?;
        let tombstone = slots.optional_with("tombstone", |r| {
            let mut slots = r.slots()?;
            let tombstone = Tombstone {
                session: slots.required::<Uuid>("session")?,
                login_no: slots.optional::<u64>("login_no")?,
                reason: SessionReason::from_number(slots.required::<u8>("reason")?),
                ran: slots.required::<u64>("ran")?,
                until_us: now_us.saturating_add(slots.required::<u64>("time")?),
            };
            slots.end()?;
            Ok(tombstone)
        })?;
        let session = slots.optional_with("session", |r| {
            let grace_at = now_us.saturating_add(limits.grace_us);
            HomeSession::read(r, grace_at).map(Box::new)
        })?;
        slots.end()?;
        r.end()?;
        let mut door = Self::new(limits, login_no);
        door.tombstone = tombstone;
        door.session = session;
        Ok(door)
    }
}

impl HomeSession {
    fn put(&self, w: &mut Writer, limits: &SessionLimits) {
        w.array(11);
        w.put(&self.id);
        w.put(&self.login_no);
        w.unsigned(self.generation);
        w.unsigned(self.rx.rx);
        let moves = limits.rules.has(Rule::InboxMoves);
        w.unsigned(if moves { self.ran } else { self.rx.rx });
        w.unsigned(self.tx.acked);
        w.unsigned(self.tx.sent);
        w.array(self.entities.len());
        for entity in &*self.entities {
            w.put(entity);
        }
        let inbox = if moves { self.inbox.len() } else { 0 };
        w.array(inbox);
        for run in self.inbox.iter().take(inbox) {
            w.array(2);
            w.unsigned(run.seq);
            w.bin(&run.body);
        }
        w.array(self.tx.kept.len());
        for body in &self.tx.kept {
            w.bin(body);
        }
        w.array(self.views.0.len());
        for (entity, view) in &self.views.0 {
            w.array(4);
            w.put(entity);
            w.unsigned(view.incarnation);
            w.unsigned(view.base);
            let moves = limits.rules.has(Rule::VersionsMove);
            w.unsigned(if moves { view.version } else { 0 });
        }
    }

    fn read(r: &mut Reader<'_>, grace_at: u64) -> Result<Self> {
        let mut slots = r.slots()?;
        let id = slots.required::<Uuid>("id")?;
        let login_no = slots.optional::<u64>("login_no")?;
        let generation = slots.required::<u64>("generation")?;
        let rx = slots.required::<u64>("rx")?;
        let ran = slots.required::<u64>("ran")?;
        let acked = slots.required::<u64>("acked")?;
        let sent = slots.required::<u64>("sent")?;
        let entities = slots.required_with("entities", read_entities)?;
        let inbox = slots.required_with("inbox", |r| read_inbox(r, rx))?;
        let tx = slots.required_with("kept", |r| {
            let kept = read_bodies(r)?;
            let between = Problem::Integer {
                value: sent.into(),
                min: acked.into(),
                max: acked.saturating_add(kept.len() as u64).into(),
            };
            Sending::restored(acked, sent, kept).ok_or_else(|| r.error(between))
        })?;
        let views = slots.required_with("views", read_views)?;
        slots.end()?;
        let mut session = Self::new(id, login_no, grace_at, entities);
        session.generation = generation;
        session.is_new = false;
        session.rx = Receiving::of(rx);
        session.ran = ran;
        session.inbox_bytes = inbox.iter().map(|run| run.body.len()).sum();
        session.inbox = inbox;
        session.tx = tx;
        session.views = views;
        Ok(session)
    }
}

fn read_entities(r: &mut Reader<'_>) -> Result<Arc<[EntityRef]>> {
    let entities: Elements<'_, EntityRef> = Elements::decode(r)?;
    Ok(entities.iter().collect())
}

/// What has not begun, in the order of its numbers, none of which is above `rx`.
fn read_inbox(r: &mut Reader<'_>, rx: u64) -> Result<VecDeque<Run>> {
    let mut inbox = VecDeque::new();
    let mut before = 0;
    for _ in 0..r.enter_array()? {
        let mut slots = r.slots()?;
        let seq = slots.required::<u64>("seq")?;
        let body = slots.required_with("body", Reader::bin)?;
        slots.end()?;
        if seq <= before || seq > rx {
            return Err(r.error(Problem::Integer {
                value: seq.into(),
                min: i128::from(before) + 1,
                max: rx.into(),
            }));
        }
        before = seq;
        inbox.push_back(Run {
            seq,
            body: body.into(),
        });
    }
    r.leave();
    Ok(inbox)
}

fn read_views(r: &mut Reader<'_>) -> Result<Views> {
    let mut views = Views::default();
    for _ in 0..r.enter_array()? {
        let mut slots = r.slots()?;
        let entity = slots.required::<EntityRef>("entity")?;
        let view = View {
            incarnation: slots.required::<u64>("incarnation")?,
            base: slots.required::<u64>("base")?,
            version: slots.required::<u64>("version")?,
        };
        slots.end()?;
        if views.0.insert(entity, view).is_some() {
            return Err(r.error(Problem::Duplicate));
        }
    }
    r.leave();
    Ok(views)
}

fn read_bodies(r: &mut Reader<'_>) -> Result<VecDeque<Body>> {
    let mut bodies = VecDeque::new();
    for _ in 0..r.enter_array()? {
        bodies.push_back(r.bin()?.into());
    }
    r.leave();
    Ok(bodies)
}
