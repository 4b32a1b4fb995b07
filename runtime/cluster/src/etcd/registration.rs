//! A node's own entry: written under its lease, unless another node has the name.
//!
//! A later life of a name takes the place of an earlier one: that is a restart. Which is later is said by when they began, then
//! by the incarnation. Where the clock went back, or two nodes were given one name, the other is waited for until its lease is
//! over; it lives once that was seen to be renewed, or has lasted longer than it can without.

use std::time::Duration;

use etcd_client::{Client, Compare, CompareOp, KeyValue, PutOptions, Txn, TxnOp, TxnOpResponse};
use tokio::time::{Instant, timeout};

use crate::etcd::dialer::{CALL_MAX, unanswered};
use crate::etcd::fault::Fault;
use crate::etcd::keys::{Keys, load_to_text, member_from_text, member_to_text};
use crate::member::{Load, Member};

/// etcd may notice so much later that a lease is over.
const NOTICE_MAX: Duration = Duration::from_secs(5);

/// Who has our name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rival {
    lease: i64,
    /// The fewest seconds that its lease was seen to have left.
    least: i64,
    since: Instant,
}

/// Writes the entry of this node and its load.
///
/// What is known of a rival is kept in `rival`.
pub(super) async fn register(
    client: &Client,
    keys: &Keys,
    me: &Member,
    lease: i64,
    rival: &mut Option<Rival>,
) -> Result<(), Fault> {
    let key = keys.node(&me.name);
    let writes = || Ok::<_, Fault>([write(keys, me, lease)?, write_load(keys, me, lease)?]);
    let absent = Compare::create_revision(key.clone(), CompareOp::Equal, 0);
    let txn = Txn::new()
        .when([absent])
        .and_then(writes()?)
        .or_else([TxnOp::get(key.clone(), None)]);
    let Some(found) = commit(client, txn).await? else {
        *rival = None;
        return Ok(());
    };
    let other = member_from_text(&me.name, found.value());
    let ours = found.lease() == lease || other.as_ref().is_ok_and(|other| age(other) <= age(me));
    if !ours {
        let address = match &other {
            Ok(other) => other.addresses.first().cloned().unwrap_or_default(),
            Err(_) => format!("an unknown address, by the key {key}"),
        };
        let lives = lives(client, &found, rival).await?;
        return Err(Fault::Taken { address, lives });
    }
    let same = Compare::mod_revision(key.clone(), CompareOp::Equal, found.mod_revision());
    let txn = Txn::new()
        .when([same])
        .and_then(writes()?)
        .or_else([TxnOp::get(key, None)]);
    if commit(client, txn).await?.is_some() {
        // It changed in between.
        return Err(Fault::Unseated);
    }
    *rival = None;
    if found.lease() != lease && found.lease() != 0 {
        // The locks of the earlier life are free then. If it is over already, so much the better.
        let mut leases = client.lease_client();
        let revoking = timeout(CALL_MAX, leases.revoke(found.lease())).await;
        if let Ok(Err(error)) = revoking {
            tracing::debug!(%error, "the lease of an earlier life was not ended");
        }
    }
    Ok(())
}

/// Which of two lives of one name is the later.
fn age(member: &Member) -> (i64, u64) {
    (member.started_us, member.incarnation)
}

/// None if it was done, else what stands there.
async fn commit(client: &Client, txn: Txn) -> Result<Option<KeyValue>, Fault> {
    let mut client = client.kv_client();
    let answer = timeout(CALL_MAX, client.txn(txn));
    let answer = answer.await.map_err(|_| unanswered())??;
    if answer.succeeded() {
        return Ok(None);
    }
    let found = answer
        .op_responses()
        .into_iter()
        .find_map(|answer| match answer {
            TxnOpResponse::Get(mut found) => found.take_kvs().pop(),
            _ => None,
        });
    found.map(Some).ok_or(Fault::Unseated)
}

/// Whether the node that wrote the entry lives, by what is seen of its lease again and again.
async fn lives(
    client: &Client,
    found: &KeyValue,
    rival: &mut Option<Rival>,
) -> Result<bool, Fault> {
    let lease = found.lease();
    if lease == 0 {
        // Somebody wrote it by hand: it never goes.
        return Ok(true);
    }
    let mut client = client.lease_client();
    let asked = timeout(CALL_MAX, client.time_to_live(lease, None));
    let left = asked.await.map_err(|_| unanswered())??;
    let now = Instant::now();
    let known = rival.filter(|rival| rival.lease == lease).unwrap_or(Rival {
        lease,
        least: left.ttl(),
        since: now,
    });
    *rival = Some(Rival {
        least: known.least.min(left.ttl()),
        ..known
    });
    let granted = Duration::from_secs(u64::try_from(left.granted_ttl()).unwrap_or_default());
    Ok(left.ttl() > known.least || now.duration_since(known.since) > granted + NOTICE_MAX)
}

/// Writes what a node says of itself.
fn write(keys: &Keys, me: &Member, lease: i64) -> Result<TxnOp, Fault> {
    let text = member_to_text(me).map_err(|error| Fault::Wrong(error.to_string()))?;
    Ok(TxnOp::put(keys.node(&me.name), text, Some(under(lease))))
}

fn write_load(keys: &Keys, me: &Member, lease: i64) -> Result<TxnOp, Fault> {
    Ok(TxnOp::put(
        keys.load(&me.name),
        load_text(&me.load)?,
        Some(under(lease)),
    ))
}

/// Writes what a node says of itself, with its load, over what it said before.
pub(super) async fn put_member(
    client: &Client,
    keys: &Keys,
    me: &Member,
    lease: i64,
) -> Result<(), Fault> {
    // An entry that is not ours any more is left alone.
    let ours = Compare::lease(keys.node(&me.name), CompareOp::Equal, lease);
    let writes = [write(keys, me, lease)?, write_load(keys, me, lease)?];
    let txn = Txn::new().when([ours]).and_then(writes);
    commit(client, txn).await.map(|_| ())
}

/// Writes how busy a node is.
pub(super) async fn put_load(
    client: &Client,
    keys: &Keys,
    me: &Member,
    lease: i64,
) -> Result<(), Fault> {
    let mut client = client.kv_client();
    let put = client.put(
        keys.load(&me.name),
        load_text(&me.load)?,
        Some(under(lease)),
    );
    timeout(CALL_MAX, put).await.map_err(|_| unanswered())??;
    Ok(())
}

fn load_text(load: &Load) -> Result<String, Fault> {
    load_to_text(load).map_err(|error| Fault::Wrong(error.to_string()))
}

fn under(lease: i64) -> PutOptions {
    PutOptions::new().with_lease(lease)
}
