//! A shard in stopped time, and a store that does what a test says.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use playhouse::host::{Env, Keeping, SessionId, Setup, Shard};
use playhouse::store::{
    Answer, Claim, Claimed, Commit, Committed, Document, DocumentId, Documents, End, Find, Header,
    Owner, Path, Quarantine, Store, StoreError, Sweep, Take, Update, Value,
};
use playhouse::{EntityRef, Failure, FailureKind, Ref, Timestamp};
use tokio::time::Instant;

use crate::schema::vault::Hero;
use crate::world::setup;

/// The clock of tokio, which tests stop, and chance that repeats.
struct TestEnv(Cell<u64>);

impl Env for TestEnv {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn utc(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn random(&self) -> u64 {
        self.next()
    }
}

impl TestEnv {
    fn next(&self) -> u64 {
        let last = self.0.get();
        let next = last
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0.set(next);
        // The lower bits repeat soon.
        next ^ next >> 32
    }
}

/// What a store does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Mood {
    /// Does it and says so.
    Well,
    /// Does nothing and fails so.
    Fails(StoreError),
    /// Does it, and the answer is lost.
    Loses,
    /// One of these, by chance, and in its own time.
    Wild,
}

/// Documents in memory, behind a store that answers after a millisecond, as its mood is.
#[derive(Clone)]
pub(crate) struct TestStore(Rc<Inner>);

struct Inner {
    documents: RefCell<Documents>,
    mood: RefCell<Mood>,
    chance: TestEnv,
    /// How every commit fails, whatever the mood.
    refusal: RefCell<Option<StoreError>>,
    commits: RefCell<Vec<Arc<Commit>>>,
    /// How many commits came at a time.
    groups: RefCell<Vec<usize>>,
    claims: Cell<u32>,
    /// Claims that are on their way, and the most that were.
    claiming: Cell<(usize, usize)>,
    on_their_way: Cell<usize>,
    most: Cell<usize>,
}

impl TestStore {
    pub(crate) fn new() -> Self {
        Self::of(Documents::new(&collections()))
    }

    /// One that looks neither at epochs nor at revisions.
    pub(crate) fn forgetful() -> Self {
        Self::of(Documents::new(&collections()).with_filter(false, false))
    }

    fn of(documents: Documents) -> Self {
        Self(Rc::new(Inner {
            documents: RefCell::new(documents),
            mood: RefCell::new(Mood::Well),
            chance: TestEnv(Cell::new(1)),
            refusal: RefCell::default(),
            commits: RefCell::default(),
            groups: RefCell::default(),
            claims: Cell::new(0),
            claiming: Cell::default(),
            on_their_way: Cell::new(0),
            most: Cell::new(0),
        }))
    }

    /// Draws from another stream of chance.
    pub(crate) fn seed(&self, seed: u64) {
        self.0.chance.0.set(seed);
    }

    pub(crate) fn is(&self, mood: Mood) {
        *self.0.mood.borrow_mut() = mood;
    }

    /// Every commit fails so from now on.
    pub(crate) fn takes_nothing(&self, error: StoreError) {
        *self.0.refusal.borrow_mut() = Some(error);
    }

    /// The commits since this was asked last.
    pub(crate) fn commits(&self) -> Vec<Arc<Commit>> {
        self.0.commits.take()
    }

    /// How many commits came at a time, since this was asked last.
    pub(crate) fn groups(&self) -> Vec<usize> {
        self.0.groups.take()
    }

    pub(crate) fn claims(&self) -> u32 {
        self.0.claims.get()
    }

    /// The most claims that were on their way at a time.
    pub(crate) fn most_claims(&self) -> usize {
        self.0.claiming.get().1
    }

    /// The most commits that were on their way at a time.
    pub(crate) fn most(&self) -> usize {
        self.0.most.get()
    }

    pub(crate) fn documents<R>(&self, f: impl FnOnce(&mut Documents) -> R) -> R {
        f(&mut self.0.documents.borrow_mut())
    }

    pub(crate) fn document(&self, id: &DocumentId) -> Option<Document> {
        self.documents(|documents| documents.read(id).cloned())
    }

    /// What stands at a path of a hero's document.
    pub(crate) fn at<const N: usize>(&self, hero: u64, path: [&str; N]) -> Option<Value> {
        let document = self.document(&hero_id(hero))?;
        document.root.at(&Path::of(path).0).cloned()
    }

    /// Somebody else writes into a hero's document.
    pub(crate) fn write(&self, hero: u64, path: Path, value: Value) {
        let claim = Claim {
            id: hero_id(hero),
            owner: owner(99),
            seen: None,
            take: Take::Any,
            create: false,
            birth: 0,
        };
        let Claimed::Mine(document) = self.documents(|documents| documents.claim(&claim)) else {
            panic!("there is no hero {hero}");
        };
        let mut update = Update::new();
        update.set(path, value);
        let commit = Commit {
            id: document.id,
            birth: document.header.birth,
            owner: claim.owner,
            epoch: document.header.epoch,
            rev: document.header.rev,
            update,
            schema: 0,
            pending: false,
            wake_us: None,
            end: End::Released,
        };
        let committed = self.documents(|documents| documents.commit(&[Arc::new(commit)]));
        assert_eq!(committed, [Committed::Applied]);
    }

