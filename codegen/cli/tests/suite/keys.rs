//! `playhouse keys`, and tools that bring the cluster's key.

use playhouse::node::{ClusterKey, PublicKey, ServerKey};

use crate::folder::Folder;
use crate::world;

/// The word behind the name in a line.
fn value<'a>(out: &'a str, name: &str) -> &'a str {
    let line = out.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap()
}

#[test]
fn keys_are_new_each_time_and_fit_together() {
    let folder = Folder::empty();
    let out = folder.run(&["keys"]).expect(0, &[]).out;
    let server: ServerKey = value(&out, "server_key").parse().unwrap();
    let public: PublicKey = value(&out, "public_key").parse().unwrap();
    assert_eq!(server.public_key(), public);
    value(&out, "cluster_key").parse::<ClusterKey>().unwrap();
    let again = folder.run(&["keys", "--json"]).expect(0, &[]).out;
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    for name in ["server_key", "public_key", "cluster_key", "token_secret"] {
        assert_ne!(again[name], value(&out, name));
    }
    folder.write("server.key", format!("{}\n", value(&out, "server_key")));
    let shown = folder.run(&["keys", "--public-of", "server.key"]);
    assert_eq!(shown.expect(0, &[]).out, format!("{public}\n"));
    folder.write("server.key", "correct horse");
    let wrong = folder.run(&["keys", "--public-of", "server.key"]);
    wrong.expect(2, &["server.key holds no key", "44 characters"]);
}

#[test]
fn a_tool_without_the_key_is_told_what_it_lacks() {
    let folder = Folder::empty();
    let (ours, theirs) = (
        ClusterKey::generate().unwrap(),
        ClusterKey::generate().unwrap(),
    );
    folder.write("ours.key", &*ours.reveal().clone());
    folder.write("theirs.key", &*theirs.reveal().clone());
    let (_running, address) = world::start(world::builder().cluster_key(ours));
    let call = |rest: &[&str]| {
        let call: &[&str] = &["call", &address, "Door.weather"];
        folder.run(&[call, rest].concat())
    };
    let fog = call(&["--cluster-key-file", "ours.key"]).expect(0, &[]);
    assert_eq!(fog.out, "\"fog here\"\n");
    call(&[]).expect(2, &["need the cluster's key", "--cluster-key-file"]);
    call(&["--cluster-key-file", "theirs.key"]).expect(2, &["its key is another one"]);
    call(&["--cluster-key-file", "none.key"]).expect(2, &["none.key can't be read"]);
    let at = ["--at", &address, "--cluster-key-file", "ours.key"];
    folder
        .run(&[&["ctl", "nodes"][..], &at].concat())
        .expect(0, &[]);
    let (_plain, address) = world::node();
    folder
        .run(&["describe", &address, "--cluster-key-file", "ours.key"])
        .expect(2, &["takes no encrypted connections"]);
}
