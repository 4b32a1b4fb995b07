//! Who stands in etcd, put together from what is listed and what is heard.
//!
//! After a time without etcd a listing may lack members that live, since their leases ran out meanwhile and they come back
//! one after another. So who is absent from a listing is kept for a while; who is deleted while we watch is gone at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;

use crate::etcd::keys::{Key, load_from_text, member_from_text};
use crate::member::{Load, MEMBERS_MAX, Member};

/// What one member's keys say.
#[derive(Debug, Default)]
struct Entry {
    /// With its load. None while only the load is known.
    member: Option<Arc<Member>>,
    load: Load,
    /// It was absent from a listing, and goes then.
    gone_at: Option<Instant>,
}

/// What has changed for those who look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// How busy somebody is.
    Load,
    /// Who is there.
    Members,
}

/// The members that etcd names.
#[derive(Debug, Default)]
pub(super) struct Roster {
    entries: BTreeMap<Arc<str>, Entry>,
}

impl Roster {
    /// These are all keys that there are. Members without one go at `gone_at`.
    pub(super) fn list(
        &mut self,
        keys: impl IntoIterator<Item = (Key, Vec<u8>)>,
        gone_at: Instant,
    ) {
        for entry in self.entries.values_mut() {
            entry.gone_at.get_or_insert(gone_at);
        }
        for (key, value) in keys {
            self.put(key, &value);
        }
    }

    /// A key has this value now.
    pub(super) fn put(&mut self, key: Key, value: &[u8]) -> Change {
        match key {
            Key::Node(name) => match member_from_text(&name, value) {
                Ok(member) => self.put_member(name, member),
                Err(why) => {
                    tracing::warn!(
                        node = &*name,
                        why,
                        "an entry in etcd is not a node's: passed over"
                    );
                    Change::None
                }
            },
            Key::Load(name) => match load_from_text(value) {
                Ok(load) => self.put_load(name, load),
                Err(why) => {
                    tracing::warn!(
                        node = &*name,
                        why,
                        "a load in etcd is not a node's: passed over"
                    );
                    Change::None
                }
            },
        }
    }

    fn put_member(&mut self, name: Arc<str>, mut member: Member) -> Change {
        let Some(entry) = self.entry(name) else {
            return Change::None;
        };
        member.load = entry.load;
        entry.gone_at = None;
        entry.member = Some(Arc::new(member));
        Change::Members
    }

    fn put_load(&mut self, name: Arc<str>, load: Load) -> Change {
        let Some(entry) = self.entry(name) else {
            return Change::None;
        };
        entry.load = load;
        let Some(member) = &mut entry.member else {
            return Change::None;
        };
        Arc::make_mut(member).load = load;
        Change::Load
    }

    fn entry(&mut self, name: Arc<str>) -> Option<&mut Entry> {
        if self.entries.len() >= MEMBERS_MAX && !self.entries.contains_key(&name) {
            tracing::error!(
                node = &*name,
                "a cluster has at most {MEMBERS_MAX} nodes: passed over"
            );
            return None;
        }
        Some(self.entries.entry(name).or_default())
    }

    /// A key is there no more.
    pub(super) fn delete(&mut self, key: &Key) -> Change {
        match key {
            Key::Node(name) => match self.entries.remove(name) {
                Some(_) => Change::Members,
                None => Change::None,
            },
            // It goes with the member, before or after it.
            Key::Load(name) => {
                if self
                    .entries
                    .get(name)
                    .is_some_and(|entry| entry.member.is_none())
                {
                    self.entries.remove(name);
                }
                Change::None
            }
        }
    }

    /// Drops those whose time is over.
    pub(super) fn expire(&mut self, now: Instant) -> Change {
        let before = self.entries.len();
        self.entries
            .retain(|_, entry| entry.gone_at.is_none_or(|gone_at| gone_at > now));
        if self.entries.len() < before {
            Change::Members
        } else {
            Change::None
        }
    }

