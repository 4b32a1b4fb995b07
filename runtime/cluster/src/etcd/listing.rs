//! All members at one moment, and what happens from then on.

use etcd_client::{Client, GetOptions, WatchOptions, WatchResponse, WatchStream};
use tokio::time::timeout;

use crate::etcd::dialer::{CALL_MAX, unanswered};
use crate::etcd::fault::Fault;
use crate::etcd::keys::{Key, Keys};
use crate::member::MEMBERS_MAX;

/// So many keys are asked for at a time: with the longest values that etcd takes they fit into an answer.
const PAGE: i64 = 32;
/// An answer has at most so many bytes: a page of the longest values.
const ANSWER_MAX: usize = 64 * 1024 * 1024;

/// The keys of all members with their values, and the revision of which they are.
pub(super) async fn list(
    client: &Client,
    keys: &Keys,
) -> Result<(Vec<(Key, Vec<u8>)>, i64), Fault> {
    let mut client = client.kv_client().max_decoding_message_size(ANSWER_MAX);
    let mut found = Vec::new();
    let mut revision = 0;
    let mut from = keys.nodes().into_bytes();
    let end = behind(&keys.nodes());
    loop {
        // Every page as of the revision of the first.
        let options = GetOptions::new()
            .with_range(end.clone())
            .with_limit(PAGE)
            .with_revision(revision);
        let answer = timeout(CALL_MAX, client.get(from, Some(options)));
        let mut answer = answer.await.map_err(|_| unanswered())??;
        if revision == 0 {
            revision = answer.header().map_or(0, |header| header.revision());
        }
        let more = answer.more();
        let entries = answer.take_kvs();
        // The smallest key behind the last one.
        from = entries
            .last()
            .map(|entry| [entry.key(), &[0]].concat())
            .unwrap_or_default();
        for entry in entries {
            if let Some(key) = keys.read(entry.key()) {
                found.push((key, entry.value().to_vec()));
            }
        }
        // A member has two keys. The roster says so when there are too many.
        if !more || from.is_empty() || found.len() > MEMBERS_MAX * 2 {
            return Ok((found, revision));
        }
    }
}

/// What happens to members from this revision on.
pub(super) async fn watch(
    client: &Client,
    keys: &Keys,
    revision: i64,
) -> Result<WatchStream, Fault> {
    let options = WatchOptions::new()
        .with_prefix()
        .with_start_revision(revision)
        // Many changes at one revision come in several answers.
        .with_fragment();
    let mut client = client.watch_client().max_decoding_message_size(ANSWER_MAX);
    let watching = timeout(CALL_MAX, client.watch(keys.nodes(), Some(options)));
    Ok(watching.await.map_err(|_| unanswered())??)
}

/// What a watch tells of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// It has this value now, which stands under this lease.
    Put(Key, Vec<u8>, i64),
    /// It is there no more.
    Delete(Key),
}

/// What a watch tells of members.
pub(super) fn news(keys: &Keys, answer: &WatchResponse) -> Vec<News> {
    let entries = answer.events().iter().filter_map(|event| event.kv());
    entries
        .filter_map(|entry| {
            let key = keys.read(entry.key())?;
            // A key that was deleted has no version.
            Some(if entry.version() == 0 {
                News::Delete(key)
            } else {
                News::Put(key, entry.value().to_vec(), entry.lease())
            })
        })
        .collect()
}

/// The smallest key behind all that start so; it ends in a slash.
fn behind(folder: &str) -> Vec<u8> {
    let mut end = folder.as_bytes().to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}
