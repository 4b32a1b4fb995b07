//! Trace context: which trace a call belongs to.

use std::cell::Cell;
use std::rc::Rc;

use playhouse_wire::message;

use super::shard::Shard;

/// What a call hands on to those that it causes: W3C's and OpenTelemetry's trace context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// The whole trace.
    pub id: u128,
    /// The span of who calls; 0 if that has none, as a client.
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

/// Begins the traces of what comes to a shard from outside: of calls of clients and of tools.
///
/// Ids come from a count, spread over all numbers, and from which life of which node and shard it is: the simulation's
/// chance stays as it is, however many calls there are.
#[derive(Debug, Default)]
pub(super) struct Roots {
    high: Cell<u64>,
    begun: Cell<u64>,
    /// Of so many, one is sampled; 0: none.
    sampled_of: Cell<u32>,
    /// Where spans of sampled calls go.
    #[cfg(feature = "opentelemetry")]
    pub(super) recorder: std::cell::OnceCell<super::spans::Recorder>,
}

impl Roots {
    fn begin(&self) -> TraceContext {
        let begun = self.begun.get().wrapping_add(1);
        self.begun.set(begun);
        let high = self.high.get();
        let low = spread(high ^ begun);
        let sampled_of = u64::from(self.sampled_of.get());
        TraceContext {
            id: u128::from(high) << 64 | u128::from(low),
            span: 0,
            sampled: sampled_of > 0 && begun.is_multiple_of(sampled_of),
        }
    }
}

/// Another number for each number, and none like its neighbours' (the finalizer of SplitMix64).
const fn spread(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl Shard {
    /// Says which life of its node this is, and that of so many traces that begin here one is sampled, or none.
    pub(crate) fn set_roots(&self, life: u64, sampled_of: u32) {
        let high = spread(life ^ spread(self.index.into()));
        self.roots.high.set(high);
        self.roots.sampled_of.set(sampled_of);
    }

    /// The trace of a call that comes from outside and belongs to none.
    pub(crate) fn begin_trace(&self) -> TraceContext {
        self.roots.begin()
    }
}

/// The trace of a call: as long as it isn't sampled, one for all calls that it causes.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) context: TraceContext,
    /// Of a sampled call: entered around each of its polls.
    pub(super) span: Option<tracing::Span>,
    /// Of a sampled call whose span is exported.
    #[cfg(feature = "opentelemetry")]
    pub(super) recording: std::cell::OnceCell<super::spans::Recording>,
}

impl Trace {
    /// That of who calls.
    pub(super) fn of(context: TraceContext) -> Self {
        Self {
            context,
            span: None,
            #[cfg(feature = "opentelemetry")]
            recording: std::cell::OnceCell::new(),
        }
    }

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
            span: Some(span),
            ..Self::of(context)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn traces_of_two_shards_are_never_the_same() {
        let shards = [1, 2].map(|high| Roots {
            high: Cell::new(spread(high)),
            ..Roots::default()
        });
        let begun = (0..1000).flat_map(|_| shards.iter().map(Roots::begin));
        let ids: BTreeSet<u128> = begun.map(|trace| trace.id).collect();
        assert_eq!(ids.len(), 2000);
    }

    #[test]
    fn one_of_so_many_is_sampled() {
        for (sampled_of, expected) in [(0, 0), (1, 100), (25, 4)] {
            let roots = Roots {
                sampled_of: Cell::new(sampled_of),
                ..Roots::default()
            };
            let sampled = (0..100).filter(|_| roots.begin().sampled).count();
            assert_eq!(sampled, expected, "{sampled_of}");
        }
    }
}
