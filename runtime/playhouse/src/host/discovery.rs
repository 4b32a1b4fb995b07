//! Services of other nodes: whom a call goes to that names a service and no node.
//!
//! An instance of this node is taken if there is one, whoever else is less busy: such a call skips the wire.

use std::cell::RefCell;
use std::sync::Arc;

use playhouse_cluster::{Member, NoMember, Picker, View, What, consistent};

use super::shard::Shard;
use crate::call::{Address, Failure, FailureKind, Target};

/// What a shard remembers of the nodes that it chose.
#[derive(Debug, Default)]
pub(super) struct Discovery {
    picker: RefCell<Picker>,
}

impl Shard {
    /// The node that a call of a service goes to; none if it is served here, or is no service's, or there is no cluster.
    ///
    /// # Errors
    ///
    /// No node serves it. The words say which role is missing, and since when.
    #[inline]
    pub(super) fn discover(&self, target: &Target) -> Result<Option<Address>, Failure> {
        let Target::Service {
            package,
            number,
            key,
        } = target
        else {
            return Ok(None);
        };
        let Some(clustered) = self.clustered() else {
            return Ok(None);
        };
        if self.find_service(*package, *number).is_some() {
            return Ok(None);
        }
        let view = clustered.seat.view();
        self.choose(&view, (*package, *number), *key).map(Some)
    }

    fn choose(&self, view: &View, id: (u16, u16), key: Option<u64>) -> Result<Address, Failure> {
        let candidates = view.with(&What::Service(id));
        let address = match key {
            Some(key) => consistent(candidates, key).and_then(address_of),
            None => self.pick_any(candidates),
        };
        address.ok_or_else(|| {
            let nobody = view.nobody(&What::Service(id));
            let text = self.nobody_serves(&nobody, id);
            nobody_there(&nobody).because(text)
        })
    }

    /// The least busy, but for those whose address could not be reached a moment ago, if there are others.
    fn pick_any(&self, candidates: &[Arc<Member>]) -> Option<Address> {
        let now_us = i64::try_from(self.now_us()).unwrap_or(i64::MAX);
        let mut picker = self.discovery.picker.borrow_mut();
        let first = picker.pick(candidates, now_us).and_then(address_of)?;
        let Some(egress) = self.egress().filter(|it| it.leaves_alone(&first)) else {
            return Some(first);
        };
        let within_reach = |member: &&Arc<Member>| {
            address_of(member).is_some_and(|address| !egress.leaves_alone(&address))
        };
        let others: Vec<_> = candidates.iter().filter(within_reach).cloned().collect();
        let other = picker.pick(&others, now_us).and_then(address_of);
        other.or(Some(first))
    }

    /// Why nobody is there for a service.
    fn nobody_serves(&self, nobody: &NoMember, id: (u16, u16)) -> String {
        let schema = self.schema.get();
        match schema.and_then(|schema| schema.service(id.0, id.1)) {
            Some(service) => {
                let (name, role) = (service.head.name, service.role.head.name);
                format!("nobody of role {role} serves {name}: {nobody}")
            }
            None => nobody.to_string(),
        }
    }
}

fn address_of(member: &Arc<Member>) -> Option<Address> {
    let address = member.addresses.first()?;
    Some(Address::new(address.as_str()))
}

/// The failure of a call that nobody is there for, without its words: whoever is there may be of another release.
pub(super) fn nobody_there(nobody: &NoMember) -> Failure {
    Failure::not_executed(match nobody.strange {
        Some(_) => FailureKind::Incompatible,
        None => FailureKind::Unreachable,
    })
}
