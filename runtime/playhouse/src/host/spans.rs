//! Spans of sampled calls, for those who export them.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::env::Env;
use super::shard::Shard;
use super::trace::Trace;

/// A call that belongs to a sampled trace and has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EndedSpan {
    pub(crate) trace: u128,
    pub(crate) span: u64,
    /// The caller's; 0 if a stranger called.
    pub(crate) parent: u64,
    /// The entity type or the service.
    pub(crate) owner: &'static str,
    pub(crate) call: &'static str,
    /// In microseconds since 1970.
    pub(crate) began_us: i64,
    pub(crate) ended_us: i64,
}

/// Takes spans that have ended. It must not wait.
#[derive(Clone)]
pub(crate) struct Recorder(pub(crate) Arc<dyn Fn(EndedSpan) + Send + Sync>);

/// A span that has not ended: it has when this is dropped.
pub(super) struct Recording {
    recorder: Recorder,
    env: Rc<dyn Env>,
    span: EndedSpan,
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.span.ended_us = self.env.utc().as_micros();
        (self.recorder.0)(self.span);
    }
}

impl Shard {
    /// Hands spans over to this from now on. To be called before the shard starts; a second call does nothing.
    pub(crate) fn set_recorder(&self, recorder: Recorder) {
        let _ = self.roots.recorder.set(recorder);
    }

    /// A call of a sampled trace begins.
    pub(super) fn record(
        &self,
        trace: &Trace,
        parent: u64,
        owner: &'static str,
        call: &'static str,
    ) {
        let Some(recorder) = self.roots.recorder.get() else {
            return;
        };
        let began_us = self.env.utc().as_micros();
        let recording = Recording {
            recorder: recorder.clone(),
            env: Rc::clone(&self.env),
            span: EndedSpan {
                trace: trace.context.id,
                span: trace.context.span,
                parent,
                owner,
                call,
                began_us,
                ended_us: began_us,
            },
        };
        let _ = trace.recording.set(recording);
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recording({:?})", self.span)
    }
}
