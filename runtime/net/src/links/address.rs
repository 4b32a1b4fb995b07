//! Where a peer is.

use std::{fmt, rc::Rc};

/// `host:port`, and which of several links to it. Cheap to clone.
///
/// Links of different lanes stand side by side: a long transfer on one doesn't hold up what is sent on another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    host: Rc<str>,
    lane: u8,
}

impl Address {
    /// The first lane to `host`, which is `host:port`.
    #[must_use]
    pub fn new(host: impl Into<Rc<str>>) -> Self {
        Self {
            host: host.into(),
            lane: 0,
        }
    }

    /// Another lane to the same host.
    #[must_use]
    pub fn with_lane(mut self, lane: u8) -> Self {
        self.lane = lane;
        self
    }

    /// `host:port`
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Which of the links.
    #[must_use]
    pub const fn lane(&self) -> u8 {
        self.lane
    }
}

impl From<&str> for Address {
    fn from(host: &str) -> Self {
        Self::new(host)
    }
}

impl From<String> for Address {
    fn from(host: String) -> Self {
        Self::new(host)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lane {
            0 => f.write_str(&self.host),
            lane => write!(f, "{} (lane {lane})", self.host),
        }
    }
}
