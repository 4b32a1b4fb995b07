//! Serves the table over HTTP/1.1.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::body::{Body as _, Incoming};
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    ORIGIN, RETRY_AFTER, VARY,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use playhouse_wire::Duration as Wait;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Duration, timeout};

use super::counts::Counts;
use super::reading::{self, Body};
use super::reply::Reply;
use super::table::{
    ENDPOINTS, Endpoint, MEDIA_TYPE, METHOD, NOT_FOUND, TIMEOUT, TOO_LARGE, WRONG_PROOF,
};
use super::{
    BODY_BYTES_MAX, BODY_TIME, CONNECTION_TIME, CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS,
    HEAD_BYTES_MAX, Http, openapi,
};
use crate::login::{Answer, Ask, Asked, Claims, ClientFacts, Password, Refused};
use crate::metrics::Whole;
use crate::node::Place;

/// Pause after an accept that failed, as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// For how long a browser may remember what it may send, in seconds.
const PREFLIGHT_SECONDS: &str = "600";

/// The node behind the API.
pub(crate) trait Answering: Send + Sync + 'static {
    /// Whether a client at this address may ask now; if so, it has. Else how long it waits.
    fn admit(&self, address: IpAddr) -> Result<(), Wait>;

    /// Whose pass this is, whatever its time.
    fn holder(&self, pass: &[u8]) -> Option<Claims>;

    /// What the game says.
    fn answer(
        &self,
        asked: Asked,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Refused>> + Send + '_>>;

    /// Where it is counted what becomes of them.
    fn counts(&self) -> &Counts;

    /// The public key of the gates.
    fn server_key(&self) -> Option<String>;
}

/// What all connections share.
struct Server {
    http: Http,
    answering: Arc<dyn Answering>,
    document: String,
    /// Connections by address.
    open: Mutex<HashMap<Place, usize>>,
}

/// A connection of an address, until it is dropped.
struct Held<'a>(&'a Server, Place);

