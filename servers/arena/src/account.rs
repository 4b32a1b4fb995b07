//! Accounts: who somebody is, before and beside the game.

mod desk;
mod login;
mod logins;
mod payments;
mod profile;

pub(crate) use desk::answer;
pub use login::LoginLogic;
pub use logins::{Logins, account_of};
pub use payments::PaymentsLogic;
pub use profile::AccountLogic;
