//! The homes of the scripted server's sessions: the state machine that nodes have, one for each session that was begun.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use playhouse_client::{SessionLimits, SessionReason, Uuid};
use playhouse_net::link::ReplySink;
use playhouse_wire::message::{self, Header, Message, Method, Open, WireFailure};
use playhouse_wire::session::{Admitted, Door, DoorEvent, SessionKey, Via};
use playhouse_wire::{Encode, Writer};
use tokio::time::{Instant, sleep};

use super::server::{Reply, Seen, Server, avatar};

/// How often time passes for the homes.
const TICK: Duration = Duration::from_millis(10);

/// All homes.
pub(crate) struct Homes {
    doors: RefCell<Vec<Door>>,
    /// By link: the home that it serves, and the attempt.
    bound: RefCell<BTreeMap<usize, (usize, u64)>>,
    asked: RefCell<BTreeMap<u32, Rc<dyn ReplySink>>>,
    began: Instant,
    pub(crate) limits: Cell<SessionLimits>,
    /// What the mac of an `Open` is checked with.
    pub(crate) key: RefCell<Option<SessionKey>>,
    /// Nothing of the clients' begins.
    pub(crate) is_busy: Cell<bool>,
    /// Every `Open` is refused for this.
    pub(crate) refuses: Cell<Option<SessionReason>>,
    pub(crate) opens: Cell<u32>,
}

impl Default for Homes {
    fn default() -> Self {
        Self {
            doors: RefCell::default(),
            bound: RefCell::default(),
            asked: RefCell::default(),
            began: Instant::now(),
            limits: Cell::new(SessionLimits::DEFAULT),
            key: RefCell::default(),
            is_busy: Cell::new(false),
            refuses: Cell::new(None),
            opens: Cell::new(0),
        }
    }
}

impl Homes {
    fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap()
    }

    /// The name of the session that was begun as this one.
    fn name(home: usize) -> Uuid {
        Uuid([u8::try_from(home + 1).unwrap(); 16])
    }

    /// Sessions that were begun.
    pub(crate) fn count(&self) -> usize {
        self.doors.borrow().len()
    }
}

/// Lets time pass.
pub(crate) async fn tick(server: Rc<Server>) {
    loop {
        sleep(TICK).await;
        for home in 0..server.homes.count() {
            let now_us = server.homes.now_us();
            server.door(home, |door| door.handle_timeout(now_us));
            server.flush(home);
        }
    }
}

impl Server {
    fn door<R>(&self, home: usize, look: impl FnOnce(&mut Door) -> R) -> R {
        look(&mut self.homes.doors.borrow_mut()[home])
    }

    pub(crate) fn handle_message(self: &Rc<Self>, link: usize, message: &Message<'_>) {
        let home = match message {
            Message::Open(open) => self.handle_open(link, open),
            message => {
                let Some((home, attempt)) = self.homes.bound.borrow().get(&link).copied() else {
                    return;
                };
                let (via, now_us) = (via(link, attempt), self.homes.now_us());
                self.door(home, |door| door.handle_message(now_us, via, message));
                home
            }
        };
        self.flush(home);
    }

    fn handle_open(&self, link: usize, open: &Open<'_>) -> usize {
        let homes = &self.homes;
        homes.opens.set(homes.opens.get() + 1);
        let home = match open.session {
            Some(session) => (0..homes.count())
                .find(|home| Homes::name(*home) == session)
                .unwrap(),
            None => {
                let door = Door::new(Arc::new(homes.limits.get()), 0);
                homes.doors.borrow_mut().push(door);
                homes.count() - 1
            }
        };
        let (via, now_us) = (via(link, open.attempt), homes.now_us());
        homes.bound.borrow_mut().insert(link, (home, open.attempt));
        let key = homes.key.borrow();
        let admitted = Admitted {
            key: key.as_ref(),
            ..Admitted::default()
        };
        self.door(home, |door| {
            if let DoorEvent::Login(login_no) = door.handle_open(now_us, via, open, &admitted) {
                match homes.refuses.get() {
                    Some(reason) => door.turn_away(login_no, reason, "not now"),
                    None => {
                        door.begin(now_us, login_no, Homes::name(home), Arc::new([avatar()]));
                        door.attach(now_us);
                    }
                }
            }
        });
        home
    }

    pub(crate) fn handle_lost(self: &Rc<Self>, link: usize) {
        let bound = self.homes.bound.borrow_mut().remove(&link);
        if let Some((home, attempt)) = bound {
            let (via, now_us) = (via(link, attempt), self.homes.now_us());
            self.door(home, |door| door.handle_lost(now_us, via));
            self.flush(home);
        }
    }

