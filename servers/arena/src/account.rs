//! Accounts: who somebody is, before and beside the game.

mod login;
mod profile;

pub use login::{LoginLogic, account_of};
pub use profile::AccountLogic;
