//! One link of a client, and who is told what comes over it.

use std::cell::RefCell;
use std::rc::Rc;

use playhouse_net::link::{CloseReason, Link, LinkHandler};
use playhouse_wire::link::Peer;
use playhouse_wire::message::{
    Executed, FailureKind, GoAway, GoAwayReason, Message, Notify, Request, WireFailure,
};
use tokio::sync::mpsc::UnboundedSender;

use crate::engine::Engine;
use crate::transports::Way;

/// A link of a client. It is closed as this is dropped.
#[derive(Debug)]
pub(crate) struct Line {
    id: u64,
    link: Link,
}

/// What became of a link that was dialled: at first the one, later maybe the other.
pub(crate) enum Report {
    /// The hellos were exchanged.
    Usable(u64),
    Over(u64, CloseReason),
}

impl Line {
    /// Dials, and tells `reports` what becomes of it.
    pub(crate) fn dial(engine: &Rc<Engine>, way: &Way, reports: UnboundedSender<Report>) -> Self {
        let id = engine.next_line();
        let handler = Handler {
            engine: Rc::clone(engine),
            id,
            reports: RefCell::new(Some(reports)),
        };
        let options = engine.setup().options.clone();
        let network = Rc::clone(&way.network);
        Self {
            id,
            link: Link::dial(network, &way.address, options, Rc::new(handler)),
        }
    }

    /// Which of the client's; never given twice.
    pub(crate) const fn id(&self) -> u64 {
        self.id
    }

    pub(crate) const fn link(&self) -> &Link {
        &self.link
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // The link's task would go on as long as the server likes.
        self.link.close(GoAwayReason::Stopping, "");
    }
}

/// The handler of a client's link.
struct Handler {
    engine: Rc<Engine>,
    id: u64,
    /// Who dialled, until the link is over.
    reports: RefCell<Option<UnboundedSender<Report>>>,
}

impl LinkHandler for Handler {
    fn opened(&self, _link: &Link, _peer: &Peer) {
        if let Some(reports) = &*self.reports.borrow() {
            // Whoever dialled may have given up.
            let _ = reports.send(Report::Usable(self.id));
        }
    }

    fn request(&self, link: &Link, request: Request<'_>) {
        // Entities ask inside of a session, and services ask nobody.
        let failure = WireFailure {
            text: "a client answers inside of its session alone",
            ..WireFailure::new(FailureKind::Unimplemented, Executed::NotExecuted)
        };
        link.respond_failure(request.id, &failure);
    }

    fn notify(&self, _link: &Link, notify: Notify<'_>) {
        tracing::debug!(method = ?notify.method, "an event outside of a session");
    }

    fn other(&self, _link: &Link, message: Message<'_>) {
        self.engine.handle_message(self.id, message);
    }

    fn datagram(&self, _link: &Link, bytes: &[u8]) {
        match Message::decode(bytes) {
            Ok(message @ Message::Latest(_)) => self.engine.handle_message(self.id, message),
            _ => tracing::debug!("a datagram that this client has no use for"),
        }
    }

    fn batch_ends(&self, _link: &Link) {
        self.engine.transmit();
    }

    fn peer_goes_away(&self, _link: &Link, go_away: GoAway<'_>) {
        self.engine.handle_farewell(self.id, &go_away);
    }

    fn closed(&self, _link: &Link, reason: &CloseReason) {
        if let Some(reports) = self.reports.take() {
            let _ = reports.send(Report::Over(self.id, reason.clone()));
        }
        self.engine.handle_link_lost(self.id, reason);
    }
}
