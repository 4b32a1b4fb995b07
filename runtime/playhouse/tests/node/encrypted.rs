//! Who is let in by which key, and what is told those who are not.

use std::rc::Rc;
use std::sync::Arc;

use playhouse::node::{ClusterKey, Node, PublicKey, ServerKey};
use playhouse::{FailureKind, NodeBuilder, Running};
use playhouse_net::noise::{self, MAGIC};
use playhouse_net::{Network, Tcp};
use playhouse_wire::message::Role;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::client::{self, Client, Ended, Note};
use crate::metrics::get;
use crate::schema::SCHEMA;
use crate::schema::harbour::{Door, DoorKnockArgs};
use crate::transports::{EVERYWHERE, certified};
use crate::world;

fn by_server(key: PublicKey) -> Rc<dyn Network> {
    Rc::new(noise::Network::client(Rc::new(Tcp), key))
}

fn by_cluster(key: &ClusterKey) -> Rc<dyn Network> {
    let key = Arc::new(key.clone());
    Rc::new(noise::Network::cluster(Rc::new(Tcp), key, 0))
}

async fn knock(client: &Client) -> Ended {
    client.call::<Door, _>(0, None, &DoorKnockArgs {}).await
}

async fn refusal(client: &Client) -> String {
    match client.note().await {
        Note::Closed(why) => why,
        other => panic!("should be sent away, not {other:?}"),
    }
}

/// A node with a server's key.
fn with_key(builder: NodeBuilder) -> (Running, String, PublicKey) {
    let (running, address) = world::start(builder.server_key(ServerKey::generate().unwrap()));
    let key = running.public_key().unwrap();
    (running, address, key)
}

#[test]
fn a_client_with_the_servers_key_is_let_in_and_one_with_another_is_not() {
    let (_running, address, key) = with_key(world::builder());
    client::run(async move {
        let known = Client::connect_over(by_server(key), &address, Role::Client);
        knock(&known).await.value::<u32>();
        assert!(known.link.binding().is_some());
        let other = ServerKey::generate().unwrap().public_key();
        let stranger = Client::connect_over(by_server(other), &address, Role::Client);
        let why = refusal(&stranger).await;
        assert!(why.contains("its key is another one"), "{why}");
        // Where nothing else is said, who speaks plainly is let in too.
        let plain = Client::connect(&address, Role::Client);
        knock(&plain).await.value::<u32>();
        assert!(plain.link.binding().is_none());
    });
}

#[test]
fn where_encryption_is_required_a_plain_client_is_told_so() {
    let key = ClusterKey::generate().unwrap();
    for builder in [world::builder(), world::builder().cluster_key(key)] {
        let builder = EVERYWHERE.into_iter().fold(builder, NodeBuilder::listen);
        let builder = certified(builder).metrics("127.0.0.1:0");
        let (running, address, key) = with_key(builder.require_encryption());
        client::run(async move {
            for address in running.addresses() {
                let plain = Client::connect(&address, Role::Client);
                if address.starts_with("wss") || address.starts_with("quic") {
                    knock(&plain).await.value::<u32>();
                } else {
                    let why = refusal(&plain).await;
                    assert!(why.contains("encrypt"), "{address}: {why}");
                }
            }
            let shown = get(&running.metrics_address().unwrap(), "/metrics");
            let counted = "playhouse_handshakes_total{outcome=\"plain\"} 4";
            assert!(shown.contains(counted), "{shown}");
            let known = Client::connect_over(by_server(key), &address, Role::Client);
            knock(&known).await.value::<u32>();
        });
    }
}

#[test]
fn a_key_where_nobody_has_one_is_told_by_name() {
    let (_running, address) = world::node();
    client::run(async move {
        let key = ServerKey::generate().unwrap().public_key();
        let client = Client::connect_over(by_server(key), &address, Role::Client);
        let why = refusal(&client).await;
        assert!(why.contains("no encrypted connections"), "{why}");
    });
}

