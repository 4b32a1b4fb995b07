//! Counts what a piece of code allocates, so that a target can bound it by its input.
//!
//! The one place in this crate with `unsafe`: a global allocator can't be written without it.

#![allow(
    unsafe_code,
    reason = "GlobalAlloc is an unsafe trait; every call is handed on to the system's allocator unchanged"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Bytes that this thread holds; other threads may free what this one allocated, so it may fall below zero.
    static HELD: Cell<isize> = const { Cell::new(0) };
    /// The most that [`HELD`] was since [`peak`] began.
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator, counted per thread.
#[derive(Debug)]
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Adds to what is held. The cells are constants without destructors, so using them allocates nothing.
fn add(bytes: isize) {
    let held = HELD.get() + bytes;
    HELD.set(held);
    if held > PEAK.get() {
        PEAK.set(held);
    }
}

// SAFETY: every method passes its arguments on to `System` and returns what that returns.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size().cast_signed());
        // SAFETY: the caller keeps `alloc`'s contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        add(-layout.size().cast_signed());
        // SAFETY: the caller keeps `dealloc`'s contract, and `pointer` came from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(size.cast_signed() - layout.size().cast_signed());
        // SAFETY: the caller keeps `realloc`'s contract, and `pointer` came from `System`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Runs `work` and returns its result and the most bytes that it held at once beyond what was held before.
pub fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.get();
    PEAK.set(before);
    let result = work();
    (result, usize::try_from(PEAK.get() - before).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_held_at_once_is_counted() {
        let (kept, bytes) = peak(|| {
            drop(Vec::<u8>::with_capacity(1000));
            Vec::<u8>::with_capacity(300)
        });
        assert_eq!(kept.capacity(), 300);
        assert_eq!(bytes, 1000);
    }
}
