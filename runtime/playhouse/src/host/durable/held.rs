//! Committed rpcs: what they answer and send waits until their entity is saved.

use std::rc::Rc;

use super::super::calls::CallId;
use super::super::cell::Hosted;
use super::super::egress::check;
use super::super::lease::leased;
use super::super::shard::Shard;
use crate::call::{Arguments, Failure, FailureKind, Proxy};
use crate::persist::SaveError;

/// Most oneways and events that one committed rpc keeps back; further ones are refused.
pub const HELD_MAX: usize = 1024;

/// A oneway or an event that waits.
pub(in crate::host) type Held = Box<dyn FnOnce(&Rc<Shard>)>;

/// As long as it lives, the oneways and events of a call are kept back.
pub(in crate::host) struct Holding {
    shard: Rc<Shard>,
    call: CallId,
}

impl Shard {
    /// Keeps oneways and events of the call back from now on.
    pub(in crate::host) fn hold(self: &Rc<Self>, call: CallId) -> Holding {
        self.durable.held.borrow_mut().insert(call, Vec::new());
        Holding {
            shard: Rc::clone(self),
            call,
        }
    }

    /// Whether what the current handler sends is kept back.
    #[inline]
    pub(in crate::host) fn is_held(&self) -> bool {
        let held = self.durable.held.borrow();
        !held.is_empty() && held.contains_key(&self.current.get())
    }

    /// Keeps back a oneway that the current handler sends.
    pub(in crate::host) fn keep_oneway_back<A: Arguments>(
        self: &Rc<Self>,
        proxy: &Proxy,
        args: A,
    ) -> Result<(), Failure> {
        check(&args)?;
        let proxy = proxy.clone();
        self.keep_back(Box::new(move |_| {
            if let Err(failure) = crate::host::send(&proxy, args) {
                tracing::warn!(call = A::call().name, %failure, "a oneway that was kept back can't be sent");
            }
        }))
    }

    /// Waits until everything of an entity is saved that is not yet. What holds a value that another entity has is left
    /// out of it: its own handler has to see to that.
    pub(in crate::host) async fn settled(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
    ) -> Result<(), SaveError> {
        let whole = leased(cell);
        match self.saved(&whole).await {
            // The rest goes with the next commit.
            Err(SaveError::Taken { .. }) => self.saved(&whole).await,
            other => other,
        }
    }

    /// Keeps back something that the current handler sends.
    pub(in crate::host) fn keep_back(&self, send: Held) -> Result<(), Failure> {
        let mut held = self.durable.held.borrow_mut();
        let Some(kept) = held.get_mut(&self.current.get()) else {
            return Ok(());
        };
        if kept.len() >= HELD_MAX {
            return Err(Failure::not_executed(FailureKind::Overloaded)
                .because("a committed rpc sends too much before it is saved"));
        }
        kept.push(send);
        Ok(())
    }
}

impl Holding {
    /// What was kept back. What comes now is not.
    pub(in crate::host) fn end(self) -> Vec<Held> {
        self.shard
            .durable
            .held
            .borrow_mut()
            .remove(&self.call)
            .unwrap_or_default()
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        // Of a handler that panicked nothing is sent.
        let kept = self.shard.durable.held.borrow_mut().remove(&self.call);
        drop(kept);
    }
}
