//! The MessagePack-RPC port, called by a maintained library of another language.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use playhouse::node::{INTEROP_MAX, INTEROP_RUNNING_MAX, Running};

use crate::world;

/// Debian's interpreter, since that is the one which sees Debian's packages; then whichever is there.
const INTERPRETERS: &[&str] = &["/usr/bin/python3", "python3"];

fn python() -> &'static str {
    let works = |python: &&&str| {
        let import = Command::new(python).args(["-c", "import msgpack"]).output();
        import.is_ok_and(|output| output.status.success())
    };
    INTERPRETERS.iter().find(works).expect(
        "this test needs Python 3 with the package msgpack: cargo verify --install, \
         or apt-get install python3 python3-msgpack",
    )
}

fn node() -> (Running, String) {
    let running = world::builder().msgpack_rpc("127.0.0.1:0");
    let running = running.build().unwrap().start().unwrap();
    let address = running.msgpack_rpc_addresses().first().unwrap().clone();
    (running, address)
}

#[test]
fn a_program_in_another_language_calls_by_name() {
    let (_running, address) = node();
    let client = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node/client.py");
    let output = Command::new(python())
        .arg(client)
        .arg(&address)
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{out}{err}");
    assert_eq!(out.trim(), "all as expected");
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream
}

/// `[0, id, method, []]`
fn request(id: u8, method: &str) -> Vec<u8> {
    let mut w = playhouse::Writer::new();
    w.array(4);
    w.unsigned(0);
    w.unsigned(id.into());
    w.str(method);
    w.array(0);
    w.into_bytes()
}

#[test]
fn what_is_no_message_ends_the_connection_and_nothing_else() {
    let (_running, address) = node();
    let mut other = connect(&address);
    let deep = [vec![0x94, 0, 1, 0xa1, b'x'], vec![0x91; 200], vec![0xc0]].concat();
    let huge = [0x94, 0, 1, 0xdb, 0xff, 0xff, 0xff, 0xff];
    for bytes in [&[0xc1][..], &[0x93, 1, 1, 0xc0], &[0x90], &deep, &huge] {
        let mut stream = connect(&address);
        stream.write_all(bytes).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty(), "{bytes:?}");
    }
    other.write_all(&request(9, "Door.secret")).unwrap();
    let mut answer = [0; 5];
    other.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x94, 1, 9, 0xc0, 0xc3]);
}

#[test]
fn more_requests_than_run_at_once_wait_and_are_all_answered() {
    let (_running, address) = node();
    let mut stream = connect(&address);
    let count = INTEROP_RUNNING_MAX * 3;
    let mut bytes = Vec::new();
    for _ in 0..count {
        bytes.extend(request(1, "Door.secret"));
    }
    // In pieces, so that messages are cut.
    for chunk in bytes.chunks(1000) {
        stream.write_all(chunk).unwrap();
    }
    let mut answers = vec![0; count * 5];
    stream.read_exact(&mut answers).unwrap();
    assert!(
        answers
            .chunks(5)
            .all(|answer| answer == [0x94, 1, 1, 0xc0, 0xc3])
    );
}

#[test]
fn one_connection_too_many_is_not_taken_until_another_ends() {
    let running = world::builder().shards(1).msgpack_rpc("127.0.0.1:0");
    let running = running.build().unwrap().start().unwrap();
    let address = running.msgpack_rpc_addresses().first().unwrap().clone();
    let secret = |mut stream: &TcpStream| {
        stream.write_all(&request(9, "Door.secret"))?;
        stream.read_exact(&mut [0; 5])
    };
    let mut all: Vec<TcpStream> = (0..INTEROP_MAX).map(|_| connect(&address)).collect();
    for stream in &all {
        secret(stream).unwrap();
    }
    let more = connect(&address);
    assert!(secret(&more).is_err(), "one too many was served");
    drop(all.pop());
    let served = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        secret(&connect(&address)).is_ok()
    });
    assert!(served, "there is room again");
}

#[test]
fn who_reads_nothing_is_read_no_further() {
    let (running, address) = node();
    let mut stream = connect(&address);
    stream
        .set_write_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let mut w = playhouse::Writer::new();
    w.array(4);
    w.unsigned(0);
    w.unsigned(1);
    w.str("Door.echo");
    w.array(1);
    w.bin(&[7; 4000]);
    let message = w.into_bytes();
    // Far more than sockets and the node's own buffers hold.
    let sent = (0..50_000)
        .take_while(|_| stream.write_all(&message).is_ok())
        .count();
    assert!(sent < 50_000, "the node took everything");
    assert_eq!(running.spawn(|| async { 1 }).wait(), Ok(1));
}
