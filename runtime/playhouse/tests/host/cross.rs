//! Two shards of a node: calls between them, what goes wrong there, and deadlocks across them.

use std::time::Duration;

use playhouse::{CallError, Executed, FailureKind, Reach};

use crate::harness::{hero, heroes_of, kind, on_two_shards, run_on, start_on};
use crate::schema::trial::{Center, Desk, Hero, TradeError};
use crate::world::{ms, setup};

#[test]
fn calls_go_to_the_other_shard_and_come_back() {
    on_two_shards(&setup(), async |[a, b]| {
        let [far, ..] = heroes_of(&b);
        let purse = Hero::of(far).purse();
        assert_eq!(purse.add(5).await, Ok(5));
        let thrown = purse.take(9).await.unwrap_err();
        assert_eq!(thrown, CallError::Thrown(TradeError::TooPoor { have: 5 }));
        assert_eq!(purse.add_slowly(1, ms(10)).await, Ok(6));
        purse.drop_in(1).unwrap();
        assert_eq!(purse.add(0).await, Ok(7), "in order");
        assert_eq!((a.live_count(9, 3), b.live_count(9, 3)), (0, 1));
        assert_eq!((a.calls_open(), b.calls_open()), (0, 0));
    });
}

#[test]
fn a_caller_on_another_shard_is_known() {
    on_two_shards(&setup(), async |[a, b]| {
        let ([near, ..], [far, ..]) = (heroes_of(&a), heroes_of(&b));
        assert_eq!(Hero::of(near).trade(hero(far), ms(1)).await, Ok(true));
        let who = Hero::of(far).who().await.unwrap();
        assert!(who.ends_with("called by None"), "{who}");
    });
}

#[test]
fn deadlines_and_callers_that_give_up_reach_the_other_shard() {
    on_two_shards(&setup(), async |[a, b]| {
        let [far, ..] = heroes_of(&b);
        let hero = Hero::of(far);
        let failure = hero
            .clone()
            .deadline(Duration::from_millis(5))
            .linger(ms(50))
            .await
            .unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Timeout);
        assert_eq!(failure.executed(), Executed::Unknown);
        assert_eq!(hero.finished().await, Ok(1));
        assert_eq!(hero.was_cancelled().await, Ok(1));
        let first = tokio::task::spawn_local(run_on_b(&b, far, 10));
        tokio::task::yield_now().await;
        let moment = Duration::from_millis(1);
        let queued = run_on(
            &a,
            tokio::time::timeout(moment, Hero::of(far).linger(ms(10))),
        );
        assert!(queued.await.is_err());
        first.await.unwrap();
        assert_eq!((a.calls_open(), b.calls_open()), (0, 0));
    });
}

fn run_on_b(
    b: &std::rc::Rc<playhouse::host::Shard>,
    far: u64,
    time: u64,
) -> impl Future<Output = ()> + use<> {
    let call = start_on(b, Hero::of(far).linger(ms(time)));
    async move {
        assert_eq!(call.await.unwrap(), Ok(true));
    }
}

#[test]
fn services_answer_on_every_shard_and_instances_say_where_they_live() {
    on_two_shards(&setup(), async |[a, b]| {
        assert_eq!(Desk::any().greet("you").await.unwrap(), "welcome, you");
        for key in 0..8 {
            assert_eq!(
                Desk::by_key(&key).greet("you").await.unwrap(),
                "welcome, you"
            );
        }
        let room = Center::only().open(1).await.unwrap();
        assert_eq!(run_on(&a, room.proxy().visit()).await, Ok(1));
        assert_eq!(run_on(&b, room.proxy().visit()).await, Ok(2));
        run_on(&b, room.proxy().close()).await.unwrap();
        assert_eq!(
            kind(run_on(&a, room.proxy().visit()).await),
            FailureKind::NotFound
        );
        assert_eq!((a.calls_open(), b.calls_open()), (0, 0));
    });
}

#[test]
fn a_circle_over_two_shards() {
    on_two_shards(&setup(), async |[a, b]| {
        let ([near, ..], [far, ..]) = (heroes_of(&a), heroes_of(&b));
        let failure = Hero::of(near).circle(vec![far, near]).await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Deadlock);
        assert_eq!(
            failure.path(),
            format!("Hero({near}).circle -> Hero({far}).circle -> Hero({near}).circle")
        );
        assert_eq!((a.calls_open(), b.calls_open()), (0, 0));
    });
}

#[test]
fn two_that_trade_over_two_shards() {
    on_two_shards(&setup(), async |[a, b]| {
        let ([near, ..], [far, ..]) = (heroes_of(&a), heroes_of(&b));
        let one = start_on(&a, Hero::of(near).trade(hero(far), ms(10)));
        let two = start_on(&b, Hero::of(far).trade(hero(near), ms(15)));
        let (one, two) = (one.await.unwrap(), two.await.unwrap());
        let failures: Vec<_> = [one, two].into_iter().filter_map(Result::err).collect();
        assert!(!failures.is_empty());
        for failure in failures {
            assert_eq!(failure.kind(), FailureKind::Deadlock);
            assert!(failure.path().contains("trade -> Hero("), "{failure}");
        }
        assert_eq!((a.calls_open(), b.calls_open()), (0, 0));
    });
}

#[test]
fn a_longer_wait_over_two_shards_is_found_by_a_probe() {
    on_two_shards(&setup(), async |[a, b]| {
        let ([a1, a2, _], [b1, b2, _]) = (heroes_of(&a), heroes_of(&b));
        // Each holds itself and then waits for the next; the last closes the circle.
        let all = [(a1, b1), (b1, a2), (a2, b2), (b2, a1)];
        let calls: Vec<_> = (0..)
            .zip(all)
            .map(|(index, (from, to))| {
                let shard = if index % 2 == 0 { &a } else { &b };
                start_on(shard, Hero::of(from).trade(hero(to), ms(10 + 10 * index)))
            })
            .collect();
        let mut failures = Vec::new();
        for call in calls {
            failures.extend(call.await.unwrap().err());
        }
        assert!(!failures.is_empty());
        for failure in &failures {
            assert_eq!(failure.kind(), FailureKind::Deadlock, "{failure}");
        }
        let path = failures[0].path();
        assert_eq!(path.matches(" -> ").count(), 4, "{path}");
        assert_eq!((a.calls_open(), b.calls_open()), (0, 0));
    });
}

#[test]
fn calls_to_a_shard_that_has_ended_fail_at_once() {
    on_two_shards(&setup(), async |[a, b]| {
        let [far, ..] = heroes_of(&b);
        let lingering = start_on(&b, Hero::of(far).linger(ms(5)));
        tokio::task::yield_now().await;
        assert!(!b.all_at_rest());
        assert!(!a.all_at_rest(), "one that rests waits for the other");
        assert_eq!(lingering.await.unwrap(), Ok(true));
        b.close();
        let failure = Hero::of(far).finished().await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unreachable);
        assert_eq!(failure.executed(), Executed::NotExecuted);
        assert_eq!(
            Hero::of(far).note(1).unwrap_err().kind(),
            FailureKind::Unreachable
        );
    });
}
