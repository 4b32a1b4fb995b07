//! What a node's part of a shard says of itself to whoever watches the node.

use super::ShardNode;
use crate::metrics::Snapshot;

impl ShardNode {
    /// What the shard and its links have counted, and hold just now.
    pub(in crate::node) fn measures(&self) -> Snapshot {
        let mut snapshot = self.host.measures();
        (snapshot.sessions, snapshot.sessions_there) = self.homes.counts();
        snapshot.links_accepted = self.links.borrow().len();
        snapshot.links_dialled = self.outbound.links().len();
        snapshot.link_bytes_in = self.options.traffic.bytes_in();
        snapshot.links_slowed = self.options.traffic.slowed();
        let passed = self.options.traffic.passed().into_iter();
        snapshot.passed = passed
            .map(|((transport, way), count)| ((transport.as_str(), way.as_str()), count))
            .collect();
        snapshot.link_bytes_out = self.options.traffic.bytes_out();
        snapshot.tool_connections = self.interop.get();
        snapshot.gates = self.gates.counts();
        snapshot.gates.attached = self.clients.attached();
        (snapshot.gates.queued, snapshot.gates.overfull) = self.outbound.hop_counts();
        snapshot.strangers = self.strangers.counts();
        snapshot
    }
}
