//! Calls by name, as tools write them: `Login.weather`, `Avatar(7).bag.has`, `BattleCenter.running`.

use std::fmt;

use playhouse_wire::{EntityKey, KeyPart, Uuid, message::Method};

use crate::descriptor::{
    Attributes, Call, CallKind, Component, Declaration, Entity, EntityKind, Kind, Package, Schema,
    Service, Shape, Slot, Type, Use,
};

/// Longest text of a target, in bytes: names and at most four parts of a key of 128 bytes, with room.
pub(in crate::node) const TARGET_BYTES_MAX: usize = 1024;

/// A call that a tool named, found in the schema.
#[derive(Debug, Clone)]
pub(in crate::node) struct Target {
    /// Its address, but for the entity.
    pub(in crate::node) method: Method,
    /// The entity; none for a service.
    pub(in crate::node) key: Option<EntityKey>,
    /// What the schema says about it.
    pub(in crate::node) call: &'static Call,
}

/// Why a text names no call: lowercase, and says what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::node) enum Unknown {
    /// There is no such thing.
    Missing(String),
    /// There is, but not for tools.
    Denied(String),
    /// The text itself is wrong.
    Malformed(String),
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Missing(text) | Self::Denied(text) | Self::Malformed(text)) = self;
        f.write_str(text)
    }
}

