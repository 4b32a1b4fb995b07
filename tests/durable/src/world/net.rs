//! What is on its way. Whatever is may arrive at any time, any number of times, or never.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use playhouse_store::Commit;
use playhouse_store::durable::{Ack, Activation, Arrival, Delivery};

use super::entity_of;

/// A set of messages in a fixed order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Net(Vec<(u64, Arc<Message>)>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Message {
    Commit(Arc<Commit>),
    Answer {
        commit: Arc<Commit>,
        is_applied: bool,
    },
    Delivery(Delivery),
    Ack(Ack),
}

impl Hash for Net {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for (number, _) in &self.0 {
            number.hash(state);
        }
    }
}

impl Net {
    pub(super) fn insert(&mut self, message: Message) {
        let mut hasher = DefaultHasher::new();
        message.hash(&mut hasher);
        let number = hasher.finish();
        if let Err(at) = self.0.binary_search_by_key(&number, |(number, _)| *number) {
            self.0.insert(at, (number, Arc::new(message)));
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn get(&self, index: usize) -> Option<Arc<Message>> {
        self.0.get(index).map(|(_, message)| message.clone())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Message> {
        self.0.iter().map(|(_, message)| &**message)
    }

    /// Keeps what may matter.
    pub(super) fn retain(&mut self, mut may_matter: impl FnMut(&Message) -> bool) {
        self.0.retain(|(_, message)| may_matter(message));
    }

    /// What an activation would say about the duplicates that are on their way to it.
    pub(super) fn acks_again(&self, activation: &Activation) -> Vec<Ack> {
        let deliveries = self.iter().filter_map(|message| match message {
            Message::Delivery(delivery) => Some(delivery),
            _ => None,
        });
        let arrivals = deliveries.map(|delivery| activation.arrives(delivery));
        arrivals
            .filter_map(|arrival| match arrival {
                Arrival::Again(ack) => Some(ack),
                _ => None,
            })
            .collect()
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit(commit) => {
                let (of, epoch, rev) = (&commit.id.key, commit.epoch, commit.rev);
                write!(f, "commit of {of} (epoch {epoch}, revision {rev})")
            }
            Self::Answer { commit, is_applied } => {
                let (of, epoch, rev) = (&commit.id.key, commit.epoch, commit.rev);
                let what = if *is_applied { "applied" } else { "fenced" };
                write!(
                    f,
                    "answer \"{what}\" to the commit of {of} (epoch {epoch}, revision {rev})"
                )
            }
            Self::Delivery(delivery) => {
                let (from, to) = (entity_of(&delivery.from), entity_of(&delivery.row.to));
                let item = delivery.row.slot + 1;
                let (from, to) = (super::NAMES[from], super::NAMES[to]);
                let (seq, birth) = (delivery.seq, delivery.birth);
                write!(
                    f,
                    "item {item} from {from} (birth {birth}) to {to}, message {seq}"
                )
            }
            Self::Ack(ack) => {
                let (from, to) = (&ack.from.key, &ack.to.key);
                write!(f, "acknowledgement of {to} to {from} up to {}", ack.upto)?;
                if let Some((seq, _)) = ack.refused.first() {
                    write!(f, ", {seq} refused")?;
                }
                Ok(())
            }
        }
    }
}
