//! What a shard does about those who should not be here.

use std::net::SocketAddr;

use playhouse_net::link::Link;
use playhouse_wire::message::{GoAwayReason, SessionReason};

use crate::call::{Failure, FailureKind};
use crate::node::shard::ShardNode;

impl ShardNode {
    /// The token that a client showed on this link is none: whoever tries too many is banned for a while.
    pub(in crate::node) fn token_refused(&self, link: &Link, failure: &Failure) {
        if failure.kind() == FailureKind::Denied {
            self.proof_refused(link, SessionReason::Denied);
        }
    }

    /// So says a home of what the client shows besides its token: a mac that is wrong counts as a token that is.
    pub(in crate::node) fn proof_refused(&self, link: &Link, reason: SessionReason) {
        if reason == SessionReason::Denied && !self.trusts(link.address()) {
            self.shared.doors.auth_failed(link.address());
        }
    }

    /// Closes the links of addresses that are banned by now.
    pub(in crate::node) fn turn_out_banned(&self) {
        let now = self.now();
        let banned = |link: &Link| {
            let peer = link.address().parse::<SocketAddr>();
            let banned = |peer: SocketAddr| self.shared.doors.bans.contains(peer.ip(), now);
            peer.is_ok_and(banned) && !self.trusts(link.address())
        };
        let links = self.links.borrow();
        let links = links.iter().map(|(_, link)| link);
        for link in links
            .filter(|link| banned(link))
            .cloned()
            .collect::<Vec<_>>()
        {
            link.close(GoAwayReason::Denied, "the address is banned");
        }
    }
}
