//! Client rpcs: what the server asks, and who answers.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use playhouse::call::{Fault, Rpc};
use playhouse::{Encode, Failure, FailureKind, Writer};
use playhouse_net::link::Link;
use playhouse_wire::message::{Request, WireFailure};
use rustc_hash::FxHashMap;
use tokio::task::AbortHandle;

use crate::Origin;
use crate::events::{decoded, key_of};
use crate::schema::{CallKey, Owners};

/// Most client rpcs that are answered at once; more are refused as overloaded.
pub const ANSWERS_MAX: usize = 64;

type Answering = Pin<Box<dyn Future<Output = Answer>>>;

/// An answer, ready to be sent.
enum Answer {
    Returned(Vec<u8>),
    Thrown(Vec<u8>),
    Failed(Failure),
}

/// Answers one client rpc.
trait Answerer {
    fn answer(&self, args: &[u8], origin: Origin) -> Result<Answering, Failure>;
}

struct Typed<A, F> {
    handler: F,
    args: PhantomData<fn(A)>,
}

impl<A, F, T> Answerer for Typed<A, F>
where
    A: Rpc,
    F: Fn(A, Origin) -> T,
    T: Future<Output = Result<A::Output, A::Fault>> + 'static,
{
    fn answer(&self, args: &[u8], origin: Origin) -> Result<Answering, Failure> {
        let args = decoded::<A>(args).map_err(|error| {
            Failure::not_executed(FailureKind::Invalid).because(error.to_string())
        })?;
        let answering = (self.handler)(args, origin);
        Ok(Box::pin(async move {
            match answering.await {
                Ok(output) => Answer::Returned(bytes(&output)),
                Err(fault) => match fault.view() {
                    Ok(error) => Answer::Thrown(bytes(error)),
                    Err(failure) => Answer::Failed(failure.clone()),
                },
            }
        }))
    }
}

fn bytes(value: &dyn Encode) -> Vec<u8> {
    let mut writer = Writer::new();
    value.encode(&mut writer);
    writer.into_bytes()
}

/// Those that answer, and the answers on their way.
#[derive(Default)]
pub(crate) struct Answers {
    by_call: RefCell<FxHashMap<CallKey, Rc<dyn Answerer>>>,
    /// By request: the task.
    running: RefCell<BTreeMap<u32, (u64, AbortHandle)>>,
    begun: Cell<u64>,
}

impl Answers {
    /// Sets who answers a client rpc, instead of whoever did.
    pub(crate) fn set<A: Rpc, T>(&self, handler: impl Fn(A, Origin) -> T + 'static)
    where
        T: Future<Output = Result<A::Output, A::Fault>> + 'static,
    {
        let answerer = Rc::new(Typed {
            handler,
            args: PhantomData,
        });
        self.by_call.borrow_mut().insert(key_of::<A>(), answerer);
    }

    /// Begins to answer `request`.
    pub(crate) fn begin(self: &Rc<Self>, owners: &Owners, link: &Link, request: &Request<'_>) {
        match self.answering(owners, request) {
            Ok(answering) => self.spawn(link.clone(), request, answering),
            Err(failure) => link.respond_failure(request.id, &WireFailure::from(&failure)),
        }
    }

    fn answering(&self, owners: &Owners, request: &Request<'_>) -> Result<Answering, Failure> {
        let refused = |kind, why: &str| Failure::not_executed(kind).because(why);
        let answerer = owners
            .of(request.method)
            .and_then(|call| self.by_call.borrow().get(&call).cloned());
        let Some(answerer) = answerer else {
            let why = "the client answers no such call";
            return Err(refused(FailureKind::Unimplemented, why));
        };
        let Some(origin) = Origin::of(request.method, &request.header) else {
            let why = "a client rpc names the entity that asks";
            return Err(refused(FailureKind::Invalid, why));
        };
        if self.running.borrow().len() >= ANSWERS_MAX {
            let why = "too many questions wait for the client's answer";
            return Err(refused(FailureKind::Overloaded, why));
        }
        answerer.answer(request.args, origin)
    }

    fn spawn(self: &Rc<Self>, link: Link, request: &Request<'_>, answering: Answering) {
        let (id, number) = (request.id, self.begun.get());
        self.begun.set(number + 1);
        let patience = Duration::from_micros(request.header.deadline_or_default_us());
        let answers = Rc::downgrade(self);
        let task = tokio::task::spawn_local(async move {
            let answer = tokio::time::timeout(patience, answering).await;
            if let Some(answers) = answers.upgrade() {
                answers.forget(id, number);
            }
            match answer {
                Ok(Answer::Returned(bytes)) => link.respond(id, |w| w.raw(&bytes)),
                Ok(Answer::Thrown(bytes)) => link.respond_thrown(id, |w| w.raw(&bytes)),
                Ok(Answer::Failed(failure)) => {
                    link.respond_failure(id, &WireFailure::from(&failure));
                }
                Err(_) => {
                    let failure = Failure::unknown(FailureKind::Timeout);
                    link.respond_failure(id, &WireFailure::from(&failure));
                }
            }
        });
        let mut running = self.running.borrow_mut();
        running.insert(id, (number, task.abort_handle()));
    }

    /// The answer is there. Its id may be another request's by now.
    fn forget(&self, id: u32, number: u64) {
        let mut running = self.running.borrow_mut();
        if running.get(&id).is_some_and(|(other, _)| *other == number) {
            running.remove(&id);
        }
    }

    /// Nobody waits for the answer any more.
    pub(crate) fn cancel(&self, link: &Link, id: u32) {
        if let Some((_, task)) = self.running.borrow_mut().remove(&id) {
            task.abort();
            let failure = Failure::unknown(FailureKind::Cancelled);
            link.respond_failure(id, &WireFailure::from(&failure));
        }
    }

    /// The link is gone, and with it whoever asked. All that would answer is let go.
    pub(crate) fn stop(&self) {
        let all = self.by_call.take();
        drop(all);
        for (_, task) in std::mem::take(&mut *self.running.borrow_mut()).into_values() {
            task.abort();
        }
    }
}
