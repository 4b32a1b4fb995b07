//! Membership over etcd, against the real server.

mod faults;
mod locks;
mod members;
mod opening;
mod server;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use etcd_client::{Client, GetOptions};
use playhouse_cluster::{Backend as _, Etcd, Member, Seat, View, seat};
use tokio::runtime::{Builder, Handle};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout;

/// What has not happened by then won't; a busy machine may take its time.
const HAPPENS_MAX: Duration = Duration::from_secs(60);
/// The leases of tests, so that those which end by silence take seconds.
const TTL: Duration = Duration::from_secs(2);

/// Runs a test as a node's system shard would.
fn run(test: impl Future<Output = ()>) {
    let system = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&system, async {
        timeout(HAPPENS_MAX * 2, test).await.expect("it ends");
    });
}

/// A prefix that no other test has.
fn prefix() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("/playhouse/{}-{number}", std::process::id())
}

/// A node of this name that began at a time.
fn node(name: &str, started_us: i64) -> Member {
    let mut member = Member::new(name, 1, "127.0.0.1:7000");
    member.started_us = started_us;
    member.roles = vec!["lobby".to_owned()];
    member
}

/// A seat that etcd keeps, until its clones are gone or it leaves.
fn sit(etcd: &Etcd, me: Member) -> Seat {
    let (seat, driver) = seat(me);
    spawn_local(etcd.drive(driver, Handle::current()));
    seat
}

/// A seat that has joined.
async fn joined(etcd: &Etcd, me: Member) -> Seat {
    let seat = sit(etcd, me);
    seat.opened().await.expect("it joins");
    seat
}

/// Waits for a view that shows something.
async fn sees(seat: &Seat, what: &str, shows: impl Fn(&View) -> bool) -> Arc<View> {
    let mut views = seat.views();
    if let Ok(found) = timeout(HAPPENS_MAX, views.wait_for(|view| shows(view))).await {
        return Arc::clone(&found.expect("the seat has its driver"));
    }
    panic!("{what} is not seen: {:?}", seat.view());
}

/// Waits until exactly these are there, and etcd is.
async fn sees_names(seat: &Seat, names: &[&str]) -> Arc<View> {
    let there = |view: &View| {
        view.away_since_us.is_none()
            && view
                .members
                .keys()
                .map(|it| &**it)
                .eq(names.iter().copied())
    };
    sees(seat, &names.join(", "), there).await
}

/// The lease under which a key stands, once it does.
async fn lease_of(client: &mut Client, key: &str) -> i64 {
    let looked = timeout(HAPPENS_MAX, async {
        loop {
            let found = client.get(key, None).await.expect("etcd answers");
            if let Some(entry) = found.kvs().first() {
                return entry.lease();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    looked.await.expect("the key is there")
}

/// All keys of a prefix, in order.
async fn keys(client: &mut Client, prefix: &str) -> Vec<String> {
    let options = GetOptions::new().with_prefix().with_keys_only();
    let found = client
        .get(prefix, Some(options))
        .await
        .expect("etcd answers");
    let keys = found.kvs().iter();
    keys.map(|entry| entry.key_str().expect("it is text").to_owned())
        .collect()
}
