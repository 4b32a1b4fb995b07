//! What a node's locks know of its connection and its lease.

use std::fmt;

use etcd_client::Client;
use tokio::time::{Instant, sleep_until};

use crate::watch;

/// The connection and the lease as they are now.
#[derive(Clone)]
pub(super) struct Link {
    /// None while there is no connection.
    pub(super) client: Option<Client>,
    /// None before the first, and when it is known to be over.
    pub(super) lease: Option<i64>,
    /// The lease lasts until then at least, by the clock of this node, if etcd heard nothing from it since.
    pub(super) until: Instant,
}

impl Link {
    pub(super) fn none() -> Self {
        Self {
            client: None,
            lease: None,
            until: Instant::now(),
        }
    }

    /// The connection and the lease, if both are there.
    pub(super) fn up(&self) -> Option<(Client, i64)> {
        let lease = self.lease?;
        let client = self.client.clone()?;
        (self.until > Instant::now()).then_some((client, lease))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Link");
        debug
            .field("connected", &self.client.is_some())
            .field("lease", &self.lease);
        debug.finish_non_exhaustive()
    }
}

/// Waits until there is a connection with a lease; none if there will be no more.
pub(super) async fn up(links: &mut watch::Receiver<Link>) -> Option<(Client, i64)> {
    loop {
        let found = links.borrow_and_update().up();
        if found.is_some() {
            return found;
        }
        links.changed().await.ok()?;
    }
}

/// Waits until this lease is over, as far as this node can know.
pub(super) async fn over(links: &mut watch::Receiver<Link>, lease: i64) {
    loop {
        let until = {
            let link = links.borrow_and_update();
            if link.lease != Some(lease) || link.until <= Instant::now() {
                return;
            }
            link.until
        };
        tokio::select! {
            biased;
            changed = links.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = sleep_until(until) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_over_at_its_time_unless_it_was_renewed() {
        let second = Duration::from_secs(1);
        let start = Instant::now();
        let sender = watch::Sender::new(Link {
            lease: Some(7),
            until: start + second,
            ..Link::none()
        });
        let mut links = sender.subscribe();
        let renewing = async {
            tokio::time::sleep(second / 2).await;
            sender.send_modify(|link| link.until = start + second * 3);
        };
        tokio::join!(over(&mut links, 7), renewing);
        assert_eq!(start.elapsed(), second * 3);
    }

    #[tokio::test]
    async fn a_lease_is_over_when_there_is_another() {
        let sender = watch::Sender::new(Link {
            lease: Some(8),
            until: Instant::now() + Duration::from_secs(60),
            ..Link::none()
        });
        let mut links = sender.subscribe();
        over(&mut links, 7).await;
        drop(sender);
        over(&mut links, 8).await;
        assert!(up(&mut links).await.is_none());
    }
}
