//! A center, of which a cluster has one, and its agents, of which each node has one: they find one another again by themselves,
//! whichever of them is lost.

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse::{Executed, FailureKind};

use crate::schema::caravan::{Herder, Oasis};
use crate::simulated::Caravan;

/// A node that was killed is over by then, and what it ran has begun elsewhere.
const OVER_WITHIN: Duration = Duration::from_secs(12);

const NODES: [&str; 3] = ["east", "south", "west"];

/// Which herders the center knows, as this node finds it; none if it can't be asked.
fn known(caravan: &Caravan, asking: &str) -> BTreeMap<String, u64> {
    let herders = caravan.on(asking, async || Oasis::only().herders().await);
    herders.unwrap_or_default()
}

fn names(known: &BTreeMap<String, u64>) -> Vec<&str> {
    known.keys().map(String::as_str).collect()
}

#[test]
fn agents_report_by_themselves_to_a_center_that_has_moved() {
    for seed in 0..5 {
        let caravan = Caravan::new(seed, &NODES);
        let at = caravan.on("east", async || Oasis::only().where_now().await);
        let at = at.unwrap();
        let left: Vec<&str> = NODES.into_iter().filter(|node| *node != at).collect();
        let all = || names(&known(&caravan, left[0])).len() == NODES.len();
        assert!(caravan.sim.run_until(OVER_WITHIN, all), "seed {seed}");
        caravan.sim.crash(&at);
        caravan.meeting.forget(&at);
        // Nobody calls it: it begins by itself, and they find it by themselves.
        caravan.sim.run_for(OVER_WITHIN);
        let now = known(&caravan, left[1]);
        assert_eq!(names(&now), left, "seed {seed}");
        let asking = left[0].to_owned();
        let moved = caravan.on(&asking, async || Oasis::only().where_now().await);
        assert_ne!(moved.unwrap(), at, "seed {seed}");
        caravan.sim.end().unwrap();
    }
}

#[test]
fn the_agent_of_a_node_that_starts_again_reports_in_its_new_life() {
    for seed in 0..5 {
        let caravan = Caravan::new(seed, &NODES);
        let at = caravan.on("east", async || Oasis::only().where_now().await);
        let at = at.unwrap();
        let [gone, asking] = *NODES
            .into_iter()
            .filter(|node| *node != at)
            .collect::<Vec<_>>()
        else {
            unreachable!("two others");
        };
        let all = || names(&known(&caravan, asking)).len() == NODES.len();
        assert!(caravan.sim.run_until(OVER_WITHIN, all), "seed {seed}");
        let before = known(&caravan, asking)[gone];
        caravan.sim.crash(gone);
        caravan.meeting.forget(gone);
        caravan.sim.run_for(Duration::from_secs(1));
        let name = gone.to_owned();
        let called = caravan.on(asking, async move || Herder::of(&name).where_now().await);
        let failure = called.unwrap_err();
        assert_eq!(
            (failure.kind(), failure.executed()),
            (FailureKind::Unreachable, Executed::NotExecuted),
            "seed {seed}: {failure}"
        );
        assert!(
            failure.text().contains("is not in the cluster"),
            "{failure}"
        );
        caravan.sim.restart(gone);
        let anew = || {
            known(&caravan, asking)
                .get(gone)
                .is_some_and(|life| *life != before)
        };
        assert!(
            caravan.sim.run_until(Duration::from_secs(30), anew),
            "seed {seed}"
        );
        let name = gone.to_owned();
        let home = caravan.on(asking, async move || Herder::of(&name).where_now().await);
        assert_eq!(home.as_deref(), Ok(gone), "seed {seed}");
        caravan.sim.end().unwrap();
    }
}
