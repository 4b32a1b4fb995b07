//! Calls to other nodes: over links that this shard dials, one for each address and lane.
//!
//! Each shard has links of its own, so that a call never changes threads on its way out, and what one entity sends to
//! an address arrives in order. A link that is gone is dialled again by the next call; an address that can't be reached
//! refuses calls at once for a while. Only calls that the schema marks `@idempotent` are made again by themselves, and
//! only if their link broke ([`RETRIES_MAX`]).

mod retry;
mod searches;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};

use playhouse_net::link::{
    CallId, CloseReason, Link, LinkHandler, LinkOptions, OUTPUT_BYTES_HIGH, Refused, ReplySink,
};
use playhouse_net::links::{self, Backoff, Links};
use playhouse_net::{Network, Random};
use playhouse_wire::Writer;
use playhouse_wire::link::Peer;
use playhouse_wire::message::{GoAwayReason, Message, Notify, Request, WaitFound, WaitProbe};
use rustc_hash::FxHashMap;

use super::shard::ShardNode;
use crate::call::{Address, Failure, FailureKind};
use crate::host::{Egress, EgressId, Outgoing};
use crate::metrics::Counter;

use searches::Searches;

pub use retry::{RETRIES_MAX, RETRY_PAUSE};
pub use searches::SEARCHES_MAX;

/// Links that a shard finds without looking through all of its addresses.
const RECENT_MAX: usize = 16;

/// Bytes that wait to go out to a home's node above which the clients that send more are held: nothing of theirs is read until
/// fewer wait. A hop for which [`OUTPUT_BYTES_MAX`](playhouse_net::link::OUTPUT_BYTES_MAX) wait is closed.
pub const HOP_BYTES_HIGH: usize = OUTPUT_BYTES_HIGH;

/// The serial of the first link that others dialled: those that the shard dials have numbers below.
const ACCEPTED: u64 = 1 << 32;

/// The way out of a shard.
pub(super) struct Outbound {
    links: Links,
    /// The links used last, to be found by comparing a few strings.
    recent: RefCell<Vec<Recent>>,
    /// Links that live, by the number that their requests' ids begin with.
    numbered: RefCell<FxHashMap<u32, Link>>,
    next: Cell<u32>,
    /// Links that others dialled, by their serials.
    accepted: RefCell<FxHashMap<u64, Link>>,
    next_accepted: Cell<u64>,
    /// Links that were closed since they were full.
    overfull: Counter,
    retries: retry::Retries,
    searches: Searches,
    this: Weak<Self>,
}

/// What came of a session's message that was to go to another node, or another shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carried {
    /// It goes.
    Taken,
    /// It goes, but so much waits that nothing should follow soon: [`HOP_BYTES_HIGH`],
    /// [`INBOX_HIGH`](crate::host::INBOX_HIGH).
    Crowded,
    /// The other node takes none that long.
    TooLong,
    /// There is no way any more, or no room.
    Gone,
}

#[derive(Clone)]
struct Recent {
    address: Address,
    number: u32,
    link: Link,
}

impl Outbound {
    pub(super) fn new(
        node: &Weak<ShardNode>,
        network: Rc<dyn Network>,
        options: LinkOptions,
        random: Random,
    ) -> Rc<Self> {
        let node = Weak::clone(node);
        let handlers: links::Handlers = Rc::new(move |_: &links::Address| {
            let node = Weak::clone(&node);
            let handler: Rc<dyn LinkHandler> = Rc::new(Dialled { node });
            handler
        });
        let links = Links::new(network, options, Backoff::default(), random, handlers);
        Rc::new_cyclic(|this| Self {
            links,
            recent: RefCell::default(),
            numbered: RefCell::default(),
            next: Cell::new(1),
            accepted: RefCell::default(),
            next_accepted: Cell::new(ACCEPTED),
            overfull: Counter::default(),
            retries: retry::Retries::default(),
            searches: Searches::default(),
            this: Weak::clone(this),
        })
    }

    /// The links to other nodes that are not over.
    pub(super) fn links(&self) -> Vec<Link> {
        self.links.all()
    }

    /// The link to `to`, dialled now if there is none.
    fn link(&self, to: &Address) -> Result<(u32, Link), Failure> {
        {
            let mut recent = self.recent.borrow_mut();
            if let Some(index) = recent.iter().position(|it| it.address == *to) {
                if let Some(found) = recent.get(index).filter(|it| it.link.takes_requests()) {
                    return Ok((found.number, found.link.clone()));
                }
                recent.swap_remove(index);
            }
        }
        self.dialled(to)
    }

