//! Commits of one document each: those that are asked for at the same moment go to the server together.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use mongodb::bson::{RawArrayBuf, RawDocumentBuf, rawdoc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::mongo::look::{self, Fit, look};
use crate::mongo::server::Server;
use crate::mongo::statement::{Kind, Statement};
use crate::mongo::{COMMANDS_MAX, COMMIT_BATCH_MAX, fault, name, reads};
use crate::problem::StoreError;
use crate::request::{Commit, Committed};

/// A commit of one document that waits to be done.
pub(super) struct Single {
    pub(super) commit: Arc<Commit>,
    pub(super) reply: oneshot::Sender<Result<Committed, StoreError>>,
    /// Its place among the requests under way.
    pub(super) permit: OwnedSemaphorePermit,
}

impl Single {
    fn answer(self, answer: Result<Committed, StoreError>) {
        drop(self.permit);
        // Nobody may wait any more.
        let _ = self.reply.send(answer);
    }
}

/// Sends commits to the server until the store is dropped. While [`COMMANDS_MAX`] commands are under way, further commits
/// gather, so that commands grow with the load and a lone commit waits for nothing.
pub(super) async fn run(server: Weak<Server>, mut singles: mpsc::UnboundedReceiver<Single>) {
    let commands = Arc::new(Semaphore::new(COMMANDS_MAX));
    let mut waiting = Vec::new();
    while singles
        .recv_many(&mut waiting, COMMIT_BATCH_MAX * COMMANDS_MAX)
        .await
        > 0
    {
        for batch in batches(waiting.drain(..)) {
            let Ok(place) = commands.clone().acquire_owned().await else {
                return;
            };
            let Some(server) = server.upgrade() else {
                batch.fail(&StoreError::Closed);
                continue;
            };
            tokio::spawn(async move {
                batch.run(&server).await;
                drop(place);
            });
        }
    }
}

/// Commits that go to the server in one command.
struct Batch {
    collection: Arc<str>,
    kind: Kind,
    bytes: usize,
    items: Vec<(Single, Statement)>,
}

/// By collection and command, in pieces of bounded size.
fn batches(singles: impl Iterator<Item = Single>) -> Vec<Batch> {
    let mut full = Vec::new();
    let mut open = BTreeMap::<(Arc<str>, Kind), Batch>::new();
    for single in singles {
        let statement = match Statement::of(&single.commit) {
            Ok(statement) => statement,
            Err(error) => {
                single.answer(Err(error));
                continue;
            }
        };
        let collection = single.commit.id.collection.clone();
        let batch = open
            .entry((collection.clone(), statement.kind))
            .or_insert_with(|| Batch::new(collection.clone(), statement.kind));
        if batch.items.len() == COMMIT_BATCH_MAX
            || !batch.items.is_empty() && !statement.fits(batch.bytes)
        {
            let next = Batch::new(collection, statement.kind);
            full.push(std::mem::replace(batch, next));
        }
        batch.bytes += statement.raw.as_bytes().len();
        batch.items.push((single, statement));
    }
    full.extend(open.into_values());
    full
}

impl Batch {
    const fn new(collection: Arc<str>, kind: Kind) -> Self {
        Self {
            collection,
            kind,
            bytes: 0,
            items: Vec::new(),
        }
    }

    fn fail(self, error: &StoreError) {
        for (single, _) in self.items {
            single.answer(Err(error.clone()));
        }
    }

    async fn run(self, server: &Server) {
        let statements = self.items.iter().map(|(_, statement)| &statement.raw);
        let answer = send(server, &self.collection, self.kind, statements).await;
        let Sent {
            mut outcomes,
            is_complete,
        } = match answer {
            Ok(sent) => sent,
            Err(error) => return self.fail(&error),
        };
        if !is_complete {
            let open = (0..self.items.len()).filter(|index| !outcomes.contains_key(index));
            let open: Vec<usize> = open.collect();
            let commits = open.iter().filter_map(|index| self.items.get(*index));
            let commits: Vec<_> = commits.map(|(single, _)| single.commit.clone()).collect();
            let judged = judge(server, &self.collection, &commits).await;
            outcomes.extend(open.into_iter().zip(judged));
        }
        for (index, (single, _)) in self.items.into_iter().enumerate() {
            let outcome = match outcomes.remove(&index) {
                None => Ok(Committed::Applied),
                Some(Ok(outcome)) => Ok(outcome),
                Some(Err(Trouble::NotViable)) => rewrite(server, &single.commit).await,
                Some(Err(Trouble::Error(error))) => Err(error),
            };
            single.answer(outcome);
        }
    }
}

