//! Brings an entity to the node where a client is to be bound to it: whoever runs it elsewhere is asked to give it up.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use playhouse_wire::message::{Release, SessionReason};
use playhouse_wire::{EntityRef, Writer};

use super::SessionId;
use super::cell::Hosted;
use super::placement::Located;
use super::shard::Shard;
use crate::call::{Failure, FailureKind};

/// How long a node may take to give up an entity whose client is here. Less than opening a session may take, so that the
/// client hears why it gets none.
pub const PULL_TIMEOUT: Duration = Duration::from_secs(4);

/// The pause before the node is asked again, which doubles up to the longest.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(200);

impl Shard {
    /// Has an entity whose home this shard is run by this node, if it is of a type that nodes own. It moves by a release:
    /// what is persistent comes along.
    ///
    /// # Errors
    ///
    /// If it can't be run, or whoever runs it does not give it up in time.
    pub(super) async fn pull(self: &Rc<Self>, entity: &EntityRef) -> Result<(), Failure> {
        let kind = self.find_kind(entity.package, entity.number);
        let (Some(cluster), true) = (
            self.clustered(),
            kind.is_some_and(|kind| self.is_placed(kind)),
        ) else {
            return Ok(());
        };
        let entity = EntityRef {
            slot: 0,
            ..entity.clone()
        };
        let until = self.env.now() + PULL_TIMEOUT;
        let mut pause = PAUSE_MIN;
        loop {
            let (give, take) = tokio::sync::oneshot::channel();
            let then = Box::new(move |_: &Rc<Self>, located: &Located| {
                // Whoever asked may have given up.
                let _ = give.send(located.clone());
            });
            self.locate(&entity, 0, then);
            let route = match tokio::time::timeout_at(until, take).await {
                Ok(Ok(Located::At(route))) => route,
                Ok(Ok(Located::Nobody(_, failure))) => return Err(failure),
                Ok(Err(_)) | Err(_) => return Err(held(&entity, None)),
            };
            if route.owner == cluster.standing.owner() {
                return Ok(());
            }
            let node = &route.owner.node;
            if self.env.now() >= until {
                return Err(held(&entity, Some(node)));
            }
            let release = Release {
                entity: entity.clone(),
                epoch: route.epoch,
            };
            let mut message = Writer::new();
            release.put(&mut message);
            let asked = self.address_of(node).and_then(|address| {
                let egress = self.egress();
                egress
                    .map(|egress| egress.send_message(&address, message.as_bytes()))
                    .transpose()
            });
            if let Err(failure) = asked {
                // Its links may come back, or its lease be over, before the time is.
                tracing::debug!(%failure, ?entity, "the owner of an entity can't be asked to give it up");
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// The client of an entity is told that its session is over, and why.
    pub(super) fn end_client(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        reason: SessionReason,
        text: impl Into<Arc<str>>,
    ) {
        let header = cell.header();
        let Some(session) = header.rare(|rare| rare.session).flatten() else {
            return;
        };
        // It is not the next activation's here.
        header.rare_mut(|rare| rare.session = None);
        self.end_session(session, reason, text);
    }

    /// A client is told that its session is over, and why.
    pub(super) fn end_session(
        self: &Rc<Self>,
        session: SessionId,
        reason: SessionReason,
        text: impl Into<Arc<str>>,
    ) {
        let text = text.into();
        self.do_on(session.shard(), move |shard| {
            if let Some(port) = shard.session_port() {
                port.end(session, reason, &text);
            }
        });
    }
}

fn held(entity: &EntityRef, node: Option<&Arc<str>>) -> Failure {
    let why = match node {
        Some(node) => format!("node {node} has not given up {entity:?} in time: try again later"),
        None => format!("nobody said in time who runs {entity:?}: try again later"),
    };
    Failure::not_executed(FailureKind::Timeout).because(why)
}
