//! The entities of `village.idl`, and a cluster of real nodes that run them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use playhouse::cluster::Embedded as Registry;
use playhouse::db::Remote;
use playhouse::node::{Node, NodeBuilder};
use playhouse::store::Embedded;
use playhouse::{Cx, Failure, Reach, Ref, Running, entity, service};

use crate::generated::SCHEMA;
use crate::schema::{Hut, Road, Warden, Well};

#[derive(Default)]
#[entity(Hut)]
pub(crate) struct HutLogic {
    props: Hut,
    poked: Vec<u32>,
    counted: u32,
}

#[entity(Hut)]
impl HutLogic {
    #[rpc]
    async fn add(&mut self, _cx: &mut Cx, amount: u64) -> u64 {
        self.props.set_gold(self.props.gold() + amount);
        self.props.gold()
    }

    #[rpc]
    async fn home(&mut self, cx: &mut Cx) -> String {
        cx.node().name().to_owned()
    }

    #[rpc]
    async fn rest(&mut self, _cx: &mut Cx, millis: u32) -> u32 {
        tokio::time::sleep(Duration::from_millis(millis.into())).await;
        millis
    }

    #[rpc]
    async fn poke(&mut self, _cx: &mut Cx, number: u32) {
        self.poked.push(number);
    }

    #[rpc]
    async fn poked(&mut self, _cx: &mut Cx) -> Vec<u32> {
        self.poked.clone()
    }

    #[rpc]
    async fn visit(&mut self, _cx: &mut Cx, other: Ref<Hut>) -> Result<String, Failure> {
        other.proxy().home().await
    }

    #[rpc]
    async fn trade(&mut self, _cx: &mut Cx, other: Ref<Hut>, millis: u32) -> Result<u64, Failure> {
        tokio::time::sleep(Duration::from_millis(millis.into())).await;
        other.proxy().add(1).await
    }

    #[rpc]
    async fn refuse(&mut self, _cx: &mut Cx) -> Result<(), Failure> {
        Err(Failure::unknown(playhouse::FailureKind::Denied).because("not today"))
    }

    #[rpc]
    async fn count(&mut self, _cx: &mut Cx) -> u32 {
        self.counted += 1;
        self.counted
    }
}

#[derive(Default)]
#[entity(Well)]
pub(crate) struct WellLogic {
    props: Well,
}

#[entity(Well)]
impl WellLogic {
    #[rpc]
    async fn home(&mut self, cx: &mut Cx) -> String {
        cx.node().name().to_owned()
    }
}

#[derive(Default)]
#[entity(Warden)]
pub(crate) struct WardenLogic {
    props: Warden,
}

#[entity(Warden)]
impl WardenLogic {
    #[rpc]
    async fn home(&mut self, cx: &mut Cx) -> String {
        cx.node().name().to_owned()
    }
}

#[derive(Default)]
pub(crate) struct RoadLogic;

#[service(Road)]
impl RoadLogic {
    #[rpc]
    async fn ask(&self, _cx: &mut Cx, hut: u64) -> Result<String, Failure> {
        Hut::of(hut).home().await
    }
}

/// A db node, which also hosts the registry, and as many nodes of a village as were asked for.
pub(crate) struct Village {
    folder: PathBuf,
    db: Option<Running>,
    pub(crate) nodes: Vec<Running>,
}

static FOLDERS: AtomicU32 = AtomicU32::new(0);

fn builder(name: &str) -> NodeBuilder {
    Node::builder()
        .name(name)
        .schema(&SCHEMA)
        .listen("127.0.0.1:0")
}

impl Village {
    pub(crate) fn of(names: &[&str]) -> Self {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("playhouse-placed-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let store = Embedded::at(&folder).free_bytes_min(0);
        let db = builder("db")
            .roles(["db"])
            .service(playhouse::db::Serving::new)
            .store(store)
            .cluster(Registry::hosting());
        let db = db.build().unwrap().start().unwrap();
        let mut village = Self {
            folder,
            db: Some(db),
            nodes: Vec::new(),
        };
        for name in names {
            village.add(name);
        }
        village
    }

    fn db_address(&self) -> String {
        self.db.as_ref().unwrap().addresses().remove(0)
    }

    /// A node that runs huts.
    pub(crate) fn add(&mut self, name: &str) {
        let at = self.db_address();
        let node = builder(name)
            .shards(2)
            .entity::<HutLogic>()
            .entity::<WellLogic>()
            .entity::<WardenLogic>()
            .store(Remote::at(&*at))
            .cluster(Registry::at(&*at));
        self.nodes.push(node.build().unwrap().start().unwrap());
    }

    /// A node that runs none of them.
    pub(crate) fn add_road(&mut self, name: &str) {
        let at = self.db_address();
        let node = builder(name)
            .shards(2)
            .service(RoadLogic::default)
            .store(Remote::at(&*at))
            .cluster(Registry::at(&*at));
        self.nodes.push(node.build().unwrap().start().unwrap());
    }

    /// Ends a node as its operator would.
    pub(crate) fn stop(&mut self, index: usize) {
        let node = self.nodes.remove(index);
        node.stop();
        node.wait().unwrap();
    }

    /// Runs this on a node.
    pub(crate) fn on<T, F>(&self, index: usize, f: impl FnOnce() -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        self.nodes[index].spawn(f).wait().unwrap()
    }

    /// A hut that lives on the node of this name, begun by a call of the first node.
    pub(crate) fn hut_on(&self, name: &'static str, first: u64) -> u64 {
        self.on(0, async move || {
            let mut hut = first;
            while Hut::of(hut).home().await.unwrap() != name {
                hut += 1;
            }
            hut
        })
    }
}

impl Drop for Village {
    fn drop(&mut self) {
        for node in self.nodes.drain(..).chain(self.db.take()) {
            node.stop();
            let _ = node.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
