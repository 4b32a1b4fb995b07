//! Calls that are served elsewhere: what their shard knows of them.

use std::any::Any;
use std::cell::{Cell, OnceCell};
use std::fmt;
use std::rc::Rc;

use playhouse_wire::message::Waiting as Waits;

use super::SessionId;
use super::calls::CallId;
use super::egress::EgressId;
use super::fabric::Packet;
use super::placement::Placed;
use super::shard::Shard;
use crate::call::FailureKind;

/// A call that is served elsewhere.
#[derive(Default)]
pub(super) struct Away {
    /// On whom it is made.
    pub(super) target: Option<Waits>,
    pub(super) route: Cell<Route>,
    /// Where its outcome is laid down: a `RefCell<Option<..>>`.
    pub(super) reply: Option<Rc<dyn Any>>,
    /// The call as it is placed, if it is.
    pub(super) placed: OnceCell<Rc<Placed>>,
}

/// Which way a call went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Route {
    /// None: there is only the caller.
    #[default]
    Nowhere,
    Shard(u32),
    Link(EgressId),
    /// To wherever its entity is.
    Placed,
    /// To an entity that has come to live on the caller's shard.
    Here,
    Session(SessionId, EgressId),
}

impl Away {
    /// The caller gave up: whoever serves it may hear of it.
    pub(super) fn cancel(&self, shard: &Rc<Shard>, call: CallId, expired: bool) {
        match self.route.get() {
            Route::Nowhere | Route::Here => return,
            Route::Placed => return self.give_up(shard, call, expired),
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

    /// The call is placed from now on.
    pub(super) fn place(&self, placed: &Rc<Placed>) {
        let _ = self.placed.set(Rc::clone(placed));
        self.route.set(Route::Placed);
    }

    /// Which way it is just now.
    pub(super) fn way(&self) -> Route {
        match (self.route.get(), self.placed.get()) {
            (Route::Placed, Some(placed)) => placed.way(),
            (route, _) => route,
        }
    }

    fn give_up(&self, shard: &Rc<Shard>, call: CallId, expired: bool) {
        let kind = if expired {
            FailureKind::Timeout
        } else {
            FailureKind::Cancelled
        };
        let Some(placed) = self.placed.get() else {
            return;
        };
        // Its sink hears of it, and ends the call.
        if let Some(failure) = shard.give_placed_up(placed, kind)
            && let Some(call) = shard.calls.borrow_mut().get_mut(call)
        {
            call.failure = Some(failure);
        }
    }
}

impl fmt::Debug for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Away({:?}, {:?})", self.target, self.route.get())
    }
}
