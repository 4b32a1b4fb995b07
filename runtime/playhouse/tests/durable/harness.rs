//! Nodes on a store that outlives them, in stopped time, and a store that can be slow, deaf and forgetful.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use playhouse::host::{Env, Keeping, Shard};
use playhouse::store::durable::Rules;
use playhouse::store::{
    Answer, Claim, Claimed, Collection, Commit, Committed, Document, DocumentId, Documents, Find,
    Header, Owner, Path, Quarantine, Store, StoreError, Sweep, Value,
};
use playhouse::{Ref, Timestamp};
use tokio::task::LocalSet;
use tokio::time::Instant;

use crate::schema::ledger::{Player, Purse};
use crate::world::setup;

/// A store in memory. Everything takes a millisecond.
#[derive(Default)]
pub(crate) struct Faults {
    /// Commits that are still to be left without an answer, though they are done.
    pub(crate) lose_answers: Cell<u32>,
    /// Commits wait.
    pub(crate) holds: Cell<bool>,
    pub(crate) commits: Cell<u32>,
}

#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) documents: Rc<RefCell<Documents>>,
    pub(crate) faults: Rc<Faults>,
    /// Only this incarnation is heard: those before are dead.
    alive: Rc<Cell<u64>>,
    incarnation: u64,
}

impl Kept {
    fn new() -> Self {
        let outboxes = Collection {
            name: playhouse::persist::OUTBOXES.into(),
            indexes: Vec::new(),
        };
        let mut all = vec![outboxes];
        all.extend(["ledger.Player", "ledger.Battle"].map(|name| Collection {
            name: name.into(),
            indexes: Vec::new(),
        }));
        Self {
            documents: Rc::new(RefCell::new(Documents::new(&all))),
            faults: Rc::default(),
            alive: Rc::new(Cell::new(0)),
            incarnation: 0,
        }
    }

    fn answer<T: 'static>(
        &self,
        f: impl FnOnce(&mut Documents) -> Result<T, StoreError> + 'static,
        waits: bool,
    ) -> Answer<T> {
        let this = self.clone();
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            while waits && this.faults.holds.get() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if this.alive.get() != this.incarnation {
                std::future::pending::<()>().await;
            }
            f(&mut this.documents.borrow_mut())
        })
    }

    pub(crate) fn document(&self, id: &str) -> Option<Document> {
        let (collection, key) = id.split_once('/')?;
        let documents = self.documents.borrow();
        documents.read(&DocumentId::new(collection, key)).cloned()
    }
}

impl Store for Kept {
    fn claim(&self, claim: Claim) -> Answer<Claimed> {
        self.answer(move |documents| Ok(documents.claim(&claim)), false)
    }

    fn commit(&self, commits: Vec<Arc<Commit>>) -> Answer<Vec<Committed>> {
        let faults = Rc::clone(&self.faults);
        self.answer(
            move |documents| {
                faults.commits.set(faults.commits.get() + 1);
                let outcome = documents.commit(&commits);
                let lose = faults.lose_answers.get();
                if lose > 0 {
                    faults.lose_answers.set(lose - 1);
                    return Err(StoreError::Unknown("the answer was lost".to_owned()));
                }
                Ok(outcome)
            },
            true,
        )
    }

    fn read(&self, id: DocumentId) -> Answer<Option<Document>> {
        self.answer(move |documents| Ok(documents.read(&id).cloned()), false)
    }

    fn find(&self, find: Find) -> Answer<Vec<DocumentId>> {
        self.answer(move |documents| Ok(documents.find(&find)), false)
    }

    fn sweep(&self, sweep: Sweep) -> Answer<Vec<(DocumentId, Header)>> {
        self.answer(move |documents| Ok(documents.sweep(&sweep)), false)
    }

    fn scan(
        &self,
        collection: Arc<str>,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> Answer<Vec<Document>> {
        self.answer(
            move |documents| Ok(documents.scan(&collection, after.as_deref(), limit)),
            false,
        )
    }

    fn quarantine(&self, quarantine: Quarantine) -> Answer<()> {
        self.answer(
            move |documents| {
                documents.quarantine(&quarantine);
                Ok(())
            },
            false,
        )
    }
}

struct TestEnv {
    state: Cell<u64>,
    began: Instant,
}

impl Env for TestEnv {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn utc(&self) -> Timestamp {
        // 2033, and on as the clock goes.
        let passed = i64::try_from(self.began.elapsed().as_micros()).unwrap();
        Timestamp::from_micros(2_000_000_000_000_000 + passed)
    }

