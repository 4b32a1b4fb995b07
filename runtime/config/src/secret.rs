//! Values that nobody reads by accident.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// Tells our deserializer that a value is secret; other formats take no notice of the name.
pub(crate) const SECRET: &str = "$playhouse::config::Secret";

/// What is shown in its place.
const REDACTED: &str = "(redacted)";

/// A value that `Debug`, `Display` and serde show as `(redacted)`: passwords, keys, tokens. [`Self::reveal`] hands it out.
///
/// Mistakes in a configuration are shown with asterisks over it.
///
/// ```
/// let password = playhouse_config::Secret::new("hunter2".to_owned());
/// assert_eq!(format!("{password:?} {password}"), "(redacted) (redacted)");
/// assert_eq!(password.reveal(), "hunter2");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Where this is called, one sees where secrets go.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// The value itself, taken out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Inside<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Inside<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a secret")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<T, D::Error> {
                T::deserialize(deserializer)
            }
        }

        let inside = Inside(std::marker::PhantomData);
        deserializer
            .deserialize_newtype_struct(SECRET, inside)
            .map(Self)
    }
}
