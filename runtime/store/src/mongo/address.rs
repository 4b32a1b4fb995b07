//! The connection string, and how to speak of it without its secrets.

use std::fmt;

/// Which server and which database.
#[derive(Clone)]
pub(super) struct Address {
    uri: String,
    database: String,
    shown: String,
    secrets: Vec<String>,
}

impl Address {
    pub(super) fn new(uri: String, database: String) -> Self {
        let (scheme, rest) = uri.split_once("://").unwrap_or(("mongodb", &uri));
        // Also where a `/` or `@` of a password was forgotten to be escaped.
        let (credentials, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (hosts, options) = place.split_once(['/', '?']).unwrap_or((place, ""));
        let shown = format!("{scheme}://{hosts}/{database}");
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        let mut secrets: Vec<String> = [credentials, password, user]
            .into_iter()
            .flat_map(|text| [text.to_owned(), decoded(text)])
            .collect();
        // Tokens and passwords of key files stand among the options.
        let values = options.split(['?', '&']).filter(|option| {
            let name = option.split('=').next().unwrap_or_default();
            let name = name.to_ascii_lowercase();
            name.contains("password") || name == "authmechanismproperties"
        });
        secrets.extend(values.filter_map(|option| Some(option.split_once('=')?.1.to_owned())));
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self {
            shown,
            secrets,
            uri,
            database,
        }
    }

    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    pub(super) fn database(&self) -> &str {
        &self.database
    }

    /// For people: no user, no password, no options.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Somebody else's words without what is secret here.
    pub(super) fn clean(&self, text: &str) -> String {
        self.secrets
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Without the escapes of a URI; what is no escape stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escape = behind
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escape.unwrap_or(*first));
        rest = behind
            .get(if escape.is_some() { 2 } else { 0 }..)
            .unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(uri: &str, shown: &str, secrets: &[&str]) {
        let address = Address::new(uri.to_owned(), "game".to_owned());
        assert_eq!(address.shown(), shown);
        let debug = format!("{address:?}");
        for secret in secrets {
            let text = address.clean(&format!("failed for {secret}, so stop"));
            assert_eq!(text, "failed for ***, so stop");
            assert!(
                !shown.contains(secret) && !debug.contains(secret),
                "{secret}"
            );
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        check("mongodb://h:1", "mongodb://h:1/game", &[]);
        check(
            "mongodb://anna:pw%2f1@h:1,i:2/db?w=1",
            "mongodb://h:1,i:2/game",
            &["anna", "pw%2f1", "pw/1", "anna:pw%2f1"],
        );
        check("mongodb://anna:p/w@x@h", "mongodb://h/game", &["p/w@x"]);
        check(
            "mongodb://h/?tlsCertificateKeyFilePassword=sesame&w=1",
            "mongodb://h/game",
            &["sesame"],
        );
        check("no address at all", "mongodb://no address at all/game", &[]);
    }
}
