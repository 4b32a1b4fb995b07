//! Looking for deadlocks across nodes: where a search leaves the node, and where another node's comes in.
//!
//! What goes out says who is looked for: the one that waits, in the end, for the call that began the search. Whoever
//! finds that it waits for itself says so to the node that it heard the search from, and so back to the first. Two
//! nodes need none of this, since a call brings the chain of those that wait for it.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use playhouse_wire::EntityRef;
use playhouse_wire::message::{
    ChainBuffer, Initiator, Method, WaitFound, WaitProbe, Waiting as Waits,
};

use super::calls::CallId;
use super::egress::EgressId;
use super::fabric::Packet;
use super::probe::{Found, PROBE_STEPS_MAX, Probe};
use super::route::Home;
use super::shard::Shard;
use crate::call::Target;

/// Most searches of one shard that are underway at other nodes. The oldest is forgotten for one more: its deadlock is
/// left to the deadline.
pub const FAR_SEARCHES_MAX: usize = 1024;

/// Searches of this shard that have left the node.
#[derive(Debug, Default)]
pub(super) struct FarSearches {
    last: u64,
    searches: VecDeque<FarSearch>,
}

#[derive(Debug)]
struct FarSearch {
    number: u64,
    home: u32,
    call: CallId,
    /// Who comes behind the one that is looked for, down to the call that began the search.
    tail: Vec<Waits>,
}

/// A search of another node.
#[derive(Debug)]
pub(super) struct FarOrigin {
    node: Box<str>,
    probe: u64,
    /// Who is looked for.
    entity: Waits,
    call: u64,
    /// By what the node knows where it came from.
    token: u64,
}

impl FarSearches {
    fn add(&mut self, shard: u32, home: u32, call: CallId, tail: Vec<Waits>) -> u64 {
        self.last += 1;
        let number = u64::from(shard) << 48 | self.last;
        if self.searches.len() >= FAR_SEARCHES_MAX {
            self.searches.pop_front();
        }
        self.searches.push_back(FarSearch {
            number,
            home,
            call,
            tail,
        });
        number
    }

    fn take(&mut self, number: u64) -> Option<FarSearch> {
        let at = self.searches.iter().position(|it| it.number == number)?;
        self.searches.remove(at)
    }
}

impl FarOrigin {
    fn initiator(&self) -> Initiator<'_> {
        Initiator {
            node: &self.node,
            entity: self.entity.clone(),
            call: self.call,
        }
    }
}

impl Shard {
    /// Has the search go on where request `after` went.
    pub(super) fn probe_afar(&self, after: EgressId, probe: &Probe) {
        let Some(egress) = self.egress() else {
            return;
        };
        let mut path = ChainBuffer::new();
        if !filled(&mut path, &probe.path) {
            return;
        }
        let own;
        let (number, initiator) = match &probe.far {
            Some(far) => (far.probe, far.initiator()),
            None => {
                // The last one is the call itself; before it stands who waits for it.
                let Some(index) = probe.above.len().checked_sub(2) else {
                    return;
                };
                let (Some(entity), Some(tail)) =
                    (probe.above.get(index), probe.above.get(index + 1..))
                else {
                    return;
                };
                own = self.remember(probe, tail);
                let initiator = Initiator {
                    node: &self.node,
                    entity: entity.clone(),
                    call: own,
                };
                (own, initiator)
            }
        };
        let target = &probe.target;
        let message = WaitProbe {
            probe: number,
            initiator,
            path: path.as_chain(),
            target: EntityRef {
                package: target.method.package,
                number: target.method.number,
                slot: 0,
                key: target.key.clone(),
            },
        };
        egress.probe(after, &message);
    }

    /// Keeps what is needed when the answer comes; its number is no other shard's.
    fn remember(&self, probe: &Probe, tail: &[Waits]) -> u64 {
        let mut far = self.far.borrow_mut();
        far.add(self.index, probe.home, probe.call, tail.to_vec())
    }

    /// Goes on with a search of another node. If it finds anything, [`Egress::found`](super::Egress::found) is given
    /// `token`.
    pub fn probed(self: &Rc<Self>, probe: &WaitProbe<'_>, token: u64) {
        let path: Vec<Waits> = probe.path.iter().collect();
        let target = Target::Entity(probe.target.clone());
        let home = match self.home(&target) {
            Ok(_) if path.len() >= PROBE_STEPS_MAX => return,
            Ok(Home::Here) => self.index,
            Ok(Home::Shard(shard)) => shard,
            Err(_) => return,
        };
        let EntityRef {
            package,
            number,
            key,
            ..
        } = probe.target.clone();
        let entity = probe.initiator.entity.clone();
        let probe = Probe {
            home: self.index,
            call: CallId::NONE,
            above: vec![entity.clone()],
            path,
            target: Waits {
                method: Method {
                    package,
                    number,
                    ..Method::default()
                },
                key,
            },
            far: Some(Arc::new(FarOrigin {
                node: probe.initiator.node.into(),
                probe: probe.probe,
                entity,
                call: probe.initiator.call,
                token,
            })),
        };
        self.post(home, Packet::Probe(Box::new(probe)));
    }

    /// A search of another node has met whom it looks for.
    pub(super) fn found_for(&self, far: &FarOrigin, path: &[Waits]) {
        let mut chain = ChainBuffer::new();
        // Whoever is looked for is last, and known.
        let path = path.split_last().map_or(path, |(_, path)| path);
        if let (Some(egress), true) = (self.egress(), filled(&mut chain, path)) {
            let found = WaitFound {
                probe: far.probe,
                initiator: far.initiator(),
                path: chain.as_chain(),
            };
            egress.found(far.token, &found);
        }
    }

    /// A search that this shard sent away has met whom it looks for; whether it was one of this node's.
    pub fn found_afar(self: &Rc<Self>, found: &WaitFound<'_>) -> bool {
        if found.initiator.node != &*self.node {
            return false;
        }
        let search = {
            let mut far = self.far.borrow_mut();
            far.take(found.initiator.call)
        };
        if let Some(search) = search {
            let mut path: Vec<Waits> = found.path.iter().collect();
            path.push(found.initiator.entity.clone());
            path.extend(search.tail);
            let found = Found {
                call: search.call,
                path,
                far: None,
            };
            self.post(search.home, Packet::Found(Box::new(found)));
        }
        true
    }
}

/// Writes a path; false if it is too long.
fn filled(chain: &mut ChainBuffer, path: &[Waits]) -> bool {
    path.iter()
        .all(|waits| chain.push(waits.method, &waits.key).is_ok())
}

const _: () = assert!(PROBE_STEPS_MAX <= playhouse_wire::message::CHAIN_MAX);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_search_is_forgotten_for_one_too_many() {
        let mut far = FarSearches::default();
        let mut add = || far.add(3, 0, CallId::NONE, Vec::new());
        let numbers: Vec<u64> = (0..=FAR_SEARCHES_MAX).map(|_| add()).collect();
        assert_eq!(far.searches.len(), FAR_SEARCHES_MAX);
        assert!(far.take(numbers[0]).is_none());
        for number in &numbers[1..] {
            assert!(far.take(*number).is_some());
            assert!(far.take(*number).is_none(), "found twice");
        }
    }
}
