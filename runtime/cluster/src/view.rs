//! Views: who is there, as one node knows it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use crate::member::{Member, TypeId};
use crate::problem::NoMember;

/// For so many roles and types that nobody has any more a view knows since when.
const EMPTIED_MAX: usize = 4096;

/// What is looked for in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum What {
    /// Members that play a role.
    Role(Arc<str>),
    /// Members that run a type of entities.
    Entity(TypeId),
    /// Members that run a service.
    Service(TypeId),
}

impl What {
    /// Whether a member that has this may be found by it.
    fn is_understood(&self, member: &Member) -> bool {
        match self {
            Self::Role(_) => member.accepts(),
            Self::Entity(of) | Self::Service(of) => member.strange_in(*of).is_none(),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "role {role}"),
            Self::Entity((package, number)) => write!(f, "entity {package}/{number}"),
            Self::Service((package, number)) => write!(f, "service {package}/{number}"),
        }
    }
}

/// Who is there. A hint: what it says was true not long ago.
///
/// Members are found by what they have without a search; those that are draining are listed but never found so. One in whose
/// form of a type it and the node that looks don't understand each other is not found by that type, nor by its roles.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Raised by each change, for this node's seat alone.
    pub version: u64,
    /// All members by their names, this node among them once it has joined.
    pub members: BTreeMap<Arc<str>, Arc<Member>>,
    /// Since when nothing is heard of the others, in microseconds since 1970; none while all is well.
    pub away_since_us: Option<i64>,
    found: HashMap<What, Vec<Arc<Member>>>,
    /// What had members and has none now.
    emptied: BTreeMap<What, i64>,
}

/// They show the same.
impl PartialEq for View {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members && self.away_since_us == other.away_since_us
    }
}

impl View {
    /// A view of these members; of several with one name the last is taken.
    #[must_use]
    pub fn of(members: impl IntoIterator<Item = Arc<Member>>) -> Self {
        Self::default().followed(members, 0)
    }

    /// The member of this name, whatever its state.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Member>> {
        self.members.get(name)
    }

    /// Members that something new of this may be given to, in order of their names.
    #[must_use]
    pub fn with(&self, what: &What) -> &[Arc<Member>] {
        self.found.get(what).map_or(&[], Vec::as_slice)
    }

    /// Members that new entities of this type may go to, in order of their names.
    #[must_use]
    pub fn with_entity(&self, package: u16, number: u16) -> &[Arc<Member>] {
        self.with(&What::Entity((package, number)))
    }

    /// Members that calls of this service may go to, in order of their names.
    #[must_use]
    pub fn with_service(&self, package: u16, number: u16) -> &[Arc<Member>] {
        self.with(&What::Service((package, number)))
    }

    /// Members of this role that something new may be given to, in order of their names.
    #[must_use]
    pub fn with_role(&self, role: &str) -> &[Arc<Member>] {
        self.with(&What::Role(role.into()))
    }

    /// The error that says that nobody has this, and since when.
    #[must_use]
    pub fn nobody(&self, what: &What) -> NoMember {
        NoMember {
            what: what.to_string(),
            since_us: self.emptied.get(what).copied(),
            strange: self.strange(what),
            away_since_us: self.away_since_us,
        }
    }

    /// Whoever has this, but can't be understood in it, and why.
    fn strange(&self, what: &What) -> Option<String> {
        let having = |member: &&Arc<Member>| assets(member).any(|it| it == *what);
        let mut having = self.members.values().filter(having);
        having.find_map(|member| {
            let strange = match what {
                What::Entity(of) | What::Service(of) => member.strange_in(*of),
                What::Role(_) => member.strange.first(),
            };
            strange.map(|strange| format!("node {} has it: {}", member.name, strange.why))
        })
    }

    /// What is seen after this view, at this time.
    pub(crate) fn followed(
        &self,
        members: impl IntoIterator<Item = Arc<Member>>,
        now_us: i64,
    ) -> Self {
        let members: BTreeMap<_, _> = members
            .into_iter()
            .map(|member| (Arc::clone(&member.name), member))
            .collect();
        let mut found: HashMap<What, Vec<Arc<Member>>> = HashMap::new();
        for member in members.values().filter(|member| !member.draining) {
            for what in assets(member).filter(|what| what.is_understood(member)) {
                let with = found.entry(what).or_default();
                // One that says a thing twice is found once.
                if with.last().is_none_or(|last| last.name != member.name) {
                    with.push(Arc::clone(member));
                }
            }
        }
        let mut emptied = self.emptied.clone();
        emptied.retain(|what, _| !found.contains_key(what));
        let lost = self.members.values().flat_map(|member| assets(member));
        for what in lost.filter(|what| self.found.contains_key(what)) {
            if !found.contains_key(&what) && emptied.len() < EMPTIED_MAX {
                emptied.insert(what, now_us);
            }
        }
        Self {
            version: self.version + 1,
            members,
            away_since_us: None,
            found,
            emptied,
        }
    }

    /// The same while nothing is heard of the others.
    pub(crate) fn away(&self, since_us: i64) -> Self {
        let mut view = self.clone();
        view.version += 1;
        view.away_since_us.get_or_insert(since_us);
        view
    }
}

