//! A relay that loses, delays and reorders packets on their way through this machine, and what transports make of it.
//!
//! A TUN device leads to two addresses, [`HERE`] and [`THERE`]. Whatever is sent to the second comes back, after what
//! happened to it on the way, to the first as if the second had sent it: source and destination trade places, which leaves
//! every checksum right. So the kernel's own TCP and UDP talk to themselves over a bad path, and see the same losses.
//!
//! [`Path`] decides what becomes of a packet and is pure; [`Tunnel`] moves packets through the device, for which it must be
//! root; [`contenders`](fn@contenders) are the transports; [`exchange`] sends messages at a rate over a network and measures; [`plot`] draws what came of it.
//!
//! Read first: [`Path`].

pub mod contenders;
pub mod exchange;
pub mod path;
pub mod plot;
pub mod tunnel;

pub use contenders::{Contender, contenders};
pub use exchange::{Exchange, Measured};
pub use path::{Conditions, Path};
pub use tunnel::{HERE, THERE, Tunnel};