/// What has calls.
#[derive(Clone, Copy)]
enum Owner {
    Service(&'static Service),
    Entity(&'static Entity),
    Component(&'static Component),
}

impl Target {
    /// The call that `text` names.
    ///
    /// Names of packages may stand in front, and must where two packages have the name. An entity's key stands in
    /// parentheses, its parts parted by commas; a singleton needs none.
    pub(in crate::node) fn parse(schema: &Schema, text: &str) -> Result<Self, Unknown> {
        if text.len() > TARGET_BYTES_MAX {
            let text = format!(
                "a target of {} bytes, at most {TARGET_BYTES_MAX}",
                text.len()
            );
            return Err(Unknown::Malformed(text));
        }
        match text.split_once('(') {
            Some((name, rest)) => keyed(schema, name.trim(), rest),
            None => plain(schema, text.trim()),
        }
    }
}

/// `Service.call`, `Singleton.call`, `Singleton.slot.call`.
fn plain(schema: &Schema, text: &str) -> Result<Target, Unknown> {
    let Some((owner, call)) = text.rsplit_once('.') else {
        let example = "write Service.call, as in `Login.weather`, or Entity(key).call";
        return Err(Unknown::Malformed(format!(
            "`{text}` is no call: {example}"
        )));
    };
    match schema.find(owner) {
        Some(Declaration::Service(service)) => in_service(service, call),
        Some(Declaration::Entity(entity)) => {
            in_entity(entity, keyless(entity)?, Path { slot: None, call })
        }
        Some(other) => Err(no_calls(other)),
        None => {
            let slot = owner.rsplit_once('.');
            let found = slot.and_then(|(entity, slot)| Some((schema.find(entity)?, slot)));
            let Some((Declaration::Entity(entity), slot)) = found else {
                return Err(nothing_named(schema, owner));
            };
            let slot = Some(slot);
            in_entity(entity, keyless(entity)?, Path { slot, call })
        }
    }
}

/// `Entity(key).call`, `Entity(key).slot.call`; `name` stands before the parenthesis, `rest` behind it.
fn keyed(schema: &Schema, name: &str, rest: &str) -> Result<Target, Unknown> {
    let entity = match schema.find(name) {
        Some(Declaration::Entity(entity)) => entity,
        Some(other) => {
            let text = format!("`{}` is no entity: only entities have keys", other.name());
            return Err(Unknown::Missing(text));
        }
        None => return Err(nothing_named(schema, name)),
    };
    let malformed = || {
        let text = format!("after a key comes a call, as in `{name}(..).call`");
        Unknown::Malformed(text)
    };
    let (words, rest) = words(rest)?;
    let mut path = rest.strip_prefix('.').ok_or_else(malformed)?.split('.');
    let path = match (path.next(), path.next(), path.next()) {
        (Some(call), None, None) => Path { slot: None, call },
        (Some(slot), Some(call), None) => Path {
            slot: Some(slot),
            call,
        },
        _ => return Err(malformed()),
    };
    in_entity(entity, key(entity, &words)?, path)
}

/// What stands behind an entity.
struct Path<'a> {
    slot: Option<&'a str>,
    call: &'a str,
}

fn in_service(service: &'static Service, name: &str) -> Result<Target, Unknown> {
    let call = callable(Owner::Service(service), name)?;
    Ok(Target {
        method: Method {
            package: service.package,
            number: service.number,
            slot: 0,
            tag: call.tag,
        },
        key: None,
        call,
    })
}

fn in_entity(entity: &'static Entity, key: EntityKey, path: Path<'_>) -> Result<Target, Unknown> {
    let slot = path.slot.map(|name| slot(entity, name)).transpose()?;
    let owner = slot.map_or(Owner::Entity(entity), |slot| {
        Owner::Component(slot.component)
    });
    let call = callable(owner, path.call)?;
    Ok(Target {
        method: Method {
            package: entity.package,
            number: entity.number,
            slot: slot.map_or(0, |slot| slot.tag),
            tag: call.tag,
        },
        key: Some(key),
        call,
    })
}

fn slot(entity: &'static Entity, name: &str) -> Result<&'static Slot, Unknown> {
    entity.slot(name).ok_or_else(|| {
        let slots: Vec<&str> = entity.slots.iter().map(|slot| slot.name).collect();
        let text = format!("entity `{}` has no slot `{name}`", entity.head.name);
        Unknown::Missing(with_choice(text, &slots))
    })
}

/// The call of this name, if it is one that tools may make.
fn callable(owner: Owner, name: &str) -> Result<&'static Call, Unknown> {
    let (kind, head, calls) = match owner {
        Owner::Service(service) => ("service", &service.head, service.calls),
        Owner::Entity(entity) => ("entity", &entity.head, entity.calls),
        Owner::Component(component) => ("component", &component.head, component.calls),
    };
    let Some(call) = calls.iter().find(|call| call.name == name) else {
        let text = format!("{kind} `{}` has no call `{name}`", head.name);
        let names: Vec<&str> = calls
            .iter()
            .filter(|call| served(call))
            .map(|call| call.name)
            .collect();
        return Err(Unknown::Missing(with_choice(text, &names)));
    };
    if !served(call) {
        let text = format!(
            "`{name}` is of kind {}: only rpcs and oneways can be called",
            call.kind.as_str()
        );
        return Err(Unknown::Denied(text));
    }
    if head.attributes.internal || call.attributes.internal {
        let text = format!("`{}.{name}` is @internal: it is not for tools", head.name);
        return Err(Unknown::Denied(text));
    }
    Ok(call)
}

/// Whether a node serves it, and whoever may calls it.
pub(in crate::node) const fn served(call: &Call) -> bool {
    matches!(call.kind, CallKind::Rpc | CallKind::Oneway)
}

/// Whether tools see it at all.
pub(in crate::node) const fn shown(attributes: &Attributes) -> bool {
    !attributes.internal
}

fn no_calls(declaration: &Declaration) -> Unknown {
    let text = match declaration {
        Declaration::Component(component) => format!(
            "component `{0}` is called in an entity's slot: write Entity(key).slot.call",
            component.head.name
        ),
        other => format!("`{}` has no calls", other.name()),
    };
    Unknown::Missing(text)
}

fn nothing_named(schema: &Schema, name: &str) -> Unknown {
    let short = name.rsplit('.').next().unwrap_or(name);
    let packages: Vec<String> = schema
        .packages
        .iter()
        .filter(|package| package.find(short).is_some())
        .map(|package| format!("{}.{short}", package.name))
        .collect();
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    if packages.len() > 1 && !name.contains('.') {
        let text = format!("`{name}` is in more than one package");
        return Unknown::Missing(with_choice(text, &packages));
    }
    let text = format!("there is no service or entity `{name}`");
    if !packages.is_empty() {
        return Unknown::Missing(with_choice(text, &packages));
    }
    let services: Vec<&str> = schema
        .packages
        .iter()
        .flat_map(Package::declarations)
        .filter_map(|declaration| match declaration {
            Declaration::Service(service) => Some(service.head.name),
            _ => None,
        })
        .collect();
    Unknown::Missing(with_choice(text, &services))
}

/// Names of a message are cut here, so that it stays one line.
const CHOICES_MAX: usize = 12;

fn with_choice(text: String, names: &[&str]) -> String {
    match names {
        [] => text,
        _ => {
            let more = if names.len() > CHOICES_MAX {
                ", ..."
            } else {
                ""
            };
            let names = &names[..names.len().min(CHOICES_MAX)];
            format!("{text}; there is {}{more}", names.join(", "))
        }
    }
}

/// The key of an entity that needs none.
fn keyless(entity: &'static Entity) -> Result<EntityKey, Unknown> {
    if matches!(entity.kind, EntityKind::Singleton) {
        return Ok(EntityKey::default());
    }
    let text = format!(
        "`{0}` is {1}: say which one, as in `{0}(..).call`",
        entity.head.name, entity.kind
    );
    Err(Unknown::Malformed(text))
}

/// The key of these parts, read by the types that the schema gives them.
fn key(entity: &'static Entity, words: &[String]) -> Result<EntityKey, Unknown> {
    static NUMBER: [Use; 1] = [Use::U64];
    static NODE: [Use; 1] = [Use::STRING];
    let parts: &'static [Use] = match entity.kind {
        EntityKind::Keyed(parts) => parts,
        EntityKind::Instance => &NUMBER,
        EntityKind::PerNode => &NODE,
        EntityKind::Singleton => &[],
        EntityKind::Local(container) => {
            let text = format!(
                "`{}` lives inside of `{}` and has no address of its own",
                entity.head.name, container.0.head.name
            );
            return Err(Unknown::Denied(text));
        }
    };
    if parts.len() != words.len() {
        let text = format!(
            "`{}` is {}: parts of its key: {}, not {}",
            entity.head.name,
            entity.kind,
            parts.len(),
            words.len()
        );
        return Err(Unknown::Malformed(text));
    }
    let mut key = parts.iter().zip(words).map(|(ty, word)| {
        part(ty, word).ok_or_else(|| {
            let text = format!(
                "`{word}` is no {ty}, as the key of `{}` has it",
                entity.head.name
            );
            Unknown::Malformed(text)
        })
    });
    // The schema allows at most four parts.
    let parts = [key.next(), key.next(), key.next(), key.next()];
    let [a, b, c, d] = parts.map(Option::transpose);
    Ok(match (a?, b?, c?, d?) {
        (None, ..) => EntityKey::default(),
        (Some(a), None, ..) => EntityKey::new([a]),
        (Some(a), Some(b), None, _) => EntityKey::new([a, b]),
        (Some(a), Some(b), Some(c), None) => EntityKey::new([a, b, c]),
        (Some(a), Some(b), Some(c), Some(d)) => EntityKey::new([a, b, c, d]),
    })
}

/// A part of a key. Bounds are the entity's own business: a key that breaks them names no entity.
fn part(ty: &'static Use, word: &str) -> Option<KeyPart> {
    let text = |word: &str| (word.len() <= EntityKey::TEXT_BYTES_MAX).then(|| KeyPart::from(word));
    match ty.shape {
        Shape::Int(int) => {
            let value: i128 = word.parse().ok()?;
            let (min, max) = int.range();
            if !(min..=max).contains(&value) {
                return None;
            }
            match u64::try_from(value) {
                Ok(value) => Some(KeyPart::Unsigned(value)),
                Err(_) => i64::try_from(value).ok().map(KeyPart::Negative),
            }
        }
        Shape::String => text(word),
        Shape::Uuid => word.parse::<Uuid>().ok().map(KeyPart::Uuid),
        Shape::Named(Type {
            kind: Kind::Newtype { inner, .. },
            ..
        }) => part(inner, word),
        Shape::Named(Type {
            kind: Kind::Enum { values, repr, .. },
            ..
        }) => match values.iter().find(|value| value.name == word) {
            Some(value) => Some(KeyPart::from(value.number)),
            None => {
                let value: i64 = word.parse().ok()?;
                let (min, max) = repr.range();
                (min..=max).contains(&value.into()).then(|| value.into())
            }
        },
        _ => None,
    }
}

/// The words up to the closing parenthesis, parted by commas, and what follows it. Quotes keep commas,
/// parentheses and spaces.
fn words(text: &str) -> Result<(Vec<String>, &str), Unknown> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut was_quoted) = (false, false);
    let mut letters = text.char_indices();
    while let Some((index, letter)) = letters.next() {
        match letter {
            '"' => {
                quoted = !quoted;
                was_quoted = true;
            }
            '\\' if quoted => word.extend(letters.next().map(|(_, letter)| letter)),
            ',' | ')' if !quoted => {
                if letter == ',' || was_quoted || !word.is_empty() || !words.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                was_quoted = false;
                if letter == ')' {
                    let rest = text.get(index + 1..).unwrap_or_default();
                    return Ok((words, rest));
                }
            }
            ' ' if !quoted => {}
            _ => word.push(letter),
        }
    }
    Err(Unknown::Malformed("a key ends with `)`".to_owned()))
}

