//! What the shards of a node are made with.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use playhouse_store::Collection;
use rustc_hash::FxHashMap;

use super::fabric::Fabric;
use super::interceptor::Interceptor;
use super::kind::Kind;
use super::services::ServiceHost;
use crate::descriptor;
use crate::logic::{EntityCalls, EntitySchema, Service, ServiceSchema};
use crate::persist;
use crate::watchdog::{Owner, Watchdog};

/// What the shards of a node are made with: entity types, services, interceptors.
#[derive(Clone)]
pub struct Setup {
    pub(super) node: Arc<str>,
    pub(super) kinds: Vec<fn(u32) -> Kind>,
    pub(super) services: Vec<Arc<dyn Fn(u32) -> ServiceHost + Send + Sync>>,
    pub(super) interceptors: Vec<Arc<dyn Interceptor>>,
    pub(super) shared: Arc<Shares>,
    fabric: Arc<OnceLock<Arc<Fabric>>>,
    hosted: Vec<Owner>,
    served: Vec<Owner>,
}

/// What users share among all shards, by type.
pub(super) type Shares = FxHashMap<TypeId, Arc<dyn Any + Send + Sync>>;

impl Setup {
    /// Of a node of this name.
    #[must_use]
    pub fn new(node: &str) -> Self {
        crate::log::attach();
        Self {
            node: node.into(),
            kinds: Vec::new(),
            services: Vec::new(),
            interceptors: Vec::new(),
            shared: Arc::default(),
            fabric: Arc::default(),
            hosted: Vec::new(),
            served: Vec::new(),
        }
    }

    /// With entities of this type.
    #[must_use]
    pub fn entity<E: EntityCalls>(mut self) -> Self {
        self.kinds.push(Kind::of::<E>);
        let descriptor = <E::Schema as EntitySchema>::descriptor();
        self.hosted.push(Owner::Entity(descriptor));
        self
    }

    /// With this service, of which each shard makes an instance.
    #[must_use]
    pub fn service<S: Service>(mut self, make: impl Fn() -> S + Send + Sync + 'static) -> Self {
        self.services
            .push(Arc::new(move |owner| ServiceHost::new(make(), owner)));
        let descriptor = <S::Schema as ServiceSchema>::descriptor();
        self.served.push(Owner::Service(descriptor));
        self
    }

    /// With this for [`Cx::shared`](super::Cx::shared): one of each type.
    #[must_use]
    pub fn share<T: Send + Sync + 'static>(mut self, value: Arc<T>) -> Self {
        Arc::make_mut(&mut self.shared).insert(TypeId::of::<T>(), value);
        self
    }

    /// The collections of its persistent entity types.
    pub(crate) fn collections(&self) -> Vec<Collection> {
        persist::collections(self.entities())
    }

    /// Whether any of its entity types is persistent.
    pub(crate) fn is_persistent(&self) -> bool {
        self.entities().any(persist::is_persistent)
    }

    fn entities(&self) -> impl Iterator<Item = &'static descriptor::Entity> {
        self.hosted.iter().filter_map(|owner| match owner {
            Owner::Entity(entity) => Some(*entity),
            Owner::Service(_) => None,
        })
    }

    /// The same, for a node that starts anew: nothing of the one before reaches it.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self {
            fabric: Arc::default(),
            ..self.clone()
        }
    }

    /// Watches the handlers of so many shards: [`Watchdog::run`] belongs on the system runtime.
    #[must_use]
    pub fn watchdog(&self, shards: u32, stall_after: Duration) -> Watchdog {
        let owners = self.hosted.iter().chain(&self.served).copied().collect();
        Watchdog::new(owners, self.fabric(shards).marks(), stall_after)
    }

    /// The way between the shards, of which there are so many.
    pub(super) fn fabric(&self, shards: u32) -> Arc<Fabric> {
        let fabric = self.fabric.get_or_init(|| Arc::new(Fabric::new(shards)));
        Arc::clone(fabric)
    }

    /// With one more interceptor, inside of those before it.
    #[must_use]
    pub fn interceptor(mut self, interceptor: impl Interceptor) -> Self {
        self.interceptors.push(Arc::new(interceptor));
        self
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Setup({}: {} entity types, {} services)",
            self.node,
            self.kinds.len(),
            self.services.len()
        )
    }
}
