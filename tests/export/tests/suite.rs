//! Spans of sampled traces reach a collector, and one that is not there costs nothing but spans.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use playhouse::node::{Running, StartError};

#[path = "../../../runtime/playhouse/tests/node/generated/mod.rs"]
mod generated;
#[path = "../../../runtime/playhouse/tests/node/world.rs"]
#[allow(dead_code, reason = "tests of nodes use the rest")]
mod world;

use generated as schema;

/// A collector, and the bodies that it was sent.
fn collector() -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (give, bodies) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut length = 0;
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            assert!(line.starts_with("POST /v1/traces HTTP/1.1"), "{line}");
            loop {
                line.clear();
                stream.read_line(&mut line).unwrap();
                match line.to_lowercase().split_once(':') {
                    None => break,
                    Some(("content-length", value)) => length = value.trim().parse().unwrap(),
                    Some(_) => {}
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
            stream.get_mut().write_all(answer).unwrap();
            if give.send(body).is_err() {
                return;
            }
        }
    });
    (address, bodies)
}

/// A span as it travels: its trace, its own id, its parent's, if it has one.
type Span = ([u8; 16], [u8; 8], Option<[u8; 8]>);

/// The spans of a request: `trace_id` and `span_id` are the first two fields of each, `parent_span_id` may follow.
fn spans(body: &[u8]) -> Vec<Span> {
    let starts = body
        .windows(28)
        .enumerate()
        .filter(|(_, bytes)| bytes[..2] == [0x0a, 0x10] && bytes[18..20] == [0x12, 0x08]);
    starts
        .map(|(at, bytes)| {
            let rest = &body[at + 28..];
            let parent = rest.strip_prefix(&[0x22, 0x08]);
            (
                bytes[2..18].try_into().unwrap(),
                bytes[20..28].try_into().unwrap(),
                parent.map(|parent| parent[..8].try_into().unwrap()),
            )
        })
        .collect()
}

fn has(body: &[u8], words: &str) -> bool {
    body.windows(words.len()).any(|it| it == words.as_bytes())
}

fn node(name: &str, sample: u32, collector: &str) -> Running {
    let builder = world::builder().name(name).sample_traces(sample);
    let builder = builder.msgpack_rpc("127.0.0.1:0");
    builder
        .collector(collector)
        .build()
        .unwrap()
        .start()
        .unwrap()
}

/// One call as a tool makes it, which leads to one on another node.
fn ask(first: &Running, second: &Running) {
    let mut w = playhouse::Writer::new();
    w.array(4);
    w.unsigned(0);
    w.unsigned(1);
    w.str("Door.left_at");
    w.array(1);
    w.str(&second.addresses().pop().unwrap());
    let port = first.msgpack_rpc_addresses().pop().unwrap();
    let mut stream = std::net::TcpStream::connect(port).unwrap();
    stream.write_all(w.as_bytes()).unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x94, 1, 1, 0xc0], "it did not fail");
}

#[test]
fn a_trace_over_two_nodes_arrives_as_one() {
    let (address, bodies) = collector();
    let pier = node("pier", 1, &address);
    let quay = node("quay", 0, &address);
    ask(&pier, &quay);
    // What is not sent yet is sent before they end.
    drop((pier, quay));
    let bodies: Vec<Vec<u8>> = bodies.try_iter().collect();
    let all: Vec<u8> = bodies.concat();
    for words in ["Door.left_at", "pier", "quay", "service.instance.id"] {
        assert!(has(&all, words), "{words}");
    }
    let mut spans: Vec<Span> = bodies.iter().flat_map(|body| spans(body)).collect();
    assert_eq!(spans.len(), 2, "{spans:?}");
    spans.sort_by_key(|span| span.2);
    let [first, second] = [spans[0], spans[1]];
    assert_eq!(first.0, second.0);
    assert_eq!(first.2, None, "a tool has no span");
    assert_eq!(second.2, Some(first.1));
}

#[test]
fn a_collector_that_is_not_there_costs_no_calls() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let node = node("pier", 1, &format!("http://{gone}"));
    ask(&node, &node);
    node.stop();
    assert_eq!(node.wait(), Ok(()));
}

#[test]
fn an_address_that_is_none_is_a_start_error() {
    for address in ["https://127.0.0.1:4318", "127.0.0.1:4318", "http://"] {
        let node = world::builder().collector(address).build().unwrap();
        let error = node.start().unwrap_err();
        assert!(matches!(error, StartError::Collector { .. }), "{error}");
        assert!(
            error.to_string().contains("http://127.0.0.1:4318"),
            "{error}"
        );
    }
}
