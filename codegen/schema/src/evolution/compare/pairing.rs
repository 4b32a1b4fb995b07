//! What corresponds to what in two versions.
//!
//! In each space of numbers: the same number under the same name, or under one that `@was` gives; then the same name
//! under another number; then the same number under another name. What is left is new or gone. What has a name only
//! goes by it, or by `@was`.

use std::collections::{BTreeMap, BTreeSet};

use crate::evolution::{
    form::Form,
    key::{Id, Key, Space},
    surface::{Element, Fact, Kind, Surface},
};

/// An element of both versions.
pub(super) struct Pair<'a> {
    /// The key it has now.
    pub(super) key: &'a Key,
    /// The key it had, in the surface that [`align`] made; for declarations in the original one.
    pub(super) old_key: &'a Key,
    pub(super) before: &'a Element,
    pub(super) after: &'a Element,
}

/// An element of one version or both.
pub(super) enum Link<'a> {
    Added(&'a Key, &'a Element),
    /// With its key in the original surface.
    Removed(&'a Key, &'a Element),
    Both(Pair<'a>),
}

impl<'a> Link<'a> {
    /// The link with what was there before as the aligned surface has it.
    pub(super) fn renewed(self, surface: &'a Surface) -> Self {
        match self {
            Self::Both(pair) => {
                let before = surface.get(pair.key).unwrap_or(pair.before);
                Self::Both(Pair { before, ..pair })
            }
            other => other,
        }
    }
}

/// The previous surface in line with the current one.
pub(super) struct Aligned<'a> {
    /// Packages and declarations that exist still, under the keys that they have now, and named so in all facts.
    pub(super) surface: Surface,
    /// Packages and declarations.
    pub(super) declarations: Vec<Link<'a>>,
}

/// Finds packages and declarations that correspond and makes [`Aligned`] of them.
pub(super) fn align<'a>(previous: &'a Surface, current: &'a Surface) -> Aligned<'a> {
    let packages = pair_up(
        previous.packages().into_iter(),
        current.packages().into_iter(),
        |_, element| {
            element
                .facts
                .get(Fact::Number)
                .and_then(|number| number.parse().ok())
        },
    );
    let mut declarations = Vec::new();
    for link in &packages {
        match link {
            Link::Both(pair) => {
                let before = previous.children_of(pair.old_key);
                let after = current.children_of(pair.key);
                let links = pair_up(before.into_iter(), after.into_iter(), |key, _| key.number());
                declarations.extend(with_instances(links));
            }
            Link::Added(key, _) => {
                let children = current.children_of(key).into_iter();
                declarations.extend(children.map(|(key, element)| Link::Added(key, element)));
            }
            Link::Removed(..) => {}
        }
    }
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut keys: BTreeMap<&Key, &Key> = BTreeMap::new();
    for link in packages.iter().chain(&declarations) {
        match link {
            Link::Both(pair) => {
                keys.insert(pair.old_key, pair.key);
                if pair.key != pair.old_key {
                    names.insert(pair.old_key.to_string(), pair.key.to_string());
                }
            }
            // Another element has taken its key over: what refers to the old one must not seem to refer to that.
            Link::Removed(key, _) if current.get(key).is_some() => {
                names.insert(key.to_string(), format!("{key}.gone"));
            }
            _ => {}
        }
    }
    let mut surface = Surface::default();
    for (key, element) in previous.iter() {
        // What is gone stays, since types that are there still may have named it; unless its key has been taken over.
        let declared = key.declared();
        let now = match keys.get(&declared) {
            Some(now) => (*now).clone(),
            None if current.get(&declared).is_none() => declared,
            None => continue,
        };
        let mut moved = Key {
            path: key.path.clone(),
            ..now
        };
        let mut element = element.clone();
        if !names.is_empty() {
            rename_facts(&mut element, &names);
            for step in &mut moved.path {
                if let (Space::Requires, Id::Name(name)) = (step.space, &mut step.id)
                    && let Some(now) = names.get(name)
                {
                    name.clone_from(now);
                }
            }
        }
        surface.insert(moved, element);
    }
    let mut all = packages;
    all.append(&mut declarations);
    Aligned {
        surface,
        declarations: all,
    }
}

/// Pairs what stands directly in a pair.
pub(super) fn within<'a>(
    previous: &'a Surface,
    current: &'a Surface,
    pair: &Pair<'_>,
) -> Vec<Link<'a>> {
    // A declaration has the key it has now in both; a member that was retagged has its old one in the previous.
    let old = if pair.key.path.is_empty() {
        pair.key
    } else {
        pair.old_key
    };
    let before: Vec<_> = previous.children_of(old);
    let after: Vec<_> = current.children_of(pair.key);
    let spaces: BTreeSet<Option<Space>> = before
        .iter()
        .chain(&after)
        .map(|(key, _)| key.space())
        .collect();
    let mut links = Vec::new();
    for space in spaces {
        let of = |(key, _): &(&Key, &Element)| key.space() == space;
        let before = before.iter().copied().filter(of);
        let after = after.iter().copied().filter(of);
        links.extend(pair_up(before, after, |key, _| key.number()));
    }
    links
}

