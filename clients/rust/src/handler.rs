//! What becomes of what the server sends.

use std::cell::RefCell;
use std::rc::Rc;

use playhouse::EntityRef;
use playhouse_net::link::{CloseReason, Link, LinkHandler};
use playhouse_wire::link::Peer;
use playhouse_wire::message::{GoAway, GoAwayReason, Message, Notify, Request, SessionReason};
use tokio::sync::oneshot;

use crate::Origin;
use crate::answers::Answers;
use crate::events::Events;
use crate::schema::Owners;

/// A client's state, which its link's task shares with it.
pub(crate) struct State {
    pub(crate) owners: Owners,
    pub(crate) events: Events,
    pub(crate) answers: Rc<Answers>,
    /// Told when the hellos were exchanged; dropped if they never are.
    pub(crate) greeted: RefCell<Option<oneshot::Sender<()>>>,
    /// Told what becomes of an `Open` on its way.
    pub(crate) opening: RefCell<Option<(u64, oneshot::Sender<Opening>)>>,
    /// The entities that are bound to the session.
    pub(crate) bound: RefCell<Vec<EntityRef>>,
    /// How the session ended.
    pub(crate) ended: RefCell<Option<(SessionReason, String)>>,
    /// Why the server goes away, in its own words.
    pub(crate) farewell: RefCell<Option<(GoAwayReason, String)>>,
}

/// What became of an `Open`.
pub(crate) enum Opening {
    Opened(Vec<EntityRef>),
    Refused(SessionReason, String),
}

/// The handler of a client's link.
pub(crate) struct Handler(pub(crate) Rc<State>);

impl LinkHandler for Handler {
    fn opened(&self, _link: &Link, _peer: &Peer) {
        if let Some(greeted) = self.0.greeted.take() {
            // Whoever waited may have given up.
            let _ = greeted.send(());
        }
    }

    fn request(&self, link: &Link, request: Request<'_>) {
        self.0.answers.begin(&self.0.owners, link, &request);
    }

    fn notify(&self, _link: &Link, notify: Notify<'_>) {
        let call = self.0.owners.of(notify.method);
        let origin = Origin::of(notify.method, &notify.header);
        let (Some(call), Some(origin)) = (call, origin) else {
            tracing::debug!(method = ?notify.method, "an event that the client's schema doesn't have");
            return;
        };
        if !self.0.events.tell(call, notify.args, &origin) {
            tracing::trace!(method = ?notify.method, "an event that nobody listens for");
        }
    }

    fn other(&self, link: &Link, message: Message<'_>) {
        match message {
            Message::Cancel(id) => self.0.answers.cancel(link, id),
            Message::Opened(opened) => {
                let entities = opened.entities.iter().collect();
                self.0.opened(opened.attempt, Opening::Opened(entities));
            }
            Message::Refused(refused) => {
                let opening = Opening::Refused(refused.reason, refused.text.to_owned());
                self.0.opened(refused.attempt, opening);
            }
            Message::End(end) => {
                self.0.bound.borrow_mut().clear();
                *self.0.ended.borrow_mut() = Some((end.reason, end.text.to_owned()));
            }
            _ => tracing::debug!("a message that this client has no use for"),
        }
    }

    fn peer_goes_away(&self, _link: &Link, go_away: GoAway<'_>) {
        *self.0.farewell.borrow_mut() = Some((go_away.reason, go_away.text.to_owned()));
    }

    fn closed(&self, _link: &Link, _reason: &CloseReason) {
        self.0.answers.stop();
        // Handlers may hold the client, which would never go away.
        self.0.events.clear();
        self.0.bound.borrow_mut().clear();
        // Whoever waits for them learns that the link is over.
        self.0.greeted.take();
        self.0.opening.take();
    }
}

impl State {
    fn opened(&self, attempt: u64, opening: Opening) {
        let mut waiting = self.opening.borrow_mut();
        if let Some((_, sender)) = waiting.take_if(|(other, _)| *other == attempt) {
            if let Opening::Opened(entities) = &opening {
                self.bound.borrow_mut().clone_from(entities);
                self.ended.take();
            }
            let _ = sender.send(opening);
        }
    }
}