/// The schema of the node's tests.
#[cfg(test)]
#[allow(dead_code, reason = "the description alone is looked at")]
#[path = "../../../tests/node/generated/mod.rs"]
mod schema;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Target, String> {
        Target::parse(&super::schema::SCHEMA, text).map_err(|unknown| unknown.to_string())
    }

    #[track_caller]
    fn found(text: &str, number: u16, slot: u8, tag: u8) -> Option<EntityKey> {
        let target = parse(text).unwrap();
        let method = target.method;
        assert_eq!(
            (method.number, method.slot, method.tag),
            (number, slot, tag)
        );
        target.key
    }

    #[test]
    fn calls_are_found_by_name() {
        assert_eq!(found("Door.weather", 1, 0, 1), None);
        assert_eq!(found(" harbour.Door.weather ", 1, 0, 1), None);
        assert_eq!(found("Clerk.count", 4, 0, 1), Some(EntityKey::default()));
        assert_eq!(found("Clerk().count", 4, 0, 1), Some(EntityKey::default()));
        let seven = EntityKey::new([7_u64.into()]);
        assert_eq!(found("Guest(7).life", 3, 0, 2), Some(seven.clone()));
        assert_eq!(found("harbour.Guest( 7 ).vault.has", 3, 2, 1), Some(seven));
        let node = EntityKey::new([KeyPart::from("pier, \"east\" (2)")]);
        assert_eq!(
            found(r#"Watch("pier, \"east\" (2)").place"#, 5, 0, 1),
            Some(node)
        );
        assert_eq!(
            found("Watch(pier).place", 5, 0, 1),
            Some(EntityKey::new(["pier".into()]))
        );
        assert_eq!(
            found("Watch(\"\").place", 5, 0, 1),
            Some(EntityKey::new(["".into()]))
        );
    }

    #[test]
    fn what_is_not_found_names_what_there_is() {
        for (text, words) in [
            ("weather", "`weather` is no call: write Service.call"),
            ("", "is no call"),
            (
                "Door.",
                "service `Door` has no call ``; there is weather, knock",
            ),
            ("Dor.weather", "no service or entity `Dor`; there is Door"),
            ("elsewhere.Door.weather", "there is harbour.Door"),
            ("Guest.life", "`Guest` is keyed(AccountId): say which one"),
            ("Guest(7)", "after a key comes a call"),
            ("Guest(7).bag.has.more", "after a key comes a call"),
            ("Guest(7.life", "a key ends with `)`"),
            ("Guest(7).bga.has", "has no slot `bga`; there is bag, vault"),
            ("Guest(7, 8).life", "parts of its key: 1, not 2"),
            ("Guest().life", "parts of its key: 1, not 0"),
            ("Guest(-7).life", "`-7` is no AccountId"),
            ("Guest(18446744073709551616).life", "is no AccountId"),
            ("Guest(7).said", "is of kind event"),
            ("Door(7).weather", "`Door` is no entity"),
            ("Bag.has", "component `Bag` is called in an entity's slot"),
            ("Parcel.id", "`Parcel` has no calls"),
            ("Cellar.open", "@internal"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
        assert!(
            parse(&"x".repeat(TARGET_BYTES_MAX))
                .unwrap_err()
                .contains("is no call")
        );
        let long = parse(&"x".repeat(TARGET_BYTES_MAX + 1)).unwrap_err();
        assert!(long.contains("at most 1024"), "{long}");
    }
}
