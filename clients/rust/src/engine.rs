//! What all clones of a client share: its links, its session, its calls, and whom it tells what.
//!
//! A client without a session is its link: the one is over with the other. A session outlives links, and what waits in it
//! waits for the next one; [`keeper`] gets that.

mod keeper;
mod session;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use playhouse::{EntityRef, Failure, FailureKind};
use playhouse_net::Transport;
use playhouse_net::link::{CallId, CloseReason, Link, LinkOptions, ReplySink};
use playhouse_net::links::Backoff;
use playhouse_wire::message::{GoAway, GoAwayReason, Header, Method, SessionReason};
use playhouse_wire::session::{ClientSession, SessionLimits};
use playhouse_wire::{Writer, message};
use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::answers::Answers;
use crate::calls::Calls;
use crate::events::Events;
use crate::line::Line;
use crate::race::failure_of;
use crate::schema::Owners;
use crate::state::{Closed, State, States};
use crate::transports::{Race, Transports};

/// What a client is made with.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// Digest of the schema.
    pub(crate) root: u64,
    pub(crate) options: LinkOptions,
    pub(crate) transports: Transports,
    pub(crate) race: Race,
    /// Where the servers are, in the order in which they are tried.
    pub(crate) addresses: Vec<Box<str>>,
    pub(crate) session: Arc<SessionLimits>,
    pub(crate) backoff: Backoff,
    pub(crate) migrate_after: Duration,
}

/// The shared half of a client.
pub(crate) struct Engine {
    setup: Setup,
    began: Instant,
    pub(crate) owners: Owners,
    pub(crate) events: Events,
    pub(crate) answers: Rc<Answers>,
    pub(crate) states: States,
    /// The link in use, and the one that the session moves to.
    lines: RefCell<Vec<Line>>,
    lines_made: Cell<u64>,
    /// The link of a guest, or of the session.
    current: Cell<Option<u64>>,
    session: RefCell<Option<ClientSession>>,
    /// The session was live at least once: calls go through it.
    in_session: Cell<bool>,
    /// The last attempt of sessions that didn't come about.
    attempt: Cell<u64>,
    calls: RefCell<Calls>,
    /// Told what becomes of the first `Open` of a session.
    opening: RefCell<Option<oneshot::Sender<Opening>>>,
    /// Told what becomes of a move to this link.
    moving: RefCell<Option<(u64, oneshot::Sender<()>)>>,
    bound: RefCell<Vec<EntityRef>>,
    farewell: RefCell<Option<(GoAwayReason, String)>>,
    closed: RefCell<Option<Closed>>,
    watchers: RefCell<Vec<Waker>>,
    /// The session's timeouts may have moved.
    timeouts: Notify,
    /// What looks for another link, if something does.
    seeker: RefCell<Option<AbortHandle>>,
    /// How often in a row no link came about.
    failures: Cell<u32>,
    /// Which address was good last.
    place: Cell<usize>,
    /// Something sees to timeouts.
    kept: Cell<bool>,
    /// The time of the session that it waits for.
    armed_us: Cell<u64>,
}

/// What the first `Open` of a session came to: what is bound to it, or why there is none.
pub(crate) type Opening = Result<Vec<EntityRef>, Failure>;

/// A request that waits, and where.
pub(crate) enum Begun {
    OnLink(Link, CallId),
    InSession(Rc<Engine>, u32),
}

impl Begun {
    /// Nobody waits for the response any more.
    pub(crate) fn cancel(&self) {
        match self {
            Self::OnLink(link, id) => link.cancel(*id),
            Self::InSession(engine, id) => engine.cancel(*id),
        }
    }
}

impl Engine {
    pub(crate) fn new(setup: Setup, owners: Owners) -> Rc<Self> {
        Rc::new(Self {
            setup,
            began: Instant::now(),
            owners,
            events: Events::default(),
            answers: Rc::default(),
            states: States::default(),
            lines: RefCell::default(),
            lines_made: Cell::new(0),
            current: Cell::new(None),
            session: RefCell::default(),
            in_session: Cell::new(false),
            attempt: Cell::new(0),
            calls: RefCell::default(),
            opening: RefCell::default(),
            moving: RefCell::default(),
            bound: RefCell::default(),
            farewell: RefCell::default(),
            closed: RefCell::default(),
            watchers: RefCell::default(),
            timeouts: Notify::new(),
            seeker: RefCell::default(),
            failures: Cell::new(0),
            place: Cell::new(0),
            kept: Cell::new(false),
            armed_us: Cell::new(0),
        })
    }

    pub(crate) const fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The number of the next link.
    pub(crate) fn next_line(&self) -> u64 {
        let id = self.lines_made.get() + 1;
        self.lines_made.set(id);
        id
    }

    /// Takes the first link into use.
    pub(crate) fn begin(&self, place: usize, line: Line) {
        self.place.set(place);
        self.current.set(Some(line.id()));
        self.lines.borrow_mut().push(line);
    }

    /// Microseconds since this began.
    fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn link(&self, id: u64) -> Option<Link> {
        let lines = self.lines.borrow();
        let line = lines.iter().find(|line| line.id() == id)?;
        Some(line.link().clone())
    }

    /// The link in use now.
    fn current_link(&self) -> Option<Link> {
        self.link(self.current.get()?)
    }

    /// What carries the link in use now.
    pub(crate) fn transport(&self) -> Option<Transport> {
        self.current_link()?.transport()
    }

