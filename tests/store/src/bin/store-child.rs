//! A process that uses an embedded store, for tests that kill it or leave it no room.
//!
//! `store-child FOLDER COMMAND`, where the command is
//! - `write SEED`: saves for ever, a line for each round that was answered; see `playhouse_store_tests::rounds`;
//! - `fill`: saves 15 MiB at a time until it is refused, and twice more; a line for each answer;
//! - `hold`: opens it, says `open`, and keeps it until its input ends;
//! - `open`: opens it, and says `open` or why not.

#![allow(
    clippy::print_stdout,
    reason = "what it prints is what the test goes by"
)]

use std::io::Write as _;

use anyhow::{Context as _, Result, bail};
use playhouse_store::{Backend as _, Embedded, Value};
use playhouse_store_tests::{AVATARS, Held, block_on, collections, rounds};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, command, rest @ ..] = &arguments[..] else {
        bail!("say which folder, and what to do");
    };
    let backend = Embedded::at(folder).free_bytes_min(0);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    if let Err(error) = backend.open(&collections(), runtime.handle()) {
        return say(&error.to_string());
    }
    let store = backend.store();
    match command.as_str() {
        "write" => {
            let seed = rest.first().context("say which seed")?.parse()?;
            block_on(async {
                let mut writer = rounds::Writer::claim(&store, seed).await;
                for round in 1_u64.. {
                    writer.round(&store, round).await;
                    say(&round.to_string())?;
                }
                Ok(())
            })
        }
        "fill" => block_on(async {
            let held = Held::claim(&store, AVATARS, "u1", 1).await;
            let (mut held, mut refusals) = (held, 0);
            while refusals < 3 {
                let commit = held.set("blob", Value::Bytes(vec![7; 15 << 20]));
                let rev = commit.rev;
                match store.commit(vec![commit.into()]).await {
                    Ok(outcomes) => {
                        held.rev += 1;
                        say(&format!("{rev} {outcomes:?}"))?;
                    }
                    Err(error) => {
                        refusals += 1;
                        say(&format!("{rev} {error}"))?;
                    }
                }
            }
            Ok(())
        }),
        "hold" => {
            say("open")?;
            let ended = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            backend.close();
            ended.map(|_| ()).context("the input can't be read")
        }
        "open" => say("open"),
        other => bail!("{other} is not a command"),
    }
}

/// At once: a line that was not written before the process is killed was not said.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
