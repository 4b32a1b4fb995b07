//! The configuration of the demo's cluster: what `servers/arena/cluster.json` has, on ports of its own.

use std::path::Path;

use anyhow::Result;
use arena::up::Ports;
use serde_json::{Value, json};

use super::backing::Backing;
use crate::arguments::{Arguments, LoginBy};
use crate::doors::{Carrier, Doors};

/// Nodes with their roles. The first is the one that the others find each other by, and save to.
const NODES: [(&str, &[&str]); 8] = [
    (MANAGER, &["manager", "db"]),
    (BACKEND, &["backend", "api"]),
    ("battle-1", &["battle"]),
    ("battle-2", &["battle"]),
    ("lobby-1", &["lobby"]),
    ("lobby-2", &["lobby"]),
    ("gate-1", GATE),
    ("gate-2", GATE),
];

const MANAGER: &str = "manager";
const BACKEND: &str = "backend-1";
const GATE: &[&str] = &["gate"];

/// A cluster that is described, and where bots come in.
#[derive(Debug)]
pub(super) struct Layout {
    /// The configuration, as JSON.
    pub(super) text: String,
    /// Where the gates listen for bots: of each transport one gate after another.
    pub(super) gates: Vec<String>,
    /// Where logins over HTTP are taken, if bots come in so.
    pub(super) login_http: Option<String>,
}

impl Layout {
    pub(super) fn new(
        arguments: &Arguments,
        folder: &Path,
        backing: &Backing,
        doors: &Doors,
        ports: &mut Ports,
    ) -> Result<Self> {
        let first = ports.next_free()?;
        let manager = Carrier::Tcp.address(first);
        let login_http = match arguments.login {
            LoginBy::Link => None,
            LoginBy::Http => Some(Carrier::Tcp.address(ports.next_free()?)),
        };
        let (mut nodes, mut gates) = (serde_json::Map::new(), Vec::new());
        for (name, roles) in NODES {
            let tcp = match name {
                MANAGER => first,
                _ => ports.next_free()?,
            };
            let mut listen = vec![Carrier::Tcp.address(tcp)];
            if roles == GATE {
                for carrier in doors.carriers() {
                    let address = match carrier {
                        // That of nodes is for clients, too.
                        Carrier::Tcp => Carrier::Tcp.address(tcp),
                        carrier => carrier.address(ports.next_free()?),
                    };
                    if *carrier != Carrier::Tcp {
                        listen.push(address.clone());
                    }
                    gates.push((*carrier as u8, address));
                }
            }
            let mut node = json!({ "roles": roles, "listen": listen });
            if roles == GATE {
                node["tls"] = doors.tls().into();
                node["noise"] = doors.noise().into();
            }
            if let (BACKEND, Some(login)) = (name, &login_http) {
                node["login_http"] = json!({ "listen": login });
            }
            if name == MANAGER && backing.mongodb().is_none() {
                node["store"] = json!({ "embedded": { "path": folder.join("players") } });
            }
            nodes.insert(name.to_owned(), node);
        }
        gates.sort_by_key(|(carrier, _)| *carrier);
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
                "cluster_key": doors.cluster_key(),
                "token_secrets": [format!("the secret of demo {} {first}", arguments.seed)],
                // All bots have one address.
                "guests_per_address": arguments.bots.max(16),
                "log": { "levels": "info" },
            },
            "nodes": Value::Object(nodes),
            "game": { "battle_time": "10s" },
        });
        Ok(Self {
            text: serde_json::to_string_pretty(&config)?,
            gates: gates.into_iter().map(|(_, address)| address).collect(),
            login_http,
        })
    }
}
