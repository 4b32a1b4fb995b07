//! Where a connection comes from that a proxy passes on: the header of the PROXY protocol, version 2.
//!
//! It is believed of proxies alone that the configuration names; from them each connection has to begin with it. From
//! anybody else it is no hello, and refused as such.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

/// How long a proxy's header is waited for.
pub const PROXY_WAIT: Duration = Duration::from_secs(3);

/// The longest header behind its first 16 bytes, in bytes: addresses, and what else a proxy has to say.
pub const PROXY_BYTES_MAX: usize = 512;

/// The headers of so many connections are waited for at a time.
pub(in crate::node) const PROXIES_WAITING_MAX: usize = 1_024;

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// Reads the header; the address that the connection comes from, or nothing if it is the proxy's own.
pub(in crate::node) async fn origin(stream: &mut TcpStream) -> io::Result<Option<SocketAddr>> {
    let read = async {
        let mut head = [0; 16];
        stream.read_exact(&mut head).await?;
        let length = length(&head)?;
        let mut rest = [0; PROXY_BYTES_MAX];
        let rest = rest.get_mut(..length).unwrap_or_default();
        stream.read_exact(rest).await?;
        address(&head, rest)
    };
    timeout(PROXY_WAIT, read).await?
}

/// How many bytes follow.
fn length(head: &[u8; 16]) -> io::Result<usize> {
    let [.., high, low] = *head;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if !head.starts_with(&SIGNATURE) {
        return Err(invalid("it has no header of the PROXY protocol, version 2"));
    }
    if length > PROXY_BYTES_MAX {
        return Err(invalid("its header of the PROXY protocol is too long"));
    }
    Ok(length)
}

fn address(head: &[u8; 16], rest: &[u8]) -> io::Result<Option<SocketAddr>> {
    let [.., command, family, _, _] = *head;
    match (command, family) {
        // The proxy looks whether anybody is here.
        (0x20, _) => Ok(None),
        (0x21, 0x11) => {
            let [a, b, c, d, _, _, _, _, high, low, ..] = *rest else {
                return Err(invalid("its header of the PROXY protocol ends early"));
            };
            let ip = Ipv4Addr::new(a, b, c, d);
            Ok(Some((ip, u16::from_be_bytes([high, low])).into()))
        }
        (0x21, 0x21) => {
            let (Some(ip), Some([high, low])) = (rest.first_chunk::<16>(), rest.get(32..34)) else {
                return Err(invalid("its header of the PROXY protocol ends early"));
            };
            let port = u16::from_be_bytes([*high, *low]);
            Ok(Some((Ipv6Addr::from(*ip), port).into()))
        }
        _ => Err(invalid(
            "its header of the PROXY protocol is of another kind",
        )),
    }
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(command: u8, family: u8, length: u16) -> [u8; 16] {
        let mut head = [0; 16];
        head[..12].copy_from_slice(&SIGNATURE);
        head[12] = command;
        head[13] = family;
        head[14..].copy_from_slice(&length.to_be_bytes());
        head
    }

    #[test]
    fn a_header_says_where_a_connection_comes_from() {
        let four = [192, 0, 2, 7, 10, 0, 0, 1, 0x1f, 0x90, 0, 80, 9, 9, 9];
        let expected = Some("192.0.2.7:8080".parse().unwrap());
        for length in [12, 15] {
            let head = head(0x21, 0x11, length);
            let rest = &four[..super::length(&head).unwrap()];
            assert_eq!(address(&head, rest).unwrap(), expected);
        }
        let mut six = [0; 36];
        six[..16].copy_from_slice(&"2001:db8::7".parse::<Ipv6Addr>().unwrap().octets());
        six[33] = 7;
        let expected = Some("[2001:db8::7]:7".parse().unwrap());
        assert_eq!(address(&head(0x21, 0x21, 36), &six).unwrap(), expected);
        assert_eq!(address(&head(0x20, 0, 0), &[]).unwrap(), None);
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let longest = u16::try_from(PROXY_BYTES_MAX).unwrap();
        assert_eq!(length(&head(0x21, 0x11, longest)).unwrap(), PROXY_BYTES_MAX);
        assert!(length(&head(0x21, 0x11, longest + 1)).is_err());
        assert!(length(b"PROXY TCP4 1.2.3").is_err());
        assert!(length(&[0; 16]).is_err());
        for (command, family) in [(0x21, 0x12), (0x21, 0x31), (0x22, 0x11), (0x11, 0x11)] {
            assert!(address(&head(command, family, 36), &[0; 36]).is_err());
        }
        for short in 0..10 {
            assert!(address(&head(0x21, 0x11, short), &[0; 9][..short.into()]).is_err());
        }
        for short in 0..34 {
            assert!(address(&head(0x21, 0x21, short), &[0; 36][..short.into()]).is_err());
        }
    }
}
