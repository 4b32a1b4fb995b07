//! Counts what the server does, between its entities too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use playhouse::host::{CallInfo, CallOutcome, Direction, Interceptor};

/// Calls that the server has handled. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Served(Arc<AtomicU64>);

impl Served {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Interceptor for Served {
    fn after(&self, call: &CallInfo<'_>, _outcome: &CallOutcome) {
        if call.direction == Direction::In {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
