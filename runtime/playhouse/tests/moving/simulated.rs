//! Whole nodes in virtual time.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use playhouse::sim::Sim;
use playhouse::{Failure, FailureKind};

use crate::meeting::Meeting;
use crate::schema::caravan::{Camel, Oasis, Wind};
use crate::world::{life, node};

/// For how long nodes are given to find one another.
const SETTLE: Duration = Duration::from_secs(2);

/// What a camel's calls came to, in order.
type Answers = Vec<Result<u64, Failure>>;

/// A simulated cluster.
pub(crate) struct Caravan {
    pub(crate) sim: Sim,
    pub(crate) meeting: Meeting,
}

impl Caravan {
    pub(crate) fn new(seed: u64, nodes: &[&str]) -> Self {
        let sim = Sim::new(seed);
        let _ = sim.store();
        let caravan = Self {
            sim,
            meeting: Meeting::default(),
        };
        for name in nodes {
            caravan.add(name);
        }
        caravan.sim.run_for(SETTLE);
        life();
        caravan
    }

    /// One more node.
    pub(crate) fn add(&self, name: &str) {
        let (listen, name_of) = (format!("{name}:7000"), name.to_owned());
        let meeting = self.meeting.clone();
        self.sim.node(name, move || {
            node(&name_of).listen(&listen).cluster(meeting.clone())
        });
    }

    pub(crate) fn on<T: 'static>(&self, node: &str, code: impl AsyncFnOnce() -> T + 'static) -> T {
        self.sim.on(node, code).unwrap()
    }

    /// Where a camel is, as this node finds it.
    pub(crate) fn home(&self, asking: &str, camel: u64) -> String {
        self.on(asking, async move || Camel::of(camel).where_now().await)
            .unwrap()
    }

    /// A camel that lives on this node.
    pub(crate) fn camel_on(&self, node: &str) -> u64 {
        (1..100)
            .find(|camel| self.home(node, *camel) == node)
            .unwrap()
    }

    /// A node stops in order, while others go on.
    pub(crate) fn drain(&self, node: &str) {
        assert!(
            self.sim.stop(node, Duration::from_secs(30)),
            "{node} did not stop in time"
        );
    }
}

#[test]
fn a_call_reaches_an_entity_on_another_node() {
    for seed in 0..10 {
        let caravan = Caravan::new(seed, &["east", "west"]);
        let camel = caravan.camel_on("east");
        for asking in ["west", "east", "west"] {
            assert_eq!(caravan.home(asking, camel), "east", "seed {seed}");
        }
        caravan.sim.end().unwrap();
    }
}

#[test]
fn what_is_persisted_and_what_is_handed_on_moves_with_an_entity_and_nothing_else() {
    for seed in 0..10 {
        let caravan = Caravan::new(seed, &["east", "west"]);
        let camel = caravan.camel_on("east");
        caravan.on("west", async move || {
            let pack = Camel::of(camel).pack();
            pack.earn(5).await.unwrap();
            pack.learn("the road").await.unwrap();
            pack.learn("the well").await.unwrap();
            pack.cheer(9).await.unwrap();
            Camel::of(camel).drink(3).await.unwrap();
        });
        life();
        caravan.drain("east");
        assert_eq!(life(), ["moving on east", "loaded on west"], "seed {seed}");
        let (carried, thirst) = caravan.on("west", async move || {
            let carried = Camel::of(camel).pack().carried().await.unwrap();
            (carried, Camel::of(camel).thirst_now().await.unwrap())
        });
        assert_eq!(caravan.home("west", camel), "west");
        assert_eq!((carried.gold, carried.mood, thirst), (5, 0, 3));
        assert_eq!(carried.songs, ["the road", "the well"]);
        caravan.sim.end().unwrap();
    }
}

#[test]
fn timers_go_on_with_what_was_left_of_their_time() {
    for seed in 0..10 {
        let caravan = Caravan::new(seed, &["east", "west"]);
        let camel = caravan.camel_on("east");
        caravan.on("east", async move || {
            let camel = Camel::of(camel);
            let ms = |ms: i64| playhouse::Duration::from_micros(ms * 1000);
            camel.ring_after(1, ms(20_000), None, None).await.unwrap();
            camel
                .ring_after(2, ms(10_000), Some(ms(10_000)), Some(7))
                .await
                .unwrap();
            camel
                .ring_after(3, ms(15_000), None, Some(8))
                .await
                .unwrap();
        });
        caravan.sim.run_for(Duration::from_secs(5));
        caravan.drain("east");
        let rings = move |caravan: &Caravan| {
            let rings = caravan.on("west", async move || Camel::of(camel).rings_now().await);
            rings.unwrap()
        };
        let silenced = caravan.on("west", async move || Camel::of(camel).silence(8).await);
        assert_eq!(silenced, Ok(1), "seed {seed}");
        assert!(rings(&caravan).is_empty());
        caravan.sim.run_for(Duration::from_secs(27));
        assert_eq!(rings(&caravan), [2, 1, 2, 2], "seed {seed}");
        caravan.sim.end().unwrap();
    }
}

