//! A node of a cluster begins once it has its place there, and gives it up last.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use playhouse::cluster::{Membership, OpenError};
use playhouse::db::Remote;
use playhouse::node::{BuildError, Node, StartError, StopError};
use playhouse_cluster::{Backend, Driver, Member};
use playhouse_wire::message::Role;

use crate::client::{self, Client, Ended, Note};
use crate::schema::SCHEMA;
use crate::schema::harbour::{Door, DoorSecretArgs};
use crate::world;

/// A registry in the test's own hands.
#[derive(Debug, Clone, Default)]
struct Table(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Whether it answers, and what.
    answer: Mutex<Option<Result<(), OpenError>>>,
    answered: tokio::sync::Notify,
    heard: Mutex<Vec<String>>,
    /// What it says to a node that has joined.
    ousts: Mutex<Option<OpenError>>,
    /// Who took a seat.
    seen: Mutex<Option<Arc<Member>>>,
}

impl Table {
    fn says(&self, answer: Result<(), OpenError>) {
        *self.0.answer.lock().unwrap() = Some(answer);
        self.0.answered.notify_waiters();
    }

    fn ousts(&self, why: OpenError) {
        *self.0.ousts.lock().unwrap() = Some(why);
        self.0.answered.notify_waiters();
    }

    fn heard(&self) -> Vec<String> {
        self.0.heard.lock().unwrap().clone()
    }

    fn hears(&self, what: &str) {
        self.0.heard.lock().unwrap().push(what.to_owned());
    }
}

impl Backend for Table {
    fn drive(
        &self,
        driver: Driver,
        _system: tokio::runtime::Handle,
    ) -> Pin<Box<dyn Future<Output = ()>>> {
        let table = self.clone();
        Box::pin(async move {
            // Whole: a part of it that the block doesn't use would end at once, and with it the seat.
            let driver = driver;
            *table.0.seen.lock().unwrap() = Some(Arc::clone(&driver.me.borrow()));
            table.hears("asked");
            let answer = loop {
                let answered = table.0.answered.notified();
                let answer = table.0.answer.lock().unwrap().clone();
                if let Some(answer) = answer {
                    break answer;
                }
                tokio::select! {
                    biased;
                    () = answered => {}
                    () = driver.leaving.wait() => return,
                }
            };
            driver.board.opened(answer);
            loop {
                let answered = table.0.answered.notified();
                if let Some(why) = table.0.ousts.lock().unwrap().take() {
                    driver.board.ousted(why);
                }
                tokio::select! {
                    biased;
                    () = answered => {}
                    () = driver.leaving.wait() => break,
                }
            }
            table.hears("left");
        })
    }
}

impl Membership for Table {}

/// Asks the node's service as a peer of this role.
async fn secret(peer: &Client) -> Ended {
    peer.call::<Door, _>(0, None, &DoorSecretArgs {}).await
}

