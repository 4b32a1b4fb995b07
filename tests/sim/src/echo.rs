//! Clients and an echo server on bare streams: the simulation without any node in it.

use std::io;
use std::time::Duration;

use playhouse::sim::{Ended, Joined, Sim, SimClient, SimError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// How many clients talk to the server.
pub const CLIENTS: usize = 3;

/// Serves echoes for ever.
///
/// # Errors
///
/// What the network says.
pub async fn serve(host: SimClient) -> io::Result<()> {
    let address = format!("{}:7", host.name());
    let network = host.network();
    let mut listener = network.listen(&address).await?;
    loop {
        let mut stream = listener.accept().await?;
        tokio::task::spawn_local(async move {
            let mut buffer = [0; 8];
            while stream.read_exact(&mut buffer).await.is_ok() {
                if stream.write_all(&buffer).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// Sends numbers and expects them back, with pauses by chance, anew after each failure; how many came back.
pub async fn talk(host: SimClient, server: &str, rounds: u32) -> u32 {
    let network = host.network();
    let mut echoed = 0;
    let mut stream = None;
    for _ in 0..rounds {
        let pause = Duration::from_millis(host.random().below(200));
        tokio::time::sleep(pause).await;
        if stream.is_none() {
            stream = network.dial(server).await.ok();
        }
        let Some(open) = &mut stream else { continue };
        let number = host.random().u64().to_le_bytes();
        let round = async {
            let mut answer = [0; 8];
            open.write_all(&number).await?;
            open.read_exact(&mut answer).await?;
            io::Result::Ok(answer)
        };
        match tokio::time::timeout(Duration::from_millis(500), round).await {
            Ok(Ok(answer)) => {
                assert_eq!(answer, number);
                echoed += 1;
            }
            _ => stream = None,
        }
    }
    echoed
}

/// Plays a seed: clients talk to a server while it is cut off and crashes.
///
/// # Errors
///
/// The seed failed.
pub fn play(seed: u64) -> Result<Ended, SimError> {
    let sim = Sim::new(seed);
    let server = "server";
    let _serving = sim.client(server, serve);
    let mut clients: Vec<Joined<u32>> = Vec::new();
    for number in 0..CLIENTS {
        clients.push(sim.client(&format!("client-{number}"), async |host| {
            talk(host, "server:7", 40).await
        }));
    }
    let script = sim.random();
    for _ in 0..10 {
        sim.run_for(Duration::from_millis(500));
        match script.below(4) {
            0 => sim.partition("client-0", server),
            1 => sim.heal("client-0", server),
            2 => sim.crash(server),
            _ => sim.restart(server),
        }
    }
    sim.heal("client-0", server);
    sim.restart(server);
    sim.run_for(Duration::from_secs(30));
    for client in clients {
        let echoed = client.take();
        sim.mix(&echoed.unwrap_or(u32::MAX).to_le_bytes());
    }
    sim.end()
}
