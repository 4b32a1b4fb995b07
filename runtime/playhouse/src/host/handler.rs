//! Handlers behind pointers, with two entrances: arguments as values for callers of the same shard, and as bytes for
//! those of elsewhere.

use std::any::Any;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use playhouse_wire::{Encode, Limits, Reader};

use super::calls::{CallId, Place};
use super::cell::{Access, EntityCell, Hosted};
use super::hooks::Local;
use super::lease::Turn;
use super::park::Panicked;
use super::placement::Decoded;
use super::shard::Shard;
use crate::call::{Arguments, Failure, FailureKind, Fault};
use crate::host::Cx;
use crate::logic::Entity;

/// A handler that was begun.
pub(super) enum Start<T> {
    /// It has ended already.
    Ready(T),
    /// It waits, or its turn has not come: it needs a task of its own.
    Parked(Local<'static, T>),
}

/// How a call ended, to be written down.
#[derive(Clone, Copy)]
pub enum Answer<'a> {
    /// With this result.
    Ok(&'a dyn Encode),
    /// The handler threw this.
    Thrown(&'a dyn Encode),
    /// It failed.
    Failed(&'a Failure),
}

impl std::fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ok(_) => f.write_str("Ok"),
            Self::Thrown(_) => f.write_str("Thrown"),
            Self::Failed(failure) => write!(f, "{failure:?}"),
        }
    }
}

/// An outcome of whatever type.
pub(super) trait Settled {
    fn answer(&self) -> Answer<'_>;
}

impl<O: Encode, X: Fault> Settled for Result<O, X> {
    fn answer(&self) -> Answer<'_> {
        match self {
            Ok(output) => Answer::Ok(output),
            Err(fault) => match fault.view() {
                Ok(error) => Answer::Thrown(error),
                Err(failure) => Answer::Failed(failure),
            },
        }
    }
}

/// Takes arguments by value.
pub(super) trait TypedCall<A, O, X> {
    fn start(&self, shard: &Rc<Shard>, place: &Place, call: CallId, args: A)
    -> Start<Result<O, X>>;
}

/// Takes arguments as bytes.
pub(super) trait EncodedCall {
    /// `answer` is called at once, or nothing is and the outcome comes later.
    fn start_encoded(
        &self,
        shard: &Rc<Shard>,
        place: &Place,
        call: CallId,
        args: &[u8],
        limits: &Limits,
        answer: &mut dyn FnMut(Answer<'_>),
    ) -> Option<Local<'static, Box<dyn Settled>>>;

    /// Runs the handler on the entity that `cx` has already.
    fn run<'a>(
        &'a self,
        cell: &'a dyn Hosted,
        cx: &'a mut Cx,
        args: &'a [u8],
    ) -> Local<'a, Result<(), Failure>> {
        let _ = (cell, cx, args);
        Box::pin(async { Err(at_work()) })
    }
}

/// Arguments, which fill `bytes`.
pub(super) fn decode<A: Arguments>(bytes: &[u8], limits: &Limits) -> Result<A, Failure> {
    let mut reader = Reader::new(bytes, limits);
    let decoded = A::decode(&mut reader).and_then(|args| reader.end().map(|()| args));
    decoded.map_err(|error| Failure::not_executed(FailureKind::Invalid).because(error.to_string()))
}

