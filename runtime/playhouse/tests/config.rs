//! Nodes that a file describes.

#![allow(
    clippy::unwrap_used,
    reason = "a test that finds nothing where something should be has failed"
)]

use playhouse::config::{Loader, Report};
use playhouse::descriptor::Schema;
use playhouse::node::{
    ClusterConfig, ClusterKey, ConfigureError, Node, NodeConfig, ServerKey, StoreConfig,
};

static SCHEMA: Schema = Schema {
    digest: 0,
    release: 0,
    readable_since: 0,
    past: &[],
    packages: &[],
};

const CLUSTER: &str = r#"{
    "$MACRO$": { "HOST": "127.0.0.1" },
    // What all nodes have.
    "every": {
        "listen": ["$HOST$:0"],
        "save_every": "4s",
        "log": { "levels": "info", "files": { "folder": "log", "keep_for": "7d", "bytes_max": "64MiB" } },
    },
    "nodes": {
        "lobby-1": {
            "roles": [],
            "shards": 1,
            "store": { "embedded": { "path": "data/lobby-1" } },
            "log": { "levels": "debug" },
        },
        "battle-1": { "listen": ["$HOST$:7001"], "stop_timeout": "1s", "store": "none" },
        "saved-afar": { "store": { "db": { "at": "$HOST$:7100" } }, "advertise": ["10.0.0.7"], "join_timeout": "2m" },
        "far": { "store": { "mongodb": { "uri": "mongodb://user:hunter2@10.0.0.5", "database": "arena" } } },
    },
}"#;

fn cluster(text: &str) -> Result<ClusterConfig, Report> {
    Loader::memory([("cluster.json", text)]).load()
}

fn node(name: &str) -> NodeConfig {
    cluster(CLUSTER).unwrap().node(name).unwrap()
}

#[test]
fn a_node_has_what_every_node_has_unless_it_says_otherwise() {
    let lobby = node("lobby-1");
    assert_eq!(lobby.name.as_deref(), Some("lobby-1"));
    assert_eq!(lobby.listen.unwrap(), ["127.0.0.1:0"]);
    assert_eq!(lobby.save_every.unwrap().0.as_secs(), 4);
    let log = lobby.log.unwrap();
    assert_eq!(log.levels.as_deref(), Some("debug"));
    assert_eq!(log.files.unwrap().bytes_max.unwrap().0, 64 << 20);
    let battle = node("battle-1");
    assert_eq!(battle.listen.unwrap(), ["127.0.0.1:7001"]);
    assert_eq!(battle.store, Some(StoreConfig::None));
    let saved_afar = node("saved-afar");
    let at = "127.0.0.1:7100".to_owned();
    assert_eq!(saved_afar.store, Some(StoreConfig::Db { at }));
    assert_eq!(saved_afar.advertise.unwrap(), ["10.0.0.7"]);
    assert_eq!(saved_afar.join_timeout.unwrap().0.as_secs(), 120);
}

#[test]
fn a_node_is_built_as_its_section_says() {
    let built = Node::builder()
        .schema(&SCHEMA)
        .configure(&node("lobby-1"))
        .unwrap()
        .build()
        .unwrap();
    assert_eq!((built.name(), built.shard_count()), ("lobby-1", 1));
}

#[test]
fn a_node_that_is_not_there_is_told_with_those_that_are() {
    let error = cluster(CLUSTER).unwrap().node("lobby-2").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the configuration has no node `lobby-2`: take one of battle-1, far, lobby-1, saved-afar, or add it under `nodes`"
    );
}

#[test]
fn a_password_in_a_connection_string_is_shown_nowhere() {
    let far = node("far");
    assert!(!format!("{far:?}").contains("hunter2"));
    let report = cluster(&CLUSTER.replace("\"database\"", "\"databse\"")).unwrap_err();
    assert!(!report.to_string().contains("hunter2"), "{report}");
    let configured = Node::builder().configure(&far);
    if cfg!(feature = "mongodb") {
        assert!(configured.is_ok());
    } else {
        assert_eq!(configured.unwrap_err(), ConfigureError::NoMongodb);
    }
}

