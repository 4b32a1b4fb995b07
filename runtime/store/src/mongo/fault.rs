//! What the driver's and the server's errors mean here.

use mongodb::bson::{Bson, Document as BsonDocument};
use mongodb::error::{Error, ErrorKind, RETRYABLE_WRITE_ERROR};

use crate::mongo::name;
use crate::problem::StoreError;
use crate::value::Path;

/// The server answers one of these before it has done anything: it is no primary.
const NOT_PRIMARY: [i32; 3] = [10_107, 13_435, 10_058];
/// It may have done it before it began to stop or to step down, or its time was over.
const INTERRUPTED: [i32; 8] = [11_600, 11_602, 91, 189, 13_436, 50, 262, 64];
const UNAUTHORIZED: [i32; 2] = [13, 18];
/// A document over its limit, a full disk.
const TOO_LARGE: [i32; 4] = [10_334, 17_419, 17_420, 14_031];
/// Somebody else changes it at this moment, or has it locked.
const CONFLICT: [i32; 3] = [112, 24, 46];
/// Transactions on a server that is no member of a replica set.
const NO_TRANSACTIONS: [i32; 2] = [20, 263];
/// An unique index has the value already.
const DUPLICATE: [i32; 3] = [11_000, 11_001, 12_582];
/// Something on the way is no document, or two changes meet.
const NOT_VIABLE: [i32; 2] = [28, 40];

/// What came of a statement or command that a server has refused with a code.
pub(super) fn of_code(code: i32, why: &str) -> StoreError {
    let why = format!("code {code}, {why}");
    if NOT_PRIMARY.contains(&code) || CONFLICT.contains(&code) {
        StoreError::Unavailable(why)
    } else if INTERRUPTED.contains(&code) {
        StoreError::Unknown(why)
    } else if UNAUTHORIZED.contains(&code) {
        StoreError::Denied(why)
    } else if TOO_LARGE.contains(&code) {
        StoreError::Full(why)
    } else {
        StoreError::Unsupported(why)
    }
}

/// What came of a write that ended so.
pub(super) fn of_write(error: &Error) -> StoreError {
    let why = error.kind.to_string();
    match &*error.kind {
        ErrorKind::Authentication { .. } => StoreError::Denied(why),
        // Nothing was sent yet.
        ErrorKind::ServerSelection { .. }
        | ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::DnsResolve { .. } => StoreError::Unavailable(why),
        ErrorKind::Shutdown => StoreError::Closed,
        ErrorKind::Command(command) => {
            let code = command.code;
            if NO_TRANSACTIONS.contains(&code) {
                return StoreError::Unsupported(format!(
                    "commits of several documents, since the server is no member of a replica set: {why}"
                ));
            }
            let is_passing = error.contains_label(RETRYABLE_WRITE_ERROR);
            match of_code(code, &command.message) {
                StoreError::Unsupported(why) if is_passing => StoreError::Unknown(why),
                other => other,
            }
        }
        ErrorKind::InvalidArgument { .. }
        | ErrorKind::Bson(_)
        | ErrorKind::SessionsNotSupported
        | ErrorKind::IncompatibleServer { .. }
        | ErrorKind::InvalidTlsConfig { .. } => StoreError::Unsupported(why),
        _ => StoreError::Unknown(why),
    }
}

/// What came of a read that ended so. It has changed nothing.
pub(super) fn of_read(error: &Error) -> StoreError {
    match of_write(error) {
        StoreError::Unknown(why) => StoreError::Unavailable(why),
        other => other,
    }
}

/// Whether waiting helps nothing: it is not that the server is away.
pub(super) fn is_final(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Denied(_) | StoreError::Unsupported(_) | StoreError::Closed
    )
}

/// Whether it is a conflict in a transaction, which may be tried again as a whole.
pub(super) fn is_conflict(code: i32) -> bool {
    CONFLICT.contains(&code)
}

/// One of the statements of a command that the server has refused.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) index: usize,
    pub(super) code: i32,
    pub(super) why: String,
    key: Option<String>,
}

impl Refused {
    /// Whether a unique index has the value already.
    pub(super) fn is_duplicate(&self) -> bool {
        DUPLICATE.contains(&self.code)
    }

    /// Whether the changes don't fit the shape of the document.
    pub(super) fn is_not_viable(&self) -> bool {
        NOT_VIABLE.contains(&self.code)
    }

    /// Of which index the value is taken. None: of none of ours.
    pub(super) fn taken(&self) -> Option<Path> {
        let key = self.key.as_deref().or_else(|| {
            // `.. index: playhouse:unique:root.body.name dup key: ..`, where the server says no more.
            let (_, rest) = self.why.split_once("playhouse:unique:")?;
            Some(rest.split_once(" dup key")?.0)
        })?;
        name::path(key)
    }
}

/// The statements that the server has refused.
pub(super) fn refused(answer: &BsonDocument) -> Vec<Refused> {
    let errors = answer.get_array("writeErrors").ok();
    errors
        .into_iter()
        .flatten()
        .filter_map(Bson::as_document)
        .map(|error| Refused {
            index: number(error, "index").unwrap_or(usize::MAX),
            code: number(error, "code").unwrap_or(0),
            why: error.get_str("errmsg").unwrap_or_default().to_owned(),
            key: error
                .get_document("keyPattern")
                .ok()
                .and_then(|pattern| pattern.keys().next().cloned()),
        })
        .collect()
}

/// Why the server does not vouch for what it has done, where it does not.
pub(super) fn concern(answer: &BsonDocument) -> Option<StoreError> {
    let concern = answer.get_document("writeConcernError").ok()?;
    let why = concern.get_str("errmsg").unwrap_or_default();
    let code = number::<i32>(concern, "code").unwrap_or(0);
    Some(StoreError::Unknown(format!(
        "no majority has vouched for it: code {code}, {why}"
    )))
}

/// A number of an answer, of whatever type the server has sent it as.
pub(super) fn number<T: TryFrom<i64>>(answer: &BsonDocument, name: &str) -> Option<T> {
    let value = match answer.get(name)? {
        Bson::Int32(value) => i64::from(*value),
        Bson::Int64(value) => *value,
        _ => return None,
    };
    T::try_from(value).ok()
}
