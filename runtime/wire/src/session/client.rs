//! A session at its client: the links that carry it, what the home has not acknowledged, and what became of each message.
//!
//! Long because it is one state machine: what it takes, in which order, stands in one place.

use std::fmt;
use std::sync::Arc;

use super::frame::{Body, BodyKind, OwnedEnd, OwnedOpen, Up, first_latest_of, kind_of, short_of};
use super::limits::SessionLimits;
use super::pass::{Pass, open_mac};
use super::receiving::{Place, Receiving};
use super::rules::Rule;
use super::sending::Sending;
use super::views::Views;
use crate::Message;
use crate::message::{Elements, End, Executed, Latest, Msg, Opened, Refused, SessionReason, Terms};
use crate::value::{EntityRef, Uuid};

/// A client's session, over the links that its driver makes.
///
/// # Call order
///
/// [`ClientSession::open`] once a link is there whose hellos were exchanged, and again after whatever ended that: on the same link
/// after [`ClientEvent::Detached`] and [`ClientEvent::Refused`], else on another. The driver waits in between, longer each
/// time and never as long as all others do. `open` on a second link while one is live moves the session: the old link is read on until
/// [`ClientEvent::Opened`], and nothing is sent meanwhile.
///
/// [`ClientSession::handle_message`] takes what comes on any of them. Once it was opened, [`ClientSession::send`] takes messages, whether a
/// link is there or not.
///
/// Links are numbered by the driver, none twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientSession {
    limits: Arc<SessionLimits>,
    pass: Pass,
    root: u64,
    state: ClientState,
    /// A link that served it before the one that is to be opened, and is read on.
    old: Option<u64>,
    /// The last one that was used.
    attempt: u64,
    id: Option<Uuid>,
    terms: Terms,
    tx: Sending,
    rx: Receiving,
    views: Views,
    /// The last number of a call that passed by the sequence.
    aside: u64,
    /// When it was last live; before, when it began.
    lived_us: u64,
    /// Until when the `Open` is to be answered.
    open_until: u64,
    /// What is to be sent before all else.
    out: Option<(u64, Up)>,
    /// What the home said of how far it got, once it is over.
    ran: Option<u64>,
}

/// How far a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientState {
    /// No link serves it.
    Down,
    /// A link is about to.
    Opening {
        /// Which.
        link: u64,
    },
    /// A link serves it.
    Live {
        /// Which.
        link: u64,
    },
    /// It is over, for good.
    Over,
}

