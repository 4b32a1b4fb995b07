//! `playhouse-relay`: measures a steady exchange of messages over a bad path, by each transport, and draws it.
//!
//! ```sh
//! cargo build --release -p playhouse-relay-tests
//! sudo target/release/playhouse-relay --svg docs/bad-networks.svg
//! ```

#![allow(clippy::print_stdout, reason = "it is a command")]

use std::time::Duration;

use anyhow::{Context, Result, bail};
use playhouse_net::LocalBoxFuture;
use playhouse_relay_tests::{
    Conditions, Contender, Exchange, HERE, Measured, THERE, Tunnel, contenders,
    plot::{Line, svg},
};
use tokio::{runtime::Builder, task::LocalSet};

const USAGE: &str = "playhouse-relay [--loss PERCENT] [--round-trip MS] [--jitter MS] \
    [--clients N] [--rate HZ] [--bytes N] [--seconds N] [--seed N] [--only NAME] [--svg FILE]";

struct Settings {
    conditions: Conditions,
    exchange: Exchange,
    seed: u64,
    only: Option<String>,
    svg: Option<String>,
}

impl Settings {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut settings = Self {
            conditions: Conditions::new(0.05, Duration::from_millis(60)),
            exchange: Exchange {
                clients: 20,
                rate: 20,
                message_bytes: 64,
                time: Duration::from_secs(60),
            },
            seed: 1,
            only: None,
            svg: None,
        };
        while let Some(word) = words.next() {
            let value = words
                .next()
                .with_context(|| format!("{word} needs a value: {USAGE}"))?;
            let ms = || Result::<_>::Ok(Duration::from_millis(value.parse()?));
            match word.as_str() {
                "--loss" => settings.conditions.loss = value.parse::<f64>()? / 100.0,
                "--round-trip" => settings.conditions.delay = ms()? / 2,
                "--jitter" => settings.conditions.jitter = ms()?,
                "--clients" => settings.exchange.clients = value.parse::<u32>()?.max(1),
                "--rate" => settings.exchange.rate = value.parse::<u32>()?.clamp(1, 1_000),
                "--bytes" => settings.exchange.message_bytes = value.parse::<usize>()?.max(1),
                "--seconds" => settings.exchange.time = Duration::from_secs(value.parse()?),
                "--seed" => settings.seed = value.parse()?,
                "--only" => settings.only = Some(value),
                "--svg" => settings.svg = Some(value),
                _ => bail!("{word} is no option: {USAGE}"),
            }
        }
        Ok(settings)
    }
}

fn measure(settings: &Settings, contender: &Contender) -> Result<(Measured, (u64, u64))> {
    let tunnel = Tunnel::open(settings.conditions, settings.seed)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let exchange: LocalBoxFuture<'_, _> = Box::pin(async {
        let here = contender.serve(&HERE.to_string()).await?;
        let there = here.replace(&HERE.to_string(), &THERE.to_string());
        settings.exchange.run(contender.network(), &there).await
    });
    let measured = LocalSet::new().block_on(&runtime, exchange)?;
    Ok((measured, tunnel.close()))
}

fn main() -> Result<()> {
    let settings = Settings::read(std::env::args().skip(1))?;
    let (conditions, exchange) = (settings.conditions, settings.exchange);
    println!(
        "{} clients, {} messages a second of {} bytes each way, {:?}; {} % loss each way, {:?} there and back, {:?} jitter",
        exchange.clients,
        exchange.rate,
        exchange.message_bytes,
        exchange.time,
        conditions.loss * 100.0,
        conditions.delay * 2,
        conditions.jitter
    );
    println!("\n| transport | p50 ms | p90 | p99 | p99.9 | most | packets | lost |");
    println!("|---|---|---|---|---|---|---|---|");
    let mut all = Vec::new();
    for contender in contenders(&THERE.to_string())? {
        let name = contender.name;
        if settings.only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let (measured, (packets, lost)) = measure(&settings, &contender).context(name)?;
        let [p50, p90, p99, p999, most] =
            [50.0, 90.0, 99.0, 99.9, 100.0].map(|percent| measured.percentile_ms(percent));
        println!(
            "| {name} | {p50:.1} | {p90:.1} | {p99:.1} | {p999:.1} | {most:.1} | {packets} | {lost} |"
        );
        all.push((name, measured));
    }
    if let Some(file) = settings.svg {
        let lines: Vec<Line<'_>> = all
            .iter()
            .map(|(name, measured)| Line { name, measured })
            .collect();
        let title = format!(
            "{} Hz exchange, {} % loss each way, {} ms there and back",
            exchange.rate,
            conditions.loss * 100.0,
            conditions.delay.as_millis() * 2
        );
        std::fs::write(&file, svg(&title, &lines)).context(file)?;
    }
    Ok(())
}
