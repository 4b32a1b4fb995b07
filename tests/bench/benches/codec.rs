//! Encoding and decoding, generated code beside its peers: `cargo bench -p playhouse-bench --bench codec`.
//!
//! After criterion's own lines comes a table of the best times, taken in turns so that a busy machine slows all alike,
//! and the ratios that the project promises.

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput};
use playhouse::{Limits, Writer, from_slice};
use playhouse_bench::generated::bench as generated;
use playhouse_bench::{derived, handwritten, protobuf, samples};
use prost::Message as _;

/// How many times as fast as the derive encoding must be.
const ENCODE_TO_DERIVE: f64 = 2.0;
/// How many times as fast as the derive decoding must be.
const DECODE_TO_DERIVE: f64 = 1.8;
/// How many times as long as by hand it may take.
const TO_HAND: f64 = 1.15;
/// Rounds of the table, each of which measures every codec once, shorter than a slice of the scheduler.
const ROUNDS: usize = 2_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let rows = [hit(&mut criterion), state(&mut criterion)].concat();
    criterion.final_summary();
    report(&rows);
}

/// What is measured: how each of the four does one thing, [`PEERS`] in order.
#[derive(Clone)]
struct Row {
    name: String,
    nanoseconds: [f64; 4],
    decodes: bool,
}

const PEERS: [&str; 4] = ["generated", "rmp-serde derive", "rmp by hand", "prost"];

/// Measures four closures that do the same, by criterion and in turns.
macro_rules! compare {
    ($criterion:expr, $name:expr, $bytes:expr, $iterations:expr, $decodes:expr, $($run:expr),+) => {{
        let mut runs = ($($run),+);
        let mut group = $criterion.benchmark_group($name);
        group.throughput(Throughput::Bytes($bytes as u64));
        group.bench_function(PEERS[0], |bencher| bencher.iter(&mut runs.0));
        group.bench_function(PEERS[1], |bencher| bencher.iter(&mut runs.1));
        group.bench_function(PEERS[2], |bencher| bencher.iter(&mut runs.2));
        group.bench_function(PEERS[3], |bencher| bencher.iter(&mut runs.3));
        group.finish();
        let mut best = [f64::INFINITY; 4];
        for _ in 0..ROUNDS {
            let times = [
                nanoseconds($iterations, &mut runs.0),
                nanoseconds($iterations, &mut runs.1),
                nanoseconds($iterations, &mut runs.2),
                nanoseconds($iterations, &mut runs.3),
            ];
            for (best, time) in best.iter_mut().zip(times) {
                *best = best.min(time);
            }
        }
        Row { name: $name.to_owned(), nanoseconds: best, decodes: $decodes }
    }};
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark is there to read the clock"
)]
fn nanoseconds<T>(iterations: u32, run: &mut impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    for _ in 0..iterations {
        black_box(run());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(iterations)
}

fn hit(criterion: &mut Criterion) -> Vec<Row> {
    let value = samples::hit();
    let bytes = playhouse::to_vec(&value);
    let derived = derived::Hit::from(&value);
    let message = protobuf::Hit::from(&value);
    let message_bytes = message.encode_to_vec();
    assert_eq!(bytes.len(), 48, "the message has grown");

    let (mut writer, mut a, mut b, mut c) = buffers();
    let encode = compare!(
        criterion,
        "encode 48-byte message",
        bytes.len(),
        20_000,
        false,
        || {
            writer.clear();
            writer.put(black_box(&value));
            writer.len()
        },
        || {
            a.clear();
            rmp_serde::encode::write(&mut a, black_box(&derived)).expect("a vector takes all");
            a.len()
        },
        || {
            b.clear();
            handwritten::write_hit(&mut b, black_box(&value)).expect("a vector takes all");
            b.len()
        },
        || {
            c.clear();
            black_box(&message)
                .encode(&mut c)
                .expect("a vector takes all");
            c.len()
        }
    );
    let decode = compare!(
        criterion,
        "decode 48-byte message",
        bytes.len(),
        20_000,
        true,
        || from_slice::<generated::Hit>(black_box(&bytes), &Limits::DEFAULT)
            .expect("our own bytes"),
        || rmp_serde::from_slice::<derived::Hit>(black_box(&bytes)).expect("our own bytes"),
        || handwritten::read_hit(&mut black_box(bytes.as_slice())).expect("our own bytes"),
        || protobuf::Hit::decode(black_box(message_bytes.as_slice())).expect("our own bytes")
    );
    vec![encode, decode]
}

fn state(criterion: &mut Criterion) -> Vec<Row> {
    let value = samples::state();
    let bytes = playhouse::to_vec(&value);
    let derived = derived::State::from(&value);
    let message = protobuf::State::from(&value);
    let message_bytes = message.encode_to_vec();
    assert!(
        (3_900..4_300).contains(&bytes.len()),
        "the state is {} bytes",
        bytes.len()
    );

    let (mut writer, mut a, mut b, mut c) = buffers();
    let encode = compare!(
        criterion,
        "encode 4 KiB state",
        bytes.len(),
        500,
        false,
        || {
            writer.clear();
            writer.put(black_box(&value));
            writer.len()
        },
        || {
            a.clear();
            rmp_serde::encode::write(&mut a, black_box(&derived)).expect("a vector takes all");
            a.len()
        },
        || {
            b.clear();
            handwritten::write_state(&mut b, black_box(&value)).expect("a vector takes all");
            b.len()
        },
        || {
            c.clear();
            black_box(&message)
                .encode(&mut c)
                .expect("a vector takes all");
            c.len()
        }
    );
    let decode = compare!(
        criterion,
        "decode 4 KiB state",
        bytes.len(),
        500,
        true,
        || from_slice::<generated::State>(black_box(&bytes), &Limits::DEFAULT)
            .expect("our own bytes"),
        || rmp_serde::from_slice::<derived::State>(black_box(&bytes)).expect("our own bytes"),
        || handwritten::read_state(&mut black_box(bytes.as_slice())).expect("our own bytes"),
        || protobuf::State::decode(black_box(message_bytes.as_slice())).expect("our own bytes")
    );
    vec![encode, decode]
}

/// A buffer for each of the four, large enough for both values.
fn buffers() -> (Writer, Vec<u8>, Vec<u8>, Vec<u8>) {
    let buffer = || Vec::with_capacity(8192);
    (Writer::with_capacity(8192), buffer(), buffer(), buffer())
}

/// The table, and whether each promise is kept.
#[expect(clippy::print_stdout, reason = "the table is for those who run it")]
fn report(rows: &[Row]) {
    println!();
    print!("{:<24}", "best of the rounds, ns");
    for peer in PEERS {
        print!("{peer:>18}");
    }
    println!("{:>12}{:>10}{:>10}", "x derive", "/ hand", "x prost");
    for row in rows {
        let [ours, derive, hand, prost] = row.nanoseconds;
        print!("{:<24}", row.name);
        for time in row.nanoseconds {
            print!("{time:>18.1}");
        }
        println!(
            "{:>12.2}{:>10.2}{:>10.2}",
            derive / ours,
            ours / hand,
            prost / ours
        );
        let promised = if row.decodes {
            DECODE_TO_DERIVE
        } else {
            ENCODE_TO_DERIVE
        };
        for (kept, promise) in [
            (
                derive / ours >= promised,
                format!("at least {promised} x the derive"),
            ),
            (
                ours / hand <= TO_HAND,
                format!("within {TO_HAND} x by hand"),
            ),
            (ours < prost, "ahead of prost".to_owned()),
        ] {
            if !kept {
                println!("    missed: {promise}");
            }
        }
    }
}
