//! What goes wrong.

use std::time::Duration;

use anyhow::Result;
use playhouse_client::Random;
use tokio::time::sleep;

use super::nodes::Nodes;

/// Something that goes wrong while somebody plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
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

    /// Makes it, and takes it back where it does not wait for [`Nodes::mend`].
    pub(super) async fn make(self, nodes: &mut Nodes, random: &Random) -> Result<()> {
        let name = nodes.any(random);
        // Some last longer than a lease, some do not.
        let while_ms = 200 + random.below(12_000);
        let for_a_while = || sleep(Duration::from_millis(while_ms));
        let a_moment = Duration::from_millis(random.below(2_000));
        match self {
            Self::Kill => {
                nodes.kill(&name)?;
                sleep(a_moment).await;
                nodes.begin(&name)?;
            }
            Self::KillTwo => {
                let other = nodes.any(random);
                nodes.kill(&name)?;
                nodes.kill(&other)?;
                sleep(a_moment).await;
                nodes.begin(&name)?;
                nodes.begin(&other)?;
            }
            Self::Pause => {
                nodes.pause(&name)?;
                for_a_while().await;
                nodes.go_on(&name)?;
            }
            Self::Deaf => {
                nodes.ways(&name)?.peers.silence();
                for_a_while().await;
                nodes.ways(&name)?.peers.restore();
            }
            Self::StoreCut => {
                nodes.ways(&name)?.store.silence();
                for_a_while().await;
                nodes.ways(&name)?.store.restore();
            }
            Self::EtcdCut => {
                nodes.ways(&name)?.etcd.silence();
                for_a_while().await;
                nodes.ways(&name)?.etcd.restore();
            }
            Self::EtcdRestart => {
                nodes.etcd.kill();
                for_a_while().await;
                nodes.etcd.resume()?;
            }
            Self::StoreRestart => {
                nodes.mongo.stop()?;
                sleep(a_moment).await;
                nodes.mongo.resume()?;
            }
            Self::Rolling => {
                for name in nodes.names() {
                    nodes.restart(&name).await?;
                }
            }
        }
        Ok(())
    }
}
