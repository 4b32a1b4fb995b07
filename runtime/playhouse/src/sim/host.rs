//! A host of a simulation: a node with its shards, or a client.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use playhouse_net::{LocalBoxFuture, Network};
use playhouse_store::Store;
use tokio::task::{AbortHandle, LocalSet};
use tokio::time::Instant;

use super::world::World;

/// How often a shard may be polled without any time passing. Each poll runs dozens of tasks, so that what reaches this
/// goes in a circle.
const POLLS_PER_INSTANT_MAX: u32 = 20_000;

/// Starts a host: says how to start each of its shards.
pub(super) type Boot = Rc<dyn Fn(&Place) -> Vec<BootShard>>;

/// Starts a shard, inside of its set of tasks.
pub(super) type BootShard = Box<dyn FnOnce() -> Booted>;

/// Where a host is started.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) world: Rc<World>,
    pub(super) network: Rc<dyn Network>,
    /// The store of this life of the host, if the simulation has one.
    pub(super) store: Option<Rc<dyn Store>>,
    pub(super) host: u32,
    pub(super) incarnation: u32,
}

/// A shard that was started.
pub(super) struct Booted {
    /// Runs code in the surroundings of the shard.
    pub(super) within: Within,
    /// What the shard does.
    pub(super) main: LocalBoxFuture<'static, ()>,
    /// Asks the host to stop gracefully.
    pub(super) stop: Rc<dyn Fn()>,
}

/// Runs code in the surroundings of a shard.
pub(super) type Within = Rc<dyn Fn(&mut dyn FnMut())>;

/// A host: what it runs, and while it is up its shards.
pub(super) struct Host {
    pub(super) number: u32,
    pub(super) incarnation: u32,
    pub(super) boot: Boot,
    pub(super) shards: Vec<(Rc<SimShard>, AbortHandle)>,
}

/// A shard of a host that is up: its tasks, in a set of their own.
pub(super) struct SimShard {
    world: Rc<World>,
    within: Within,
    stop: Rc<dyn Fn()>,
    /// Whether what the shard does has ended.
    ended: Rc<Cell<bool>>,
    /// Nothing once the host is down.
    tasks: RefCell<Option<LocalSet>>,
    polled: Cell<(Instant, u32)>,
    /// It stands still; who wakes it when it goes on.
    paused: RefCell<Option<Option<Waker>>>,
}

impl Host {
    /// Starts every shard. Called on the root set of tasks.
    pub(super) fn start(&mut self, world: &Rc<World>, name: &str) {
        world.record(self.number, "start", "", u64::from(self.incarnation));
        let place = Place {
            world: Rc::clone(world),
            network: world.network.host(name),
            store: world.store_for(name, self.incarnation),
            host: self.number,
            incarnation: self.incarnation,
        };
        for boot in (self.boot)(&place) {
            let tasks = LocalSet::new();
            let Booted { within, main, stop } = {
                let _entered = tasks.enter();
                boot()
            };
            // The set must not run out of tasks: others are added from outside.
            let ended = Rc::new(Cell::new(false));
            let end = Rc::clone(&ended);
            tasks.spawn_local(async move {
                main.await;
                end.set(true);
                std::future::pending::<()>().await;
            });
            let shard = Rc::new(SimShard {
                world: Rc::clone(world),
                within,
                stop,
                ended,
                tasks: RefCell::new(Some(tasks)),
                polled: Cell::new((world.began, 0)),
                paused: RefCell::default(),
            });
            let polling = tokio::task::spawn_local(Polling(Rc::clone(&shard)));
            self.shards.push((shard, polling.abort_handle()));
        }
        self.incarnation += 1;
    }

    /// Drops every task in its shard's surroundings. What they do in that is part of the trace, but reaches nobody: the
    /// network knows the host's incarnation to be dead by now.
    pub(super) fn stop(&mut self) {
        for (shard, polling) in self.shards.drain(..) {
            polling.abort();
            let tasks = shard.tasks.borrow_mut().take();
            let mut tasks = Some(tasks);
            (shard.within)(&mut || drop(tasks.take()));
        }
    }
}

impl SimShard {
    /// Adds a task to a shard that is up.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + 'static) -> bool {
        match &*self.tasks.borrow() {
            Some(tasks) => {
                tasks.spawn_local(task);
                true
            }
            None => false,
        }
    }

    /// Asks the host to stop gracefully.
    pub(super) fn ask_to_stop(&self) {
        (self.within)(&mut || (self.stop)());
    }

    /// Nothing of it runs until it goes on.
    pub(super) fn pause(&self) {
        self.paused.borrow_mut().get_or_insert_default();
    }

    /// It goes on, with all that has come meanwhile.
    pub(super) fn resume(&self) {
        let paused = self.paused.take();
        if let Some(waker) = paused.flatten() {
            waker.wake();
        }
    }

    /// Whether what the shard does has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// Whether this poll is one too many.
    fn is_frozen(&self) -> bool {
        let now = Instant::now();
        let (at, count) = self.polled.get();
        let count = if at == now { count + 1 } else { 0 };
        self.polled.set((now, count));
        count > POLLS_PER_INSTANT_MAX
    }
}

/// Polls a shard's tasks in its surroundings, on the root set.
struct Polling(Rc<SimShard>);

impl Future for Polling {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let shard = &self.0;
        if shard.tasks.borrow().is_none() {
            return Poll::Ready(());
        }
        if let Some(waker) = &mut *shard.paused.borrow_mut() {
            *waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if shard.is_frozen() {
            shard.world.frozen.set(true);
        }
        // One that never rests would, at every instant that others bring about, do so again: nothing runs any more.
        if shard.world.frozen.get() {
            return Poll::Pending;
        }
        shard.world.polls.set(shard.world.polls.get() + 1);
        let mut polled = Poll::Pending;
        (shard.within)(&mut || {
            if let Some(tasks) = &mut *shard.tasks.borrow_mut() {
                polled = Pin::new(tasks).poll(cx);
            }
        });
        polled
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("number", &self.number)
            .field("incarnation", &self.incarnation)
            .field("up", &!self.shards.is_empty())
            .finish_non_exhaustive()
    }
}
