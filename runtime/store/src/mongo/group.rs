//! Commits of several documents: a transaction.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::time::Duration;

use mongodb::ClientSession;
use mongodb::bson::{RawArrayBuf, rawdoc};
use mongodb::error::{
    Error, ErrorKind, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT,
};
use mongodb::options::{Acknowledgment, TransactionOptions, WriteConcern};

use crate::mongo::server::{Server, majority, primary};
use crate::mongo::statement::{Kind, Statement};
use crate::mongo::{fault, judge, name};
use crate::problem::StoreError;
use crate::request::{Commit, Committed};

/// How often a transaction that met another one is tried.
const ATTEMPTS_MAX: u32 = 8;
/// How often it is asked whether a transaction was committed.
const COMMIT_ATTEMPTS_MAX: u32 = 4;
/// How long the first pause between two attempts is; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(4);

/// How one attempt has ended.
enum Attempt {
    Done,
    /// Somebody else changed one of the documents at the same moment: nothing was done.
    Conflict,
    /// One of them does not match, or wants a value that is taken: nothing was done.
    Refused,
    /// Something on the way of a change is no table: nothing was done.
    NotViable,
}

/// A commit with its statements.
struct Part {
    commit: Arc<Commit>,
    /// Gives up the values of unique indexes that the commit changes, so that the others may take them.
    free: Option<Statement>,
    change: Statement,
}

/// Does all of them, or none.
pub(super) async fn commit(
    server: Arc<Server>,
    commits: Vec<Arc<Commit>>,
) -> Result<Vec<Committed>, StoreError> {
    let mut parts = Vec::with_capacity(commits.len());
    for commit in &commits {
        parts.push(Part::of(&server, commit)?);
    }
    // Everybody takes documents in the same order, so that two transactions meet at their first common one.
    parts.sort_by(|a, b| a.commit.id.cmp(&b.commit.id));
    for attempt in 0..ATTEMPTS_MAX {
        let tried = tokio::time::timeout(server.answer_max(), attempt_once(&server, &parts));
        let tried = tried.await.unwrap_or_else(|_| {
            let why = format!("no answer within {:?}", server.answer_max());
            Err(StoreError::Unknown(why))
        });
        match tried.map_err(|error| server.cleaned(error))? {
            Attempt::Done => return Ok(vec![Committed::Applied; commits.len()]),
            Attempt::Refused => {
                // Nothing was done now, but it may have been before.
                let judged = judge::judge(&server, &commits).await;
                let judged = judged.map_err(|error| StoreError::Unknown(error.to_string()))?;
                if judged.is_final {
                    return Ok(judged.outcomes);
                }
                parts.retain(|part| judged.open.contains(&part.commit.id));
            }
            Attempt::Conflict => {}
            Attempt::NotViable => {
                return Err(StoreError::Unsupported(
                    "a change within what is no table, in a commit of several documents".to_owned(),
                ));
            }
        }
        tokio::time::sleep(PAUSE * 2_u32.pow(attempt)).await;
    }
    Err(StoreError::Unavailable(format!(
        "others changed the same documents at the same moment, {ATTEMPTS_MAX} times"
    )))
}

impl Part {
    fn of(server: &Server, commit: &Arc<Commit>) -> Result<Self, StoreError> {
        let unique = judge::unique(server, commit);
        let free = (!unique.is_empty()).then(|| Statement::without(commit, &unique));
        Ok(Self {
            commit: commit.clone(),
            free: free.transpose()?,
            change: Statement::of(commit)?,
        })
    }
}

async fn attempt_once(server: &Server, parts: &[Part]) -> Result<Attempt, StoreError> {
    let session = server.client().start_session().await;
    let mut session = session.map_err(|error| fault::of_read(&error))?;
    let concern = WriteConcern::builder()
        .w(Acknowledgment::Majority)
        .journal(true)
        .w_timeout(server.answer_max())
        .build();
    let options = TransactionOptions::builder()
        .read_concern(majority())
        .write_concern(concern)
        .selection_criteria(primary())
        .build();
    let started = session.start_transaction().with_options(options).await;
    started.map_err(|error| fault::of_read(&error))?;
    // A deletion gives up its values by itself.
    let is_first = |part: &Part| part.change.kind == Kind::Delete;
    let frees = parts.iter().filter_map(|part| {
        let free = if is_first(part) {
            Some(&part.change)
        } else {
            part.free.as_ref()
        };
        Some((part, free?))
    });
    let changes = parts.iter().filter(|part| !is_first(part));
    let changes = changes.map(|part| (part, &part.change));
    for (part, statement) in frees.chain(changes) {
        let collection = &part.commit.id.collection;
        if let Some(ended) = run(server, &mut session, collection, statement).await? {
            // If this fails, the server ends the transaction by itself.
            let _ = session.abort_transaction().await;
            return Ok(ended);
        }
    }
    for asked in 0..COMMIT_ATTEMPTS_MAX {
        let error = match session.commit_transaction().await {
            Ok(()) => return Ok(Attempt::Done),
            Err(error) => error,
        };
        if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) {
            // Asking once more commits nothing twice; and while it is open it stands in everybody's way.
            tokio::time::sleep(PAUSE * 4_u32.pow(asked)).await;
        } else if is_conflict(&error) {
            return Ok(Attempt::Conflict);
        } else {
            return Err(match fault::of_write(&error) {
                StoreError::Unavailable(why) => StoreError::Unknown(why),
                other => other,
            });
        }
    }
    Err(StoreError::Unknown(
        "nobody knows whether the transaction was committed".to_owned(),
    ))
}

/// One statement of the transaction. None: it goes on.
async fn run(
    server: &Server,
    session: &mut ClientSession,
    collection: &str,
    statement: &Statement,
) -> Result<Option<Attempt>, StoreError> {
    let collection = name::collection(collection);
    let mut list = RawArrayBuf::new();
    list.push(statement.raw.clone());
    let command = match statement.kind {
        Kind::Update => rawdoc! { "update": collection, "updates": list },
        Kind::Delete => rawdoc! { "delete": collection, "deletes": list },
    };
    let asked = server
        .database()
        .run_raw_command(command)
        .session(session)
        .into_future();
    let answer = match asked.await {
        Ok(answer) => answer,
        Err(error) if is_conflict(&error) => return Ok(Some(Attempt::Conflict)),
        // Before the transaction's commit was sent nothing of it lasts.
        Err(error) => return Err(fault::of_read(&error)),
    };
    if let Some(refused) = fault::refused(&answer).first() {
        return match refused.code {
            _ if refused.is_duplicate() => Ok(Some(Attempt::Refused)),
            code if fault::is_conflict(code) => Ok(Some(Attempt::Conflict)),
            _ if refused.is_not_viable() => Ok(Some(Attempt::NotViable)),
            code => Err(fault::of_code(code, &refused.why)),
        };
    }
    let done: usize = fault::number(&answer, "n").unwrap_or(0);
    Ok((done == 0).then_some(Attempt::Refused))
}

fn is_conflict(error: &Error) -> bool {
    let is_write_conflict = match &*error.kind {
        ErrorKind::Command(command) => fault::is_conflict(command.code),
        _ => false,
    };
    // A lost connection has that label too, and before the commit nothing of it lasts.
    is_write_conflict || error.contains_label(TRANSIENT_TRANSACTION_ERROR)
}
