//! Why a node is not built or does not start: each says which, and what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use playhouse_store::OpenError;

use crate::standing::NoStanding;

/// Why [`NodeBuilder::build`](super::NodeBuilder::build) refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// Nobody said which schema.
    NoSchema,
    /// The name is empty or longer than [`NAME_BYTES_MAX`](playhouse_wire::message::NAME_BYTES_MAX).
    Name {
        /// The name.
        name: String,
    },
    /// A role that the schema does not declare.
    UnknownRole {
        /// The role.
        role: String,
        /// Those that it does declare.
        known: Vec<&'static str>,
    },
    /// A role was given twice.
    RoleTwice {
        /// The role.
        role: String,
    },
    /// Two structs for one entity type.
    EntityTwice {
        /// Its full name.
        name: String,
    },
    /// Two structs for one service.
    ServiceTwice {
        /// Its full name.
        name: String,
    },
    /// An entity or service of another schema.
    NotInSchema {
        /// Its full name.
        name: String,
    },
    /// A persistent instance that can't come back from its document, on a node with a store.
    NoConstruct {
        /// Its full name.
        name: String,
    },
    /// No shards, or more than [`SHARDS_MAX`](super::SHARDS_MAX).
    Shards {
        /// How many were asked for.
        count: usize,
    },
    /// A node of a cluster that the others can't dial.
    NoAddress,
    /// A login over HTTP that nobody answers, or that has no keys for what it gives.
    NoLogin,
    /// A login over HTTP that passwords would reach in the clear.
    PlainLogin {
        /// The address.
        address: String,
    },
    /// An interop port that others than this machine could reach.
    NotLoopback {
        /// The address.
        address: String,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSchema => f.write_str(
                "the node has no schema: add `.schema(&SCHEMA)`, which stands at the root of the generated crate",
            ),
            Self::Name { name } => write!(
                f,
                "the node's name `{name}` has {} bytes: give it one of 1 to {} with `.name(..)`",
                name.len(),
                playhouse_wire::message::NAME_BYTES_MAX
            ),
            Self::UnknownRole { role, known } => write!(
                f,
                "the schema declares no role `{role}`, only {}: add `role {role};` to it or correct `.roles(..)`",
                known.join(", ")
            ),
            Self::RoleTwice { role } => write!(f, "role `{role}` is given twice: leave one out"),
            Self::EntityTwice { name } => write!(
                f,
                "entity `{name}` is given twice: one struct a type, so leave one `.entity::<..>()` out"
            ),
            Self::ServiceTwice { name } => write!(
                f,
                "service `{name}` is given twice: one struct a service, so leave one `.service(..)` out"
            ),
            Self::NotInSchema { name } => write!(
                f,
                "`{name}` is not in the schema given by `.schema(..)`: give the one it was generated with"
            ),
            Self::NoConstruct { name } => write!(
                f,
                "entity `{name}` is persistent: write its hook `construct`, by which it comes back from its document"
            ),
            Self::Shards { count } => write!(
                f,
                "{count} shards: take 1 to {}, at most one a core",
                super::SHARDS_MAX
            ),
            Self::NoLogin => f.write_str(
                "logins come over HTTP and nobody answers them: add `.login(..)` and `.tokens(..)`, or leave `.login_http(..)` out",
            ),
            Self::PlainLogin { address } => write!(
                f,
                "passwords would reach `{address}` in the clear: listen at 127.0.0.1, or behind a proxy that encrypts, whose \
                 network `.trust_forwarded(..)` names"
            ),
            Self::NoAddress => f.write_str(
                "the other nodes of the cluster can't reach this one: let it listen at an address of this machine with \
                 `.listen(\"10.0.0.7:7000\")`, or say which others dial with `.advertise(..)`",
            ),
            Self::NotLoopback { address } => write!(
                f,
                "`{address}` can be reached from other machines, and the interop port asks nobody who they are: \
                 take 127.0.0.1, or say `.msgpack_rpc_open(..)` if that is wanted"
            ),
        }
    }
}

