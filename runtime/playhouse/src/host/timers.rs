//! Timers of entities: set by handlers, fired through the mailbox like calls.

mod builder;

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::rc::Rc;

use playhouse_wire::{Limits, Reader, to_vec};

use super::calls::{CallId, Place};
use super::cell::{Access, EntityCell, Hosted, Life};
use super::hooks::Local;
use super::lease::{Turn, leased};
use super::shard::{Due, NEVER, Shard};
use crate::call::{Arguments, Failure, FailureKind};
use crate::descriptor;
use crate::host::Cx;
use crate::logic::Entity;
use crate::timer::{Moment, Plan, Ticker, TimerHandle, TimerId, TimerKey, TimerOwner, Timers};

pub use builder::TimerBuilder;

/// When a firing that the mailbox has no room for is tried again.
const TRY_AGAIN_US: u64 = 10_000;

/// The timers of an entity that has any, and its fixed step.
#[derive(Default)]
pub(super) struct EntityTimers {
    pub(super) timers: Timers<Action>,
    /// Firings that wait for their turn.
    queued: Vec<CallId>,
    /// How many firings the one that runs stands for besides itself.
    missed: u64,
    /// Those that are saved with the entity, by their numbers in its document.
    pub(super) numbers: BTreeMap<u64, TimerHandle>,
    /// Numbers of those that the document does not have as they are.
    pub(super) changed: BTreeSet<u64>,
    pub(super) next_number: u64,
    pub(super) ticker: Option<Ticker>,
    pub(super) tick: Option<TimerId>,
}

/// What a timer does.
#[derive(Clone)]
pub(super) enum Action {
    /// Calls a handler: it can be written down. It is, if it has a number.
    Call {
        tag: u8,
        args: Rc<[u8]>,
        number: Option<u64>,
    },
    /// Runs a closure on a part of the entity: it ends with the activation.
    Closure { part: TypeId, run: Rc<Closure> },
}

pub(super) type Closure = RefCell<dyn FnMut(&mut dyn Any, &mut Cx)>;

/// The handler of a timer.
pub(super) struct TimerHost {
    pub(super) call: &'static descriptor::Call,
    run: Box<dyn RunTimer>,
}

trait RunTimer {
    fn run<'a>(
        &'a self,
        cell: &'a dyn Hosted,
        cx: &'a mut Cx,
        args: &'a [u8],
    ) -> Local<'a, Result<(), Failure>>;
}

struct TimerOf<E, L, G, A, F> {
    access: G,
    run: F,
    part: PhantomData<fn(L, A) -> E>,
}

impl TimerHost {
    pub(super) fn new<E, L, G, A, F>(access: G, run: F) -> Self
    where
        E: Entity,
        L: 'static,
        G: Access<E, L>,
        A: Arguments,
        F: AsyncFn(&mut L, &mut Cx, A) -> Result<(), Failure> + Copy + 'static,
    {
        let part = PhantomData::<fn(L, A) -> E>;
        Self {
            call: A::call(),
            run: Box::new(TimerOf { access, run, part }),
        }
    }
}

impl<E, L, G, A, F> RunTimer for TimerOf<E, L, G, A, F>
where
    E: Entity,
    L: 'static,
    G: Access<E, L>,
    A: Arguments,
    F: AsyncFn(&mut L, &mut Cx, A) -> Result<(), Failure> + Copy + 'static,
{
    #[expect(
        clippy::await_holding_refcell_ref,
        reason = "the entity is leased to the handler: nobody else borrows this part"
    )]
    fn run<'a>(
        &'a self,
        cell: &'a dyn Hosted,
        cx: &'a mut Cx,
        args: &'a [u8],
    ) -> Local<'a, Result<(), Failure>> {
        Box::pin(async move {
            let limits = Limits::default();
            let mut reader = Reader::new(args, &limits);
            let args = A::decode(&mut reader).map_err(|error| {
                Failure::not_executed(FailureKind::Invalid).because(error.to_string())
            })?;
            let cell = (cell as &dyn Any).downcast_ref::<EntityCell<E>>();
            let part = cell.map(|cell| self.access.of(cell));
            let Some(Ok(mut logic)) = part.map(RefCell::try_borrow_mut) else {
                return Err(super::handler::at_work());
            };
            (self.run)(&mut logic, cx, args).await
        })
    }
}

