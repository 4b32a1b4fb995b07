//! The registry of a node, for the others.

use std::sync::Arc;

use super::hosting::{Hosting, Unserved};
use super::schema::{Load, Locking, Member, News, Refusal, Registry, Seen};
use crate::call::CallError;
use crate::host::Cx;
use crate::service;

/// Serves the registry that this node hosts. It answers nodes and tools alone: no call of it is exposed to clients.
#[derive(Debug)]
pub(crate) struct Serving {
    hosting: Arc<Hosting>,
}

impl Serving {
    pub(super) const fn new(hosting: Arc<Hosting>) -> Self {
        Self { hosting }
    }
}

fn thrown(why: Unserved) -> CallError<Refusal> {
    CallError::Thrown(match why {
        Unserved::Refused(refusal) => refusal.into(),
        Unserved::Closed => Refusal::Elsewhere,
    })
}

#[service(Registry)]
impl Serving {
    #[rpc]
    async fn join(
        &self,
        _cx: &mut Cx,
        member: Member,
        ticket: Option<u64>,
        token_seen: u64,
    ) -> Result<u64, CallError<Refusal>> {
        let joined = self.hosting.join(member.into(), ticket, token_seen);
        joined.map_err(thrown)
    }

    #[rpc]
    async fn report(
        &self,
        _cx: &mut Cx,
        ticket: u64,
        load: Load,
    ) -> Result<(), CallError<Refusal>> {
        self.hosting.report(ticket, load.into()).map_err(thrown)
    }

    #[rpc]
    async fn follow(
        &self,
        _cx: &mut Cx,
        ticket: u64,
        seen: Seen,
    ) -> Result<News, CallError<Refusal>> {
        let news = self.hosting.follow(ticket, seen.into()).await;
        news.map(Into::into).map_err(thrown)
    }

    #[rpc]
    async fn lock(
        &self,
        _cx: &mut Cx,
        ticket: u64,
        number: u64,
        name: String,
        waits: bool,
    ) -> Result<Locking, CallError<Refusal>> {
        let locking = self.hosting.obtain(ticket, number, &name, waits).await;
        locking.map(Into::into).map_err(thrown)
    }

    #[rpc]
    async fn unlock(
        &self,
        _cx: &mut Cx,
        ticket: u64,
        number: u64,
    ) -> Result<(), CallError<Refusal>> {
        self.hosting.unlock(ticket, number).map_err(thrown)
    }

    #[rpc]
    async fn leave(&self, _cx: &mut Cx, ticket: u64) -> Result<(), CallError<Refusal>> {
        self.hosting.leave(ticket).map_err(thrown)
    }
}
