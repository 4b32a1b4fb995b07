//! The writer: the one thread that changes anything. What is queued while it waits for the disk is written together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::embedded::draft::{Draft, Tables};
use crate::embedded::folder::Folder;
use crate::embedded::judge::{self, Indexes};
use crate::embedded::queue::{Lane, Queue, Queued, Refused, Taker};
use crate::problem::StoreError;
use crate::request::{Claim, Claimed, Commit, Committed, Quarantine};

/// Greatest number of requests that wait for the writer.
pub(super) const QUEUE_MAX: usize = 65_536;
/// Greatest number of requests that are written together.
pub(super) const BATCH_MAX: usize = 4_096;
/// From so many bytes on no further request joins those that are written together.
pub(super) const BATCH_BYTES_MAX: usize = 8 << 20;
/// After so long no further request joins them: those that did wait for their answers. Some ten times what the disk's sync
/// takes, so that batches share it well.
pub(super) const BATCH_TIME: Duration = Duration::from_millis(20);

/// Where an answer goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer is asked.
pub(super) enum Ask {
    Claim(Claim, Reply<Claimed>),
    Commit(Vec<Arc<Commit>>, Reply<Vec<Committed>>),
    Quarantine(Quarantine, Reply<()>),
}

impl Queued for Ask {
    fn lane(&self) -> Lane {
        match self {
            Self::Claim(claim, _) if claim.id.is_lease() => Lane::First,
            Self::Commit(commits, _) if commits.iter().any(|it| it.id.is_lease()) => Lane::First,
            // A call waits for it.
            Self::Claim(..) => Lane::Soon,
            Self::Commit(..) | Self::Quarantine(..) => Lane::Rest,
        }
    }
}

impl Ask {
    fn refuse(self, why: StoreError) {
        // Whoever asked may have gone: then nobody is there to be told.
        match self {
            Self::Claim(_, reply) => drop(reply.send(Err(why))),
            Self::Commit(_, reply) => drop(reply.send(Err(why))),
            Self::Quarantine(_, reply) => drop(reply.send(Err(why))),
        }
    }
}

/// Asks; refuses at once if too much is asked already, or nobody is there any more.
pub(super) fn ask(queue: &Queue<Ask>, ask: Ask) {
    match queue.put(ask) {
        Ok(()) => {}
        Err(Refused::Full(ask)) => ask.refuse(StoreError::Unavailable(format!(
            "{QUEUE_MAX} requests wait for the disk: ask again later"
        ))),
        Err(Refused::Closed(ask)) => ask.refuse(StoreError::Closed),
    }
}

/// An answer that waits for the disk: given what went wrong there, if anything did.
type Answer = Box<dyn FnOnce(Option<StoreError>)>;

pub(super) struct Writer {
    pub(super) tables: Tables,
    pub(super) indexes: Indexes,
    pub(super) folder: Arc<Folder>,
    pub(super) asked: Taker<Ask>,
}

impl Writer {
    /// Works until the queue is closed and what was asked before is done.
    pub(super) fn run(self) {
        let mut failed: Option<StoreError> = None;
        while let Some(first) = self.asked.wait() {
            self.write_together(first, &mut failed);
        }
    }

    /// Does what is queued, as far as it fits into one batch. One with what goes first takes in nothing else, so that it
    /// is written at once.
    fn write_together(&self, first: Ask, failed: &mut Option<StoreError>) {
        let begun = Instant::now();
        let mut next = Some(first);
        let mut draft = Draft::new(&self.tables);
        let mut answers = Vec::new();
        while let Some(ask) = next.take() {
            let is_first = ask.lane() == Lane::First;
            match &failed {
                Some(why) => ask.refuse(why.clone()),
                None => answers.push(self.judge(&mut draft, ask)),
            }
            let is_full = answers.len() >= BATCH_MAX || draft.bytes() >= BATCH_BYTES_MAX;
            if is_full || begun.elapsed() >= BATCH_TIME {
                break;
            }
            next = match is_first {
                true => self.asked.take_first(),
                false => self.asked.take(),
            };
        }
        let problem = self.write(draft, failed);
        for answer in answers {
            answer(problem.clone());
        }
    }

    fn judge(&self, draft: &mut Draft<'_>, ask: Ask) -> Answer {
        match ask {
            Ask::Claim(claim, reply) => {
                let answer = judge::claim(draft, &claim);
                settle(draft, answer, reply)
            }
            Ask::Commit(commits, reply) => {
                let answer = judge::commit(draft, &self.indexes, &commits);
                settle(draft, answer, reply)
            }
            Ask::Quarantine(quarantine, reply) => {
                let answer = judge::quarantine(draft, &quarantine);
                settle(draft, answer, reply)
            }
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
    use crate::document::{DocumentId, Owner};
    use crate::embedded::queue::queue;
    use crate::request::Take;
    use crate::store::LEASES;

    #[test]
    fn more_than_the_queue_holds_is_refused() {
        let (queue, waiting) = queue(QUEUE_MAX);
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
        assert_eq!(std::iter::from_fn(|| waiting.take()).count(), answers.len());
        drop(waiting);
        assert_eq!(send().try_recv(), Ok(Err(StoreError::Closed)));
    }

    #[test]
    fn a_lease_is_written_before_all_that_waits() {
        let folder = tempfile::tempdir().unwrap();
        let store = crate::Embedded::at(folder.path());
        let folder = Arc::new(Folder::open(folder.path(), 0).unwrap());
        let (queue, asked) = queue(QUEUE_MAX);
        let writer = Writer {
            tables: store.tables(&folder).unwrap(),
            indexes: Indexes::default(),
            folder,
            asked,
        };
        let claim = |collection: &str, key: u32| {
            let claim = Claim {
                id: DocumentId::new(collection, format!("u{key}")),
                owner: Owner {
                    node: "one".into(),
                    incarnation: 1,
                },
                seen: None,
                take: Take::Free,
                create: true,
                birth: 7,
            };
            let (reply, answer) = oneshot::channel();
            ask(&queue, Ask::Claim(claim, reply));
            answer
        };
        let is_mine = |answer: &mut oneshot::Receiver<_>| {
            matches!(answer.try_recv(), Ok(Ok(Claimed::Mine(_))))
        };
        let mut others: Vec<_> = (0..1000).map(|key| claim("t", key)).collect();
        let mut leases = [claim(LEASES, 1), claim(LEASES, 2)];
        let mut failed = None;
        writer.write_together(writer.asked.wait().unwrap(), &mut failed);
        assert!(leases.iter_mut().all(is_mine));
        assert!(!others.iter_mut().any(is_mine));
        queue.close();
        writer.run();
        assert!(others.iter_mut().all(is_mine));
    }
}
