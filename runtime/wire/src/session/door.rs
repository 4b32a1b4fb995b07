//! What an entity keeps of its client: the last login, how the last session ended, and the session.
//!
//! Long because it is one state machine: what it takes, in which order, stands in one place.

use std::collections::VecDeque;
use std::sync::Arc;

use super::frame::{Body, Down, OwnedEnd, OwnedRefused};
use super::home::{Ended, HomeSession, NoRoom, NotKept, Run, Taken, Via};
use super::limits::SessionLimits;
use super::pass::{SessionKey, is_open_mac_right};
use super::rules::Rule;
use crate::Message;
use crate::message::{End, Open, SessionReason};
use crate::value::{EntityRef, Uuid};

/// The home of an entity's sessions: at most one at a time.
///
/// # Call order
///
/// Each `Open` goes to [`Door::handle_open`] with who was let in. After [`DoorEvent::Login`] the driver stores the number of the
/// login and whatever the entity needs to be there, then calls [`Door::begin`]: the session is there, detached, and takes
/// messages for its client. When the entity has heard of it, [`Door::attach`] answers the `Open` that waits. Instead of `begin` the driver may call
/// [`Door::turn_away`]. All other messages go to [`Door::handle_message`], in the order in which they came by each way.
///
/// [`Door::poll_run`] gives what the entity is to do, after [`DoorEvent::Accepted`] and whenever a message was answered or acknowledged.
/// [`Door::send`] takes what is for the client.
///
/// # Moving
///
/// What has not begun is [put back](Door::put_back), and nothing but [answers](Door::poll_answer) is taken up while what runs
/// comes to its end. Then [`Door::freeze`] and [`Door::snapshot`]. The receiver [thaws](Door::thaw) it. Or the move is called off: [`Door::unfreeze`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Door {
    pub(super) limits: Arc<SessionLimits>,
    /// The highest login, as it is stored; 0 for none.
    pub(super) login_no: u64,
    pub(super) tombstone: Option<Tombstone>,
    pub(super) session: Option<Box<HomeSession>>,
    /// The login whose session is about to begin.
    beginning: Option<Option<u64>>,
    /// The `Open` that is answered once the session has begun.
    waiting: Option<Box<Waiting>>,
    /// The session is about to move.
    is_frozen: bool,
    out: VecDeque<(Via, Down)>,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Tombstone {
    pub(super) session: Uuid,
    pub(super) login_no: Option<u64>,
    pub(super) reason: SessionReason,
    pub(super) ran: u64,
    /// When it is forgotten.
    pub(super) until_us: u64,
}

/// An `Open` that waits for its session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Waiting {
    via: Via,
    login_no: Option<u64>,
    rx: u64,
    tx_lowest: u64,
    tx_highest: u64,
}

/// Who was let in with an `Open`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Admitted<'a> {
    /// Which login of the entity's its token is from. None where logins are not counted: then every `Open` without a
    /// session is a newer one.
    pub login_no: Option<u64>,
    /// The login's key. None where tokens have none: then no mac is asked for.
    pub key: Option<&'a SessionKey>,
    /// What the link is bound to, as the gate saw it.
    pub binding: Option<&'a [u8]>,
}

/// What came of a call of the driver's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DoorEvent {
    /// Nothing that concerns the driver; answers may be there to transmit.
    Nothing,
    /// A session is to begin, for this login (0 where logins are not counted): store the number, then [`Door::begin`].
    Login(u64),
    /// It has begun. It took the place of another one.
    Began {
        /// The session that it replaced.
        replaced: Option<Ended>,
    },
    /// A link serves the session.
    Attached {
        /// Whether it is the first one.
        is_first: bool,
        /// Whether another one served it until now.
        was_attached: bool,
    },
    /// There is something for [`Door::poll_run`].
    Accepted,
    /// The message, a [`Message::Aside`], is to begin now, or not at all.
    Aside,
    /// No link serves the session any more: it ends when its grace is over.
    Detached,
    /// The session is over.
    Ended(Ended),
    /// The session is about to move. The driver keeps a few such and hands them in again, answers
    /// [`crate::message::Redirect`] once it has moved, or has the client come again by [`Door::turn_away_from`].
    Held,
}

