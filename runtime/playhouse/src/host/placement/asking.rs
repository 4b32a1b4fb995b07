//! Asking who runs an entity: whom, and what comes of it.

use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

use playhouse_cluster::placement::{Route, Unplaced};
use playhouse_cluster::{Member, NoMember, View, What, rendezvous};
use playhouse_store::Owner;
use playhouse_wire::message::{At, Locate, Method, NoOwner, NoOwnerReason};
use playhouse_wire::{EntityRef, KeyPart, Writer};
use rustc_hash::FxHasher;

use super::super::discovery::nobody_there;
use super::super::shard::Shard;
use super::locating::Located;
use super::sending::route_of;
use super::sight::Seen;
use super::table::Entry;
use crate::call::{Address, Failure, FailureKind};
use crate::descriptor::EntityKind;

/// Stands for a question that this shard answers itself.
const HERE: u64 = u64::MAX;

/// Most nodes whose addresses are remembered.
const NODES_MAX: usize = 4096;

impl Entry {
    /// A node could not be reached: others are asked first.
    pub(super) fn avoid(&self, node: &Arc<str>) {
        let mut avoided = self.avoided.borrow_mut();
        if !avoided.contains(node) {
            avoided.push(Arc::clone(node));
        }
    }

    /// Whether a node was asked and does not have it.
    fn has_denied(&self, node: &Arc<str>) -> bool {
        self.avoided.borrow().contains(node) && !self.unheard.borrow().contains(node)
    }

    /// Whatever was heard counts no more.
    fn ask_all_anew(&self) {
        self.avoided.borrow_mut().clear();
        self.unheard.borrow_mut().clear();
    }
}

impl Shard {
    /// Asks who runs an entity: an activation whose epoch is greater than the one seen.
    pub(super) fn ask_for(self: &Rc<Self>, entry: &Rc<Entry>, epoch_seen: u64) {
        let Some(cluster) = self.clustered() else {
            return;
        };
        let view = cluster.seat.view();
        if let Some(route) = self.route_to_own_of_node(&entry.entity, &view) {
            return self.answered_with(entry, route);
        }
        let member = match candidate(entry, &view) {
            Ok(member) => member,
            Err(nobody) => {
                let text = self.nobody_runs(&nobody, &entry.entity);
                let failure = nobody_there(&nobody).because(text);
                let located = Located::Nobody(NoOwnerReason::NoNode, failure);
                entry.asked.set(Some(HERE));
                return self.answered(entry, &located);
            }
        };
        if member.name == self.node || self.is_first_to_ask(entry) {
            *entry.candidate.borrow_mut() = Arc::clone(&self.node);
            entry.asked.set(Some(HERE));
            let asking = Rc::clone(entry);
            let then = Box::new(move |shard: &Rc<Self>, located: &Located| {
                shard.answered(&asking, located);
            });
            return self.locate(&entry.entity, epoch_seen, then);
        }
        let locate = Locate {
            entity: entry.entity.clone(),
            epoch_seen,
        };
        let mut writer = Writer::new();
        locate.put(&mut writer);
        let sent = self.address_of(&member.name).and_then(|to| {
            self.egress_or_refuse(&to)?
                .send_message(&to, writer.as_bytes())
        });
        match sent {
            Ok(link) => {
                entry.asked.set(Some(link));
                let mut asked = self.placements.asked.borrow_mut();
                asked.entry(link).or_default().push(entry.entity.clone());
            }
            Err(failure) => self.could_not_ask(entry, &member.name, failure),
        }
    }

    /// Why nobody is there for an entity.
    fn nobody_runs(&self, nobody: &NoMember, entity: &EntityRef) -> String {
        let schema = self.schema.get();
        let entity = schema.and_then(|it| it.entity(entity.package, entity.number));
        match entity.and_then(|entity| Some((entity, entity.role?))) {
            Some((entity, role)) => {
                let (name, role) = (entity.head.name, role.head.name);
                format!("nobody of role {role} runs {name}: {nobody}")
            }
            None => nobody.to_string(),
        }
    }

