//! Commits of several documents: a transaction.

use std::collections::BTreeMap;
use std::future::IntoFuture as _;
use std::sync::Arc;
use std::time::Duration;

use mongodb::ClientSession;
use mongodb::bson::{RawArrayBuf, rawdoc};
use mongodb::error::{
    Error, ErrorKind, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT,
};
use mongodb::options::{Acknowledgment, TransactionOptions, WriteConcern};

use crate::mongo::look::{Fit, look};
use crate::mongo::server::{Server, majority, primary};
use crate::mongo::statement::{Kind, Statement};
use crate::mongo::{fault, name};
use crate::problem::StoreError;
use crate::request::{Commit, Committed};
use crate::value::Path;

/// How often a transaction that met another one is tried.
const ATTEMPTS_MAX: u32 = 8;
/// How long the first pause between two attempts is; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(4);

/// How one attempt has ended.
enum Attempt {
    Done,
    /// Somebody else changed one of the documents at the same moment: nothing was done.
    Conflict,
    /// The commit at this place did not match: nothing was done.
    NoMatch,
    /// The value of a unique index is taken, in the commit at this place: nothing was done.
    Taken(usize, Path),
    /// Something on the way of a change is no table: nothing was done.
    NotViable,
}

/// Does all of them, or none.
pub(super) async fn commit(
    server: Arc<Server>,
    commits: Vec<Arc<Commit>>,
) -> Result<Vec<Committed>, StoreError> {
    let statements: Result<Vec<_>, _> = commits.iter().map(|one| Statement::of(one)).collect();
    let statements = statements?;
    // Everybody takes documents in the same order, so that two transactions meet at their first common one.
    let mut order: Vec<usize> = (0..commits.len()).collect();
    order.sort_by_key(|index| commits.get(*index).map(|commit| commit.id.clone()));
    for attempt in 0..ATTEMPTS_MAX {
        let tried = tokio::time::timeout(
            server.answer_max(),
            attempt_once(&server, &commits, &statements, &order),
        );
        let tried = tried.await.unwrap_or_else(|_| {
            let why = format!("no answer within {:?}", server.answer_max());
            Err(StoreError::Unknown(why))
        });
        match tried.map_err(|error| server.cleaned(error))? {
            Attempt::Done => return Ok(vec![Committed::Applied; commits.len()]),
            Attempt::Conflict => tokio::time::sleep(PAUSE * 2_u32.pow(attempt)).await,
            Attempt::NoMatch => return outcomes(&server, &commits, None).await,
            Attempt::Taken(index, path) => {
                return outcomes(&server, &commits, Some((index, path))).await;
            }
            Attempt::NotViable => {
                return Err(StoreError::Unsupported(
                    "a change within what is no table, in a commit of several documents".to_owned(),
                ));
            }
        }
    }
    Err(StoreError::Unavailable(format!(
        "others changed the same documents at the same moment, {ATTEMPTS_MAX} times"
    )))
}

async fn attempt_once(
    server: &Server,
    commits: &[Arc<Commit>],
    statements: &[Statement],
    order: &[usize],
) -> Result<Attempt, StoreError> {
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
    for index in order {
        let (Some(commit), Some(statement)) = (commits.get(*index), statements.get(*index)) else {
            continue;
        };
        if let Some(ended) = change(server, &mut session, *index, commit, statement).await? {
            // If this fails, the server ends the transaction by itself.
            let _ = session.abort_transaction().await;
            return Ok(ended);
        }
    }
    match session.commit_transaction().await {
        Ok(()) => Ok(Attempt::Done),
        Err(error) if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) => {
            Err(StoreError::Unknown(error.kind.to_string()))
        }
        Err(error) if is_conflict(&error) => Ok(Attempt::Conflict),
        Err(error) => match fault::of_write(&error) {
            // A transaction that was begun and whose commit has failed for whatever reason but those.
            StoreError::Unavailable(why) => Err(StoreError::Unknown(why)),
            other => Err(other),
        },
    }
}

/// One document's part. None: the transaction goes on.
async fn change(
    server: &Server,
    session: &mut ClientSession,
    index: usize,
    commit: &Commit,
    statement: &Statement,
) -> Result<Option<Attempt>, StoreError> {
    let collection = name::collection(&commit.id.collection);
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
        return match refused.taken() {
            Some(path) => Ok(Some(Attempt::Taken(index, path))),
            None if fault::is_conflict(refused.code) => Ok(Some(Attempt::Conflict)),
            None if refused.is_not_viable() => Ok(Some(Attempt::NotViable)),
            None => Err(fault::of_code(refused.code, &refused.why)),
        };
    }
    let done: usize = fault::number(&answer, "n").unwrap_or(0);
    Ok((done == 0).then_some(Attempt::NoMatch))
}

fn is_conflict(error: &Error) -> bool {
    let is_write_conflict = match &*error.kind {
        ErrorKind::Command(command) => fault::is_conflict(command.code),
        _ => false,
    };
    // A lost connection has that label too, and before the commit nothing of it lasts.
    is_write_conflict || error.contains_label(TRANSIENT_TRANSACTION_ERROR)
}

/// What came of commits of which nothing was done now: some do not fit, or all were done before.
async fn outcomes(
    server: &Server,
    commits: &[Arc<Commit>],
    taken: Option<(usize, Path)>,
) -> Result<Vec<Committed>, StoreError> {
    let mut by_collection = BTreeMap::<Arc<str>, Vec<usize>>::new();
    for (index, commit) in commits.iter().enumerate() {
        let of = by_collection.entry(commit.id.collection.clone());
        of.or_default().push(index);
    }
    let mut fits = BTreeMap::new();
    for (collection, indexes) in by_collection {
        let of = indexes.iter().filter_map(|index| commits.get(*index));
        let of: Vec<_> = of.cloned().collect();
        // Nothing was done now, but it may have been before.
        let found = look(server, &collection, &of).await;
        let found = found.map_err(|error| StoreError::Unknown(error.to_string()))?;
        fits.extend(indexes.into_iter().zip(found));
    }
    if fits.values().any(|fit| *fit == Fit::Stale) {
        return Err(StoreError::Unknown(
            "the server's documents have gone back to an earlier state".to_owned(),
        ));
    }
    if taken.is_none() && fits.values().all(|fit| *fit == Fit::Next) {
        // What did not match has come to match: a transaction of somebody else was taken back.
        return Err(StoreError::Unavailable(
            "the documents changed at the same moment".to_owned(),
        ));
    }
    let outcome = |(index, fit): (usize, Fit)| match (fit, &taken) {
        (Fit::Done, _) => Committed::Applied,
        (Fit::Next, Some((at, path))) if *at == index => Committed::Taken { path: path.clone() },
        (Fit::Next, _) => Committed::Withheld,
        (Fit::Not | Fit::Stale, _) => Committed::Fenced,
    };
    Ok(fits.into_iter().map(outcome).collect())
}