/// By what a member is found.
fn assets(member: &Member) -> impl Iterator<Item = What> {
    let roles = member
        .roles
        .iter()
        .map(|role| What::Role(role.as_str().into()));
    let entities = member.entities.iter().map(|id| What::Entity(*id));
    let services = member.services.iter().map(|id| What::Service(*id));
    roles.chain(entities).chain(services)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::member::Strange;

    fn member(name: &str, role: &str) -> Member {
        let mut member = Member::new(name, 1, "127.0.0.1:1");
        member.roles.push(role.to_owned());
        member.entities = vec![(1, 2), (1, 2)];
        member
    }

    fn names(members: &[Arc<Member>]) -> Vec<&str> {
        members.iter().map(|member| &*member.name).collect()
    }

    #[test]
    fn members_are_found_by_what_they_have() {
        let view = View::of(
            [
                member("b", "lobby"),
                member("a", "lobby"),
                member("c", "gate"),
            ]
            .map(Arc::new),
        );
        assert_eq!(names(view.with_role("lobby")), ["a", "b"]);
        assert_eq!(names(view.with_entity(1, 2)), ["a", "b", "c"]);
        assert_eq!(names(view.with_service(1, 2)), [""; 0]);
    }

    #[test]
    fn those_that_drain_or_are_not_understood_are_listed_and_not_found() {
        let mut draining = member("a", "lobby");
        draining.draining = true;
        let mut strange = member("b", "lobby");
        strange.entities.push((1, 3));
        strange.strange = Arc::new([Strange {
            of: (1, 2),
            why: "another form".into(),
            behind: true,
        }]);
        let view = View::of([draining, strange].map(Arc::new));
        assert_eq!(names(view.with_role("lobby")), [""; 0]);
        assert_eq!(names(view.with_entity(1, 2)), [""; 0]);
        assert_eq!(names(view.with_entity(1, 3)), ["b"]);
        assert!(view.get("a").is_some() && view.get("b").is_some());
        for what in [What::Entity((1, 2)), What::Role("lobby".into())] {
            let nobody = view.nobody(&what);
            assert_eq!(
                nobody.strange.as_deref(),
                Some("node b has it: another form")
            );
        }
        assert_eq!(view.nobody(&What::Entity((1, 9))).strange, None);
    }

    #[test]
    fn an_empty_choice_says_since_when() {
        let first = View::of([Arc::new(member("a", "lobby"))]);
        let lobby = What::Role("lobby".into());
        let second = first.followed([], 17).followed([], 18);
        assert_eq!(second.nobody(&lobby).since_us, Some(17));
        assert_eq!(second.nobody(&What::Role("gate".into())).since_us, None);
        let third = second.followed([Arc::new(member("a", "lobby"))], 19);
        assert_eq!(third.nobody(&lobby).since_us, None);
    }

    #[test]
    fn being_away_keeps_members_and_the_first_time() {
        let view = View::of([Arc::new(member("a", "lobby"))]);
        let away = view.away(5).away(9);
        assert_eq!(away.away_since_us, Some(5));
        assert_eq!(names(away.with_role("lobby")), ["a"]);
        assert_eq!(away.followed([], 10).away_since_us, None);
    }
}