#[test]
fn calls_keep_their_order_and_none_fails_while_a_node_drains() {
    for seed in 0..30 {
        let caravan = Caravan::new(seed, &["east", "west", "south"]);
        let camels: Vec<u64> = (1..=12).collect();
        let answers: Rc<RefCell<Vec<Answers>>> =
            Rc::new(RefCell::new(vec![Answers::new(); camels.len()]));
        for (index, camel) in camels.iter().enumerate() {
            let (camel, answers) = (*camel, Rc::clone(&answers));
            caravan.on("west", async move || {
                let proxy = Camel::of(camel);
                tokio::task::spawn_local(async move {
                    for _ in 0..40 {
                        // Several are underway at a time, and one of them takes a while.
                        let calls = (0..8).map(|turn| {
                            let proxy = proxy.clone();
                            async move {
                                if turn == 3 {
                                    proxy.tread().await
                                } else {
                                    proxy.step().await
                                }
                            }
                        });
                        let calls: Vec<_> = calls.map(Box::pin).collect();
                        for outcome in all(calls).await {
                            answers.borrow_mut()[index].push(outcome);
                        }
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                });
            });
        }
        caravan.sim.run_for(Duration::from_millis(60));
        caravan.drain("east");
        let done = || answers.borrow().iter().all(|it| it.len() == 320);
        assert!(
            caravan.sim.run_until(Duration::from_secs(60), done),
            "seed {seed}"
        );
        for (camel, answers) in camels.iter().zip(&*answers.borrow()) {
            let expected: Vec<_> = (1..=320).map(Ok).collect();
            assert_eq!(*answers, expected, "seed {seed}, camel {camel}");
        }
        caravan.sim.end().unwrap();
    }
}

/// Polls all of them in order, so that they begin in order, and waits for all.
async fn all<F: Future + Unpin>(mut futures: Vec<F>) -> Vec<F::Output> {
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let std::task::Poll::Ready(value) = std::pin::Pin::new(future).poll(cx)
            {
                *output = Some(value);
            }
        }
        if outputs.iter().all(Option::is_some) {
            return std::task::Poll::Ready(());
        }
        std::task::Poll::Pending
    })
    .await;
    outputs.into_iter().map(Option::unwrap).collect()
}

