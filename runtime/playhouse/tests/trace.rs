//! A trace is followed by its id: over nodes, in the lines of their logs.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use playhouse::log::{Files, Logging};
use playhouse::node::Running;
use playhouse_wire::message::Role;
use serde_json::Value;

#[path = "node/client.rs"]
#[allow(dead_code, reason = "tests of nodes use the rest")]
mod client;
#[path = "node/generated/mod.rs"]
mod generated;
#[path = "node/world.rs"]
#[allow(dead_code, reason = "tests of nodes use the rest")]
mod world;

use client::Client;
use generated as schema;
use schema::harbour::{Door, DoorWeatherArgs};

fn node(name: &str, sample: u32) -> Running {
    let builder = world::builder().name(name).sample_traces(sample);
    let builder = builder.msgpack_rpc("127.0.0.1:0");
    builder.build().unwrap().start().unwrap()
}

/// Asks as a tool does, and waits for the answer.
fn ask(address: &str, method: &str, argument: &str) {
    let mut w = playhouse::Writer::new();
    w.array(4);
    w.unsigned(0);
    w.unsigned(1);
    w.str(method);
    w.array(1);
    w.str(argument);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(w.as_bytes()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut answer = [0; 4];
    std::io::Read::read_exact(&mut stream, &mut answer).unwrap();
    assert_eq!(answer[..3], [0x94, 1, 1]);
    assert_eq!(answer[3], 0xc0, "it did not fail");
}

/// The lines with this message: node, trace and spans of each.
fn lines<'a>(log: &'a [Value], message: &str) -> Vec<(&'a str, &'a str, &'a Value)> {
    let found = log.iter().filter(|line| line["message"] == message);
    found
        .map(|line| {
            let node = line["node"].as_str().unwrap();
            let trace = line["trace"].as_str();
            (node, trace.unwrap_or_default(), &line["spans"])
        })
        .collect()
}

// One test, since a process has one log.
#[test]
fn a_trace_is_followed_over_nodes_in_the_logs() {
    let folder = std::env::temp_dir().join(format!("playhouse-trace-{}", std::process::id()));
    let files = Files::in_folder(&folder).name("trace");
    let guard = Logging::builder().files(files).install().unwrap();
    let pier = node("pier", 0);
    let quay = node("quay", 0);
    let port = pier.msgpack_rpc_addresses().pop().unwrap();
    let there = quay.addresses().pop().unwrap();
    ask(&port, "Door.left_at", &there);
    ask(&port, "Door.left_at", &there);
    let here = pier.addresses().pop().unwrap();
    client::run(async {
        let guest = Client::connect(&here, Role::Client);
        let args = DoorWeatherArgs {
            region: "north".to_owned(),
        };
        guest.call::<Door, _>(0, None, &args).await;
    });
    // All traces of this one are sampled, and so are their calls on nodes that sample none.
    let dock = node("dock", 1);
    let port = dock.msgpack_rpc_addresses().pop().unwrap();
    ask(&port, "Door.left_at", &there);
    drop((pier, quay, dock));
    guard.flush();
    drop(guard);

    let mut log = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        log.extend(text.lines().map(|line| serde_json::from_str(line).unwrap()));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    let asked = lines(&log, "asks what is left");
    let nodes: Vec<&str> = asked.iter().map(|line| line.0).collect();
    assert_eq!(nodes, ["pier", "quay", "pier", "quay", "dock", "quay"]);
    let traces: Vec<&str> = asked.iter().map(|line| line.1).collect();
    assert!(traces.iter().all(|trace| trace.len() == 32), "{traces:?}");
    assert_eq!(traces[0], traces[1]);
    assert_eq!(traces[2], traces[3]);
    assert_eq!(traces[4], traces[5]);
    assert_ne!(
        traces[0], traces[2],
        "another call of the tool, another trace"
    );
    let guest = lines(&log, "looks out");
    assert_eq!(guest.len(), 1);
    assert_eq!(guest[0].1.len(), 32, "calls of clients have traces too");

    assert!(asked[..4].iter().all(|line| line.2.is_null()), "{asked:?}");
    let [caller, callee] = [4, 5].map(|index| &asked[index].2[0]);
    let field = |span: &Value, name: &str| span["fields"][name].as_str().unwrap().to_owned();
    assert_eq!(field(caller, "call"), "left_at");
    assert_eq!(field(callee, "parent"), field(caller, "span"), "{asked:?}");
    assert_eq!(field(callee, "trace"), traces[4]);
}