#[test]
fn peers_are_served_before_the_node_has_its_place_and_clients_after() {
    let table = Table::default();
    // Port 0 would be known after the start alone, which waits.
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.74:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let node = world::builder().listen(&address).cluster(table.clone());
    let starting = std::thread::spawn(move || node.build().unwrap().start());
    client::run(async {
        let peer = loop {
            let peer = Client::connect(&address, Role::Node);
            match secret(&peer).await {
                Ended::Ok(_) => break peer,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let early = Client::connect(&address, Role::Client);
        let note = early.note().await;
        let words = "waits for its place in the cluster";
        assert!(
            matches!(&note, Note::Closed(text) if text.contains(words)),
            "{note:?}"
        );
        assert!(!starting.is_finished());

        table.says(Ok(()));
        let node = tokio::task::spawn_blocking(move || starting.join().unwrap().unwrap())
            .await
            .unwrap();
        let member = table.0.seen.lock().unwrap().clone().unwrap();
        assert!(member.addresses.contains(&address));
        assert_eq!(
            (member.root, member.release),
            (SCHEMA.digest, SCHEMA.release)
        );
        assert_eq!(member.roles, ["door", "hall"]);
        assert_eq!(member.services.len(), 2);
        assert!(!member.entities.is_empty());
        assert!(matches!(secret(&peer).await, Ended::Ok(_)));
        assert_eq!(table.heard(), ["asked"]);
        tokio::task::spawn_blocking(move || {
            node.stop();
            node.wait().unwrap();
        })
        .await
        .unwrap();
    });
    assert_eq!(table.heard(), ["asked", "left"]);
}

#[test]
fn a_node_that_the_cluster_refuses_does_not_start() {
    let table = Table::default();
    table.says(Err(OpenError::NameTaken {
        name: "node".to_owned(),
        address: "10.0.0.7:7000".to_owned(),
    }));
    let node = world::builder()
        .listen("127.0.0.1:0")
        .cluster(table.clone());
    let error = node.build().unwrap().start().unwrap_err();
    assert!(matches!(error, StartError::Cluster(_)));
    assert!(error.to_string().contains("10.0.0.7:7000"), "{error}");
    assert_eq!(table.heard(), ["asked", "left"]);
}

#[test]
fn a_node_that_has_lost_its_name_says_so_and_stops_in_order() {
    let table = Table::default();
    table.says(Ok(()));
    let node = world::builder()
        .listen("127.0.0.1:0")
        .cluster(table.clone());
    let node = node.build().unwrap().start().unwrap();
    table.ousts(OpenError::NameTaken {
        name: "pier".to_owned(),
        address: "10.0.0.7:7000".to_owned(),
    });
    // Nobody tells it to.
    let error = node.wait().unwrap_err();
    let StopError::Ousted { why } = &error else {
        panic!("{error}");
    };
    assert!(why.contains("10.0.0.7:7000"), "{why}");
    assert_eq!(table.heard(), ["asked", "left"]);
}

#[test]
fn a_registry_that_says_nothing_is_not_waited_for_without_end() {
    let table = Table::default();
    let node = world::builder().listen("127.0.0.1:0").cluster(table);
    let node = node.join_timeout(Duration::from_millis(20));
    let error = node.build().unwrap().start().unwrap_err();
    assert!(matches!(error, StartError::NoCluster { .. }));
    assert!(error.to_string().contains(".join_timeout("), "{error}");
}

#[test]
fn a_store_that_grants_no_lease_is_not_waited_for_without_end() {
    let table = Table::default();
    let node = world::builder().cluster(table.clone());
    // Nobody listens there.
    let node = node.store(Remote::at("127.0.0.75:1"));
    let node = node.join_timeout(Duration::from_millis(20));
    let error = node.build().unwrap().start().unwrap_err();
    assert!(matches!(error, StartError::NoLease { .. }));
    assert!(error.to_string().contains("the store"), "{error}");
    assert_eq!(table.heard(), [""; 0]);
}

#[test]
fn a_node_whose_name_runs_on_this_machine_already_does_not_start() {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let name = format!("playhouse-node-lock-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let start = |name: &str| {
        let table = Table::default();
        table.says(Ok(()));
        let number = STARTED.fetch_add(1, Relaxed);
        let store = folder.join(number.to_string());
        let node = world::builder().name(name).cluster(table);
        let node = node.store(playhouse::store::Embedded::at(store));
        node.lock(&folder).build().unwrap().start()
    };
    let first = start("pier").unwrap();
    let error = start("pier").unwrap_err();
    assert!(matches!(error, StartError::Lock { .. }));
    let words = "`pier` runs on this machine";
    assert!(error.to_string().contains(words), "{error}");
    drop(start("jetty").unwrap());
    drop(first);
    drop(start("pier").unwrap());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_node_that_others_cant_dial_is_refused() {
    let clustered = || Node::builder().schema(&SCHEMA).cluster(Table::default());
    for builder in [clustered(), clustered().listen("0.0.0.0:7000")] {
        let error = builder.build().unwrap_err();
        assert_eq!(error, BuildError::NoAddress);
        assert!(error.to_string().contains(".advertise("), "{error}");
    }
    let said = clustered().listen("0.0.0.0:7000").advertise("10.0.0.7");
    said.build().unwrap();
}
