//! Answers as JSON.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use playhouse_wire::Duration;
use serde_json::{Map, Value, json};

use super::reading::base64;
use super::table::{
    ALWAYS, BANNED, CLIENT_TOO_OLD, Code, Endpoint, INTERNAL, INVALID, NOT_A_GUEST, TAKEN,
    TOO_OFTEN, UNAVAILABLE, WRONG_PROOF,
};
use crate::call::FailureKind;
use crate::login::{Answer, Grant, Refused};

/// An answer before it is bytes.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Value,
    /// For the header, in seconds.
    pub(super) retry_after: Option<u64>,
}

impl Reply {
    pub(super) const fn good(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body,
            retry_after: None,
        }
    }

    pub(super) fn refused(code: Code) -> Self {
        let status = StatusCode::from_u16(code.status).unwrap_or(StatusCode::BAD_REQUEST);
        Self {
            status,
            body: json!({ "code": code.word, "message": code.message }),
            retry_after: None,
        }
    }

    pub(super) fn invalid(field: &str) -> Self {
        // Names of members are short; the bound is the document's.
        Self::refused(INVALID).with("field", field.chars().take(128).collect::<String>())
    }

    pub(super) fn too_often(wait: Duration) -> Self {
        let micros = wait.as_micros().max(0).unsigned_abs();
        let seconds = micros.div_ceil(1_000_000).max(1);
        Self {
            retry_after: Some(seconds),
            ..Self::refused(TOO_OFTEN).with("retry_after_seconds", seconds)
        }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Value::Object(members) = &mut self.body {
            members.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Whether the document has this among what is said to that.
    pub(super) fn is_of(&self, endpoint: &Endpoint) -> bool {
        if let Some(word) = self.body.get("code").and_then(Value::as_str) {
            let mut codes = ALWAYS.iter().chain(endpoint.refuses);
            return codes.any(|code| code.word == word);
        }
        let fields = endpoint.gives.fields.iter();
        let mut required = fields.filter(|field| field.required);
        required.all(|field| self.body.get(field.name).is_some())
    }

    /// What the game said.
    pub(super) fn of(answer: Result<Answer, Refused>, server_key: Option<&str>) -> Self {
        match answer {
            Ok(Answer::Granted(grant)) => Self::good(granted(&grant, server_key)),
            Ok(Answer::Done) => Self::good(json!({ "done": true })),
            Err(Refused::WrongProof) => Self::refused(WRONG_PROOF),
            Err(Refused::Banned { until, reason }) => {
                let reason: String = reason.chars().take(256).collect();
                let reply = Self::refused(BANNED).with("reason", reason);
                match until {
                    Some(until) => reply.with("until", until.to_string()),
                    None => reply,
                }
            }
            Err(Refused::ClientTooOld { least }) => {
                Self::refused(CLIENT_TOO_OLD).with("least", least)
            }
            Err(Refused::Closed) => Self::refused(UNAVAILABLE),
            Err(Refused::Taken) => Self::refused(TAKEN),
            Err(Refused::NotAGuest) => Self::refused(NOT_A_GUEST),
            Err(Refused::TooOften { wait }) => Self::too_often(wait),
            Err(Refused::Failed(failure)) => {
                let code = match failure.kind() {
                    FailureKind::Timeout
                    | FailureKind::Unreachable
                    | FailureKind::Overloaded
                    | FailureKind::RateLimited
                    | FailureKind::Cancelled => UNAVAILABLE,
                    FailureKind::Denied => WRONG_PROOF,
                    FailureKind::Invalid => INVALID,
                    _ => INTERNAL,
                };
                // What exactly, strangers need not know.
                tracing::warn!(%failure, code = code.word, "a login came to nothing");
                Self::refused(code)
            }
        }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

fn granted(grant: &Grant, server_key: Option<&str>) -> Value {
    let mut members = Map::new();
    let gates: Vec<_> = grant.gates.iter().take(64).cloned().collect();
    let valid_for = grant.valid_for.as_micros().max(0).unsigned_abs() / 1_000_000;
    members.insert("account".to_owned(), grant.account.clone().into());
    members.insert("pass".to_owned(), base64(&grant.pass).into());
    members.insert("gates".to_owned(), gates.into());
    members.insert("valid_for_seconds".to_owned(), valid_for.into());
    members.insert("fresh".to_owned(), grant.fresh.into());
    if let Some(key) = server_key {
        members.insert("server_key".to_owned(), key.into());
    }
    Value::Object(members)
}
