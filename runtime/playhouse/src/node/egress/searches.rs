//! Searches for deadlocks that came in from other nodes: where to say what was found.

use std::cell::RefCell;
use std::collections::VecDeque;

use playhouse_net::link::Link;
use playhouse_wire::message::WaitProbe;

/// Most searches of others that a shard remembers. The oldest is forgotten for one more: its deadlock is left to the
/// deadline.
pub const SEARCHES_MAX: usize = 1024;

/// Searches that came in.
#[derive(Default)]
pub(super) struct Searches(RefCell<Table>);

#[derive(Default)]
struct Table {
    last: u64,
    searches: VecDeque<Search>,
}

/// A search of another node.
pub(super) struct Search {
    pub(super) token: u64,
    pub(super) node: Box<str>,
    pub(super) probe: u64,
    link: Link,
}

impl Searches {
    /// Remembers a search that came in on `link`.
    pub(super) fn add(&self, link: &Link, probe: &WaitProbe<'_>) -> u64 {
        let mut table = self.0.borrow_mut();
        table.last += 1;
        let token = table.last;
        if table.searches.len() >= SEARCHES_MAX {
            table.searches.pop_front();
        }
        table.searches.push_back(Search {
            token,
            node: probe.initiator.node.into(),
            probe: probe.probe,
            link: link.clone(),
        });
        token
    }

    /// The link of a search, which is over.
    pub(super) fn take(&self, is: impl Fn(&Search) -> bool) -> Option<Link> {
        let mut table = self.0.borrow_mut();
        let at = table.searches.iter().position(is)?;
        table.searches.remove(at).map(|search| search.link)
    }
}
