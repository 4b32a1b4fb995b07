//! Networks, as a configuration names those whose nodes and tools are trusted.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};

use crate::node::builder::ip_of;

/// Addresses that begin alike: `10.0.0.0/8`, or one alone: `10.0.0.7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    address: IpAddr,
    /// How many bits of it all have.
    bits: u8,
}

impl Network {
    /// Whether an address is one of these: `10.1.2.3:7000`.
    pub(crate) fn contains(&self, address: &str) -> bool {
        ip_of(address).is_some_and(|ip| self.has(ip))
    }

    /// Whether an address is one of these.
    pub(in crate::node) fn has(&self, ip: IpAddr) -> bool {
        Self::of(ip.to_canonical(), self.bits).as_ref() == Some(self)
    }

    /// How many bits all its addresses have in common.
    pub(in crate::node) const fn bits(&self) -> u8 {
        self.bits
    }

    /// The network that begins at an address, whose other bits are none.
    pub(in crate::node) const fn whole(address: IpAddr, bits: u8) -> Self {
        Self { address, bits }
    }

    /// The network of an address, or nothing if addresses of its kind don't have so many bits.
    pub(in crate::node) fn of(address: IpAddr, bits: u8) -> Option<Self> {
        let address = match address {
            IpAddr::V4(ip) => {
                let unused = 32_u32.checked_sub(bits.into())?;
                IpAddr::V4((ip.to_bits() & u32::MAX.checked_shl(unused).unwrap_or(0)).into())
            }
            IpAddr::V6(ip) => {
                let unused = 128_u32.checked_sub(bits.into())?;
                IpAddr::V6((ip.to_bits() & u128::MAX.checked_shl(unused).unwrap_or(0)).into())
            }
        };
        Some(Self { address, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.address.is_ipv4() { 32 } else { 128 };
        write!(f, "{}", self.address)?;
        if self.bits < whole {
            write!(f, "/{}", self.bits)?;
        }
        Ok(())
    }
}

impl FromStr for Network {
    type Err = ();

    /// What is no network, or has bits that its length leaves out, is refused: whoever wrote it meant something else.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().map_err(|_| ())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let bits = bits.unwrap_or(if address.is_ipv4() { 32 } else { 128 });
        let network = Self::of(address, bits).ok_or(())?;
        if network.address == address {
            Ok(network)
        } else {
            Err(())
        }
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Network;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "an address or a network, as \"10.0.0.7\", \"10.0.0.0/8\" or \"fd00::/8\"",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Network, E> {
                let refused = |()| E::invalid_value(Unexpected::Str(text), &self);
                text.parse().map_err(refused)
            }
        }

        deserializer.deserialize_any(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        network
            .parse::<Network>()
            .is_ok_and(|network| network.contains(address))
    }

    #[test]
    fn a_network_has_the_addresses_that_begin_like_it() {
        for (network, address) in [
            ("10.0.0.0/8", "10.255.0.1:7000"),
            ("10.0.0.7", "10.0.0.7:1"),
            ("0.0.0.0/0", "192.0.2.1:1"),
            ("10.0.0.0/8", "[::ffff:10.1.1.1]:1"),
            ("fd00::/8", "[fd12::1]:7000"),
            ("::/0", "[2001:db8::1]:1"),
        ] {
            assert!(contains(network, address), "{network} {address}");
        }
        for (network, address) in [
            ("10.0.0.0/8", "11.0.0.1:7000"),
            ("10.0.0.7", "10.0.0.8:1"),
            ("0.0.0.0/0", "[2001:db8::1]:1"),
            ("10.0.0.0/8", "10.example.org:1"),
            ("10.0.0.0/8", ""),
        ] {
            assert!(!contains(network, address), "{network} {address}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for wrong in [
            "",
            "10.0.0.0/33",
            "10.0.0.7/8",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "10.0.0.0/x",
            "fd00::/129",
            "example.org",
            "10.0.0.0:7000",
            "10.0.0.0/8/8",
        ] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
