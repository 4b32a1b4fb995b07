//! Numbers as they are written, as numbers of a type.

/// A type of whole numbers.
pub(super) trait Whole: Sized {
    /// What is expected, in words.
    const EXPECTED: &'static str;
    fn read(text: &str) -> Option<Self>;
    /// One that most types take, zero being refused by some.
    const ONE: Self;
}

macro_rules! whole {
    ($($type:ty: $expected:literal,)*) => {
        $(
            impl Whole for $type {
                const EXPECTED: &'static str = $expected;
                const ONE: Self = 1;

                fn read(text: &str) -> Option<Self> {
                    // JSON has no plus sign, and `-0` is zero.
                    let text = if text == "-0" { "0" } else { text };
                    text.parse().ok()
                }
            }
        )*
    };
}

whole! {
    u8: "a whole number from 0 to 255",
    u16: "a whole number from 0 to 65535",
    u32: "a whole number from 0 to 4294967295",
    u64: "a whole number from 0 to 18446744073709551615",
    u128: "a whole number from 0 on",
    i8: "a whole number from -128 to 127",
    i16: "a whole number from -32768 to 32767",
    i32: "a whole number from -2147483648 to 2147483647",
    i64: "a whole number from -9223372036854775808 to 9223372036854775807",
    i128: "a whole number",
}

/// What is expected of a number that may have a fraction.
pub(super) const FLOAT: &str = "a number";

/// A number with or without a fraction; nothing if it is too large to be one.
pub(super) fn float(text: &str) -> Option<f64> {
    // `parse` also reads `inf` and `nan`, which JSON doesn't have.
    let plain = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|it: &f64| plain && it.is_finite())
}
