//! Reading holds no more memory than the limits allow, counted by the allocator: a test binary of its own, since there is
//! one allocator in a program.

#![expect(
    unsafe_code,
    reason = "a global allocator can't be written without it; each call is handed on unchanged"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use playhouse_wire::message::{Header, Message, Method, Trace, put_request};
use playhouse_wire::{
    Bytes, Decode, EntityKey, EntityRef, Limits, Uuid, Writer, frame, from_slice, to_vec,
};

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn add(bytes: isize) {
    HELD.set(HELD.get() + bytes);
    PEAK.set(PEAK.get().max(HELD.get()));
}

// SAFETY: both methods hand their arguments on to `System`; the others are made of these two.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size().cast_signed());
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the contract is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        add(-layout.size().cast_signed());
        // SAFETY: the contract is the same, and the pointer came from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Reads `bytes` as `T`, strictly, and sees that the limit is kept. Whether they can be read.
fn bounded<T: Decode>(bytes: &[u8]) -> bool {
    let before = HELD.get();
    PEAK.set(before);
    let result = from_slice::<T>(bytes, &Limits::STRICT);
    let held = (PEAK.get() - before).max(0).cast_unsigned();
    let allowed = Limits::STRICT.memory(bytes.len());
    assert!(
        held <= allowed,
        "{held} bytes held, {allowed} allowed for {} bytes",
        bytes.len()
    );
    result.is_ok()
}

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.into_bytes()
}

#[test]
fn declared_lengths_allocate_nothing() {
    for header in [0xdd_u8, 0xdf, 0xdb, 0xc6] {
        let bytes = [header, 0xff, 0xff, 0xff, 0xff, 0];
        assert!(!bounded::<Vec<u64>>(&bytes));
        assert!(!bounded::<String>(&bytes));
        assert!(!bounded::<Bytes>(&bytes));
        assert!(!bounded::<BTreeSet<u64>>(&bytes));
        assert!(!bounded::<BTreeMap<u64, u64>>(&bytes));
    }
}

#[test]
fn elements_that_are_larger_in_memory_are_read_up_to_the_limit_and_no_further() {
    let nils = |count: usize| {
        written(|w| {
            w.array(count);
            (0..count).for_each(|_| w.nil());
        })
    };
    assert!(size_of::<Option<EntityRef>>() >= 2 * 16);
    assert!(bounded::<Vec<Option<EntityRef>>>(&nils(32)));
    assert!(!bounded::<Vec<Option<EntityRef>>>(&nils(10_000)));
    assert!(bounded::<Vec<Option<u64>>>(&nils(100_000)));
}

#[test]
fn lists_in_lists_are_counted_together() {
    // Each inner list is a byte, and a vector in memory; with an element each, an allocation too.
    let empty = written(|w| {
        w.array(50_000);
        (0..50_000).for_each(|_| w.array(0));
    });
    assert!(!bounded::<Vec<Vec<u64>>>(&empty));
    let full = to_vec(&vec![vec![1_u8; 100]; 500]);
    assert!(bounded::<Vec<Vec<u8>>>(&full));
}

#[test]
fn trees_take_what_is_charged_for_them() {
    for count in [
        1_u32, 5, 6, 11, 12, 13, 20, 21, 60, 143, 144, 145, 1_000, 5_000, 50_000,
    ] {
        let ascending: BTreeMap<u32, u64> = (0..count).map(|key| (key, u64::MAX)).collect();
        assert!(
            bounded::<BTreeMap<u32, u64>>(&to_vec(&ascending)),
            "{count}"
        );
        let set: BTreeSet<u64> = (0..count).map(|key| u64::from(key) << 32).collect();
        assert!(bounded::<BTreeSet<u64>>(&to_vec(&set)), "{count}");
        let uuids: BTreeSet<Uuid> = (0..count)
            .map(|key| Uuid(u128::from(key).to_be_bytes()))
            .collect();
        assert!(bounded::<BTreeSet<Uuid>>(&to_vec(&uuids)), "{count}");

        // Descending from the second entry on, so that nearly all are inserted one by one.
        let descending = written(|w| {
            w.map(count as usize);
            for key in (0..count).rev() {
                w.put(&key);
                w.put(&u64::MAX);
            }
        });
        assert!(bounded::<BTreeMap<u32, u64>>(&descending), "{count}");
    }
}

#[test]
fn small_trees_of_large_entries_are_counted_as_whole_nodes() {
    // One entry each, yet each tree has a node for eleven.
    let maps = written(|w| {
        w.array(2_000);
        for _ in 0..2_000 {
            w.map(1);
            w.put(&1_u8);
            w.nil();
        }
    });
    assert!(!bounded::<Vec<BTreeMap<u8, Option<EntityRef>>>>(&maps));
}

#[test]
fn errors_are_within_the_limit_too() {
    let mut deep = vec![0x81_u8; 63];
    deep.iter_mut().for_each(|byte| *byte = 0x91);
    deep.push(0xa1);
    assert!(!bounded::<Vec<Vec<Vec<Vec<u8>>>>>(&deep));
    let long_key = written(|w| {
        w.map(1);
        w.str(&"k".repeat(2_000));
        w.nil();
    });
    assert!(!bounded::<BTreeMap<String, u8>>(&long_key));
    let strings = to_vec(&vec!["x".repeat(1_000); 10]);
    assert!(bounded::<Vec<String>>(&strings));
    assert!(!bounded::<Vec<u8>>(&strings));
}

/// How often `work` allocates.
fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

#[test]
fn calls_are_written_and_read_without_allocating() {
    let method = Method {
        package: 1,
        number: 7,
        slot: 2,
        tag: 3,
    };
    let trace = Trace {
        id: [1; 16],
        span: 2,
        flags: Trace::SAMPLED,
    };
    let header = Header {
        target: Some(EntityKey::new([u64::MAX.into()])),
        deadline_us: Some(1_000_000),
        epoch: Some(3),
        trace: Some(trace),
        ..Header::EMPTY
    };
    let mut out = Writer::with_capacity(1024);
    let wrote = allocations(|| {
        for id in 0..4 {
            let written = frame::put(&mut out, frame::FRAME_BYTES_MAX, |w| {
                put_request(w, id, method, &header, |w| w.str("x"));
            });
            written.unwrap();
        }
    });
    assert_eq!(wrote, 0);
    let mut frames = frame::Frames::new(out.as_bytes(), frame::FRAME_BYTES_MAX);
    let read = allocations(|| {
        for _ in 0..4 {
            let message = Message::decode(frames.poll().unwrap().unwrap());
            assert!(matches!(message, Ok(Message::Request(_))));
        }
    });
    assert_eq!(read, 0);
}

#[test]
fn what_a_message_borrows_takes_no_memory_however_long_it_is() {
    let chain = written(|w| {
        w.array(64);
        for _ in 0..64 {
            w.raw(&[0x95, 1, 2, 3, 4, 0xa1, b'k']);
        }
    });
    let header = written(|w| {
        w.array(6);
        w.raw(&[0xc0; 5]);
        w.raw(&chain);
    });
    let bytes = written(|w| {
        w.raw(&[0x94, 2, 7]);
        w.raw(&header);
        w.bin(&[0; 100_000]);
    });
    let mut length = 0;
    let read = allocations(|| {
        if let Ok(Message::Notify(notify)) = Message::decode(&bytes) {
            length = notify.header.chain.len();
        }
    });
    assert_eq!((read, length), (0, 64));
}