    fn random(&self) -> u64 {
        let next = self.state.get().wrapping_mul(6_364_136_223_846_793_005);
        self.state.set(next.wrapping_add(1));
        self.state.get() >> 1
    }
}

/// A node of one shard or several that can crash, on a store that stays.
pub(crate) struct World {
    pub(crate) kept: Kept,
    began: Instant,
    lives: Cell<u64>,
    node: RefCell<Option<(LocalSet, Vec<Rc<Shard>>)>>,
    shards: u32,
    rules: Rules,
}

/// Runs `test` beside a node of `shards` shards.
pub(crate) fn with_world<F: Future<Output = ()>>(shards: u32, test: impl FnOnce(Rc<World>) -> F) {
    with_rules(shards, Rules::default(), test);
}

/// As `with_world`, by these rules: without one of them, to see that it is missed.
pub(crate) fn with_rules<F: Future<Output = ()>>(
    shards: u32,
    rules: Rules,
    test: impl FnOnce(Rc<World>) -> F,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let world = Rc::new(World {
            kept: Kept::new(),
            began: Instant::now(),
            lives: Cell::new(0),
            node: RefCell::default(),
            shards,
            rules,
        });
        world.start();
        test(Rc::clone(&world)).await;
    });
}

impl World {
    /// Starts a new life of the node.
    pub(crate) fn start(&self) {
        self.lives.set(self.lives.get() + 1);
        let incarnation = self.lives.get();
        self.kept.alive.set(incarnation);
        let setup = setup("ledger");
        let tasks = LocalSet::new();
        let kept = Kept {
            incarnation,
            ..self.kept.clone()
        };
        let shards: Vec<Rc<Shard>> = (0..self.shards)
            .map(|index| {
                let env = TestEnv {
                    state: Cell::new(7 * incarnation + u64::from(index)),
                    began: self.began,
                };
                let shard = Shard::new(&setup, index, self.shards, Rc::new(env));
                let owner = Owner {
                    node: "ledger".into(),
                    incarnation,
                };
                shard.set_store(Keeping {
                    rules: self.rules,
                    ..Keeping::new(Rc::new(kept.clone()), owner)
                });
                shard
            })
            .collect();
        for shard in &shards {
            tasks.spawn_local(Rc::clone(shard).pump());
            let shard = Rc::clone(shard);
            tasks.spawn_local(async move {
                let _entered = shard.enter();
                shard.start();
            });
        }
        *self.node.borrow_mut() = Some((tasks, shards));
    }

    /// The node is gone, at once.
    pub(crate) fn crash(&self) {
        self.kept.alive.set(0);
        self.node.take();
    }

    /// The node is stopped, everything saved, and gone.
    pub(crate) async fn stop(&self) {
        let (tasks, shards) = self.node.take().unwrap();
        tasks
            .run_until(async {
                for shard in &shards {
                    let _entered = shard.enter();
                    shard.stop();
                }
                // Each of them has to say it, at once.
                while shards.iter().filter(|it| it.all_at_rest()).count() < shards.len() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            })
            .await;
        self.kept.alive.set(0);
    }

    /// Runs `f` on the first shard of the node.
    pub(crate) async fn on<T: 'static>(&self, f: impl Future<Output = T> + 'static) -> T {
        let node = self.node.take();
        let (tasks, shards) = node.as_ref().unwrap();
        let (give, take) = tokio::sync::oneshot::channel();
        let ran = tasks.run_until(async {
            shards[0].spawn(async move {
                let _ = give.send(f.await);
            });
            take.await
        });
        let answer = ran.await.unwrap();
        *self.node.borrow_mut() = node;
        answer
    }

    /// Has the first shard of the node begin `f`.
    pub(crate) async fn begin(&self, f: impl Future<Output = ()> + 'static) {
        let node = self.node.take();
        let (tasks, shards) = node.as_ref().unwrap();
        tasks.run_until(async { shards[0].spawn(f) }).await;
        *self.node.borrow_mut() = node;
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        self.on(tokio::time::sleep(time)).await;
    }

    /// Waits until `f` holds, for a virtual minute at most.
    pub(crate) async fn until<F: Future<Output = bool> + 'static>(&self, f: impl Fn() -> F) {
        for _ in 0..6_000 {
            if self.on(f()).await {
                return;
            }
            self.pass(Duration::from_millis(10)).await;
        }
        panic!("it did not come to that within a minute");
    }

    pub(crate) fn panics(&self) -> u64 {
        let node = self.node.borrow();
        let (_, shards) = node.as_ref().unwrap();
        shards.iter().map(|shard| shard.panics()).sum()
    }

    /// The section of a player's document, if there is anything in it.
    pub(crate) fn has(&self, id: u64, section: &str) -> bool {
        let document = self.kept.document(&format!("ledger.Player/u{id}"));
        document.is_some_and(|document| {
            let found = document.root.at(&Path::of([section]).0);
            found.is_some_and(holds)
        })
    }
}

/// Whether there is anything but empty tables.
fn holds(value: &Value) -> bool {
    value
        .entries()
        .is_none_or(|entries| entries.values().any(holds))
}

pub(crate) fn player(id: u64) -> Ref<Player> {
    Ref::to_entity([id.into()])
}

pub(crate) fn purse(id: u64) -> Ref<Purse> {
    in_slot(id, 1)
}

pub(crate) fn chest(id: u64) -> Ref<Purse> {
    in_slot(id, 2)
}

fn in_slot(id: u64, slot: u8) -> Ref<Purse> {
    let mut address = player(id).address().clone();
    address.slot = slot;
    Ref::new(address).unwrap()
}
