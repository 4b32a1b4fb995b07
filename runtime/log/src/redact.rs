//! Fields whose values are never written, by their names.

/// Names of fields whose values are not written: these, in any case, and what ends in one behind `_`, `-` or `.`.
pub const REDACTED_NAMES: &[&str] = &[
    "access_key",
    "api_key",
    "apikey",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "pwd",
    "secret",
    "secret_key",
    "token",
];

/// Those, and what the program adds.
#[derive(Debug, Clone)]
pub(crate) struct Denylist {
    names: Vec<String>,
}

impl Denylist {
    pub(crate) fn new(more: &[String]) -> Self {
        let known = REDACTED_NAMES.iter().map(|it| (*it).to_owned());
        let more = more.iter().map(|it| it.to_ascii_lowercase());
        Self {
            names: known.chain(more).filter(|it| !it.is_empty()).collect(),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        let ends = |known: &String| {
            let at = name.len().checked_sub(known.len())?;
            let (before, end) = name.as_bytes().split_at_checked(at)?;
            let alone = before.last().is_none_or(|it| b"_-.".contains(it));
            Some(alone && end.eq_ignore_ascii_case(known.as_bytes()))
        };
        self.names.iter().any(|known| ends(known) == Some(true))
    }
}

#[cfg(test)]
mod tests {
    use super::Denylist;

    #[test]
    fn names_that_mean_secrets_are_known() {
        let list = Denylist::new(&["PIN".to_owned()]);
        for name in [
            "password",
            "Password",
            "db_password",
            "login.token",
            "pin",
            "client-secret",
        ] {
            assert!(list.has(name), "{name}");
        }
        for name in ["tokens", "token_count", "spin", "passwordless", "", "key"] {
            assert!(!list.has(name), "{name}");
        }
    }
}
