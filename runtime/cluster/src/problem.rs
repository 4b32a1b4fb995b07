//! What goes wrong in a cluster.

use std::fmt;

/// Nobody is there to be picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoMember {
    /// What was looked for: `role lobby`.
    pub what: String,
    /// Since when there is none, in microseconds since 1970; none if this node never saw one.
    pub since_us: Option<i64>,
    /// Who has it but can't be understood in it, and why.
    pub strange: Option<String>,
    /// Since when this node hears nothing of the others, in microseconds since 1970.
    pub away_since_us: Option<i64>,
}

impl fmt::Display for NoMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.strange {
            Some(strange) => write!(f, "no node for {} can be understood: {strange}", self.what)?,
            None => write!(f, "no node for {} is there", self.what)?,
        }
        match self.since_us {
            Some(since) => write!(f, " since {}", playhouse_wire::Timestamp(since))?,
            None if self.strange.is_some() => {}
            None => f.write_str(", and none was seen: start one")?,
        }
        if let Some(since) = self.away_since_us {
            let since = playhouse_wire::Timestamp(since);
            write!(
                f,
                " (the cluster's registry has not answered since {since})"
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for NoMember {}

/// Why a node can't take its seat. It says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// Another node of this name is there.
    NameTaken {
        /// The name.
        name: String,
        /// The first address of the other one.
        address: String,
    },
    /// The registry does not let us in.
    Denied(String),
    /// The registry is full, or what this node says of itself is not right.
    Refused(String),
    /// The registry could not be reached for as long as it is waited for.
    Away(String),
    /// The backend ended.
    Closed,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken { name, address } => write!(
                f,
                "another node of the name {name} is in the cluster already, at {address}: stop it or choose another name"
            ),
            Self::Denied(why) => {
                write!(f, "the cluster's registry does not let this node in: {why}")
            }
            Self::Refused(why) => write!(f, "the cluster's registry refuses this node: {why}"),
            Self::Away(why) => write!(f, "the cluster's registry can't be reached: {why}"),
            Self::Closed => f.write_str("the membership of this node has ended"),
        }
    }
}

impl std::error::Error for OpenError {}

/// Why a lock was not got.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockError {
    /// Somebody holds it.
    Held,
    /// The name is empty or too long, or the cluster has too many locks.
    Refused(String),
    /// The registry can't be reached.
    Away(String),
    /// This node has left the cluster, or is about to.
    Left,
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held => f.write_str("the lock is held by another"),
            Self::Refused(why) => write!(f, "the lock was refused: {why}"),
            Self::Away(why) => write!(f, "the lock can't be asked for now: {why}"),
            Self::Left => f.write_str("this node has left the cluster"),
        }
    }
}

impl std::error::Error for LockError {}
