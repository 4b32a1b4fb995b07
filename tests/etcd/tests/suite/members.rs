//! Who is there, and how they come and go.

use playhouse_cluster::{Etcd, Load};
use playhouse_etcd_tests::{Relay, shared};

use crate::{TTL, joined, keys, lease_of, node, prefix, run, sees, sees_names, sit};

#[test]
fn nodes_see_each_other_and_who_leaves_is_gone_at_once() {
    run(async {
        let etcd = Etcd::at([shared().endpoint()]).prefix(prefix());
        let a = joined(&etcd, node("a", 1)).await;
        let b = joined(&etcd, node("b", 1)).await;
        sees_names(&a, &["a", "b"]).await;
        sees_names(&b, &["a", "b"]).await;
        a.update(|me| {
            me.draining = true;
            me.roles.push("gate".to_owned());
        });
        sees(&b, "draining", |view| {
            view.get("a")
                .is_some_and(|a| a.draining && a.roles.len() == 2)
        })
        .await;
        a.leave().await;
        sees_names(&b, &["b"]).await;
    });
}

#[test]
fn keys_stand_where_the_documentation_says() {
    run(async {
        let prefix = prefix();
        let mut client = shared().client(None).await.expect("it connects");
        let etcd = Etcd::at([shared().endpoint()]).prefix(&*prefix);
        let seat = joined(&etcd, node("lobby/1", 1)).await;
        let lock = seat.lock("a/b").await.expect("it is free");
        let lease = lease_of(&mut client, &format!("{prefix}/nodes/lobby%2F1")).await;
        let expected = [
            format!("{prefix}/locks/a%2Fb/{lease:x}-1"),
            format!("{prefix}/nodes/lobby%2F1"),
            format!("{prefix}/nodes/lobby%2F1/load"),
        ];
        assert_eq!(keys(&mut client, &prefix).await, expected);
        drop(lock);
        seat.leave().await;
        assert!(keys(&mut client, &prefix).await.is_empty());
    });
}

#[test]
fn a_load_is_told_when_it_is_news() {
    run(async {
        let etcd = Etcd::at([shared().endpoint()]).prefix(prefix());
        let a = joined(&etcd, node("a", 1)).await;
        let b = joined(&etcd, node("b", 1)).await;
        let load = Load {
            score: 50.0,
            entities: 7,
            ..Load::default()
        };
        a.update(|me| me.load = load);
        sees(&b, "the load", |view| {
            view.get("a").is_some_and(|a| a.load == load)
        })
        .await;
        // What is told with it is not lost by what is told without.
        a.update(|me| me.draining = true);
        sees(&b, "draining with the load", |view| {
            view.get("a").is_some_and(|a| a.draining && a.load == load)
        })
        .await;
    });
}

#[test]
fn who_falls_silent_is_gone_when_its_lease_is_over() {
    run(async {
        let prefix = prefix();
        let relay = Relay::to(shared().port()).await.expect("a free port");
        let near = Etcd::at([shared().endpoint()]).prefix(&*prefix).ttl(TTL);
        let far = Etcd::at([relay.endpoint()]).prefix(&*prefix).ttl(TTL);
        let a = joined(&near, node("a", 1)).await;
        let b = joined(&far, node("b", 1)).await;
        sees_names(&a, &["a", "b"]).await;
        relay.silence();
        sees_names(&a, &["a"]).await;
        // The last view stays, and says since when.
        let view = sees(&b, "being away", |view| view.away_since_us.is_some()).await;
        assert_eq!(view.members.len(), 2);
        relay.restore();
        sees_names(&a, &["a", "b"]).await;
        sees_names(&b, &["a", "b"]).await;
    });
}

#[test]
fn a_later_life_takes_the_place_of_an_earlier() {
    run(async {
        let etcd = Etcd::at([shared().endpoint()]).prefix(prefix());
        let watcher = joined(&etcd, node("w", 1)).await;
        let earlier = joined(&etcd, node("a", 1)).await;
        let _lock = earlier.lock("x").await.expect("it is free");
        let mut restarted = node("a", 2);
        restarted.addresses = vec!["127.0.0.1:7001".to_owned()];
        let later = joined(&etcd, restarted).await;
        sees(&watcher, "the later life", |view| {
            view.get("a")
                .is_some_and(|a| a.addresses == ["127.0.0.1:7001"])
        })
        .await;
        // The locks of the earlier life are free.
        let _free = later.lock("x").await.expect("it is freed");
        // The earlier one does not come back.
        sees(&earlier, "being away", |view| view.away_since_us.is_some()).await;
        assert_eq!(watcher.view().get("a").map(|a| a.started_us), Some(2));
    });
}

#[test]
fn a_seat_whose_node_is_dropped_leaves() {
    run(async {
        let etcd = Etcd::at([shared().endpoint()]).prefix(prefix());
        let a = joined(&etcd, node("a", 1)).await;
        let b = sit(&etcd, node("b", 1));
        sees_names(&a, &["a", "b"]).await;
        drop(b);
        sees_names(&a, &["a"]).await;
    });
}
