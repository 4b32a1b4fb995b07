//! Accounts: who somebody is, before and beside the game.

mod login;
mod payments;
mod profile;

pub use login::{LoginLogic, account_of};
pub use payments::PaymentsLogic;
pub use profile::AccountLogic;
