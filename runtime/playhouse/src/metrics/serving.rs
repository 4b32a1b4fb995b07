//! Pages over HTTP, to whoever connects: short answers, and little room for the slow and the hostile.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Duration, timeout};

/// Most connections at once. One more ends the oldest of them, so that those that say nothing keep nobody out.
pub const CONNECTIONS_MAX: usize = 32;

/// For how long a connection lives at most.
pub const CONNECTION_TIME: Duration = Duration::from_secs(10);

/// Most bytes of the head of a request.
pub const REQUEST_BYTES_MAX: usize = 8 * 1024;

/// Pause after an accept that failed, as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a page says.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) text: Bytes,
}

/// Makes pages.
pub(crate) trait Pages: Send + Sync + 'static {
    /// The page at this path; none if there is none.
    fn page<'a>(
        &'a self,
        path: &'a str,
    ) -> Pin<Box<dyn Future<Output = Option<Reply>> + Send + 'a>>;
}

/// Serves pages until it is dropped.
pub(crate) async fn serve(listener: TcpListener, pages: Arc<dyn Pages>) {
    let mut running = JoinSet::new();
    let mut oldest: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let accepted = tokio::select! {
            biased;
            Some(_) = running.join_next() => {
                oldest.retain(|connection| !connection.is_finished());
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                if oldest.len() >= CONNECTIONS_MAX
                    && let Some(connection) = oldest.pop_front()
                {
                    connection.abort();
                }
                oldest.push_back(running.spawn(converse(stream, Arc::clone(&pages))));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection to the metrics can't be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, pages: Arc<dyn Pages>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let pages = Arc::clone(&pages);
        async move { Ok::<_, Infallible>(answer(&request, &*pages).await) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(REQUEST_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    // What is no HTTP, or takes too long, ends with its connection.
    if let Ok(Err(error)) = timeout(CONNECTION_TIME, connection).await {
        tracing::debug!(%error, "a connection to the metrics ends");
    }
}

async fn answer(request: &Request<Incoming>, pages: &dyn Pages) -> Response<Whole> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let reply = if reads {
        pages.page(request.uri().path()).await
    } else {
        Some(Reply::plain(
            StatusCode::METHOD_NOT_ALLOWED,
            "GET and HEAD alone are answered here\n",
        ))
    };
    let reply = reply.unwrap_or_else(|| {
        let text = "there is no such page: see /metrics, /health and /ready\n";
        Reply::plain(StatusCode::NOT_FOUND, text)
    });
    let mut response = Response::new(Whole::of(reply.text));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_static(reply.content_type);
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !reads {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

impl Reply {
    /// A few words.
    pub(crate) fn plain(status: StatusCode, text: &'static str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            text: Bytes::from_static(text.as_bytes()),
        }
    }
}

/// A body that is there as a whole, and shared by all who read it.
pub(crate) struct Whole(Option<Bytes>);

impl Whole {
    pub(crate) const fn of(bytes: Bytes) -> Self {
        Self(Some(bytes))
    }
}

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