    /// Has a home say what it has to say, and its entity do what there is to do.
    pub(crate) fn flush(self: &Rc<Self>, home: usize) {
        loop {
            let now_us = self.homes.now_us();
            while let Some((via, down)) = self.door(home, |door| door.poll_transmit(now_us)) {
                let link = self.links.borrow()[usize::try_from(via.link).unwrap()].clone();
                // A link that is gone by now takes nothing.
                let _ = link.send(|w| down.put(w));
            }
            if self.homes.is_busy.get() {
                return;
            }
            let Some(run) = self.door(home, Door::poll_run) else {
                return;
            };
            match Message::decode(&run.body).unwrap() {
                Message::Request(request) => {
                    let reply = Reply::Session(Rc::clone(self), home, request.id);
                    self.see(&reply, Seen::request(&request));
                }
                Message::Notify(notify) => {
                    let reply = Reply::Session(Rc::clone(self), home, u32::MAX);
                    self.see(&reply, Seen::notify(&notify));
                }
                Message::Response(response) => {
                    let sink = self.homes.asked.borrow_mut().remove(&response.id);
                    if let Some(sink) = sink {
                        sink.complete(response.outcome.into());
                    }
                }
                Message::Cancel(id) => self.cancelled.borrow_mut().push(id),
                other => panic!("{other:?} in a session"),
            }
        }
    }

    fn send(self: &Rc<Self>, home: usize, write: impl FnOnce(&mut Writer)) {
        let mut body = Writer::new();
        write(&mut body);
        let now_us = self.homes.now_us();
        let sent = self.door(home, |door| door.send(now_us, body.into_bytes().into()));
        // A session may have ended meanwhile.
        let _ = sent;
        self.flush(home);
    }

    pub(crate) fn returned(self: &Rc<Self>, home: usize, id: u32, result: &[u8]) {
        self.send(home, |w| message::put_response_ok(w, id, |w| w.raw(result)));
    }

    pub(crate) fn thrown(self: &Rc<Self>, home: usize, id: u32, error: &[u8]) {
        self.send(home, |w| {
            message::put_response_thrown(w, id, |w| w.raw(error));
        });
    }

    pub(crate) fn failed(self: &Rc<Self>, home: usize, id: u32, failure: &WireFailure<'_>) {
        self.send(home, |w| message::put_response_failure(w, id, failure));
    }

    /// Tells the client of a session of an event.
    pub(crate) fn tell(self: &Rc<Self>, home: usize, method: Method, args: &impl Encode) {
        let header = Header::to(avatar().key);
        self.send(home, |w| {
            message::put_notify(w, method, &header, |w| args.encode(w));
        });
    }

    /// Asks the client of the last session.
    pub(crate) fn ask(
        self: &Rc<Self>,
        method: Method,
        deadline_us: Option<u64>,
        sink: Rc<dyn ReplySink>,
        args: &impl Encode,
    ) -> u32 {
        let id = {
            let mut asked = self.homes.asked.borrow_mut();
            let id = asked.last_key_value().map_or(0, |(id, _)| id + 1);
            asked.insert(id, sink);
            id
        };
        let header = Header {
            deadline_us,
            ..Header::to(avatar().key)
        };
        self.send(self.homes.count() - 1, |w| {
            message::put_request(w, id, method, &header, |w| args.encode(w));
        });
        id
    }

    /// Wants no answer any more.
    pub(crate) fn take_back(self: &Rc<Self>, id: u32) {
        self.homes.asked.borrow_mut().remove(&id);
        self.send(self.homes.count() - 1, |w| message::put_cancel(w, id));
    }

    /// Ends a session.
    pub(crate) fn end(self: &Rc<Self>, home: usize, reason: SessionReason, text: &str) {
        let now_us = self.homes.now_us();
        self.door(home, |door| door.end(now_us, reason, text));
        self.flush(home);
    }

    /// Has clients come again, as when their entity is about to move and doesn't.
    pub(crate) fn detach(self: &Rc<Self>, home: usize) {
        let now_us = self.homes.now_us();
        self.door(home, |door| {
            door.freeze(now_us);
            door.unfreeze(now_us);
        });
        self.flush(home);
    }

    /// Whether a session is over.
    pub(crate) fn has_ended(&self, home: usize) -> bool {
        self.door(home, |door| door.session().is_none())
    }

    /// Forgets a session, as a node does that dies.
    pub(crate) fn forget(&self, home: usize) {
        let limits = Arc::new(self.homes.limits.get());
        self.door(home, |door| *door = Door::new(limits, 0));
    }
}

fn via(link: usize, attempt: u64) -> Via {
    Via {
        gate: 1,
        link: u64::try_from(link).unwrap(),
        attempt,
    }
}
