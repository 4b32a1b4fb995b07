//! Gates: nodes that let clients in and run nothing of the game.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use playhouse::db::{Remote, Serving};
use playhouse::node::{FAREWELLS_AT_ONCE, NodeBuilder, Running};
use playhouse::store::Embedded;
use playhouse::{Cx, Reach, Ref, service};
use playhouse_wire::message::{FailureKind, Method, Role, SessionReason};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{self, Client, Ended, Note, header, method};
use crate::generated::SCHEMA;
use crate::meeting::Meeting;
use crate::schema::caravan::{
    Camel, CamelRideArgs, Inn, InnBedArgs, InnKnockArgs, InnKnocksArgs, InnStableArgs, Tent,
};
use crate::sockets::start;
use crate::world::{authenticate, node};

#[derive(Default)]
pub(crate) struct InnLogic {
    knocks: AtomicU32,
}

#[service(Inn)]
impl InnLogic {
    #[rpc]
    async fn bed(&self, cx: &mut Cx) -> String {
        cx.node().name().to_owned()
    }
    #[rpc]
    async fn knock(&self, _cx: &mut Cx) {
        self.knocks.fetch_add(1, Ordering::Relaxed);
    }
    #[rpc]
    async fn knocks(&self, _cx: &mut Cx) -> u32 {
        self.knocks.load(Ordering::Relaxed)
    }
    #[rpc]
    async fn stable(&self, cx: &mut Cx) -> String {
        cx.node().name().to_owned()
    }
}

/// Nodes that know of one another, over one store.
struct Town {
    folder: PathBuf,
    db: Option<Running>,
    meeting: Meeting,
}

