//! The gate's side of sessions: the links of clients, what they may send, and the way from there to their homes.
//!
//! A client's link knows the home of its session and nothing else of it: its messages are judged by their headers and
//! passed on as they are ([`passing`]). Which home that is, the client's token and the place of its entity say
//! ([`opening`]). A gate that is gone takes nothing along that the home does not have.
//!
//! The home is on a shard of this node or on another node. Both ways are hops: what goes into one comes out at its other
//! end in order, or the hop breaks, and then the client is told to open its session again.

mod crossing;
mod holding;
mod opening;
mod passing;
mod rules;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use playhouse_net::link::Link;
use playhouse_wire::message::Method;
use playhouse_wire::session::{GateLink, Rules};
use rustc_hash::FxHashMap;

use super::admission::Admission;
use super::guests::Place;
use super::shard::ShardNode;
use crate::call::{Failure, FailureKind};
use crate::host::SessionId;
use crate::metrics::{CARRIERS, carrier};
use crate::rate::Rate;

pub(super) use crossing::Hops;
pub use opening::{OPEN_RATE, OPEN_TIMEOUT};
pub(super) use opening::{reason_of, text_of};
pub(super) use passing::REFUSED;
pub(super) use rules::Gate;

use holding::Way;
use rules::Rates;

/// Stands for this node, where a hop to another has the number of its link.
pub(super) const HERE: u64 = 0;

/// The clients whose links are of one shard.
#[derive(Debug)]
pub(super) struct Clients {
    rules: Rules,
    next: Cell<u64>,
    links: RefCell<FxHashMap<u64, Rc<Client>>>,
    /// Those of which nothing is read, by the way that has no room for it.
    held: RefCell<FxHashMap<Way, Vec<Rc<Client>>>>,
}

/// A client's link, and where its session is.
pub(super) struct Client {
    /// Its number: no other link of the node ever has it.
    number: u64,
    link: Link,
    /// What carries it, as metrics have it.
    carrier: Option<usize>,
    state: RefCell<GateLink>,
    rates: RefCell<Rates>,
    /// Where it is, if what it does as a guest is counted with others of its address.
    place: Option<Place>,
    /// An `Open` is looked at.
    opens: Cell<bool>,
    /// Nothing is read of it.
    is_held: Cell<bool>,
    /// As whom it was let in last, and on which shard that one's home is if it is here.
    admitted: RefCell<Option<(Admission, u32)>>,
}

impl Clients {
    pub(super) fn new(shard: usize, rules: Rules) -> Self {
        Self {
            rules,
            next: Cell::new((shard as u64) << SessionId::COUNT_BITS),
            links: RefCell::default(),
            held: RefCell::default(),
        }
    }

    /// A client has come.
    pub(super) fn add(&self, link: &Link, place: Option<Place>) -> Rc<Client> {
        let number = self.next.get() + 1;
        self.next.set(number);
        let client = Rc::new(Client {
            number,
            link: link.clone(),
            carrier: carrier(link.transport()),
            state: RefCell::new(GateLink::new().with_rules(self.rules)),
            rates: RefCell::default(),
            place,
            opens: Cell::new(false),
            is_held: Cell::new(false),
            admitted: RefCell::default(),
        });
        self.links.borrow_mut().insert(number, Rc::clone(&client));
        client
    }

    /// How many links serve sessions, by what carries them.
    pub(super) fn attached(&self) -> [u64; CARRIERS.len()] {
        let mut attached = [0; CARRIERS.len()];
        for client in self.all() {
            let is_bound = client.state.borrow().bound().is_some();
            let carrier = client.carrier.filter(|_| is_bound);
            if let Some(count) = carrier.and_then(|it| attached.get_mut(it)) {
                *count += 1;
            }
        }
        attached
    }

    fn get(&self, number: u64) -> Option<Rc<Client>> {
        self.links.borrow().get(&number).cloned()
    }

    fn all(&self) -> Vec<Rc<Client>> {
        let mut all: Vec<_> = self.links.borrow().values().cloned().collect();
        // A map's order would differ from run to run of the simulation.
        all.sort_unstable_by_key(|client| client.number);
        all
    }
}

impl ShardNode {
    /// Counts one more call of a client.
    pub(super) fn count(
        &self,
        client: &Client,
        guest: bool,
        method: Method,
        rate: Rate,
    ) -> Result<(), Failure> {
        let now_us = self.now_us();
        client.rates.borrow_mut().take(method, rate, now_us)?;
        let Some(place) = client.place.filter(|_| guest) else {
            return Ok(());
        };
        if !self
            .shared
            .guests
            .take(place, method.pack(), rate, self.now())
        {
            return Err(Failure::not_executed(FailureKind::RateLimited)
                .because("guests of this address have called too often: try again later"));
        }
        Ok(())
    }

    /// The client's link is gone.
    pub(super) fn client_gone(self: &Rc<Self>, client: &Client) {
        self.clients.links.borrow_mut().remove(&client.number);
        let left = client.state.borrow_mut().handle_closed();
        if let Some((home, attempt)) = left {
            self.tell_lost(client, home, attempt);
        }
    }

    /// A hop to another node has broken: whose session was at its other end opens it anew.
    pub(super) fn home_lost(self: &Rc<Self>, home: u64) {
        for client in self.clients.all() {
            self.detach(&client, home);
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("number", &self.number)
            .field("address", &self.link.address())
            .finish_non_exhaustive()
    }
}
