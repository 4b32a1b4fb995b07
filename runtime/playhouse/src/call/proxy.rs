//! The stand-in for an entity, a component or a service, wherever it is.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use playhouse_wire::{EntityRef, Ref};
use rustc_hash::FxHasher;

use super::{Address, Arguments, Calling, Failure, Rpc};
use crate::host;

/// What all generated proxies are inside: a target and how to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    pub(crate) target: Target,
    pub(crate) deadline_us: Option<u64>,
    pub(crate) address: Option<Box<Address>>,
}

/// Whom a proxy stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// An entity or one of its components.
    Entity(EntityRef),
    /// A service, by package and number.
    Service {
        package: u16,
        number: u16,
        /// Calls with the same one go to the same instance for as long as the instances stay.
        key: Option<u64>,
    },
}

impl Proxy {
    /// For an entity or a component.
    #[must_use]
    #[inline]
    pub const fn entity(address: EntityRef) -> Self {
        Self::to(Target::Entity(address))
    }

    /// For any instance of a service.
    #[must_use]
    #[inline]
    pub const fn any(package: u16, number: u16) -> Self {
        Self::to(Target::Service {
            package,
            number,
            key: None,
        })
    }

    /// For the instance of a service that `key` falls to.
    #[must_use]
    pub fn by_key(package: u16, number: u16, key: &(impl Hash + ?Sized)) -> Self {
        let mut hasher = FxHasher::default();
        key.hash(&mut hasher);
        Self::to(Target::Service {
            package,
            number,
            key: Some(hasher.finish()),
        })
    }

    #[inline]
    const fn to(target: Target) -> Self {
        Self {
            target,
            deadline_us: None,
            address: None,
        }
    }

    /// For the component in slot `tag` of the same entity.
    #[must_use]
    #[inline]
    pub fn slot(&self, tag: u8) -> Self {
        match &self.target {
            Target::Entity(address) => Self {
                target: Target::Entity(EntityRef {
                    slot: tag,
                    key: address.key.clone(),
                    ..*address
                }),
                deadline_us: self.deadline_us,
                address: self.address.clone(),
            },
            Target::Service { .. } => self.clone(),
        }
    }

    /// At this node, instead of where it would be looked for.
    #[must_use]
    pub fn at(mut self, address: impl Into<Address>) -> Self {
        self.address = Some(Box::new(address.into()));
        self
    }

    /// With this deadline, instead of the one in the schema. What is left of the caller's own still holds.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline_us = Some(u64::try_from(deadline.as_micros()).unwrap_or(u64::MAX));
        self
    }

    /// A call that is answered. It begins when it is first polled.
    #[must_use = "an rpc does nothing until it is awaited"]
    #[inline]
    pub fn rpc<A: Rpc>(&self, args: A) -> Calling<A> {
        Calling::new(self.clone(), args)
    }

    /// A call without an answer: it is on its way when this returns. At most once, in order per sender.
    ///
    /// # Errors
    ///
    /// If it is known here and now that it can't arrive.
    pub fn oneway<A: Arguments>(&self, args: A) -> Result<(), Failure> {
        host::send(self, args)
    }
}

/// What has a proxy. Generated code implements it for entities, components and services.
pub trait Callable {
    /// Its proxy.
    type Proxy: From<Proxy>;
}

/// From a reference to the proxy of what it points at.
pub trait Reach {
    /// The proxy.
    type Proxy;

    /// The proxy of what this points at.
    fn proxy(&self) -> Self::Proxy;
}

impl<T: Callable> Reach for Ref<T> {
    type Proxy = T::Proxy;

    fn proxy(&self) -> T::Proxy {
        Proxy::entity(self.address().clone()).into()
    }
}