    /// Whether this node is asked before all others, since it has the entity's client, and has not answered yet.
    fn is_first_to_ask(&self, entry: &Entry) -> bool {
        !entry.avoided.borrow().contains(&self.node) && self.has_client_of(&entry.entity)
    }

    /// Whether a client of this node is bound to an entity whose activation is over: it is begun here again if nobody else
    /// runs it, since the client's session is here.
    fn has_client_of(&self, entity: &EntityRef) -> bool {
        let kind = self.find_kind(entity.package, entity.number);
        let Some((kind, keeper)) = kind.zip(self.keeper()) else {
            return false;
        };
        let clients = keeper.clients.borrow();
        !clients.is_empty() && clients.contains_key(&(kind.index, entity.key.clone()))
    }

    /// Somebody could not be asked: the next one is, after a pause.
    fn could_not_ask(self: &Rc<Self>, entry: &Rc<Entry>, node: &Arc<str>, failure: Failure) {
        entry.avoid(node);
        entry.unheard.borrow_mut().push(Arc::clone(node));
        *entry.failure.borrow_mut() = Some(failure);
        entry.caller.borrow_mut().not_located();
        self.drive(entry);
    }

    /// The pause before the next question is over.
    pub(in crate::host) fn ask_again(self: &Rc<Self>, entry: &Rc<Entry>, epoch_seen: u64) {
        self.ask_for(entry, epoch_seen);
        self.drive(entry);
    }

    /// What is run by the node that its key names, and by no other.
    fn route_to_own_of_node(
        &self,
        entity: &EntityRef,
        view: &View,
    ) -> Option<Result<Route, Failure>> {
        let kind = self.find_kind(entity.package, entity.number)?;
        if !matches!(kind.descriptor.kind, EntityKind::PerNode) {
            return None;
        }
        Some(own_of_node(entity, view))
    }

    fn answered_with(self: &Rc<Self>, entry: &Rc<Entry>, route: Result<Route, Failure>) {
        entry.asked.set(Some(HERE));
        let located = match route {
            Ok(route) => Located::At(route),
            Err(failure) => Located::Nobody(NoOwnerReason::NoNode, failure),
        };
        self.answered(entry, &located);
    }

    /// Somebody answered.
    pub(super) fn answered(self: &Rc<Self>, entry: &Rc<Entry>, located: &Located) {
        let Some(link) = entry.asked.take() else {
            return;
        };
        self.no_longer_asked(link, &entry.entity);
        let is_made = self.is_made(&entry.entity);
        match located {
            // The record may outlive what it tells of: its owner knows better.
            Located::At(route) if is_made && entry.has_denied(&route.owner.node) => {
                return self.made_is_nowhere(entry, &failure_of(NoOwnerReason::NotActive));
            }
            Located::At(route) => {
                if is_made {
                    entry.ask_all_anew();
                }
                *entry.failure.borrow_mut() = None;
                *entry.last_node.borrow_mut() = Some(Arc::clone(&route.owner.node));
                entry.caller.borrow_mut().located(Ok(route.clone()));
            }
            Located::Nobody(NoOwnerReason::NotActive, failure) if is_made => {
                return self.made_is_nowhere(entry, failure);
            }
            Located::Nobody(reason, failure) => {
                *entry.failure.borrow_mut() = Some(failure.clone());
                let final_word = matches!(reason, NoOwnerReason::NotActive | NoOwnerReason::NoNode);
                if link != HERE && !final_word && self.others_are_left(entry) {
                    entry.caller.borrow_mut().not_located();
                } else {
                    end_with(entry, *reason, failure);
                }
            }
        }
        self.drive(entry);
    }

    /// A node does not have an entity that somebody makes. Until the store has heard of one, only the node that has made it
    /// knows of it: that there is none is true once all have said so.
    fn made_is_nowhere(self: &Rc<Self>, entry: &Rc<Entry>, failure: &Failure) {
        *entry.failure.borrow_mut() = Some(failure.clone());
        if self.others_are_left(entry) {
            let epoch_seen = entry.caller.borrow().epoch_seen();
            return self.ask_for(entry, epoch_seen);
        }
        if entry.unheard.borrow().is_empty() {
            end_with(entry, NoOwnerReason::NotActive, failure);
        } else {
            entry.caller.borrow_mut().not_located();
        }
        entry.ask_all_anew();
        self.drive(entry);
    }

