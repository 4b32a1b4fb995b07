//! What happens to etcd while nodes live.

use std::time::Duration;

use etcd_client::CompactionOptions;
use playhouse_cluster::Etcd;
use playhouse_etcd_tests::{Relay, Server, shared};

use crate::{TTL, joined, lease_of, node, prefix, run, sees, sees_names};

#[test]
fn a_restart_of_etcd_is_slept_through() {
    run(async {
        let mut server = Server::start().expect("it is installed");
        let etcd = Etcd::at([server.endpoint()]).prefix(prefix());
        let a = joined(&etcd, node("a", 1)).await;
        let b = joined(&etcd, node("b", 1)).await;
        sees_names(&a, &["a", "b"]).await;
        let mut views = a.views();
        server.kill();
        let view = sees(&a, "being away", |view| view.away_since_us.is_some()).await;
        assert_eq!(view.members.len(), 2);
        server.resume().expect("it is installed");
        sees_names(&a, &["a", "b"]).await;
        // Nobody was gone meanwhile, and both are heard again.
        assert!(views.borrow_and_update().members.len() == 2);
        b.update(|me| me.draining = true);
        sees(&a, "news", |view| view.get("b").is_some_and(|b| b.draining)).await;
    });
}

#[test]
fn who_comes_back_late_after_an_outage_is_kept_meanwhile() {
    run(async {
        let mut server = Server::start().expect("it is installed");
        let relay = Relay::to(server.port()).await.expect("a free port");
        let prefix = prefix();
        let near = Etcd::at([server.endpoint()]).prefix(&*prefix).ttl(TTL);
        let far = Etcd::at([relay.endpoint()]).prefix(&*prefix).ttl(TTL);
        let a = joined(&near, node("a", 1)).await;
        let b = joined(&far, node("b", 1)).await;
        sees_names(&a, &["a", "b"]).await;
        server.kill();
        relay.cut();
        sees(&a, "being away", |view| view.away_since_us.is_some()).await;
        sees(&b, "being away", |view| view.away_since_us.is_some()).await;
        // Whatever it knew is lost with its folder.
        server.forget().expect("its folder is there");
        server.resume().expect("it is installed");
        let view = sees(&a, "etcd", |view| view.away_since_us.is_none()).await;
        assert_eq!(view.members.len(), 2, "the other is kept for a while");
        sees_names(&a, &["a"]).await;
        relay.restore();
        sees_names(&a, &["a", "b"]).await;
    });
}

#[test]
fn a_lease_that_was_ended_from_outside_is_taken_anew() {
    run(async {
        let prefix = prefix();
        let mut client = shared().client(None).await.expect("it connects");
        let etcd = Etcd::at([shared().endpoint()]).prefix(&*prefix);
        let a = joined(&etcd, node("a", 1)).await;
        let b = joined(&etcd, node("b", 1)).await;
        sees_names(&a, &["a", "b"]).await;
        let mut views = a.views();
        let key = format!("{prefix}/nodes/b");
        for _ in 0..3 {
            let lease = lease_of(&mut client, &key).await;
            client.lease_revoke(lease).await.expect("it is there");
            // Deleted from outside is gone, until it is back.
            views
                .wait_for(|view| view.members.len() == 1)
                .await
                .expect("it is seated");
            sees_names(&a, &["a", "b"]).await;
            assert_ne!(lease_of(&mut client, &key).await, lease);
        }
        drop(b);
    });
}

#[test]
fn an_entry_that_was_deleted_from_outside_is_written_again() {
    run(async {
        let prefix = prefix();
        let mut client = shared().client(None).await.expect("it connects");
        let etcd = Etcd::at([shared().endpoint()]).prefix(&*prefix);
        let a = joined(&etcd, node("a", 1)).await;
        let key = format!("{prefix}/nodes/a");
        let lease = lease_of(&mut client, &key).await;
        client.delete(&*key, None).await.expect("it is there");
        assert_eq!(lease_of(&mut client, &key).await, lease);
        sees_names(&a, &["a"]).await;
        // Whatever else is put there is no node.
        for (name, text) in [("b", "rubbish"), ("c", "{}"), ("d", "")] {
            let key = format!("{prefix}/nodes/{name}");
            client.put(key, text, None).await.expect("it is put");
        }
        let e = joined(&etcd, node("e", 1)).await;
        sees_names(&a, &["a", "e"]).await;
        sees_names(&e, &["a", "e"]).await;
    });
}

