//! `playhouse-idle`: what a session takes of a node's memory whose client says nothing.
//!
//! `playhouse-idle [--json] [[COUNT] TRANSPORT..]`. Without a transport: 10,000 over TCP, then 2,000 over each of the others. For each
//! transport a node is started in a process of its own, of two shards, gate and home at once, and all clients in another one. The
//! figure is how much the node's resident memory grows from the first session to the last; the node's own parts, and what the first
//! session brings about, are not in it. KCP, TCP and WebSocket are encrypted by Noise, the others by TLS.

use std::fs;
use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use playhouse::Node;
use playhouse_bench::figures::Table;
use playhouse_bench::generated::SCHEMA;
use playhouse_bench::lobby::{AvatarLogic, Secrets, admitting};
use playhouse_bench::part::{Part, until_told};
use playhouse_bench::players::{Trusted, builder, enter};
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};

const USAGE: &str = "use: playhouse-idle [--json] [[COUNT] tcp|kcp|ws|wss|quic..]";
const TRANSPORTS: [&str; 5] = ["tcp", "kcp", "ws", "wss", "quic"];
/// Sessions over TCP, and over each of the others.
const MANY: u64 = 10_000;
const FEWER: u64 = 2_000;
/// Sessions that are there before memory is measured first.
const FIRST: u64 = 20;
/// Clients that come at once.
const AT_ONCE: u64 = 32;
const SHARDS: usize = 2;
/// How long a client tries that is turned back, and how long it waits in between.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(500);
/// How long memory is let alone before it is measured.
const REST: Duration = Duration::from_secs(8);

fn main() -> Result<()> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter_mut().map(|word| word.as_str()).collect();
    match &words[..] {
        ["serve", transport] => serve(transport),
        ["sit", address, key, chain] => sit(address, key, chain),
        words => {
            let json = words.contains(&"--json");
            let mut count = None;
            let mut transports = Vec::new();
            for word in words.iter().filter(|word| **word != "--json") {
                match word.parse::<u64>() {
                    Ok(number) => count = Some(number),
                    Err(_) if TRANSPORTS.contains(word) => transports.push(*word),
                    Err(_) => bail!(USAGE),
                }
            }
            if transports.is_empty() {
                transports.extend(TRANSPORTS);
            }
            measure(json, count, &transports)
        }
    }
}

fn measure(json: bool, count: Option<u64>, transports: &[&str]) -> Result<()> {
    let columns = [
        "sessions",
        "KiB of the node each",
        "most KiB meanwhile",
        "KiB of the client each",
        "seconds to come",
    ];
    let mut table = Table::new("idle sessions", &columns);
    for transport in transports {
        let standard = if *transport == "tcp" { MANY } else { FEWER };
        let count = count.unwrap_or(standard).max(FIRST + 1);
        let row = one(transport, count).with_context(|| (*transport).to_owned())?;
        table.row(transport, &row);
    }
    writeln!(std::io::stdout(), "{}", table.text(json))?;
    Ok(())
}

fn one(transport: &str, count: u64) -> Result<[f64; 5]> {
    let mut node = Part::start(&["serve", transport])?;
    let line = node.line()?;
    let words: Vec<&str> = line.split(' ').collect();
    let mut clients = Part::start(&[&["sit"][..], &words].concat())?;
    let mut come = |up_to: u64| {
        clients.tell(&up_to.to_string())?;
        clients.line()?;
        std::thread::sleep(REST);
        Ok::<_, anyhow::Error>((node.memory("VmRSS")?, clients.memory("VmRSS")?))
    };
    let (node_before, client_before) = come(FIRST)?;
    let begun = Instant::now();
    let (node_after, client_after) = come(count)?;
    let took = begun.elapsed() - REST;
    let more = (count - FIRST) as f64;
    Ok([
        count as f64,
        (node_after - node_before) / more,
        (node.memory("VmHWM")? - node_before) / more,
        (client_after - client_before) / more,
        took.as_secs_f64(),
    ])
}

/// The node: says where it is and what to trust, and serves until nobody listens any more.
fn serve(transport: &str) -> Result<()> {
    let secrets = Secrets::make()?;
    let at = match transport {
        "ws" | "wss" => format!("{transport}://127.0.0.1:0/play"),
        _ => format!("{transport}://127.0.0.1:0"),
    };
    let node = Node::builder().schema(&SCHEMA).name("node").shards(SHARDS);
    let node = secrets.give(admitting(node).entity::<AvatarLogic>());
    let node = node.listen(at).build()?.start()?;
    let address = node.addresses().remove(0);
    let address = match address.contains("://") {
        true => address,
        false => format!("tcp://{address}"),
    };
    let chain = secrets.chain();
    let mut out = std::io::stdout();
    writeln!(out, "{address} {} {}", secrets.public, chain.display())?;
    out.flush()?;
    until_told()?;
    node.stop();
    node.wait().context("the node does not stop well")
}

/// The clients: as many as it is told come and stay.
fn sit(address: &str, key: &str, chain: &str) -> Result<()> {
    let trusted = Trusted {
        key: Some(key.parse()?),
        chain: Some(fs::read(chain)?),
    };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let local = LocalSet::new();
    let mut seated = Vec::new();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        while let Ok(Some(line)) = until_told() {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    local.block_on(&runtime, async {
        while let Some(line) = told.recv().await {
            let up_to: u64 = line.parse()?;
            while (seated.len() as u64) < up_to {
                let from = seated.len() as u64;
                let coming: Vec<_> = (from..up_to.min(from + AT_ONCE))
                    .map(|number| {
                        let (trusted, address) = (trusted.clone(), address.to_owned());
                        spawn_local(async move {
                            let begun = Instant::now();
                            let (client, avatar) = loop {
                                match enter(builder(&trusted)?, &address, number).await {
                                    // KCP's door takes so many of one address in a while.
                                    Err(_) if begun.elapsed() < PATIENCE => {
                                        tokio::time::sleep(PAUSE).await;
                                    }
                                    came => break came?,
                                }
                            };
                            avatar.echo(Default::default()).await?;
                            Ok::<_, anyhow::Error>(client)
                        })
                    })
                    .collect();
                for client in coming {
                    seated.push(client.await??);
                }
            }
            let mut out = std::io::stdout();
            writeln!(out, "there")?;
            out.flush()?;
        }
        Ok(())
    })
}