impl Town {
    fn new(name: &str) -> Self {
        let name = format!("playhouse-gates-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let db = blank("db", "db")
            .service(Serving::new)
            .store(Embedded::at(&folder).free_bytes_min(0));
        Self {
            folder,
            db: Some(start(db)),
            meeting: Meeting::default(),
        }
    }

    /// A node that runs camels and all the others.
    async fn home(&self, name: &str) -> Running {
        let db = self.db.as_ref().unwrap().addresses().remove(0);
        begin(
            node(name)
                .store(Remote::at(db))
                .cluster(self.meeting.clone()),
        )
        .await
    }

    async fn inn(&self) -> Running {
        let inn = blank("inn-1", "inn").service(InnLogic::default);
        begin(inn.cluster(self.meeting.clone())).await
    }

    /// A node that runs nothing.
    async fn gate(&self, name: &str) -> Running {
        let gate = blank(name, "gate").authenticate(authenticate);
        let gate = gate.metrics("127.0.0.1:0");
        begin(gate.shards(2).cluster(self.meeting.clone())).await
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        drop(self.db.take());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Starts a node while links of the test go on.
async fn begin(node: NodeBuilder) -> Running {
    aside(|| start(node)).await
}

async fn end(node: Running) {
    aside(|| {
        node.stop();
        node.wait().unwrap();
    })
    .await;
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn blank(name: &str, role: &str) -> NodeBuilder {
    let node = playhouse::Node::builder().name(name).roles([role]);
    node.schema(&SCHEMA).shards(1)
}

/// A guest of a gate.
fn guest(of: &Running) -> Client {
    Client::connect(&of.addresses()[0], Role::Client)
}

async fn bed(client: &Client) -> Ended {
    client.call::<Inn, _>(0, None, &InnBedArgs {}).await
}

async fn ride(client: &Client) -> Ended {
    client.call::<Camel, _>(0, None, &CamelRideArgs {}).await
}

/// A number of a node's page of metrics.
async fn metric(of: &Running, sample: &str) -> u64 {
    // A page stands for a quarter of a second.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut stream = TcpStream::connect(of.metrics_address().unwrap())
        .await
        .unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).await.unwrap();
    let value = page.lines().find_map(|line| line.strip_prefix(sample));
    let value = value.unwrap_or_else(|| panic!("no {sample} in {page}"));
    value.trim().parse().unwrap()
}

fn opened(camel: u8) -> Note {
    Note::Opened(Camel::reference(u64::from(camel)).address().clone())
}

/// Opens a session as soon as the gate has heard of somebody who runs the camel.
async fn rider(of: &Running, camel: u8) -> Client {
    for _ in 0..500 {
        let client = guest(of);
        if client.open(&[camel]).await == opened(camel) {
            return client;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody runs camels");
}

#[test]
fn guests_reach_services_of_other_nodes_through_a_gate() {
    let town = Town::new("guests");
    client::run(async {
        let gate = town.gate("gate-1").await;
        let client = guest(&gate);
        let text = bed(&client).await.refused(FailureKind::Unreachable);
        assert!(text.contains("nobody of role inn serves Inn"), "{text}");
        let inn = town.inn().await;
        let name = loop {
            match bed(&client).await {
                Ended::Ok(name) => break Ended::Ok(name).value::<String>(),
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        assert_eq!(name, "inn-1");
        for _ in 0..3 {
            client.oneway::<Inn, _>(0, None, &InnKnockArgs {});
        }
        // They go the same way one after another.
        let knocks = client.call::<Inn, _>(0, None, &InnKnocksArgs {}).await;
        assert_eq!(knocks.value::<u32>(), 3);
        let stable = client.call::<Inn, _>(0, None, &InnStableArgs {}).await;
        stable.refused(FailureKind::Denied);
        // Who has a session is no guest, and the inn could not tell who it is.
        let home = town.home("east").await;
        let rider = rider(&gate, 7).await;
        assert_eq!(bed(&rider).await.value::<String>(), "inn-1");
        let stable = rider.call::<Inn, _>(0, None, &InnStableArgs {}).await;
        let text = stable.refused(FailureKind::Denied);
        assert!(text.contains("could not tell whose client"), "{text}");
        end(inn).await;
        let gone = loop {
            match bed(&client).await {
                Ended::Failed(FailureKind::Unreachable, _, text) if text.contains("since") => {
                    break text;
                }
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        assert!(gone.contains("nobody of role inn"), "{gone}");
        end(home).await;
        end(gate).await;
    });
}

#[test]
fn a_login_through_a_gate_finds_a_home_or_hears_which_role_is_missing() {
    let town = Town::new("login");
    client::run(async {
        let gate = town.gate("gate-1").await;
        let client = guest(&gate);
        let note = client.open(&[1]).await;
        let Note::Refused(SessionReason::Unavailable, text) = &note else {
            panic!("{note:?}");
        };
        assert!(text.contains("nobody of role road runs Camel"), "{text}");
        let homes = [town.home("east").await, town.home("west").await];
        let mut places = Vec::new();
        for camel in 1..=12 {
            let rider = rider(&gate, camel).await;
            places.push(ride(&rider).await.value::<String>());
        }
        // Nobody has begun them before: they are spread over those who run them.
        for home in ["east", "west"] {
            assert!(places.iter().any(|place| place == home), "{places:?}");
        }
        for home in homes {
            end(home).await;
        }
        let text = loop {
            match guest(&gate).open(&[1]).await {
                Note::Refused(SessionReason::Unavailable, text) if text.contains("since") => {
                    break text;
                }
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        assert!(text.contains("nobody of role road runs Camel"), "{text}");
        end(gate).await;
    });
}

#[test]
fn a_session_goes_to_what_was_made_a_moment_ago_for_it() {
    let town = Town::new("tents");
    client::run(async {
        let gate = blank("gate-1", "gate").authenticate(authenticate);
        let gate = begin(gate.guests_per_address(1000).cluster(town.meeting.clone())).await;
        let homes = [town.home("east").await, town.home("west").await];
        for camel in 1..=8 {
            rider(&gate, camel).await;
            for _ in 0..8 {
                // It is on its way into the store while the gate looks for it.
                let Note::Opened(tent) = guest(&gate).open(&[camel, 0, 0, 0]).await else {
                    panic!("the tent is not found");
                };
                let tent = Ref::<Tent>::new(tent).unwrap();
                let enter = homes[0].spawn(move || tent.proxy().enter());
                let guests = aside(|| enter.wait().unwrap()).await;
                assert_eq!(guests, Ok(1), "it lives on");
            }
        }
        for node in homes {
            end(node).await;
        }
        end(gate).await;
    });
}

#[test]
fn a_gate_that_drains_costs_no_call() {
    let town = Town::new("drains");
    client::run(async {
        let home = town.home("east").await;
        let (first, second) = (town.gate("gate-1").await, town.gate("gate-2").await);
        let mut riders = Vec::new();
        for camel in 1..=8 {
            riders.push(rider(&first, camel).await);
        }
        for rider in &riders {
            assert_eq!(ride(rider).await.value::<String>(), "east");
        }
        first.stop();
        for (camel, rider) in (1..).zip(&riders) {
            // It is told to go, and served until it has gone.
            assert!(matches!(rider.note().await, Note::GoAway(_)));
            let next = rider.again(&second.addresses()[0]);
            let underway = ride(rider);
            let (answer, note) = tokio::join!(underway, next.resume());
            assert_eq!(note, opened(camel));
            assert_eq!(answer.value::<String>(), "east");
            assert_eq!(ride(&next).await.value::<String>(), "east");
        }
        aside(|| first.wait().unwrap()).await;
        // And back, through one of the same name that knows nothing.
        let again = town.gate("gate-1").await;
        let client = riders[0].again(&again.addresses()[0]);
        assert_eq!(client.resume().await, opened(1));
        assert_eq!(ride(&client).await.value::<String>(), "east");
        for node in [again, second, home] {
            end(node).await;
        }
    });
}

#[test]
fn a_home_that_stands_still_holds_up_who_sends_to_it_and_nobody_else() {
    const HELD: &str = "playhouse_gate_turns_total{kind=\"held\"} ";
    let town = Town::new("still");
    client::run(async {
        let (east, west) = (town.home("east").await, town.home("west").await);
        let gate = town.gate("gate-1").await;
        let (mut of_east, mut of_west) = (Vec::new(), Vec::new());
        for camel in 1.. {
            let rider = rider(&gate, camel).await;
            match &*ride(&rider).await.value::<String>() {
                "east" => of_east.push(rider),
                _ => of_west.push(rider),
            }
            if of_east.len() >= 9 && !of_west.is_empty() {
                break;
            }
        }
        assert_eq!(metric(&gate, HELD).await, 0);
        let (go_on, waits) = mpsc::channel::<()>();
        let still = east.spawn_on(0, || async move {
            let _ = waits.recv_timeout(client::PATIENCE);
        });
        let calm = of_east.pop().unwrap();
        let answer = ride(&calm);
        let wild = async {
            // More than the sockets between take: what a client may send without an answer is not asked.
            let long = vec![0; 120 * 1024];
            while metric(&gate, HELD).await == 0 {
                for client in &of_east {
                    while client.link.is_writable() {
                        let ride = method::<Camel, CamelRideArgs>(0);
                        drop(client.begin(ride, &header(None), &long));
                    }
                }
            }
            for _ in 0..20 {
                assert_eq!(ride(&of_west[0]).await.value::<String>(), "west");
            }
            assert!(!still.is_finished(), "nobody waited for the other home");
            let queued = metric(&gate, "playhouse_hop_queue_bytes ").await;
            assert!(queued < 4 * 1024 * 1024, "{queued}");
            go_on.send(()).unwrap();
        };
        let (answer, ()) = tokio::join!(answer, wild);
        assert_eq!(answer.value::<String>(), "east");
        // Its session never lost the link, whatever became of the others.
        assert_eq!(ride(&calm).await.value::<String>(), "east");
        assert_eq!(metric(&gate, "playhouse_hops_overfull_total ").await, 0);
        drop((of_east, of_west, calm));
        for node in [gate, east, west] {
            end(node).await;
        }
    });
}

/// What operators ask any node for: all nodes.
const NODES: Method = Method {
    package: 0,
    number: 0,
    slot: 0,
    tag: 4,
};

#[test]
fn every_node_hears_how_many_sessions_and_clients_the_others_have() {
    let town = Town::new("counts");
    client::run(async {
        let (east, gate) = (town.home("east").await, town.gate("gate-1").await);
        let riders = [rider(&gate, 1).await, rider(&gate, 2).await];
        for asked in [&east, &gate] {
            let tool = Client::connect(&asked.addresses()[0], Role::Tool);
            let counts = async || {
                let text = tool.raw(NODES, None, &[0x90]).await.value::<String>();
                let nodes: serde_json::Value = serde_json::from_str(&text).unwrap();
                let of = |name: &str| {
                    let mut nodes = nodes["nodes"].as_array().unwrap().iter();
                    let node = nodes.find(|node| node["node"] == name).unwrap();
                    assert!(node["entities"].is_u64() && node["links"].is_u64());
                    ["sessions", "clients"].map(|what| node[what].as_u64().unwrap())
                };
                [of("east"), of("gate-1")]
            };
            let told = tokio::time::timeout(client::PATIENCE, async {
                while counts().await != [[2, 0], [0, 2]] {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            });
            assert!(told.await.is_ok(), "{:?}", counts().await);
        }
        drop(riders);
        end(gate).await;
        end(east).await;
    });
}

#[test]
fn a_gate_tells_its_clients_to_go_a_few_after_another() {
    let town = Town::new("farewells");
    client::run(async {
        let gate = town.gate("gate-1").await;
        let clients: Vec<_> = (0..=2 * FAREWELLS_AT_ONCE).map(|_| guest(&gate)).collect();
        for client in &clients {
            bed(client).await.refused(FailureKind::Unreachable);
        }
        gate.stop();
        for client in &clients {
            assert!(matches!(client.note().await, Note::GoAway(_)));
        }
        aside(|| gate.wait().unwrap()).await;
    });
}