    /// Whether an entity is of a type whose entities somebody makes.
    fn is_made(&self, entity: &EntityRef) -> bool {
        let schema = self.schema.get();
        let entity = schema.and_then(|it| it.entity(entity.package, entity.number));
        entity.is_some_and(|entity| matches!(entity.kind, EntityKind::Instance))
    }

    /// Whether nodes that run the type have not been asked yet, now that the last one could not help.
    fn others_are_left(&self, entry: &Entry) -> bool {
        let node = entry.candidate.borrow().clone();
        entry.avoid(&node);
        let Some(cluster) = self.clustered() else {
            return false;
        };
        let view = cluster.seat.view();
        let members = view.with_entity(entry.entity.package, entry.entity.number);
        let avoided = entry.avoided.borrow();
        members.iter().any(|member| !avoided.contains(&member.name))
    }

    fn no_longer_asked(&self, link: u64, entity: &EntityRef) {
        let mut asked = self.placements.asked.borrow_mut();
        if let Some(entities) = asked.get_mut(&link) {
            entities.retain(|it| it != entity);
            if entities.is_empty() {
                asked.remove(&link);
            }
        }
    }

    /// A node says where an entity is.
    pub(crate) fn entity_is_at(self: &Rc<Self>, at: &At<'_>) {
        if let Some(entry) = self.placements.find(&at.entity) {
            self.answered(&entry, &Located::At(route_of(&at.owner)));
        }
    }

    /// A node says that nobody runs an entity.
    pub(crate) fn entity_is_nowhere(self: &Rc<Self>, message: &NoOwner) {
        if let Some(entry) = self.placements.find(&message.entity) {
            let failure = failure_of(message.reason);
            self.answered(&entry, &Located::Nobody(message.reason, failure));
        }
    }

    /// A link is over that messages were sent by.
    pub(crate) fn link_closed(self: &Rc<Self>, link: u64, why: &str) {
        self.handoffs_lost(link);
        let asked = self.placements.asked.borrow_mut().remove(&link);
        for entity in asked.unwrap_or_default() {
            let Some(entry) = self.placements.find(&entity) else {
                continue;
            };
            if entry.asked.get() != Some(link) {
                continue;
            }
            entry.asked.set(None);
            let failure = Failure::not_executed(FailureKind::Unreachable).because(why);
            let node = entry.candidate.borrow().clone();
            self.could_not_ask(&entry, &node, failure);
        }
    }

    /// Whether this is the node, in the life that it has.
    pub(super) fn is_me(&self, owner: &Owner) -> bool {
        self.clustered()
            .is_some_and(|cluster| cluster.standing.is(owner))
    }

    /// Where a node listens that is to take a call of this type.
    ///
    /// # Errors
    ///
    /// It is not known, or the node has another form of the type.
    pub(super) fn reach(&self, node: &Arc<str>, method: Method) -> Result<Address, Failure> {
        let view = self.sighted();
        let member = view.as_ref().and_then(|view| view.get(node));
        match member.and_then(|it| it.strange_in((method.package, method.number))) {
            Some(strange) => {
                Err(Failure::not_executed(FailureKind::Incompatible).because(&*strange.why))
            }
            None => self.address_in(view.as_deref(), node),
        }
    }

    fn sighted(&self) -> Option<Rc<Seen>> {
        let cluster = self.clustered()?;
        Some(self.placements.sight.view(&cluster.seat))
    }

    /// Where a node listens, or did when it was last there.
    pub(in crate::host) fn address_of(&self, node: &Arc<str>) -> Result<Address, Failure> {
        let view = self.sighted();
        self.address_in(view.as_deref(), node)
    }

