//! A session at its home: what was taken and has not begun, what the client has not acknowledged, and by which link it is served.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use super::frame::{Body, BodyKind, Down, OwnedLatest, OwnedOpened, kind_of, short_of};
use super::limits::SessionLimits;
use super::receiving::{Place, Receiving};
use super::rules::Rule;
use super::sending::Sending;
use super::views::Views;
use crate::message::{Aside, Msg, SessionReason};
use crate::value::{EntityRef, Uuid};

/// The way by which a client is reached: a hop to a gate, the gate's link, and the attempt that it serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Via {
    /// The hop, by a number of the driver's that is never given twice: a link between nodes that was made again is another one.
    pub gate: u64,
    /// The client's link, as the gate numbers them.
    pub link: u64,
    /// The attempt that the link serves.
    pub attempt: u64,
}

/// A message of the client that may begin.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Run {
    /// Its number.
    pub seq: u64,
    /// What stood in it.
    pub body: Box<[u8]>,
}

/// A session that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ended {
    /// Which.
    pub session: Uuid,
    /// Why.
    pub reason: SessionReason,
    /// The highest number that was ever put on a link: client rpcs above it were not executed, of others nobody knows.
    pub sent: u64,
}

/// Why the home did not take a message for its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotKept {
    /// There is no session.
    NoSession,
    /// It is longer than [`SessionLimits::buffer_bytes`]: nothing was done.
    TooLong,
    /// There is no room for another client rpc: nothing was done, it was not executed.
    Full,
    /// There is no room for what must not be lost: the session is over.
    Overflow(Ended),
}

impl fmt::Display for NotKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSession => "the client has no session",
            Self::TooLong => {
                "the message is longer than a session keeps: send less, or raise buffer_bytes"
            }
            Self::Full => "too much waits for the client to acknowledge it: try again later",
            Self::Overflow(_) => "too much waited for the client, which has lost its session",
        })
    }
}

impl std::error::Error for NotKept {}

/// A session of a [`super::Door`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HomeSession {
    pub(super) id: Uuid,
    pub(super) login_no: Option<u64>,
    /// The highest attempt that was taken.
    pub(super) generation: u64,
    pub(super) attached: Option<Via>,
    /// It was begun, and no `Open` was answered yet.
    pub(super) is_new: bool,
    pub(super) is_frozen: bool,
    /// When it ends, if it is detached until then.
    pub(super) grace_at: u64,
    pub(super) rx: Receiving,
    pub(super) tx: Sending,
    /// The last that began.
    pub(super) ran: u64,
    /// What was taken and has not begun, by number.
    pub(super) inbox: VecDeque<Run>,
    pub(super) inbox_bytes: usize,
    /// Requests that began and were not answered.
    pub(super) answering: u32,
    pub(super) entities: Arc<[EntityRef]>,
    pub(super) views: Views,
    /// The highest number of the client's calls that passed by the sequence. It doesn't move: those name the attempt, and another
    /// attempt comes with the move.
    pub(super) aside: u64,
}

/// What a message came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// There is something to begin.
    Yes,
    /// It was taken before.
    Again,
    /// There is no room: the client is to come again.
    NoRoom,
    /// The client breaks the rules.
    Broken(&'static str),
}

