//! `playhouse call` and `playhouse describe`, at a node that runs.

use playhouse::node::Running;

use crate::folder::{Folder, Ran};
use crate::world;

fn node() -> (Folder, Running, String) {
    let (running, address) = world::node();
    (Folder::empty(), running, address)
}

#[track_caller]
fn call(folder: &Folder, address: &str, rest: &[&str]) -> Ran {
    folder.run(&[&["call", address], rest].concat())
}

#[test]
fn a_result_is_json_on_standard_output() {
    let (folder, _running, address) = node();
    let fog = call(
        &folder,
        &address,
        &["Door.weather", r#"{"region": "north"}"#],
    );
    assert_eq!(fog.expect(0, &[]).out, "\"fog north\"\n");
    assert_eq!(
        call(&folder, &address, &["Door.weather"])
            .expect(0, &[])
            .out,
        "\"fog here\"\n"
    );
    // 64 bits are strings, as JSON's numbers don't hold them.
    let parcels = r#"[[{"id": 1, "weight": "9007199254740993"}]]"#;
    let weight = call(&folder, &address, &["harbour.Door.weigh", parcels]).expect(0, &[]);
    assert_eq!(weight.out, "\"9007199254740993\"\n");
    let put = call(&folder, &address, &["Guest(3).bag.put", "[41]"]).expect(0, &["done"]);
    assert_eq!(put.out, "");
    let content = call(&folder, &address, &["Guest(3).bag.content", "--json"]);
    assert_eq!(content.expect(0, &[]).out, "{\"returned\":[41]}\n");
}

#[test]
fn errors_say_kind_tag_and_what_to_do() {
    let (folder, _running, address) = node();
    let thrown = call(&folder, &address, &["Door.enter", "[2]"]);
    thrown.expect(1, &[r#"Door.enter threw {"full":{"limit":9}}"#]);
    let failed = call(&folder, &address, &["Door.enter", "[3]"]);
    failed.expect(
        1,
        &[
            "Overloaded",
            "come back later",
            "(not executed)",
            "help: wait a moment",
        ],
    );
    let missing = call(&folder, &address, &["Door.wether"]);
    missing.expect(
        1,
        &[
            "NotFound",
            "no call `wether`; there is weather",
            "playhouse describe",
        ],
    );
    call(&folder, &address, &["Cellar.open"]).expect(1, &["Denied", "@internal"]);
    let wrong = call(&folder, &address, &["Door.weather", r#"{"regoin": "x"}"#]);
    wrong.expect(
        1,
        &["Invalid", "no parameter `regoin`: the call takes region"],
    );
    let late = call(
        &folder,
        &address,
        &["Door.slow", "[10000000]", "--deadline", "200ms"],
    );
    late.expect(1, &["Timeout", "(may have been executed)", "--deadline"]);
    let json = call(&folder, &address, &["Door.enter", "[3]", "--json"]).expect(1, &[]);
    let failed: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(failed["failed"]["kind"], "Overloaded");
    assert_eq!(failed["failed"]["executed"], "not_executed");
    let thrown = call(&folder, &address, &["Door.enter", "[1]", "--json"]).expect(1, &[]);
    assert_eq!(thrown.out, "{\"thrown\":{\"closed\":null}}\n");
}

#[test]
fn wrong_usage_and_dead_addresses_end_with_two() {
    let (folder, running, address) = node();
    call(&folder, &address, &["Door.weather", "{region}"])
        .expect(2, &["are no JSON", "quote them"]);
    call(&folder, &address, &["Door.weather", "7"]).expect(2, &["an object by name"]);
    call(&folder, &address, &["Door.weather", "--deadline", "soon"]).expect(2, &["500ms, 2s, 1m"]);
    call(&folder, "nowhere", &["Door.weather"]).expect(2, &["host:port"]);
    drop(running);
    call(&folder, &address, &["Door.weather"]).expect(2, &["can't reach", "is the node running"]);
}

#[test]
fn what_is_no_node_is_noticed() {
    let folder = Folder::empty();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    folder.run(&["describe", &address]).expect(2, &[]);
    server.join().unwrap();
}

#[test]
fn a_node_describes_itself() {
    let (folder, _running, address) = node();
    let text = folder.run(&["describe", &address]).expect(0, &[]).out;
    for words in [
        "pier (playhouse",
        "roles   door, hall",
        "package harbour",
        "service Door on door",
        "rpc weather(region: string[..=16] = \"here\") -> string[..=64]",
        "entity Guest: keyed(AccountId) on hall",
        ".bag: Bag",
        "oneway put(parcel: u32)",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(
        !text.contains("Cellar") && !text.contains("event"),
        "{text}"
    );
    let json = folder
        .run(&["describe", &address, "--json"])
        .expect(0, &[])
        .out;
    let about: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(about["node"]["name"], "pier");
    assert_eq!(about["node"]["shards"], 2);
    let services = about["packages"][0]["services"].as_array().unwrap();
    assert_eq!(services.len(), 1);
    assert_eq!(services[0]["running"], true);
    let weather = &services[0]["calls"][0];
    assert_eq!(weather["params"][0]["type"], "string[..=16]");
    assert_eq!(weather["exposed"]["guest"], true);
}
