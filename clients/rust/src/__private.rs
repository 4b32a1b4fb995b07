//! What generated code names. Not for users: only the generator of the same version knows what it may rely on.

/// The first format of generated code: all that the server's has, and proxies that call over the client's link.
pub mod v1 {
    pub use playhouse::__private::v1::*;

    pub use crate::calling::Calling;
    pub use crate::proxy::{Callable, Proxy};
}
