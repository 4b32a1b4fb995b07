//! What a cluster that does nothing costs etcd and its nodes, and how soon its nodes hear of one another.
//!
//! `playhouse-etcd [NODES [SECONDS]]`: that many seats in this process, 50 and 60 if nothing is said, on an etcd of its own. Writes
//! are counted by etcd's revision, processor time by `/proc`.

#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use playhouse_cluster::{Backend as _, Etcd, MEMBER_TTL, Member, Seat, View, seat};
use playhouse_etcd_tests::{Server, processor_time};
use tokio::runtime::{Builder, Handle};
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::interval;

const ROUNDS: usize = 10;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u32| -> Result<u32> {
        let argument = arguments.next();
        argument.map_or(Ok(default), |text| Ok(text.parse()?))
    };
    let (nodes, seconds) = (number(50)?, number(60)?);
    let system = Builder::new_multi_thread().enable_all().build()?;
    LocalSet::new().block_on(&system, measure(nodes, Duration::from_secs(seconds.into())))
}

async fn measure(nodes: u32, time: Duration) -> Result<()> {
    let server = Server::start()?;
    let etcd = Etcd::at([server.endpoint()]).prefix("/playhouse/bench");
    let start = Instant::now();
    let mut seats = Vec::new();
    for number in 0..nodes {
        seats.push(sit(&etcd, &format!("node-{number}")).0);
    }
    for seat in &seats {
        seat.opened().await?;
    }
    let all = usize::try_from(nodes)?;
    for seat in &seats {
        until(seat, |view| view.members.len() == all).await?;
    }
    println!(
        "{nodes} nodes see one another after {:.0?}",
        start.elapsed()
    );

    // Loads that differ by a little, as those of nodes where little happens.
    phase(
        &server,
        "loads that stand still",
        &seats,
        time,
        |_, load| load,
    )
    .await?;
    // A step of up to 2 in each report, as the load of nodes that work does.
    let wander = |dice: u64, load: f32| (load + (dice % 5) as f32 - 2.0).clamp(0.0, 100.0);
    phase(&server, "loads that wander", &seats, time, wander).await?;

    let first = seats.first().context("there is a node")?;
    let mut found = Vec::new();
    let mut left = Vec::new();
    let mut gone = Vec::new();
    for round in 0..ROUNDS {
        let name = format!("new-{round}");
        let start = Instant::now();
        let (seat, _) = sit(&etcd, &name);
        until(first, |view| view.get(&name).is_some()).await?;
        found.push(start.elapsed());
        let start = Instant::now();
        let leaving = async {
            seat.leave().await;
            anyhow::Ok(())
        };
        tokio::try_join!(leaving, until(first, |view| view.get(&name).is_none()))?;
        left.push(start.elapsed());
    }
    for round in 0..ROUNDS / 2 {
        let name = format!("dead-{round}");
        let (seat, driving) = sit(&etcd, &name);
        seat.opened().await?;
        until(first, |view| view.get(&name).is_some()).await?;
        let start = Instant::now();
        // It says nothing more, as a process that was killed.
        driving.abort();
        until(first, |view| view.get(&name).is_none()).await?;
        gone.push(start.elapsed());
    }
    for (what, mut times) in [
        ("a new node is seen", found),
        ("one that leaves is gone", left),
        ("a killed one is gone", gone),
    ] {
        times.sort();
        let middle = times.get(times.len() / 2).context("it was tried")?;
        let most = times.last().context("it was tried")?;
        println!("{what} after {middle:.0?}, at most {most:.1?}");
    }
    println!("the lease lasts {MEMBER_TTL:?}");
    Ok(())
}

/// Counts what a while costs in which loads change like this.
async fn phase(
    server: &Server,
    name: &str,
    seats: &[Seat],
    time: Duration,
    change: impl Fn(u64, f32) -> f32,
) -> Result<()> {
    let revision = revision(server).await?;
    let (ours, theirs) = (
        processor_time(std::process::id())?,
        server.processor_time()?,
    );
    let start = Instant::now();
    let mut beat = interval(playhouse_cluster::REPORT_EVERY);
    let mut dice: u64 = 1;
    while start.elapsed() < time {
        beat.tick().await;
        for seat in seats {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            seat.update(|me| me.load.score = change(dice >> 33, me.load.score));
        }
    }
    let took = start.elapsed();
    let writes = self::revision(server).await? - revision;
    let ours = processor_time(std::process::id())? - ours;
    let theirs = server.processor_time()? - theirs;
    let nodes = seats.len() as f64;
    let minutes = took.as_secs_f64() / 60.0;
    let share = |used: Duration| used.as_secs_f64() / took.as_secs_f64() * 100.0;
    println!(
        "{name}: {:.2} writes per node and minute, {:.3} % of a processor per node, {:.1} % for etcd",
        writes as f64 / nodes / minutes,
        share(ours) / nodes,
        share(theirs),
    );
    Ok(())
}

async fn revision(server: &Server) -> Result<i64> {
    let answer = server.client(None).await?.get("none", None).await?;
    Ok(answer.header().context("etcd says no revision")?.revision())
}

fn sit(etcd: &Etcd, name: &str) -> (Seat, JoinHandle<()>) {
    let (seat, driver) = seat(Member::new(name, 1, "127.0.0.1:7000"));
    let driving = spawn_local(etcd.drive(driver, Handle::current()));
    (seat, driving)
}

async fn until(seat: &Seat, shows: impl Fn(&View) -> bool) -> Result<()> {
    let mut views = seat.views();
    views.wait_for(|view| shows(view)).await?;
    Ok(())
}
