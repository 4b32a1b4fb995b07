//! Values as they stand in sources, each with its place.

use std::collections::HashMap;
use std::sync::Arc;

use crate::key_path::{KeyPath, Step};
use crate::source::Span;

/// A value and its place.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) span: Span,
    /// The macro that the value came from; then `span` is where the macro is used.
    pub(crate) origin: Option<Arc<Origin>>,
}

/// A macro that a value came from.
pub(crate) struct Origin {
    pub(crate) name: String,
    /// Its value, where it is defined.
    pub(crate) span: Span,
}

#[derive(Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// As it is written: whether it fits is the business of the type that it is for.
    Number(String),
    Text(String),
    /// From the environment or the command line: its type is what is asked of it.
    Loose(Box<Loose>),
    List(Vec<Node>),
    Map(Map),
}

/// A text that may be meant as any JSON.
#[derive(Clone)]
pub(crate) struct Loose {
    pub(crate) text: String,
    /// As JSON, if it is that.
    pub(crate) json: Option<Node>,
}

/// An object, in the order in which it is written.
#[derive(Clone, Default)]
pub(crate) struct Map {
    pub(crate) entries: Vec<Entry>,
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) node: Node,
}

impl Map {
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Takes out the entry with a key.
    pub(crate) fn take(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at))
    }

    /// Where each key stands: for maps that are matched as a whole.
    pub(crate) fn places(&self) -> HashMap<&str, usize> {
        let entries = self.entries.iter().enumerate();
        entries
            .map(|(at, entry)| (entry.key.as_str(), at))
            .collect()
    }
}

impl Node {
    pub(crate) const fn new(value: Value, span: Span) -> Self {
        Self {
            value,
            span,
            origin: None,
        }
    }

    /// Lays another value over this one: objects are merged key by key, everything else is replaced.
    pub(crate) fn overlay(&mut self, over: Self) {
        match (&mut self.value, over.value) {
            (Value::Map(under), Value::Map(map)) => {
                let places: HashMap<String, usize> = under
                    .places()
                    .into_iter()
                    .map(|(key, at)| (key.to_owned(), at))
                    .collect();
                for entry in map.entries {
                    match places.get(&entry.key) {
                        Some(at) => {
                            under.entries[*at].key_span = entry.key_span;
                            under.entries[*at].node.overlay(entry.node);
                        }
                        None => under.entries.push(entry),
                    }
                }
                // Told about a key that is missing, one looks at the last file.
                self.span = over.span;
                self.origin = over.origin;
            }
            (_, value) => {
                *self = Self {
                    value,
                    span: over.span,
                    origin: over.origin,
                };
            }
        }
    }

    /// The value that a path leads to, or the last one on the way.
    pub(crate) fn nearest(&self, path: &KeyPath) -> &Self {
        let mut node = self;
        for step in path.steps() {
            let next = match (&node.value, step) {
                (Value::Map(map), Step::Key(key)) => map.get(key).map(|entry| &entry.node),
                (Value::List(list), Step::Index(index)) => list.get(*index),
                (Value::List(list), Step::Key(key)) => {
                    key.parse().ok().and_then(|at: usize| list.get(at))
                }
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }

    /// How many objects and lists stand in one another here, and how many values there are.
    pub(crate) fn extent(&self) -> Extent {
        let children: &mut dyn Iterator<Item = &Self> = match &self.value {
            Value::List(list) => &mut list.iter(),
            Value::Map(map) => &mut map.entries.iter().map(|entry| &entry.node),
            Value::Text(text) | Value::Number(text) => {
                return Extent {
                    depth: 0,
                    values: 1,
                    bytes: text.len(),
                };
            }
            Value::Loose(loose) => {
                return Extent {
                    depth: 0,
                    values: 1,
                    bytes: loose.text.len(),
                };
            }
            Value::Null | Value::Bool(_) => {
                return Extent {
                    depth: 0,
                    values: 1,
                    bytes: 0,
                };
            }
        };
        let mut sum = Extent {
            depth: 1,
            values: 1,
            bytes: 0,
        };
        for child in children {
            let extent = child.extent();
            sum.depth = sum.depth.max(extent.depth + 1);
            sum.values += extent.values;
            sum.bytes += extent.bytes;
        }
        sum
    }

    /// Whether two values say the same, wherever they stand.
    fn same(&self, other: &Self) -> bool {
        let mut differ = false;
        differences(self, other, &mut KeyPath::root(), &mut |_| differ = true);
        !differ
    }
}

/// How much a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) depth: usize,
    pub(crate) values: usize,
    pub(crate) bytes: usize,
}

/// Tells the shortest paths that lead to different values: down into objects, lists as a whole.
pub(crate) fn differences(
    old: &Node,
    new: &Node,
    path: &mut KeyPath,
    tell: &mut dyn FnMut(&KeyPath),
) {
    let same = match (&old.value, &new.value) {
        (Value::Map(old), Value::Map(new)) => {
            let (before, after) = (old.places(), new.places());
            for entry in &old.entries {
                path.push(Step::Key(entry.key.clone()));
                match after.get(entry.key.as_str()) {
                    Some(at) => differences(&entry.node, &new.entries[*at].node, path, tell),
                    None => tell(path),
                }
                path.pop();
            }
            for entry in &new.entries {
                if !before.contains_key(entry.key.as_str()) {
                    path.push(Step::Key(entry.key.clone()));
                    tell(path);
                    path.pop();
                }
            }
            return;
        }
        (Value::Null, Value::Null) => true,
        (Value::Bool(old), Value::Bool(new)) => old == new,
        (Value::Number(old), Value::Number(new)) | (Value::Text(old), Value::Text(new)) => {
            old == new
        }
        (Value::Loose(old), Value::Loose(new)) => old.text == new.text,
        (Value::List(old), Value::List(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.same(new))
        }
        _ => false,
    };
    if !same {
        tell(path);
    }
}
