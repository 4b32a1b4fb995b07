//! Handlers without an entity, and what every handler can have: chance, shared values, its node.

use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use playhouse_net::noise::PublicKey;
use playhouse_wire::{EntityRef, Uuid};

use super::Cx;
use super::away::Away;
use super::calls::{CallId, Place};
use super::interceptor::outcome_of;
use super::park::{Manner, Reply, Waiting};
use super::route::Home;
use super::shard::{NEVER, Shard};
use super::trace::{Trace, TraceContext};
use crate::call::{Failure, Target};
use crate::cluster::Cluster;

impl Shard {
    /// Runs code with a context that belongs to no entity. It ends when the caller does, or at its deadline.
    ///
    /// # Errors
    ///
    /// If the time is over, or if the code panics.
    pub async fn attend<T: 'static>(
        self: &Rc<Self>,
        time: Duration,
        f: impl AsyncFnOnce(&mut Cx) -> T + 'static,
    ) -> Result<T, Failure> {
        let time_us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let place = Place::Away(Rc::new(Away::default()));
        let deadline_us = self.call_time().saturating_add(time_us);
        let call =
            self.calls
                .borrow_mut()
                .insert(place.clone(), 0, 0, CallId::NONE, deadline_us, None);
        let mut cx = Cx::new(self, place, call);
        let reply: Reply<Result<T, Failure>> = Rc::new(RefCell::new(None));
        let laid = Rc::clone(&reply);
        let future = Box::pin(async move { Ok(f(&mut cx).await) });
        self.park(call, future, Err, move |outcome| {
            *laid.borrow_mut() = Some(outcome)
        });
        self.await_call(call);
        let manner = Manner {
            fail: Err,
            judge: outcome_of,
            seen: None,
        };
        let mut waiting = Waiting::new(self, call, reply, manner);
        poll_fn(|cx| waiting.poll(cx)).await
    }

    /// Runs a future on this shard, in a task. What it calls belongs to this trace.
    pub fn spawn_traced(
        self: &Rc<Self>,
        context: TraceContext,
        future: impl Future<Output = ()> + 'static,
    ) {
        let place = Place::Away(Rc::new(Away::default()));
        let trace = Rc::new(Trace::of(context));
        let mut calls = self.calls.borrow_mut();
        let call = calls.insert(place, 0, 0, CallId::NONE, NEVER, Some(trace));
        calls.caller_done(call);
        drop(calls);
        self.park(call, Box::pin(future), |_| (), |()| ());
    }

    /// Whether this entity is served by this shard.
    #[must_use]
    pub fn is_home(&self, entity: &EntityRef) -> bool {
        matches!(self.home(&Target::Entity(entity.clone())), Ok(Home::Here))
    }

    /// Tells handlers where the node is reached, and what clients know it by: [`Cx::node`].
    pub fn set_addresses(&self, addresses: Vec<String>, key: Option<PublicKey>) {
        *self.addresses.borrow_mut() = addresses.into();
        self.public_key.set(key);
    }
}

/// The node that a handler runs on.
#[derive(Debug, Clone)]
pub struct NodeInfo {
    name: Arc<str>,
    addresses: Arc<[String]>,
    public_key: Option<PublicKey>,
}

impl NodeInfo {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is reached, as clients may be told: at what it [advertises](crate::NodeBuilder::advertise), else where it
    /// listens, but for every interface (`0.0.0.0`), which nobody can dial.
    #[must_use]
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// What clients know it by, if it has a key: [`NodeBuilder::server_key`](crate::NodeBuilder::server_key).
    #[must_use]
    pub const fn public_key(&self) -> Option<PublicKey> {
        self.public_key
    }
}

impl Cx {
    /// The node that the handler runs on.
    #[must_use]
    pub fn node(&self) -> NodeInfo {
        NodeInfo {
            name: Arc::clone(&self.shard().node),
            addresses: Arc::clone(&self.shard().addresses.borrow()),
            public_key: self.shard().public_key.get(),
        }
    }

    /// The cluster that the node is one of; nothing on a node alone.
    #[must_use]
    pub fn cluster(&self) -> Option<Cluster> {
        let clustered = self.shard().clustered()?;
        let seat = clustered.seat.clone();
        Some(Cluster { seat })
    }

    /// What the node was given to share, by its type.
    #[must_use]
    pub fn shared<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let value = self.shard().shared.get(&std::any::TypeId::of::<T>())?;
        Arc::clone(value).downcast().ok()
    }

    /// Chance: in the simulation it repeats. Not for secrets.
    #[must_use]
    pub fn random(&self) -> Random {
        Random(Rc::clone(self.shard()))
    }
}

/// The chance of a shard.
pub struct Random(Rc<Shard>);

impl Random {
    /// Sixty-four random bits.
    #[must_use]
    pub fn u64(&self) -> u64 {
        self.0.env.random()
    }

    /// A number from 0 up to and without `end`; 0 if `end` is 0.
    #[must_use]
    pub fn below(&self, end: u64) -> u64 {
        // The high half of the product is spread as evenly as 64 bits allow.
        ((u128::from(self.u64()) * u128::from(end)) >> 64) as u64
    }

    /// True so often of one: never at 0.0, always at 1.0.
    #[must_use]
    pub fn chance(&self, probability: f64) -> bool {
        // 53 bits are what a float has.
        ((self.u64() >> 11) as f64) < probability * (1u64 << 53) as f64
    }

    /// A random UUID, of version 4.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        let (high, low) = bytes.split_at_mut(8);
        high.copy_from_slice(&self.u64().to_be_bytes());
        low.copy_from_slice(&self.u64().to_be_bytes());
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Uuid(bytes)
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}