#[test]
fn nodes_and_tools_are_let_in_by_the_clusters_key_alone() {
    let (ours, theirs) = (
        ClusterKey::generate().unwrap(),
        ClusterKey::generate().unwrap(),
    );
    // Wherever they come from: nobody is trusted for his address.
    let builder = world::builder().trust_peers(|_| false);
    let (_running, address) = world::start(builder.cluster_key(ours.clone()));
    client::run(async move {
        for role in [Role::Node, Role::Tool] {
            let peer = Client::connect_over(by_cluster(&ours), &address, role);
            knock(&peer).await.value::<u32>();
            let stranger = Client::connect_over(by_cluster(&theirs), &address, role);
            let why = refusal(&stranger).await;
            assert!(why.contains("its key is another one"), "{why}");
            let plain = Client::connect(&address, role);
            let why = refusal(&plain).await;
            assert!(why.contains("need the cluster's key"), "{why}");
        }
        let guest = Client::connect(&address, Role::Client);
        knock(&guest).await.value::<u32>();
    });
}

#[test]
fn an_address_is_no_key() {
    let key = ClusterKey::generate().unwrap();
    let (_running, address) = world::start(world::builder().cluster_key(key));
    client::run(async move {
        let plain = Client::connect(&address, Role::Node);
        let why = refusal(&plain).await;
        assert!(why.contains("need the cluster's key"), "{why}");
    });
}

#[test]
fn a_servers_key_makes_no_node() {
    let cluster = ClusterKey::generate().unwrap();
    let (_running, address, key) = with_key(world::builder().cluster_key(cluster));
    client::run(async move {
        let peer = Client::connect_over(by_server(key), &address, Role::Node);
        let why = refusal(&peer).await;
        assert!(why.contains("need the cluster's key"), "{why}");
    });
}

#[test]
fn calls_between_nodes_go_by_the_clusters_key() {
    let caller = |key: Option<&ClusterKey>| {
        let caller = Node::builder().name("caller").schema(&SCHEMA).shards(1);
        let caller = match key {
            Some(key) => caller.cluster_key(key.clone()),
            None => caller,
        };
        caller.build().unwrap().start().unwrap()
    };
    let (ours, theirs) = (
        ClusterKey::generate().unwrap(),
        ClusterKey::generate().unwrap(),
    );
    let (_running, address) = world::start(world::builder().cluster_key(ours.clone()));
    let ask = |caller: Running| {
        let address = address.clone();
        let called = caller.spawn(move || async move { Door::at(address).weather("north").await });
        called.wait().unwrap()
    };
    assert!(ask(caller(Some(&ours))).is_ok());
    for (key, expected) in [
        (Some(&theirs), "its key is another one"),
        (None, "need the cluster's key"),
    ] {
        let failed = ask(caller(key)).unwrap_err();
        assert!(failed.to_string().contains(expected), "{failed}");
        assert_ne!(failed.kind(), FailureKind::Timeout);
    }
}

#[test]
fn what_strangers_send_instead_of_a_handshake_is_counted() {
    let key = ClusterKey::generate().unwrap();
    let builder = world::builder().metrics("127.0.0.1:0").cluster_key(key);
    let (running, address, key) = with_key(builder.require_encryption());
    client::run(async move {
        let known = Client::connect_over(by_server(key), &address, Role::Client);
        knock(&known).await.value::<u32>();
        for sent in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"PHN1\xff\0\0\0\0\0\0"] {
            let mut stream = Tcp.dial(&address).await.unwrap();
            stream.write_all(sent).await.unwrap();
            let mut told = Vec::new();
            stream.read_to_end(&mut told).await.unwrap();
            assert_eq!(told.starts_with(&MAGIC), sent.starts_with(&MAGIC));
        }
        let shown = get(&running.metrics_address().unwrap(), "/metrics");
        for line in [
            "playhouse_handshakes_total{outcome=\"answered\"} 1",
            "playhouse_handshakes_total{outcome=\"plain\"} 1",
            "playhouse_handshakes_total{outcome=\"refused\"} 1",
            "playhouse_forged_total 0",
        ] {
            assert!(shown.contains(line), "{line}");
        }
        knock(&known).await.value::<u32>();
    });
}