/// What the server answered to a command.
struct Sent {
    /// Of the statements that it has refused.
    outcomes: BTreeMap<usize, Result<Committed, Trouble>>,
    /// Whether all others were done.
    is_complete: bool,
}

/// Why a statement was not done.
enum Trouble {
    Error(StoreError),
    /// Something on the way of a change is no table.
    NotViable,
}

/// Runs one command with these statements.
async fn send(
    server: &Server,
    collection: &str,
    kind: Kind,
    statements: impl ExactSizeIterator<Item = &RawDocumentBuf>,
) -> Result<Sent, StoreError> {
    let count = statements.len();
    let answer = server
        .write(command(server, collection, kind, statements))
        .await?;
    if let Some(error) = fault::concern(&answer) {
        return Err(server.cleaned(error));
    }
    let mut outcomes = BTreeMap::new();
    for refused in fault::refused(&answer) {
        let outcome = if let Some(path) = refused.taken() {
            Ok(Committed::Taken { path })
        } else if refused.is_not_viable() {
            Err(Trouble::NotViable)
        } else {
            let error = fault::of_code(refused.code, &refused.why);
            Err(Trouble::Error(server.cleaned(error)))
        };
        outcomes.insert(refused.index, outcome);
    }
    let done: usize = fault::number(&answer, "n").unwrap_or(0);
    Ok(Sent {
        is_complete: done + outcomes.len() == count,
        outcomes,
    })
}

fn command<'a>(
    server: &Server,
    collection: &str,
    kind: Kind,
    statements: impl Iterator<Item = &'a RawDocumentBuf>,
) -> RawDocumentBuf {
    let collection = name::collection(collection);
    let mut list = RawArrayBuf::new();
    statements.for_each(|statement| list.push(statement.clone()));
    let concern = server.concern();
    match kind {
        Kind::Update => rawdoc! {
            "update": collection,
            "updates": list,
            "ordered": false,
            "writeConcern": concern,
        },
        Kind::Delete => rawdoc! {
            "delete": collection,
            "deletes": list,
            "ordered": false,
            "writeConcern": concern,
        },
    }
}

/// What came of commits that did not match.
async fn judge(
    server: &Server,
    collection: &Arc<str>,
    commits: &[Arc<Commit>],
) -> Vec<Result<Committed, Trouble>> {
    let unknown = |why: String| Err(Trouble::Error(StoreError::Unknown(why)));
    match look(server, collection, commits).await {
        Ok(fits) => fits
            .into_iter()
            .map(|fit| match fit {
                Fit::Done => Ok(Committed::Applied),
                Fit::Not => Ok(Committed::Fenced),
                Fit::Next => {
                    unknown("the server's documents have gone back to an earlier state".to_owned())
                }
            })
            .collect(),
        // Some of them may have been done.
        Err(error) => commits.iter().map(|_| unknown(error.to_string())).collect(),
    }
}

/// Does a commit that changes something within what is no table: the root is written anew as a whole.
async fn rewrite(server: &Server, commit: &Arc<Commit>) -> Result<Committed, StoreError> {
    let id = &commit.id;
    let Some(mut document) = reads::read(server, id).await? else {
        return Ok(Committed::Fenced);
    };
    match look::fit(commit, Some(&document.header)) {
        Fit::Next => {}
        Fit::Done => return Ok(Committed::Applied),
        Fit::Not => return Ok(Committed::Fenced),
    }
    document.root.apply(&commit.update);
    let statement = Statement::whole(commit, &document.root)?;
    let sent = send(
        server,
        &id.collection,
        statement.kind,
        [&statement.raw].into_iter(),
    )
    .await?;
    let outcome = match sent.outcomes.into_values().next() {
        Some(outcome) => Some(outcome),
        None if sent.is_complete => Some(Ok(Committed::Applied)),
        None => judge(server, &id.collection, std::slice::from_ref(commit))
            .await
            .pop(),
    };
    match outcome {
        Some(Ok(outcome)) => Ok(outcome),
        Some(Err(Trouble::Error(error))) => Err(error),
        Some(Err(Trouble::NotViable)) | None => Err(StoreError::Unsupported(
            "a change within what is no table".to_owned(),
        )),
    }
}
