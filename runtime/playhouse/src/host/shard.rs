//! A shard: a thread's worth of entities and services.
//!
//! Everything in it is `!Send` and lives on one thread. Code finds the shard it runs on through a thread-local that is
//! set around polls ([`Shard::enter`]), so that the simulation can run many shards on one thread.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use playhouse_net::noise::PublicKey;
use rustc_hash::FxHashMap;
use tokio::time::Instant;

use super::afar::FarSearches;
use super::calls::{CallId, Calls};
use super::discovery::Discovery;
pub(super) use super::due::Due;
use super::durable::Durable;
use super::egress::Egress;
use super::env::Env;
use super::fabric::{Fabric, Packet};
use super::handoff::Offers;
use super::interceptor::Interceptor;
use super::keeper::Keeper;
use super::kind::Kind;
use super::placement::{Clustered, Placements};
use super::services::ServiceHost;
use super::sessions::{Events, SessionPort};
use super::setup::{Setup, Shares};
use super::trace::Roots;
use crate::descriptor::{self, Declaration, Schema};
use crate::metrics::Tally;
use crate::timer::Wheel;
use crate::watchdog::Mark;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Shard>>> = const { RefCell::new(None) };
}

/// How long a shard that had packets looks for more before it sleeps.
pub const SPIN_US: u64 = 50;

/// No deadline.
pub(super) const NEVER: u64 = u64::MAX;

/// A thread's worth of entities and services.
pub struct Shard {
    pub(super) index: u32,
    pub(super) count: u32,
    pub(super) node: Arc<str>,
    pub(super) env: Rc<dyn Env>,
    origin: Instant,
    /// Microseconds since `origin`, as of the last poll of a task of the host: reading the clock costs more than a call.
    now: Cell<u64>,
    /// `now` is as new as what is being handed over.
    in_batch: Cell<bool>,
    /// Whose handler is being polled.
    pub(super) current: Cell<CallId>,
    /// How many handlers are being polled inside of one another.
    pub(super) depth: Cell<u32>,
    /// How many calls have spans of their own.
    pub(super) spans: Cell<u32>,
    pub(super) panics: Cell<u64>,
    pub(super) overruns: Cell<u64>,
    pub(super) tally: Tally,
    pub(super) roots: Roots,
    pub(super) calls: RefCell<Calls>,
    pub(super) wheel: RefCell<Wheel<Due>>,
    /// When the pump wakes.
    pub(super) armed: Cell<u64>,
    pub(super) pump: RefCell<Option<Waker>>,
    pub(super) kinds: Vec<Kind>,
    /// Types by package and number: their place in `kinds`, or [`u32::MAX`].
    kind_by_number: Vec<Vec<u32>>,
    pub(super) services: Vec<Rc<ServiceHost>>,
    pub(super) interceptors: Box<[Arc<dyn Interceptor>]>,
    pub(super) background: Cell<usize>,
    pub(super) fabric: Arc<Fabric>,
    /// Packets for each shard that wait for the end of this turn.
    pub(super) out: RefCell<Vec<Vec<Packet>>>,
    /// Whether there are any.
    pub(super) dirty: Cell<bool>,
    /// Calls of other shards whose handlers wait, by what they are called there.
    pub(super) served: RefCell<FxHashMap<(u32, CallId), CallId>>,
    pub(super) egress: RefCell<Option<Rc<dyn Egress>>>,
    /// Searches for deadlocks that have left the node.
    pub(super) far: RefCell<FarSearches>,
    pub(super) port: RefCell<Option<Rc<dyn SessionPort>>>,
    pub(super) events: Events,
    pub(super) shared: Arc<Shares>,
    pub(super) addresses: RefCell<Arc<[String]>>,
    pub(super) public_key: Cell<Option<PublicKey>>,
    pub(super) mark: Arc<Mark>,
    /// The store and what waits for it, if there is one.
    pub(super) keeper: OnceCell<Rc<Keeper>>,
    pub(super) durable: Durable,
    /// All types that the nodes of a cluster run, if they are known.
    pub(super) schema: OnceCell<&'static Schema>,
    /// The node's place in its cluster, if it has one.
    pub(super) cluster: OnceCell<Clustered>,
    pub(super) placements: Placements,
    pub(super) discovery: Discovery,
    /// Entities that were offered to other nodes.
    pub(super) offers: RefCell<Offers>,
    /// How many entities of other nodes are being claimed.
    pub(super) arrivals: Cell<usize>,
}

