//! The layout of keys in etcd: what stands where, and in what form. `docs/etcd.md` has it for people.

use std::sync::Arc;

use serde_json::Value;

use crate::member::{Load, Member, NAME_MAX};

/// A value that is longer is no member's: a member at every limit of its own is shorter.
const VALUE_MAX: usize = 512 * 1024;
/// The field of a member that has a key of its own, since it changes often.
const LOAD: &str = "load";

/// The keys of one cluster.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    /// Without a slash at its end.
    prefix: Arc<str>,
}

/// A key of the cluster that members watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// What the member of this name says of itself.
    Node(Arc<str>),
    /// How busy the member of this name is.
    Load(Arc<str>),
}

impl Keys {
    pub(super) fn under(prefix: &str) -> Self {
        Self {
            prefix: prefix.trim_end_matches('/').into(),
        }
    }

    /// What all keys of members begin with. They are beside one another, so that what is written together is heard together.
    pub(super) fn nodes(&self) -> String {
        format!("{}/nodes/", self.prefix)
    }

    pub(super) fn node(&self, name: &str) -> String {
        self.nodes() + &escaped(name)
    }

    pub(super) fn load(&self, name: &str) -> String {
        format!("{}{}/load", self.nodes(), escaped(name))
    }

    /// Those who hold a lock or wait for it, each by a key.
    pub(super) fn queue(&self, lock: &str) -> String {
        format!("{}/locks/{}/", self.prefix, escaped(lock))
    }

    /// The place of one request of a node in the queue of a lock. A node may ask for a lock twice: the number tells them apart.
    pub(super) fn place(&self, lock: &str, lease: i64, number: u64) -> String {
        format!("{}{lease:x}-{number:x}", self.queue(lock))
    }

    /// What a key is of, if it is of a member.
    pub(super) fn read(&self, key: &[u8]) -> Option<Key> {
        let rest = std::str::from_utf8(key).ok()?;
        let rest = rest.strip_prefix(&*self.prefix)?;
        let rest = rest.strip_prefix("/nodes/")?;
        match rest.split_once('/') {
            None => plain(rest).map(Key::Node),
            Some((name, "load")) => plain(name).map(Key::Load),
            Some(_) => None,
        }
    }
}

