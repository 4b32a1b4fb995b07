//! What goes wrong with etcd, by what can be done about it.

use std::error::Error;
use std::fmt;
use std::io;

use etcd_client::Error as ClientError;

/// Codes of gRPC, which the client shows as numbers alone.
mod code {
    pub(super) const INVALID_ARGUMENT: i32 = 3;
    pub(super) const NOT_FOUND: i32 = 5;
    pub(super) const PERMISSION_DENIED: i32 = 7;
    pub(super) const FAILED_PRECONDITION: i32 = 9;
    pub(super) const UNAUTHENTICATED: i32 = 16;
}
/// So much of what a server says is repeated.
const SAID_MAX: usize = 300;

/// Why a conversation with etcd ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// It can't be reached, or has no leader: another endpoint or a later time may help.
    Away(String),
    /// It does not let us in, or we don't believe that it is it: a person has to act.
    Denied(String),
    /// What we were told to do can't be done.
    Wrong(String),
    /// Our lease is over.
    LeaseOver,
    /// What we wrote is gone, or somebody else's.
    Unseated,
    /// Another node has our name.
    Taken {
        /// Its first address, or what is known instead.
        address: String,
        /// Whether it was seen to live. If not, it may be what a node left behind that died a moment ago.
        lives: bool,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(why) | Self::Denied(why) | Self::Wrong(why) => f.write_str(why),
            Self::LeaseOver => f.write_str("the lease is over"),
            Self::Unseated => f.write_str("what this node wrote is gone"),
            Self::Taken { address, .. } => write!(f, "another node of this name is at {address}"),
        }
    }
}

impl From<ClientError> for Fault {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::GRpcStatus(status) => {
                let said = bounded(status.message());
                if let Some(why) = status.source().and_then(tls_fault) {
                    return Self::Denied(format!(
                        "TLS with etcd failed, {why}: check the authority, certificate and domain that this node was given, \
                         and that etcd has a certificate for its address"
                    ));
                }
                judged(status.code() as i32, &said, &cause(&status))
            }
            ClientError::InvalidArgs(why) | ClientError::EndpointError(why) => Self::Wrong(why),
            ClientError::InvalidUri(error) => {
                Self::Wrong(format!("an endpoint is no address: {error}"))
            }
            // Nothing has been sent by then.
            ClientError::TransportError(error) => Self::Wrong(format!(
                "the connection to etcd can't be set up, {}: check the certificates and keys that this node was given",
                cause(&error)
            )),
            ClientError::InvalidMetadataValue(_) => Self::Wrong("etcd's token is none".to_owned()),
            // The same error says that a renewal could not be sent.
            ClientError::LeaseKeepAliveError(why) if why.contains("not found") => Self::LeaseOver,
            other => Self::Away(bounded(&other.to_string())),
        }
    }
}

/// By what etcd says.
fn judged(found: i32, said: &str, cause: &str) -> Fault {
    let denied = |advice: &str| Fault::Denied(format!("etcd says `{said}`: {advice}"));
    match found {
        code::NOT_FOUND if said.contains("lease") => Fault::LeaseOver,
        code::INVALID_ARGUMENT if said.contains("authentication failed") => {
            denied("check the user and the password")
        }
        code::INVALID_ARGUMENT if said.contains("user name is empty") => {
            denied("it has authentication switched on, give this node a user and a password")
        }
        code::FAILED_PRECONDITION if said.contains("authentication is not enabled") => denied(
            "leave the user and the password out, or switch it on with `etcdctl auth enable`",
        ),
        code::PERMISSION_DENIED => denied(
            "give this user a role that may read and write the prefix, `etcdctl role grant-permission --prefix`",
        ),
        code::UNAUTHENTICATED => denied("its authentication was changed"),
        _ if cause.is_empty() => Fault::Away(said.to_owned()),
        _ => Fault::Away(format!("{said}: {cause}")),
    }
}

/// What lies under an error, outermost first, without what it says itself.
fn cause(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        // Many errors repeat what lies under them.
        if !text.contains(&said) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&said);
        }
        cause = error.source();
    }
    bounded(&text)
}

/// What TLS says, if it is what failed: its errors come as data that make no sense.
fn tls_fault(error: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>()
            && io.kind() == io::ErrorKind::InvalidData
        {
            return Some(bounded(&io.to_string()));
        }
        cause = error.source();
    }
    None
}

fn bounded(text: &str) -> String {
    text.chars().take(SAID_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_has_to_mend_is_told_from_what_passes() {
        let check = |code: i32, said: &str| judged(code, said, "");
        for (code, said) in [
            (
                3,
                "etcdserver: authentication failed, invalid user ID or password",
            ),
            (3, "etcdserver: user name is empty"),
            (7, "etcdserver: permission denied"),
            (9, "etcdserver: authentication is not enabled"),
        ] {
            assert!(matches!(check(code, said), Fault::Denied(_)), "{said}");
        }
        for (code, said) in [
            (14, "etcdserver: no leader"),
            (4, "etcdserver: request timed out"),
            (11, "etcdserver: mvcc: required revision has been compacted"),
            (8, "etcdserver: mvcc: database space exceeded"),
        ] {
            assert!(matches!(check(code, said), Fault::Away(_)), "{said}");
        }
        assert_eq!(
            check(5, "etcdserver: requested lease not found"),
            Fault::LeaseOver
        );
    }

    #[test]
    fn a_renewal_that_was_not_sent_ends_no_lease() {
        let check = |why: &str| Fault::from(ClientError::LeaseKeepAliveError(why.to_owned()));
        assert_eq!(check("lease not found"), Fault::LeaseOver);
        assert!(matches!(check("channel closed"), Fault::Away(_)));
    }

    #[test]
    fn what_a_server_says_is_cut() {
        assert_eq!(bounded(&"ü".repeat(SAID_MAX + 1)).chars().count(), SAID_MAX);
    }
}
