//! Code that sees every call go out and come in.

use std::time::Duration;

use super::calls::Place;
use super::handler::Answer;
use super::shard::Shard;
use super::trace::TraceContext;
use crate::call::{Failure, FailureKind, Fault};
use crate::descriptor::Call;

/// Sees calls: those that a shard makes and those that it serves.
///
/// The first one added is the outermost: its `before` comes first and its `after` last. Interceptors run on the thread
/// of the shard, between the calls of its entities, so they must not wait.
pub trait Interceptor: Send + Sync + 'static {
    /// A call is about to be sent, or to be served. A call within a shard is both, one after the other.
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
    /// What is left of its time, before it begins; none if it may take for ever.
    pub left: Option<Duration>,
    /// The trace that it belongs to, before it begins.
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

/// A call that interceptors have seen.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    pub(super) owner: &'static str,
    pub(super) call: &'static Call,
}

/// What may be said of an outcome.
pub(super) fn outcome_of<O, X: Fault>(outcome: &Result<O, X>) -> CallOutcome {
    match outcome {
        Ok(_) => CallOutcome::Ok,
        Err(fault) => match fault.view() {
            Ok(_) => CallOutcome::Thrown,
            Err(failure) => CallOutcome::Failed(failure.kind()),
        },
    }
}

impl From<Answer<'_>> for CallOutcome {
    fn from(answer: Answer<'_>) -> Self {
        match answer {
            Answer::Ok(_) => Self::Ok,
            Answer::Thrown(_) => Self::Thrown,
            Answer::Failed(failure) => Self::Failed(failure.kind()),
        }
    }
}

impl Shard {
    /// The name of an entity type or a service that the node runs.
    pub(super) fn owner_name(&self, package: u16, number: u16) -> &'static str {
        if let Some(kind) = self.find_kind(package, number) {
            return kind.descriptor.head.name;
        }
        let service = self.find_service(package, number);
        service.map_or("", |service| service.descriptor.head.name)
    }

    pub(super) fn seen(&self, place: &Place, call: &'static Call) -> Seen {
        let owner = match place {
            Place::Entity(cell) => self.kind(cell.header().kind).descriptor.head.name,
            Place::Service(service) => service.descriptor.head.name,
            Place::Away(_) => "",
        };
        Seen { owner, call }
    }

    /// Shows a call to the interceptors.
    #[inline]
    pub(super) fn before(
        &self,
        direction: Direction,
        seen: impl FnOnce() -> Seen,
        left_us: Option<u64>,
        trace: Option<TraceContext>,
    ) -> Result<(), Failure> {
        if self.interceptors.is_empty() {
            return Ok(());
        }
        let Seen { owner, call } = seen();
        let info = CallInfo {
            direction,
            owner,
            call,
            left: left_us.map(Duration::from_micros),
            trace,
        };
        for (index, interceptor) in self.interceptors.iter().enumerate() {
            if let Err(failure) = interceptor.before(&info) {
                let outcome = CallOutcome::Failed(failure.kind());
                for outer in self.interceptors.iter().take(index).rev() {
                    outer.after(&info, &outcome);
                }
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Shows the end of a call to the interceptors that have seen its beginning.
    #[inline]
    pub(super) fn after(
        &self,
        direction: Direction,
        seen: impl FnOnce() -> Seen,
        outcome: impl FnOnce() -> CallOutcome,
    ) {
        if self.interceptors.is_empty() {
            return;
        }
        let Seen { owner, call } = seen();
        let info = CallInfo {
            direction,
            owner,
            call,
            left: None,
            trace: None,
        };
        let outcome = outcome();
        for interceptor in self.interceptors.iter().rev() {
            interceptor.after(&info, &outcome);
        }
    }
}
