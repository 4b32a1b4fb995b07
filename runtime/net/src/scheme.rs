//! Addresses with a transport in front: `ws://host:port/path`.

use std::{fmt, io};

use crate::network::Transport;

/// What stands in front of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Scheme {
    /// `tcp://`, or nothing.
    Tcp,
    /// `kcp://`
    Kcp,
    /// `ws://`: WebSocket without TLS.
    Ws,
    /// `wss://`: WebSocket over TLS.
    Wss,
    /// `quic://`
    Quic,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Tcp, Self::Kcp, Self::Ws, Self::Wss, Self::Quic];

    /// As addresses have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Kcp => "kcp",
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Quic => "quic",
        }
    }

    /// What carries streams to such addresses.
    #[must_use]
    pub const fn transport(self) -> Transport {
        match self {
            Self::Tcp => Transport::Tcp,
            Self::Kcp => Transport::Kcp,
            Self::Ws | Self::Wss => Transport::WebSocket,
            Self::Quic => Transport::Quic,
        }
    }

    /// Its address at `host`, which is `host:port`, as `dial` takes it: TCP's has nothing in front.
    #[must_use]
    pub fn at(self, host: impl fmt::Display) -> String {
        match self {
            Self::Tcp => host.to_string(),
            scheme => format!("{scheme}://{host}"),
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An address, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located<'a> {
    /// What stands in front; TCP if nothing does.
    pub scheme: Scheme,
    /// `host:port`
    pub host: &'a str,
    /// What follows, `/` and all; empty if nothing does, and for all but WebSocket.
    pub path: &'a str,
}

impl<'a> Located<'a> {
    /// Takes an address apart.
    ///
    /// # Errors
    ///
    /// If nobody knows what stands in front, there is no host, or a path where none belongs.
    pub fn of(address: &'a str) -> io::Result<Self> {
        let refused = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
        let (scheme, rest) = match address.split_once("://") {
            None => (Scheme::Tcp, address),
            Some((name, rest)) => {
                let known = Scheme::ALL.into_iter().find(|it| it.as_str() == name);
                let unknown = || {
                    refused(format!(
                        "`{address}` begins with an unknown transport: take tcp, kcp, ws, wss or quic"
                    ))
                };
                (known.ok_or_else(unknown)?, rest)
            }
        };
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if host.is_empty() {
            return Err(refused(format!(
                "`{address}` has no host: write it as `{scheme}://host:port`"
            )));
        }
        if !path.is_empty() && scheme.transport() != Transport::WebSocket {
            return Err(refused(format!(
                "`{address}` has a path, which only ws and wss have: leave out `{path}`"
            )));
        }
        Ok(Self { scheme, host, path })
    }

    /// The host of an address of this scheme alone, for a network that has no other.
    ///
    /// # Errors
    ///
    /// As [`Self::of`], and if it is of another scheme.
    pub fn only(address: &'a str, scheme: Scheme) -> io::Result<&'a str> {
        let located = Self::of(address)?;
        if located.scheme == scheme {
            return Ok(located.host);
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("`{address}` is no address of {scheme}: ask the network of its transport"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        for (address, scheme, host, path) in [
            ("127.0.0.1:7000", Scheme::Tcp, "127.0.0.1:7000", ""),
            ("tcp://[::1]:7000", Scheme::Tcp, "[::1]:7000", ""),
            ("kcp://host:1", Scheme::Kcp, "host:1", ""),
            ("ws://host:1", Scheme::Ws, "host:1", ""),
            ("wss://host:1/a/b?c", Scheme::Wss, "host:1", "/a/b?c"),
            ("quic://host:1", Scheme::Quic, "host:1", ""),
        ] {
            let located = Located { scheme, host, path };
            assert_eq!(Located::of(address).unwrap(), located, "{address}");
        }
        for scheme in Scheme::ALL {
            let address = scheme.at("host:1");
            assert_eq!(Located::only(&address, scheme).unwrap(), "host:1");
        }
        assert!(Located::only("ws://host:1", Scheme::Tcp).is_err());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for address in [
            "",
            "tcp://",
            "ws:///path",
            "http://host:1",
            "TCP://host:1",
            "tcp://host:1/",
            "host:1/path",
            "quic://host:1/x",
        ] {
            let refused = Located::of(address).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::InvalidInput, "{address}");
        }
    }
}
