//! The lobby: who is near whom, who is online, and how the lobby's nodes are doing.

mod center;
mod stub;
mod zone;

pub use center::LobbyCenterLogic;
pub use stub::LobbyStubLogic;
pub use zone::ZoneLogic;

use playhouse::Duration;

/// How often a stub reports to its center.
pub(crate) const REPORT_EVERY: Duration = Duration::from_seconds(1);
/// How long a report may take: the next is on its way then.
pub(crate) const REPORT_WITHIN: std::time::Duration = std::time::Duration::from_secs(2);
/// Without a report for so long, a center forgets a node.
pub(crate) const FORGET_AFTER: Duration = Duration::from_seconds(10);