    #[cold]
    fn dialled(&self, to: &Address) -> Result<(u32, Link), Failure> {
        let address = links::Address::new(to.as_str()).with_lane(to.lane_number());
        let link = self
            .links
            .link(&address)
            .map_err(|refused| refusal(&refused))?;
        let mut numbered = self.numbered.borrow_mut();
        let known = numbered.iter().find(|(_, known)| known.same(&link));
        let number = match known {
            Some((number, _)) => *number,
            None => {
                let number = self.next.get();
                // A number comes back after four thousand million links; 0 stands for retries.
                self.next.set(number.checked_add(1).unwrap_or(1));
                numbered.insert(number, link.clone());
                number
            }
        };
        let mut recent = self.recent.borrow_mut();
        if recent.len() >= RECENT_MAX {
            recent.remove(0);
        }
        recent.push(Recent {
            address: to.clone(),
            number,
            link: link.clone(),
        });
        Ok((number, link))
    }
}

impl Egress for Outbound {
    fn request(
        &self,
        outgoing: &Outgoing<'_>,
        sink: Rc<dyn ReplySink>,
    ) -> Result<EgressId, Failure> {
        if outgoing.idempotent
            && let Some(this) = self.this.upgrade()
        {
            return retry::request(&this, outgoing, sink);
        }
        let (number, link) = self.link(outgoing.to)?;
        let id = link
            .request(outgoing.method, outgoing.header, sink, |w| {
                w.put(outgoing.args);
            })
            .map_err(|refused| refusal(&refused))?;
        Ok(pack(number, id.number()))
    }

    fn cancel(&self, id: EgressId) {
        let (number, call) = unpack(id);
        if number == retry::NUMBER {
            return self.retries.cancel(self, call);
        }
        let link = self.numbered.borrow().get(&number).cloned();
        if let Some(link) = link {
            link.cancel(CallId::from_number(call));
        }
    }

    fn notify(&self, outgoing: &Outgoing<'_>) -> Result<(), Failure> {
        let (_, link) = self.link(outgoing.to)?;
        link.notify(outgoing.method, outgoing.header, |w| w.put(outgoing.args))
            .map_err(|refused| refusal(&refused))
    }

    fn probe(&self, after: EgressId, probe: &WaitProbe<'_>) {
        let (number, call) = unpack(after);
        let link = match number {
            retry::NUMBER => self.retries.link(call),
            _ => self.numbered.borrow().get(&number).cloned(),
        };
        if let Some(link) = link {
            // What doesn't go out leaves the deadlock to the deadline.
            let _ = link.send(|w| probe.put(w));
        }
    }

    fn send_message(&self, to: &Address, message: &[u8]) -> Result<u64, Failure> {
        let (number, link) = self.link(to)?;
        link.send(|w| w.raw(message))
            .map_err(|refused| refusal(&refused))?;
        Ok(number.into())
    }

    fn leaves_alone(&self, to: &Address) -> bool {
        let recent = self.recent.borrow();
        let lives = |it: &Recent| it.address == *to && it.link.takes_requests();
        if recent.iter().any(lives) {
            return false;
        }
        let address = links::Address::new(to.as_str()).with_lane(to.lane_number());
        self.links.is_left_alone(&address)
    }

    fn close(&self, serial: u64) {
        if let Some(link) = self.by_serial(serial) {
            link.close(GoAwayReason::Protocol, "another link took its place");
        }
    }

    fn take_on(&self, serial: u64) {
        if let Some(link) = self.by_serial(serial) {
            link.take_on();
        }
    }

    fn answer(&self, serial: u64, message: &[u8]) {
        if let Some(link) = self.by_serial(serial) {
            // Whoever asked asks again if the answer can't be taken.
            let _ = link.send(|w| w.raw(message));
        }
    }

    fn pass(&self, serial: u64, message: &[u8]) {
        if let Some(link) = self.by_serial(serial).filter(Link::is_writable) {
            let _ = link.send(|w| w.raw(message));
        }
    }

    fn found(&self, token: u64, found: &WaitFound<'_>) {
        if let Some(link) = self.searches.take(|search| search.token == token) {
            let _ = link.send(|w| found.put(w));
        }
    }
}

impl Outbound {
    /// A search for a deadlock came in on `link`: by what it is known here.
    pub(super) fn search(&self, link: &Link, probe: &WaitProbe<'_>) -> u64 {
        self.searches.add(link, probe)
    }

    /// The hop to the node at this address: the number of a link to it, which is dialled now if there is none.
    pub(super) fn hop(&self, to: &Address) -> Result<u64, Failure> {
        let (number, _) = self.link(to)?;
        Ok(number.into())
    }

    /// Sends a session's message by the link of this serial. Another link never takes its place, and one that is full is
    /// closed: nothing may come without what went before it.
    pub(super) fn carry_by(&self, serial: u64, message: impl FnOnce(&mut Writer)) -> Carried {
        let Some(link) = self.by_serial(serial) else {
            return Carried::Gone;
        };
        match link.send(message) {
            Ok(()) if link.queued_bytes() >= HOP_BYTES_HIGH => Carried::Crowded,
            Ok(()) => Carried::Taken,
            Err(refused) if refused.kind == FailureKind::Invalid => Carried::TooLong,
            Err(refused) => {
                if !link.is_closed() {
                    self.overfull.add(1);
                    link.close(GoAwayReason::Overloaded, &refused.text);
                }
                Carried::Gone
            }
        }
    }

