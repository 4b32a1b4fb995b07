//! Whose code runs on a shard just now, for lines of the log.

use std::cell::RefCell;
use std::fmt;
use std::rc::{Rc, Weak};

use playhouse_wire::KeyPart;

use super::SessionId;
use super::calls::{Call, CallId, Calls, Place};
use super::cell::Hosted;
use super::shard::Shard;
use crate::log::Ids;

/// Most calls of a chain in which the client's session is looked for.
const SESSION_STEPS_MAX: usize = 16;

/// Whose a future is that runs beside calls.
#[derive(Debug, Default)]
pub(super) struct Identity {
    pub(super) entity: String,
    session: Option<SessionId>,
    trace: Option<u128>,
}

thread_local! {
    static BESIDE: RefCell<Option<Rc<Identity>>> = const { RefCell::new(None) };
}

/// Whose future is polled from now on, beside any call; what is returned puts back whose it was before.
pub(super) fn beside(identity: &Rc<Identity>) -> Beside {
    Beside(BESIDE.replace(Some(Rc::clone(identity))))
}

/// A future is being polled.
pub(super) struct Beside(Option<Rc<Identity>>);

impl Drop for Beside {
    fn drop(&mut self) {
        BESIDE.set(self.0.take());
    }
}

impl Shard {
    /// Says what runs just now. It may be asked in the middle of anything, so what is borrowed stays unsaid.
    pub(crate) fn identify(&self, ids: &mut Ids<'_>) {
        ids.node(&self.node);
        let current = self.current.get();
        if current.is_none() {
            let _ = BESIDE.try_with(|beside| {
                if let Ok(beside) = beside.try_borrow()
                    && let Some(identity) = &*beside
                {
                    identity.say(ids);
                }
            });
            return;
        }
        let Ok(calls) = self.calls.try_borrow() else {
            return;
        };
        let Some(call) = calls.get(current) else {
            return;
        };
        ids.entity(format_args!("{}", self.place(&call.place)));
        if let Some(session) = session_of(&calls, call) {
            ids.session(session.0);
        }
        if let Some(trace) = &call.trace {
            ids.trace(trace.context.id);
        }
    }

    /// Whose the call is, for what goes on when it is over.
    pub(super) fn identity_of(&self, call: CallId, place: &Place) -> Identity {
        let calls = self.calls.borrow();
        let call = calls.get(call);
        Identity {
            entity: self.place(place).to_string(),
            session: call.and_then(|call| session_of(&calls, call)),
            trace: call.and_then(|call| Some(call.trace.as_ref()?.context.id)),
        }
    }

    /// `Avatar(7)`, `Battle(3).Puppet(12)`, `Chat`.
    fn place<'a>(&'a self, place: &'a Place) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| match place {
            Place::Entity(cell) => self.write_entity(f, &**cell),
            Place::Service(service) => f.write_str(service.descriptor.head.name),
            Place::Away(_) => Ok(()),
        })
    }

    fn write_entity(&self, f: &mut fmt::Formatter<'_>, cell: &dyn Hosted) -> fmt::Result {
        let header = cell.header();
        let name = |kind| {
            self.kinds
                .get(kind as usize)
                .map(|it| it.descriptor.head.name)
        };
        let name = name(header.kind).unwrap_or_default();
        if header.local != 0 {
            let rare = header.rare.try_borrow().ok();
            let container =
                rare.and_then(|rare| rare.as_ref()?.container.as_ref().map(Weak::upgrade));
            if let Some(container) = container.flatten() {
                self.write_entity(f, &*container)?;
                f.write_str(".")?;
            }
            return write!(f, "{name}({})", header.local);
        }
        f.write_str(name)?;
        for (index, part) in header.key.parts().iter().enumerate() {
            f.write_str(if index == 0 { "(" } else { ", " })?;
            match part {
                KeyPart::Unsigned(value) => write!(f, "{value}")?,
                KeyPart::Negative(value) => write!(f, "{value}")?,
                KeyPart::Text(value) => write!(f, "{value}")?,
                KeyPart::Uuid(value) => write!(f, "{value}")?,
            }
        }
        if header.key.parts().is_empty() {
            return Ok(());
        }
        f.write_str(")")
    }
}

/// The client's session at the beginning of the chain that a call belongs to.
fn session_of(calls: &Calls, call: &Call) -> Option<SessionId> {
    let mut next = Some(call);
    for _ in 0..SESSION_STEPS_MAX {
        let call = next?;
        if let Some(session) = call.from.as_ref().and_then(|from| from.session) {
            return Some(session);
        }
        next = calls.get(call.parent);
    }
    None
}

impl Identity {
    fn say(&self, ids: &mut Ids<'_>) {
        if !self.entity.is_empty() {
            ids.entity(format_args!("{}", self.entity));
        }
        if let Some(session) = self.session {
            ids.session(session.0);
        }
        if let Some(trace) = self.trace {
            ids.trace(trace);
        }
    }
}