    pub(crate) fn bound(&self) -> Vec<EntityRef> {
        self.bound.borrow().clone()
    }

    pub(crate) fn farewell(&self) -> Option<(GoAwayReason, String)> {
        self.farewell.borrow().clone()
    }

    /// Why the client is over, once it is.
    pub(crate) fn closed(&self) -> Option<Closed> {
        self.closed.borrow().clone()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.borrow().is_some()
    }

    /// Waits until the client is over.
    pub(crate) async fn until_closed(&self) -> Closed {
        poll_fn(|cx| match self.closed() {
            Some(closed) => Poll::Ready(closed),
            None => {
                let mut watchers = self.watchers.borrow_mut();
                if !watchers.iter().any(|waker| waker.will_wake(cx.waker())) {
                    watchers.push(cx.waker().clone());
                }
                Poll::Pending
            }
        })
        .await
    }

    /// Begins a request; what `sink` is told is its end. Through the session if there is one, over the link otherwise.
    pub(crate) fn request(
        self: &Rc<Self>,
        method: Method,
        header: &Header<'_>,
        sink: Rc<dyn ReplySink>,
        args: impl FnOnce(&mut Writer),
    ) -> Result<Begun, Failure> {
        if self.in_session.get() {
            let id = self.request_in_session(method, header, sink, args)?;
            return Ok(Begun::InSession(Rc::clone(self), id));
        }
        let link = self.guest_link()?;
        let begun = link.request(method, header, sink, args);
        let id = begun.map_err(|refused| Failure::from(refused.failure()))?;
        Ok(Begun::OnLink(link, id))
    }

    /// Sends a call that isn't answered, and may be lost if it is `unreliable`.
    pub(crate) fn notify(
        &self,
        method: Method,
        header: &Header<'_>,
        unreliable: bool,
        args: impl FnOnce(&mut Writer),
    ) -> Result<(), Failure> {
        if self.in_session.get() {
            let mut body = Writer::new();
            message::put_notify(&mut body, method, header, args);
            if unreliable {
                return self.send_aside(body);
            }
            return self.send(body).map(|_| ());
        }
        let sent = self.guest_link()?.notify(method, header, args);
        sent.map_err(|refused| Failure::from(refused.failure()))
    }

    fn guest_link(&self) -> Result<Link, Failure> {
        match self.current_link() {
            Some(link) if !self.is_closed() => Ok(link),
            _ => Err(self.refusal()),
        }
    }

    /// Why nothing can be sent any more.
    pub(crate) fn refusal(&self) -> Failure {
        match &*self.closed.borrow() {
            Some(Closed::Link(reason)) => failure_of(reason),
            Some(closed) => {
                Failure::not_executed(FailureKind::Unreachable).because(closed.to_string())
            }
            None => Failure::not_executed(FailureKind::Unreachable).because("there is no link"),
        }
    }

    /// The server goes away on this link, and closes it soon.
    pub(crate) fn handle_farewell(self: &Rc<Self>, line: u64, go_away: &GoAway<'_>) {
        if self.current.get() != Some(line) {
            return;
        }
        *self.farewell.borrow_mut() = Some((go_away.reason, go_away.text.to_owned()));
        if self.in_session.get() {
            self.seek();
        }
    }

    /// A link is over.
    pub(crate) fn handle_link_lost(self: &Rc<Self>, line: u64, reason: &CloseReason) {
        let known = {
            let mut lines = self.lines.borrow_mut();
            let index = lines.iter().position(|other| other.id() == line);
            index.map(|index| lines.swap_remove(index))
        };
        if known.is_none() {
            return;
        }
        drop(known);
        if matches!(reason, CloseReason::Abandoned) {
            // A handler of the game's panicked, or the client's own thread ends. What was told half is not told again.
            self.close(Closed::Link(reason.clone()));
        } else if self.in_session.get() {
            self.lose_link(line);
        } else {
            self.close(Closed::Link(reason.clone()));
        }
    }

    /// The game wants no more.
    pub(crate) fn stop(&self) {
        if self.is_closed() {
            return;
        }
        if self.in_session.get() {
            self.log_out();
        } else {
            let local = playhouse_wire::link::CloseReason::Local(GoAwayReason::Stopping);
            self.close(Closed::Link(CloseReason::Protocol(local)));
        }
    }

    /// The client is over: whatever waits learns it, and all that holds the client is let go.
    fn close(&self, closed: Closed) {
        if self.is_closed() {
            return;
        }
        let had_session = self.in_session.replace(false);
        let reason = match &closed {
            Closed::Session(reason, _) => *reason,
            Closed::Link(_) => SessionReason::Lost,
        };
        *self.closed.borrow_mut() = Some(closed);
        self.current.set(None);
        self.bound.borrow_mut().clear();
        self.stop_seeking();
        self.timeouts.notify_one();
        let (lines, mut session) = (self.lines.take(), self.session.take());
        if let Some(session) = &mut session {
            // Tags are known once it is over.
            let _ = session.give_up();
        }
        self.opening.take();
        self.moving.take();
        self.fail_calls(session.as_ref());
        drop(lines);
        self.answers.stop();
        self.events.clear();
        if had_session {
            self.states.tell(State::Lost { reason });
        }
        self.states.clear();
        for watcher in self.watchers.take() {
            watcher.wake();
        }
    }
}
