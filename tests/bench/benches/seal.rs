//! Sealing and opening one record, by the library that links take and by the one that they could: `cargo bench -p
//! playhouse-bench --bench seal`.
//!
//! Both are asked as the handshake's library asks them, so that what it adds is in the figures, too.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use snow::params::CipherChoice;
use snow::resolvers::{CryptoResolver, DefaultResolver, RingResolver};
use snow::types::Cipher;

/// Bytes of a step, a call with a few arguments, and what is nearly compressed.
const SIZES: [usize; 3] = [64, 256, 1024];
/// Bytes by which a record is known to be the peer's.
const TAG: usize = 16;

criterion_group!(benches, seal, open);
criterion_main!(benches);

/// The ciphers, each with the same key.
fn ciphers() -> impl Iterator<Item = (&'static str, Box<dyn Cipher>)> {
    let resolvers: [(&str, Box<dyn CryptoResolver>); 2] = [
        ("ring", Box::new(RingResolver)),
        ("RustCrypto", Box::new(DefaultResolver)),
    ];
    resolvers.into_iter().filter_map(|(name, resolver)| {
        let mut cipher = resolver.resolve_cipher(&CipherChoice::ChaChaPoly)?;
        cipher.set(&[7; 32]);
        Some((name, cipher))
    })
}

fn seal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("seal");
    for size in SIZES {
        group.throughput(Throughput::Bytes(size as u64));
        let (plain, mut sealed) = (vec![7; size], vec![0; size + TAG]);
        for (name, cipher) in ciphers() {
            let mut number = 0;
            group.bench_function(BenchmarkId::new(name, size), |bencher| {
                bencher.iter(|| {
                    number += 1;
                    black_box(cipher.encrypt(number, &[], &plain, &mut sealed))
                });
            });
        }
    }
    group.finish();
}

fn open(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("open");
    for size in SIZES {
        group.throughput(Throughput::Bytes(size as u64));
        let (plain, mut sealed) = (vec![7; size], vec![0; size + TAG]);
        let mut room = vec![0; size];
        for (name, cipher) in ciphers() {
            cipher.encrypt(1, &[], &plain, &mut sealed);
            group.bench_function(BenchmarkId::new(name, size), |bencher| {
                bencher.iter(|| black_box(cipher.decrypt(1, &[], &sealed, &mut room).is_ok()));
            });
        }
    }
    group.finish();
}
