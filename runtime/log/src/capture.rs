//! From `tracing` into the queue, on the thread that logs.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::builder::Backtraces;
use crate::captured::{SPANS_MAX, SpanFields};
use crate::clock::now_us;
use crate::ids;
use crate::logging::Shared;
use crate::writer::is_writer;

/// The layer that hands records over.
pub(crate) struct Capture {
    pub(crate) shared: Arc<Shared>,
    pub(crate) backtraces: Backtraces,
}

impl Capture {
    /// Walks the stack, without looking up what the frames are called: that is the writer's work.
    #[cold]
    fn backtrace(&self) -> Option<Backtrace> {
        let backtrace = match self.backtraces {
            Backtraces::Environment => Backtrace::capture(),
            Backtraces::Always => Backtrace::force_capture(),
            Backtraces::Never => return None,
        };
        (backtrace.status() == BacktraceStatus::Captured).then_some(backtrace)
    }
}

impl<S> Layer<S> for Capture
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.shared.wants(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.shared.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.shared.finest_level())
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = SpanFields::new(attributes.metadata().name());
        attributes.record(&mut fields.visitor());
        span.extensions_mut().insert(Arc::new(fields));
    }

    fn on_record(&self, id: &Id, values: &tracing::span::Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        // Records on their way to the writer keep the values of their time.
        if let Some(fields) = extensions.get_mut::<Arc<SpanFields>>() {
            values.record(&mut Arc::make_mut(fields).visitor());
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let Some(mut captured) = self.shared.queue.buffer(*metadata.level()) else {
            return;
        };
        captured.begin(metadata, now_us());
        event.record(&mut captured.visitor());
        ids::fill(&mut captured);
        if let Some(scope) = context.event_scope(event) {
            for span in scope.take(SPANS_MAX) {
                if let Some(fields) = span.extensions().get::<Arc<SpanFields>>() {
                    captured.spans.push(Arc::clone(fields));
                }
            }
        }
        if *metadata.level() == Level::ERROR {
            captured.backtrace = self.backtrace();
        }
        captured.from_writer = is_writer();
        self.shared.queue.push(captured);
    }
}
