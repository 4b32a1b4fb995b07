//! Bytes out: the canonical form of every scalar and header.

use rmp::Marker;

use crate::Encode;

/// Appends canonical MessagePack to a vector of bytes.
///
/// Writing can't fail; a vector longer than a MessagePack length can say (2^32 - 1) is a bug of the caller and panics.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// A writer without a buffer yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// A writer with room for `capacity` bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
        }
    }

    /// What was written so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// How many bytes were written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Forgets what was written and keeps the buffer.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// What was written so far; the writer is as new afterwards.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Room for at least `additional` more bytes.
    pub fn reserve(&mut self, additional: usize) {
        self.bytes.reserve(additional);
    }

    /// Writes `bytes` over what stands at `start`. What lies past the end is left off: callers patch what they wrote.
    #[inline]
    pub(crate) fn patch<const N: usize>(&mut self, start: usize, bytes: [u8; N]) {
        debug_assert!(
            start + N <= self.bytes.len(),
            "only what was written can be patched"
        );
        if let Some(place) = self
            .bytes
            .get_mut(start..)
            .and_then(|rest| rest.first_chunk_mut())
        {
            *place = bytes;
        }
    }

    /// Forgets what was written past the first `length` bytes.
    pub fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    /// Writes `value`.
    #[inline]
    pub fn put<T: Encode + ?Sized>(&mut self, value: &T) {
        value.encode(self);
    }

    /// Appends bytes that are MessagePack already.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes nil.
    #[inline]
    pub fn nil(&mut self) {
        self.bytes.push(Marker::Null.to_u8());
    }

    /// Writes a bool.
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.bytes.push(if value {
            Marker::True.to_u8()
        } else {
            Marker::False.to_u8()
        });
    }

    /// Writes an unsigned integer in its shortest form.
    #[inline]
    pub fn unsigned(&mut self, value: u64) {
        if value < 0x80 {
            self.bytes.push(low_byte(value));
        } else {
            self.unsigned_long(value);
        }
    }

    #[inline(always)]
    fn unsigned_long(&mut self, value: u64) {
        if let Ok(value) = u8::try_from(value) {
            self.raw(&[Marker::U8.to_u8(), value]);
        } else if let Ok(value) = u16::try_from(value) {
            let [a, b] = value.to_be_bytes();
            self.raw(&[Marker::U16.to_u8(), a, b]);
        } else if let Ok(value) = u32::try_from(value) {
            let [a, b, c, d] = value.to_be_bytes();
            self.raw(&[Marker::U32.to_u8(), a, b, c, d]);
        } else {
            let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
            self.raw(&[Marker::U64.to_u8(), a, b, c, d, e, f, g, h]);
        }
    }

    /// Writes a signed integer in its shortest form; one that isn't negative as an unsigned one.
    #[inline]
    pub fn signed(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.unsigned(value),
            Err(_) => self.negative(value),
        }
    }

    #[inline]
    fn negative(&mut self, value: i64) {
        if value >= -32 {
            let [.., low] = value.to_be_bytes();
            self.bytes.push(low);
        } else if let Ok(value) = i8::try_from(value) {
            let [a] = value.to_be_bytes();
            self.raw(&[Marker::I8.to_u8(), a]);
        } else if let Ok(value) = i16::try_from(value) {
            let [a, b] = value.to_be_bytes();
            self.raw(&[Marker::I16.to_u8(), a, b]);
        } else if let Ok(value) = i32::try_from(value) {
            let [a, b, c, d] = value.to_be_bytes();
            self.raw(&[Marker::I32.to_u8(), a, b, c, d]);
        } else {
            let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
            self.raw(&[Marker::I64.to_u8(), a, b, c, d, e, f, g, h]);
        }
    }

    /// Writes a float of 32 bits.
    #[inline]
    pub fn f32(&mut self, value: f32) {
        let [a, b, c, d] = value.to_be_bytes();
        self.raw(&[Marker::F32.to_u8(), a, b, c, d]);
    }

    /// Writes a float of 64 bits.
    #[inline]
    pub fn f64(&mut self, value: f64) {
        let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
        self.raw(&[Marker::F64.to_u8(), a, b, c, d, e, f, g, h]);
    }

    /// Writes a string.
    #[inline]
    pub fn str(&mut self, value: &str) {
        let length = value.len();
        if length < 32 {
            self.bytes.push(0xa0 | low_byte(length as u64));
        } else {
            self.long_header(length, Some(Marker::Str8), Marker::Str16, Marker::Str32);
        }
        self.raw(value.as_bytes());
    }

    /// Writes bytes (the bin form).
    #[inline]
    pub fn bin(&mut self, value: &[u8]) {
        self.long_header(
            value.len(),
            Some(Marker::Bin8),
            Marker::Bin16,
            Marker::Bin32,
        );
        self.raw(value);
    }

    /// Writes the header of an array; `length` values must follow.
    #[inline]
    pub fn array(&mut self, length: usize) {
        if length < 16 {
            self.bytes.push(0x90 | low_byte(length as u64));
        } else {
            self.long_header(length, None, Marker::Array16, Marker::Array32);
        }
    }

    /// Writes the header of a map; `length` pairs of key and value must follow.
    #[inline]
    pub fn map(&mut self, length: usize) {
        if length < 16 {
            self.bytes.push(0x80 | low_byte(length as u64));
        } else {
            self.long_header(length, None, Marker::Map16, Marker::Map32);
        }
    }

    #[inline(never)]
    fn long_header(&mut self, length: usize, short: Option<Marker>, middle: Marker, long: Marker) {
        if let (Some(short), Ok(length)) = (short, u8::try_from(length)) {
            self.raw(&[short.to_u8(), length]);
        } else if let Ok(length) = u16::try_from(length) {
            let [a, b] = length.to_be_bytes();
            self.raw(&[middle.to_u8(), a, b]);
        } else {
            let Ok(length) = u32::try_from(length) else {
                too_long(length)
            };
            let [a, b, c, d] = length.to_be_bytes();
            self.raw(&[long.to_u8(), a, b, c, d]);
        }
    }

    /// Begins a struct that fills `count` slots: each is then written by [`Slots::put`] or [`Slots::gap`].
    #[inline]
    pub fn slots(&mut self, count: usize) -> Slots<'_> {
        self.array(count);
        Slots {
            writer: self,
            left: count,
        }
    }

    /// Begins arm `tag` of a union; its body must follow.
    #[inline]
    pub fn arm(&mut self, tag: u8) {
        debug_assert!(tag < 0x80, "tags run to 127");
        self.raw(&[0x92, tag]);
    }

    /// Writes arm `tag` of a union, which has no body.
    #[inline]
    pub fn bare_arm(&mut self, tag: u8) {
        debug_assert!(tag < 0x80, "tags run to 127");
        self.raw(&[0x91, tag]);
    }
}

