//! A member that has joined: it reports, and follows the others.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use playhouse_cluster::watch;
use playhouse_cluster::{Board, MEMBER_TTL, Member, REPORT_EVERY};
use tokio::time::Instant;

use super::asking::{Asking, Trouble};
use super::driving::jittered;
use super::following::Following;
use crate::host::Shard;

/// What failed is asked again after so long.
const AGAIN: Duration = Duration::from_millis(400);

/// The time of a member under one ticket.
pub(super) struct Stay<'a> {
    pub(super) asking: &'a Asking,
    pub(super) shard: &'a Rc<Shard>,
    pub(super) board: &'a Board,
    pub(super) ticket: u64,
    /// When the last report that was heard was sent, and the same in microseconds since 1970.
    pub(super) heard: Cell<(Instant, i64)>,
}

impl Stay<'_> {
    /// Says again and again that the member is there, and at once what else it says of itself. Ends when the registry does not
    /// know it, or has not answered for as long as it keeps a silent member.
    pub(super) async fn report(
        &self,
        me: &mut watch::Receiver<Arc<Member>>,
        mut said: Arc<Member>,
        token_seen: &Cell<u64>,
    ) -> Trouble {
        let mut next = Instant::now() + REPORT_EVERY;
        loop {
            let mut now = Arc::clone(&me.borrow_and_update());
            while !says_more(&said, &now) {
                tokio::select! {
                    biased;
                    changed = me.changed() => if changed.is_err() {
                        // Nobody has the seat any more: the member leaves.
                        return std::future::pending().await;
                    },
                    () = tokio::time::sleep_until(next) => break,
                }
                now = Arc::clone(&me.borrow_and_update());
            }
            let sent = (Instant::now(), self.shard.env().utc().0);
            let ticket = self.ticket;
            let reported = if says_more(&said, &now) {
                let joined = self.asking.join(&now, Some(ticket), token_seen.get()).await;
                // Another ticket would be another member.
                joined.and_then(|other| (other == ticket).then_some(()).ok_or(Trouble::Stranger))
            } else {
                self.asking.report(ticket, now.load).await
            };
            match reported {
                Ok(()) => {
                    said = now;
                    self.heard.set(sent);
                    next = sent.0 + REPORT_EVERY;
                }
                Err(Trouble::Away(why)) => {
                    let (heard, heard_us) = self.heard.get();
                    self.board.away(heard_us);
                    // Whoever is silent for so long is gone there, and its locks are others'.
                    let end = heard + MEMBER_TTL;
                    if Instant::now() >= end {
                        return Trouble::Away(why);
                    }
                    let again = Instant::now() + jittered(self.shard, AGAIN);
                    tokio::time::sleep_until(again.min(end)).await;
                    next = Instant::now();
                }
                Err(trouble) => return trouble,
            }
        }
    }

    /// Publishes who is there. Ends when the registry does not know the member.
    pub(super) async fn follow(&self, following: &mut Following) -> Trouble {
        loop {
            match self.asking.follow(self.ticket, following.seen).await {
                Ok(news) => {
                    following.hear(news, Instant::now());
                    let now_us = self.shard.env().utc().0;
                    self.board.publish(following.members(), now_us);
                    // Only now: whoever waited for it sees the others.
                    self.board.opened(Ok(()));
                }
                Err(Trouble::Away(_)) => {
                    self.board.away(self.heard.get().1);
                    tokio::time::sleep(jittered(self.shard, AGAIN)).await;
                }
                Err(trouble) => return trouble,
            }
        }
    }
}

/// Whether a member says something else of itself than how busy it is.
fn says_more(said: &Member, now: &Member) -> bool {
    let mut same = said.clone();
    same.load = now.load;
    same.strange = Arc::clone(&now.strange);
    same != *now
}

#[cfg(test)]
mod tests {
    use playhouse_cluster::Load;

    use super::*;

    #[test]
    fn a_load_alone_waits_for_the_next_report() {
        let said = Member::new("a", 1, "x");
        let mut now = said.clone();
        now.load = Load {
            score: 1.0,
            ..Load::default()
        };
        assert!(!says_more(&said, &now));
        now.draining = true;
        assert!(says_more(&said, &now));
    }
}