fn pair_up<'a>(
    before: impl Iterator<Item = (&'a Key, &'a Element)>,
    after: impl Iterator<Item = (&'a Key, &'a Element)>,
    number: impl Fn(&Key, &Element) -> Option<i64>,
) -> Vec<Link<'a>> {
    let mut old: Vec<_> = before.map(Some).collect();
    let mut new: Vec<_> = after.map(Some).collect();
    let mut links = Vec::new();
    let same_number = |a: (&Key, &Element), b: (&Key, &Element)| {
        let (a, b) = (number(a.0, a.1), number(b.0, b.1));
        a.is_some() && a == b
    };
    let same_name = |a: (&Key, &Element), b: (&Key, &Element)| a.1.name == b.1.name;
    let was = |a: (&Key, &Element), b: (&Key, &Element)| b.1.was.contains(&a.1.name);
    type Test<'t> = &'t dyn Fn((&Key, &Element), (&Key, &Element)) -> bool;
    let tests: [Test<'_>; 5] = [
        &|a, b| same_number(a, b) && same_name(a, b),
        &|a, b| same_number(a, b) && was(a, b),
        &|a, b| same_name(a, b),
        &|a, b| was(a, b),
        &|a, b| same_number(a, b),
    ];
    for test in tests {
        for after in &mut new {
            let Some(candidate) = *after else { continue };
            let found = old
                .iter_mut()
                .find(|before| before.is_some_and(|b| test(b, candidate)));
            if let Some((old_key, before)) = found.and_then(Option::take) {
                let (key, element) = candidate;
                links.push(Link::Both(Pair {
                    key,
                    old_key,
                    before,
                    after: element,
                }));
                *after = None;
            }
        }
    }
    links.extend(
        old.into_iter()
            .flatten()
            .map(|(key, element)| Link::Removed(key, element)),
    );
    links.extend(
        new.into_iter()
            .flatten()
            .map(|(key, element)| Link::Added(key, element)),
    );
    links
}

/// Pairs instances of generics whose names changed because a type in them was renamed.
fn with_instances(links: Vec<Link<'_>>) -> Vec<Link<'_>> {
    let mut words: BTreeMap<&str, &str> = BTreeMap::new();
    for link in &links {
        match link {
            Link::Both(pair) if pair.before.name != pair.after.name => {
                words.insert(&pair.before.name, &pair.after.name);
            }
            Link::Added(_, element) => {
                let generic = element
                    .facts
                    .get(Fact::Instance)
                    .and_then(|text| text.split('<').next());
                if let Some(generic) = generic {
                    words.extend(element.was.iter().map(|old| (old.as_str(), generic)));
                }
            }
            _ => {}
        }
    }
    if words.is_empty() {
        return links;
    }
    let mut found: BTreeMap<String, (&Key, &Element)> = BTreeMap::new();
    for link in &links {
        if let Link::Added(key, element) = link
            && let Some(instance) = element.facts.get(Fact::Instance)
        {
            found.insert(instance.to_owned(), (*key, *element));
        }
    }
    let mut taken: BTreeSet<&Key> = BTreeSet::new();
    let mut out = Vec::new();
    for link in links {
        let Link::Removed(old_key, before) = link else {
            out.push(link);
            continue;
        };
        let instance = before
            .facts
            .get(Fact::Instance)
            .map(|text| with_words(text, &words));
        match instance.and_then(|instance| found.remove(&instance)) {
            Some((key, after)) => {
                taken.insert(key);
                out.push(Link::Both(Pair {
                    key,
                    old_key,
                    before,
                    after,
                }));
            }
            None => out.push(Link::Removed(old_key, before)),
        }
    }
    out.retain(|link| !matches!(link, Link::Added(key, _) if taken.contains(*key)));
    out
}

/// `text` with whole words replaced.
fn with_words(text: &str, words: &BTreeMap<&str, &str>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        out.push_str(words.get(word).unwrap_or(&word));
        let next = behind.chars().next();
        out.extend(next);
        rest = &behind[next.map_or(0, char::len_utf8)..];
    }
    out
}

/// Puts the new names and numbers of declarations into the facts of an element.
fn rename_facts(element: &mut Element, names: &BTreeMap<String, String>) {
    let rename = |text: &str| names.get(text).cloned().unwrap_or_else(|| text.to_owned());
    let renamed = |fact: Fact, value: &str| match fact {
        Fact::Type | Fact::Result => {
            Form::parse(value).map(|form| form.renamed(&mut |n| rename(n)).to_string())
        }
        Fact::EntityKey => {
            let parts: Option<Vec<String>> = value
                .split("; ")
                .map(|part| {
                    Form::parse(part).map(|form| form.renamed(&mut |n| rename(n)).to_string())
                })
                .collect();
            parts.map(|parts| parts.join("; "))
        }
        Fact::Role | Fact::Container | Fact::Component | Fact::Throws | Fact::For | Fact::Sync => {
            Some(rename(value))
        }
        Fact::To => Some(value.split('|').map(rename).collect::<Vec<_>>().join("|")),
        _ => None,
    };
    let changed: Vec<(Fact, String)> = element
        .facts
        .iter()
        .filter_map(|(fact, value)| renamed(fact, value).map(|value| (fact, value)))
        .collect();
    for (fact, value) in changed {
        element.facts.set(fact, value);
    }
}

/// The components in the slots of an entity.
pub(super) fn slots<'a>(
    surface: &'a Surface,
    entity: &Key,
) -> impl Iterator<Item = &'a str> + use<'a> {
    surface
        .children_of(entity)
        .into_iter()
        .filter(|(_, element)| element.kind == Kind::Slot)
        .filter_map(|(_, element)| element.facts.get(Fact::Component))
}
