//! Calls: what they carry, what they return, how they fail.

mod arguments;
mod failure;

pub use arguments::{Arguments, HasCall, Rpc};
pub use failure::{CallError, Executed, Failure, FailureKind, Fault, Thrown};
