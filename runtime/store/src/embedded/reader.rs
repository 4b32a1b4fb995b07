//! The reader: the thread that looks at what lasts, so that a long look holds up no commit.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::document::{Document, DocumentId, Header};
use crate::embedded::draft::{Rows, Snapshot, Space, Tables};
use crate::embedded::judge::{self, Indexes};
use crate::embedded::queue::{Lane, Queue, Queued, Refused, Taker};
use crate::embedded::rows::{self, kind};
use crate::embedded::writer::Reply;
use crate::problem::StoreError;
use crate::request::{Find, Sweep};
use crate::store::{Answer, LEASES};
use crate::value::Value;

/// Greatest number of requests that wait for the reader.
pub(super) const QUEUE_MAX: usize = 4_096;

/// What the reader is asked.
pub(super) enum Look {
    Read(DocumentId, Reply<Option<Document>>),
    Find(Find, Reply<Vec<DocumentId>>),
    Sweep(Sweep, Reply<Vec<(DocumentId, Header)>>),
    Scan(Arc<str>, Option<Arc<str>>, usize, Reply<Vec<Document>>),
}

impl Queued for Look {
    fn lane(&self) -> Lane {
        match self {
            Self::Read(id, _) if id.is_lease() => Lane::First,
            Self::Scan(collection, ..) if **collection == *LEASES => Lane::First,
            Self::Read(..) | Self::Find(..) => Lane::Soon,
            Self::Scan(..) | Self::Sweep(..) => Lane::Rest,
        }
    }
}

impl Look {
    fn refuse(self, why: StoreError) {
        // Whoever asked may have gone: then nobody is there to be told.
        match self {
            Self::Read(_, reply) => drop(reply.send(Err(why))),
            Self::Find(_, reply) => drop(reply.send(Err(why))),
            Self::Sweep(_, reply) => drop(reply.send(Err(why))),
            Self::Scan(.., reply) => drop(reply.send(Err(why))),
        }
    }
}

/// Asks; refuses at once if too much is asked already, or nobody is there any more.
pub(super) fn look<T: 'static>(
    queue: &Queue<Look>,
    look: impl FnOnce(Reply<T>) -> Look,
) -> Answer<T> {
    let (reply, answer) = oneshot::channel();
    match queue.put(look(reply)) {
        Ok(()) => {}
        Err(Refused::Full(look)) => look.refuse(StoreError::Unavailable(format!(
            "{QUEUE_MAX} requests wait to be read: ask again later"
        ))),
        Err(Refused::Closed(look)) => look.refuse(StoreError::Closed),
    }
    Box::pin(async move { answer.await.unwrap_or(Err(StoreError::Closed)) })
}

pub(super) struct Reader {
    pub(super) tables: Tables,
    pub(super) indexes: Indexes,
    pub(super) asked: Taker<Look>,
}

impl Reader {
    /// Works until the queue is closed and what was asked before is answered.
    pub(super) fn run(self) {
        while let Some(look) = self.asked.wait() {
            let moment = Snapshot::new(&self.tables);
            // Whoever asked may have gone: then nobody is there to be told.
            match look {
                Look::Read(id, reply) => drop(reply.send(read(&moment, &id))),
                Look::Find(find, reply) => drop(reply.send(self.find(&moment, &find))),
                Look::Sweep(asked, reply) => drop(reply.send(sweep(&moment, &asked))),
                Look::Scan(collection, after, limit, reply) => {
                    drop(reply.send(scan(&moment, &collection, after.as_deref(), limit)));
                }
            }
        }
    }

    fn find(&self, moment: &Snapshot<'_>, find: &Find) -> Result<Vec<DocumentId>, StoreError> {
        let indexes = self.indexes.get(&find.collection).into_iter().flatten();
        let index = indexes.into_iter().find(|index| index.path == find.path);
        let Some(index) = index.filter(|_| find.value != Value::Nil) else {
            return Ok(Vec::new());
        };
        let prefix = rows::indexed(&find.collection, index, &find.value);
        let mut found = Vec::new();
        for row in moment.rows(Space::Lookups, &prefix, &[]).take(find.limit) {
            let (key, value) = row?;
            let document = if index.unique {
                String::from_utf8(value.to_vec()).ok()
            } else {
                rows::last_name(&key, prefix.len())
            };
            let document = document
                .ok_or_else(|| StoreError::Corrupt("an entry of an index is damaged".into()))?;
            found.push(DocumentId::new(find.collection.clone(), document));
        }
        Ok(found)
    }
}

