//! Calls go on while entities move from node to node.

use crate::schema::Hut;
use crate::world::Village;

#[test]
fn what_a_stopped_node_ran_is_run_by_the_other_with_what_it_saved() {
    let mut village = Village::of(&["east", "west"]);
    let hut = village.hut_on("west", 0);
    let add = |village: &Village| village.on(0, async move || Hut::of(hut).add(5).await);
    assert_eq!(add(&village).unwrap(), 5);
    village.stop(1);
    assert_eq!(add(&village).unwrap(), 10);
    let home = village.on(0, async move || Hut::of(hut).home().await.unwrap());
    assert_eq!(home, "east");
}

#[test]
fn no_call_fails_while_a_node_goes_and_another_comes() {
    let mut village = Village::of(&["east", "west"]);
    let calls = village.nodes[0].spawn(async || {
        let mut failed = Vec::new();
        for round in 0..60u64 {
            for hut in 0..20 {
                if let Err(failure) = Hut::of(hut).add(1).await {
                    failed.push((round, hut, failure));
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let mut sum = 0;
        for hut in 0..20 {
            sum += Hut::of(hut).add(0).await.unwrap();
        }
        (failed, sum)
    });
    village.add("north");
    village.stop(1);
    let (failed, sum) = calls.wait().unwrap();
    assert_eq!(failed, []);
    assert_eq!(sum, 60 * 20);
}
