//! Calls find their entities, wherever they are made and wherever those live.

use playhouse::{Executed, FailureKind, Ref};

use crate::schema::{Hut, Warden, Well};
use crate::world::Village;

#[test]
fn huts_live_on_both_nodes_and_are_called_from_each() {
    let village = Village::of(&["east", "west"]);
    let homes = |node| {
        village.on(node, async || {
            let mut homes = Vec::new();
            for hut in 0..40 {
                homes.push(Hut::of(hut).home().await.unwrap());
            }
            homes
        })
    };
    let (east, west) = (homes(0), homes(1));
    assert_eq!(east, west);
    for name in ["east", "west"] {
        assert!(east.iter().any(|home| home == name), "{east:?}");
    }
    let add = |node| {
        village.on(node, async || {
            let mut sum = 0;
            for hut in 0..40 {
                sum += Hut::of(hut).add(1).await.unwrap();
            }
            sum
        })
    };
    assert_eq!((add(0), add(1), add(0)), (40, 80, 120));
}

#[test]
fn a_node_that_runs_no_hut_calls_them_all_the_same() {
    let mut village = Village::of(&["east", "west"]);
    village.add_road("road");
    let homes = |node| {
        village.on(node, async || {
            let mut homes = Vec::new();
            for hut in 0..20 {
                homes.push(Hut::of(hut).home().await.unwrap());
            }
            homes
        })
    };
    assert_eq!(homes(2), homes(0));
    let asked = village.on(2, async || crate::schema::Road::any().ask(7).await);
    let home = village.on(0, async || Hut::of(7).home().await);
    assert_eq!(asked, home);
}

#[test]
fn there_is_one_well_and_a_warden_for_each_node() {
    let village = Village::of(&["east", "west"]);
    let wells = [0, 1].map(|node| village.on(node, async || Well::only().home().await.unwrap()));
    assert_eq!(wells[0], wells[1]);
    for node in [0, 1] {
        for name in ["east", "west"] {
            let warden = village.on(node, async move || {
                loop {
                    match Warden::of(name).home().await {
                        // It has joined, but this node has not heard of it yet.
                        Err(failure) if failure.text().contains("is not in the cluster") => {
                            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                        }
                        ended => break ended,
                    }
                }
            });
            assert_eq!(warden.unwrap(), name);
        }
    }
}

#[test]
fn oneways_and_calls_of_one_sender_keep_their_order() {
    let village = Village::of(&["east", "west"]);
    let hut = village.hut_on("west", 0);
    let poked = village.on(0, async move || {
        for number in 0..200 {
            Hut::of(hut).poke(number).unwrap();
        }
        Hut::of(hut).poked().await.unwrap()
    });
    assert_eq!(poked, (0..200).collect::<Vec<u32>>());
}

#[test]
fn what_a_handler_answers_comes_back_as_it_was() {
    let village = Village::of(&["east", "west"]);
    let hut = village.hut_on("west", 0);
    let failure = village.on(0, async move || Hut::of(hut).refuse().await.unwrap_err());
    assert_eq!(
        (failure.kind(), failure.text()),
        (FailureKind::Denied, "not today")
    );
    assert_eq!(failure.executed(), Executed::Unknown);
}

#[test]
fn a_deadline_ends_the_wait_and_says_where() {
    let village = Village::of(&["east", "west"]);
    let huts: Vec<u64> = (0..16)
        .map(|from| village.hut_on("west", from * 100))
        .collect();
    let late = village.on(0, async move || {
        let mut late = Vec::new();
        for &hut in &huts {
            let hut = Hut::of(hut).deadline(std::time::Duration::from_millis(50));
            late.push(hut.rest(2_000).await.unwrap_err());
        }
        late
    });
    for late in &late {
        assert_eq!(
            (late.kind(), late.executed()),
            (FailureKind::Timeout, Executed::Unknown)
        );
    }
    // Where an entity runs is known on the shard that all of the node's calls to it go through: for some it is the caller's.
    assert!(
        late.iter().any(|late| late.text().contains("at west")),
        "{late:?}"
    );
}

#[test]
fn huts_of_two_nodes_call_one_another_and_a_circle_is_found() {
    let village = Village::of(&["east", "west"]);
    let (east, west) = (village.hut_on("east", 0), village.hut_on("west", 0));
    let seen = village.on(1, async move || {
        let other = Hut::reference(west);
        Hut::of(east).visit(other).await.unwrap()
    });
    assert_eq!(seen, "west");
    let [one, other] = [(east, west), (west, east)].map(|(from, to)| {
        village.nodes[0].spawn(async move || {
            let to: Ref<Hut> = Hut::reference(to);
            Hut::of(from).trade(to, 100).await
        })
    });
    let ended = [one.wait().unwrap(), other.wait().unwrap()];
    let found = ended.iter().flat_map(|ended| ended.as_ref().err());
    let kinds: Vec<_> = found.map(playhouse::Failure::kind).collect();
    assert!(kinds.contains(&FailureKind::Deadlock), "{ended:?}");
    assert!(ended.iter().any(Result::is_ok), "{ended:?}");
}
