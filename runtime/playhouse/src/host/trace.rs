//! Trace context: which trace a call belongs to.

use std::rc::Rc;

use playhouse_wire::message;

/// What a call hands on to those that it causes: W3C's and OpenTelemetry's trace context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// The whole trace.
    pub id: u128,
    /// The span of who calls.
    pub span: u64,
    /// Whether spans are recorded.
    pub sampled: bool,
}

impl From<message::Trace> for TraceContext {
    fn from(trace: message::Trace) -> Self {
        Self {
            id: u128::from_be_bytes(trace.id),
            span: trace.span,
            sampled: trace.flags & message::Trace::SAMPLED != 0,
        }
    }
}

impl From<TraceContext> for message::Trace {
    fn from(trace: TraceContext) -> Self {
        Self {
            id: trace.id.to_be_bytes(),
            span: trace.span,
            flags: if trace.sampled { Self::SAMPLED } else { 0 },
        }
    }
}

/// The trace of a call: as long as it isn't sampled, one for all calls that it causes.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) context: TraceContext,
    /// Of a sampled call: entered around each of its polls.
    pub(super) span: Option<tracing::Span>,
}

impl Trace {
    /// The trace of a call of `owner.call` that one with this trace causes.
    pub(super) fn child(
        self: &Rc<Self>,
        owner: &'static str,
        call: &'static str,
        random: impl FnOnce() -> u64,
    ) -> Rc<Self> {
        if !self.context.sampled {
            return Rc::clone(self);
        }
        let context = TraceContext {
            span: random(),
            ..self.context
        };
        let span = tracing::info_span!(
            "call",
            owner,
            call,
            trace = format_args!("{:032x}", context.id),
            span = format_args!("{:016x}", context.span),
            parent = format_args!("{:016x}", self.context.span),
        );
        Rc::new(Self {
            context,
            span: Some(span),
        })
    }
}