/// Decodes arguments and begins.
pub(super) fn start_encoded<A, O, X>(
    handler: &(impl TypedCall<A, O, X> + ?Sized),
    shard: &Rc<Shard>,
    place: &Place,
    call: CallId,
    (bytes, limits): (&[u8], &Limits),
    answer: &mut dyn FnMut(Answer<'_>),
) -> Option<Local<'static, Box<dyn Settled>>>
where
    A: Arguments,
    O: Encode + 'static,
    X: Fault,
{
    let args = match decode::<A>(bytes, limits) {
        Ok(args) => args,
        Err(failure) => {
            answer(Answer::Failed(&failure));
            return None;
        }
    };
    match handler.start(shard, place, call, args) {
        Start::Ready(outcome) => {
            answer(outcome.answer());
            None
        }
        Start::Parked(future) => Some(Box::pin(async move {
            let outcome: Box<dyn Settled> = Box::new(future.await);
            outcome
        })),
    }
}

/// A handler of an entity or of a component in a slot.
pub(super) struct Handler<E, L, G, A, O, X, F> {
    access: G,
    ready: bool,
    /// Its outcome and what it sends wait until the entity is saved.
    committed: bool,
    /// Reads its outcome where the entity turns out to be on another node; none of a timer.
    decode: Option<Decoded<Result<O, X>>>,
    run: F,
    call: Of<E, L, A, O, X>,
}

/// Names types without holding any of them.
type Of<E, L, A, O, X> = PhantomData<fn(L, A) -> (E, Result<O, X>)>;

impl<E, L, G, A, O, X, F> Handler<E, L, G, A, O, X, F> {
    pub(super) const fn new(access: G, ready: bool, run: F) -> Self {
        Self {
            access,
            ready,
            committed: false,
            decode: None,
            run,
            call: PhantomData,
        }
    }

    /// Reads its outcome so where the entity turns out to be on another node.
    pub(super) fn decoded(mut self, decode: Decoded<Result<O, X>>) -> Self {
        self.decode = Some(decode);
        self
    }

    /// As the schema has it.
    pub(super) const fn committed(mut self, committed: bool) -> Self {
        self.committed = committed;
        self
    }
}

impl<E, L, G: Copy, A, O, X, F: Copy> Clone for Handler<E, L, G, A, O, X, F> {
    fn clone(&self) -> Self {
        Self {
            decode: self.decode,
            ..Self::new(self.access, self.ready, self.run).committed(self.committed)
        }
    }
}

/// The part of an entity that the handlers of `access` work on.
fn part<E: Entity, L, G: Access<E, L>>(cell: &dyn Hosted, access: G) -> Option<&RefCell<L>> {
    let cell = (cell as &dyn Any).downcast_ref::<EntityCell<E>>()?;
    Some(access.of(cell))
}

#[cold]
pub(super) fn at_work() -> Failure {
    // The lease is the shard's to give, so this is its own fault.
    Failure::not_executed(FailureKind::Internal).because("the entity is at work already")
}

impl<E, L, G, A, O, X, F> Handler<E, L, G, A, O, X, F>
where
    E: Entity,
    L: 'static,
    G: Access<E, L>,
    A: Arguments,
    O: 'static,
    X: Fault,
    F: AsyncFn(&mut L, &mut Cx, A) -> Result<O, X> + Copy + 'static,
{
    #[expect(
        clippy::await_holding_refcell_ref,
        reason = "the lease keeps everybody else out"
    )]
    fn serve_turn(&self, call: CallId, turn: Turn, args: A) -> Local<'static, Result<O, X>> {
        let (access, run, decode) = (self.access, self.run, self.decode);
        Box::pin(async move {
            let mut cx = match turn {
                Turn::Mine(cx) => cx,
                Turn::Queued(queued) => {
                    let shard = Rc::clone(queued.shard());
                    match (queued.await, decode) {
                        (Ok(cx), _) => cx,
                        (Err(failure), Some(decode)) if shard.goes_on_elsewhere(call, &failure) => {
                            return shard.place_again(call, args, decode).await?;
                        }
                        (Err(failure), _) => return Err(failure.into()),
                    }
                }
            };
            let Some(cell) = cx.cell() else {
                return Err(at_work().into());
            };
            let Some(Ok(mut logic)) = part(&*cell, access).map(RefCell::try_borrow_mut) else {
                return Err(at_work().into());
            };
            run(&mut logic, &mut cx, args).await
        })
    }

    /// As `serve_turn`, of a committed rpc: what it finds is saved before it begins, what it does before anybody hears of it.
    #[expect(
        clippy::await_holding_refcell_ref,
        reason = "the lease keeps everybody else out"
    )]
    fn serve_committed(&self, call: CallId, turn: Turn, args: A) -> Local<'static, Result<O, X>> {
        let (access, run, decode) = (self.access, self.run, self.decode);
        Box::pin(async move {
            let mut cx = match turn {
                Turn::Mine(cx) => cx,
                Turn::Queued(queued) => {
                    let shard = Rc::clone(queued.shard());
                    match (queued.await, decode) {
                        (Ok(cx), _) => cx,
                        (Err(failure), Some(decode)) if shard.goes_on_elsewhere(call, &failure) => {
                            return shard.place_again(call, args, decode).await?;
                        }
                        (Err(failure), _) => return Err(failure.into()),
                    }
                }
            };
            let Some(cell) = cx.cell() else {
                return Err(at_work().into());
            };
            let shard = Rc::clone(cx.shard());
            shard.settled(&cell).await.map_err(|error| {
                Failure::not_executed(Failure::from(error.clone()).kind())
                    .because(error.to_string())
            })?;
            let Some(Ok(mut logic)) = part(&*cell, access).map(RefCell::try_borrow_mut) else {
                return Err(at_work().into());
            };
            let holding = shard.hold(call);
            let outcome = run(&mut logic, &mut cx, args).await;
            let kept = holding.end();
            drop((logic, cx));
            shard.settled(&cell).await.map_err(Failure::from)?;
            for send in kept {
                send(&shard);
            }
            outcome
        })
    }
}