    fn address_in(&self, view: Option<&Seen>, node: &Arc<str>) -> Result<Address, Failure> {
        let member = view.and_then(|view| view.get(node));
        let mut nodes = self.placements.nodes.borrow_mut();
        let known = nodes.get(node);
        let there = member.and_then(|member| member.addresses.first());
        match (there, known) {
            (Some(there), Some(known)) if known.as_str() == &**there => Ok(known.clone()),
            (Some(there), _) => {
                let address = Address::new(&**there);
                if nodes.len() >= NODES_MAX {
                    nodes.clear();
                }
                nodes.insert(Arc::clone(node), address.clone());
                Ok(address)
            }
            (None, Some(known)) => Ok(known.clone()),
            (None, None) => Err(
                Failure::not_executed(FailureKind::Unreachable).because(format!(
                    "node {node} is not in the cluster, and its address is not known"
                )),
            ),
        }
    }
}

/// Whom to ask: who ran it last, or who is to run it first.
fn candidate(entry: &Entry, view: &View) -> Result<Arc<Member>, NoMember> {
    let (package, number) = (entry.entity.package, entry.entity.number);
    let members = view.with_entity(package, number);
    let chosen = {
        let avoided = entry.avoided.borrow();
        let last = entry.last_node.borrow();
        let last = last.as_ref().filter(|last| !avoided.contains(last));
        let last = last.and_then(|last| members.iter().find(|member| member.name == *last));
        let fit: Vec<_>;
        let others = if avoided.is_empty() {
            members
        } else {
            fit = members
                .iter()
                .filter(|member| !avoided.contains(&member.name))
                .cloned()
                .collect();
            &fit
        };
        let chosen = last.or_else(|| rendezvous(others, entity_hash(&entry.entity)));
        chosen.cloned()
    };
    let chosen = chosen.or_else(|| {
        // None of them could be reached: once more from the beginning.
        entry.ask_all_anew();
        rendezvous(members, entity_hash(&entry.entity)).cloned()
    });
    let member = chosen.ok_or_else(|| view.nobody(&What::Entity((package, number))))?;
    *entry.candidate.borrow_mut() = Arc::clone(&member.name);
    Ok(member)
}

/// An entity of the node that its key names.
pub(super) fn own_of_node(entity: &EntityRef, view: &View) -> Result<Route, Failure> {
    let [KeyPart::Text(node)] = entity.key.parts() else {
        return Err(super::super::dispatch::no_such_target());
    };
    let member = view.get(node).ok_or_else(|| {
        Failure::not_executed(FailureKind::Unreachable)
            .because(format!("node {node} is not in the cluster"))
    })?;
    Ok(Route {
        owner: Owner {
            node: Arc::clone(&member.name),
            incarnation: member.incarnation,
        },
        // It has no owner record, and nobody asks for this number.
        epoch: 1,
    })
}

/// By what a node is chosen for the first activation of an entity.
pub(in crate::host) fn entity_hash(entity: &EntityRef) -> u64 {
    let mut hasher = FxHasher::default();
    (entity.package, entity.number, &entity.key).hash(&mut hasher);
    hasher.finish()
}

/// All calls that wait for an entity end: nobody runs it.
fn end_with(entry: &Entry, reason: NoOwnerReason, failure: &Failure) {
    let unplaced = Unplaced {
        reason,
        text: Some(failure.text().to_owned()),
    };
    entry.caller.borrow_mut().located(Err(unplaced));
}

/// What a call hears whose entity nobody runs.
fn failure_of(reason: NoOwnerReason) -> Failure {
    let (kind, text) = match reason {
        NoOwnerReason::NotActive => (FailureKind::NotFound, "there is no such entity"),
        NoOwnerReason::StoreAway => (
            FailureKind::Unreachable,
            "the node that was asked can't reach the store, or may not take it; its log says more",
        ),
        // Of that node at that moment, and not of the entity: it stops, or was started anew as another.
        NoOwnerReason::UnknownType => (
            FailureKind::Unreachable,
            "the node that was asked takes no entity of this type any more",
        ),
        NoOwnerReason::Incompatible => (
            FailureKind::Incompatible,
            "the node that was asked can't read it, since a node of a later release wrote it, or leaves it to others; its \
             log says more: finish the rolling upgrade, or take it back as a whole",
        ),
        _ => (
            FailureKind::Unreachable,
            "the node that was asked takes nothing new",
        ),
    };
    Failure::not_executed(kind).because(text)
}
