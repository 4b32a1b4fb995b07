//! Calls that come from outside of the shard.

use playhouse_wire::message::Waiting;

use super::{Caller, SessionId};

/// Where a call came from that nothing of this shard made.
#[derive(Debug, Default)]
pub(super) struct Origin {
    /// Who waits for it elsewhere, outermost first.
    pub(super) chain: Vec<Waiting>,
    pub(super) caller: Option<Caller>,
    pub(super) session: Option<SessionId>,
}
