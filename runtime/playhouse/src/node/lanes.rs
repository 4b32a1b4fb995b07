//! The links that other nodes have dialled, so that of each lane only one is taken at a time.
//!
//! What a node sends to an entity comes by one lane, in order. If its link breaks and it dials again, what it sent by the
//! old link may still lie unread in the old socket, on another shard. So a new link of the same lane is held until the old
//! one has been closed, and what was taken from it has been handed on.

use std::sync::{Mutex, PoisonError};

use playhouse_wire::link::Peer;
use playhouse_wire::message::{Incarnation, Role};
use rustc_hash::FxHashMap;

use crate::host::LinkId;

/// The lanes of a node, which all its shards see.
#[derive(Debug, Default)]
pub(super) struct Lanes(Mutex<FxHashMap<Lane, Links>>);

/// Which of a node's links: the node, its life, and the number that it gave.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Lane {
    node: Box<str>,
    incarnation: Incarnation,
    number: u32,
}

#[derive(Debug)]
struct Links {
    taken: LinkId,
    /// Comes after it.
    held: Option<LinkId>,
}

/// The number of a shard's first link to each address, of a node that has so many shards. Those of its other links there,
/// which the game tells apart by their lanes, follow.
pub(super) fn first_lane(shard: usize, shards: usize) -> u32 {
    // A node has at most `SHARDS_MAX` shards, and one for the system.
    let narrow = |number: usize| u32::try_from(number).unwrap_or_default();
    narrow(shards) << 16 | narrow(shard + 1) << 8
}

/// The shard that a link of this number is from, if that is the first link of the shard, and its node has as many shards as
/// this one.
pub(super) fn same_shard(lane: u32, shards: usize) -> Option<usize> {
    (0..shards).find(|shard| first_lane(*shard, shards) == lane)
}

impl Lane {
    /// The lane of a link; none for peers that may have several links alike.
    pub(super) fn of(peer: &Peer) -> Option<Self> {
        (peer.role == Role::Node && peer.lane != 0).then(|| Self {
            node: peer.name.clone(),
            incarnation: peer.incarnation,
            number: peer.lane,
        })
    }
}

impl Lanes {
    fn with<R>(&self, f: impl FnOnce(&mut FxHashMap<Lane, Links>) -> R) -> R {
        // A map that is half changed is of no harm here: links come and go.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A link of the lane has opened. If there are others it is held, and those are to be closed.
    pub(super) fn enter(&self, lane: &Lane, link: LinkId) -> Vec<LinkId> {
        self.with(|lanes| match lanes.get_mut(lane) {
            None => {
                let links = Links {
                    taken: link,
                    held: None,
                };
                lanes.insert(lane.clone(), links);
                Vec::new()
            }
            Some(links) => {
                let before = links.held.replace(link);
                [Some(links.taken), before].into_iter().flatten().collect()
            }
        })
    }

    /// A link of the lane is over. Gives the one that is taken from now on, if one was held for it.
    pub(super) fn leave(&self, lane: &Lane, link: LinkId) -> Option<LinkId> {
        self.with(|lanes| {
            let links = lanes.get_mut(lane)?;
            if links.taken != link {
                links.held.take_if(|held| *held == link);
                return None;
            }
            match links.held.take() {
                Some(held) => {
                    links.taken = held;
                    Some(held)
                }
                None => {
                    lanes.remove(lane);
                    None
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn link(serial: u64) -> LinkId {
        LinkId { shard: 0, serial }
    }

    fn lane() -> Lane {
        Lane {
            node: "a".into(),
            incarnation: Incarnation::default(),
            number: 257,
        }
    }

    #[test]
    fn a_second_link_is_held_until_the_first_is_over() {
        let (lanes, lane) = (Lanes::default(), lane());
        assert_eq!(lanes.enter(&lane, link(1)), []);
        assert_eq!(lanes.enter(&lane, link(2)), [link(1)]);
        assert_eq!(lanes.leave(&lane, link(1)), Some(link(2)));
        assert_eq!(lanes.leave(&lane, link(2)), None);
        assert_eq!(lanes.enter(&lane, link(3)), []);
    }

    #[test]
    fn the_last_of_many_is_the_one_that_stays() {
        let (lanes, lane) = (Lanes::default(), lane());
        assert_eq!(lanes.enter(&lane, link(1)), []);
        assert_eq!(lanes.enter(&lane, link(2)), [link(1)]);
        assert_eq!(lanes.enter(&lane, link(3)), [link(1), link(2)]);
        assert_eq!(lanes.leave(&lane, link(2)), None);
        assert_eq!(lanes.leave(&lane, link(1)), Some(link(3)));
    }
}