impl HomeSession {
    pub(super) fn new(
        id: Uuid,
        login_no: Option<u64>,
        grace_at: u64,
        entities: Arc<[EntityRef]>,
    ) -> Self {
        Self {
            id,
            login_no,
            generation: 0,
            attached: None,
            is_new: true,
            is_frozen: false,
            grace_at,
            rx: Receiving::default(),
            tx: Sending::default(),
            ran: 0,
            inbox: VecDeque::new(),
            inbox_bytes: 0,
            answering: 0,
            entities,
            views: Views::default(),
            aside: 0,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Which login it is from, where logins are counted.
    #[must_use]
    pub const fn login_no(&self) -> Option<u64> {
        self.login_no
    }

    /// What serves it now.
    #[must_use]
    pub const fn attached(&self) -> Option<Via> {
        self.attached
    }

    /// Whether it is about to move.
    #[must_use]
    pub const fn is_frozen(&self) -> bool {
        self.is_frozen
    }

    /// The last of the client's messages that was taken.
    #[must_use]
    pub const fn rx(&self) -> u64 {
        self.rx.rx
    }

    /// The last of them that began.
    #[must_use]
    pub const fn ran(&self) -> u64 {
        self.ran
    }

    /// How many of the home's messages the client has not acknowledged, and their bytes.
    #[must_use]
    pub fn kept(&self) -> (usize, usize) {
        (self.tx.kept.len(), self.tx.bytes)
    }

    /// How many of the client's messages have not begun, and their bytes.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        (self.inbox.len(), self.inbox_bytes)
    }

    /// Requests of the client that began and were not answered.
    #[must_use]
    pub const fn answering(&self) -> u32 {
        self.answering
    }

    /// Another link takes over, whose client has taken all up to `rx`.
    pub(super) fn attach(&mut self, via: Via, rx: u64, limits: &SessionLimits) -> Down {
        self.generation = self.generation.max(via.attempt);
        self.attached = Some(via);
        self.tx.resume(rx);
        if !limits.rules.has(Rule::SentStays) {
            self.tx.sent = self.tx.acked;
        }
        self.rx.resume();
        Down::Opened(Box::new(OwnedOpened {
            session: self.id,
            attempt: via.attempt,
            rx: self.rx.rx,
            terms: limits.terms(),
            entities: Arc::clone(&self.entities),
        }))
    }

    /// Whether both sides still have what the other one lacks.
    pub(super) fn can_resume(&self, rx: u64, tx_lowest: u64, tx_highest: u64) -> bool {
        let home = self.tx.acked <= rx && rx <= self.tx.given;
        home && tx_lowest <= self.rx.rx && self.rx.rx <= tx_highest
    }

    /// A message of the client, from the link that is attached.
    pub(super) fn handle_msg(
        &mut self,
        now_us: u64,
        msg: &Msg<'_>,
        limits: &SessionLimits,
    ) -> Taken {
        if msg.ack.is_some_and(|ack| !self.tx.acknowledge(ack)) {
            return Taken::Broken("it acknowledges what was not sent");
        }
        match self.rx.place(msg.seq, limits.rules) {
            Place::Next => {}
            Place::Again => {
                self.rx.again(now_us);
                return Taken::Again;
            }
            Place::Gap => return Taken::Broken("messages are missing before it"),
        }
        if kind_of(msg.body) == BodyKind::None {
            return Taken::Broken("what stands in it belongs to no session");
        }
        // An honest client stops at two windows, and each resume may give it two more.
        let bytes_max = 4 * limits.window_bytes as usize;
        if self.inbox.len() >= 4 * limits.window as usize
            || self.inbox_bytes + msg.body.len() > bytes_max
        {
            return Taken::NoRoom;
        }
        self.rx.take(now_us, msg.body.len(), limits);
        self.inbox_bytes += msg.body.len();
        self.inbox.push_back(Run {
            seq: self.rx.rx,
            body: msg.body.into(),
        });
        Taken::Yes
    }

    /// Whether a call that passes by the sequence is newer than all before.
    pub(super) fn handle_aside(&mut self, aside: &Aside<'_>, limits: &SessionLimits) -> bool {
        let is_newer = aside.number > self.aside || !limits.rules.has(Rule::AsideRises);
        let is_taken = is_newer && kind_of(aside.body) == BodyKind::Notice;
        if is_taken {
            self.aside = self.aside.max(aside.number);
        }
        is_taken
    }

    /// Whether what is taken may be acknowledged: not while too much of it waits.
    pub(super) fn may_acknowledge(&self, limits: &SessionLimits) -> bool {
        self.inbox.len() < limits.window as usize && self.inbox_bytes < limits.window_bytes as usize
    }

    /// The next message for the client, by the link that is attached.
    pub(super) fn poll_transmit(
        &mut self,
        now_us: u64,
        limits: &SessionLimits,
    ) -> Option<(Via, Down)> {
        let via = self.attached?;
        let may_acknowledge = self.may_acknowledge(limits);
        if let Some((seq, body)) = self.tx.next(limits.rules) {
            let ack = may_acknowledge.then(|| self.rx.poll_ack()).flatten();
            return Some((via, Down::Msg { seq, ack, body }));
        }
        if !may_acknowledge || !limits.rules.has(Rule::AcksStandAlone) {
            return None;
        }
        Some((via, Down::Ack(self.rx.poll_ack_alone(now_us)?)))
    }

    /// Takes the next message that may begin.
    pub(super) fn poll_run(&mut self, limits: &SessionLimits) -> Option<Run> {
        if self.is_frozen && limits.rules.has(Rule::FrozenStands) {
            return None;
        }
        let first = kind_of(&self.inbox.front()?.body);
        let index = if first == BodyKind::Request && !self.has_room(limits) {
            // What belongs to calls that began may be what they wait for.
            let mut bodies = self.inbox.iter().map(|run| kind_of(&run.body));
            bodies.position(|kind| matches!(kind, BodyKind::Response | BodyKind::OfCall))?
        } else {
            0
        };
        let run = self.inbox.remove(index)?;
        self.inbox_bytes -= run.body.len();
        if self.inbox.is_empty() {
            self.inbox = VecDeque::new();
        }
        if kind_of(&run.body) == BodyKind::Request {
            self.answering = self.answering.saturating_add(1);
        }
        self.ran = self.ran.max(run.seq);
        Some(run)
    }

    /// Takes the next answer of the client's, past what waits before it.
    pub(super) fn poll_answer(&mut self, limits: &SessionLimits) -> Option<Run> {
        if self.is_frozen && limits.rules.has(Rule::FrozenStands) {
            return None;
        }
        let is_answer = |run: &Run| kind_of(&run.body) == BodyKind::Response;
        let run = self.inbox.remove(self.inbox.iter().position(is_answer)?)?;
        self.inbox_bytes -= run.body.len();
        self.ran = self.ran.max(run.seq);
        Some(run)
    }

    /// A message that was taken by [`Self::poll_run`] has not begun after all.
    pub(super) fn put_back(&mut self, run: Run) {
        if run.seq > self.rx.rx || self.inbox.iter().any(|other| other.seq == run.seq) {
            return;
        }
        if run.seq == self.ran {
            self.ran -= 1;
        }
        if kind_of(&run.body) == BodyKind::Request {
            self.answering = self.answering.saturating_sub(1);
        }
        self.inbox_bytes += run.body.len();
        let index = self.inbox.partition_point(|other| other.seq < run.seq);
        self.inbox.insert(index, run);
    }

    /// Whether one more message fits, and one more response later.
    fn has_room(&self, limits: &SessionLimits) -> bool {
        !limits.rules.has(Rule::Bounded)
            || self.tx.kept.len() + (self.answering as usize) < limits.buffer as usize
                && self.tx.bytes < limits.buffer_bytes as usize
    }

    /// Numbers and keeps a message; whether there is room for it. Nothing if the session has to end.
    pub(super) fn keep(&mut self, body: Body, limits: &SessionLimits) -> Result<u64, NoRoom> {
        let kind = kind_of(&body);
        let bytes_max = limits.buffer_bytes as usize;
        if body.len() > bytes_max || kind == BodyKind::None {
            return Err(NoRoom::TooLong);
        }
        let fits = match kind {
            BodyKind::Response | BodyKind::OfCall => {
                let bytes = self.tx.bytes + body.len();
                self.tx.kept.len() < 2 * limits.buffer as usize && bytes <= 2 * bytes_max
            }
            _ => self.has_room_for(body.len(), limits),
        };
        if !fits && limits.rules.has(Rule::Bounded) {
            return Err(if kind == BodyKind::Request {
                NoRoom::Full
            } else {
                NoRoom::Overflow
            });
        }
        if kind == BodyKind::Response {
            self.answering = self.answering.saturating_sub(1);
        }
        Ok(self.tx.push(body))
    }

    /// Whether one more message that is no answer fits.
    fn has_room_for(&self, bytes: usize, limits: &SessionLimits) -> bool {
        self.tx.kept.len() + (self.answering as usize) < limits.buffer as usize
            && self.tx.bytes + bytes <= limits.buffer_bytes as usize
    }

    /// Has the client follow an entity's newest state from this body on, if it is there to hear it.
    pub(super) fn follow(
        &mut self,
        entity: &EntityRef,
        incarnation: u64,
        first: Body,
        limits: &SessionLimits,
    ) -> bool {
        let is_there = self.attached.is_some() && !self.is_frozen;
        if !is_there || self.views.has(entity) || !self.has_room_for(first.len(), limits) {
            return false;
        }
        let seq = self.tx.push(first);
        self.views
            .structural(entity, incarnation, seq, limits.views)
    }

    /// Newest state for the client, if it is there to hear it.
    pub(super) fn latest(&mut self, entity: &EntityRef, body: Body) -> Option<(Via, Down)> {
        let via = self.attached?;
        let view = self.views.next(entity)?;
        let latest = OwnedLatest {
            session: short_of(self.id),
            entity: entity.clone(),
            incarnation: view.incarnation,
            base: view.base,
            version: view.version,
            body,
        };
        Some((via, Down::Latest(Box::new(latest))))
    }

    pub(super) fn ended(&self, reason: SessionReason) -> Ended {
        Ended {
            session: self.id,
            reason,
            sent: self.tx.sent,
        }
    }
}

/// Why a message is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRoom {
    TooLong,
    Full,
    Overflow,
}
