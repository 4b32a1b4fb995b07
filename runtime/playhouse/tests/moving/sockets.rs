//! Nodes on real links and threads, over one store in a folder.

use std::time::Duration;

use playhouse::db::{Remote, Serving};
use playhouse::node::{NodeBuilder, Running};
use playhouse::store::Embedded;

use crate::meeting::Meeting;
use crate::schema::caravan::Camel;
use crate::world::node;

pub(crate) fn start(node: NodeBuilder) -> Running {
    node.listen("127.0.0.1:0").build().unwrap().start().unwrap()
}

#[test]
fn a_node_drains_under_calls_and_none_fails() {
    let folder = std::env::temp_dir().join(format!("playhouse-moving-{}", std::process::id()));
    let store = Embedded::at(&folder).free_bytes_min(0);
    let db = start(
        playhouse::Node::builder()
            .name("db")
            .roles(["db"])
            .schema(&crate::generated::SCHEMA)
            .shards(1)
            .service(Serving::new)
            .store(store),
    );
    let meeting = Meeting::default();
    let game = |name: &str| {
        let store = Remote::at(db.addresses().remove(0));
        start(node(name).shards(2).store(store).cluster(meeting.clone()))
    };
    let (east, west) = (game("east"), game("west"));
    // The nodes have heard of one another once something that is called on one lives on the other.
    let met = (1_000_u64..1_000_000).any(|camel| {
        let home = east.spawn(move || Camel::of(camel).where_now());
        home.wait().unwrap().unwrap() == "west"
    });
    assert!(met, "the nodes never met");
    let callers: Vec<_> = (1..=24_u64)
        .map(|camel| {
            east.spawn(move || async move {
                let mut steps = Vec::new();
                for _ in 0..200 {
                    steps.push(Camel::of(camel).step().await);
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                steps
            })
        })
        .collect();
    let homes = |asking: &Running| -> Vec<String> {
        let homes = (1..=24_u64).map(|camel| {
            let home = asking.spawn(move || Camel::of(camel).where_now());
            home.wait().unwrap().unwrap()
        });
        homes.collect()
    };
    assert!(homes(&east).iter().any(|home| home == "west"));
    west.stop();
    west.wait().unwrap();
    let expected: Vec<_> = (1..=200).map(Ok).collect();
    for caller in callers {
        assert_eq!(caller.wait().unwrap(), expected);
    }
    assert!(homes(&east).iter().all(|home| home == "east"));
    for node in [east, db] {
        node.stop();
        node.wait().unwrap();
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
