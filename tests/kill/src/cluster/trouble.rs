//! What goes wrong.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use playhouse_client::Random;
use playhouse_etcd_tests::Server as Etcd;
use playhouse_mongo_tests::Server as Mongo;
use tokio::time::sleep;

use super::nodes::Nodes;

/// The shortest time that something is stopped or cut off, in milliseconds.
const LASTS_MS_MIN: u64 = 200;

/// So many milliseconds it may last longer: some outlast a lease, some do not.
const LASTS_MS_SPREAD: u64 = 12_000;

/// The longest time that what was killed or stopped is gone before it is started again, in milliseconds.
const GONE_MS_MAX: u64 = 2_000;

/// Something that goes wrong while somebody plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Trouble {
    /// A node is killed with `kill -9`, and started again after a moment.
    Kill,
    /// Two nodes are killed at the same moment.
    KillTwo,
    /// A node is stopped with SIGSTOP, for longer than its lease lasts or not, and goes on.
    Pause,
    /// A node does not hear its peers, though they hear it.
    Deaf,
    /// A node is cut off from the store.
    StoreCut,
    /// A node is cut off from etcd.
    EtcdCut,
    /// etcd is killed and started again.
    EtcdRestart,
    /// The store's server is told to stop, and started again.
    StoreRestart,
    /// All nodes are stopped with SIGTERM and started again, one after another.
    Rolling,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Kill,
        Self::KillTwo,
        Self::Pause,
        Self::Deaf,
        Self::StoreCut,
        Self::EtcdCut,
        Self::EtcdRestart,
        Self::StoreRestart,
        Self::Rolling,
    ];

    /// All of these once, in an order of chance.
    pub(super) fn shuffled(mut troubles: Vec<Self>, random: &Random) -> Vec<Self> {
        for last in (1..troubles.len()).rev() {
            let other = random.below(last as u64 + 1) as usize;
            troubles.swap(last, other);
        }
        troubles
    }
}

/// A trouble as it is made once: to whom, and for how long.
#[derive(Debug, Clone)]
pub(super) struct Blow {
    pub(super) trouble: Trouble,
    node: String,
    other: String,
    /// How long something is stopped or cut off.
    lasts: Duration,
    /// How long what was killed or stopped is gone.
    gone: Duration,
}

impl Blow {
    /// Chooses whom it hits, and for how long.
    pub(super) fn draw(trouble: Trouble, nodes: &[String], random: &Random) -> Self {
        let count = nodes.len() as u64;
        let first = random.below(count);
        let second = (first + 1 + random.below(count - 1)) % count;
        let lasts_ms = LASTS_MS_MIN + random.below(LASTS_MS_SPREAD);
        Self {
            trouble,
            node: nodes[first as usize].clone(),
            other: nodes[second as usize].clone(),
            lasts: Duration::from_millis(lasts_ms),
            gone: Duration::from_millis(random.below(GONE_MS_MAX)),
        }
    }

    /// Makes it, and takes it back where it does not wait for [`Nodes::mend`].
    pub(super) async fn strike(&self, nodes: &mut Nodes) -> Result<()> {
        let node = &*self.node;
        match self.trouble {
            Trouble::Kill => {
                nodes.kill(node)?;
                sleep(self.gone).await;
                nodes.begin(node)?;
            }
            Trouble::KillTwo => {
                nodes.kill(node)?;
                nodes.kill(&self.other)?;
                sleep(self.gone).await;
                nodes.begin(node)?;
                nodes.begin(&self.other)?;
            }
            Trouble::Pause => {
                nodes.pause(node)?;
                sleep(self.lasts).await;
                nodes.go_on(node)?;
            }
            Trouble::Deaf => {
                nodes.ways(node)?.peers.silence();
                sleep(self.lasts).await;
                nodes.ways(node)?.peers.restore();
            }
            Trouble::StoreCut => {
                nodes.ways(node)?.store.silence();
                sleep(self.lasts).await;
                nodes.ways(node)?.store.restore();
            }
            Trouble::EtcdCut => {
                nodes.ways(node)?.etcd.silence();
                sleep(self.lasts).await;
                nodes.ways(node)?.etcd.restore();
            }
            Trouble::EtcdRestart => {
                nodes
                    .etcd(|etcd| {
                        etcd.kill();
                        Ok(())
                    })
                    .await?;
                sleep(self.lasts).await;
                nodes.etcd(Etcd::resume).await?;
            }
            Trouble::StoreRestart => {
                nodes.mongo(Mongo::stop).await?;
                sleep(self.gone).await;
                nodes.mongo(Mongo::resume).await?;
            }
            Trouble::Rolling => {
                for name in nodes.names() {
                    nodes.restart(&name).await?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            trouble,
            node,
            other,
            lasts,
            gone,
        } = self;
        match trouble {
            Trouble::Kill => write!(f, "{trouble:?} of {node}, gone for {gone:.1?}"),
            Trouble::KillTwo => write!(f, "{trouble:?}, {node} and {other}, gone for {gone:.1?}"),
            Trouble::Pause | Trouble::Deaf | Trouble::StoreCut | Trouble::EtcdCut => {
                write!(f, "{trouble:?} of {node} for {lasts:.1?}")
            }
            Trouble::EtcdRestart => write!(f, "{trouble:?}, gone for {lasts:.1?}"),
            Trouble::StoreRestart => write!(f, "{trouble:?}, gone for {gone:.1?}"),
            Trouble::Rolling => write!(f, "{trouble:?}"),
        }
    }
}