impl std::error::Error for BuildError {}

/// Why [`Node::start`](super::Node::start) fails.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// An address that can't be listened on.
    Listen {
        /// The address.
        address: String,
        /// What the system says.
        error: io::Error,
    },
    /// The list of bans can't be used.
    BanList {
        /// Its file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The certificate that the node is to show can't be used.
    Certificate {
        /// Its file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The system gives no thread or no runtime.
    Thread(io::Error),
    /// The address of the collector for traces can't be used.
    Collector {
        /// The address.
        address: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The store can't be used.
    Store(OpenError),
    /// The cluster does not let the node in.
    Cluster(playhouse_cluster::OpenError),
    /// The lock of the node's name can't be had.
    Lock {
        /// The name.
        name: String,
        /// Its folder.
        folder: PathBuf,
        /// What the system says; [`io::ErrorKind::WouldBlock`] if another process has it.
        error: io::Error,
    },
    /// The store refuses the node's lease.
    Lease(NoStanding),
    /// The store did not grant the node's lease in time.
    NoLease {
        /// How long it was waited for.
        waited: Duration,
    },
    /// The cluster's registry did not answer in time.
    NoCluster {
        /// What the node was told of it.
        registry: String,
        /// How long it was waited for.
        waited: Duration,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, error } if error.kind() == io::ErrorKind::AddrInUse => write!(
                f,
                "address {address} is taken: stop what listens there (`ss -ltnp`), or take another port; 0 takes a free one"
            ),
            Self::Listen { address, error }
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
                ) =>
            {
                write!(f, "can't listen on {address}: {error}")
            }
            Self::Listen { address, error } => write!(
                f,
                "can't listen on {address}: {error}; take an address of this machine, as 127.0.0.1:7000"
            ),
            Self::BanList { path, error } => write!(
                f,
                "the list of bans {} can't be used: {error}; give one with a network or an address a line",
                path.display()
            ),
            Self::Certificate { path, error } => write!(
                f,
                "the certificate {} can't be shown: {error}; give it and its private key as PEM with `.tls(..)`",
                path.display()
            ),
            Self::Thread(error) => write!(
                f,
                "can't start a thread: {error}; raise the limit (`ulimit -u`)"
            ),
            Self::Collector { address, problem } => write!(
                f,
                "traces can't be sent to `{address}`: {problem}; write it as in http://127.0.0.1:4318"
            ),
            Self::Store(error) => error.fmt(f),
            Self::Cluster(error) => error.fmt(f),
            Self::Lock {
                name,
                folder,
                error,
            } if error.kind() == io::ErrorKind::WouldBlock => write!(
                f,
                "a node of the name `{name}` runs on this machine already, with its lock in {}: stop it, or give this \
                 one another name",
                folder.display()
            ),
            Self::Lock { folder, error, .. } => write!(
                f,
                "the node's lock can't be kept in {}: {error}; take a folder that this process may write to",
                folder.display()
            ),
            Self::Lease(error) => error.fmt(f),
            Self::NoLease { waited } => write!(
                f,
                "the store has not granted the node's lease for {} s: see that it runs and can be reached, or allow \
                 more time with `.join_timeout(..)`",
                waited.as_secs()
            ),
            Self::NoCluster { registry, waited } => write!(
                f,
                "the cluster's registry has not answered for {} s: see that it runs and can be reached ({registry}), or allow more \
                 time with `.join_timeout(..)`",
                waited.as_secs()
            ),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // What stands under these they say themselves.
        match self {
            Self::Store(error) => error.source(),
            Self::Cluster(error) => error.source(),
            Self::Lease(error) => error.source(),
            Self::Listen { .. }
            | Self::BanList { .. }
            | Self::Certificate { .. }
            | Self::Thread(_)
            | Self::Lock { .. }
            | Self::NoLease { .. }
            | Self::NoCluster { .. }
            | Self::Collector { .. } => None,
        }
    }
}
