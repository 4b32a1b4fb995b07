//! Messages there and back at a steady rate, as a game's client and server exchange them.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use playhouse_net::{Network, Stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, split},
    task::spawn_local,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

/// Longest time that is measured.
const LATENCY_MAX: Duration = Duration::from_secs(60);
/// How long the last answers are waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is exchanged.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// Clients at once, each with a connection of its own.
    pub clients: u32,
    /// Messages a second of each.
    pub rate: u32,
    /// Bytes of a message.
    pub message_bytes: usize,
    /// For how long.
    pub time: Duration,
}

/// What came of an exchange.
#[derive(Debug)]
pub struct Measured {
    /// From when a message was due to be sent until its answer was there, in microseconds.
    pub latency: Histogram<u64>,
}

impl Measured {
    /// The latency that so many percent of the messages kept within, in milliseconds.
    #[must_use]
    pub fn percentile_ms(&self, percent: f64) -> f64 {
        self.latency.value_at_percentile(percent) as f64 / 1000.0
    }
}

impl Exchange {
    /// Has clients exchange messages with the server at `address`, which sends everything back, in the current `LocalSet`.
    ///
    /// # Errors
    ///
    /// If a connection can't be had, or breaks.
    pub async fn run(self, network: Rc<dyn Network>, address: &str) -> Result<Measured> {
        let mut clients = Vec::new();
        for number in 0..self.clients {
            let stream = network.dial(address).await.context("dialling")?;
            let beat = Duration::from_secs(1) / self.rate;
            let begin = beat * number / self.clients;
            clients.push(spawn_local(async move {
                sleep(begin).await;
                self.client(stream).await
            }));
        }
        let mut all = histogram()?;
        for client in clients {
            all.add(client.await??)?;
        }
        Ok(Measured { latency: all })
    }

    async fn client(self, stream: Box<dyn Stream>) -> Result<Histogram<u64>> {
        let (mut reader, mut writer) = split(stream);
        let beat = Duration::from_secs(1) / self.rate;
        let count = u32::try_from(self.time.as_millis() / beat.as_millis())?;
        let start = Instant::now();
        let writing = spawn_local(async move {
            let mut ticks = interval(beat);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let message = vec![7; self.message_bytes];
            for _ in 0..count {
                ticks.tick().await;
                writer.write_all(&message).await?;
                writer.flush().await?;
            }
            // The reader has the rest of the stream still to read.
            std::io::Result::Ok(writer)
        });
        let mut latency = histogram()?;
        let mut message = vec![0; self.message_bytes];
        for number in 0..count {
            let read = timeout(beat + PATIENCE, reader.read_exact(&mut message));
            read.await.context("an answer is missing")??;
            ensure!(message.iter().all(|byte| *byte == 7), "another answer");
            let due = beat * number;
            let micros = start.elapsed().saturating_sub(due).as_micros();
            latency.saturating_record(u64::try_from(micros)?);
        }
        writing.await??;
        Ok(latency)
    }
}

fn histogram() -> Result<Histogram<u64>> {
    let most = u64::try_from(LATENCY_MAX.as_micros())?;
    Ok(Histogram::new_with_bounds(1, most, 3)?)
}
