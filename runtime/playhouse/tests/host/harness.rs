//! Shards to run tests on, in stopped time, and how tests wait on them.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;

use playhouse::host::{Env, Setup, Shard};
use playhouse::{Failure, FailureKind, Ref, Timestamp};
use tokio::time::Instant;

use crate::schema::trial::Hero;
use crate::world::setup;

/// The clock of tokio, which tests stop, and chance that repeats.
pub(crate) struct TestEnv(Cell<u64>);

impl Env for TestEnv {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn utc(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn random(&self) -> u64 {
        self.0.set(
            self.0
                .get()
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1),
        );
        self.0.get() >> 1
    }
}

/// Runs `test` on a shard of its own, in stopped time.
pub(crate) fn on_shard<F: Future<Output = ()> + 'static>(test: impl FnOnce(Rc<Shard>) -> F) {
    on_shard_of(&setup(), test);
}

pub(crate) fn on_shard_of<F: Future<Output = ()> + 'static>(
    setup: &Setup,
    test: impl FnOnce(Rc<Shard>) -> F,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        let shard = Shard::new(setup, 0, 1, Rc::new(TestEnv(Cell::new(7))));
        let _entered = shard.enter();
        tokio::task::spawn_local(Rc::clone(&shard).pump());
        let done = Rc::new(Cell::new(false));
        let test = test(Rc::clone(&shard));
        let noted = Rc::clone(&done);
        let task = tokio::task::spawn_local(async move {
            test.await;
            noted.set(true);
        });
        task.await.unwrap();
        assert!(done.get());
    });
}

/// Runs `test` on the first of two shards of one node, both on this thread, in stopped time.
pub(crate) fn on_two_shards<F: Future<Output = ()> + 'static>(
    setup: &Setup,
    test: impl FnOnce([Rc<Shard>; 2]) -> F,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        let shards = [0, 1].map(|index| {
            let shard = Shard::new(setup, index, 2, Rc::new(TestEnv(Cell::new(7))));
            tokio::task::spawn_local(Rc::clone(&shard).pump());
            shard
        });
        let (done, waits) = tokio::sync::oneshot::channel();
        let test = test(shards.clone());
        shards[0].spawn(async move {
            test.await;
            done.send(()).unwrap();
        });
        waits.await.unwrap();
        for shard in shards {
            assert_eq!(shard.panics(), 0);
        }
    });
}

/// Heroes that live on this shard.
pub(crate) fn heroes_of(shard: &Shard) -> [u64; 3] {
    let mut homes = (1..).filter(|id| shard.is_home(hero(*id).address()));
    [0; 3].map(|_| homes.next().unwrap())
}

/// Runs a call as its own task on a shard, and says how it ended.
pub(crate) async fn run_on<T: 'static>(
    shard: &Rc<Shard>,
    future: impl Future<Output = T> + 'static,
) -> T {
    start_on(shard, future).await.unwrap()
}

pub(crate) fn start_on<T: 'static>(
    shard: &Rc<Shard>,
    future: impl Future<Output = T> + 'static,
) -> tokio::sync::oneshot::Receiver<T> {
    let (done, waits) = tokio::sync::oneshot::channel();
    shard.spawn(async move {
        let _ = done.send(future.await);
    });
    waits
}

/// The kind of a failure, to compare.
pub(crate) fn kind<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> FailureKind {
    outcome.unwrap_err().kind()
}

pub(crate) fn hero(id: u64) -> Ref<Hero> {
    Ref::to_entity([id.into()])
}
