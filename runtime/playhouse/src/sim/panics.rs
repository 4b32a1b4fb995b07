//! Panics of a simulation: tasks swallow them, a seed must not.

use std::cell::Cell;
use std::sync::Once;

thread_local! {
    static PANICS: Cell<u64> = const { Cell::new(0) };
}

static HOOK: Once = Once::new();

/// How many panics there were on this thread since the first call of this.
pub(super) fn count() -> u64 {
    HOOK.call_once(|| {
        let outer = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // A panic while the thread ends has nowhere to be counted, and no simulation that it could fail.
            let _ = PANICS.try_with(|panics| panics.set(panics.get() + 1));
            outer(info);
        }));
    });
    PANICS.get()
}