/// Serves until it is dropped.
pub(crate) async fn serve(listener: TcpListener, http: Http, answering: Arc<dyn Answering>) {
    let server = Arc::new(Server {
        http,
        answering,
        document: openapi::document().to_string(),
        open: Mutex::default(),
    });
    let mut running = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            Some(_) = running.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let ip = peer.ip().to_canonical();
                let is_proxy = server.http.is_proxy(ip);
                let is_stranger = !server.http.proxies.is_empty() && !is_proxy;
                if running.len() >= CONNECTIONS_MAX || is_stranger {
                    // Closed at once.
                    drop(stream);
                    server.answering.counts().dropped();
                    continue;
                }
                running.spawn(Arc::clone(&server).converse(stream, ip, is_proxy));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection to the login can't be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

impl Server {
    async fn converse(self: Arc<Self>, stream: TcpStream, peer: IpAddr, is_proxy: bool) {
        let held = if is_proxy {
            None
        } else {
            self.hold(Place::of_ip(peer))
        };
        if held.is_none() && !is_proxy {
            return self.answering.counts().dropped();
        }
        let service = service_fn(|request: Request<Incoming>| {
            let server = Arc::clone(&self);
            async move { Ok::<_, Infallible>(server.respond(request, peer, is_proxy).await) }
        });
        let connection = http1::Builder::new()
            .keep_alive(false)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service);
        // What is no HTTP, or takes too long, ends with its connection.
        match timeout(CONNECTION_TIME, connection).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                self.answering.counts().broken();
                tracing::debug!(%error, "a connection to the login ends");
            }
            Err(_) => self.answering.counts().broken(),
        }
    }

    /// One more connection of this address, if it may have one.
    fn hold(&self, place: Place) -> Option<Held<'_>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(place).or_default();
        if *count >= CONNECTIONS_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Held(self, place))
    }

    async fn respond(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
        is_proxy: bool,
    ) -> Response<Whole> {
        let origin = self.allowed_origin(request.headers());
        let mut response = if request.method() == Method::OPTIONS && origin.is_some() {
            preflight()
        } else {
            let address = if is_proxy {
                self.forwarded(request.headers()).unwrap_or(peer)
            } else {
                peer
            };
            self.reply(request, address).await
        };
        self.answering.counts().answered(response.status());
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(
            HeaderName::from_static("x-content-type-options"),
            HeaderValue::from_static("nosniff"),
        );
        if !self.http.origins.is_empty() {
            headers.insert(VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        response
    }

    async fn reply(&self, request: Request<Incoming>, address: IpAddr) -> Response<Whole> {
        let path = request.uri().path();
        let mut at_path = ENDPOINTS.iter().filter(|endpoint| endpoint.path == path);
        let Some(endpoint) = at_path.next() else {
            return json_response(&Reply::refused(NOT_FOUND));
        };
        if request.method().as_str() != endpoint.method {
            let mut reply = Reply::refused(METHOD);
            reply.allow = Some(endpoint.method);
            return json_response(&reply);
        }
        match endpoint.operation {
            "document" => response(StatusCode::OK, self.document.clone()),
            "health" => json_response(&Reply::good(json!({ "status": "ok" }))),
            _ => {
                let reply = self.ask(endpoint, request, address).await;
                json_response(&reply.unwrap_or_else(|refused| refused))
            }
        }
    }

    async fn ask(
        &self,
        endpoint: &Endpoint,
        request: Request<Incoming>,
        address: IpAddr,
    ) -> Result<Reply, Reply> {
        // Before anything is read.
        self.answering.admit(address).map_err(Reply::too_often)?;
        if !is_json(request.headers()) {
            return Err(Reply::refused(MEDIA_TYPE));
        }
        let bytes = timeout(BODY_TIME, whole_body(request.into_body())).await;
        let bytes = bytes.map_err(|_| Reply::refused(TIMEOUT))??;
        let shape = endpoint.takes.ok_or_else(|| Reply::refused(NOT_FOUND))?;
        let body = reading::read(&bytes, shape).map_err(|field| Reply::invalid(&field))?;
        let ask = match endpoint.operation {
            "guest" => Ask::Guest {
                installation: body.uuid("installation"),
                client: facts(&body.object("client")),
            },
            "login" => Ask::Login(password(&body), facts(&body.object("client"))),
            "upgrade" => Ask::Upgrade(self.holder(&body)?, password(&body)),
            _ => Ask::Logout(self.holder(&body)?),
        };
        let answer = self.answering.answer(Asked { address, ask }).await;
        Ok(Reply::of(answer, self.answering.server_key().as_deref()))
    }

    fn holder(&self, body: &Body) -> Result<Claims, Reply> {
        let holder = self.answering.holder(&body.bytes("pass"));
        holder.ok_or_else(|| Reply::refused(WRONG_PROOF))
    }

    /// Where the client of a proxy is: the last address that no proxy of ours has. What stands before it, the client may
    /// have written itself.
    fn forwarded(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let values = headers.get_all("x-forwarded-for");
        let values: Vec<_> = values.iter().map(|it| it.to_str().unwrap_or("?")).collect();
        let mut hops = values.iter().flat_map(|value| value.split(',')).rev();
        hops.find_map(|hop| match hop.trim().parse::<IpAddr>() {
            Ok(ip) if self.http.is_proxy(ip.to_canonical()) => None,
            Ok(ip) => Some(Some(ip.to_canonical())),
            // What is behind it can't be believed.
            Err(_) => Some(None),
        })?
    }

    fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        let allowed = self.http.origins.iter();
        let is_allowed = allowed
            .into_iter()
            .any(|it| it.as_bytes() == origin.as_bytes());
        is_allowed.then(|| origin.clone())
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.1);
            }
        }
    }
}

async fn whole_body(mut body: Incoming) -> Result<Vec<u8>, Reply> {
    let too_large = |bytes: u64| bytes > BODY_BYTES_MAX as u64;
    if too_large(body.size_hint().lower()) {
        return Err(Reply::refused(TOO_LARGE));
    }
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_| Reply::refused(TIMEOUT))?;
        if let Some(data) = frame.data_ref() {
            if too_large((bytes.len() + data.len()) as u64) {
                return Err(Reply::refused(TOO_LARGE));
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let kind = value.and_then(|value| value.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn facts(body: &Body) -> ClientFacts {
    let language = body.text("language");
    ClientFacts {
        version: body.text("version"),
        region: body.text("region"),
        language: if language.is_empty() {
            "en".to_owned()
        } else {
            language
        },
    }
}

fn password(body: &Body) -> Password {
    Password {
        email: body.text("email").to_lowercase(),
        secret: body.text("password"),
    }
}

fn preflight() -> Response<Whole> {
    let mut response = response(StatusCode::NO_CONTENT, String::new());
    let headers = response.headers_mut();
    let methods = HeaderValue::from_static("GET, POST");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    let allowed = HeaderValue::from_static("content-type");
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    let seconds = HeaderValue::from_static(PREFLIGHT_SECONDS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, seconds);
    response
}

fn json_response(reply: &Reply) -> Response<Whole> {
    let mut response = response(reply.status, reply.body.to_string());
    let headers = response.headers_mut();
    if let Some(seconds) = reply.retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if let Some(allow) = reply.allow {
        headers.insert(ALLOW, HeaderValue::from_static(allow));
    }
    response
}

fn response(status: StatusCode, text: String) -> Response<Whole> {
    let mut response = Response::new(Whole::of(text.into()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