#[test]
fn a_receiver_that_dies_leaves_the_entity_where_it_was() {
    for seed in 0..30 {
        let caravan = Caravan::new(seed, &["east", "west", "south"]);
        let camel = caravan.camel_on("east");
        for step in 1..=3 {
            let stepped = caravan.on("south", async move || Camel::of(camel).pace().await);
            assert_eq!(stepped, Ok(step));
        }
        let answers = Rc::new(RefCell::new(Vec::new()));
        let heard = Rc::clone(&answers);
        caravan.on("south", async move || {
            tokio::task::spawn_local(async move {
                for _ in 0..60 {
                    let answer = Camel::of(camel).pace().await;
                    heard.borrow_mut().push(answer);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        });
        // In the middle of it, by a seed's chance.
        let after = caravan.sim.random().below(40);
        caravan.sim.begin_stop("east");
        caravan.sim.run_for(Duration::from_millis(after));
        caravan.sim.crash("west");
        caravan.meeting.forget("west");
        let done = || answers.borrow().len() == 60;
        assert!(
            caravan.sim.run_until(Duration::from_secs(120), done),
            "seed {seed}"
        );
        let mut last = 3;
        for answer in &*answers.borrow() {
            match answer {
                // A step that was answered is there, and none is taken twice.
                Ok(step) => {
                    assert!(*step > last, "seed {seed}: {step} after {last}");
                    last = *step;
                }
                Err(failure) => assert!(
                    matches!(
                        failure.kind(),
                        FailureKind::Unreachable | FailureKind::Timeout
                    ),
                    "seed {seed}: {failure}"
                ),
            }
        }
        caravan.sim.end().unwrap();
    }
}

#[test]
fn a_handoff_that_is_cut_off_ends_with_one_of_the_two() {
    for seed in 0..40 {
        let caravan = Caravan::new(seed, &["east", "west"]);
        let camel = caravan.camel_on("east");
        for step in 1..=3 {
            let stepped = caravan.on("west", async move || Camel::of(camel).pace().await);
            assert_eq!(stepped, Ok(step));
        }
        let chance = caravan.sim.random();
        caravan.sim.begin_stop("east");
        caravan
            .sim
            .run_for(Duration::from_micros(chance.below(12_000)));
        caravan.sim.partition("east", "west");
        // The link is dead for less than it takes to notice, or for longer.
        caravan
            .sim
            .run_for(Duration::from_millis(500 + chance.below(8_000)));
        caravan.sim.heal("east", "west");
        let mut last = 3;
        for _ in 0..20 {
            let stepped = caravan.on("west", async move || Camel::of(camel).pace().await);
            match stepped {
                Ok(step) => {
                    assert!(step > last, "seed {seed}: {step} after {last}");
                    last = step;
                }
                Err(failure) => assert!(
                    matches!(
                        failure.kind(),
                        FailureKind::Unreachable | FailureKind::Timeout
                    ),
                    "seed {seed}: {failure}"
                ),
            }
        }
        assert!(last > 3, "seed {seed}: it never went on");
        assert_eq!(caravan.home("west", camel), "west", "seed {seed}");
        caravan.sim.end().unwrap();
    }
}

#[test]
fn a_handler_that_takes_its_time_holds_its_entity_back_and_no_call_fails() {
    for seed in 0..10 {
        let caravan = Caravan::new(seed, &["east", "west"]);
        let camel = caravan.camel_on("east");
        let answers = Rc::new(RefCell::new(Vec::new()));
        let heard = Rc::clone(&answers);
        caravan.on("west", async move || {
            tokio::task::spawn_local(async move {
                let long = Camel::of(camel).deadline(Duration::from_secs(60));
                let rests = long.rest(playhouse::Duration::from_micros(12_000_000));
                let rested = rests.await;
                heard.borrow_mut().push(rested);
                let stepped = Camel::of(camel).step().await;
                heard.borrow_mut().push(stepped);
            });
        });
        // Long enough for a packet that got lost to be sent again.
        caravan.sim.run_for(Duration::from_secs(1));
        caravan.drain("east");
        assert!(
            caravan
                .sim
                .run_until(Duration::from_secs(10), || answers.borrow().len() == 2)
        );
        assert_eq!(*answers.borrow(), [Ok(1), Ok(2)], "seed {seed}");
        assert_eq!(caravan.home("west", camel), "west", "seed {seed}");
        caravan.sim.end().unwrap();
    }
}

#[test]
fn an_entity_that_ends_itself_while_it_is_to_move_ends() {
    for seed in 0..10 {
        let caravan = Caravan::new(seed, &["east", "west"]);
        let camel = caravan.camel_on("east");
        caravan.on("west", async move || {
            Camel::of(camel).pace().await.unwrap();
            tokio::task::spawn_local(async move { Camel::of(camel).leave_after_a_while().await });
        });
        caravan.sim.run_for(Duration::from_millis(20));
        caravan.drain("east");
        let stepped = caravan.on("west", async move || Camel::of(camel).step().await);
        assert_eq!(stepped, Ok(1), "seed {seed}: it was made anew");
        caravan.sim.end().unwrap();
    }
}

#[test]
fn singletons_and_what_is_not_stored_move_too() {
    for seed in 0..10 {
        let caravan = Caravan::new(seed, &["east", "west"]);
        let wind = (1..100)
            .find(|wind| {
                let wind = *wind;
                let home = caravan.on("west", async move || Wind::of(wind).where_now().await);
                home.unwrap() == "east"
            })
            .unwrap();
        caravan.on("west", async move || {
            Wind::of(wind).blow().await.unwrap();
            Wind::of(wind).blow().await.unwrap();
            Oasis::only().enter().await.unwrap();
        });
        caravan.drain("east");
        let (force, guests, home) = caravan.on("west", async move || {
            let force = Wind::of(wind).blow().await;
            let home = Oasis::only().where_now().await.unwrap();
            (force, Oasis::only().enter().await, home)
        });
        assert_eq!(
            (force, guests, &*home),
            (Ok(3), Ok(2), "west"),
            "seed {seed}"
        );
        caravan.sim.end().unwrap();
    }
}

#[test]
fn a_sender_that_dies_in_the_middle_loses_nothing_that_was_saved() {
    for seed in 0..20 {
        let caravan = Caravan::new(seed, &["east", "west"]);
        let camel = caravan.camel_on("east");
        for step in 1..=3 {
            let stepped = caravan.on("west", async move || Camel::of(camel).pace().await);
            assert_eq!(stepped, Ok(step));
        }
        let after = caravan.sim.random().below(12_000);
        caravan.sim.begin_stop("east");
        caravan.sim.run_for(Duration::from_micros(after));
        caravan.sim.crash("east");
        caravan.meeting.forget("east");
        // Unless it had moved, its node's lease has to be over first.
        caravan.sim.run_for(Duration::from_secs(15));
        let stepped = caravan.on("west", async move || Camel::of(camel).pace().await);
        assert_eq!(stepped, Ok(4), "seed {seed}");
        caravan.sim.end().unwrap();
    }
}
