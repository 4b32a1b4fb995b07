//! What the shards of a node are made with.

use std::fmt;
use std::sync::Arc;

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
}

impl Setup {
    /// Of a node of this name.
    #[must_use]
    pub fn new(node: &str) -> Self {
        Self {
            node: node.into(),
            kinds: Vec::new(),
            services: Vec::new(),
            interceptors: Vec::new(),
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
