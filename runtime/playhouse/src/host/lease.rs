//! One call at a time: whose turn it is on an entity, and who waits for theirs.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::calls::{CallId, Place};
use super::cell::{Header, Hosted, Life};
use super::shard::Shard;
use crate::call::{Failure, FailureKind};
use crate::host::Cx;

/// Most calls that wait for their turn on one entity.
pub const MAILBOX_MAX: usize = 1024;

/// What a call got that asked for its entity.
pub(super) enum Turn {
    /// The entity, for as long as the context lives.
    Mine(Cx),
    /// A place in the mailbox.
    Queued(Queued),
}

/// A place in the mailbox of an entity: the future of the call's turn.
pub(super) struct Queued {
    shard: Rc<Shard>,
    cell: Rc<dyn Hosted>,
    call: CallId,
    done: bool,
}

/// Whom the lease on this entity, or on the one that contains it, is taken on.
pub(super) fn leased(cell: &Rc<dyn Hosted>) -> Rc<dyn Hosted> {
    let header = cell.header();
    if header.local == 0 {
        return Rc::clone(cell);
    }
    let container = header.rare(|rare| rare.container.as_ref().and_then(std::rc::Weak::upgrade));
    container.flatten().unwrap_or_else(|| Rc::clone(cell))
}

/// Whether a call may start on an entity that nobody has. While one is moved or released its tenure says so.
fn may_start_on(header: &Header) -> bool {
    match header.life.get() {
        Life::Live => true,
        Life::Ending => {
            let persisted = header.persisted();
            persisted.is_some_and(|it| it.tenure.borrow().may_start())
        }
        Life::Over => false,
    }
}

impl Shard {
    /// Takes the entity for `call`, or a place in its mailbox.
    #[inline]
    pub(super) fn turn(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        call: CallId,
    ) -> Result<Turn, Failure> {
        let header = cell.header();
        if header.local == 0 && header.holder.get().is_none() && header.life.get() == Life::Live {
            header.holder.set(call);
            return Ok(Turn::Mine(Cx::new(
                self,
                Place::Entity(Rc::clone(cell)),
                call,
            )));
        }
        self.turn_slowly(cell, call)
    }

    fn turn_slowly(self: &Rc<Self>, cell: &Rc<dyn Hosted>, call: CallId) -> Result<Turn, Failure> {
        let whole = leased(cell);
        let header = whole.header();
        if header.holder.get().is_none() && may_start_on(header) {
            header.holder.set(call);
            return Ok(Turn::Mine(Cx::new(
                self,
                Place::Entity(Rc::clone(cell)),
                call,
            )));
        }
        if let Some(failure) = self.find_deadlock(&whole, call) {
            return Err(failure);
        }
        self.enqueue(header, call)?;
        Ok(Turn::Queued(Queued {
            shard: Rc::clone(self),
            cell: Rc::clone(cell),
            call,
            done: false,
        }))
    }

    fn enqueue(&self, header: &Header, call: CallId) -> Result<(), Failure> {
        let mut waiters = header.waiters.borrow_mut();
        let queue = waiters.get_or_insert_default();
        let mut calls = self.calls.borrow_mut();
        if queue.len() >= MAILBOX_MAX {
            // Those that were given up hold no place.
            queue.retain(|id| calls.get(*id).is_some_and(|call| !call.cancelled));
        }
        if queue.len() >= MAILBOX_MAX {
            return Err(Failure::not_executed(FailureKind::Overloaded)
                .because("too many calls wait for the entity"));
        }
        if let Some(call) = calls.get_mut(call) {
            call.queued = true;
        }
        queue.push_back(call);
        Ok(())
    }

    /// The call that had the entity has ended: it is the next one's turn.
    #[inline]
    pub(super) fn release(self: &Rc<Self>, cell: &Rc<dyn Hosted>, call: CallId) {
        let header = cell.header();
        if header.local != 0 {
            let whole = leased(cell);
            if !Rc::ptr_eq(&whole, cell) {
                return self.release(&whole, call);
            }
        }
        if header.holder.get() != call {
            return;
        }
        header.holder.set(CallId::NONE);
        let plain = !header.saved.get() && header.life.get() == Life::Live;
        if !plain || header.waiters.borrow().is_some() {
            self.release_slowly(cell);
        }
    }

    fn release_slowly(self: &Rc<Self>, cell: &Rc<dyn Hosted>) {
        let header = cell.header();
        if header.saved.get()
            && header.life.get() != Life::Over
            && let Some(persisted) = header.persisted()
        {
            persisted.used_us.set(self.now_us());
            self.rested(cell, &persisted);
            // A hook may have begun, or the end of the entity.
            if !header.holder.get().is_none() || header.life.get() == Life::Ending {
                return;
            }
        }
        match header.life.get() {
            Life::Live => self.grant(header),
            Life::Ending => self.end(cell),
            Life::Over => self.turn_away(header),
        }
    }

    /// Gives the entity to the first that still wants it.
    pub(super) fn grant(&self, header: &Header) {
        let mut waiters = header.waiters.borrow_mut();
        let Some(queue) = waiters.as_mut() else {
            return;
        };
        while let Some(id) = queue.pop_front() {
            let mut calls = self.calls.borrow_mut();
            let Some(call) = calls.get_mut(id).filter(|call| !call.cancelled) else {
                continue;
            };
            call.granted = true;
            header.holder.set(id);
            if let Some(waker) = call.handler_waker.take() {
                drop(calls);
                waker.wake();
            }
            break;
        }
        if queue.is_empty() {
            *waiters = None;
        }
    }

