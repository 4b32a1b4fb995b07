//! Futures that run beside calls, and what becomes known of one that panics.

use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::calls::{CallId, Place};
use super::hooks::Local;
use super::identity::{Identity, beside};
use super::shard::Shard;

/// Who begins such a future, where, and what it is called.
struct Origin {
    shard: Rc<Shard>,
    identity: Rc<Identity>,
    location: &'static Location<'static>,
    name: &'static str,
}

/// Makes `future` one whose lines in the log are those of the call that began it, and whose panic is said with who that
/// was and where: nobody waits for what it finds out, so nobody else would tell.
pub(super) fn of_call<F: Future<Output = ()> + 'static>(
    shard: &Rc<Shard>,
    call: CallId,
    place: &Place,
    location: &'static Location<'static>,
    future: F,
) -> Local<'static, ()> {
    let origin = Origin {
        shard: Rc::clone(shard),
        identity: Rc::new(shard.identity_of(call, place)),
        location,
        name: std::any::type_name::<F>(),
    };
    Box::pin(Background {
        origin,
        future: Some(Box::pin(future)),
    })
}

struct Background {
    origin: Origin,
    /// None once it is over.
    future: Option<Local<'static, ()>>,
}

impl Future for Background {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let Some(future) = &mut this.future else {
            return Poll::Ready(());
        };
        let _beside = beside(&this.origin.identity);
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(())) => {}
            Err(payload) => this.origin.report(&*payload),
        }
        this.future = None;
        Poll::Ready(())
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // What it holds may log while it goes.
        let _beside = beside(&self.origin.identity);
        self.future = None;
    }
}

impl Origin {
    #[cold]
    fn report(&self, payload: &(dyn std::any::Any + Send)) {
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("(no message)");
        self.shard.panics.set(self.shard.panics.get() + 1);
        tracing::error!(
            begun_by = self.identity.entity,
            begun_at = %self.location,
            future = self.name,
            shard = self.shard.index,
            "a background future panicked: {message}"
        );
    }
}
