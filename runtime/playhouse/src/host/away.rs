//! Calls that are served elsewhere: what their shard knows of them.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use playhouse_net::link::ReplySink;
use playhouse_wire::message::Waiting as Waits;

use super::SessionId;
use super::calls::CallId;
use super::egress::EgressId;
use super::fabric::Packet;
use super::shard::Shard;

/// A call that is served elsewhere.
#[derive(Default)]
pub(super) struct Away {
    /// On whom it is made.
    pub(super) target: Option<Waits>,
    pub(super) route: Cell<Route>,
    /// Where its outcome is laid down: a `RefCell<Option<..>>`.
    pub(super) reply: Option<Rc<dyn Any>>,
    /// Takes the answer of a client whose link is of another shard.
    pub(super) sink: Option<Rc<dyn ReplySink>>,
}

/// Which way a call went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Route {
    /// None: there is only the caller.
    #[default]
    Nowhere,
    Shard(u32),
    Link(EgressId),
    Session(SessionId, EgressId),
}

impl Away {
    /// The caller gave up: whoever serves it may hear of it.
    pub(super) fn cancel(&self, shard: &Rc<Shard>, call: CallId) {
        match self.route.get() {
            Route::Nowhere => return,
            Route::Shard(to) => {
                let from = shard.index;
                // The answer comes all the same, and ends the call.
                return shard.post(to, Packet::Cancel { from, call });
            }
            Route::Link(id) => {
                if let Some(egress) = shard.egress() {
                    egress.cancel(id);
                }
            }
            Route::Session(session, id) => {
                if let Some(port) = shard.session_port() {
                    port.cancel(session, id);
                }
            }
        }
        // No answer comes any more.
        shard.handler_done(call);
    }
}

impl fmt::Debug for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Away({:?}, {:?})", self.target, self.route.get())
    }
}
