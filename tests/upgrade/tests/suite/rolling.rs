//! From release 1 to release 2 and back, under load.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use playhouse_client::Client;
use playhouse_upgrade_release_1 as first;
use playhouse_upgrade_release_2 as second;

use crate::tavern::{HALLS, STREET, Tavern};

/// How many guests there are.
const GUESTS: u64 = 8;

/// What the callers of a guest were told.
#[derive(Debug, Default)]
struct Told {
    visits: u64,
    earned: u64,
    treats: u64,
    orders: u64,
    wrong: Vec<String>,
}

/// The callers, who go on until they are told to stop.
struct Crowd {
    told: Rc<RefCell<Told>>,
    over: Rc<Cell<bool>>,
    gone: Rc<Cell<u64>>,
}

/// Calls a guest again and again, of whatever release this node is: each visit must be one more than the one before.
macro_rules! caller {
    ($release:ident, $guest:expr, $told:expr, $over:expr, $gone:expr) => {{
        use $release::tavern::{Guest, Kitchen, Landlord, Mood, Order};
        let (number, told, over, gone): (u64, Rc<RefCell<Told>>, Rc<Cell<bool>>, Rc<Cell<u64>>) =
            ($guest, $told, $over, $gone);
        let wrong = |what: String| {
            told.borrow_mut()
                .wrong
                .push(format!("guest {number}: {what}"))
        };
        let mut visits = 0;
        while !over.get() {
            let guest = Guest::of(number);
            match guest.visit().await {
                Ok(visit) if visit == visits + 1 => told.borrow_mut().visits += 1,
                other => wrong(format!("visit {} is {other:?}", visits + 1)),
            }
            visits += 1;
            match guest.purse().earn(2).await {
                Ok(_) => told.borrow_mut().earned += 2,
                Err(failure) => wrong(format!("earn: {failure}")),
            }
            match guest.treat(number % GUESTS + 1).await {
                Ok(()) => told.borrow_mut().treats += 1,
                Err(failure) => wrong(format!("treat: {failure}")),
            }
            let order = Order {
                dish: 7,
                count: 3,
                ..Order::default()
            };
            match guest.order(order.clone()).await {
                Ok(3) => told.borrow_mut().orders += 1,
                other => wrong(format!("order: {other:?}")),
            }
            match Kitchen::any().cook(order).await {
                Ok(3) => {}
                other => wrong(format!("cook: {other:?}")),
            }
            if let Err(failure) = Landlord::only().greet().await {
                wrong(format!("greet: {failure}"));
            }
            if let Err(failure) = guest.feel(Mood::Merry).await {
                wrong(format!("feel: {failure}"));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        gone.set(gone.get() + 1);
    }};
}

impl Crowd {
    /// Callers come to the street, of this release.
    fn come(tavern: &Tavern, release: u32) -> Self {
        let crowd = Self {
            told: Rc::default(),
            over: Rc::default(),
            gone: Rc::default(),
        };
        for guest in 1..=GUESTS {
            let (told, over, gone) = (
                Rc::clone(&crowd.told),
                Rc::clone(&crowd.over),
                Rc::clone(&crowd.gone),
            );
            tavern.on(STREET, async move || {
                tokio::task::spawn_local(async move {
                    if release == 1 {
                        caller!(first, guest, told, over, gone);
                    } else {
                        caller!(second, guest, told, over, gone);
                    }
                });
            });
        }
        crowd
    }

    /// They finish what they have begun, and go.
    fn leave(self, tavern: &Tavern) -> Told {
        self.over.set(true);
        let left = || self.gone.get() == GUESTS;
        assert!(
            tavern.sim.run_until(Duration::from_secs(30), left),
            "callers still wait"
        );
        // Messages that are on their way arrive.
        tavern.sim.run_for(Duration::from_secs(5));
        self.told.take()
    }
}

/// Who runs the guests now.
fn hosts(tavern: &Tavern) -> Vec<String> {
    tavern.on(STREET, async || {
        let mut hosts = Vec::new();
        for guest in 1..=GUESTS {
            hosts.push(first::tavern::Guest::of(guest).host().await.unwrap());
        }
        hosts
    })
}

/// What all guests have together: evenings and gold.
fn holdings(tavern: &Tavern) -> (u64, u64) {
    tavern.on(STREET, async || {
        let (mut visits, mut gold) = (0, 0);
        for guest in 1..=GUESTS {
            let guest = first::tavern::Guest::of(guest);
            visits += guest.peek().await.unwrap();
            gold += guest.purse().holds().await.unwrap();
        }
        (visits, gold)
    })
}

/// Nothing failed, and all that was done is there.
fn check(tavern: &Tavern, told: &Told, seed: u64) {
    assert!(told.wrong.is_empty(), "seed {seed}: {:#?}", told.wrong);
    assert_eq!(told.visits, told.orders, "seed {seed}");
    assert!(
        told.visits > 20 * GUESTS,
        "seed {seed}: too little happened"
    );
    let expected = (told.visits, told.earned + told.treats);
    assert_eq!(holdings(tavern), expected, "seed {seed}");
}

fn all_of(tavern: &Tavern, release: u32) {
    let ending = format!("of release {release}");
    for host in hosts(tavern) {
        assert!(host.ends_with(&ending), "{host}");
    }
}

#[test]
fn nodes_of_the_next_release_take_over_one_after_another_and_no_call_fails() {
    for seed in 0..4 {
        let tavern = Tavern::open(seed, 1);
        let crowd = Crowd::come(&tavern, 1);
        tavern.sim.run_for(Duration::from_secs(1));
        all_of(&tavern, 1);
        for node in 0..HALLS.len() {
            tavern.replace(node, 2);
        }
        all_of(&tavern, 2);
        let told = crowd.leave(&tavern);
        check(&tavern, &told, seed);
        tavern.sim.end().unwrap();
    }
}

#[test]
fn the_newer_nodes_can_be_taken_back() {
    for seed in 20..23 {
        let tavern = Tavern::open(seed, 2);
        let crowd = Crowd::come(&tavern, 2);
        tavern.sim.run_for(Duration::from_secs(1));
        tavern.replace(0, 2);
        tavern.replace(1, 2);
        // What they write of their own goes along through older nodes.
        tavern.on(STREET, async || {
            for guest in 1..=GUESTS {
                use second::tavern::{Guest, Mood};
                let guest = Guest::of(guest);
                // Those that an older node runs don't know the call.
                let _ = guest.praise(3).await;
                guest.feel(Mood::Sleepy).await.unwrap();
            }
        });
        tavern.replace(1, 1);
        tavern.replace(0, 1);
        all_of(&tavern, 1);
        let told = crowd.leave(&tavern);
        check(&tavern, &told, seed);
        tavern.sim.end().unwrap();
    }
}

#[test]
fn what_a_newer_node_saved_is_there_when_its_release_comes_back() {
    for seed in 40..42 {
        let tavern = Tavern::open(seed, 2);
        for node in 0..HALLS.len() {
            tavern.replace(node, 2);
        }
        let saved = async |guest: u64| {
            let guest = second::tavern::Guest::of(guest);
            (
                guest.praise(0).await.unwrap(),
                guest.cloak().leave(0).await.unwrap(),
            )
        };
        tavern.on(STREET, async || {
            for guest in 1..=GUESTS {
                let guest = second::tavern::Guest::of(guest);
                guest.praise(3).await.unwrap();
                guest.cloak().leave(2).await.unwrap();
                guest.visit().await.unwrap();
            }
        });
        for release in [1, 2] {
            for node in 0..HALLS.len() {
                tavern.replace(node, release);
            }
            tavern.on(STREET, async || {
                for guest in 1..=GUESTS {
                    first::tavern::Guest::of(guest).visit().await.unwrap();
                }
            });
        }
        tavern.on(STREET, async move || {
            for guest in 1..=GUESTS {
                assert_eq!(saved(guest).await, (3, 2), "guest {guest}");
                let peeked = second::tavern::Guest::of(guest).peek().await;
                assert_eq!(peeked, Ok(3), "guest {guest}");
            }
        });
        tavern.sim.end().unwrap();
    }
}

#[test]
fn what_moves_with_an_entity_moves_between_releases() {
    for seed in 60..62 {
        let tavern = Tavern::open(seed, 1);
        let drink = |thirst: u32| {
            tavern.on(STREET, async move || {
                let mut drunk = Vec::new();
                for guest in 1..=GUESTS {
                    let guest = first::tavern::Guest::of(guest);
                    drunk.push(guest.drink(thirst).await.unwrap());
                }
                drunk
            })
        };
        drink(5);
        for (release, drunk) in [(2, 6), (1, 7)] {
            for node in 0..HALLS.len() {
                tavern.replace(node, release);
            }
            assert_eq!(drink(1), [drunk; GUESTS as usize], "seed {seed}");
        }
        tavern.sim.end().unwrap();
    }
}

#[test]
fn a_client_of_the_older_release_is_served_by_the_newer_one() {
    let tavern = Tavern::open(7, 1);
    for node in 0..HALLS.len() {
        tavern.replace(node, 2);
    }
    let heard = tavern.sim.client("client", async |client| {
        let connected = Client::builder(&first::client::SCHEMA)
            .network(client.network())
            .connect("south:7000")
            .await
            .unwrap();
        let opened = connected
            .service::<first::client::tavern::Door>()
            .open()
            .await;
        connected.open(&[9]).await.unwrap();
        let peeked = connected
            .entity::<first::client::tavern::Guest>()
            .peek()
            .await;
        (opened, peeked)
    });
    assert!(
        tavern
            .sim
            .run_until(Duration::from_secs(10), || heard.is_there())
    );
    assert_eq!(heard.take().unwrap(), (Ok(2), Ok(0)));
    tavern.sim.end().unwrap();
}
