//! What is wrong with a node is said before it runs, and when it starts.

use std::time::Duration;

use playhouse::node::{BuildError, Node, SHARDS_MAX, StartError};

use crate::world::{self, ClerkLogic, DoorLogic, GuestLogic};

#[track_caller]
fn refused(builder: playhouse::node::NodeBuilder, words: &[&str]) -> BuildError {
    let error = builder.build().unwrap_err();
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{text}");
    }
    error
}

#[test]
fn a_node_without_a_schema_is_told_where_it_stands() {
    refused(Node::builder(), &[".schema(&SCHEMA)"]);
}

#[test]
fn a_role_that_the_schema_lacks_is_named_beside_those_it_has() {
    refused(world::builder().roles(["dor"]), &["`dor`", "door, hall"]);
    refused(
        world::builder().roles(["door", "door"]),
        &["`door`", "twice"],
    );
}

#[test]
fn one_struct_for_an_entity_type_and_one_for_a_service() {
    let words = ["`harbour.Guest`", "twice"];
    refused(world::builder().entity::<GuestLogic>(), &words);
    let twin = world::builder().service(DoorLogic::new);
    refused(twin, &["`harbour.Door`", "twice"]);
}

#[test]
fn shards_are_between_one_and_their_limit() {
    refused(world::builder().shards(0), &["0 shards"]);
    refused(world::builder().shards(SHARDS_MAX + 1), &["65 shards"]);
    world::builder().shards(SHARDS_MAX).build().unwrap();
}

#[test]
fn a_name_has_at_most_128_bytes() {
    refused(world::builder().name(""), &["0 bytes"]);
    refused(world::builder().name("x".repeat(129)), &["129 bytes"]);
    world::builder().name("x".repeat(128)).build().unwrap();
}

#[test]
fn tools_are_let_in_from_elsewhere_only_if_that_is_said() {
    let error = refused(world::builder().msgpack_rpc("0.0.0.0:0"), &["0.0.0.0:0"]);
    assert!(matches!(error, BuildError::NotLoopback { .. }));
    world::builder()
        .msgpack_rpc_open("0.0.0.0:0")
        .build()
        .unwrap();
}

#[test]
fn entities_of_another_schema_are_refused() {
    static OTHER: playhouse::descriptor::Schema = playhouse::descriptor::Schema {
        digest: 1,
        release: 0,
        readable_since: 0,
        past: &[],
        packages: &[],
    };
    let foreign = Node::builder().schema(&OTHER).entity::<ClerkLogic>();
    refused(foreign, &["`harbour.Clerk`", "not in the schema"]);
}

#[test]
fn an_address_that_is_taken_is_named() {
    let (_running, address) = world::node();
    let second = world::builder().listen(&address).build().unwrap();
    let Err(error) = second.start() else {
        panic!("two nodes on {address}")
    };
    assert!(matches!(error, StartError::Listen { .. }));
    let text = error.to_string();
    assert!(text.contains(&address) && text.contains("taken"), "{text}");
    let nowhere = world::builder().listen("nowhere").build().unwrap();
    let text = nowhere.start().unwrap_err().to_string();
    assert!(text.contains("can't listen on nowhere"), "{text}");
}

#[test]
fn what_is_spawned_on_a_shard_comes_back() {
    let (running, _) = world::node();
    assert_eq!(running.spawn(|| async { 7 }).wait(), Ok(7));
    let indexes = [0, 1].map(|index| {
        let on = running.spawn_on(index, || async {
            playhouse::host::Shard::current().unwrap().index()
        });
        on.wait().unwrap()
    });
    assert_eq!(indexes, [0, 1]);
    // A panic is its own affair, the shard lives on.
    let panics = running.spawn_on(0, || async { panic!("not the shard's fault") });
    assert!(panics.wait().is_err());
    assert_eq!(running.spawn_on(0, || async { 8 }).wait(), Ok(8));
}

#[test]
fn a_stopped_node_has_let_go_of_its_address() {
    // An address that no other test has.
    let (running, _) = world::start(world::builder().listen("127.0.0.72:0"));
    let address = running.addresses().last().unwrap().clone();
    running.stop();
    running.wait().unwrap();
    let again = world::builder().listen(&address).build().unwrap();
    drop(again.start().unwrap());
}

#[test]
fn handlers_that_run_may_end_before_the_node_does() {
    let (running, _) = world::node();
    let slow = running.spawn(|| crate::schema::harbour::Door::any().slow(world::ms(200)));
    // One that has begun: it was the first thing that its shard did.
    std::thread::sleep(Duration::from_millis(50));
    running.stop();
    running.wait().unwrap();
    assert_eq!(slow.wait().unwrap(), Ok(1));
}
