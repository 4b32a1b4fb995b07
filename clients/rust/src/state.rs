//! How a client's session fares, for the game to show.

use std::cell::RefCell;
use std::rc::Rc;

use playhouse_net::Transport;
use playhouse_net::link::CloseReason;
use playhouse_wire::message::SessionReason;

/// What [`Client::on_state`](crate::Client::on_state) tells: how the session fares.
///
/// ```text
/// Live ──► Detached ──► Connecting ──► Live   again and again, and calls only wait a little longer
///             └─────────────┴────────► Lost   once: the client is over
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// The session has a link: told of each, so also when it has moved.
    Live {
        /// What carries it.
        transport: Transport,
        /// It had one before: false once, when the session begins. Nothing was lost or doubled meanwhile.
        resumed: bool,
        /// It is encrypted: by the server's key or by TLS.
        encrypted: bool,
    },
    /// It has no link, and will try to get one soon. Calls can be made, and wait.
    Detached,
    /// A link is being made.
    Connecting,
    /// It is over, for good; [`Client::session_end`](crate::Client::session_end) says it in words.
    Lost {
        /// Why. A client that gave up itself says [`SessionReason::Expired`], one that was closed
        /// [`SessionReason::LoggedOut`]. After [`SessionReason::Replaced`] somebody else plays: don't log in by yourself.
        reason: SessionReason,
    },
}

/// Why a client is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// It had no session, and its link is over.
    Link(CloseReason),
    /// Its session is over.
    Session(SessionReason, String),
}

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Link(reason) => write!(f, "the link is over: {reason}"),
            Self::Session(reason, text) if text.is_empty() => {
                write!(f, "the session is over: {reason:?}")
            }
            Self::Session(reason, text) => write!(f, "the session is over: {reason:?}: {text}"),
        }
    }
}

type Handler = Rc<RefCell<dyn FnMut(State)>>;

/// Who is told of the session's state.
#[derive(Default)]
pub(crate) struct States {
    last: RefCell<Option<State>>,
    handlers: RefCell<Vec<Handler>>,
}

impl States {
    pub(crate) fn add(&self, handler: impl FnMut(State) + 'static) {
        self.handlers
            .borrow_mut()
            .push(Rc::new(RefCell::new(handler)));
    }

    /// Tells all of a state: of each link that the session gets, and of others if they are another than the last.
    pub(crate) fn tell(&self, state: State) {
        let is_same = self.last.replace(Some(state)) == Some(state);
        if is_same && !matches!(state, State::Live { .. }) {
            return;
        }
        // Nothing is borrowed while a handler runs: it may add others.
        let nth = |index: usize| self.handlers.borrow().get(index).cloned();
        let mut index = 0;
        while let Some(handler) = nth(index) {
            // One that changes the state itself isn't called inside of itself.
            if let Ok(mut handler) = handler.try_borrow_mut() {
                handler(state);
            }
            index += 1;
        }
    }

    /// Lets all handlers go.
    pub(crate) fn clear(&self) {
        let all = self.handlers.take();
        drop(all);
    }
}
