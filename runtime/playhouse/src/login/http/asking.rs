//! What a handler gets of a request that asks for something: who may ask, judged before anything of the body is read,
//! then the body, held against the table.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, JsonRejection};
use axum::extract::{FromRequest, Request};
use hyper::body::Body as _;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::reading::{self, Body};
use super::reply::Reply;
use super::routes::{Caller, Site};
use super::table::{Endpoint, INTERNAL, MEDIA_TYPE, Shape, TIMEOUT, TOO_LARGE};
use super::{BODY_BYTES_MAX, BODY_TIME};

/// A client that may ask now, and what it sent.
pub(super) struct Asking {
    pub(super) address: IpAddr,
    /// What it asks for.
    pub(super) endpoint: &'static Endpoint,
    pub(super) body: Body,
}

impl FromRequest<Arc<Site>> for Asking {
    type Rejection = Reply;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Reply> {
        let about = request.extensions();
        let endpoint = about.get::<&'static Endpoint>().copied();
        let (Some(Caller(address)), Some(endpoint)) = (about.get().copied(), endpoint) else {
            return Err(Reply::refused(INTERNAL));
        };
        let shape = endpoint.takes.ok_or(Reply::refused(INTERNAL))?;
        site.answering.admit(address).map_err(Reply::too_often)?;
        // Whoever says that much need not send it: axum would find out when it has come.
        if request.body().size_hint().lower() > BODY_BYTES_MAX as u64 {
            return Err(Reply::refused(TOO_LARGE));
        }
        let read = Json::<Map<String, Value>>::from_request(request, site);
        let read = timeout(BODY_TIME, read).await;
        let read = read.map_err(|_| Reply::refused(TIMEOUT))?;
        let Json(members) = read.map_err(|rejection| refused(&rejection, shape))?;
        let body = reading::read(members, shape).map_err(|field| Reply::invalid(&field))?;
        Ok(Self {
            address,
            endpoint,
            body,
        })
    }
}

/// In the words of the API: those of the library say where in the body it went wrong, in its own terms.
fn refused(rejection: &JsonRejection, shape: &Shape) -> Reply {
    use FailedToBufferBody::LengthLimitError;
    match rejection {
        JsonRejection::MissingJsonContentType(_) => Reply::refused(MEDIA_TYPE),
        JsonRejection::BytesRejection(BytesRejection::FailedToBufferBody(LengthLimitError(_))) => {
            Reply::refused(TOO_LARGE)
        }
        JsonRejection::BytesRejection(_) => Reply::refused(TIMEOUT),
        _ => Reply::invalid(&format!("the body is no JSON object: see {}", shape.name)),
    }
}
