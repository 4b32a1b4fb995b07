//! Who holds which lock.

use std::cell::RefCell;

use playhouse_cluster::{LOCK_NAME_MAX, LockError};

use crate::{Member, Registry};

/// And their names are bounded.
pub async fn a_lock_has_one_holder_and_its_tokens_rise(registry: &mut impl Registry) {
    let a = Member::join(registry, "a").await;
    let b = Member::join(registry, "b").await;
    let first = a.seat.lock("x").await.expect("it is free");
    let held = b.seat.try_lock("x").await;
    assert_eq!(held.expect_err("it is held"), LockError::Held);
    let other = b.seat.try_lock("y").await.expect("another lock is free");
    let mut token = first.token;
    drop(first);
    for member in [&b, &a, &b] {
        let next = member.seat.lock("x").await.expect("it becomes free");
        assert!(next.token > token);
        token = next.token;
    }
    drop(other);
    let longest = "x".repeat(LOCK_NAME_MAX);
    drop(a.seat.lock(&longest).await.expect("a name may be so long"));
}

/// Also of those on one node.
pub async fn who_waits_first_is_next(registry: &mut impl Registry) {
    let a = Member::join(registry, "a").await;
    let b = Member::join(registry, "b").await;
    let held = a.seat.lock("x").await.expect("it is free");
    let order = RefCell::new(Vec::new());
    let take = async |place| {
        let lock = b.seat.lock("x").await.expect("it becomes free");
        order.borrow_mut().push(place);
        drop(lock);
    };
    let release = async {
        // Asked for after the others, by the same way.
        drop(b.seat.lock("y").await.expect("it is free"));
        drop(held);
    };
    tokio::join!(biased; take(1), take(2), take(3), release);
    assert_eq!(order.into_inner(), [1, 2, 3]);
}

/// A future that is dropped waits for nothing.
pub async fn who_waits_no_more_is_passed_over(registry: &mut impl Registry) {
    let a = Member::join(registry, "a").await;
    let b = Member::join(registry, "b").await;
    let held = a.seat.lock("x").await.expect("it is free");
    tokio::select! {
        biased;
        _ = b.seat.lock("x") => panic!("it is held"),
        // Asked for after it, by the same way.
        lock = b.seat.lock("y") => drop(lock.expect("it is free")),
    }
    drop(held);
    drop(a.seat.lock("x").await.expect("nobody waits before"));
}

/// After the time of a silent member.
pub async fn the_lock_of_a_dead_holder_is_free(registry: &mut impl Registry) {
    let a = Member::join(registry, "a").await;
    let b = Member::join(registry, "b").await;
    let held = a.seat.lock("x").await.expect("it is free");
    a.kill();
    let taken = b.seat.lock("x").await.expect("it becomes free");
    assert!(taken.token > held.token);
}

/// It hears of it when it runs on.
pub async fn a_holder_that_was_silent_loses_its_lock(registry: &mut impl Registry) {
    let a = Member::join(registry, "a").await;
    let b = Member::join(registry, "b").await;
    let held = a.seat.lock("x").await.expect("it is free");
    a.freeze();
    let taken = b.seat.lock("x").await.expect("it becomes free");
    assert!(taken.token > held.token);
    a.thaw();
    held.lost().await;
    assert!(held.is_lost() && !taken.is_lost());
    // The lost one frees nothing.
    drop(held);
    let still = a.seat.try_lock("x").await;
    assert!(matches!(still, Err(LockError::Held | LockError::Away(_))));
}

/// Others may have it by then.
pub async fn a_lock_is_lost_when_the_registry_is_away_for_too_long(registry: &mut impl Registry) {
    let a = Member::join(registry, "a").await;
    let held = a.seat.lock("x").await.expect("it is free");
    registry.stop();
    held.lost().await;
    let away = a.seat.try_lock("x").await.expect_err("nobody answers");
    assert!(matches!(away, LockError::Away(_)), "{away}");
    let waiting = a.seat.lock("x");
    registry.start();
    drop(waiting.await.expect("it is got when the registry is back"));
}

/// What guards by tokens needs no more.
pub async fn tokens_rise_through_a_restart_of_the_registry(registry: &mut impl Registry) {
    let a = Member::join(registry, "a").await;
    let held = a.seat.lock("x").await.expect("it is free");
    let token = held.token;
    registry.stop();
    drop(held);
    registry.start();
    let next = a.seat.lock("x").await.expect("the registry is back");
    assert!(next.token > token);
}

/// And another one when it died.
pub async fn of_those_that_want_to_lead_one_does(registry: &mut impl Registry) {
    let mut members = Vec::new();
    for name in ["a", "b", "c"] {
        members.push(Member::join(registry, name).await);
    }
    let mut last = 0;
    while !members.is_empty() {
        let elected = {
            let mut candidates: Vec<_> = members
                .iter()
                .map(|member| Box::pin(member.seat.lock("leader")))
                .collect();
            std::future::poll_fn(|context| {
                for (index, candidate) in candidates.iter_mut().enumerate() {
                    if let std::task::Poll::Ready(lock) = candidate.as_mut().poll(context) {
                        return std::task::Poll::Ready((index, lock));
                    }
                }
                std::task::Poll::Pending
            })
            .await
        };
        let (index, lock) = elected;
        let lock = lock.expect("one of them leads");
        assert!(lock.token > last);
        last = lock.token;
        for (other, member) in members.iter().enumerate() {
            if other != index {
                let refused = member.seat.try_lock("leader").await;
                assert_eq!(refused.expect_err("one leads"), LockError::Held);
            }
        }
        // Without a word.
        members.remove(index).kill();
    }
}

/// They are free at once.
pub async fn who_leaves_has_no_locks(registry: &mut impl Registry) {
    let a = Member::join(registry, "a").await;
    let b = Member::join(registry, "b").await;
    let held = a.seat.lock("x").await.expect("it is free");
    a.seat.leave().await;
    assert_eq!(
        a.seat.lock("x").await.expect_err("it has left"),
        LockError::Left
    );
    held.lost().await;
    drop(b.seat.try_lock("x").await.expect("it is free at once"));
}
