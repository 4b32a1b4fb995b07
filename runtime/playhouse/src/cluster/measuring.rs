//! How busy a node is, for the others to see.

use std::rc::Rc;
use std::time::Duration;

use playhouse_cluster::{LoadMeter, Seat};
use tokio::time::Instant;

use crate::host::Shard;

/// How often the machine is asked.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// Says again and again how much of the machine's processors this process uses, for as long as it is polled. Ends at once where
/// nobody knows: in the simulation, and on machines that don't tell.
pub(crate) async fn measure(seat: Seat, shard: Rc<Shard>) {
    let Some(processors) = shard.env().processors() else {
        return;
    };
    let mut meter = LoadMeter::new(processors.count);
    let began = Instant::now();
    while let Some(processors) = shard.env().processors() {
        let now_us = i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX);
        meter.sample(now_us, processors.used_us);
        seat.update(|me| {
            me.load.cpu = meter.cpu();
            me.load.score = meter.score();
        });
        // Longer than a sample's least distance, whatever the timer's grain.
        tokio::time::sleep(SAMPLE_EVERY + Duration::from_millis(5)).await;
    }
}
