//! The stand-in for an entity, a component or a service on the server.

use std::rc::Rc;
use std::time::Duration;

use playhouse::call::{Arguments, Rpc};
use playhouse::{EntityRef, Failure, FailureKind};
use playhouse_net::link::ReplySink;
use playhouse_wire::Method;
use playhouse_wire::message::{DEADLINE_DEFAULT_US, Header};

use crate::engine::Begun;
use crate::{Calling, Client};

/// What all generated proxies are inside: a target and how to call it.
#[derive(Debug, Clone)]
pub struct Proxy {
    client: Client,
    target: Target,
    /// The deadline of the target's calls that have none of their own, by the schema.
    owner_deadline_us: Option<u64>,
    /// What the caller wants instead.
    deadline_us: Option<u64>,
}

/// Whom a proxy stands for.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Entity(EntityRef),
    Service {
        package: u16,
        number: u16,
    },
    /// No such entity is bound to the session; says so.
    Missing(Box<str>),
}

/// Where a call goes.
struct Route {
    method: Method,
    header: Header<'static>,
}

impl Proxy {
    pub(crate) const fn new(client: Client, target: Target, deadline_us: Option<u64>) -> Self {
        Self {
            client,
            target,
            owner_deadline_us: deadline_us,
            deadline_us: None,
        }
    }

    /// For the component in slot `tag` of the same entity.
    #[must_use]
    pub fn slot(&self, tag: u8) -> Self {
        let mut proxy = self.clone();
        if let Target::Entity(address) = &mut proxy.target {
            address.slot = tag;
        }
        proxy
    }

    /// With this deadline, instead of the one in the schema.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline_us = Some(u64::try_from(deadline.as_micros()).unwrap_or(u64::MAX));
        self
    }

    /// A call that is answered. It begins when it is first polled.
    #[must_use = "an rpc does nothing until it is awaited"]
    pub fn rpc<A: Rpc>(&self, args: A) -> Calling<A> {
        Calling::new(self.clone(), args)
    }

    /// A call without an answer: it is on its way when this returns, or waits in the session for a link. At most once, in
    /// order. One that is `@unreliable` waits for nothing: if it can't go now, or gets lost, or a later one overtakes it, it
    /// is never done.
    ///
    /// # Errors
    ///
    /// If it is known here and now that it can't arrive.
    pub fn oneway<A: Arguments>(&self, args: A) -> Result<(), Failure> {
        let Route { method, header } = self.route::<A>(&args, 0)?;
        self.client
            .engine()
            .notify(method, &header, A::call().unreliable, |w| args.encode(w))
    }

    /// Microseconds that a call of type `A` has.
    pub(crate) fn patience_us<A: Arguments>(&self) -> u64 {
        let declared = A::call().deadline_us.and_then(|us| u64::try_from(us).ok());
        self.deadline_us
            .or(declared)
            .or(self.owner_deadline_us)
            .unwrap_or(DEADLINE_DEFAULT_US)
    }

    /// Begins a request; what `sink` is told is its end.
    pub(crate) fn request<A: Rpc>(
        &self,
        args: &A,
        patience_us: u64,
        sink: Rc<dyn ReplySink>,
    ) -> Result<Begun, Failure> {
        let Route { method, header } = self.route::<A>(args, patience_us)?;
        self.client
            .engine()
            .request(method, &header, sink, |w| args.encode(w))
    }

    fn route<A: Arguments>(&self, args: &A, patience_us: u64) -> Result<Route, Failure> {
        // The server would refuse them too, with a less useful place.
        args.check().map_err(|error| {
            Failure::not_executed(FailureKind::Invalid).because(error.to_string())
        })?;
        let (package, number, slot, target) = match &self.target {
            Target::Entity(it) => (it.package, it.number, it.slot, Some(it.key.clone())),
            Target::Service { package, number } => (*package, *number, 0, None),
            Target::Missing(why) => {
                return Err(Failure::not_executed(FailureKind::NotFound).because(&**why));
            }
        };
        let is_usual = matches!(patience_us, 0 | DEADLINE_DEFAULT_US);
        Ok(Route {
            method: Method {
                package,
                number,
                slot,
                tag: A::TAG,
            },
            header: Header {
                target,
                deadline_us: (!is_usual).then_some(patience_us),
                ..Header::EMPTY
            },
        })
    }
}

/// What has a proxy. Generated code implements it for entities, components and services.
pub trait Callable {
    /// Its proxy.
    type Proxy: From<Proxy>;
}
