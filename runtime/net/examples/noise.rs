//! What encryption costs: `cargo run --release -p playhouse-net --example noise`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that fails has nothing to say"
)]

use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use playhouse_net::noise::{
    self, Accepted, Handshake, Keys, Policy, RECORD_OVERHEAD, Secured, ServerKey, answer,
};
use playhouse_net::{Network, Stream, Tcp};
use playhouse_wire::{Writer, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::{LocalSet, spawn_local};

const TIME: Duration = Duration::from_millis(1500);
const STREAMED: usize = 256 << 20;

fn main() {
    let keys = Keys {
        server: Some(Arc::new(ServerKey::generate().unwrap())),
        ..Keys::default()
    };
    handshakes(&keys);
    for size in [64, 256, 1024, 4096, 16_384] {
        records(&keys, size);
    }
    packing();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        for size in [1024, 16_384, 65_536] {
            let (one, other) = plain().await;
            stream("plain", size, one, other).await;
            let (one, other) = sealed(&keys).await;
            stream("sealed", size, one, other).await;
        }
    });
}

/// How often something can be done, and how long it takes.
fn measure(mut what: impl FnMut()) -> Duration {
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed() < TIME {
        for _ in 0..16 {
            what();
        }
        count += 16;
    }
    began.elapsed() / count
}

fn handshakes(keys: &Keys) {
    let key = keys.server.as_ref().unwrap().public_key();
    let (_, offer) = Handshake::client(&key, b"").unwrap();
    let server = measure(|| drop(black_box(answer(keys, &offer, b"").unwrap())));
    let client = measure(|| drop(black_box(pair(keys)))) - server;
    let second = 1.0 / server.as_secs_f64();
    println!("handshake: {server:?} of the server ({second:.0}/s), {client:?} of the client");
}

fn pair(keys: &Keys) -> (Secured, Secured) {
    let key = keys.server.as_ref().unwrap().public_key();
    let (handshake, offer) = Handshake::client(&key, b"").unwrap();
    let answered = answer(keys, &offer, b"").unwrap();
    (
        handshake.finish(&answered.answer).unwrap(),
        answered.secured,
    )
}

fn records(keys: &Keys, size: usize) {
    let (plain, mut sealed, mut room) = (vec![7; size], Vec::new(), vec![0; size]);
    let (one, _) = pair(keys);
    let mut one = one.into_records();
    let seal = measure(|| {
        sealed.clear();
        one.seal(&plain, &mut sealed).unwrap();
    });
    let (one, other) = pair(keys);
    let (mut one, mut other) = (one.into_records(), other.into_records());
    let both = measure(|| {
        sealed.clear();
        one.seal(&plain, &mut sealed).unwrap();
        assert_eq!(other.open(&sealed, &mut room).unwrap(), Some(size));
    });
    let open = both.saturating_sub(seal);
    let rate = size as f64 / seal.as_secs_f64() / 1e6;
    println!(
        "record of {size}: {seal:?} to seal, {open:?} to open, {rate:.0} MB/s, {RECORD_OVERHEAD} bytes more"
    );
}

fn packing() {
    for size in [1024, 4096, 65_536] {
        let words = (0_u32..).flat_map(|it| {
            let number = it.wrapping_mul(2_654_435_761) >> 20;
            format!("player {number} moves; ").into_bytes()
        });
        let text: Vec<u8> = words.take(size).collect();
        let mut w = Writer::new();
        let pack = measure(|| {
            w.clear();
            frame::put(&mut w, frame::FRAME_BYTES_MAX, |w| w.raw(&text)).unwrap();
            assert!(frame::pack(&mut w, 0, 1));
        });
        let mut out = Vec::new();
        let open = measure(|| {
            let mut frames = frame::Frames::new(w.as_bytes(), frame::FRAME_BYTES_MAX).or_packed();
            let Ok(Some(frame::Frame::Packed(packed))) = frames.poll_any() else {
                return;
            };
            packed.open(size, &mut out).unwrap();
        });
        let length = w.as_bytes().len();
        println!("text of {size} packed to {length}: {pack:?}, unpacked: {open:?}");
    }
}

async fn plain() -> (Box<dyn Stream>, Box<dyn Stream>) {
    let mut listener = Tcp.listen("127.0.0.1:0").await.unwrap();
    let one = Tcp.dial(listener.local_address()).await.unwrap();
    (one, listener.accept().await.unwrap())
}

async fn sealed(keys: &Keys) -> (Box<dyn Stream>, Box<dyn Stream>) {
    let mut listener = Tcp.listen("127.0.0.1:0").await.unwrap();
    let address = listener.local_address().to_owned();
    let key = keys.server.as_ref().unwrap().public_key();
    let keys = keys.clone();
    let accepting = spawn_local(async move {
        let stream = listener.accept().await.unwrap();
        noise::accept(stream, &keys, Policy::Sealed).await.unwrap()
    });
    let network = noise::Network::client(Rc::new(Tcp), key);
    let one = network.dial(&address).await.unwrap();
    let Accepted { stream, .. } = accepting.await.unwrap();
    (one, stream)
}

/// Both ends on one thread, so that the time is that of both.
async fn stream(name: &str, size: usize, mut one: Box<dyn Stream>, mut other: Box<dyn Stream>) {
    let reader = spawn_local(async move {
        let (mut room, mut read) = (vec![0; 65_536], 0);
        while read < STREAMED {
            read += other.read(&mut room).await.unwrap();
        }
    });
    let began = Instant::now();
    let piece = vec![7; size];
    for _ in 0..STREAMED / size {
        one.write_all(&piece).await.unwrap();
    }
    one.flush().await.unwrap();
    reader.await.unwrap();
    let took = began.elapsed();
    let per_byte = took.as_secs_f64() * 1e9 / STREAMED as f64;
    let per_write = took / u32::try_from(STREAMED / size).unwrap();
    println!("{name} stream, writes of {size}: {per_byte:.2} ns/byte, {per_write:?} each");
}
