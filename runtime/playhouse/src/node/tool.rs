//! Calls of tools: by name, with arguments and results in named form.
//!
//! The interop port and the node's own service for `playhouse call` go this way. Tools see everything but what the
//! schema marks `@internal`: they are let in from the node's own machine only, unless the node was told otherwise.

mod banning;
mod builtin;
mod describe;
mod forwarding;
mod invoke;
mod operate;
mod target;

use serde::{Deserializer, Serialize, Serializer};
use tokio::time::Duration;

use super::shard::ShardNode;
use crate::call::{Failure, FailureKind};
use crate::descriptor::CallKind;
use crate::descriptor::dynamic::{Dynamic, Form};
use playhouse_wire::Limits;

pub(super) use builtin::{is_builtin, serve_builtin};
pub(super) use describe::About;
pub(super) use target::{Target, served};

/// How the call of a tool ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It returned this; none for calls without a result.
    Returned(Option<Dynamic>),
    /// It threw this.
    Thrown(Dynamic),
    /// It failed.
    Failed(Failure),
}

/// What an encoded call comes to.
#[derive(Debug)]
pub(super) enum Encoded {
    Returned(Vec<u8>),
    Thrown(Vec<u8>),
    Failed(Failure),
}

/// Finds the call `name` and reads its arguments.
pub(super) fn prepare<'de, D: Deserializer<'de>>(
    node: &ShardNode,
    name: &str,
    args: D,
) -> Result<(Target, Vec<u8>), Failure> {
    let target = Target::parse(node.schema(), name).map_err(|unknown| {
        let kind = match unknown {
            target::Unknown::Missing(_) => FailureKind::NotFound,
            target::Unknown::Denied(_) => FailureKind::Denied,
            target::Unknown::Malformed(_) => FailureKind::Invalid,
        };
        Failure::not_executed(kind).because(unknown.to_string())
    })?;
    let args = Dynamic::from_arguments(target.call.params, args)
        .map_err(|error| Failure::not_executed(FailureKind::Invalid).because(error.to_string()))?;
    Ok((target, args.into_bytes()))
}

/// Makes the call. Dropping the future gives it up.
pub(super) async fn call(
    node: &ShardNode,
    target: &Target,
    args: &[u8],
    deadline: Option<Duration>,
) -> Ended {
    if target.call.kind == CallKind::Oneway {
        return match node.tool_oneway(target.method, target.key.clone(), args) {
            Ok(()) => Ended::Returned(None),
            Err(failure) => Ended::Failed(failure),
        };
    }
    let ended = node
        .tool_call(target.method, target.key.clone(), args, deadline)
        .await;
    let read = |form, bytes: &[u8]| {
        Dynamic::from_wire(form, bytes, &Limits::DEFAULT).map_err(|error| {
            let text = format!("the result breaks the schema: {error}");
            Failure::unknown(FailureKind::Internal).because(text)
        })
    };
    match (ended, target.call.result.as_ref(), target.call.throws) {
        (Encoded::Returned(bytes), Some(ty), _) => match read(Form::Use(ty), &bytes) {
            Ok(value) => Ended::Returned(Some(value)),
            Err(failure) => Ended::Failed(failure),
        },
        (Encoded::Returned(_), None, _) => Ended::Returned(None),
        (Encoded::Thrown(bytes), _, Some(ty)) => match read(Form::Type(ty), &bytes) {
            Ok(value) => Ended::Thrown(value),
            Err(failure) => Ended::Failed(failure),
        },
        (Encoded::Thrown(_), _, None) => Ended::Failed(Failure::unknown(FailureKind::Internal)),
        (Encoded::Failed(failure), ..) => Ended::Failed(failure),
    }
}

/// A failure in named form: `{kind: "NotFound", executed: "not_executed", text: "..."}`.
pub(super) struct Shown<'a>(pub(super) &'a Failure);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let failure = self.0;
        let path = (!failure.path().is_empty()).then(|| failure.path());
        let mut map = serializer.serialize_map(Some(3 + usize::from(path.is_some())))?;
        map.serialize_entry("kind", &format!("{:?}", failure.kind()))?;
        let executed = match failure.executed() {
            crate::Executed::NotExecuted => "not_executed",
            crate::Executed::Unknown => "unknown",
        };
        map.serialize_entry("executed", executed)?;
        let text = match failure.text() {
            "" => failure.kind().as_str(),
            text => text,
        };
        map.serialize_entry("text", text)?;
        if let Some(path) = path {
            map.serialize_entry("path", path)?;
        }
        map.end()
    }
}
