//! What the shards of a node are made with.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::fabric::Fabric;
use super::interceptor::Interceptor;
use super::kind::Kind;
use super::services::ServiceHost;
use crate::logic::{EntityCalls, Service};

/// What the shards of a node are made with: entity types, services, interceptors.
#[derive(Clone)]
pub struct Setup {
    pub(super) node: Arc<str>,
    pub(super) kinds: Vec<fn(u32) -> Kind>,
    pub(super) services: Vec<Arc<dyn Fn() -> ServiceHost + Send + Sync>>,
    pub(super) interceptors: Vec<Arc<dyn Interceptor>>,
    pub(super) shared: Arc<Shares>,
    fabric: Arc<OnceLock<Arc<Fabric>>>,
}

/// What users share among all shards, by type.
pub(super) type Shares = FxHashMap<TypeId, Arc<dyn Any + Send + Sync>>;

impl Setup {
    /// Of a node of this name.
    #[must_use]
    pub fn new(node: &str) -> Self {
        Self {
            node: node.into(),
            kinds: Vec::new(),
            services: Vec::new(),
            interceptors: Vec::new(),
            shared: Arc::default(),
            fabric: Arc::default(),
        }
    }

    /// With entities of this type.
    #[must_use]
    pub fn entity<E: EntityCalls>(mut self) -> Self {
        self.kinds.push(Kind::of::<E>);
        self
    }

    /// With this service, of which each shard makes an instance.
    #[must_use]
    pub fn service<S: Service>(mut self, make: impl Fn() -> S + Send + Sync + 'static) -> Self {
        self.services
            .push(Arc::new(move || ServiceHost::new(make())));
        self
    }

    /// With this for [`Cx::shared`](super::Cx::shared): one of each type.
    #[must_use]
    pub fn share<T: Send + Sync + 'static>(mut self, value: Arc<T>) -> Self {
        Arc::make_mut(&mut self.shared).insert(TypeId::of::<T>(), value);
        self
    }

    /// The same, for a node that starts anew: nothing of the one before reaches it.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self {
            fabric: Arc::default(),
            ..self.clone()
        }
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