impl Shard {
    /// Shard `index` of `count` of a node. The one whose index is `count` is the system's own: it has links and the store,
    /// and no entities.
    #[must_use]
    pub fn new(setup: &Setup, index: u32, count: u32, env: Rc<dyn Env>) -> Rc<Self> {
        let kinds: Vec<Kind> = (0u32..)
            .zip(&setup.kinds)
            .map(|(index, make)| make(index))
            .collect();
        let mut kind_by_number: Vec<Vec<u32>> = Vec::new();
        for kind in &kinds {
            let (package, number) = (kind.descriptor.package, kind.descriptor.number);
            let numbers = at_least(&mut kind_by_number, package.into(), Vec::new);
            *at_least(numbers, number.into(), || u32::MAX) = kind.index;
        }
        let origin = env.now();
        let kind_count = u32::try_from(kinds.len()).unwrap_or(u32::MAX);
        let fabric = setup.fabric(count.max(1));
        let mark = fabric.mark(index);
        if index == count {
            fabric.open(index);
        }
        Rc::new(Self {
            index,
            count: count.max(1),
            node: Arc::clone(&setup.node),
            env,
            origin,
            now: Cell::new(0),
            in_batch: Cell::new(false),
            current: Cell::new(CallId::NONE),
            depth: Cell::new(0),
            spans: Cell::new(0),
            panics: Cell::new(0),
            overruns: Cell::new(0),
            tally: Tally::default(),
            roots: Roots::default(),
            calls: RefCell::default(),
            wheel: RefCell::new(Wheel::new(0)),
            armed: Cell::new(NEVER),
            pump: RefCell::new(None),
            kinds,
            kind_by_number,
            services: (kind_count..)
                .zip(&setup.services)
                .map(|(owner, make)| Rc::new(make(owner)))
                .collect(),
            interceptors: setup.interceptors.clone().into(),
            background: Cell::new(0),
            fabric,
            out: RefCell::new((0..=count.max(1)).map(|_| Vec::new()).collect()),
            dirty: Cell::new(false),
            served: RefCell::default(),
            egress: RefCell::default(),
            far: RefCell::default(),
            port: RefCell::default(),
            events: Events::default(),
            shared: Arc::clone(&setup.shared),
            addresses: RefCell::new(Arc::from([])),
            public_key: Cell::default(),
            mark,
            keeper: OnceCell::new(),
            durable: Durable::default(),
            schema: OnceCell::new(),
            cluster: OnceCell::new(),
            placements: Placements::default(),
            discovery: Discovery::default(),
            offers: RefCell::default(),
            arrivals: Cell::new(0),
        })
    }

    /// The shard that runs on this thread just now.
    #[must_use]
    #[inline]
    pub fn current() -> Option<Rc<Self>> {
        CURRENT.with_borrow(Option::clone)
    }

    /// Shows `f` the shard that runs on this thread just now, whatever the thread is in the middle of.
    pub(crate) fn look<R>(f: impl FnOnce(&Self) -> R) -> Option<R> {
        let look = |current: &RefCell<Option<Rc<Self>>>| {
            let current = current.try_borrow().ok()?;
            current.as_deref().map(f)
        };
        CURRENT.try_with(look).ok().flatten()
    }

    /// Makes this the shard that runs on this thread, until what is returned is dropped.
    pub fn enter(self: &Rc<Self>) -> Entered {
        Entered {
            outer: CURRENT.replace(Some(Rc::clone(self))),
        }
    }

    /// Which of its node's shards it is.
    #[must_use]
    pub const fn index(&self) -> u32 {
        self.index
    }

