//! The writer: the one thread that changes anything. What is queued while it waits for the disk is written together.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError};

use tokio::sync::oneshot;

use crate::embedded::draft::{Draft, Tables};
use crate::embedded::folder::Folder;
use crate::embedded::judge::{self, Indexes};
use crate::problem::StoreError;
use crate::request::{Claim, Claimed, Commit, Committed, Quarantine};

/// Greatest number of requests that wait for the writer.
pub(super) const QUEUE_MAX: usize = 65_536;
/// Greatest number of requests that are written together.
pub(super) const BATCH_MAX: usize = 4_096;
/// From so many bytes on no further request joins those that are written together.
pub(super) const BATCH_BYTES_MAX: usize = 8 << 20;

/// Where an answer goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer is asked.
pub(super) enum Ask {
    Claim(Claim, Reply<Claimed>),
    Commit(Vec<Arc<Commit>>, Reply<Vec<Committed>>),
    Quarantine(Quarantine, Reply<()>),
    Close,
}

impl Ask {
    fn refuse(self, why: StoreError) {
        // Whoever asked may have gone: then nobody is there to be told.
        match self {
            Self::Claim(_, reply) => drop(reply.send(Err(why))),
            Self::Commit(_, reply) => drop(reply.send(Err(why))),
            Self::Quarantine(_, reply) => drop(reply.send(Err(why))),
            Self::Close => {}
        }
    }
}

/// Asks; refuses at once if too much is asked already, or nobody is there any more.
pub(super) fn ask(queue: &SyncSender<Ask>, ask: Ask) {
    match queue.try_send(ask) {
        Ok(()) => {}
        Err(TrySendError::Full(ask)) => ask.refuse(StoreError::Unavailable(format!(
            "{QUEUE_MAX} requests wait for the disk: ask again later"
        ))),
        Err(TrySendError::Disconnected(ask)) => ask.refuse(StoreError::Closed),
    }
}

/// An answer that waits for the disk: given what went wrong there, if anything did.
type Answer = Box<dyn FnOnce(Option<StoreError>)>;

pub(super) struct Writer {
    pub(super) tables: Tables,
    pub(super) indexes: Indexes,
    pub(super) folder: Arc<Folder>,
    pub(super) queue: Receiver<Ask>,
}

impl Writer {
    /// Works until it is told to close, or nobody can ask any more.
    pub(super) fn run(self) {
        let mut failed: Option<StoreError> = None;
        while let Ok(first) = self.queue.recv() {
            let mut next = Some(first);
            let mut draft = Draft::new(&self.tables);
            let mut answers = Vec::new();
            let mut closes = false;
            while let Some(ask) = next.take() {
                match &failed {
                    _ if matches!(ask, Ask::Close) => closes = true,
                    Some(why) => ask.refuse(why.clone()),
                    None => answers.extend(self.judge(&mut draft, ask)),
                }
                if closes || answers.len() >= BATCH_MAX || draft.bytes() >= BATCH_BYTES_MAX {
                    break;
                }
                match self.queue.try_recv() {
                    Ok(ask) => next = Some(ask),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
                }
            }
            let problem = self.write(draft, &mut failed);
            for answer in answers {
                answer(problem.clone());
            }
            if closes {
                // What came behind the end: each is told that nothing was done.
                for ask in self.queue.try_iter() {
                    ask.refuse(StoreError::Closed);
                }
                return;
            }
        }
    }

    fn judge(&self, draft: &mut Draft<'_>, ask: Ask) -> Option<Answer> {
        match ask {
            Ask::Claim(claim, reply) => {
                let answer = judge::claim(draft, &claim);
                Some(settle(draft, answer, reply))
            }
            Ask::Commit(commits, reply) => {
                let answer = judge::commit(draft, &self.indexes, &commits);
                Some(settle(draft, answer, reply))
            }
            Ask::Quarantine(quarantine, reply) => {
                let answer = judge::quarantine(draft, &quarantine);
                Some(settle(draft, answer, reply))
            }
            Ask::Close => None,
        }
    }

    fn write(&self, draft: Draft<'_>, failed: &mut Option<StoreError>) -> Option<StoreError> {
        if draft.is_empty() {
            return None;
        }
        if let Err(full) = self.folder.has_room() {
            return Some(full);
        }
        let error = draft.write().err()?;
        let folder = self.folder.path().display();
        tracing::error!(%folder, %error, "a write failed: the store refuses everything until it is opened again");
        *failed = Some(StoreError::ReadOnly(format!(
            "a write to {folder} failed ({error}), so nothing more is written: look after the disk, then start the node again"
        )));
        // The bytes may be in the journal, and be found there when it is opened again.
        Some(StoreError::Unknown(format!(
            "writing to {folder} failed: {error}"
        )))
    }
}

/// Keeps what a request changes, or not if it can't be answered. Its answer waits for what it has read, which may be of
/// the same batch.
fn settle<T: 'static>(
    draft: &mut Draft<'_>,
    answer: Result<T, StoreError>,
    reply: Reply<T>,
) -> Answer {
    match &answer {
        Ok(_) => draft.keep(),
        Err(_) => draft.forget(),
    }
    Box::new(move |problem| {
        // Whoever asked may have gone: then nobody is there to be told.
        drop(reply.send(problem.map_or(answer, Err)));
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::DocumentId;

    #[test]
    fn more_than_the_queue_holds_is_refused() {
        let (queue, waiting) = std::sync::mpsc::sync_channel(QUEUE_MAX);
        let send = || {
            let (reply, answer) = oneshot::channel();
            let id = DocumentId::new("t", "u1");
            ask(&queue, Ask::Quarantine(Quarantine { id, why: None }, reply));
            answer
        };
        let answers: Vec<_> = (0..QUEUE_MAX).map(|_| send()).collect();
        let mut refused = send();
        let words = "65536 requests wait for the disk: ask again later";
        assert_eq!(
            refused.try_recv(),
            Ok(Err(StoreError::Unavailable(words.into())))
        );
        assert_eq!(waiting.try_iter().count(), answers.len());
        drop(waiting);
        assert_eq!(send().try_recv(), Ok(Err(StoreError::Closed)));
    }
}