impl From<Vec<u8>> for Writer {
    /// Goes on after what `bytes` hold.
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }
}

/// The slots of one struct, from the first: see [`Writer::slots`].
///
/// All members are offered, in order of their tags; those past the announced count are the ones that equal their
/// defaults and are left off.
#[derive(Debug)]
pub struct Slots<'w> {
    writer: &'w mut Writer,
    left: usize,
}

impl Slots<'_> {
    /// The next slot holds `value`.
    #[inline]
    pub fn put<T: Encode + ?Sized>(&mut self, value: &T) {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            value.encode(self.writer);
        }
    }

    /// The next slot has no member.
    #[inline]
    pub fn gap(&mut self) {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            self.writer.nil();
        }
    }
}

/// The lowest byte; callers have seen to it that the others are zero.
#[inline]
const fn low_byte(value: u64) -> u8 {
    let [.., low] = value.to_be_bytes();
    low
}

#[cold]
fn too_long(length: usize) -> ! {
    panic!(
        "a value of {length} elements or bytes can't be written: MessagePack ends at {}",
        u32::MAX
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::new();
        write(&mut writer);
        writer.into_bytes()
    }

    #[test]
    fn integers_are_what_rmp_writes() {
        let mut edges = vec![0_i64, 1, -1, -32, -33, 127, 128];
        for shift in [7, 8, 15, 16, 31, 32, 62] {
            for off in [-1, 0, 1] {
                edges.extend([(1_i64 << shift) + off, -(1_i64 << shift) + off]);
            }
        }
        edges.extend([i64::MIN, i64::MAX]);
        for value in edges {
            let mut expected = Vec::new();
            rmp::encode::write_sint(&mut expected, value).unwrap();
            assert_eq!(written(|w| w.signed(value)), expected, "{value}");
        }
        for value in [u64::MAX, 1 << 63, (1 << 63) - 1] {
            let mut expected = Vec::new();
            rmp::encode::write_uint(&mut expected, value).unwrap();
            assert_eq!(written(|w| w.unsigned(value)), expected, "{value}");
        }
    }

    #[test]
    fn headers_are_what_rmp_writes() {
        for length in [0_u32, 1, 15, 16, 31, 32, 255, 256, 65535, 65536] {
            let mut expected = Vec::new();
            rmp::encode::write_array_len(&mut expected, length).unwrap();
            rmp::encode::write_map_len(&mut expected, length).unwrap();
            let text = "x".repeat(length as usize);
            rmp::encode::write_str(&mut expected, &text).unwrap();
            rmp::encode::write_bin(&mut expected, text.as_bytes()).unwrap();
            let ours = written(|w| {
                w.array(length as usize);
                w.map(length as usize);
                w.str(&text);
                w.bin(text.as_bytes());
            });
            assert_eq!(ours, expected, "{length}");
        }
    }

    #[test]
    fn members_past_the_announced_count_are_left_off() {
        let bytes = written(|w| {
            let mut slots = w.slots(2);
            slots.put(&1_u8);
            slots.gap();
            slots.put(&3_u8);
        });
        assert_eq!(bytes, [0x92, 1, 0xc0]);
    }
}
