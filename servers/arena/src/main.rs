//! Arena on a node of its own: all roles in one process.

use std::io::Write;

use arena::app::{Arena, Rules, node};
use clap::Parser;

/// Runs Arena, the reference game of Playhouse, until Ctrl-C or SIGTERM.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Where clients connect, host:port
    #[arg(long, default_value = "127.0.0.1:7000")]
    listen: String,

    /// Where tools connect that speak plain MessagePack-RPC; loopback only
    #[arg(long, value_name = "ADDRESS")]
    msgpack_rpc: Option<String>,

    /// How many shards, each a thread; one for each core if nothing is said
    #[arg(long)]
    shards: Option<usize>,
}

const EXAMPLES: &str = "\
Examples:
  arena
  arena --listen 127.0.0.1:7100 --msgpack-rpc 127.0.0.1:7101
  playhouse describe 127.0.0.1:7000";

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let listen = arguments.listen;
    let mut builder = node(Arena::new(Rules::default())).listen(&listen);
    if let Some(address) = arguments.msgpack_rpc {
        builder = builder.msgpack_rpc(address);
    }
    if let Some(shards) = arguments.shards {
        builder = builder.shards(shards);
    }
    let game = builder.build()?;
    // Nobody reads it: it plays all the same.
    let _closed = writeln!(std::io::stdout(), "Arena at {listen}, until Ctrl-C");
    game.run()?;
    Ok(())
}
