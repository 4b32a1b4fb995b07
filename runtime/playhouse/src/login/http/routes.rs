//! The table as a router of axum, and what each path does.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, HeaderMap, HeaderValue, ORIGIN, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use playhouse_wire::Duration as Wait;
use serde_json::{Value, json};

use super::asking::Asking;
use super::reading::Body;
use super::reply::Reply;
use super::table::{ENDPOINTS, INTERNAL, METHOD, NOT_FOUND, WRONG_PROOF};
use super::{BODY_BYTES_MAX, Counts, Http, openapi};
use crate::login::{Answer, Ask, Asked, Claims, ClientFacts, Password, Refused};

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

/// Where whoever asks is, as far as one can tell. Each request has it as an extension.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller(pub(super) IpAddr);

/// What all requests share.
pub(super) struct Site {
    http: Arc<Http>,
    pub(super) answering: Arc<dyn Answering>,
    document: Value,
}

/// All of the table, and an answer for what is not in it.
pub(super) fn router(http: Arc<Http>, answering: Arc<dyn Answering>) -> Router {
    let site = Arc::new(Site {
        http,
        answering,
        document: openapi::document(),
    });
    let mut router = Router::new();
    for endpoint in ENDPOINTS {
        let route = (endpoint.serves)(endpoint.verb.filter());
        router = router.route(endpoint.path, route.layer(Extension(endpoint)));
    }
    router
        .fallback(|| async { Reply::refused(NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Reply::refused(METHOD) })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(Arc::clone(&site), attend))
        .with_state(site)
}

/// What goes for all answers: counters, caches, and pages of other origins.
async fn attend(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let origin = site.allowed_origin(request.headers());
    let mut response = if request.method() == Method::OPTIONS && origin.is_some() {
        preflight()
    } else {
        next.run(request).await
    };
    site.answering.counts().answered(response.status());
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !site.http.origins.is_empty() {
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

fn preflight() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

pub(super) async fn guest(State(site): State<Arc<Site>>, asking: Asking) -> Reply {
    let ask = Ask::Guest {
        installation: asking.body.uuid("installation"),
        client: facts(&asking.body.object("client")),
    };
    site.answer(&asking, ask).await
}

pub(super) async fn login(State(site): State<Arc<Site>>, asking: Asking) -> Reply {
    let facts = facts(&asking.body.object("client"));
    let ask = Ask::Login(password(&asking.body), facts);
    site.answer(&asking, ask).await
}

pub(super) async fn upgrade(State(site): State<Arc<Site>>, asking: Asking) -> Result<Reply, Reply> {
    let ask = Ask::Upgrade(site.holder(&asking.body)?, password(&asking.body));
    Ok(site.answer(&asking, ask).await)
}

pub(super) async fn logout(State(site): State<Arc<Site>>, asking: Asking) -> Result<Reply, Reply> {
    let ask = Ask::Logout(site.holder(&asking.body)?);
    Ok(site.answer(&asking, ask).await)
}

pub(super) async fn document(State(site): State<Arc<Site>>) -> Response {
    Json(&site.document).into_response()
}

pub(super) async fn health() -> Reply {
    Reply::good(json!({ "status": "ok" }))
}

impl Site {
    /// What the game says to it.
    async fn answer(&self, asking: &Asking, ask: Ask) -> Reply {
        let address = asking.address;
        let answer = self.answering.answer(Asked { address, ask }).await;
        let reply = Reply::of(answer, self.answering.server_key().as_deref());
        if reply.is_of(asking.endpoint) {
            return reply;
        }
        let operation = asking.endpoint.operation;
        tracing::error!(
            operation,
            status = reply.status.as_u16(),
            "the game's answer to a login is none that its document has: see the table of `docs/login.md`"
        );
        Reply::refused(INTERNAL)
    }

    fn holder(&self, body: &Body) -> Result<Claims, Reply> {
        let holder = self.answering.holder(&body.bytes("pass"));
        holder.ok_or_else(|| Reply::refused(WRONG_PROOF))
    }

    fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        let mut allowed = self.http.origins.iter();
        let is_allowed = allowed.any(|it| it.as_bytes() == origin.as_bytes());
        is_allowed.then(|| origin.clone())
    }
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