    /// Gives an entity that is about to move to the first hook that waits for it; whether there was one. Calls wait on.
    pub(super) fn grant_hook(&self, header: &Header) -> bool {
        let mut waiters = header.waiters.borrow_mut();
        let Some(queue) = waiters.as_mut() else {
            return false;
        };
        let mut calls = self.calls.borrow_mut();
        let is_hook = |id: &CallId| {
            let call = calls.get(*id);
            call.is_some_and(|call| call.is_hook && !call.cancelled)
        };
        let Some(id) = queue
            .iter()
            .position(is_hook)
            .and_then(|place| queue.remove(place))
        else {
            return false;
        };
        let Some(call) = calls.get_mut(id) else {
            return false;
        };
        call.granted = true;
        header.holder.set(id);
        if let Some(waker) = call.handler_waker.take() {
            drop(calls);
            waker.wake();
        }
        true
    }

    /// The entity is no more: all that wait for it look for the next one of its key.
    pub(super) fn turn_away(self: &Rc<Self>, header: &Header) {
        self.activation_left(header);
        self.calls_return(header);
        let Some(queue) = header.waiters.borrow_mut().take() else {
            return;
        };
        for id in *queue {
            let waker = {
                let mut calls = self.calls.borrow_mut();
                calls.get_mut(id).and_then(|call| call.handler_waker.take())
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

impl Shard {
    /// The entity can't begin: all that wait for it fail.
    pub(super) fn refuse_all(self: &Rc<Self>, header: &Header, failure: &Failure) {
        {
            let mut calls = self.calls.borrow_mut();
            for id in header
                .waiters
                .borrow()
                .iter()
                .flat_map(|queue| queue.iter())
            {
                if let Some(call) = calls.get_mut(*id) {
                    call.failure = Some(failure.clone());
                }
            }
        }
        self.turn_away(header);
    }
}

impl Queued {
    /// Moves to the mailbox of the entity that now has the key.
    fn move_on(&mut self) -> Result<bool, Failure> {
        if let Some(call) = self.shard.calls.borrow_mut().get_mut(self.call) {
            // Its turn may have come just before the entity went.
            call.granted = false;
        }
        let header = self.cell.header();
        if header.local != 0 {
            return Err(Failure::not_executed(FailureKind::NotFound));
        }
        let kind = self.shard.kind(header.kind);
        if self.shard.is_placed(kind) {
            return Err(Failure::moved(None));
        }
        self.cell = self.shard.live(kind, &header.key)?;
        let header = self.cell.header();
        if let Some(call) = self.shard.calls.borrow_mut().get_mut(self.call) {
            call.place = Place::Entity(Rc::clone(&self.cell));
        }
        if header.life.get() == Life::Over {
            return Err(Failure::not_executed(FailureKind::Internal)
                .because("the entity can't begin: a hook of it panics"));
        }
        if header.holder.get().is_none() && header.life.get() == Life::Live {
            header.holder.set(self.call);
            return Ok(true);
        }
        self.shard.enqueue(header, self.call)?;
        Ok(false)
    }

    /// Whether the turn has come, or why it never does.
    fn state(&self) -> Result<bool, Failure> {
        let calls = self.shard.calls.borrow();
        let call = calls.get(self.call);
        if let Some(failure) = call.and_then(|call| call.failure.clone()) {
            return Err(failure);
        }
        match call {
            Some(call) if call.expired => Err(Failure::not_executed(FailureKind::Timeout)),
            Some(call) if !call.cancelled => Ok(call.granted),
            _ => Err(Failure::not_executed(FailureKind::Cancelled)),
        }
    }

    pub(super) fn shard(&self) -> &Rc<Shard> {
        &self.shard
    }

    fn granted(&mut self) -> Cx {
        self.done = true;
        if let Some(call) = self.shard.calls.borrow_mut().get_mut(self.call) {
            call.queued = false;
        }
        Cx::new(&self.shard, Place::Entity(Rc::clone(&self.cell)), self.call)
    }
}

impl Future for Queued {
    type Output = Result<Cx, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let state = this.state();
        let is_over = leased(&this.cell).header().life.get() == Life::Over;
        // Dropping this gives back what was granted meanwhile.
        if state? && !is_over {
            this.shard.judge_epoch(&this.cell, this.call)?;
            return Poll::Ready(Ok(this.granted()));
        }
        if is_over {
            match this.move_on() {
                Ok(true) => return Poll::Ready(Ok(this.granted())),
                Ok(false) => {}
                Err(failure) => return Poll::Ready(Err(failure)),
            }
        }
        if let Some(call) = this.shard.calls.borrow_mut().get_mut(this.call) {
            call.handler_waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.shard.waits_no_longer(&self.cell, self.call);
        if !self.done {
            let granted = {
                let calls = self.shard.calls.borrow();
                calls.get(self.call).is_some_and(|call| call.granted)
            };
            if granted {
                self.shard.release(&self.cell, self.call);
            }
        }
    }
}
