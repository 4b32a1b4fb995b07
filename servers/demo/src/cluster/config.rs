//! The configuration of the demo's cluster: what `servers/arena/cluster.json` has, on free ports.

use std::net::TcpListener;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::backing::Backing;
use crate::arguments::Arguments;

/// Nodes with their roles. The first is the one that the others find each other by, and save to.
const NODES: [(&str, &[&str]); 6] = [
    ("manager", &["manager", "db"]),
    ("backend-1", &["backend"]),
    ("battle-1", &["battle"]),
    ("battle-2", &["battle"]),
    ("lobby-1", &["lobby", "gate", "api"]),
    ("lobby-2", &["lobby", "gate", "api"]),
];

/// The configuration, as JSON.
pub(super) fn text(arguments: &Arguments, folder: &Path, backing: &Backing) -> Result<String> {
    let ports = free_ports(NODES.len())?;
    let first = ports.first().context("there are nodes")?;
    let manager = format!("127.0.0.1:{first}");
    let nodes = NODES.iter().zip(&ports).map(|((name, roles), port)| {
        let mut node = json!({ "roles": roles, "listen": [format!("127.0.0.1:{port}")] });
        if *name == NODES[0].0 && backing.mongodb().is_none() {
            node["store"] = json!({ "embedded": { "path": folder.join("players") } });
        }
        ((*name).to_owned(), node)
    });
    let nodes: serde_json::Map<String, Value> = nodes.collect();
    let store = match backing.mongodb() {
        Some(uri) => json!({ "mongodb": { "uri": uri, "database": "arena_demo" } }),
        None => json!({ "db": { "at": manager } }),
    };
    let cluster = match backing.etcd() {
        Some(endpoints) => {
            // Several demos may share one.
            let prefix = format!("/playhouse/demo-{first}");
            json!({ "etcd": { "endpoints": endpoints, "prefix": prefix } })
        }
        None => json!({ "embedded": { "at": manager } }),
    };
    let config = json!({
        "cluster": cluster,
        "every": {
            "store": store,
            // A node that was killed is back at once.
            "lock": folder.join("locks"),
            "shards": 1,
            "token_secrets": [format!("of demo {} at {first}, and of no other", arguments.seed)],
            "log": { "levels": "info" },
        },
        "nodes": nodes,
        "game": { "battle_time": "10s" },
    });
    Ok(serde_json::to_string_pretty(&config)?)
}

/// Ports that nobody listens on at this moment.
fn free_ports(count: usize) -> Result<Vec<u16>> {
    // All are held until the last is found, so that none comes twice.
    let held: Vec<_> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<Result<_, _>>()?;
    let ports = held.iter().map(|held| Ok(held.local_addr()?.port()));
    ports.collect()
}
