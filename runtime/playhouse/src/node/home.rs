//! The home's side of sessions: on the shard of the entity that a client is bound to.
//!
//! An entity that clients have logged in to has a *home* on its shard: its [`Door`], which numbers and keeps what goes
//! to and fro, and what of the client's is running. Messages come from gates, of this node or of others, by the way that
//! [`Via`] names ([`arriving`]); what they bring is served here ([`running`]), and what the entity sends goes back the
//! way that the session is attached by.
//!
//! Bounds: those of [`SessionLimits`](playhouse_wire::session::SessionLimits), for each session; one session for an entity;
//! [`RUNNING_MAX`] calls of a session that run or wait for their turn, those behind them wait in the session; [`ASKED_MAX`]
//! questions that its client has not answered.

mod arriving;
mod asking;
mod latest;
mod moving;
mod running;
mod sending;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use playhouse_wire::EntityRef;
use playhouse_wire::session::Door;
use rustc_hash::FxHashMap;

use super::shard::ShardNode;
use crate::host::{LinkId, SessionId};

pub(super) use arriving::Arrival;
pub use asking::ASKED_MAX;
pub(super) use playhouse_wire::session::Via;
pub use running::RUNNING_MAX;
pub(super) use sending::Port;

use asking::Asked;
use running::Running;

/// The homes of one shard.
#[derive(Default)]
pub(super) struct Homes {
    count: Cell<u64>,
    by_entity: RefCell<FxHashMap<EntityRef, Rc<Home>>>,
    by_session: RefCell<FxHashMap<SessionId, Rc<Home>>>,
    /// By gate and link: where a client's messages go.
    by_link: RefCell<FxHashMap<(u64, u64), Rc<Home>>>,
    /// Ways by which clients have come whose entities are about to arrive, with what they had of their clients elsewhere.
    awaited: RefCell<Vec<Via>>,
}

/// What an entity has of its clients.
pub(super) struct Home {
    entity: EntityRef,
    door: RefCell<Door>,
    /// The session that it has, or had last.
    session: Cell<SessionId>,
    /// Its client's link is there.
    is_there: Cell<bool>,
    /// Clients that came while the entity was about to move: they are seen to when it has, or stays.
    held: RefCell<Vec<(Via, Arrival)>>,
    /// Calls of the client that were handed to whom they are for, and have not ended.
    running: RefCell<Running>,
    /// What accepted messages ask for is being begun.
    begins: Cell<bool>,
    /// The entity is about to move: nothing begins any more.
    settles: Cell<bool>,
    /// What the client was asked and has not answered.
    asked: RefCell<FxHashMap<u32, Asked>>,
    last_asked: Cell<u32>,
    /// When the shard's clock wakes it, in microseconds.
    wakes_us: Cell<u64>,
}

impl Homes {
    fn of(&self, entity: &EntityRef) -> Option<Rc<Home>> {
        self.by_entity.borrow().get(entity).cloned()
    }

    fn with(&self, session: SessionId) -> Option<Rc<Home>> {
        self.by_session.borrow().get(&session).cloned()
    }

    fn all(&self) -> Vec<Rc<Home>> {
        let mut all: Vec<_> = self.by_entity.borrow().values().cloned().collect();
        // A map's order would differ from run to run of the simulation.
        all.sort_unstable_by_key(|home| home.session.get().0);
        all
    }

    fn by_link(&self, via: Via) -> Option<Rc<Home>> {
        self.by_link.borrow().get(&(via.gate, via.link)).cloned()
    }

    /// Where the messages of a client's link go from now on. Gives the home that they went to before.
    fn add_link(&self, via: Via, home: &Rc<Home>) -> Option<Rc<Home>> {
        let mut by_link = self.by_link.borrow_mut();
        let before = by_link.insert((via.gate, via.link), Rc::clone(home));
        before.filter(|before| !Rc::ptr_eq(before, home))
    }

    fn forget_link(&self, via: Via) -> Option<Rc<Home>> {
        self.by_link.borrow_mut().remove(&(via.gate, via.link))
    }

    /// Whether a client that came by this way is still there. It is not waited for any more.
    fn no_longer_awaited(&self, via: Via) -> bool {
        let mut awaited = self.awaited.borrow_mut();
        let place = awaited.iter().position(|other| *other == via);
        place.map(|place| awaited.swap_remove(place)).is_some()
    }