impl<E, L, G, A, O, X, F> TypedCall<A, O, X> for Handler<E, L, G, A, O, X, F>
where
    E: Entity,
    L: 'static,
    G: Access<E, L>,
    A: Arguments,
    O: 'static,
    X: Fault,
    F: AsyncFn(&mut L, &mut Cx, A) -> Result<O, X> + Copy + 'static,
{
    #[inline]
    fn start(
        &self,
        shard: &Rc<Shard>,
        place: &Place,
        call: CallId,
        args: A,
    ) -> Start<Result<O, X>> {
        let Place::Entity(cell) = place else {
            return Start::Ready(Err(at_work().into()));
        };
        let turn = match shard.turn(cell, call) {
            Ok(turn) => turn,
            Err(failure) => return Start::Ready(Err(failure.into())),
        };
        if self.committed && shard.keeper.get().is_some() {
            return Start::Parked(self.serve_committed(call, turn, args));
        }
        let deep = shard.is_deep();
        match turn {
            Turn::Mine(mut cx) if self.ready && !deep => {
                let Some(Ok(mut logic)) = part(&**cell, self.access).map(RefCell::try_borrow_mut)
                else {
                    return Start::Ready(Err(at_work().into()));
                };
                let future = pin!((self.run)(&mut logic, &mut cx, args));
                let polled = shard.poll_in(call, future, &mut Context::from_waker(Waker::noop()));
                Start::Ready(match polled {
                    Ok(Poll::Ready(outcome)) => outcome,
                    Ok(Poll::Pending) => Err(Failure::unknown(FailureKind::Internal)
                        .because(
                            "the handler waits in a macro that hides an `.await`: write it out",
                        )
                        .into()),
                    Err(Panicked) => {
                        shard.crashed(cell);
                        Err(Panicked.into_failure().into())
                    }
                })
            }
            turn => {
                let mine = matches!(turn, Turn::Mine(_));
                let mut future = self.serve_turn(call, turn, args);
                if !mine || deep {
                    return Start::Parked(future);
                }
                match shard.poll_in(
                    call,
                    future.as_mut(),
                    &mut Context::from_waker(Waker::noop()),
                ) {
                    Ok(Poll::Ready(outcome)) => Start::Ready(outcome),
                    Ok(Poll::Pending) => Start::Parked(future),
                    Err(Panicked) => Start::Ready(Err(Panicked.into_failure().into())),
                }
            }
        }
    }
}

impl<E, L, G, A, O, X, F> EncodedCall for Handler<E, L, G, A, O, X, F>
where
    E: Entity,
    L: 'static,
    G: Access<E, L>,
    A: Arguments,
    O: Encode + 'static,
    X: Fault,
    F: AsyncFn(&mut L, &mut Cx, A) -> Result<O, X> + Copy + 'static,
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

    #[expect(
        clippy::await_holding_refcell_ref,
        reason = "the lease keeps everybody else out"
    )]
    fn run<'a>(
        &'a self,
        cell: &'a dyn Hosted,
        cx: &'a mut Cx,
        args: &'a [u8],
    ) -> Local<'a, Result<(), Failure>> {
        Box::pin(async move {
            let args = decode::<A>(args, &Limits::DEFAULT)?;
            let Some(Ok(mut logic)) = part(cell, self.access).map(RefCell::try_borrow_mut) else {
                return Err(at_work());
            };
            match (self.run)(&mut logic, cx, args).await {
                Ok(_) => Ok(()),
                Err(fault) => Err(match fault.view() {
                    Err(failure) => failure.clone(),
                    Ok(_) => Failure::unknown(FailureKind::Invalid)
                        .because("the handler threw what nobody waits for"),
                }),
            }
        })
    }
}
