//! Sends spans of sampled traces to a collector, as OpenTelemetry's protocol over HTTP has it.
//!
//! Shards hand spans over without waiting; what doesn't fit is dropped and counted. A task on the system runtime sends them in
//! batches. A collector that can't be reached costs spans, never calls.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use hyper::body::{Body as _, Bytes};
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, timeout};

use crate::host::{EndedSpan, Recorder};
use crate::metrics::Whole;

/// Most spans that wait to be sent. What comes then is dropped and counted.
pub(super) const SPANS_MAX: usize = 8192;

/// Most spans of one batch.
const BATCH_MAX: usize = 512;

/// How long a batch waits to become full.
const BATCH_WAIT: Duration = Duration::from_secs(1);

/// How long sending one may take.
const SEND_TIME: Duration = Duration::from_secs(10);

/// How long a node that ends waits for its last spans to be sent.
pub(super) const LAST_SPANS_WAIT: Duration = Duration::from_secs(2);

/// How often at most the log hears that spans are lost.
const COMPLAIN_EVERY: Duration = Duration::from_secs(30);

/// Most bytes of a collector's answer that are read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The way from the shards to the task that sends.
#[derive(Clone)]
pub(super) struct Exporting {
    /// Taken away when the node ends.
    spans: Arc<Mutex<Option<mpsc::Sender<EndedSpan>>>>,
    dropped: Arc<AtomicU64>,
}

/// Spans that are to be sent, and where to.
pub(super) struct Exporter {
    spans: mpsc::Receiver<EndedSpan>,
    exporter: opentelemetry_otlp::SpanExporter,
    dropped: Arc<AtomicU64>,
}

/// Sends spans to the collector at this address: `http://127.0.0.1:4318`.
pub(super) fn exporting(collector: &str, node: &str) -> Result<(Exporting, Exporter), String> {
    if !collector.starts_with("http://") {
        return Err("it is no address of plain HTTP".to_owned());
    }
    let (sender, spans) = mpsc::channel(SPANS_MAX);
    let mut exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(Client)
        .with_endpoint(format!("{}/v1/traces", collector.trim_end_matches('/')))
        .with_timeout(SEND_TIME)
        .build()
        .map_err(|error| error.to_string())?;
    let resource = Resource::builder_empty()
        .with_service_name("playhouse")
        .with_attribute(KeyValue::new("service.instance.id", node.to_owned()))
        .build();
    exporter.set_resource(&resource);
    let dropped = Arc::<AtomicU64>::default();
    let exporting = Exporting {
        spans: Arc::new(Mutex::new(Some(sender))),
        dropped: Arc::clone(&dropped),
    };
    let exporter = Exporter {
        spans,
        exporter,
        dropped,
    };
    Ok((exporting, exporter))
}

impl Exporting {
    /// Where a shard's spans go; nowhere once the node ends.
    pub(super) fn recorder(&self) -> Option<Recorder> {
        let spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let (spans, dropped) = (spans.clone()?, Arc::clone(&self.dropped));
        Some(Recorder(Arc::new(move |span| {
            if spans.try_send(span).is_err() {
                dropped.fetch_add(1, Ordering::Relaxed);
            }
        })))
    }

    /// The shards have ended: the task ends with what it still has.
    pub(super) fn end(&self) {
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        spans.take();
    }
}

impl Exporter {
    /// Sends what comes, until the node ends.
    pub(super) async fn run(mut self) {
        let mut complained: Option<Instant> = None;
        let mut lost = 0;
        loop {
            let mut batch = Vec::new();
            if self.spans.recv_many(&mut batch, BATCH_MAX).await == 0 {
                return;
            }
            // Whatever comes until then goes along.
            let full = async {
                while batch.len() < BATCH_MAX
                    && self.spans.recv_many(&mut batch, BATCH_MAX).await > 0
                {}
            };
            let _ = timeout(BATCH_WAIT, full).await;
            let count = batch.len() as u64;
            let sent = self.exporter.export(batch.iter().map(data).collect());
            let error = sent.await.err().map(|error| error.to_string());
            lost += self.dropped.swap(0, Ordering::Relaxed);
            lost += if error.is_some() { count } else { 0 };
            let now = Instant::now();
            if lost > 0 && complained.is_none_or(|at| now - at >= COMPLAIN_EVERY) {
                let why = error.unwrap_or_else(|| "more came than could be sent".to_owned());
                tracing::warn!(lost, "spans are lost: {why}");
                (complained, lost) = (Some(now), 0);
            }
        }
    }
}

/// A span as the official crates have it.
fn data(span: &EndedSpan) -> SpanData {
    let at = |us: i64| UNIX_EPOCH + Duration::from_micros(u64::try_from(us).unwrap_or(0));
    SpanData {
        span_context: SpanContext::new(
            TraceId::from(span.trace),
            SpanId::from(span.span),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        ),
        parent_span_id: SpanId::from(span.parent),
        parent_span_is_remote: false,
        span_kind: SpanKind::Server,
        name: Cow::Owned(format!("{}.{}", span.owner, span.call)),
        start_time: at(span.began_us),
        end_time: at(span.ended_us),
        attributes: vec![
            KeyValue::new("rpc.system", "playhouse"),
            KeyValue::new("rpc.service", span.owner),
            KeyValue::new("rpc.method", span.call),
        ],
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::builder("playhouse")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build(),
    }
}

/// A connection to the collector for each batch. Without TLS: collectors stand on the same machine or the same network.
#[derive(Debug)]
struct Client;

impl HttpClient for Client {
    fn send_bytes<'a, 'f>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        'a: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            match timeout(SEND_TIME, send(request)).await {
                Ok(answer) => answer,
                Err(_) => Err("the collector does not answer".into()),
            }
        })
    }
}

async fn send(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority().cloned();
    let authority = authority.ok_or("the collector's address names no host")?;
    let port = authority.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((authority.host(), port)).await?;
    let path = parts.uri.path_and_query().cloned();
    parts.uri = path.map_or_else(Uri::default, Uri::from);
    parts.headers.insert(HOST, authority.as_str().parse()?);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let request = Request::from_parts(parts, Whole::of(body));
        let (parts, mut body) = sender.send_request(request).await?.into_parts();
        let mut bytes = Vec::new();
        while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await
        {
            if let Ok(data) = frame?.into_data() {
                bytes.extend_from_slice(&data);
            }
            if bytes.len() > ANSWER_BYTES_MAX {
                return Err("the collector's answer is too long".into());
            }
        }
        Ok(Response::from_parts(parts, bytes.into()))
    };
    let mut exchange = std::pin::pin!(exchange);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        ended = &mut connection => {
            ended?;
            exchange.await
        }
    }
}

impl fmt::Debug for Exporting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Exporting({} dropped)",
            self.dropped.load(Ordering::Relaxed)
        )
    }
}