#[test]
fn mistakes_in_sections_have_their_places() {
    let report = cluster(
        r#"{
    "nodes": {
        "a": { "role": ["lobby"], "shards": "two", "store": "embeded" },
        "b": { "save_every": 8, "log": { "colors": "auto", "files": {} } },
    },
}"#,
    )
    .unwrap_err();
    let mut found: Vec<String> = report
        .mistakes()
        .iter()
        .map(|it| {
            let place = it.place.clone().unwrap();
            format!(
                "{}:{} {} {}",
                place.line,
                place.column,
                it.kind.name(),
                it.path
            )
        })
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "3:16 unknown-key nodes.a.role",
            "3:45 wrong-type nodes.a.shards",
            "3:61 unknown-variant nodes.a.store",
            "4:30 wrong-type nodes.b.save_every",
            "4:42 unknown-key nodes.b.log.colors",
            "4:69 missing-key nodes.b.log.files",
        ],
        "{report}"
    );
}

#[test]
fn a_game_has_a_section_of_its_own() {
    #[derive(Debug, Default, serde::Deserialize)]
    struct Rules {
        points: u32,
    }
    let loader = Loader::memory([(
        "cluster.json",
        r#"{ "nodes": {}, "game": { "points": 3 } }"#,
    )]);
    let cluster: ClusterConfig<Rules> = loader.load().unwrap();
    assert_eq!(cluster.game.points, 3);
}

#[test]
fn a_cluster_is_joined_as_the_file_says() {
    let text = r#"{
        "cluster": { "embedded": { "at": "127.0.0.1:7300" } },
        "nodes": {
            "manager": { "roles": [], "listen": ["127.0.0.1:7300"] },
            "everywhere": { "roles": [], "listen": ["0.0.0.0:7301"] },
            "told": { "roles": [], "listen": ["0.0.0.0:7302"], "advertise": ["10.0.0.7"] },
        },
    }"#;
    let build = |name: &str| {
        let node = cluster(text).unwrap().node(name).unwrap();
        let builder = Node::builder().schema(&SCHEMA).configure(&node).unwrap();
        builder.build().map(|_| ())
    };
    assert_eq!(build("manager"), Ok(()));
    assert_eq!(build("told"), Ok(()));
    let error = build("everywhere").unwrap_err();
    assert!(error.to_string().contains(".advertise("), "{error}");
}

