//! The device, and the threads that move packets from it to it.

use std::{
    io,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{JoinHandle, spawn},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tun_rs::{DeviceBuilder, SyncDevice};

use crate::path::{Conditions, Path, turn_round};

/// Where servers listen. Of the addresses that are kept for measuring (RFC 2544).
pub const HERE: Ipv4Addr = Ipv4Addr::new(198, 18, 77, 1);
/// Where clients dial, to come to [`HERE`] over the path.
pub const THERE: Ipv4Addr = Ipv4Addr::new(198, 18, 77, 2);
/// Bits of their network.
const PREFIX: u8 = 30;
/// Bytes of a packet at most.
const MTU: u16 = 1_500;
/// Packets that wait to be put on the path.
const WAITING_MAX: usize = 1_024;
/// How long the path waits for a packet when none is on it.
const IDLE: Duration = Duration::from_millis(100);

/// A bad path through this machine, for as long as it lives.
#[derive(Debug)]
pub struct Tunnel {
    stopping: Arc<AtomicBool>,
    moving: Option<JoinHandle<(u64, u64)>>,
}

impl Tunnel {
    /// Makes the device and begins to move packets.
    ///
    /// # Errors
    ///
    /// If the system refuses the device: whoever asks must be root, or have the capability `CAP_NET_ADMIN`.
    pub fn open(conditions: Conditions, seed: u64) -> Result<Self> {
        let device = DeviceBuilder::new()
            .ipv4(HERE, PREFIX, None)
            .mtu(MTU)
            .build_sync()
            .context("no TUN device: run this as root, with /dev/net/tun there")?;
        let device = Arc::new(device);
        let stopping = Arc::new(AtomicBool::new(false));
        let (send, sent) = sync_channel(WAITING_MAX);
        {
            // It ends with the process: a read that waits can't be told to.
            let device = Arc::clone(&device);
            spawn(move || read(&device, &send));
        }
        let moving = {
            let stopping = Arc::clone(&stopping);
            let path = Path::new(conditions, seed);
            spawn(move || move_packets(&device, path, &sent, &stopping))
        };
        Ok(Self {
            stopping,
            moving: Some(moving),
        })
    }

    /// Ends it: how many packets set out, and how many of them were lost.
    #[must_use]
    pub fn close(mut self) -> (u64, u64) {
        self.stopping.store(true, Ordering::Relaxed);
        let moving = self.moving.take();
        moving
            .and_then(|moving| moving.join().ok())
            .unwrap_or_default()
    }
}

fn read(device: &SyncDevice, send: &SyncSender<Vec<u8>>) -> io::Result<()> {
    let mut bytes = vec![0; usize::from(MTU)];
    loop {
        let count = device.recv(&mut bytes)?;
        let mut packet = bytes.get(..count).unwrap_or_default().to_vec();
        if turn_round(&mut packet) && send.send(packet).is_err() {
            return Ok(());
        }
    }
}

fn move_packets(
    device: &SyncDevice,
    mut path: Path,
    sent: &Receiver<Vec<u8>>,
    stopping: &AtomicBool,
) -> (u64, u64) {
    let start = Instant::now();
    while !stopping.load(Ordering::Relaxed) {
        let wait = path
            .next_arrival()
            .map_or(IDLE, |due| due.saturating_sub(start.elapsed()));
        match sent.recv_timeout(wait) {
            Ok(packet) => path.send(start.elapsed(), packet),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        while let Some(packet) = path.arrived(start.elapsed()) {
            // A packet that the device has no room for is lost.
            let _ = device.send(&packet);
        }
    }
    path.counts()
}