/// Whose timers those of a slot of this entity are. A local entity's stand with its container's.
fn owner(cell: &Rc<dyn Hosted>, slot: u8) -> TimerOwner {
    let local = cell.header().local;
    TimerOwner {
        local: (local != 0).then_some(local),
        slot,
    }
}

fn no_timer(why: &str) -> Failure {
    Failure::not_executed(FailureKind::NotFound).because(why)
}

impl Cx {
    /// A timer that calls a handler of this component or entity: `cx.timer(InventorySpoilArgs { slot }).after(..)`.
    pub fn timer<A: Arguments>(&mut self, args: A) -> TimerBuilder<'_> {
        let action = self.timer_action(&args);
        TimerBuilder {
            cx: self,
            action,
            plan: Plan::default(),
        }
    }

    /// A timer that runs a closure on this part of the entity: `cx.timer_fn(|bag: &mut InventoryLogic, cx| ..)`.
    ///
    /// It is bound to this activation: unlike [`Cx::timer`]'s, it can't be saved or moved with the entity.
    pub fn timer_fn<L: 'static>(
        &mut self,
        mut run: impl FnMut(&mut L, &mut Self) + 'static,
    ) -> TimerBuilder<'_> {
        let run = Rc::new(RefCell::new(move |part: &mut dyn Any, cx: &mut Self| {
            if let Some(part) = part.downcast_mut() {
                run(part, cx);
            }
        }));
        let part = TypeId::of::<L>();
        let action = Action::Closure { part, run };
        TimerBuilder {
            action: Ok((self.slot(), action)),
            cx: self,
            plan: Plan::default(),
        }
    }

    fn timer_action<A: Arguments>(&self, args: &A) -> Result<(u8, Action), Failure> {
        args.check().map_err(|error| {
            Failure::not_executed(FailureKind::Invalid).because(error.to_string())
        })?;
        let Some(cell) = self.cell() else {
            return Err(no_timer("services have no timers"));
        };
        let kind = self.shard().kind(cell.header().kind);
        let handles = |slot: &u8| {
            let timer = kind.timer(*slot, A::TAG);
            timer.is_some_and(|timer| std::ptr::eq(timer.call, A::call()))
        };
        // Its own slot first; the entity may set timers of its components, too.
        let slots = std::iter::once(self.slot()).chain(kind.order.iter().copied());
        let Some(slot) = slots.into_iter().find(handles) else {
            return Err(no_timer("no part of the entity handles this timer"));
        };
        let args = to_vec(args).into();
        let lasts =
            A::call().durable && cell.header().local == 0 && cell.header().persisted().is_some();
        let action = Action::Call {
            tag: A::TAG,
            args,
            // The first one that is free, when it is set.
            number: lasts.then_some(0),
        };
        Ok((slot, action))
    }

    /// Cancels every timer of this component or entity that was set with this key, and says how many there were. One
    /// that is due already and waits for its turn is cancelled, too.
    pub fn cancel_timers(&mut self, key: impl Into<TimerKey>) -> usize {
        let (key, slot) = (key.into(), self.slot());
        self.with_timers(|cell, timers, shard| {
            let mut wheel = shard.wheel.borrow_mut();
            timers.cancel_key(&mut wheel, owner(cell, slot), key)
        })
        .map_or(0, |actions| {
            actions.iter().for_each(|action| self.timer_ended(action));
            actions.len()
        })
    }

    /// Cancels one timer of this entity, and says whether it was pending.
    pub fn cancel_timer(&mut self, handle: TimerHandle) -> bool {
        self.with_timers(|_, timers, shard| {
            let mut wheel = shard.wheel.borrow_mut();
            timers.cancel(&mut wheel, handle)
        })
        .flatten()
        .is_some_and(|action| {
            self.timer_ended(&action);
            true
        })
    }

    /// One of its timers is no more: neither is it in the entity's document, soon.
    fn timer_ended(&self, action: &Action) {
        let (Some(cell), Some(number)) = (self.cell(), action.number()) else {
            return;
        };
        let whole = leased(&cell);
        whole.header().rare_mut(|rare| {
            if let Some(timers) = &mut rare.timers {
                timers.numbers.remove(&number);
                timers.changed.insert(number);
            }
        });
        self.shard().save_later(&whole);
    }

    /// How many more firings of the timer that runs were due by now: the entity was busy, or the node stood still.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.cell()
            .and_then(|cell| {
                leased(&cell)
                    .header()
                    .rare(|rare| rare.timers.as_ref()?.missed.into())
            })
            .flatten()
            .unwrap_or(0)
    }

    fn with_timers<R>(
        &self,
        f: impl FnOnce(&Rc<dyn Hosted>, &mut Timers<Action>, &Shard) -> R,
    ) -> Option<R> {
        let cell = self.cell()?;
        let whole = leased(&cell);
        let mut rare = whole.header().rare.borrow_mut();
        let timers = rare.as_mut()?.timers.as_mut()?;
        Some(f(&cell, &mut timers.timers, self.shard()))
    }
}

