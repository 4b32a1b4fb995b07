//! The game on several nodes, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use arena::app::{Arena, Rules, node};
use arena_bots::SCHEMA;
use arena_bots::account::Login;
use arena_bots::crowd::{self, CrowdOptions};
use arena_bots::meter::Meter;
use arena_schema::common::Region;
use arena_schema::world::{LobbyCenter, LobbyStub};
use playhouse::cluster::Embedded;
use playhouse::logic::EntitySchema;
use playhouse::sim::Sim;
use playhouse_client::{Client, Scheme, Uuid};

use crate::game::{info, keys};

const MANAGER: &str = "manager:7000";
/// Long enough for nodes to find one another, and for stubs to report.
const SETTLE: Duration = Duration::from_secs(4);
/// Shorter than it takes a center to forget a node by itself.
const SOON: Duration = Duration::from_secs(1);
/// How long players play until they finish what they do.
const PLAY: Duration = Duration::from_secs(20);

/// A manager, and these nodes with a role or two each.
fn cluster(nodes: &[(&'static str, &'static [&'static str])]) -> Sim {
    let sim = Sim::new(5);
    let _store = sim.store();
    add(&sim, "manager", &["manager", "db", "backend"]);
    for (name, roles) in nodes {
        add(&sim, name, roles);
    }
    sim.run_for(SETTLE);
    sim
}

fn add(sim: &Sim, name: &'static str, roles: &'static [&'static str]) {
    sim.node(name, move || {
        let rules = Rules::default();
        let node = node(Arena {
            keys: keys(),
            rules,
        })
        .name(name)
        .roles(roles.to_vec());
        let membership = match name {
            "manager" => Embedded::hosting(),
            _ => Embedded::at(MANAGER),
        };
        node.shards(1)
            .listen(format!("{name}:7000"))
            .cluster(membership)
    });
}

/// The lobby that newcomers are sent to.
fn picked(sim: &Sim) -> Option<String> {
    let pick = async || LobbyCenter::only().pick(Region::Europe).await;
    let stub = sim.on("manager", pick).unwrap().unwrap()?;
    LobbyStub::key(&stub.address().key)
}

#[test]
fn a_lobby_that_leaves_gets_nobody_any_more() {
    let sim = cluster(&[("lobby-1", &["lobby"]), ("lobby-2", &["lobby"])]);
    assert_eq!(picked(&sim).as_deref(), Some("lobby-1"));
    assert!(sim.stop("lobby-1", Duration::from_secs(30)));
    sim.run_for(SOON);
    assert_eq!(picked(&sim).as_deref(), Some("lobby-2"));
}

#[test]
fn a_grant_names_the_gates_of_the_cluster() {
    let gates: &[_] = &["gate", "api", "lobby"];
    let sim = cluster(&[
        ("gate-1", gates),
        ("gate-2", gates),
        ("battle-1", &["battle"]),
    ]);
    let granted = |who: &'static str| {
        let grant = sim.client(who, async |host| {
            let client = Client::builder(&SCHEMA).network(host.network());
            let client = client.connect("gate-1:7000").await.unwrap();
            let login = client.service::<Login>();
            let grant = login.enter_as_guest(Uuid([1; 16]), info("1.0.0")).await;
            let mut gates = grant.unwrap().gates;
            gates.sort();
            gates
        });
        assert!(sim.run_until(SETTLE, || grant.is_there()));
        grant.take().unwrap()
    };
    assert_eq!(granted("ann"), ["gate-1:7000", "gate-2:7000"]);
    assert!(sim.stop("gate-2", Duration::from_secs(30)));
    assert_eq!(granted("bob"), ["gate-1:7000"]);
}

#[test]
fn players_come_and_fight_through_gates_that_crash_and_notice_nothing() {
    let gates: &[_] = &["gate"];
    let sim = cluster(&[
        ("lobby-1", &["lobby"]),
        ("lobby-2", &["lobby"]),
        ("battle-1", &["battle"]),
        ("battle-2", &["battle"]),
        ("api-1", &["api"]),
        ("gate-1", gates),
        ("gate-2", gates),
    ]);
    let meter = Arc::new(Meter::default());
    let bots_meter = Arc::clone(&meter);
    let played = sim.client("bots", async move |host| {
        let options = CrowdOptions {
            bots: 8,
            seed: 5,
            addresses: ["gate-1:7000", "gate-2:7000"].map(str::to_owned).into(),
            networks: vec![(Scheme::Tcp, host.network())],
            kcp: None,
            server_key: None,
            login_http: None,
            chaos: true,
        };
        crowd::play(options, Arc::clone(&bots_meter), tokio::time::sleep(PLAY)).await;
    });
    assert!(sim.run_until(SETTLE, || meter.read().online == 8));
    let mut gates = ["gate-1", "gate-2"].into_iter().cycle();
    while !played.is_there() {
        assert!(sim.now() < 6 * PLAY, "they are still playing");
        let gate = gates.next().unwrap();
        sim.crash(gate);
        sim.run_for(SOON);
        sim.restart(gate);
        sim.run_for(3 * SOON);
    }
    let reading = meter.read();
    assert_eq!(meter.failures(), [""; 0]);
    assert!(reading.battles > 0 && reading.resumes > 0, "{reading:?}");
    assert_eq!((reading.lost, reading.doubled), (0, 0));
}
