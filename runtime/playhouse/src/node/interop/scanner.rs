//! Where one MessagePack value ends on a stream that puts no length in front.

use std::fmt;

/// Longest message, in bytes.
pub(super) const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// Why a stream is of no further use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// A message longer than [`MESSAGE_BYTES_MAX`], by its own account.
    TooLong,
    /// A byte that MessagePack never uses.
    NoMessagePack,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a message of more than {MESSAGE_BYTES_MAX} bytes"),
            Self::NoMessagePack => f.write_str("a byte that is no MessagePack"),
        }
    }
}

/// Looks at each byte of a value at most once, however the value comes in parts. It only counts: what stands inside
/// is for a reader.
#[derive(Debug)]
pub(super) struct Scanner {
    /// Where the next header stands, counted from the value's first byte; may lie beyond what is there.
    at: usize,
    /// Values that are still missing. A container in it is as many more as it has elements.
    left: usize,
}

impl Scanner {
    pub(super) const fn new() -> Self {
        Self { at: 0, left: 1 }
    }

    /// The length of the value that `bytes` begin with, once it is complete. Then the scanner begins anew.
    pub(super) fn poll(&mut self, bytes: &[u8]) -> Result<Option<usize>, Broken> {
        while self.left > 0 {
            let rest = bytes.get(self.at..).unwrap_or_default();
            let Some((header, payload, children)) = header(rest)? else {
                return Ok(None);
            };
            self.at = self
                .at
                .checked_add(header)
                .and_then(|at| at.checked_add(payload))
                .filter(|at| *at <= MESSAGE_BYTES_MAX)
                .ok_or(Broken::TooLong)?;
            // Each element takes a byte at least.
            self.left = (self.left - 1)
                .checked_add(children)
                .filter(|left| *left <= MESSAGE_BYTES_MAX - self.at)
                .ok_or(Broken::TooLong)?;
        }
        if self.at > bytes.len() {
            return Ok(None);
        }
        let length = self.at;
        *self = Self::new();
        Ok(Some(length))
    }
}

/// The header's own length, the bytes behind it, and the values behind those.
type Header = (usize, usize, usize);

/// What the header says that `bytes` begin with; none if not all of it is there.
fn header(bytes: &[u8]) -> Result<Option<Header>, Broken> {
    let Some((&first, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    // A length of `width` bytes, then `extra` bytes beside what it counts.
    let counted = |width: usize| {
        let bytes = rest.get(..width)?;
        Some(
            bytes
                .iter()
                .fold(0, |value, byte| value << 8 | usize::from(*byte)),
        )
    };
    let sized = |width: usize, extra: usize| {
        counted(width).map(|length| (1 + width, length.saturating_add(extra), 0))
    };
    let listed = |width: usize, values: usize| {
        counted(width).map(|length| (1 + width, 0, length.saturating_mul(values)))
    };
    let fixed = |payload: usize| Some((1, payload, 0));
    Ok(match first {
        0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => fixed(0),
        0x80..=0x8f => Some((1, 0, 2 * usize::from(first & 0x0f))),
        0x90..=0x9f => Some((1, 0, usize::from(first & 0x0f))),
        0xa0..=0xbf => fixed(usize::from(first & 0x1f)),
        0xc1 => return Err(Broken::NoMessagePack),
        0xc4 | 0xd9 => sized(1, 0),
        0xc5 | 0xda => sized(2, 0),
        0xc6 | 0xdb => sized(4, 0),
        0xc7 => sized(1, 1),
        0xc8 => sized(2, 1),
        0xc9 => sized(4, 1),
        0xcc | 0xd0 => fixed(1),
        0xcd | 0xd1 => fixed(2),
        0xca | 0xce | 0xd2 => fixed(4),
        0xcb | 0xcf | 0xd3 => fixed(8),
        0xd4..=0xd8 => fixed(1 + (1 << (first - 0xd4))),
        0xdc => listed(2, 1),
        0xdd => listed(4, 1),
        0xde => listed(2, 2),
        0xdf => listed(4, 2),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One value of each form, nested.
    fn values() -> Vec<u8> {
        let mut w = playhouse_wire::Writer::new();
        w.array(9);
        w.unsigned(7);
        w.unsigned(u64::MAX);
        w.signed(-200);
        w.f64(0.5);
        w.str(&"x".repeat(300));
        w.bin(&[1; 20]);
        w.map(1);
        w.str("a");
        w.array(20);
        for _ in 0..20 {
            w.nil();
        }
        w.bool(true);
        // fixext 4 of type 1
        w.raw(&[0xd6, 1, 0, 0, 0, 0]);
        w.into_bytes()
    }

    #[test]
    fn a_value_is_found_wherever_the_stream_is_cut() {
        let value = values();
        let mut stream = value.clone();
        stream.extend(&value);
        for cut in 0..value.len() {
            let mut scanner = Scanner::new();
            assert_eq!(scanner.poll(&stream[..cut]), Ok(None), "{cut}");
            assert_eq!(scanner.poll(&stream), Ok(Some(value.len())), "{cut}");
            assert_eq!(scanner.poll(&stream[value.len()..]), Ok(Some(value.len())));
        }
        let mut scanner = Scanner::new();
        for length in 0..value.len() {
            assert_eq!(scanner.poll(&value[..length]), Ok(None));
        }
        assert_eq!(scanner.poll(&value), Ok(Some(value.len())));
    }

    #[test]
    fn what_announces_too_much_is_refused_before_it_is_there() {
        let poll = |bytes: &[u8]| Scanner::new().poll(bytes);
        let bin = |length: u32| [&[0xc6][..], &length.to_be_bytes()].concat();
        let max = u32::try_from(MESSAGE_BYTES_MAX).unwrap();
        assert_eq!(poll(&bin(max - 5)), Ok(None));
        assert_eq!(poll(&bin(max - 4)), Err(Broken::TooLong));
        assert_eq!(poll(&bin(u32::MAX)), Err(Broken::TooLong));
        let array = |length: u32| [&[0xdd][..], &length.to_be_bytes()].concat();
        assert_eq!(poll(&array(max - 5)), Ok(None));
        assert_eq!(poll(&array(max - 4)), Err(Broken::TooLong));
        assert_eq!(poll(&[0xdf, 0xff, 0xff, 0xff, 0xff]), Err(Broken::TooLong));
        assert_eq!(poll(&[0x92, 0, 0xc1]), Err(Broken::NoMessagePack));
    }

    #[test]
    fn depth_costs_a_scanner_nothing() {
        let mut deep = vec![0x91; MESSAGE_BYTES_MAX - 1];
        deep.push(0xc0);
        assert_eq!(Scanner::new().poll(&deep), Ok(Some(MESSAGE_BYTES_MAX)));
    }
}