    /// How many shards its node has.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Its clock and its chance.
    pub(crate) fn env(&self) -> &dyn Env {
        &*self.env
    }

    /// The name of its node.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }

    /// How many handlers have panicked.
    #[must_use]
    pub const fn panics(&self) -> u64 {
        self.panics.get()
    }

    /// How often entities with `@tick` skipped steps, since theirs took too long.
    #[must_use]
    pub const fn overruns(&self) -> u64 {
        self.overruns.get()
    }

    /// What the watchdog sees of this shard, and how often it reported it.
    #[must_use]
    pub fn mark(&self) -> &Mark {
        &self.mark
    }

    /// How many calls have not ended.
    #[must_use]
    pub fn calls_open(&self) -> usize {
        self.calls.borrow().len()
    }

    /// How many entities of a type are live.
    #[must_use]
    pub fn live_count(&self, package: u16, number: u16) -> usize {
        self.find_kind(package, number).map_or(0, Kind::len)
    }

    /// Makes room for so many more entities of a type, so that the table needn't grow while they are made.
    pub fn reserve(&self, package: u16, number: u16, more: usize) {
        if let Some(kind) = self.find_kind(package, number) {
            kind.reserve(more);
        }
    }

    /// An entity type by its numbers, whoever runs it.
    pub(super) fn type_numbered(
        &self,
        package: u16,
        number: u16,
    ) -> Option<&'static descriptor::Entity> {
        if let Some(kind) = self.find_kind(package, number) {
            return Some(kind.descriptor);
        }
        let mut packages = self.schema.get()?.packages.iter();
        let package = packages.find(|it| it.number == package)?;
        package
            .declarations()
            .find_map(|declaration| match declaration {
                Declaration::Entity(entity) if entity.number == number => Some(*entity),
                _ => None,
            })
    }

    /// What this node and those of its cluster may run. To be called before the shard starts; a second call does nothing.
    pub fn set_schema(&self, schema: &'static Schema) {
        let _ = self.schema.set(schema);
    }

    #[inline]
    pub(super) fn find_kind(&self, package: u16, number: u16) -> Option<&Kind> {
        let index = *self
            .kind_by_number
            .get(usize::from(package))?
            .get(usize::from(number))?;
        self.kinds.get(index as usize)
    }

    #[inline]
    #[expect(
        clippy::indexing_slicing,
        reason = "indexes of types come from the list, which never changes"
    )]
    pub(super) fn kind(&self, index: u32) -> &Kind {
        &self.kinds[index as usize]
    }

    /// The clock, in microseconds of the shard.
    #[inline]
    pub(super) fn now_us(&self) -> u64 {
        self.now.get()
    }

    /// Many calls come in at once: the clock is read for all of them together.
    pub(crate) fn begin_batch(&self) {
        self.refresh();
        self.in_batch.set(true);
    }

    /// The last of them has been handed over.
    pub(crate) fn end_batch(&self) {
        self.in_batch.set(false);
    }

    /// The clock for a call that begins. Within a handler's poll, and for what a link brings at once, it is as of the
    /// beginning of that; else, on behalf of a plain task, it is read anew: the shard may have slept since it last looked.
    #[inline]
    pub(crate) fn call_time(&self) -> u64 {
        if self.depth.get() == 0 && !self.in_batch.get() {
            self.refresh()
        } else {
            self.now_us()
        }
    }

    /// Reads the clock anew.
    #[inline]
    pub(super) fn refresh(&self) -> u64 {
        let now = self.env.now().saturating_duration_since(self.origin);
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        self.now.set(now);
        now
    }

    /// A time of the shard as one of the clock.
    pub(super) fn instant(&self, us: u64) -> Instant {
        self.origin + Duration::from_micros(us)
    }

    /// A poll of a task of the host begins.
    pub(super) fn begin_task(&self, cx: &Context<'_>) -> Poll<()> {
        if self.env.put_off() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.refresh();
        Poll::Ready(())
    }

    /// Runs a future on this shard, in a task. Inside of it, proxies call.
    pub fn spawn(self: &Rc<Self>, future: impl Future<Output = ()> + 'static) {
        let call = CallId::NONE;
        self.park(call, Box::pin(future), |_| (), |()| ());
    }

    pub(super) fn set_timer(&self, at_us: u64, due: Due) -> crate::timer::TimerId {
        let id = self.wheel.borrow_mut().insert(at_us, due);
        self.arm_for(at_us);
        id
    }

    /// Something may be due earlier than what the pump sleeps for.
    pub(super) fn arm(&self) {
        let next = self.wheel.borrow().next_expiry();
        self.arm_for(next.unwrap_or(NEVER));
    }

    fn arm_for(&self, at_us: u64) {
        if at_us < self.armed.get() {
            self.armed.set(at_us);
            if let Some(waker) = &*self.pump.borrow() {
                waker.wake_by_ref();
            }
        }
    }

    /// Does what is due, takes what other shards sent and hands on what goes to them. One such future runs on each shard
    /// for as long as it lives.
    pub async fn pump(self: Rc<Self>) {
        let sleep = tokio::time::sleep_until(self.origin);
        let mut sleep = std::pin::pin!(sleep);
        let mut batch = Vec::new();
        let mut busy_us = 0;
        std::future::poll_fn(|cx| {
            std::task::ready!(self.begin_task(cx));
            let _entered = self.enter();
            self.listen(cx);
            if self.turn_packets(&mut batch) {
                busy_us = self.now_us();
            }
            self.fire(self.now_us());
            self.flush_packets();
            loop {
                let next = self.wheel.borrow().next_expiry();
                self.armed.set(next.unwrap_or(NEVER));
                let Some(next) = next else {
                    break;
                };
                sleep.as_mut().reset(self.instant(next));
                if sleep.as_mut().poll(cx).is_pending() {
                    break;
                }
                self.fire(self.refresh());
                self.flush_packets();
            }
            // Waking a thread takes longer than most answers do.
            let spins = self.count > 1
                && self.env.spins()
                && self.now_us().saturating_sub(busy_us) < SPIN_US;
            if spins || !self.fabric.sleep(self.index) {
                cx.waker().wake_by_ref();
            }
            Poll::<()>::Pending
        })
        .await;
    }

    fn fire(self: &Rc<Self>, now_us: u64) {
        loop {
            let due = self.wheel.borrow_mut().poll(now_us);
            match due {
                Some(Due::Deadline(call)) => self.expire(call),
                Some(Due::Resend) => self.resend(),
                Some(Due::Timer(cell, handle)) => {
                    if let Some(cell) = cell.upgrade() {
                        self.fire_timer(&cell, handle);
                    }
                }
                Some(Due::Tick(cell)) => {
                    if let Some(cell) = cell.upgrade() {
                        self.fire_tick(&cell);
                    }
                }
                Some(Due::Save(cell)) => {
                    if let Some(cell) = cell.upgrade() {
                        self.fire_save(&cell);
                    }
                }
                Some(Due::Idle(cell)) => {
                    if let Some(cell) = cell.upgrade() {
                        self.fire_idle(&cell);
                    }
                }
                Some(Due::Ask(entry, epoch_seen)) => self.ask_again(&entry, epoch_seen),
                Some(Due::Session(session)) => {
                    if let Some(port) = self.session_port() {
                        port.due(session);
                    }
                }
                Some(Due::Begin(kind, key)) => self.begin_again(kind, &key),
                None => return,
            }
        }
    }
}

fn at_least<T>(list: &mut Vec<T>, index: usize, make: impl FnMut() -> T) -> &mut T {
    if list.len() <= index {
        list.resize_with(index + 1, make);
    }
    &mut list[index]
}

impl fmt::Debug for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Shard({} of {} of {})",
            self.index, self.count, self.node
        )
    }
}

/// A shard is current for as long as this lives.
#[derive(Debug)]
#[must_use = "the shard is left when this is dropped"]
pub struct Entered {
    outer: Option<Rc<Shard>>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.outer.take());
    }
}