impl Action {
    fn number(&self) -> Option<u64> {
        match self {
            Self::Call { number, .. } => *number,
            Self::Closure { .. } => None,
        }
    }
}

impl EntityTimers {
    /// Whether some of its timers are not saved with it.
    pub(super) fn has_fleeting(&self) -> bool {
        self.timers.len() > self.numbers.len()
    }

    /// Gives a timer that is to be saved its number.
    fn number(&mut self, action: &mut Action) -> Option<u64> {
        let Action::Call {
            number: Some(number),
            ..
        } = action
        else {
            return None;
        };
        *number = self.next_number;
        self.next_number += 1;
        Some(*number)
    }
}

impl Shard {
    pub(super) fn moment(&self) -> Moment {
        Moment {
            us: self.refresh(),
            utc: self.env.utc(),
        }
    }

    /// A timer is due: it waits for its turn on the entity.
    pub(super) fn fire_timer(self: &Rc<Self>, cell: &Rc<dyn Hosted>, handle: TimerHandle) {
        let found = leased(cell).header().rare(|rare| {
            let (owner, action) = rare.timers.as_ref()?.timers.get(handle)?;
            let tag = match action {
                Action::Call { tag, .. } => *tag,
                Action::Closure { .. } => 0,
            };
            Some((owner.slot, tag))
        });
        let Some((slot, tag)) = found.flatten() else {
            return;
        };
        let again = |shard: &Self| {
            let at_us = shard.now_us() + TRY_AGAIN_US;
            leased(cell).header().rare_mut(|rare| {
                if let Some(timers) = &mut rare.timers {
                    let due = Due::Timer(Rc::downgrade(cell), handle);
                    let mut wheel = shard.wheel.borrow_mut();
                    timers.timers.put_off(&mut wheel, handle, at_us, due);
                }
            });
        };
        let (shard, fired) = (Rc::clone(self), Rc::clone(cell));
        self.take_turn(cell, slot, tag, again, async move |mut cx: Cx| {
            shard.run_timer(&mut cx, &fired, handle).await;
        });
    }