    /// Whether so much waits to go out by the link of this serial that those who send more are held.
    pub(super) fn is_crowded(&self, serial: u64) -> bool {
        let link = self.by_serial(serial);
        link.is_some_and(|link| !link.is_closed() && link.queued_bytes() >= HOP_BYTES_HIGH)
    }

    /// Bytes that wait to go out to other nodes, and how often a link was closed since it was full.
    pub(super) fn hop_counts(&self) -> (u64, u64) {
        let accepted = self.accepted.borrow();
        let links = self.links.all();
        let links = links.iter().chain(accepted.values());
        let queued = links.map(|link| link.queued_bytes() as u64);
        (queued.sum(), self.overfull.get())
    }

    /// Whether little enough waits on the link of this serial that what may be lost can go by it.
    pub(super) fn is_writable(&self, serial: u64) -> bool {
        self.by_serial(serial)
            .is_some_and(|link| link.is_writable())
    }

    fn by_serial(&self, serial: u64) -> Option<Link> {
        match u32::try_from(serial) {
            Ok(number) => self.numbered.borrow().get(&number).cloned(),
            Err(_) => self.accepted.borrow().get(&serial).cloned(),
        }
    }

    /// The serial of a link that this shard has dialled.
    fn serial(&self, link: &Link) -> Option<u64> {
        let numbered = self.numbered.borrow();
        let (number, _) = numbered.iter().find(|(_, known)| known.same(link))?;
        Some((*number).into())
    }

    /// A link that this shard has dialled is over. Gives the serial that it had.
    fn lost(&self, link: &Link) -> Option<u64> {
        let serial = self.serial(link)?;
        let number = u32::try_from(serial).ok()?;
        self.numbered.borrow_mut().remove(&number);
        Some(serial)
    }

    /// Gives a serial to a link that another node has dialled.
    pub(super) fn accepted(&self, link: &Link) -> u64 {
        let serial = self.next_accepted.get();
        self.next_accepted.set(serial + 1);
        self.accepted.borrow_mut().insert(serial, link.clone());
        serial
    }

    /// A link that another node has dialled is over.
    pub(super) fn accepted_lost(&self, serial: u64) {
        self.accepted.borrow_mut().remove(&serial);
    }

    /// Something was found that another node looks for, which it hears by way of this one.
    pub(super) fn pass_on(&self, found: &WaitFound<'_>) {
        let link = self
            .searches
            .take(|search| search.probe == found.probe && *search.node == *found.initiator.node);
        if let Some(link) = link {
            let _ = link.send(|w| found.put(w));
        }
    }
}

fn pack(number: u32, call: u32) -> EgressId {
    EgressId(u64::from(number) << 32 | u64::from(call))
}

const fn unpack(id: EgressId) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = id.0.to_be_bytes();
    (
        u32::from_be_bytes([a, b, c, d]),
        u32::from_be_bytes([e, f, g, h]),
    )
}

/// What a link did not take was not executed.
#[cold]
fn refusal(refused: &Refused) -> Failure {
    Failure::from(refused.failure())
}

/// The owner of a link that this node has dialled: it asks, the other side answers.
struct Dialled {
    node: Weak<ShardNode>,
}

impl LinkHandler for Dialled {
    fn opened(&self, _link: &Link, peer: &Peer) {
        if let Some(node) = self.node.upgrade() {
            node.judge_schema(peer);
            node.judge_clock(peer);
        }
    }

    fn request(&self, link: &Link, request: Request<'_>) {
        let failure = Failure::not_executed(FailureKind::Unimplemented)
            .because("whoever dialled a link makes the calls on it");
        link.respond_failure(request.id, &(&failure).into());
    }

    fn notify(&self, _link: &Link, notify: Notify<'_>) {
        tracing::debug!(method = ?notify.method, "a notification on a link that this side dialled");
    }

    fn other(&self, link: &Link, message: Message<'_>) {
        if let Some(node) = self.node.upgrade() {
            let serial = node.outbound().serial(link).unwrap_or_default();
            node.from_home(link, serial, message);
        }
    }

    fn closed(&self, link: &Link, reason: &CloseReason) {
        tracing::debug!(peer = link.address(), %reason, "a link that this node dialled is over");
        if let Some(node) = self.node.upgrade()
            && let Some(serial) = node.outbound().lost(link)
        {
            node.host().link_closed(serial, &reason.to_string());
            node.home_lost(serial);
        }
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outbound({:?})", self.links)
    }
}
