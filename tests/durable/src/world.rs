//! A state of everything, and what may happen next.

mod body;
mod check;
mod net;
mod rest;
mod step;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use playhouse_store::durable::{Activation, After, Rule};
use playhouse_store::{
    Claim, Claimed, Document, DocumentId, Documents, Header, Owner, Take, Value,
};

use crate::scenario::{Budget, Scenario, Without};
use crate::world::body::Body;
use crate::world::net::{Message, Net};

pub use step::Step;

/// Everything there is: documents, nodes, and what is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    documents: Documents,
    nodes: Vec<Node>,
    net: Net,
    budget: Budget,
    /// Plain changes by entity that someone was told are saved.
    acknowledged: [u64; 2],
    births: u64,
    items: usize,
    fault: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Node {
    incarnation: u64,
    lives: [Option<Arc<Live>>; 2],
    /// Documents on their way to this node: claimed, or with a rule off just read.
    coming: [Option<Arc<Document>>; 2],
}

/// An entity as a node runs it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Live {
    activation: Activation,
    now: Body,
    /// As in the document.
    kept: Body,
    /// As in the commit in flight.
    saving: Option<Body>,
    /// An item that was taken out but not sent yet: half of a handler.
    half: Option<usize>,
}

const NAMES: [&str; 2] = ["A", "B"];

fn id(entity: usize) -> DocumentId {
    DocumentId::new("t", NAMES[entity])
}

fn entity_of(id: &DocumentId) -> usize {
    usize::from(*id.key == *NAMES[1])
}

fn owner(node: usize, incarnation: u64) -> Owner {
    Owner {
        node: format!("n{node}").into(),
        incarnation,
    }
}

impl World {
    /// As it begins.
    #[must_use]
    pub fn new(scenario: &Scenario, without: Without) -> Self {
        let rules = without.rules();
        let documents = Documents::default()
            .with_filter(rules.has(Rule::EpochInFilter), rules.has(Rule::RevInFilter));
        let mut world = Self {
            documents,
            nodes: vec![Node::default(); scenario.nodes],
            net: Net::default(),
            budget: scenario.budget,
            acknowledged: [0; 2],
            births: 10,
            items: scenario.items.len(),
            fault: None,
        };
        for entity in 0..2 {
            let mut body = Body::default();
            for (item, holder) in scenario.items.iter().enumerate() {
                body.items[item] = u64::from(*holder == entity);
            }
            let mut root = Value::table();
            root.apply(&body.changes(&Body::default()));
            world.documents.insert(Document {
                id: id(entity),
                header: Header {
                    birth: 1 + entity as u64,
                    schema: 0,
                    owner: None,
                    epoch: 1,
                    rev: 1,
                    born: true,
                    pending: false,
                    wake_us: None,
                },
                root,
            });
            if let Some(node) = scenario.runs[entity] {
                world.claim(node, entity, without);
            }
        }
        world
    }

    /// A number that differs for different worlds.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    /// Claims and starts at once.
    fn claim(&mut self, node: usize, entity: usize, without: Without) {
        if let Some(document) = self.claimed(node, entity) {
            self.start(node, entity, &document, without);
        }
    }

    fn claimed(&mut self, node: usize, entity: usize) -> Option<Document> {
        self.births += u64::from(self.documents.read(&id(entity)).is_none());
        let claimed = self.documents.claim(&Claim {
            id: id(entity),
            owner: owner(node, self.nodes[node].incarnation),
            seen: None,
            take: Take::Any,
            create: true,
            birth: self.births,
        });
        match claimed {
            Claimed::Mine(document) => Some(*document),
            _ => None,
        }
    }

    fn start(&mut self, node: usize, entity: usize, document: &Document, without: Without) {
        let owner = owner(node, self.nodes[node].incarnation);
        match Activation::new(document, owner, without.rules()) {
            Ok(activation) => {
                let kept = Body::of(document);
                self.nodes[node].lives[entity] = Some(Arc::new(Live {
                    activation,
                    now: kept,
                    kept,
                    saving: None,
                    half: None,
                }));
            }
            Err(_) => self.fault = Some("a document can't be read"),
        }
    }

    fn live(&self, node: usize, entity: usize) -> Option<&Live> {
        self.nodes[node].lives[entity].as_deref()
    }

    fn live_mut(&mut self, node: usize, entity: usize) -> Option<&mut Live> {
        self.nodes[node].lives[entity].as_mut().map(Arc::make_mut)
    }

    fn crash(&mut self, node: usize) {
        let crashed = &mut self.nodes[node];
        crashed.incarnation += 1;
        crashed.lives = [None, None];
        crashed.coming = [None, None];
    }

    /// Does what an activation says after an answer.
    fn settle(&mut self, node: usize, entity: usize, after: After, without: Without) {
        let header = self
            .documents
            .read(&id(entity))
            .map(|document| document.header.clone());
        let Some(live) = self.live_mut(node, entity) else {
            return;
        };
        match after {
            After::Done { deliveries, acks } => {
                if let Some(body) = live.saving.take() {
                    live.kept = body;
                }
                let (kept, is_over) = (live.kept, live.activation.is_over());
                self.acknowledged[entity] |= kept.touched;
                let deliveries = deliveries.into_iter().map(Message::Delivery);
                for message in deliveries.chain(acks.into_iter().map(Message::Ack)) {
                    self.net.insert(message);
                }
                if is_over {
                    self.nodes[node].lives[entity] = None;
                }
            }
            After::Again(commit) => self.net.insert(Message::Commit(commit)),
            After::Taken(..) | After::Undone(..) => live.saving = None,
            After::Over => match header {
                Some(header) if !without.rules().has(Rule::FencedIsOver) => {
                    live.activation.adopt(header.epoch, header.rev);
                    live.saving = None;
                }
                _ => self.nodes[node].lives[entity] = None,
            },
        }
    }

    /// Puts on its way whatever can be sent in this state: from then on it may arrive at any time, often, or never.
    fn send_all(&mut self) {
        let lives: Vec<Arc<Live>> = self
            .nodes
            .iter()
            .flat_map(|node| node.lives.iter().flatten().cloned())
            .collect();
        for live in &lives {
            for delivery in live.activation.deliveries() {
                self.net.insert(Message::Delivery(delivery));
            }
        }
        for live in &lives {
            for ack in self.net.acks_again(&live.activation) {
                self.net.insert(Message::Ack(ack));
            }
        }
    }
}