fn read(moment: &Snapshot<'_>, id: &DocumentId) -> Result<Option<Document>, StoreError> {
    let key = rows::document(id);
    let rows = moment.rows(Space::Documents, &key, &[]);
    let rows = rows.map(|row| row.map(|(key, value)| (key.to_vec(), value)));
    judge::document(&rows.collect::<Result<Rows, _>>()?)
}

fn sweep(moment: &Snapshot<'_>, asked: &Sweep) -> Result<Vec<(DocumentId, Header)>, StoreError> {
    let mut found = Vec::new();
    let damaged = || StoreError::Corrupt("an entry of the list for sweeps is damaged".into());
    for row in moment.rows(Space::Lookups, &[kind::PENDING], &[]) {
        if found.len() >= asked.limit {
            return Ok(found);
        }
        let id = rows::marked(&row?.0).ok_or_else(damaged)?;
        found.extend(due(moment, id, asked)?);
    }
    for row in moment.rows(Space::Lookups, &[kind::WAKE], &[]) {
        let (at_us, id) = rows::woken(&row?.0).ok_or_else(damaged)?;
        if found.len() >= asked.limit || at_us > asked.now_us {
            break;
        }
        // Those with messages were found above.
        found.extend(due(moment, id, asked)?.filter(|(_, header)| !header.pending));
    }
    Ok(found)
}

/// A document that wants to be run, with its header, unless it must not be or its owner sees to it.
fn due(
    moment: &Snapshot<'_>,
    id: DocumentId,
    asked: &Sweep,
) -> Result<Option<(DocumentId, Header)>, StoreError> {
    let Some(bytes) = moment.get(Space::Documents, &rows::document(&id))? else {
        return Ok(None);
    };
    let header = rows::decode_header(&bytes)?;
    let is_excepted = header.owner.as_ref() == Some(&asked.except);
    let mark = rows::mark(kind::QUARANTINE, &id);
    let is_left = is_excepted || moment.get(Space::Lookups, &mark)?.is_some();
    Ok((!is_left).then_some((id, header)))
}

fn scan(
    moment: &Snapshot<'_>,
    collection: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Document>, StoreError> {
    let prefix = rows::collection(collection);
    let mut from = Vec::new();
    if let Some(after) = after {
        from = rows::document(&DocumentId::new(collection, after));
        // No name begins with it, so this is behind all rows of that document, and before those of the next.
        from.push(0xff);
    }
    let mut documents = Vec::new();
    let mut rows = Rows::new();
    if limit == 0 {
        return Ok(documents);
    }
    for row in moment.rows(Space::Documents, &prefix, &from) {
        let (key, value) = row?;
        let is_of_same = rows
            .first_key_value()
            .is_some_and(|(header, _)| key.starts_with(header));
        if !is_of_same {
            documents.extend(judge::document(&std::mem::take(&mut rows))?);
            if documents.len() >= limit {
                return Ok(documents);
            }
        }
        rows.insert(key.to_vec(), value);
    }
    documents.extend(judge::document(&rows)?);
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::queue::queue;

    #[test]
    fn more_than_the_queue_holds_is_refused() {
        let (queue, waiting) = queue(QUEUE_MAX);
        let send = || {
            let id = DocumentId::new("t", "u1");
            look(&queue, |reply| Look::Read(id, reply))
        };
        let answers: Vec<_> = (0..QUEUE_MAX).map(|_| send()).collect();
        let shard = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let words = "4096 requests wait to be read: ask again later";
        let refused = Err(StoreError::Unavailable(words.into()));
        assert_eq!(shard.block_on(send()), refused);
        assert_eq!(std::iter::from_fn(|| waiting.take()).count(), answers.len());
        drop(waiting);
        assert_eq!(shard.block_on(send()), Err(StoreError::Closed));
    }
}