/// What a message or the passing of time came to.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientEvent<'a> {
    /// Nothing that concerns the driver.
    Nothing,
    /// A link serves the session now. All other links of the session have served their time: close them.
    Opened {
        /// Which.
        link: u64,
        /// Whether the session was there before.
        is_resumed: bool,
        /// What is bound to it: what may be called.
        entities: Elements<'a, EntityRef>,
    },
    /// The home's next message.
    Message {
        /// Its number.
        seq: u64,
        /// What stood in it: a [`Message`] of [`Message::in_session`]'s kinds, if the home is right.
        body: &'a [u8],
    },
    /// State of an entity that is newer than all that was seen, or an event of it. If it came in sequence, all that follow are based on it.
    Latest(Latest<'a>),
    /// The home doesn't serve this link any more. It may be opened again.
    Detached {
        /// Which.
        link: u64,
    },
    /// The home did not take the `Open`, which is not the end: at [`SessionReason::Stale`] open again at once, at
    /// [`SessionReason::Unavailable`] later; at [`SessionReason::Denied`] log in anew, or stop.
    Refused {
        /// On this link, which may be opened again.
        link: u64,
        /// Why.
        reason: SessionReason,
        /// In words, for people.
        text: &'a str,
    },
    /// The link that served the session, or was about to, is gone.
    LinkLost,
    /// Nobody answers on this link: close it, and open another.
    Unanswered {
        /// Which.
        link: u64,
    },
    /// What came on this link breaks the protocol: close it, and open another.
    Broken {
        /// Which.
        link: u64,
        /// How.
        why: &'static str,
    },
    /// The session is over. [`ClientSession::executed`] says what became of each message.
    Over(Over<'a>),
    /// A message that belongs to no session.
    Other(Message<'a>),
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over<'a> {
    /// The home says so. After [`SessionReason::Replaced`] nobody logs in again unasked: it would take its turn for ever.
    Told(SessionReason, &'a str),
    /// Its client gave up: what was sent may still run.
    GaveUp,
    /// Its client logged out.
    LoggedOut,
}

/// Why a message was not taken: nothing was done, so a call is `not_executed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSent {
    /// No home has taken the session yet.
    NotOpen,
    /// The home has not acknowledged as much as it lets a client send.
    WindowFull,
    /// It is longer than all that the home lets a client send, or is no message of a session.
    TooLong,
    /// The session is over.
    Over,
}

impl ClientSession {
    /// A session of this login. `attempt` is the last one that this process used before, 0 for none; `root` the digest of the
    /// client's schema.
    #[must_use]
    pub fn new(
        pass: Pass,
        root: u64,
        attempt: u64,
        limits: Arc<SessionLimits>,
        now_us: u64,
    ) -> Self {
        let terms = limits.terms();
        Self {
            limits,
            pass,
            root,
            state: ClientState::Down,
            old: None,
            attempt,
            id: None,
            terms,
            tx: Sending::default(),
            rx: Receiving::default(),
            views: Views::default(),
            aside: 0,
            lived_us: now_us,
            open_until: 0,
            out: None,
            ran: None,
        }
    }

    /// How far it is.
    #[must_use]
    pub const fn state(&self) -> ClientState {
        self.state
    }

    /// Its name, once the home has told it.
    #[must_use]
    pub const fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// What the home allows.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The last attempt that was used.
    #[must_use]
    pub const fn attempt(&self) -> u64 {
        self.attempt
    }

    /// The last of the home's messages that was taken.
    #[must_use]
    pub const fn rx(&self) -> u64 {
        self.rx.rx
    }

    /// How many messages the home has not acknowledged, and their bytes.
    #[must_use]
    pub fn unacknowledged(&self) -> (usize, usize) {
        (self.tx.kept.len(), self.tx.bytes)
    }

    /// Begins the session on this link, or goes on with it there. `binding` is the link's.
    pub fn open(&mut self, now_us: u64, link: u64, binding: Option<&[u8]>) {
        match self.state {
            ClientState::Over => return,
            ClientState::Live { link: other } if other != link => self.old = Some(other),
            _ => {}
        }
        self.old.take_if(|old| *old == link);
        self.attempt = self.attempt.saturating_add(1);
        self.state = ClientState::Opening { link };
        self.open_until = now_us.saturating_add(self.limits.open_us);
        let mut open = OwnedOpen {
            session: self.id,
            token: Arc::clone(&self.pass.token),
            attempt: self.attempt,
            rx: self.rx.rx,
            tx_lowest: self.tx.acked,
            tx_highest: self.tx.given,
            root: self.root,
            mac: None,
        };
        let key = self.pass.key.as_ref();
        open.mac = key.map(|key| open_mac(key, &open.borrowed(), binding));
        self.out = Some((link, Up::Open(Box::new(open))));
    }

    /// A message came on this link.
    pub fn handle_message<'a>(
        &mut self,
        now_us: u64,
        link: u64,
        message: Message<'a>,
    ) -> ClientEvent<'a> {
        let is_mine = self.reads(link);
        match message {
            Message::Opened(_)
            | Message::Refused(_)
            | Message::Msg(_)
            | Message::Ack(_)
            | Message::Detach(_)
            | Message::End(_)
            | Message::Latest(_)
                if !is_mine =>
            {
                // A link that has served its time.
                ClientEvent::Nothing
            }
            Message::Opened(opened) => self.handle_opened(now_us, link, &opened),
            Message::Refused(refused) => self.handle_refused(link, &refused),
            Message::Msg(msg) => self.handle_msg(now_us, link, &msg),
            Message::Ack(seq) if self.tx.acknowledge(seq) => ClientEvent::Nothing,
            Message::Ack(_) => self.broken(link, ACKED_TOO_MUCH),
            Message::Detach(attempt) => self.handle_detach(now_us, link, attempt),
            Message::End(end) => self.handle_end(link, &end),
            Message::Latest(latest) => self.handle_latest(latest),
            other => ClientEvent::Other(other),
        }
    }

    /// Whether what comes on this link is read.
    fn reads(&self, link: u64) -> bool {
        self.link() == Some(link) || self.old == Some(link)
    }

    /// The link that serves the session or is about to.
    #[must_use]
    pub const fn link(&self) -> Option<u64> {
        match self.state {
            ClientState::Opening { link } | ClientState::Live { link } => Some(link),
            ClientState::Down | ClientState::Over => None,
        }
    }

    fn is_opening(&self, link: u64, attempt: u64) -> bool {
        self.state == ClientState::Opening { link } && attempt == self.attempt
    }

    fn handle_opened<'a>(
        &mut self,
        now_us: u64,
        link: u64,
        opened: &Opened<'a>,
    ) -> ClientEvent<'a> {
        if !self.is_opening(link, opened.attempt) {
            return ClientEvent::Nothing;
        }
        if self.id.is_some_and(|id| id != opened.session) {
            return self.broken(
                link,
                "another session was opened than the one that was named",
            );
        }
        if opened.rx < self.tx.acked || opened.rx > self.tx.given {
            return self.broken(
                link,
                "the home has taken what was not sent, or lost what it took",
            );
        }
        let is_resumed = self.id.replace(opened.session).is_some();
        self.terms = opened.terms;
        self.state = ClientState::Live { link };
        self.old = None;
        self.out = None;
        self.lived_us = now_us;
        // What the home has not taken by now it never will from an earlier link.
        self.tx.sent = opened.rx;
        self.tx.resume(opened.rx);
        self.rx.resume();
        ClientEvent::Opened {
            link,
            is_resumed,
            entities: opened.entities,
        }
    }

    fn handle_refused<'a>(&mut self, link: u64, refused: &Refused<'a>) -> ClientEvent<'a> {
        if !self.is_opening(link, refused.attempt) {
            return ClientEvent::Nothing;
        }
        match refused.reason {
            // A home that says how far the session came says that it is over.
            SessionReason::Stale | SessionReason::Denied | SessionReason::Unavailable
                if refused.ran.is_none() =>
            {
                self.down();
                ClientEvent::Refused {
                    link,
                    reason: refused.reason,
                    text: refused.text,
                }
            }
            reason => self.over(refused.ran, Over::Told(reason, refused.text)),
        }
    }

    fn handle_msg<'a>(&mut self, now_us: u64, link: u64, msg: &Msg<'a>) -> ClientEvent<'a> {
        if self.id.is_none() {
            return self.broken(link, "a message before the session was opened");
        }
        if msg.ack.is_some_and(|ack| !self.tx.acknowledge(ack)) {
            return self.broken(link, ACKED_TOO_MUCH);
        }
        match self.rx.place(msg.seq, self.limits.rules) {
            Place::Next => {
                let limits = Arc::clone(&self.limits);
                self.rx.take(now_us, msg.body.len(), &limits);
                let seq = self.rx.rx;
                if let Some(first) = first_latest_of(msg.body) {
                    self.structural(&first.entity, first.incarnation, seq);
                    return ClientEvent::Latest(first);
                }
                ClientEvent::Message {
                    seq,
                    body: msg.body,
                }
            }
            Place::Again => {
                self.rx.again(now_us);
                ClientEvent::Nothing
            }
            Place::Gap => self.broken(link, "messages are missing"),
        }
    }

    fn handle_detach(&mut self, now_us: u64, link: u64, attempt: u64) -> ClientEvent<'static> {
        if self.link() != Some(link) || attempt != self.attempt {
            return ClientEvent::Nothing;
        }
        self.leave(now_us);
        ClientEvent::Detached { link }
    }

    fn handle_end<'a>(&mut self, link: u64, end: &End<'a>) -> ClientEvent<'a> {
        // Who has not heard of the session yet hears of its end.
        let is_mine = match self.id {
            Some(id) => id == end.session,
            None => self.is_opening(link, end.attempt),
        };
        if !is_mine {
            return ClientEvent::Nothing;
        }
        self.over(end.ran, Over::Told(end.reason, end.text))
    }

    fn handle_latest<'a>(&mut self, latest: Latest<'a>) -> ClientEvent<'a> {
        let is_mine = self.id.is_some_and(|id| short_of(id) == latest.session);
        if is_mine && self.views.take(&latest, self.limits.rules) {
            ClientEvent::Latest(latest)
        } else {
            ClientEvent::Nothing
        }
    }

    /// A link is gone.
    pub fn handle_link_lost(&mut self, now_us: u64, link: u64) -> ClientEvent<'static> {
        self.old.take_if(|old| *old == link);
        if self.link() != Some(link) {
            return ClientEvent::Nothing;
        }
        self.leave(now_us);
        ClientEvent::LinkLost
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now_us: u64) -> ClientEvent<'static> {
        match self.state {
            ClientState::Over | ClientState::Live { .. } => ClientEvent::Nothing,
            _ if self.gives_up_at() <= now_us => self.give_up(),
            ClientState::Opening { link } if self.open_until <= now_us => {
                self.down();
                ClientEvent::Unanswered { link }
            }
            _ => ClientEvent::Nothing,
        }
    }

    /// When [`ClientSession::handle_timeout`] is to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<u64> {
        match self.state {
            ClientState::Over => None,
            ClientState::Live { .. } => self.rx.ack_at(),
            ClientState::Opening { .. } => Some(self.gives_up_at().min(self.open_until)),
            ClientState::Down => Some(self.gives_up_at()),
        }
    }

    fn gives_up_at(&self) -> u64 {
        self.lived_us.saturating_add(self.limits.give_up_us)
    }

    /// The next message to send, and the link that it goes to.
    pub fn poll_transmit(&mut self, now_us: u64) -> Option<(u64, Up)> {
        if let Some(first) = self.out.take() {
            return Some(first);
        }
        let ClientState::Live { link } = self.state else {
            return None;
        };
        if let Some((seq, body)) = self.tx.next(self.limits.rules) {
            let ack = self.rx.poll_ack();
            return Some((link, Up::Msg { seq, ack, body }));
        }
        if !self.limits.rules.has(Rule::AcksStandAlone) {
            return None;
        }
        Some((link, Up::Ack(self.rx.poll_ack_alone(now_us)?)))
    }

    /// A message for the home: a request, a notification, the response to a client rpc. It gets its number, and is kept until the
    /// home acknowledges it.
    ///
    /// # Errors
    ///
    /// If the session takes it not, or not yet. Responses, and what else belongs to calls that began, may take a second
    /// window: the home may wait for them.
    pub fn send(&mut self, body: Body) -> Result<u64, NotSent> {
        if self.state == ClientState::Over {
            return Err(NotSent::Over);
        }
        if self.id.is_none() {
            return Err(NotSent::NotOpen);
        }
        let kind = kind_of(&body);
        let window_bytes = self.terms.window_bytes as usize;
        if body.len() > window_bytes || kind == BodyKind::None {
            return Err(NotSent::TooLong);
        }
        let windows = match kind {
            BodyKind::Response | BodyKind::OfCall => 2,
            _ => 1,
        };
        if self.tx.kept.len() >= windows * self.terms.window as usize
            || self.tx.bytes + body.len() > windows * window_bytes
        {
            return Err(NotSent::WindowFull);
        }
        Ok(self.tx.push(body))
    }

    /// A notification for the home that may be lost, and waits for none before it: to be sent at once on this link, best in a datagram, or not
    /// at all. Nothing if no link serves the session: then it is lost.
    ///
    /// # Errors
    ///
    /// If the session takes it not: it is over, was not opened yet, or the message is too long.
    pub fn aside(&mut self, body: Body) -> Result<Option<(u64, Up)>, NotSent> {
        if self.state == ClientState::Over {
            return Err(NotSent::Over);
        }
        if self.id.is_none() {
            return Err(NotSent::NotOpen);
        }
        let is_long = body.len() > self.terms.window_bytes as usize;
        if is_long || kind_of(&body) != BodyKind::Notice {
            return Err(NotSent::TooLong);
        }
        let ClientState::Live { link } = self.state else {
            return Ok(None);
        };
        self.aside = self.aside.saturating_add(1);
        let aside = Up::Aside {
            attempt: self.attempt,
            number: self.aside,
            body,
        };
        Ok(Some((link, aside)))
    }

    /// Logs out: the home is told if a link serves the session.
    pub fn log_out(&mut self) -> ClientEvent<'static> {
        let Some(link) = self.link() else {
            return self.over(None, Over::LoggedOut);
        };
        let end = OwnedEnd {
            session: self.id.unwrap_or(Uuid([0; 16])),
            attempt: self.attempt,
            reason: SessionReason::LoggedOut,
            ran: None,
            text: "".into(),
        };
        // An `Open` that was not sent is better not sent.
        let unsent = self.out.take().is_some();
        let event = self.over(None, Over::LoggedOut);
        self.out = (!unsent).then_some((link, Up::End(Box::new(end))));
        event
    }

    /// Waits for the home no longer. What was sent may still run.
    pub fn give_up(&mut self) -> ClientEvent<'static> {
        self.over(None, Over::GaveUp)
    }

    /// What became of the message with this number, once the session is over and if nothing answers it. Before that, what would have.
    #[must_use]
    pub fn executed(&self, seq: u64) -> Executed {
        if !self.limits.rules.has(Rule::TagsAreTrue) {
            return if seq > self.tx.acked {
                Executed::NotExecuted
            } else {
                Executed::Unknown
            };
        }
        let began_to = self.ran.unwrap_or(u64::MAX);
        if seq > self.tx.sent || seq > began_to {
            Executed::NotExecuted
        } else {
            Executed::Unknown
        }
    }

    /// The message with this number, which was just taken, made this entity, or moved it in a way that older state does not
    /// fit: from now on newest state counts if it is based on this. Whether it is followed: [`SessionLimits::views`] are.
    pub fn structural(&mut self, entity: &EntityRef, incarnation: u64, seq: u64) -> bool {
        self.views
            .structural(entity, incarnation, seq, self.limits.views)
    }

    /// The entity is gone: no newest state of it counts.
    pub fn gone(&mut self, entity: &EntityRef) {
        self.views.gone(entity);
    }

    fn broken(&mut self, link: u64, why: &'static str) -> ClientEvent<'static> {
        self.old.take_if(|old| *old == link);
        if self.link() == Some(link) {
            self.down();
        }
        ClientEvent::Broken { link, why }
    }

    /// The link that served it does no more.
    fn leave(&mut self, now_us: u64) {
        if matches!(self.state, ClientState::Live { .. }) {
            self.lived_us = now_us;
        }
        self.down();
    }

    fn down(&mut self) {
        self.state = ClientState::Down;
        self.out = None;
    }

    fn over<'a>(&mut self, ran: Option<u64>, how: Over<'a>) -> ClientEvent<'a> {
        if self.state == ClientState::Over {
            return ClientEvent::Nothing;
        }
        self.down();
        self.state = ClientState::Over;
        self.old = None;
        self.ran = ran;
        ClientEvent::Over(how)
    }
}

const ACKED_TOO_MUCH: &str = "it acknowledges what was not sent";

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOpen => "there is no session yet: open one first",
            Self::WindowFull => "too much waits for the home to acknowledge it: try again later",
            Self::TooLong => "the message is longer than the session takes: send less",
            Self::Over => "the session is over: log in anew",
        })
    }
}

impl std::error::Error for NotSent {}
