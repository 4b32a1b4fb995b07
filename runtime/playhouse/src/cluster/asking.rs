//! A member's way to the registry: a call, or none if it is here.

use std::sync::Arc;

use playhouse_cluster::{Load, Locking, Member, News, Seen};

use super::hosting::{Hosting, Unserved};
use super::schema::{self, Refusal, Registry, RegistryProxy};
use crate::call::CallError;

/// Where the registry is.
#[derive(Debug, Clone)]
pub(super) enum Asking {
    /// In this process.
    Here(Arc<Hosting>),
    /// At the node of this address.
    There(Arc<str>),
}

/// Why the registry did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It does not know this member: join again.
    Stranger,
    /// A later node of this name is there, at this address.
    NameTaken(String),
    /// It never will.
    Refused(String),
    /// It can't be reached, or there is none yet.
    Away(String),
}

impl From<Unserved> for Trouble {
    fn from(why: Unserved) -> Self {
        match why {
            Unserved::Refused(refusal) => Refusal::from(refusal).into(),
            Unserved::Closed => Refusal::Elsewhere.into(),
        }
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Stranger => Self::Stranger,
            Refusal::NameTaken { address } => Self::NameTaken(address),
            Refusal::Refused { why } => Self::Refused(why),
            Refusal::Elsewhere => {
                Self::Away("the node there hosts no registry, or has not begun to".to_owned())
            }
            Refusal::Unknown(_) => {
                Self::Refused("for a reason that only a newer release knows".to_owned())
            }
        }
    }
}

impl From<CallError<Refusal>> for Trouble {
    fn from(error: CallError<Refusal>) -> Self {
        match error {
            CallError::Thrown(refusal) => refusal.into(),
            CallError::Failed(failure) => Self::Away(failure.to_string()),
        }
    }
}

fn proxy(address: &Arc<str>) -> RegistryProxy {
    Registry::at(&**address)
}

impl Asking {
    pub(super) async fn join(
        &self,
        member: &Member,
        ticket: Option<u64>,
        token_seen: u64,
    ) -> Result<u64, Trouble> {
        match self {
            Self::Here(here) => Ok(here.join(member.clone(), ticket, token_seen)?),
            Self::There(there) => Ok(proxy(there).join(member.into(), ticket, token_seen).await?),
        }
    }

    pub(super) async fn report(&self, ticket: u64, load: Load) -> Result<(), Trouble> {
        match self {
            Self::Here(here) => Ok(here.report(ticket, load)?),
            Self::There(there) => Ok(proxy(there).report(ticket, load.into()).await?),
        }
    }

    pub(super) async fn follow(&self, ticket: u64, seen: Seen) -> Result<News, Trouble> {
        match self {
            Self::Here(here) => Ok(here.follow(ticket, seen).await?),
            Self::There(there) => {
                let seen: schema::Seen = seen.into();
                Ok(proxy(there).follow(ticket, seen).await?.into())
            }
        }
    }

    pub(super) async fn lock(
        &self,
        ticket: u64,
        number: u64,
        name: &str,
        waits: bool,
    ) -> Result<Locking, Trouble> {
        match self {
            Self::Here(here) => Ok(here.obtain(ticket, number, name, waits).await?),
            Self::There(there) => {
                let name = name.to_owned();
                Ok(proxy(there).lock(ticket, number, name, waits).await?.into())
            }
        }
    }

    pub(super) async fn unlock(&self, ticket: u64, number: u64) -> Result<(), Trouble> {
        match self {
            Self::Here(here) => Ok(here.unlock(ticket, number)?),
            Self::There(there) => Ok(proxy(there).unlock(ticket, number).await?),
        }
    }

    pub(super) async fn leave(&self, ticket: u64) -> Result<(), Trouble> {
        match self {
            Self::Here(here) => Ok(here.leave(ticket)?),
            Self::There(there) => Ok(proxy(there).leave(ticket).await?),
        }
    }
}
