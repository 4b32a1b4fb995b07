//! Clients in a simulation: code with a host and a network.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use playhouse_net::{Network, Random};

/// A client's part in a simulation.
#[derive(Debug, Clone)]
pub struct SimClient {
    pub(super) name: Rc<str>,
    pub(super) network: Rc<dyn Network>,
    pub(super) random: Rc<Random>,
}

/// What a client's code returns, once it has.
pub struct Joined<T>(pub(super) Rc<RefCell<Option<T>>>);

impl SimClient {
    /// The host's name: its part of addresses.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The network as this host sees it.
    #[must_use]
    pub fn network(&self) -> Rc<dyn Network> {
        Rc::clone(&self.network)
    }

    /// The client's own stream of chance.
    #[must_use]
    pub fn random(&self) -> &Random {
        &self.random
    }
}

impl<T> Joined<T> {
    /// What the code returned; nothing if it has not, or if it was taken already.
    #[must_use]
    pub fn take(&self) -> Option<T> {
        self.0.borrow_mut().take()
    }

    /// Whether the code has returned and this was not taken.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.0.borrow().is_some()
    }
}

impl<T> fmt::Debug for Joined<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Joined(there: {})", self.is_there())
    }
}