/// A name without the separator of keys.
fn escaped(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

/// The name that was escaped; none if nobody escapes so.
fn plain(text: &str) -> Option<Arc<str>> {
    let name = text.replace("%2F", "/").replace("%25", "%");
    let own = !name.is_empty() && name.len() <= NAME_MAX && escaped(&name) == text;
    own.then(|| name.into())
}

/// A member as it stands under its key: without its load.
pub(super) fn member_to_text(member: &Member) -> Result<String, serde_json::Error> {
    let mut value = serde_json::to_value(member)?;
    if let Some(fields) = value.as_object_mut() {
        fields.remove(LOAD);
    }
    serde_json::to_string(&value)
}

/// The member that a value says, if it is one, is called so, and keeps the limits.
pub(super) fn member_from_text(name: &str, text: &[u8]) -> Result<Member, String> {
    if text.len() > VALUE_MAX {
        return Err(format!("it has more than {VALUE_MAX} bytes"));
    }
    let mut value: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let fields = value.as_object_mut().ok_or("it is no object")?;
    let load = serde_json::to_value(Load::default()).map_err(|error| error.to_string())?;
    fields.insert(LOAD.to_owned(), load);
    let member: Member = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if &*member.name != name {
        return Err("it stands under the key of another name".to_owned());
    }
    match member.excess() {
        Some(excess) => Err(excess),
        None => Ok(member),
    }
}

/// A load as it stands under its key.
pub(super) fn load_to_text(load: &Load) -> Result<String, serde_json::Error> {
    // JSON has no word for the others, and nobody could read them.
    let finite = |number: f32| if number.is_finite() { number } else { 0.0 };
    serde_json::to_string(&Load {
        score: finite(load.score),
        cpu: finite(load.cpu),
        ..*load
    })
}

/// The load that a value says, if it is one.
pub(super) fn load_from_text(text: &[u8]) -> Result<Load, String> {
    if text.len() > VALUE_MAX {
        return Err(format!("it has more than {VALUE_MAX} bytes"));
    }
    serde_json::from_slice(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::member::{ADDRESSES_MAX, ENTITIES_MAX, ROLES_MAX};

    fn node(name: &str) -> Key {
        Key::Node(name.into())
    }

    #[test]
    fn keys_read_as_what_they_were_made_of() {
        let keys = Keys::under("/playhouse/dev/");
        for name in ["lobby-1", "a/b", "a%2Fb", "%", "ü"] {
            assert_eq!(keys.read(keys.node(name).as_bytes()), Some(node(name)));
            let load = Key::Load(name.into());
            assert_eq!(keys.read(keys.load(name).as_bytes()), Some(load));
        }
        assert_eq!(keys.node("lobby-1"), "/playhouse/dev/nodes/lobby-1");
        assert_eq!(keys.load("a/b"), "/playhouse/dev/nodes/a%2Fb/load");
        assert_eq!(keys.place("x/y", 255, 1), "/playhouse/dev/locks/x%2Fy/ff-1");
    }

    #[test]
    fn strange_keys_are_nobodys() {
        let keys = Keys::under("/p");
        let long = format!("/p/nodes/{}", "x".repeat(NAME_MAX + 1));
        for key in [
            "",
            "/q/nodes/a",
            "/p/nodes/",
            "/p/nodes/a/b",
            "/p/nodes/a/load/",
            "/p/nodes//load",
            "/p/else/a",
            &long,
        ] {
            assert_eq!(keys.read(key.as_bytes()), None, "{key}");
        }
        assert_eq!(keys.read(b"/p/nodes/\xff"), None);
    }

    #[test]
    fn a_member_at_every_limit_is_read_again_without_its_load() {
        let long = "x".repeat(NAME_MAX);
        let mut member = Member::new(&*long, u64::MAX, &*long);
        member.addresses = vec![long.clone(); ADDRESSES_MAX];
        member.roles = vec![long.clone(); ROLES_MAX];
        member.entities = vec![(u16::MAX, u16::MAX); ENTITIES_MAX];
        member.services = member.entities.clone();
        member.load.score = 50.0;
        let text = member_to_text(&member).unwrap();
        member.load = Load::default();
        assert_eq!(member_from_text(&long, text.as_bytes()), Ok(member));
    }

    #[test]
    fn what_is_no_member_is_refused_with_the_reason() {
        let fine = member_to_text(&Member::new("a", 1, "x")).unwrap();
        let check = |name: &str, text: &str| {
            member_from_text(name, text.as_bytes()).expect_err("it is no member")
        };
        assert!(check("b", &fine).contains("another name"));
        assert!(check("a", &fine.replace("\"x\"", "\"\"")).contains("addresses"));
        assert!(check("a", &" ".repeat(VALUE_MAX + 1)).contains("bytes"));
        for text in ["", "[]", "{}", "null", &"[".repeat(100_000)] {
            check("a", text);
        }
        assert!(load_from_text(b"{}").is_err());
    }

    #[test]
    fn a_load_is_read_again_and_what_is_no_number_is_nothing() {
        let mut load = Load {
            score: f32::NAN,
            cpu: 12.5,
            entities: 7,
            ..Load::default()
        };
        let text = load_to_text(&load).unwrap();
        load.score = 0.0;
        assert_eq!(load_from_text(text.as_bytes()), Ok(load));
        // A node of an earlier release has not counted its clients.
        let before = br#"{"score":0.0,"cpu":12.5,"entities":7,"links":0,"sessions":0}"#;
        assert_eq!(load_from_text(before), Ok(load));
    }
}
