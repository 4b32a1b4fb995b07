//! The entities of `vault.idl`, a store in memory, and nodes that use them.

use std::cell::RefCell;
use std::future::ready;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use playhouse::db::{Remote, Serving};
use playhouse::node::NodeBuilder;
use playhouse::sim::Sim;
use playhouse::store::{
    Answer, Claim, Claimed, Collection, Commit, Committed, Document, DocumentId, Documents, Find,
    Header, Quarantine, Store, Sweep,
};
use playhouse::{CallError, Cx, Failure, Node, Reach, Ref, entity};

use crate::generated::SCHEMA;
use crate::schema::{Hero, NameError};

/// How long a change of a game node waits, in milliseconds: it streams.
pub(crate) const EVERY_MS: u64 = 100;

#[derive(Default)]
#[entity(Hero)]
pub(crate) struct HeroLogic {
    props: Hero,
}

#[entity(Hero)]
impl HeroLogic {
    #[rpc]
    async fn add(&mut self, _cx: &mut Cx, amount: u64) -> u64 {
        self.props.set_gold(self.props.gold() + amount);
        self.props.gold()
    }

    #[rpc]
    async fn save_now(&mut self, cx: &mut Cx) -> Result<bool, Failure> {
        cx.save(self).await?;
        Ok(true)
    }

    #[rpc]
    async fn rename(&mut self, cx: &mut Cx, name: String) -> Result<(), CallError<NameError>> {
        let old = self.props.name().to_owned();
        self.props.set_name(name).map_err(Failure::from)?;
        if let Err(error) = cx.save(self).await {
            if error.is_taken("name") {
                self.props.set_name(old).map_err(Failure::from)?;
                return Err(CallError::Thrown(NameError::Taken));
            }
            return Err(CallError::Failed(error.into()));
        }
        Ok(())
    }

    #[rpc]
    async fn put(&mut self, _cx: &mut Cx, thing: String, count: u64) -> Result<u32, Failure> {
        self.props.things_mut().insert(thing, count)?;
        Ok(u32::try_from(self.props.things().len()).unwrap_or(u32::MAX))
    }

    #[rpc]
    async fn count(&mut self, _cx: &mut Cx, thing: String) -> u64 {
        self.props.things().get(&thing).copied().unwrap_or(0)
    }

    #[rpc]
    async fn give(&mut self, _cx: &mut Cx, to: Ref<Hero>, amount: u64) -> Result<(), Failure> {
        self.props
            .set_gold(self.props.gold().saturating_sub(amount));
        to.proxy().receive(amount)
    }

    #[rpc]
    async fn receive(&mut self, _cx: &mut Cx, amount: u64) {
        self.props.set_gold(self.props.gold() + amount);
    }
}

/// Documents in memory, that outlive the node which serves them. All that is done lasts.
#[derive(Clone)]
pub(crate) struct Kept(Rc<RefCell<Documents>>);

impl Kept {
    pub(crate) fn new(collections: &[Collection]) -> Self {
        Self(Rc::new(RefCell::new(Documents::new(collections))))
    }
}

fn answer<T: 'static>(value: T) -> Answer<T> {
    Box::pin(ready(Ok(value)))
}

impl Store for Kept {
    fn claim(&self, claim: Claim) -> Answer<Claimed> {
        answer(self.0.borrow_mut().claim(&claim))
    }

    fn commit(&self, commits: Vec<Arc<Commit>>) -> Answer<Vec<Committed>> {
        answer(self.0.borrow_mut().commit(&commits))
    }

    fn read(&self, id: DocumentId) -> Answer<Option<Document>> {
        answer(self.0.borrow().read(&id).cloned())
    }

    fn find(&self, find: Find) -> Answer<Vec<DocumentId>> {
        answer(self.0.borrow().find(&find))
    }

    fn sweep(&self, sweep: Sweep) -> Answer<Vec<(DocumentId, Header)>> {
        answer(self.0.borrow().sweep(&sweep))
    }

    fn scan(
        &self,
        collection: Arc<str>,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> Answer<Vec<Document>> {
        answer(self.0.borrow().scan(&collection, after.as_deref(), limit))
    }

    fn quarantine(&self, quarantine: Quarantine) -> Answer<()> {
        self.0.borrow_mut().quarantine(&quarantine);
        answer(())
    }
}

pub(crate) fn db() -> NodeBuilder {
    let db = Node::builder().name("db").schema(&SCHEMA).roles(["db"]);
    db.service(Serving::new).shards(2)
}

pub(crate) fn lobby(name: &str) -> NodeBuilder {
    let lobby = Node::builder().name(name).schema(&SCHEMA).roles(["lobby"]);
    let every = Duration::from_millis(EVERY_MS);
    lobby.entity::<HeroLogic>().shards(2).save_every(every)
}

/// A simulation with a db node on this store, and game nodes of these names that save to it.
pub(crate) fn sim(seed: u64, store: &Kept, lobbies: &[&str]) -> Sim {
    let sim = Sim::new(seed);
    let store = store.clone();
    sim.keep(move |name, _| match name {
        "db" => Rc::new(store.clone()),
        _ => Remote::at("db:7000").for_shard(),
    });
    sim.node("db", || db().listen("db:7000"));
    for name in lobbies {
        let (listen, name) = (format!("{name}:7000"), (*name).to_owned());
        sim.node(&name.clone(), move || lobby(&name).listen(&listen));
    }
    sim
}
