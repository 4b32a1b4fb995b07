//! Nodes whose clocks show different times: all goes on, and both sides say so once.

use std::sync::mpsc::channel;
use std::time::Duration;

use playhouse::log::{Level, Logging};
use playhouse_upgrade_release_1 as first;

use crate::tavern::{HALLS, STREET, Tavern};

/// What nodes say of clocks while a tavern is open whose first hall is so far ahead: who says it, and what.
fn said(ahead_us: i64) -> Vec<(String, String)> {
    let (give, lines) = channel();
    let builder = Logging::builder().on_record(Level::WARN, move |record| {
        if record.message().starts_with("the clock of") {
            let line = (record.node().to_owned(), record.message().to_owned());
            give.send(line).unwrap();
        }
    });
    let guard = builder.start().unwrap();
    tracing::dispatcher::with_default(guard.dispatch(), || {
        let tavern = Tavern::open_with(1, 1, |sim| sim.set_date_ahead(HALLS[0], ahead_us));
        for _ in 0..2 {
            tavern.on(STREET, async || {
                let order = first::tavern::Order {
                    dish: 1,
                    count: 2,
                    ..first::tavern::Order::default()
                };
                for hall in HALLS {
                    let kitchen = first::tavern::Kitchen::at(format!("{hall}:7000"));
                    assert_eq!(kitchen.cook(order).await, Ok(2));
                }
                for guest in 1..10 {
                    first::tavern::Guest::of(guest).visit().await.unwrap();
                }
            });
            tavern.sim.run_for(Duration::from_secs(20));
        }
        tavern.sim.end().unwrap();
    });
    drop(guard);
    let mut said: Vec<_> = lines.into_iter().collect();
    said.sort();
    said
}

#[test]
fn both_sides_say_once_how_far_apart_their_clocks_are() {
    let said = said(3_600_000_000);
    let found: Vec<_> = said
        .iter()
        .map(|(node, text)| (node.as_str(), text.split(':').next().unwrap_or_default()))
        .collect();
    let expected = [
        (
            HALLS[0],
            "the clock of node `street` is 3600.0 s behind this node's",
        ),
        (
            STREET,
            "the clock of node `north` is 3600.0 s ahead of this node's",
        ),
    ];
    assert_eq!(found, expected);
    assert!(
        said.iter()
            .all(|(_, text)| text.ends_with("keep time by NTP"))
    );
}

#[test]
fn clocks_that_nearly_agree_are_no_matter() {
    assert_eq!(said(1_900_000), []);
}