    /// When somebody's time is over next.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.entries
            .values()
            .filter_map(|entry| entry.gone_at)
            .min()
    }

    /// All who are there.
    pub(super) fn members(&self) -> impl Iterator<Item = Arc<Member>> {
        self.entries
            .values()
            .filter_map(|entry| entry.member.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::etcd::keys::{load_to_text, member_to_text};

    fn node(name: &str) -> (Key, Vec<u8>) {
        let text = member_to_text(&Member::new(name, 1, "x")).unwrap();
        (Key::Node(name.into()), text.into_bytes())
    }

    fn load(name: &str, score: f32) -> (Key, Vec<u8>) {
        let load = Load {
            score,
            ..Load::default()
        };
        let text = load_to_text(&load).unwrap();
        (Key::Load(name.into()), text.into_bytes())
    }

    fn put(roster: &mut Roster, (key, value): (Key, Vec<u8>)) -> Change {
        roster.put(key, &value)
    }

    fn seen(roster: &Roster) -> Vec<(String, f32)> {
        let members = roster.members();
        members
            .map(|member| (member.name.to_string(), member.load.score))
            .collect()
    }

    #[test]
    fn a_member_has_its_load_in_whatever_order_they_come() {
        let mut roster = Roster::default();
        assert_eq!(put(&mut roster, load("b", 7.0)), Change::None);
        assert_eq!(put(&mut roster, node("b")), Change::Members);
        assert_eq!(put(&mut roster, node("a")), Change::Members);
        assert_eq!(put(&mut roster, load("a", 5.0)), Change::Load);
        let both = [("a".to_owned(), 5.0), ("b".to_owned(), 7.0)];
        assert_eq!(seen(&roster), both);
    }

    #[test]
    fn who_is_deleted_is_gone_at_once() {
        let mut roster = Roster::default();
        put(&mut roster, node("a"));
        put(&mut roster, load("a", 5.0));
        assert_eq!(roster.delete(&Key::Load("a".into())), Change::None);
        assert_eq!(seen(&roster).len(), 1);
        assert_eq!(roster.delete(&Key::Node("a".into())), Change::Members);
        assert_eq!(roster.delete(&Key::Node("a".into())), Change::None);
        // A load alone is nobody, and leaves nothing behind.
        put(&mut roster, load("a", 5.0));
        roster.delete(&Key::Load("a".into()));
        assert!(roster.entries.is_empty());
    }

    #[tokio::test]
    async fn who_is_absent_from_a_listing_is_kept_for_a_while() {
        let mut roster = Roster::default();
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        roster.list([node("a"), node("b")], now + second);
        assert_eq!(roster.next_expiry(), None);
        roster.list([node("b"), node("c")], now + second);
        assert_eq!(seen(&roster).len(), 3);
        // The next listing gives nobody more time.
        roster.list([node("b"), node("c")], now + second * 9);
        assert_eq!(roster.next_expiry(), Some(now + second));
        assert_eq!(roster.expire(now), Change::None);
        assert_eq!(roster.expire(now + second), Change::Members);
        assert_eq!(seen(&roster).len(), 2);
    }

    #[test]
    fn there_are_at_most_so_many_members() {
        let mut roster = Roster::default();
        for number in 0..=MEMBERS_MAX {
            put(&mut roster, node(&number.to_string()));
        }
        assert_eq!(seen(&roster).len(), MEMBERS_MAX);
        assert_eq!(put(&mut roster, node("0")), Change::Members);
    }

    #[test]
    fn an_entry_that_is_none_changes_nothing() {
        let mut roster = Roster::default();
        put(&mut roster, node("a"));
        for key in [Key::Node("a".into()), Key::Load("a".into())] {
            assert_eq!(roster.put(key, b"rubbish"), Change::None);
        }
        assert_eq!(seen(&roster).len(), 1);
    }
}