    fn forget_gate(&self, gate: u64) {
        self.awaited.borrow_mut().retain(|via| via.gate != gate);
        let mut by_link = self.by_link.borrow_mut();
        by_link.retain(|(of, _), _| *of != gate);
    }

    /// A session has begun, and has this number from now on.
    fn name(&self, home: &Rc<Home>, session: SessionId) {
        let before = home.session.replace(session);
        let mut by_session = self.by_session.borrow_mut();
        by_session.remove(&before);
        by_session.insert(session, Rc::clone(home));
        // What was set before wakes nobody any more.
        home.wakes_us.set(u64::MAX);
    }

    /// A number for a session of this shard.
    fn next(&self, shard: usize) -> SessionId {
        let count = self.count.get() + 1;
        self.count.set(count);
        SessionId((shard as u64) << SessionId::COUNT_BITS | count)
    }

    fn forget(&self, home: &Rc<Home>) {
        let mut by_entity = self.by_entity.borrow_mut();
        let is_it = |known: &Rc<Home>| Rc::ptr_eq(known, home);
        if by_entity.get(&home.entity).is_some_and(is_it) {
            by_entity.remove(&home.entity);
        }
        self.by_session.borrow_mut().remove(&home.session.get());
    }

    /// How many clients have a session, and how many of them are there.
    pub(super) fn counts(&self) -> (usize, usize) {
        let homes = self.by_entity.borrow();
        let open = homes.values().filter(|home| home.has_session());
        open.fold((0, 0), |(all, there), home| {
            (all + 1, there + usize::from(home.is_there.get()))
        })
    }
}

impl Home {
    fn has_session(&self) -> bool {
        self.door.borrow().session().is_some()
    }

    /// Whether it has a session that no link serves and that does not move.
    fn is_without_link(&self) -> bool {
        let door = self.door.borrow();
        let session = door.session();
        session.is_some_and(|session| session.attached().is_none() && !session.is_frozen())
    }
}

/// Bits of a [`Via`]'s gate that say which link of the shard it is; those above say which shard's.
const SERIAL_BITS: u32 = 48;

/// Set in a [`Via`]'s gate that is another node's.
const AFAR: u64 = 1 << 63;

/// The gate at the other end of a link that another node has dialled.
pub(super) const fn gate_afar(link: LinkId) -> u64 {
    AFAR | (link.shard as u64) << SERIAL_BITS | link.serial
}

/// Where a gate is.
enum Gate {
    /// On this shard of the node.
    Here(u32),
    /// At the other end of this link.
    Afar(LinkId),
}

impl From<u64> for Gate {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a node has far fewer shards than bits are left"
    )]
    fn from(gate: u64) -> Self {
        if gate & AFAR == 0 {
            return Self::Here(gate as u32);
        }
        Self::Afar(LinkId {
            shard: ((gate & !AFAR) >> SERIAL_BITS) as u32,
            serial: gate & ((1 << SERIAL_BITS) - 1),
        })
    }
}

impl ShardNode {
    fn home_of(&self, entity: &EntityRef) -> Rc<Home> {
        let known = self.homes.of(entity);
        known.unwrap_or_else(|| {
            let door = Door::new(self.shared.policy.session_limits.clone(), 0);
            self.add_home(entity, door)
        })
    }

    fn add_home(&self, entity: &EntityRef, door: Door) -> Rc<Home> {
        let [a, b, c, d, ..] = self.random().to_le_bytes();
        let home = Rc::new(Home {
            entity: entity.clone(),
            door: RefCell::new(door),
            session: Cell::new(SessionId(0)),
            is_there: Cell::new(false),
            held: RefCell::default(),
            running: RefCell::default(),
            begins: Cell::new(false),
            settles: Cell::new(false),
            asked: RefCell::default(),
            // Of an entity that has moved, what was asked before is not to be taken for what is asked now.
            last_asked: Cell::new(u32::from_le_bytes([a, b, c, d])),
            wakes_us: Cell::new(u64::MAX),
        });
        let mut by_entity = self.homes.by_entity.borrow_mut();
        by_entity.insert(entity.clone(), Rc::clone(&home));
        home
    }
}

impl fmt::Debug for Homes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Homes({})", self.by_entity.borrow().len())
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Home({} of {:?})", self.session.get().0, self.entity)
    }
}
