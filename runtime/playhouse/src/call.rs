//! Calls: what they carry, what they return, how they fail.

mod address;
mod arguments;
mod calling;
mod failure;
mod key;
mod parts;
mod proxy;
mod wire;

pub use address::Address;
pub use arguments::{Arguments, HasCall, Rpc};
pub use calling::Calling;
pub use failure::{CallError, Executed, Failure, FailureKind, Fault, Thrown};
pub use key::{FromKeyPart, key_part};
pub use parts::Nth;
pub(crate) use proxy::Target;
pub use proxy::{Callable, Proxy, Reach};
