//! A release that does not fit: its nodes are refused what differs, and get nothing of it until the others are gone.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use playhouse::cluster::Embedded;
use playhouse::db::{Remote, Serving};
use playhouse::metrics::FRESH_FOR;
use playhouse::{Failure, FailureKind, store};
use playhouse_upgrade_release_1 as first;
use playhouse_upgrade_release_3 as third;

use crate::tavern::{STREET, Tavern};

/// A refusal that names the type, the member that changed, and where to look.
#[track_caller]
fn names_the_member(failure: &Failure, of: &str) {
    assert_eq!(failure.kind(), FailureKind::Incompatible, "{failure}");
    assert_eq!(failure.executed(), playhouse::Executed::NotExecuted);
    let text = failure.text();
    for words in [
        of,
        "of release 1 does not fit that of release 3",
        "`tavern.Order.count (field/rebound_wider)`",
        "`playhouse compat`",
    ] {
        assert!(text.contains(words), "{text}\nlacks {words}");
    }
}

fn order() -> first::tavern::Order {
    first::tavern::Order {
        dish: 1,
        count: 2,
        ..first::tavern::Order::default()
    }
}

fn feast() -> third::tavern::Order {
    third::tavern::Order {
        dish: 1,
        count: 500,
        ..third::tavern::Order::default()
    }
}

#[test]
fn nothing_of_what_differs_is_placed_on_a_node_of_the_other_release() {
    for seed in 0..2 {
        let tavern = Tavern::open(seed, 1);
        tavern.replace(1, 3);
        tavern.on(STREET, async || {
            for guest in 1..40 {
                let host = first::tavern::Guest::of(guest).host().await.unwrap();
                assert!(host.ends_with("of release 1"), "{host}");
                first::tavern::Kitchen::any().cook(order()).await.unwrap();
            }
            // What has not changed is called wherever it is.
            first::tavern::Landlord::only().greet().await.unwrap();
        });
        tavern.on("south", async || {
            third::tavern::Landlord::only().greet().await.unwrap();
        });
        tavern.sim.end().unwrap();
    }
}

#[test]
fn calls_between_the_two_are_refused_and_name_what_changed() {
    let tavern = Tavern::open(1, 1);
    tavern.replace(1, 3);
    // From the newer to the older, which runs all of them.
    let failure = tavern.on("south", async || third::tavern::Guest::of(1).visit().await);
    names_the_member(&failure.unwrap_err(), "`tavern.Guest`");
    // From the older to the newer, though nobody finds it so.
    let failure = tavern.on(STREET, async || {
        first::tavern::Kitchen::at("south:7000").cook(order()).await
    });
    names_the_member(&failure.unwrap_err(), "`tavern.Kitchen`");
    for node in [0, 2] {
        tavern.replace(node, 3);
    }
    // From the older to where there are only newer ones.
    for of in ["`tavern.Guest`", "`tavern.Kitchen`"] {
        let failure = tavern.on(STREET, async move || match of {
            "`tavern.Guest`" => first::tavern::Guest::of(1).visit().await.map(drop),
            _ => first::tavern::Kitchen::any().cook(order()).await.map(drop),
        });
        names_the_member(&failure.unwrap_err(), of);
    }
    tavern.sim.end().unwrap();
}

#[test]
fn the_newer_nodes_take_over_when_the_last_older_one_is_gone() {
    for seed in 0..2 {
        let tavern = Tavern::open(seed, 1);
        tavern.on(STREET, async || {
            for guest in 1..=12 {
                first::tavern::Guest::of(guest).visit().await.unwrap();
            }
        });
        for node in 0..3 {
            tavern.replace(node, 3);
        }
        tavern.on("north", async || {
            for guest in 1..=12 {
                let visits = third::tavern::Guest::of(guest).visit().await;
                assert_eq!(visits, Ok(2), "guest {guest}");
            }
        });
        tavern.sim.end().unwrap();
    }
}

#[test]
fn what_only_the_newer_can_read_is_left_to_them_and_not_lost() {
    for seed in 0..2 {
        let tavern = Tavern::open(seed, 1);
        for node in 0..3 {
            tavern.replace(node, 3);
        }
        tavern.on("north", async || {
            let feasted = third::tavern::Guest::of(1).order(feast()).await;
            assert_eq!(feasted, Ok(500));
        });
        for node in 0..3 {
            tavern.replace(node, 1);
        }
        let failure = tavern.on(STREET, async || first::tavern::Guest::of(1).visit().await);
        let failure = failure.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Incompatible, "{failure}");
        let words = "a node of a later release wrote it";
        assert!(failure.text().contains(words), "{failure}");
        for node in 0..3 {
            tavern.replace(node, 3);
        }
        let tab = tavern.on("north", async || third::tavern::Guest::of(1).tabs().await);
        assert_eq!(tab.unwrap(), [feast()], "seed {seed}");
        tavern.sim.end().unwrap();
    }
}

fn page(address: &str) -> String {
    std::thread::sleep(FRESH_FOR);
    let mut stream = TcpStream::connect(address).unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(request).unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

#[test]
fn a_node_of_a_release_that_does_not_fit_is_counted_as_incompatible() {
    let folder = std::env::temp_dir().join(format!("playhouse-upgrade-{}", std::process::id()));
    let old = first::node()
        .name("old")
        .roles(["hall", "db"])
        .listen("127.0.0.1:0")
        .metrics("127.0.0.1:0")
        .service(Serving::new)
        .store(store::Embedded::at(&folder).free_bytes_min(0))
        .cluster(Embedded::hosting());
    let old = old.build().unwrap().start().unwrap();
    let address = old.addresses().remove(0);
    let new = third::node()
        .name("new")
        .listen("127.0.0.1:0")
        .metrics("127.0.0.1:0")
        .store(Remote::at(address.as_str()))
        .cluster(Embedded::at(address.as_str()));
    let new = new.build().unwrap().start().unwrap();
    for node in [&old, &new] {
        let address = node.metrics_address().unwrap();
        let line = "playhouse_members{state=\"incompatible\"} ";
        let counted = (0..600).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            let page = page(&address);
            let line = page.lines().find_map(|it| it.strip_prefix(line));
            line.is_some_and(|count| count != "0")
        });
        assert!(counted, "{}", node.name());
    }
    for node in [new, old] {
        node.stop();
        node.wait().unwrap();
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