impl Door {
    /// Of an entity whose highest login, as it is stored, is this one; 0 for none.
    #[must_use]
    pub const fn new(limits: Arc<SessionLimits>, login_no: u64) -> Self {
        Self {
            limits,
            login_no,
            tombstone: None,
            session: None,
            beginning: None,
            waiting: None,
            is_frozen: false,
            out: VecDeque::new(),
        }
    }

    /// The session, if there is one.
    #[must_use]
    pub fn session(&self) -> Option<&HomeSession> {
        self.session.as_deref()
    }

    /// The highest login that was seen; 0 for none.
    #[must_use]
    pub const fn login_no(&self) -> u64 {
        self.login_no
    }

    /// Whether nothing is kept that [`Door::new`] doesn't give again.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.session.is_none()
            && self.tombstone.is_none()
            && self.beginning.is_none()
            && self.waiting.is_none()
            && self.out.is_empty()
            && !self.is_frozen
    }

    /// An `Open` came by this way, whose attempt is the `Open`'s.
    pub fn handle_open(
        &mut self,
        now_us: u64,
        via: Via,
        open: &Open<'_>,
        admitted: &Admitted<'_>,
    ) -> DoorEvent {
        let rules = self.limits.rules;
        if self.is_frozen && rules.has(Rule::FrozenStands) {
            return DoorEvent::Held;
        }
        let key = admitted.key.filter(|_| rules.has(Rule::MacBinds));
        if key.is_some_and(|key| !is_open_mac_right(key, open, admitted.binding)) {
            return self.refuse(via, open.session, SessionReason::Denied, "the mac is wrong");
        }
        let login_no = admitted.login_no;
        let waiting = Waiting {
            via,
            login_no,
            rx: open.rx,
            tx_lowest: open.tx_lowest,
            tx_highest: open.tx_highest,
        };
        if self.is_of_this_session(open.session, login_no) {
            if self.session.as_ref().is_some_and(|session| session.is_new) {
                return self.wait(waiting);
            }
            return self.resume(now_us, &waiting);
        }
        if self.beginning == Some(login_no) && login_no.is_some() && open.session.is_none() {
            return self.wait(waiting);
        }
        if let Some(refusal) = self.refusal(open.session, login_no) {
            self.out.push_back((via, refusal.of(via.attempt)));
            return DoorEvent::Nothing;
        }
        let reason = SessionReason::Replaced;
        if let Some(earlier) = self.waiting.take() {
            self.refuse(earlier.via, None, reason, "another login took its place");
        }
        self.waiting = Some(Box::new(waiting));
        self.beginning = Some(login_no);
        DoorEvent::Login(login_no.unwrap_or(0))
    }

    fn is_of_this_session(&self, named: Option<Uuid>, login_no: Option<u64>) -> bool {
        let Some(session) = &self.session else {
            return false;
        };
        // Who has not heard of the session yet means the one of the login.
        let is_named = match named {
            Some(named) => named == session.id,
            None => login_no.is_some(),
        };
        let is_meant = is_named || !self.limits.rules.has(Rule::ResumeNamesSession);
        session.login_no == login_no && is_meant
    }

    /// Why there is no session for this `Open`, if there is none.
    fn refusal(&self, named: Option<Uuid>, login_no: Option<u64>) -> Option<Refusal<'_>> {
        let names = self.limits.rules.has(Rule::TombstoneNamesSession);
        let tombstone = self.tombstone.as_ref().filter(|tombstone| {
            Some(tombstone.session) == named || !names && tombstone.login_no == login_no
        });
        let refusal = |reason, text| Refusal {
            session: named,
            reason: tombstone.map_or(reason, |tombstone| tombstone.reason),
            ran: tombstone.map(|tombstone| tombstone.ran),
            text,
        };
        let begins = self.beginning.flatten().unwrap_or(0);
        if login_no.is_some_and(|login_no| login_no < self.login_no.max(begins)) {
            let text = "there was a later login";
            return Some(refusal(SessionReason::Replaced, text));
        }
        if named.is_some() && self.limits.rules.has(Rule::ResumeNamesSession) {
            return Some(refusal(
                SessionReason::Lost,
                "the session is not known: log in anew",
            ));
        }
        let is_over = |tombstone: &&Tombstone| tombstone.login_no == login_no;
        let ended = self.tombstone.as_ref().filter(is_over);
        match ended {
            Some(tombstone) if login_no.is_some() => Some(refusal(
                tombstone.reason,
                "the login's session is over: log in anew",
            )),
            _ => None,
        }
    }

    /// Keeps an `Open` until its session has begun, in place of an earlier one of the same login.
    fn wait(&mut self, waiting: Waiting) -> DoorEvent {
        if let Some(earlier) = &self.waiting {
            if waiting.via.attempt <= earlier.via.attempt {
                let text = "a later attempt was seen";
                return self.refuse(waiting.via, None, SessionReason::Stale, text);
            }
            let earlier = earlier.via;
            self.out.push_back((earlier, Down::Detach(earlier.attempt)));
        }
        self.waiting = Some(Box::new(waiting));
        DoorEvent::Nothing
    }

    /// The session goes on with this link.
    fn resume(&mut self, now_us: u64, open: &Waiting) -> DoorEvent {
        let Some(session) = &mut self.session else {
            return DoorEvent::Nothing;
        };
        let (rules, via) = (self.limits.rules, open.via);
        if via.attempt <= session.generation && rules.has(Rule::AttemptRises) {
            let id = Some(session.id);
            let text = "a later attempt was seen";
            return self.refuse(via, id, SessionReason::Stale, text);
        }
        let can_resume = session.can_resume(open.rx, open.tx_lowest, open.tx_highest);
        if !can_resume && rules.has(Rule::RangeCheck) {
            // Whoever is attached hears of it as well.
            let id = session.id;
            let text = "the client has not what the session goes on with: log in anew";
            let event = self.end(now_us, SessionReason::Protocol, text);
            let refusal = Refusal {
                session: Some(id),
                reason: SessionReason::Protocol,
                ran: self.tombstone.as_ref().map(|tombstone| tombstone.ran),
                text,
            };
            self.out.push_back((via, refusal.of(via.attempt)));
            return event;
        }
        let before = session.attached.take();
        let is_first = std::mem::take(&mut session.is_new);
        let opened = session.attach(via, open.rx, &self.limits);
        if let Some(before) = before.filter(|before| *before != via) {
            self.out.push_back((before, Down::Detach(before.attempt)));
        }
        self.out.push_back((via, opened));
        DoorEvent::Attached {
            is_first,
            was_attached: before.is_some(),
        }
    }

    /// The login of [`DoorEvent::Login`] is stored: its session, of this random name, begins. One that is there is replaced. Nothing comes of it if a
    /// later login was seen meanwhile, or the client gave up.
    pub fn begin(
        &mut self,
        now_us: u64,
        login_no: u64,
        session: Uuid,
        entities: Arc<[EntityRef]>,
    ) -> DoorEvent {
        if self.beginning.map(|login| login.unwrap_or(0)) != Some(login_no) {
            return DoorEvent::Nothing;
        }
        let login = self.beginning.take().flatten();
        // It waits for the session that begins, not for one that ends.
        let waiting = self.waiting.take();
        let replaced = match self.end(
            now_us,
            SessionReason::Replaced,
            "another login took its place",
        ) {
            DoorEvent::Ended(ended) => Some(ended),
            _ => None,
        };
        self.waiting = waiting;
        self.login_no = self.login_no.max(login_no);
        let grace_at = now_us.saturating_add(self.limits.grace_us);
        let begun = HomeSession::new(session, login, grace_at, entities);
        self.session = Some(Box::new(begun));
        DoorEvent::Began { replaced }
    }

    /// The entity has heard of the session: the `Open` that waits is answered, and so is every later one.
    pub fn attach(&mut self, now_us: u64) -> DoorEvent {
        let Some(session) = &self.session else {
            return DoorEvent::Nothing;
        };
        if !session.is_new || self.is_frozen {
            return DoorEvent::Nothing;
        }
        let login_no = session.login_no;
        // One of a later login waits for its own session.
        let is_mine = |waiting: &mut Box<Waiting>| waiting.login_no == login_no;
        let is_for_me = self.beginning.is_none();
        match self
            .waiting
            .take_if(|waiting| is_for_me && is_mine(waiting))
        {
            Some(waiting) => self.resume(now_us, &waiting),
            None => {
                if let Some(session) = &mut self.session {
                    session.is_new = false;
                }
                DoorEvent::Nothing
            }
        }
    }

    /// No session begins, after [`DoorEvent::Login`]: the client is told why.
    pub fn turn_away(&mut self, login_no: u64, reason: SessionReason, text: &str) {
        if self.beginning.map(|login| login.unwrap_or(0)) != Some(login_no) {
            return;
        }
        self.beginning = None;
        if let Some(waiting) = self.waiting.take() {
            self.refuse(waiting.via, None, reason, text);
        }
    }

    /// An `Open` that was held is not waited for: its client comes again.
    pub fn turn_away_from(&mut self, via: Via) {
        self.out.push_back((via, Down::Detach(via.attempt)));
    }

    fn refuse(
        &mut self,
        via: Via,
        session: Option<Uuid>,
        reason: SessionReason,
        text: &str,
    ) -> DoorEvent {
        let refusal = Refusal {
            session,
            reason,
            ran: None,
            text,
        };
        self.out.push_back((via, refusal.of(via.attempt)));
        DoorEvent::Nothing
    }

    /// A `Msg`, `Ack`, `Aside` or `End` of a client.
    pub fn handle_message(&mut self, now_us: u64, via: Via, message: &Message<'_>) -> DoorEvent {
        if let Message::End(end) = message {
            return self.handle_end(now_us, via, end);
        }
        let limits = Arc::clone(&self.limits);
        let Some(session) = self.attached_by(via) else {
            return DoorEvent::Nothing;
        };
        match message {
            Message::Ack(seq) if session.tx.acknowledge(*seq) => {
                // There may be room for what waits now.
                if session.inbox.is_empty() {
                    DoorEvent::Nothing
                } else {
                    DoorEvent::Accepted
                }
            }
            Message::Ack(_) => self.broken(now_us, "it acknowledges what was not sent"),
            Message::Msg(msg) => match session.handle_msg(now_us, msg, &limits) {
                Taken::Yes => DoorEvent::Accepted,
                Taken::Again => DoorEvent::Nothing,
                Taken::NoRoom => self.detach(now_us, true),
                Taken::Broken(why) => self.broken(now_us, why),
            },
            Message::Aside(aside) if session.handle_aside(aside, &limits) => DoorEvent::Aside,
            // It was overtaken, or came before.
            Message::Aside(_) => DoorEvent::Nothing,
            _ => self.broken(now_us, "a message that no client sends in a session"),
        }
    }

    /// The session, if what comes by this way counts.
    fn attached_by(&mut self, via: Via) -> Option<&mut HomeSession> {
        let rules = self.limits.rules;
        let session = self.session.as_deref_mut()?;
        let is_open = !session.is_frozen || !rules.has(Rule::FrozenStands);
        let is_current = session.attached == Some(via) || !rules.has(Rule::Fence);
        (is_open && is_current).then_some(session)
    }

    fn handle_end(&mut self, now_us: u64, via: Via, end: &End<'_>) -> DoorEvent {
        if self.attached_by(via).is_some_and(|it| it.id == end.session) {
            return self.end(now_us, SessionReason::LoggedOut, "the client logged out");
        }
        if self.waiting.take_if(|waiting| waiting.via == via).is_none() {
            return DoorEvent::Nothing;
        }
        // The client gave up before its session began, or before it heard of it.
        if self.beginning.take().is_none() {
            return self.end(now_us, SessionReason::LoggedOut, "the client logged out");
        }
        DoorEvent::Nothing
    }

    #[cold]
    fn broken(&mut self, now_us: u64, why: &str) -> DoorEvent {
        self.end(now_us, SessionReason::Protocol, why)
    }

    /// A client's link is gone.
    pub fn handle_lost(&mut self, now_us: u64, via: Via) -> DoorEvent {
        self.waiting.take_if(|waiting| waiting.via == via);
        let attached = self.session.as_ref().and_then(|session| session.attached);
        let is_mine = attached == Some(via) || !self.limits.rules.has(Rule::LostIsMine);
        if attached.is_none() || !is_mine {
            return DoorEvent::Nothing;
        }
        self.detach(now_us, false)
    }

    /// A hop is gone, with all links behind it.
    pub fn handle_gate_lost(&mut self, now_us: u64, gate: u64) -> DoorEvent {
        self.waiting.take_if(|waiting| waiting.via.gate == gate);
        let attached = self.session.as_ref().and_then(|session| session.attached);
        let is_mine = attached.is_some_and(|via| via.gate == gate);
        if !is_mine || !self.limits.rules.has(Rule::BrokenHopDetaches) {
            return DoorEvent::Nothing;
        }
        self.detach(now_us, false)
    }

    fn detach(&mut self, now_us: u64, is_told: bool) -> DoorEvent {
        let Some(session) = &mut self.session else {
            return DoorEvent::Nothing;
        };
        let Some(via) = session.attached.take() else {
            return DoorEvent::Nothing;
        };
        session.grace_at = now_us.saturating_add(self.limits.grace_us);
        if is_told {
            self.out.push_back((via, Down::Detach(via.attempt)));
        }
        DoorEvent::Detached
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now_us: u64) -> DoorEvent {
        self.tombstone
            .take_if(|tombstone| tombstone.until_us <= now_us);
        let is_expired = self.session.as_ref().is_some_and(|session| {
            session.attached.is_none() && !session.is_frozen && session.grace_at <= now_us
        });
        if is_expired {
            let text = "it was without a link for too long";
            return self.end(now_us, SessionReason::Expired, text);
        }
        DoorEvent::Nothing
    }

    /// When [`Door::handle_timeout`] is to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<u64> {
        let forgotten = self.tombstone.as_ref().map(|tombstone| tombstone.until_us);
        let session = self.session.as_ref().filter(|session| !session.is_frozen);
        let of_session = session.and_then(|session| match session.attached {
            None => Some(session.grace_at),
            Some(_) if session.may_acknowledge(&self.limits) => session.rx.ack_at(),
            Some(_) => None,
        });
        [forgotten, of_session].into_iter().flatten().min()
    }

    /// The next message for a client, and its way.
    pub fn poll_transmit(&mut self, now_us: u64) -> Option<(Via, Down)> {
        if let Some(control) = self.out.pop_front() {
            if self.out.is_empty() {
                self.out = VecDeque::new();
            }
            return Some(control);
        }
        self.session.as_mut()?.poll_transmit(now_us, &self.limits)
    }

    /// The next of the client's messages that may begin, in order, each once. A request waits for room for its response;
    /// then answers of the client's pass it, and what else belongs to calls that began.
    pub fn poll_run(&mut self) -> Option<Run> {
        self.session.as_mut()?.poll_run(&self.limits)
    }

    /// The next of the client's answers, past all that waits before it: what runs may wait for it, while nothing else may
    /// begin because the entity is about to move.
    pub fn poll_answer(&mut self) -> Option<Run> {
        self.session.as_mut()?.poll_answer(&self.limits)
    }

    /// A message that [`Door::poll_run`] gave has not begun and does not: of several the last comes first. Before
    /// [`Door::snapshot`], so that it moves along, or [`Door::end`], so that its client learns that it did not run.
    pub fn put_back(&mut self, run: Run) {
        if let Some(session) = &mut self.session {
            session.put_back(run);
        }
    }

    /// A message for the client: an event, a client rpc, the response to a request. It gets its number, and is kept until
    /// the client acknowledges it.
    ///
    /// # Errors
    ///
    /// If there is no session, or no room. What must not be lost and doesn't fit ends the session.
    pub fn send(&mut self, now_us: u64, body: Body) -> Result<u64, NotKept> {
        let Some(session) = &mut self.session else {
            return Err(NotKept::NoSession);
        };
        match session.keep(body, &self.limits) {
            Ok(seq) => Ok(seq),
            Err(NoRoom::TooLong) => Err(NotKept::TooLong),
            Err(NoRoom::Full) => Err(NotKept::Full),
            Err(NoRoom::Overflow) => {
                let text = "more was to be kept for the client than there is room";
                match self.end(now_us, SessionReason::Overflow, text) {
                    DoorEvent::Ended(ended) => Err(NotKept::Overflow(ended)),
                    _ => Err(NotKept::NoSession),
                }
            }
        }
    }

    /// The message with this number, as [`Door::send`] gave it, makes this entity for the client, or changes it in a way that older state does
    /// not fit. From now on [`Door::latest`] is based on it. Whether it is followed: [`SessionLimits::views`] are.
    pub fn structural(&mut self, entity: &EntityRef, incarnation: u64, seq: u64) -> bool {
        let views_max = self.limits.views;
        self.session
            .as_mut()
            .is_some_and(|it| it.views.structural(entity, incarnation, seq, views_max))
    }

    /// The entity is gone for the client.
    pub fn gone(&mut self, entity: &EntityRef) {
        if let Some(session) = &mut self.session {
            session.views.gone(entity);
        }
    }

    /// Has the client follow an entity's newest state: `first`, of [`super::first_latest`], goes in sequence, and [`Door::latest`] is
    /// based on it. False, and nothing is kept, if no link serves the session, the entity is followed already, or there is no room.
    pub fn follow(&mut self, entity: &EntityRef, incarnation: u64, first: Body) -> bool {
        let limits = Arc::clone(&self.limits);
        self.session
            .as_mut()
            .is_some_and(|it| it.follow(entity, incarnation, first, &limits))
    }

    /// Newest state of an entity, which may be lost and overtaken: to be sent at once, best in a datagram, or not at all. It takes no number and is
    /// not kept. Nothing if no link serves the session, or the entity is not followed.
    pub fn latest(&mut self, entity: &EntityRef, body: Body) -> Option<(Via, Down)> {
        self.session.as_mut()?.latest(entity, body)
    }

    /// Ends the session, for good: what was not begun is dropped, and the client is told.
    pub fn end(&mut self, now_us: u64, reason: SessionReason, text: &str) -> DoorEvent {
        let Some(session) = &mut self.session else {
            return DoorEvent::Nothing;
        };
        let ended = session.ended(reason);
        self.tombstone = Some(Tombstone {
            session: session.id,
            login_no: session.login_no,
            reason,
            ran: session.ran,
            until_us: now_us.saturating_add(self.limits.tombstone_us),
        });
        // One that nobody has heard of yet ends for who waits to hear of it.
        let is_unheard = session.is_new && self.beginning.is_none();
        let waiting = self.waiting.take_if(|_| is_unheard);
        if let Some(via) = session.attached {
            let end = OwnedEnd {
                session: session.id,
                attempt: via.attempt,
                reason,
                ran: Some(session.ran),
                text: text.into(),
            };
            self.out.push_back((via, Down::End(Box::new(end))));
        }
        if self.limits.rules.has(Rule::EndIsFinal) {
            self.session = None;
        }
        if let Some(waiting) = waiting {
            self.refuse(waiting.via, None, reason, text);
        }
        DoorEvent::Ended(ended)
    }

    /// The entity is about to move: its client's link is let go, and nothing is taken or begun.
    pub fn freeze(&mut self, now_us: u64) {
        self.is_frozen = true;
        self.beginning = None;
        if let Some(waiting) = self.waiting.take() {
            self.turn_away_from(waiting.via);
        }
        let stands = self.limits.rules.has(Rule::FrozenStands);
        if stands {
            self.detach(now_us, true);
        }
        if let Some(session) = &mut self.session {
            session.is_frozen = true;
        }
    }

    /// The move is called off. The client has its grace to come back.
    pub fn unfreeze(&mut self, now_us: u64) {
        self.is_frozen = false;
        if let Some(session) = &mut self.session {
            session.is_frozen = false;
            session.is_new = false;
            session.grace_at = now_us.saturating_add(self.limits.grace_us);
        }
    }
}

/// Why an `Open` comes to nothing.
struct Refusal<'a> {
    session: Option<Uuid>,
    reason: SessionReason,
    ran: Option<u64>,
    text: &'a str,
}

impl Refusal<'_> {
    fn of(self, attempt: u64) -> Down {
        Down::Refused(Box::new(OwnedRefused {
            session: self.session,
            attempt,
            reason: self.reason,
            ran: self.ran,
            text: self.text.into(),
        }))
    }
}
