//! The watchdog, on a clock that is set by hand.

use std::sync::Arc;
use std::time::Duration;

use playhouse::descriptor::Declaration;
use playhouse::watchdog::{Mark, Owner, Polled, STALL_AFTER, Watchdog};
use tokio::time::Instant;

use crate::schema;

const TRADE: Polled = Polled {
    owner: 0,
    slot: 2,
    tag: 1,
    key: Some(7),
};
const SEARCH: Polled = Polled {
    owner: 1,
    slot: 0,
    tag: 1,
    key: None,
};

struct Watch {
    marks: Vec<Arc<Mark>>,
    watchdog: Watchdog,
    now: Instant,
}

impl Watch {
    fn new() -> Self {
        let declarations = || {
            let packages = schema::SCHEMA.packages.iter();
            packages
                .flat_map(|package| package.modules)
                .flat_map(|module| module.declarations)
        };
        let owner = |wanted: &str| {
            declarations()
                .find_map(|declaration| match declaration {
                    Declaration::Entity(entity) if entity.head.name == wanted => {
                        Some(Owner::Entity(entity))
                    }
                    Declaration::Service(service) if service.head.name == wanted => {
                        Some(Owner::Service(service))
                    }
                    _ => None,
                })
                .unwrap()
        };
        let marks = vec![Arc::new(Mark::default()), Arc::new(Mark::default())];
        let owners = vec![owner("Player"), owner("Matchmaker")];
        Self {
            watchdog: Watchdog::new(owners, marks.clone(), STALL_AFTER),
            marks,
            now: Instant::now(),
        }
    }

    fn after(&mut self, ms: u64) -> Vec<String> {
        self.now += Duration::from_millis(ms);
        let stalls = self.watchdog.check(self.now);
        stalls.iter().map(ToString::to_string).collect()
    }
}

const REPORT: &str = "handler of Player(7).inventory.trade has not yielded for 100 ms on shard 1: let it await, or \
                      move the work to a thread of its own";

#[test]
fn a_stall_is_reported_once() {
    let mut watch = Watch::new();
    let outer = watch.marks[1].enter(TRADE);
    assert!(watch.after(0).is_empty());
    assert!(watch.after(99).is_empty());
    assert_eq!(watch.after(1), [REPORT]);
    assert!(watch.after(500).is_empty());
    watch.marks[1].leave(outer);
    assert!(watch.after(1).is_empty());
    assert_eq!((watch.marks[0].stalls(), watch.marks[1].stalls()), (0, 1));

    let _stalls_again = watch.marks[1].enter(TRADE);
    assert!(watch.after(1).is_empty());
    assert_eq!(watch.after(100), [REPORT]);
    assert_eq!(watch.marks[1].stalls(), 2);
}

#[test]
fn a_shard_that_polls_one_after_the_other_does_not_stall() {
    let mut watch = Watch::new();
    for _ in 0..20 {
        let outer = watch.marks[0].enter(TRADE);
        assert!(watch.after(60).is_empty());
        watch.marks[0].leave(outer);
    }
}

#[test]
fn calls_inside_of_a_call_are_part_of_its_poll() {
    let mut watch = Watch::new();
    let search = watch.marks[0].enter(SEARCH);
    assert!(watch.after(0).is_empty());
    for _ in 0..20 {
        let trade = watch.marks[0].enter(TRADE);
        watch.marks[0].leave(trade);
    }
    let report = watch.after(250).concat();
    assert!(
        report.starts_with("handler of Matchmaker.search has not yielded for 250 ms on shard 0"),
        "{report}"
    );
    watch.marks[0].leave(search);
    assert!(watch.after(250).is_empty());
}

#[test]
fn an_unknown_owner_or_call_is_still_reported() {
    let mut watch = Watch::new();
    let _stalls = watch.marks[0].enter(Polled { owner: 9, ..TRADE });
    let _stalls = watch.marks[1].enter(Polled {
        slot: 99,
        tag: 0,
        ..TRADE
    });
    assert!(watch.after(0).is_empty());
    let reports = watch.after(100);
    assert!(
        reports[0].starts_with("handler of an unknown type has not"),
        "{reports:?}"
    );
    assert!(
        reports[1].starts_with("handler of Player(7) has not"),
        "{reports:?}"
    );
}
