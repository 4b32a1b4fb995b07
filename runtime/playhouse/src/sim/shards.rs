//! Shards of the host in a simulation.

use std::rc::Rc;
use std::sync::Arc;

use tokio::time::Instant;

use super::environment::SimEnv;
use super::host::{Boot, BootShard, Booted, Place, Within};
use super::trace::{Event, Trace};
use crate::host::{CallInfo, CallOutcome, Direction, Interceptor, Setup, Shard};

/// Starts the shards of a host that has them and nothing else: no links to others.
pub(super) fn boot(setup: impl Fn() -> Setup + 'static, count: u32) -> Boot {
    Rc::new(move |place: &Place| {
        let setup = setup().interceptor(CallTrace::new(place));
        let boot = |index: u32| -> BootShard {
            let (setup, place) = (setup.clone(), place.clone());
            Box::new(move || {
                let env = SimEnv::new(&place, index);
                let shard = Shard::new(&setup, index, count, Rc::new(env));
                Booted {
                    main: Box::pin(Rc::clone(&shard).pump()),
                    within: within(shard),
                    stop: Rc::new(|| ()),
                }
            })
        };
        (0..count).map(boot).collect()
    })
}

/// Runs code in the surroundings of a shard.
pub(super) fn within(shard: Rc<Shard>) -> Within {
    Rc::new(move |run| {
        let _entered = shard.enter();
        run();
    })
}

/// Puts every call that begins or ends into the trace.
#[derive(Debug)]
pub(super) struct CallTrace {
    trace: Arc<Trace>,
    began: Instant,
    host: u32,
}

impl CallTrace {
    pub(super) fn new(place: &Place) -> Self {
        Self {
            trace: Arc::clone(&place.world.trace),
            began: place.world.began,
            host: place.host,
        }
    }

    fn record(&self, kind: &'static str, call: &CallInfo<'_>, detail: u64) {
        self.trace.record(Event {
            at_us: u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX),
            host: self.host,
            kind,
            owner: call.owner,
            name: call.call.name,
            detail,
        });
    }
}

impl Interceptor for CallTrace {
    fn before(&self, call: &CallInfo<'_>) -> Result<(), crate::Failure> {
        let kind = match call.direction {
            Direction::Out => "calls",
            Direction::In => "serves",
        };
        self.record(kind, call, 0);
        Ok(())
    }

    fn after(&self, call: &CallInfo<'_>, outcome: &CallOutcome) {
        let kind = match call.direction {
            Direction::Out => "called",
            Direction::In => "served",
        };
        let detail = match outcome {
            CallOutcome::Ok => 0,
            CallOutcome::Thrown => 100,
            CallOutcome::Failed(kind) => *kind as u64,
        };
        self.record(kind, call, detail);
    }
}
