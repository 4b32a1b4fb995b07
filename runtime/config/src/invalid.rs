//! What a check of one's own finds wrong with a value that has the right type.

use std::fmt;

use crate::key_path::KeyPath;

/// What is wrong, and at which keys: shown at their places like any other mistake.
///
/// ```
/// use playhouse_config::Invalid;
///
/// fn check(low: u32, high: u32) -> Result<(), Invalid> {
///     if low > high {
///         return Err(Invalid::at("range.low", "must not be above `range.high`"));
///     }
///     Ok(())
/// }
/// # assert!(check(1, 2).is_ok() && check(2, 1).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Invalid {
    findings: Vec<(KeyPath, String)>,
}

impl Invalid {
    /// Nothing wrong yet: for checks that look at many things, see [`Self::add`] and [`Self::into_result`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Wrong at a key, written as `nodes.lobby.port`; a path that can't be read stands for the whole.
    #[must_use]
    pub fn at(path: &str, message: impl Into<String>) -> Self {
        let mut invalid = Self::default();
        invalid.add(path.parse().unwrap_or_default(), message);
        invalid
    }

    /// One thing more.
    pub fn add(&mut self, path: KeyPath, message: impl Into<String>) {
        self.findings.push((path, message.into()));
    }

    /// An error if anything was added.
    ///
    /// # Errors
    ///
    /// Itself, if anything was added.
    pub fn into_result(self) -> Result<(), Self> {
        if self.findings.is_empty() {
            Ok(())
        } else {
            Err(self)
        }
    }

    pub(crate) fn into_findings(self) -> Vec<(KeyPath, String)> {
        if self.findings.is_empty() {
            return vec![(KeyPath::root(), "the check refuses it".to_owned())];
        }
        self.findings
    }
}

impl From<&str> for Invalid {
    fn from(message: &str) -> Self {
        Self::from(message.to_owned())
    }
}

impl From<String> for Invalid {
    fn from(message: String) -> Self {
        let mut invalid = Self::default();
        invalid.add(KeyPath::root(), message);
        invalid
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (path, message)) in self.findings.iter().enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            if !path.is_root() {
                write!(f, "{path}: ")?;
            }
            f.write_str(message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}
