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
use playhouse_wire::message::{self, Executed, Request, WireFailure};
use rustc_hash::FxHashMap;
use tokio::task::AbortHandle;

use crate::Origin;
use crate::engine::Engine;
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

impl Answer {
    /// Sends it through the session. One that is too long is answered as a failure instead.
    fn send(self, engine: &Engine, id: u32) {
        let mut body = Writer::new();
        match self {
            Self::Returned(bytes) => message::put_response_ok(&mut body, id, |w| w.raw(&bytes)),
            Self::Thrown(bytes) => message::put_response_thrown(&mut body, id, |w| w.raw(&bytes)),
            Self::Failed(failure) => {
                message::put_response_failure(&mut body, id, &WireFailure::from(&failure));
            }
        }
        if let Err(refused) = engine.send(body) {
            let failure = WireFailure {
                executed: Executed::Unknown,
                ..WireFailure::from(&refused)
            };
            let mut body = Writer::new();
            message::put_response_failure(&mut body, id, &failure);
            // If there is no room for that either, the session is over.
            let _ = engine.send(body);
        }
    }
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
    pub(crate) fn begin(self: &Rc<Self>, engine: &Rc<Engine>, request: &Request<'_>) {
        match self.answering(&engine.owners, request) {
            Ok(answering) => self.spawn(engine, request, answering),
            Err(failure) => Answer::Failed(failure).send(engine, request.id),
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

    fn spawn(self: &Rc<Self>, engine: &Rc<Engine>, request: &Request<'_>, answering: Answering) {
        let (id, number) = (request.id, self.begun.get());
        self.begun.set(number + 1);
        let patience = Duration::from_micros(request.header.deadline_or_default_us());
        let (answers, engine) = (Rc::downgrade(self), Rc::downgrade(engine));
        let task = tokio::task::spawn_local(async move {
            let answer = tokio::time::timeout(patience, answering).await;
            if let Some(answers) = answers.upgrade() {
                answers.forget(id, number);
            }
            let late = |_| Answer::Failed(Failure::unknown(FailureKind::Timeout));
            if let Some(engine) = engine.upgrade() {
                answer.unwrap_or_else(late).send(&engine, id);
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
    pub(crate) fn cancel(&self, engine: &Engine, id: u32) {
        let cancelled = self.running.borrow_mut().remove(&id);
        if let Some((_, task)) = cancelled {
            task.abort();
            let failure = Failure::unknown(FailureKind::Cancelled);
            Answer::Failed(failure).send(engine, id);
        }
    }

    /// The session is over, and with it whoever asked. All that would answer is let go.
    pub(crate) fn stop(&self) {
        let all = self.by_call.take();
        drop(all);
        for (_, task) in std::mem::take(&mut *self.running.borrow_mut()).into_values() {
            task.abort();
        }
    }
}
