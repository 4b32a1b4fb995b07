//! Services of a shard: one instance each, whose calls run beside one another.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use playhouse_wire::{Encode, Limits};

use super::calls::{CallId, Place};
use super::handler::{Answer, EncodedCall, Settled, Start, TypedCall, at_work, start_encoded};
use super::hooks::Local;
use super::kind::{CallHost, DEADLINE_DEFAULT_US, micros};
use super::park::Panicked;
use super::shard::Shard;
use crate::call::{Arguments, Failure, FailureKind, Fault, Rpc};
use crate::descriptor;
use crate::host::Cx;
use crate::logic::{Service, ServiceCalls, ServiceSchema};

/// Most calls that one instance of a service serves at once.
pub const SERVICE_CALLS_MAX: u32 = 65_536;

/// A service on one shard.
pub(super) struct ServiceHost {
    pub(super) descriptor: &'static descriptor::Service,
    pub(super) running: Cell<u32>,
    /// Its place among all types of the shard, for the watchdog.
    pub(super) owner: u32,
    calls: Vec<Option<CallHost>>,
    /// The user's struct.
    instance: Rc<dyn Any>,
}

impl ServiceHost {
    pub(super) fn new<S: Service>(instance: S, owner: u32) -> Self {
        let descriptor = <S::Schema as ServiceSchema>::descriptor();
        let mut registrar = Registrar {
            deadline_us: micros(descriptor.deadline_us).unwrap_or(DEADLINE_DEFAULT_US),
            calls: Vec::new(),
            service: PhantomData::<fn() -> S>,
        };
        S::register(&mut registrar);
        Self {
            descriptor,
            running: Cell::new(0),
            owner,
            calls: registrar.calls,
            instance: Rc::new(instance),
        }
    }

    #[inline]
    pub(super) fn call(&self, tag: u8) -> Option<&CallHost> {
        self.calls.get(usize::from(tag))?.as_ref()
    }
}

impl ServiceHost {
    /// All calls that have handlers.
    pub(super) fn hosted_calls(&self) -> impl Iterator<Item = &CallHost> {
        self.calls.iter().flatten()
    }
}

impl Shard {
    /// A service of this shard.
    pub(super) fn find_service(&self, package: u16, number: u16) -> Option<&Rc<ServiceHost>> {
        self.services.iter().find(|service| {
            (service.descriptor.package, service.descriptor.number) == (package, number)
        })
    }
}

impl fmt::Debug for ServiceHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceHost({})", self.descriptor.head.name)
    }
}

struct Registrar<S> {
    deadline_us: u64,
    calls: Vec<Option<CallHost>>,
    service: PhantomData<fn() -> S>,
}

impl<S: Service> Registrar<S> {
    fn add<A: Arguments, O, X, F>(&mut self, ready: bool, run: F)
    where
        ServiceHandler<S, A, O, X, F>: TypedCall<A, O, X> + EncodedCall,
        O: 'static,
        X: 'static,
        F: Copy + 'static,
    {
        let index = usize::from(A::TAG);
        if self.calls.len() <= index {
            self.calls.resize_with(index + 1, || None);
        }
        let handler = || ServiceHandler::<S, A, O, X, F> {
            ready,
            run,
            call: PhantomData,
        };
        let typed: Box<dyn TypedCall<A, O, X>> = Box::new(handler());
        self.calls[index] = Some(CallHost {
            call: A::call(),
            deadline_us: micros(A::call().deadline_us).unwrap_or(self.deadline_us),
            typed: Box::new(typed),
            encoded: Box::new(handler()),
            tally: Rc::default(),
        });
    }
}

impl<S: Service> ServiceCalls<S> for Registrar<S> {
    fn rpc<A: Rpc, F>(&mut self, ready: bool, handler: F)
    where
        F: AsyncFn(&S, &mut Cx, A) -> Result<A::Output, A::Fault> + Copy + 'static,
    {
        self.add::<A, A::Output, A::Fault, F>(ready, handler);
    }

    fn oneway<A: Arguments, F>(&mut self, ready: bool, handler: F)
    where
        F: AsyncFn(&S, &mut Cx, A) -> Result<(), Failure> + Copy + 'static,
    {
        self.add::<A, (), Failure, F>(ready, handler);
    }
}

struct ServiceHandler<S, A, O, X, F> {
    ready: bool,
    run: F,
    call: Of<S, A, O, X>,
}

/// Names types without holding any of them.
type Of<S, A, O, X> = PhantomData<fn(S, A) -> Result<O, X>>;

impl<S, A, O, X, F> TypedCall<A, O, X> for ServiceHandler<S, A, O, X, F>
where
    S: Service,
    A: 'static,
    O: 'static,
    X: Fault,
    F: AsyncFn(&S, &mut Cx, A) -> Result<O, X> + Copy + 'static,
{
    fn start(
        &self,
        shard: &Rc<Shard>,
        place: &Place,
        call: CallId,
        args: A,
    ) -> Start<Result<O, X>> {
        let Place::Service(host) = place else {
            return Start::Ready(Err(at_work().into()));
        };
        let Ok(instance) = Rc::clone(&host.instance).downcast::<S>() else {
            return Start::Ready(Err(at_work().into()));
        };
        if host.running.get() >= SERVICE_CALLS_MAX {
            let failure = Failure::not_executed(FailureKind::Overloaded)
                .because("the service has too many calls running");
            return Start::Ready(Err(failure.into()));
        }
        let run = self.run;
        let mut cx = Cx::new(shard, place.clone(), call);
        let deep = shard.is_deep();
        let mut context = Context::from_waker(Waker::noop());
        if self.ready && !deep {
            let future = pin!(run(&instance, &mut cx, args));
            return Start::Ready(match shard.poll_in(call, future, &mut context) {
                Ok(Poll::Ready(outcome)) => outcome,
                Ok(Poll::Pending) => Err(Failure::unknown(FailureKind::Internal)
                    .because("the handler waits in a macro that hides an `.await`: write it out")
                    .into()),
                Err(Panicked) => Err(Panicked.into_failure().into()),
            });
        }
        let mut future: Local<'static, Result<O, X>> =
            Box::pin(async move { run(&instance, &mut cx, args).await });
        if deep {
            return Start::Parked(future);
        }
        match shard.poll_in(call, future.as_mut(), &mut context) {
            Ok(Poll::Ready(outcome)) => Start::Ready(outcome),
            Ok(Poll::Pending) => Start::Parked(future),
            Err(Panicked) => Start::Ready(Err(Panicked.into_failure().into())),
        }
    }
}

impl<S, A, O, X, F> EncodedCall for ServiceHandler<S, A, O, X, F>
where
    Self: TypedCall<A, O, X>,
    A: Arguments,
    O: Encode + 'static,
    X: Fault,
{
    fn start_encoded(
        &self,
        shard: &Rc<Shard>,
        place: &Place,
        call: CallId,
        args: &[u8],
        limits: &Limits,
        answer: &mut dyn FnMut(Answer<'_>),
    ) -> Option<Local<'static, Box<dyn Settled>>> {
        start_encoded::<A, O, X>(self, shard, place, call, (args, limits), answer)
    }
}
