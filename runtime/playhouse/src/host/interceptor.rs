//! Code that sees every call go out and come in.

use std::time::Duration;

use super::trace::TraceContext;
use crate::call::{Failure, FailureKind};
use crate::descriptor::Call;

/// Sees calls: those that a shard makes and those that it serves.
///
/// The first one added is the outermost: its `before` comes first and its `after` last. Interceptors run on the thread
/// of the shard, between the calls of its entities, so they must not wait.
pub trait Interceptor: Send + Sync + 'static {
    /// A call is about to be sent, or to be served.
    ///
    /// # Errors
    ///
    /// A failure refuses the call.
    fn before(&self, call: &CallInfo<'_>) -> Result<(), Failure> {
        let _ = call;
        Ok(())
    }

    /// The call has ended.
    fn after(&self, call: &CallInfo<'_>, outcome: &CallOutcome) {
        let _ = (call, outcome);
    }
}

/// What an interceptor sees of a call.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CallInfo<'a> {
    /// Which way it goes.
    pub direction: Direction,
    /// What it is made on: an entity type or a service.
    pub owner: &'static str,
    /// What the schema says about it.
    pub call: &'a Call,
    /// What is left of its time; none if it may take for ever.
    pub left: Option<Duration>,
    /// The trace that it belongs to.
    pub trace: Option<TraceContext>,
}

/// Which way a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It is made here.
    Out,
    /// It is served here.
    In,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// With a result.
    Ok,
    /// With what its handler threw.
    Thrown,
    /// It failed.
    Failed(FailureKind),
}
