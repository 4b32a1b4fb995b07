//! Who hears of events.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use playhouse::call::Arguments;
use playhouse::{Limits, Numbered, Reader};
use rustc_hash::FxHashMap;

use crate::Origin;
use crate::schema::CallKey;

/// The handlers of all events, by call.
#[derive(Default)]
pub(crate) struct Events {
    by_call: RefCell<FxHashMap<CallKey, Vec<Rc<dyn Listener>>>>,
}

/// A handler that knows the type of its event.
trait Listener {
    fn hear(&self, args: &[u8], origin: &Origin);
}

struct Typed<A, F> {
    handler: RefCell<F>,
    args: PhantomData<fn(A)>,
}

impl<A: Arguments, F: FnMut(A, &Origin)> Listener for Typed<A, F> {
    fn hear(&self, bytes: &[u8], origin: &Origin) {
        match decoded::<A>(bytes) {
            // Events are told one after another, so that no handler is called inside of itself.
            Ok(args) => {
                if let Ok(mut handler) = self.handler.try_borrow_mut() {
                    handler(args, origin);
                }
            }
            Err(error) => {
                tracing::warn!(event = A::call().name, %error, "an event can't be read");
            }
        }
    }
}

/// The call of `A`.
pub(crate) fn key_of<A: Arguments>() -> CallKey {
    CallKey {
        package: A::Owner::PACKAGE,
        number: A::Owner::NUMBER,
        tag: A::TAG,
    }
}

/// Arguments from the server, held to the bounds of the schema.
pub(crate) fn decoded<A: Arguments>(bytes: &[u8]) -> playhouse::Result<A> {
    let mut reader = Reader::new(bytes, &Limits::DEFAULT);
    let args = A::decode(&mut reader)?;
    reader.end()?;
    Ok(args)
}

impl Events {
    /// Adds a handler, behind those that are there.
    pub(crate) fn add<A: Arguments>(&self, handler: impl FnMut(A, &Origin) + 'static) {
        let listener = Rc::new(Typed {
            handler: RefCell::new(handler),
            args: PhantomData,
        });
        let mut by_call = self.by_call.borrow_mut();
        by_call.entry(key_of::<A>()).or_default().push(listener);
    }

    /// Lets all handlers go.
    pub(crate) fn clear(&self) {
        // Dropping one may come back here.
        let all = self.by_call.take();
        drop(all);
    }

    /// Tells the handlers of a call, in the order in which they were added. Whether there are any.
    pub(crate) fn tell(&self, call: CallKey, args: &[u8], origin: &Origin) -> bool {
        // Nothing is borrowed while a handler runs: it may add others.
        let nth = |index: usize| {
            let by_call = self.by_call.borrow();
            by_call.get(&call)?.get(index).cloned()
        };
        let mut count = 0;
        while let Some(listener) = nth(count) {
            listener.hear(args, origin);
            count += 1;
        }
        count > 0
    }
}