#[test]
fn peers_are_trusted_by_their_networks() {
    let check = |peers: &str| {
        let node = format!(r#"{{ "nodes": {{ "a": {{ "trust_peers": [{peers}] }} }} }}"#);
        cluster(&node).map(|it| it.node("a").unwrap().trust_peers.unwrap().len())
    };
    assert_eq!(check(r#""10.0.0.0/24", "fd00::7""#).unwrap(), 2);
    let report = check(r#""10.0.0.7/24""#).unwrap_err().to_string();
    assert!(
        report.contains("expected an address or a network"),
        "{report}"
    );
}

/// A folder of a test's own, which goes with it.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = format!("playhouse-config-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What comes of a node whose section has these keys.
fn configured(keys: &str, clustered: bool) -> Result<(), ConfigureError> {
    let registry = r#""cluster": { "embedded": { "at": "127.0.0.1:7300" } },"#;
    let registry = if clustered { registry } else { "" };
    let text = format!(
        r#"{{ {registry} "nodes": {{ "a": {{ "listen": ["127.0.0.1:7300"], {keys} }} }} }}"#
    );
    let node = cluster(&text).unwrap().node("a").unwrap();
    let configured = Node::builder().schema(&SCHEMA).configure(&node);
    configured.map(drop)
}

#[test]
fn a_node_of_a_developer_makes_its_key_once() {
    let folder = Folder::new("dev");
    let keys = format!(r#""mode": "dev", "lock": {:?}"#, folder.0);
    configured(&keys, true).unwrap();
    let path = folder.0.join("server.key");
    let first = std::fs::read_to_string(&path).unwrap();
    let key: ServerKey = first.parse().unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "its owner alone reads it");
    }
    configured(&keys, false).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
    let kept: Vec<_> = std::fs::read_dir(&folder.0).unwrap().collect();
    assert_eq!(kept.len(), 2, "nothing else is left there: {kept:?}");
    let secret = std::fs::read_to_string(folder.0.join("token.secret")).unwrap();
    assert_ne!(secret, first);

    std::fs::write(&path, "no key").unwrap();
    let error = configured(&keys, false).unwrap_err().to_string();
    assert!(
        error.contains("server.key") && error.contains("44 characters"),
        "{error}"
    );
    assert!(!error.contains(&*key.reveal()));
    let error = configured(r#""mode": "dev""#, false).unwrap_err();
    assert_eq!(error, ConfigureError::NoFolder);
}

#[test]
fn a_node_of_a_developer_makes_its_certificate_once() {
    let folder = Folder::new("certificate");
    let node = |keys: &str| {
        let listen = r#""listen": ["wss://127.0.0.1:0", "quic://127.0.0.1:0"]"#;
        let text = format!(r#"{{ "nodes": {{ "a": {{ {listen}, {keys} }} }} }}"#);
        let node = cluster(&text).unwrap().node("a").unwrap();
        Node::builder().schema(&SCHEMA).configure(&node)
    };
    let dev = format!(r#""mode": "dev", "lock": {:?}"#, folder.0);
    let shown = || {
        let running = node(&dev).unwrap().build().unwrap().start().unwrap();
        running.certificate().unwrap()
    };
    let first = shown();
    assert_eq!(shown(), first);
    // What has gone is made again, of the key that stayed; where that has gone nothing fits.
    std::fs::remove_file(folder.0.join("certificate.pem")).unwrap();
    assert_ne!(shown(), first);
    std::fs::write(folder.0.join("certificate.key"), "none").unwrap();
    let error = node(&dev).unwrap().build().unwrap().start().unwrap_err();
    assert!(error.to_string().contains("private key"), "{error}");
    std::fs::remove_file(folder.0.join("certificate.pem")).unwrap();
    let error = node(&dev).unwrap_err().to_string();
    assert!(
        error.contains("certificate.pem") && error.contains("remove"),
        "{error}"
    );

    let none = node(r#""shards": 1"#).unwrap().build().unwrap().start();
    let error = none.unwrap_err().to_string();
    assert!(
        error.contains("no certificate") && error.contains("dev"),
        "{error}"
    );
}

#[test]
fn a_node_of_many_that_start_at_once_has_the_key_of_all() {
    let folder = Folder::new("many");
    let keys = format!(r#""mode": "dev", "lock": {:?}"#, folder.0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| configured(&keys, false).unwrap());
        }
    });
    let text = std::fs::read_to_string(folder.0.join("server.key")).unwrap();
    text.parse::<ServerKey>().unwrap();
}

#[test]
fn production_asks_for_keys_and_says_what_makes_them() {
    let (server, cluster) = (
        ServerKey::generate().unwrap().reveal(),
        ClusterKey::generate().unwrap().reveal(),
    );
    let noise = format!(r#""noise": {{ "server_key": "{}" }}"#, *server);
    let cluster_key = format!(r#""cluster_key": "{}""#, *cluster);
    let missing = |keys: &str, clustered| configured(keys, clustered).unwrap_err();
    let production = r#""mode": "production""#;
    let error = missing(production, false);
    assert_eq!(error, ConfigureError::NoKey("noise.server_key"));
    assert!(error.to_string().contains("`playhouse keys`"), "{error}");
    let without = format!("{production}, {noise}");
    configured(&without, false).unwrap();
    assert_eq!(
        missing(&without, true),
        ConfigureError::NoKey("cluster_key")
    );
    configured(&format!("{without}, {cluster_key}"), true).unwrap();
    let http = r#""login_http": { "listen": "127.0.0.1:0" }"#;
    let login = format!("{without}, {http}");
    let error = missing(&login, false);
    assert_eq!(error, ConfigureError::NoKey("token_secrets"));
    let secrets = r#""token_secrets": ["nobody guesses this"]"#;
    configured(&format!("{login}, {secrets}"), false).unwrap();
    // Keys alone are enough, and the section without one is not.
    configured(&format!("{noise}, {cluster_key}"), true).unwrap();
    let bare = missing(r#""noise": {}"#, false);
    assert_eq!(bare, ConfigureError::NoKey("noise.server_key"));
}

#[test]
fn what_is_no_key_is_refused_and_not_shown() {
    for (keys, name) in [
        (r#""cluster_key": "correct horse""#, "cluster_key"),
        (
            r#""noise": { "server_key": "correct horse" }"#,
            "noise.server_key",
        ),
    ] {
        let error = configured(keys, false).unwrap_err();
        assert!(matches!(error, ConfigureError::Key { .. }));
        let text = format!("{error} {error:?}");
        assert!(text.contains(name) && !text.contains("horse"), "{text}");
    }
    let node = cluster(r#"{ "nodes": { "a": { "cluster_key": "correct horse" } } }"#);
    let shown = format!("{:?}", node.unwrap());
    assert!(!shown.contains("horse"), "{shown}");
}

/// The file of the page on security, with secrets as `playhouse keys` prints them.
#[test]
fn the_page_on_security_says_how_a_node_goes_on_the_internet() {
    let page = include_str!("../../../docs/security.md");
    let (_, rest) = page.split_once("```json internet.json\n").unwrap();
    let (file, _) = rest.split_once("```\n").unwrap();
    let secret = "A".repeat(43) + "=";
    let load = |names: &[&str]| {
        let variables = names.iter().map(|name| (*name, secret.as_str()));
        let loader = Loader::memory([("internet.json", file)]).variables(variables);
        loader.load::<ClusterConfig>()
    };
    let all = ["SERVER_KEY", "CLUSTER_KEY", "TOKEN_SECRET"];
    let node = load(&all).unwrap().node("game-1").unwrap();
    let builder = Node::builder().schema(&SCHEMA).configure(&node);
    assert!(builder.is_ok(), "{:?}", builder.err());
    for absent in all {
        let others: Vec<&str> = all.into_iter().filter(|name| *name != absent).collect();
        let report = load(&others).unwrap_err().to_string();
        assert!(report.contains(absent), "{report}");
    }
}

/// The file of the page on clusters makes nodes, and its table has every key, with an example that is taken.
#[test]
fn the_page_on_clusters_says_what_a_node_may_be_told() {
    let page = include_str!("../../../docs/cluster.md");
    let (_, rest) = page.split_once("```json cluster.json\n").unwrap();
    let (file, rest) = rest.split_once("```\n").unwrap();
    let built = cluster(file).unwrap();
    assert_eq!(built.nodes.len(), 4);
    for name in built.nodes.keys() {
        let node = built.node(name).unwrap();
        assert!(node.trust_peers.is_some() && node.listen.is_some());
        // The schema of this test has no roles.
        let mut node = node;
        node.roles = None;
        let builder = Node::builder().schema(&SCHEMA).configure(&node).unwrap();
        builder.build().unwrap();
    }

    let (_, rest) = rest.split_once("<!-- keys: ").unwrap();
    let (table, _) = rest.split_once("<!-- end of keys -->").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let mut listed: Vec<&str> = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (key, example) = (cells[1].trim_matches('`'), cells[4].trim_matches('`'));
        assert!(example.starts_with(&format!("\"{key}\": ")), "{row}");
        let node = format!(r#"{{ "nodes": {{ "a": {{ {example} }} }} }}"#);
        let loader = Loader::memory([("cluster.json", node.as_str())]);
        let secrets = ["SERVER_KEY", "CLUSTER_KEY", "TOKEN_SECRET"];
        let loader = loader.variables(secrets.map(|name| (name, "kept elsewhere")));
        if let Err(report) = loader.load::<ClusterConfig>() {
            panic!("{report}");
        }
        listed.push(key);
    }
    let report = cluster(r#"{ "nodes": { "a": { "no such key": 1 } } }"#).unwrap_err();
    let mut known = report.mistakes()[0].known.clone();
    known.sort();
    listed.sort_unstable();
    assert_eq!(listed, known);
}
