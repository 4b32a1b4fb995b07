//! Where a call goes when the proxy says so itself: `Login::at("10.0.0.7:7000")`.

use std::fmt;

/// A node, by where it listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    node: Box<str>,
    lane: u8,
}

impl Address {
    /// Host and port, `10.0.0.7:7000`. What can't be dialled fails the call, not this.
    #[must_use]
    pub fn new(address: impl Into<Box<str>>) -> Self {
        Self {
            node: address.into(),
            lane: 0,
        }
    }

    /// By this one of several links to the same node, side by side. Calls by one link arrive in order.
    #[must_use]
    pub const fn lane(mut self, lane: u8) -> Self {
        self.lane = lane;
        self
    }

    /// Which one of several links to the same node.
    #[must_use]
    pub const fn lane_number(&self) -> u8 {
        self.lane
    }

    /// Host and port.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.node
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.node)
    }
}

impl From<&str> for Address {
    fn from(address: &str) -> Self {
        Self::new(address)
    }
}

impl From<String> for Address {
    fn from(address: String) -> Self {
        Self::new(address)
    }
}

impl From<std::net::SocketAddr> for Address {
    fn from(address: std::net::SocketAddr) -> Self {
        Self::new(address.to_string())
    }
}

impl From<&Self> for Address {
    fn from(address: &Self) -> Self {
        address.clone()
    }
}
