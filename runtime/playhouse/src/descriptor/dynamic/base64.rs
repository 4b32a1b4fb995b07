//! Base64 of RFC 4648, standard alphabet, padded: how human-readable formats carry `bytes`.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `bytes` as text.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group
            .iter_mut()
            .zip(chunk)
            .for_each(|(place, byte)| *place = *byte);
        let [a, b, c] = group;
        let sextets = [
            a >> 2,
            (a & 3) << 4 | b >> 4,
            (b & 15) << 2 | c >> 6,
            c & 63,
        ];
        for (index, sextet) in sextets.into_iter().enumerate() {
            let digit = ALPHABET
                .get(usize::from(sextet))
                .filter(|_| index <= chunk.len());
            text.push(digit.copied().map_or('=', char::from));
        }
    }
    text
}

/// The bytes of `text`; none if it is no base64. Padding may be left off.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for chunk in digits.chunks(4) {
        let mut group = 0_u32;
        for index in 0..4 {
            let sextet = match chunk.get(index) {
                Some(digit) => u32::from(sextet(*digit)?),
                None => 0,
            };
            group = group << 6 | sextet;
        }
        let [_, group @ ..] = group.to_be_bytes();
        bytes.extend(
            group
                .iter()
                .take(chunk.len().checked_sub(1).filter(|count| *count > 0)?),
        );
    }
    Some(bytes)
}

fn sextet(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(decode("A"), None);
        assert_eq!(decode("A-=="), None);
    }
}
