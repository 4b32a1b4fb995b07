//! Battles: where they are placed, how they run, and how players take part.

pub mod field;
pub mod rewards;

mod bind;
mod center;
mod fight;
mod puppet;
mod stub;

pub use bind::PuppetBindLogic;
pub use center::BattleCenterLogic;
pub use fight::BattleLogic;
pub use puppet::{FlyerLogic, PuppetLogic, VitalsLogic};
pub use stub::BattleStubLogic;

use playhouse::Duration;

/// How often a stub reports to its center.
const REPORT_EVERY: Duration = Duration::from_millis(500);
/// How long a report may take: the next is on its way then.
pub(crate) const REPORT_WITHIN: std::time::Duration = std::time::Duration::from_secs(2);
/// Without a report for so long, a center forgets a node.
const FORGET_AFTER: Duration = Duration::from_seconds(10);
/// Most battles on one node.
const BATTLES_MAX: usize = 500;
