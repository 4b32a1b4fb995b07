//! Two that trade with one another over two shards: one of them gives way, the other goes on.

use playhouse::sim::Sim;
use playhouse::{Failure, FailureKind};

use crate::schema::harbour::{AccountId, Guest};
use crate::world::{self, ms};

const ROUNDS: u64 = 100;

async fn trade(first: u64, second: u64) -> [Result<u32, Failure>; 2] {
    let meet = |me: u64, other: u64| {
        let other = Guest::reference(AccountId(other));
        tokio::task::spawn_local(Guest::of(AccountId(me)).meet(other, "", ms(5)))
    };
    let (one, two) = (meet(first, second), meet(second, first));
    [one.await.unwrap(), two.await.unwrap()]
}

#[test]
fn of_two_that_trade_at_once_one_gives_way_and_one_succeeds() {
    let sim = Sim::new(7);
    sim.node("pier", || world::builder().listen("pier:7000"));
    let outcomes = sim.on("pier", async || {
        let mut outcomes = Vec::new();
        for round in 0..ROUNDS {
            let pair = (2 * round + 1, 2 * round + 2);
            outcomes.push(trade(pair.0, pair.1).await);
            outcomes.push(trade(pair.1, pair.0).await);
        }
        outcomes
    });
    for outcome in outcomes.unwrap() {
        let failures: Vec<_> = outcome.iter().filter_map(|it| it.as_ref().err()).collect();
        assert_eq!(failures.len(), 1, "{outcome:?}");
        assert_eq!(failures[0].kind(), FailureKind::Deadlock, "{outcome:?}");
    }
    sim.end().unwrap();
}