#[test]
fn what_was_compacted_while_nobody_watched_is_listed() {
    run(async {
        let mut server = Server::start().expect("it is installed");
        let relay = Relay::to(server.port()).await.expect("a free port");
        let prefix = prefix();
        let near = Etcd::at([server.endpoint()]).prefix(&*prefix);
        let far = Etcd::at([relay.endpoint()]).prefix(&*prefix);
        let a = joined(&far, node("a", 1)).await;
        let b = joined(&near, node("b", 1)).await;
        let c = joined(&near, node("c", 1)).await;
        sees_names(&a, &["a", "b", "c"]).await;
        relay.cut();
        sees(&a, "being away", |view| view.away_since_us.is_some()).await;
        c.leave().await;
        b.update(|me| me.draining = true);
        let d = joined(&near, node("d", 1)).await;
        sees(&d, "draining", |view| {
            view.get("b").is_some_and(|b| b.draining)
        })
        .await;
        let mut client = server.client(None).await.expect("it connects");
        let header = client.get("x", None).await.expect("it answers");
        let revision = header.header().expect("it has one").revision();
        let physical = CompactionOptions::new().with_physical();
        client
            .compact(revision, Some(physical))
            .await
            .expect("it compacts");
        relay.restore();
        let view = sees_names(&a, &["a", "b", "d"]).await;
        assert!(view.get("b").is_some_and(|b| b.draining));
        // It is not what stands on disk alone.
        server.kill();
    });
}

#[test]
fn the_next_endpoint_takes_over_from_a_dead_one() {
    run(async {
        let absent = Server::absent().expect("a free port");
        let relays = [
            Relay::to(shared().port()).await.expect("a free port"),
            Relay::to(shared().port()).await.expect("a free port"),
        ];
        let prefix = prefix();
        let endpoints = [
            absent.endpoint(),
            relays[0].endpoint(),
            relays[1].endpoint(),
        ];
        let etcd = Etcd::at(endpoints).prefix(&*prefix);
        let near = Etcd::at([shared().endpoint()]).prefix(&*prefix);
        let b = joined(&near, node("b", 1)).await;
        let a = joined(&etcd, node("a", 1)).await;
        let lock = a.lock("x").await.expect("it is free");
        for (dead, alive) in [(0, 1), (1, 0), (0, 1)] {
            relays[alive].restore();
            relays[dead].cut();
            let name = format!("c{dead}-{alive}");
            let c = joined(&near, node(&name, 1)).await;
            sees_names(&a, &["a", "b", &name]).await;
            c.leave().await;
            sees_names(&a, &["a", "b"]).await;
        }
        sees_names(&b, &["a", "b"]).await;
        assert!(!lock.is_lost(), "the lease is the same on every endpoint");
    });
}

#[test]
fn three_servers_may_lose_one_and_come_back_from_losing_two() {
    run(async {
        let mut servers = Server::start_three().expect("it is installed");
        let etcd = Etcd::at(servers.each_ref().map(Server::endpoint)).prefix(prefix());
        let a = joined(&etcd, node("a", 1)).await;
        let lock = a.lock("x").await.expect("it is free");
        let mut leader = None;
        for (index, server) in servers.iter().enumerate() {
            if server.is_leader().await.expect("it answers") {
                leader = Some(index);
            }
        }
        let leader = leader.expect("one leads");
        servers[leader].kill();
        let b = joined(&etcd, node("b", 1)).await;
        sees_names(&a, &["a", "b"]).await;
        assert!(!lock.is_lost());

        let second = (leader + 1) % 3;
        servers[second].kill();
        for seat in [&a, &b] {
            let view = sees(seat, "being away", |view| view.away_since_us.is_some()).await;
            assert_eq!(view.members.len(), 2);
        }
        servers[leader].resume().expect("it is installed");
        sees_names(&a, &["a", "b"]).await;
        b.leave().await;
        sees_names(&a, &["a"]).await;
    });
}

#[test]
fn leaving_without_etcd_ends_soon() {
    run(async {
        let mut server = Server::start().expect("it is installed");
        let etcd = Etcd::at([server.endpoint()]).prefix(prefix());
        let a = joined(&etcd, node("a", 1)).await;
        server.kill();
        tokio::time::timeout(Duration::from_secs(30), a.leave())
            .await
            .expect("it gives up");
    });
}