    fn does<T: 'static>(&self, work: impl FnOnce(&mut Documents) -> T) -> Answer<T> {
        let mut ms = 1;
        let mut mood = self.0.mood.borrow().clone();
        if let Mood::Wild = mood {
            let drawn = self.0.chance.next();
            ms = drawn >> 8 & 0x3f;
            mood = match drawn & 0xf {
                0 => Mood::Fails(StoreError::Unavailable("not now".to_owned())),
                1 => Mood::Fails(StoreError::Unknown("lost on its way".to_owned())),
                2 => Mood::Fails(StoreError::Full("just now".to_owned())),
                3 => Mood::Loses,
                _ => Mood::Well,
            };
        }
        let answer = match &mood {
            Mood::Well | Mood::Wild => Ok(work(&mut self.0.documents.borrow_mut())),
            Mood::Fails(error) => Err(error.clone()),
            Mood::Loses => {
                work(&mut self.0.documents.borrow_mut());
                Err(StoreError::Unknown("the answer was lost".to_owned()))
            }
        };
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            answer
        })
    }
}

impl Store for TestStore {
    fn claim(&self, claim: Claim) -> Answer<Claimed> {
        self.0.claims.set(self.0.claims.get() + 1);
        let inner = Rc::clone(&self.0);
        let (claiming, most) = inner.claiming.get();
        inner.claiming.set((claiming + 1, most.max(claiming + 1)));
        let answer = self.does(|documents| documents.claim(&claim));
        Box::pin(async move {
            let answer = answer.await;
            let (claiming, most) = inner.claiming.get();
            inner.claiming.set((claiming - 1, most));
            answer
        })
    }

    fn commit(&self, commits: Vec<Arc<Commit>>) -> Answer<Vec<Committed>> {
        self.0.groups.borrow_mut().push(commits.len());
        self.0.commits.borrow_mut().extend(commits.iter().cloned());
        let inner = Rc::clone(&self.0);
        inner.on_their_way.set(inner.on_their_way.get() + 1);
        inner
            .most
            .set(inner.most.get().max(inner.on_their_way.get()));
        let refusal = self.0.refusal.borrow().clone();
        let answer = match refusal {
            Some(error) => Box::pin(std::future::ready(Err(error))),
            None => self.does(|documents| documents.commit(&commits)),
        };
        Box::pin(async move {
            let answer = answer.await;
            inner.on_their_way.set(inner.on_their_way.get() - 1);
            answer
        })
    }

    fn read(&self, id: DocumentId) -> Answer<Option<Document>> {
        self.does(|documents| documents.read(&id).cloned())
    }

    fn find(&self, find: Find) -> Answer<Vec<DocumentId>> {
        self.does(|documents| documents.find(&find))
    }

    fn sweep(&self, sweep: Sweep) -> Answer<Vec<(DocumentId, Header)>> {
        self.does(|documents| documents.sweep(&sweep))
    }

    fn scan(
        &self,
        collection: Arc<str>,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> Answer<Vec<Document>> {
        self.does(|documents| documents.scan(&collection, after.as_deref(), limit))
    }

    fn quarantine(&self, quarantine: Quarantine) -> Answer<()> {
        self.does(|documents| documents.quarantine(&quarantine))
    }
}

/// With the index that the schema has.
fn collections() -> Vec<playhouse::store::Collection> {
    playhouse::document::collections([<Hero as playhouse::logic::EntitySchema>::descriptor()])
}

pub(crate) fn hero_id(hero: u64) -> DocumentId {
    DocumentId::new("vault.Hero", format!("u{hero}"))
}

pub(crate) fn address(hero: u64) -> EntityRef {
    Ref::<Hero>::to_entity([hero.into()]).address().clone()
}

/// Binds a session to a hero, as the node does.
pub(crate) async fn bind(shard: &Rc<Shard>, hero: u64, session: SessionId) -> Result<(), Failure> {
    shard.ready(&address(hero)).await?;
    let replaced = shard.bound(&address(hero)).is_some();
    shard.attach(&address(hero), session, replaced);
    Ok(())
}

pub(crate) fn owner(incarnation: u64) -> Owner {
    Owner {
        node: "test".into(),
        incarnation,
    }
}

/// Runs `test` on a shard of its own, in stopped time, in a life of its own.
pub(crate) fn on_shard<F: Future<Output = ()> + 'static>(
    store: &TestStore,
    test: impl FnOnce(Rc<Shard>) -> F,
) {
    on_shard_of(&setup(), keeping(store, 1), test);
}

pub(crate) fn keeping(store: &TestStore, incarnation: u64) -> Keeping {
    Keeping::new(Rc::new(store.clone()), owner(incarnation))
}

pub(crate) fn on_shard_of<F: Future<Output = ()> + 'static>(
    setup: &Setup,
    keeping: Keeping,
    test: impl FnOnce(Rc<Shard>) -> F,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        let seed = keeping.owner.incarnation;
        let shard = Shard::new(&setup.renewed(), 0, 1, Rc::new(TestEnv(Cell::new(seed))));
        shard.set_store(keeping);
        let _entered = shard.enter();
        tokio::task::spawn_local(Rc::clone(&shard).pump());
        let test = test(Rc::clone(&shard));
        tokio::task::spawn_local(test).await.unwrap();
    });
}

/// Lets time pass.
pub(crate) async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// Stops a shard, and says whether it came to rest in this time.
pub(crate) async fn stops(shard: &Rc<Shard>, within_ms: u64) -> bool {
    shard.stop();
    for _ in 0..within_ms {
        if shard.all_at_rest() {
            return true;
        }
        pass(1).await;
    }
    false
}

/// The kind of a failure, and whether the call may have taken effect, to compare.
pub(crate) fn kind<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> FailureKind {
    outcome.unwrap_err().kind()
}

/// The paths of what a commit changes.
pub(crate) fn paths(commit: &Commit) -> Vec<String> {
    let mut paths: Vec<String> = commit
        .update
        .0
        .iter()
        .map(|change| match change {
            playhouse::store::Change::Set(path, _) => path.to_string(),
            playhouse::store::Change::Remove(path) => format!("-{path}"),
        })
        .collect();
    paths.sort();
    paths
}
