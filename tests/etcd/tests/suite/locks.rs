//! Locks: one holder, in order, with tokens that rise.

use playhouse_cluster::{Etcd, LockError};
use playhouse_etcd_tests::{Relay, Server, shared};
use tokio::task::spawn_local;

use crate::{TTL, joined, keys, lease_of, node, prefix, run, sees};

#[test]
fn a_lock_has_one_holder_and_who_waits_longest_is_next() {
    run(async {
        let prefix = prefix();
        let mut client = shared().client(None).await.expect("it connects");
        let etcd = Etcd::at([shared().endpoint()]).prefix(&*prefix);
        let a = joined(&etcd, node("a", 1)).await;
        let b = joined(&etcd, node("b", 1)).await;
        let mut held = a.lock("x").await.expect("it is free");
        assert_eq!(b.try_lock("x").await.err(), Some(LockError::Held));
        assert_eq!(a.try_lock("x").await.err(), Some(LockError::Held));
        drop(b.try_lock("y").await.expect("another is free"));
        let queue = format!("{prefix}/locks/x/");
        let mut waiting = Vec::new();
        for (count, seat) in [&b, &a, &b].into_iter().enumerate() {
            let seat = seat.clone();
            waiting.push(spawn_local(async move { seat.lock("x").await }));
            // The next one comes after it.
            while keys(&mut client, &queue).await.len() < count + 2 {
                tokio::task::yield_now().await;
            }
        }
        for next in waiting {
            let token = held.token;
            drop(held);
            held = next.await.expect("it runs").expect("it is next");
            assert!(held.token > token && !held.is_lost());
        }
    });
}

#[test]
fn who_stops_waiting_is_not_waited_for() {
    run(async {
        let prefix = prefix();
        let mut client = shared().client(None).await.expect("it connects");
        let etcd = Etcd::at([shared().endpoint()]).prefix(&*prefix);
        let a = joined(&etcd, node("a", 1)).await;
        let held = a.lock("x").await.expect("it is free");
        let waiting = {
            let a = a.clone();
            spawn_local(async move { a.lock("x").await })
        };
        let queue = format!("{prefix}/locks/x/");
        while keys(&mut client, &queue).await.len() < 2 {
            tokio::task::yield_now().await;
        }
        waiting.abort();
        while keys(&mut client, &queue).await.len() > 1 {
            tokio::task::yield_now().await;
        }
        drop(held);
        drop(a.lock("x").await.expect("it is free again"));
    });
}

#[test]
fn who_stops_waiting_while_etcd_is_away_is_not_waited_for() {
    run(async {
        let prefix = prefix();
        let mut client = shared().client(None).await.expect("it connects");
        let relay = Relay::to(shared().port()).await.expect("a free port");
        let near = Etcd::at([shared().endpoint()]).prefix(&*prefix);
        let far = Etcd::at([relay.endpoint()]).prefix(&*prefix);
        let a = joined(&near, node("a", 1)).await;
        let b = joined(&far, node("b", 1)).await;
        let held = a.lock("x").await.expect("it is free");
        let waiting = {
            let b = b.clone();
            spawn_local(async move { b.lock("x").await })
        };
        let queue = format!("{prefix}/locks/x/");
        while keys(&mut client, &queue).await.len() < 2 {
            tokio::task::yield_now().await;
        }
        relay.cut();
        sees(&b, "being away", |view| view.away_since_us.is_some()).await;
        waiting.abort();
        drop(held);
        relay.restore();
        drop(a.lock("x").await.expect("it is free"));
    });
}

#[test]
fn a_holder_that_falls_silent_loses_it_and_the_next_gets_a_higher_token() {
    run(async {
        let prefix = prefix();
        let relay = Relay::to(shared().port()).await.expect("a free port");
        let near = Etcd::at([shared().endpoint()]).prefix(&*prefix).ttl(TTL);
        let far = Etcd::at([relay.endpoint()]).prefix(&*prefix).ttl(TTL);
        let a = joined(&far, node("a", 1)).await;
        let b = joined(&near, node("b", 1)).await;
        let lost = a.lock("x").await.expect("it is free");
        relay.silence();
        let held = b.lock("x").await.expect("it is freed");
        assert!(lost.is_lost(), "it knew before the next had it");
        assert!(held.token > lost.token);
        assert!(matches!(a.try_lock("x").await, Err(LockError::Away(_))));
        // Once back it waits like any other.
        relay.restore();
        let waiting = {
            let a = a.clone();
            spawn_local(async move { a.lock("x").await })
        };
        let token = held.token;
        drop(held);
        let again = waiting.await.expect("it runs").expect("it is free");
        assert!(again.token > token);
    });
}

#[test]
fn a_lease_that_was_ended_from_outside_takes_the_locks_along() {
    run(async {
        let prefix = prefix();
        let mut client = shared().client(None).await.expect("it connects");
        let etcd = Etcd::at([shared().endpoint()]).prefix(&*prefix);
        let a = joined(&etcd, node("a", 1)).await;
        let lock = a.lock("x").await.expect("it is free");
        let lease = lease_of(&mut client, &format!("{prefix}/nodes/a")).await;
        client.lease_revoke(lease).await.expect("it is there");
        lock.lost().await;
        let again = a.lock("x").await.expect("it is free");
        assert!(again.token > lock.token);
    });
}

#[test]
fn a_restart_of_etcd_takes_no_lock() {
    run(async {
        let mut server = Server::start().expect("it is installed");
        let etcd = Etcd::at([server.endpoint()]).prefix(prefix());
        let a = joined(&etcd, node("a", 1)).await;
        let b = joined(&etcd, node("b", 1)).await;
        let held = a.lock("x").await.expect("it is free");
        let waiting = {
            let b = b.clone();
            spawn_local(async move { b.lock("x").await })
        };
        server.kill();
        server.resume().expect("it is installed");
        let token = held.token;
        assert!(!held.is_lost());
        drop(held);
        let next = waiting.await.expect("it runs").expect("it is freed");
        assert!(next.token > token);
    });
}