    async fn run_timer(self: &Rc<Self>, cx: &mut Cx, cell: &Rc<dyn Hosted>, handle: TimerHandle) {
        let now = self.moment();
        let firing = leased(cell).header().rare_mut(|rare| {
            let timers = rare.timers.as_mut()?;
            let mut wheel = self.wheel.borrow_mut();
            let wake = |handle| Due::Timer(Rc::downgrade(cell), handle);
            let firing = timers.timers.begin(&mut wheel, now, handle, wake)?;
            timers.missed = firing.missed;
            if let Some(number) = firing.action.number() {
                if firing.last {
                    timers.numbers.remove(&number);
                }
                timers.changed.insert(number);
            }
            Some(firing)
        });
        self.arm();
        let Some(firing) = firing else {
            return;
        };
        self.tally.timers_fired.add(1);
        let slot = firing.owner.slot;
        cx.enter_slot(slot);
        let kind = self.kind(cell.header().kind);
        match firing.action {
            Action::Call { tag, args, number } => {
                let Some(timer) = kind.timer(slot, tag) else {
                    return;
                };
                if !self.timer_begins(cell, number) {
                    return;
                }
                self.env.note("timer", timer.call.name);
                if let Err(failure) = timer.run.run(&**cell, cx, &args).await {
                    tracing::warn!(timer = ?cx, "a timer failed: {failure}");
                }
                self.timer_fired(cell, number);
            }
            Action::Closure { part, run } => {
                self.env.note("timer", "");
                kind.visit(&**cell, part, Some(slot), &mut |part| {
                    if let Ok(mut run) = run.try_borrow_mut() {
                        run(part, cx);
                    }
                });
            }
        }
    }

    /// Runs `then` as a call that nobody waits for, once it is its turn on this very entity. `full` is called if too many
    /// wait already; nothing is if the entity ends first.
    pub(super) fn take_turn(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        slot: u8,
        tag: u8,
        full: impl FnOnce(&Self),
        then: impl AsyncFnOnce(Cx) + 'static,
    ) {
        let place = Place::Entity(Rc::clone(cell));
        let call = self
            .calls
            .borrow_mut()
            .insert(place, slot, tag, CallId::NONE, NEVER, None);
        let Ok(turn) = self.turn(cell, call) else {
            self.ended(call);
            return full(self);
        };
        self.caller_done(call);
        if matches!(turn, Turn::Queued(_)) {
            let whole = leased(cell);
            whole
                .header()
                .rare_mut(|rare| rare.timers.get_or_insert_default().queued.push(call));
        }
        let cell = Rc::clone(cell);
        let future = Box::pin(async move {
            let cx = match turn {
                Turn::Mine(cx) => cx,
                Turn::Queued(queued) => match queued.await {
                    Ok(cx) => cx,
                    Err(_) => return,
                },
            };
            leased(&cell).header().rare_mut(|rare| {
                if let Some(timers) = &mut rare.timers {
                    timers.queued.retain(|queued| *queued != call);
                }
            });
            let same = cx.cell().is_some_and(|now| Rc::ptr_eq(&now, &cell));
            if same && cell.header().life.get() != Life::Over {
                then(cx).await;
            }
        });
        self.run_detached(call, future, || ());
    }

    /// A local entity ends: nothing of it fires any more.
    pub(super) fn forget_timers(&self, whole: &Rc<dyn Hosted>, local: u32) {
        let actions = whole.header().rare_mut(|rare| {
            let timers = rare.timers.as_mut()?;
            Some(
                timers
                    .timers
                    .clear(&mut self.wheel.borrow_mut(), Some(local)),
            )
        });
        drop(actions);
    }

    /// The entity ends: nothing of it fires any more.
    pub(super) fn clear_timers(&self, cell: &Rc<dyn Hosted>) {
        let timers = {
            let mut rare = cell.header().rare.borrow_mut();
            rare.as_mut().and_then(|rare| rare.timers.take())
        };
        let Some(mut timers) = timers else {
            return;
        };
        let actions = {
            let mut wheel = self.wheel.borrow_mut();
            if let Some(tick) = timers.tick {
                wheel.cancel(tick);
            }
            timers.timers.clear(&mut wheel, None)
        };
        for id in timers.queued {
            if let Some(call) = self.calls.borrow_mut().get_mut(id) {
                call.cancelled = true;
            }
        }
        // What closures hold may be anything: nothing is borrowed here when it is dropped.
        drop(actions);
    }
}
