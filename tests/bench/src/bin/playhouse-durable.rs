//! Durable oneways end to end on the embedded store: from a handler that sends to the receiver's commit.
//!
//! `playhouse-durable [FOLDER]`: in a folder that is made for it, below FOLDER or the one for temporary files.

#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use playhouse::Node;
use playhouse::store::Embedded;
use playhouse_bench::generated::SCHEMA;
use playhouse_bench::generated::bench::calls::{Courier, CourierProxy};
use playhouse_bench::mobs::CourierLogic;

/// Messages of a run.
const MESSAGES: u64 = 50_000;
/// Messages that are sent one by one, each after the one before has arrived.
const ALONE: u64 = 500;

fn main() -> Result<()> {
    let parent = std::env::args_os().nth(1);
    let parent = parent.map_or_else(std::env::temp_dir, Into::into);
    for (pairs, at_once) in [
        (1, 1),
        (1, 64),
        (100, 1),
        (1_000, 1),
        (1_000, 8),
        (5_000, 1),
    ] {
        let folder = parent.join(format!("playhouse-durable-{}", std::process::id()));
        let result = measure(&folder, pairs, at_once);
        std::fs::remove_dir_all(&folder).context("the folder can't be removed")?;
        result?;
    }
    Ok(())
}

/// Each of so many pairs has one courier send to the other, so many messages in one handler.
fn measure(folder: &Path, pairs: u64, at_once: u32) -> Result<()> {
    let node = Node::builder()
        .schema(&SCHEMA)
        .name("bench")
        .roles(["bench_node"])
        .entity::<CourierLogic>()
        .shards(1)
        .store(Embedded::at(folder))
        .build()?;
    let running = node.start()?;
    // One by one, each waits for the disk twice.
    let alone = pairs == 1 && at_once == 1;
    let each = if alone { ALONE } else { MESSAGES / pairs };
    let loading = running.spawn(move || async move {
        for number in 0..pairs * 2 {
            Courier::of(number).count().await?;
        }
        Ok::<_, playhouse::Failure>(())
    });
    loading.wait()??;
    let began = Instant::now();
    let drivers: Vec<_> = (0..pairs)
        .map(|pair| running.spawn(move || drive(pair * 2, each, at_once, alone)))
        .collect();
    for driver in drivers {
        driver.wait()??;
    }
    let took = began.elapsed();
    let count = pairs * each;
    println!(
        "{pairs} pairs, {at_once} in a handler: {count} messages in {:.2} s, {:.0}/s",
        took.as_secs_f64(),
        count as f64 / took.as_secs_f64()
    );
    running.stop();
    running.wait()?;
    Ok(())
}

/// Sends, and waits until all of it is in the receiver's document.
async fn drive(from: u64, each: u64, at_once: u32, alone: bool) -> Result<(), playhouse::Failure> {
    let (sender, receiver) = (Courier::of(from), Courier::of(from + 1));
    let to = Courier::reference(from + 1);
    let mut sent = 0;
    while sent < each {
        let count = u64::from(at_once).min(each - sent);
        let taken = sender.send(to.clone(), count as u32).await?;
        sent += u64::from(taken);
        if taken == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if alone {
            wait_for(&receiver, sent).await?;
        }
    }
    wait_for(&receiver, each).await
}

async fn wait_for(receiver: &CourierProxy, coins: u64) -> Result<(), playhouse::Failure> {
    while receiver.count().await? < coins {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}
