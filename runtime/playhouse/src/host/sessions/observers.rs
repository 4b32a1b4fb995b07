//! Who receives events of an entity beside its own client: a chat channel's members, those who are near, a party.
//!
//! Adding and taking away somebody costs the same however many there are. Each is there once, whatever it observes as, so
//! that nobody gets an event twice. Who is there first hears first, until somebody goes.

use std::hash::{Hash, Hasher};

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use super::super::Cx;
use super::super::dispatch::no_such_target;
use super::super::lease::leased;
use super::super::rare::Observer;
use crate::call::{Failure, FailureKind};

/// Most observers of one entity. Each takes about 70 bytes, more if its key is a long text, and nothing at those who
/// have none.
pub const OBSERVERS_MAX: usize = 65_536;

/// The observers of one entity.
#[derive(Default)]
pub(in crate::host) struct Observers {
    all: Vec<Watch>,
    /// Where each stands in `all`.
    places: HashTable<u32>,
}

/// One who observes.
struct Watch {
    who: Observer,
    label: &'static str,
    /// Few observe in several ways.
    further: Option<Box<Further>>,
}

/// What else somebody observes as.
struct Further(Vec<&'static str>);

fn hash(who: &Observer) -> u64 {
    let mut hasher = FxHasher::default();
    who.hash(&mut hasher);
    hasher.finish()
}

impl Watch {
    fn labels(&self) -> impl Iterator<Item = &'static str> {
        let further = self.further.iter().flat_map(|further| &further.0);
        std::iter::once(self.label).chain(further.copied())
    }
}

impl Observers {
    pub(in crate::host) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Those who observe as something of which `sees` holds.
    pub(super) fn seeing(&self, sees: impl Fn(&str) -> bool) -> impl Iterator<Item = &Observer> {
        let all = self.all.iter();
        all.filter(move |watch| watch.labels().any(&sees))
            .map(|watch| &watch.who)
    }

    /// Whether there was room.
    fn add(&mut self, who: Observer, label: &'static str) -> bool {
        let Self { all, places } = self;
        let code = hash(&who);
        if let Some(place) = places.find(code, |place| all[*place as usize].who == who) {
            let watch = &mut all[*place as usize];
            if watch.labels().all(|known| known != label) {
                let further = watch
                    .further
                    .get_or_insert_with(|| Box::new(Further(vec![])));
                further.0.push(label);
            }
            return true;
        }
        let place = match u32::try_from(all.len()) {
            Ok(place) if all.len() < OBSERVERS_MAX => place,
            _ => return false,
        };
        all.push(Watch {
            who,
            label,
            further: None,
        });
        places.insert_unique(code, place, |place| hash(&all[*place as usize].who));
        true
    }

    /// Whether somebody was there.
    pub(super) fn remove(&mut self, who: &Observer) -> bool {
        let Self { all, places } = self;
        let found = places.find_entry(hash(who), |place| all[*place as usize].who == *who);
        let Ok(found) = found else {
            return false;
        };
        let (place, _) = found.remove();
        all.swap_remove(place as usize);
        if let Some(moved) = all.get(place as usize) {
            // The last one has come here.
            let last = all.len();
            let its = places.find_mut(hash(&moved.who), |place| *place as usize == last);
            if let Some(its) = its {
                *its = place;
            }
        }
        if all.is_empty() {
            *self = Self::default();
        }
        true
    }
}

impl Cx {
    /// Lets somebody else see events of this entity: those `to all` and `to others`, and those to what `label` names,
    /// `near` or an audience that the schema declares. Somebody may observe in several ways, and hears each event once.
    ///
    /// An entity stands for the client that is bound to it at the time. It has to be live on this node: once it is not, it
    /// is no observer any more, and observes anew in its hook `loaded`. So is a session once it is over. How clients of
    /// all nodes are told is in `docs/broadcast.md`.
    ///
    /// # Errors
    ///
    /// `Overloaded` if the entity has [`OBSERVERS_MAX`] observers.
    pub fn observe(
        &mut self,
        who: impl Into<Observer>,
        label: &'static str,
    ) -> Result<(), Failure> {
        let Some(cell) = self.cell() else {
            return Err(no_such_target());
        };
        let who = who.into();
        let added = leased(&cell)
            .header()
            .rare_mut(|rare| rare.observers.add(who, label));
        if added {
            return Ok(());
        }
        Err(Failure::not_executed(FailureKind::Overloaded)
            .because("the entity has too many observers"))
    }

    /// Takes back every [`Cx::observe`] of somebody; whether there was one.
    pub fn unobserve(&mut self, who: impl Into<Observer>) -> bool {
        let who = who.into();
        self.cell().is_some_and(|cell| {
            let whole = leased(&cell);
            let mut rare = whole.header().rare.borrow_mut();
            rare.as_mut()
                .is_some_and(|rare| rare.observers.remove(&who))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::SessionId;

    fn session(number: u64) -> Observer {
        SessionId(number).into()
    }

    fn names(observers: &Observers, label: &str) -> Vec<Observer> {
        observers.seeing(|seen| seen == label).cloned().collect()
    }

    #[test]
    fn who_observes_in_several_ways_is_there_once() {
        let mut observers = Observers::default();
        for label in ["near", "party", "near", "guild"] {
            assert!(observers.add(session(1), label));
        }
        assert!(observers.add(session(2), "near"));
        assert_eq!(names(&observers, "near"), [session(1), session(2)]);
        assert_eq!(names(&observers, "guild"), [session(1)]);
        let all: Vec<_> = observers.seeing(|_| true).collect();
        assert_eq!(all, [&session(1), &session(2)]);
        assert!(observers.remove(&session(1)));
        assert!(!observers.remove(&session(1)));
        assert_eq!(names(&observers, "party"), []);
    }

    #[test]
    fn those_who_come_and_go_are_found_wherever_they_stand() {
        let mut observers = Observers::default();
        let mut there = std::collections::BTreeSet::new();
        // Every order of coming and going, by a walk that visits all of them.
        for step in 0..20_000_u64 {
            let number = step.wrapping_mul(2_654_435_761) % 251;
            if there.remove(&number) {
                assert!(observers.remove(&session(number)));
            } else {
                there.insert(number);
                assert!(observers.add(session(number), "near"));
            }
            assert!(!observers.remove(&session(1000)));
            if step % 500 == 0 {
                let mut all = names(&observers, "near");
                all.sort_by_key(|who| match who {
                    Observer::Session(session) => session.0,
                    Observer::Entity(_) => 0,
                });
                let expected: Vec<_> = there.iter().copied().map(session).collect();
                assert_eq!(all, expected, "step {step}");
            }
        }
    }

    #[test]
    fn one_takes_no_more_memory_than_is_said() {
        // A table of numbers has up to twice as many places as numbers, of four bytes and one.
        let bytes = size_of::<Watch>() + 10;
        assert!(bytes <= 80, "{bytes}");
    }
}
