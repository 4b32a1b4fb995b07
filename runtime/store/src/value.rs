//! What documents are made of, and how they change.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A value in named form.
#[derive(Debug, Clone)]
pub enum Value {
    /// Nothing: an optional without a value.
    Nil,
    /// A truth value.
    Bool(bool),
    /// An integer that isn't negative.
    Unsigned(u64),
    /// A negative integer. Backends without unsigned integers give back the same 64 bits as this: whoever reads a `u64`
    /// takes it so.
    Negative(i64),
    /// A float.
    Float(f64),
    /// A string.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list, which changes as a whole.
    List(Vec<Self>),
    /// Named members of a value, which changes as a whole: a struct, a union.
    Map(BTreeMap<String, Self>),
    /// Entries that change one by one: a document, its sections, a slot, a property that is a map or a set.
    Table(Table),
}

/// Entries that change one by one. An empty table is the same as none.
pub type Table = BTreeMap<String, Value>;

/// Floats are equal if their bits are: what was written is what is read.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nil, Self::Nil) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Unsigned(a), Self::Unsigned(b)) => a == b,
            (Self::Negative(a), Self::Negative(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) | (Self::Table(a), Self::Table(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Nil => {}
            Self::Bool(value) => value.hash(state),
            Self::Unsigned(value) => value.hash(state),
            Self::Negative(value) => value.hash(state),
            Self::Float(value) => value.to_bits().hash(state),
            Self::Text(value) => value.hash(state),
            Self::Bytes(value) => value.hash(state),
            Self::List(value) => value.hash(state),
            Self::Map(value) | Self::Table(value) => value.hash(state),
        }
    }
}

impl Value {
    /// An empty table.
    #[must_use]
    pub const fn table() -> Self {
        Self::Table(BTreeMap::new())
    }

    /// The entries of a table or a map. Backends may give back either for the other.
    #[must_use]
    pub const fn entries(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Map(entries) | Self::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// What it is, in words for whoever expected something else.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "nothing",
            Self::Bool(_) => "a bool",
            Self::Unsigned(_) => "an integer",
            Self::Negative(_) => "a negative integer",
            Self::Float(_) => "a float",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            // A store may give back either for the other.
            Self::Map(_) | Self::Table(_) => "a map",
        }
    }

    /// What is at `path`, below this value.
    #[must_use]
    pub fn at(&self, path: &[String]) -> Option<&Self> {
        path.iter()
            .try_fold(self, |value, name| value.entries()?.get(name))
    }

    /// Puts `value` at `path`, below this table. Tables that are missing on the way come to be.
    ///
    /// What is on the way and is no table gives way to one.
    pub fn set(&mut self, path: &[String], value: Self) {
        let Some((name, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        let (Self::Table(entries) | Self::Map(entries)) = self else {
            *self = Self::table();
            return self.set(path, value);
        };
        if rest.is_empty() {
            entries.insert(name.clone(), value);
        } else {
            let below = entries.entry(name.clone()).or_insert_with(Self::table);
            below.set(rest, value);
        }
    }

    /// Takes out what is at `path`. Tables that have become empty stay.
    pub fn remove(&mut self, path: &[String]) -> Option<Self> {
        let (name, rest) = path.split_first()?;
        let (Self::Table(entries) | Self::Map(entries)) = self else {
            return None;
        };
        if rest.is_empty() {
            entries.remove(name)
        } else {
            entries.get_mut(name)?.remove(rest)
        }
    }

    /// Applies the changes in order.
    pub fn apply(&mut self, update: &Update) {
        for change in &update.0 {
            match change {
                Change::Set(path, value) => self.set(&path.0, value.clone()),
                Change::Remove(path) => drop(self.remove(&path.0)),
            }
        }
    }
}

/// Where something stands in a document: names from the outside in. They may be any text, empty ones too.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<String>);

impl Path {
    /// Of these names.
    #[must_use]
    pub fn of<const N: usize>(names: [&str; N]) -> Self {
        Self(names.map(str::to_owned).into())
    }

    /// One further in.
    #[must_use]
    pub fn and(&self, name: impl Into<String>) -> Self {
        let mut names = self.0.clone();
        names.push(name.into());
        Self(names)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// One change of a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Change {
    /// This stands there from now on, whatever stood there before.
    Set(Path, Value),
    /// Nothing stands there any more.
    Remove(Path),
}

/// What a commit changes. No path is the beginning of another, so that their order does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Update(pub Vec<Change>);

impl Update {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets what is at `path`.
    pub fn set(&mut self, path: Path, value: Value) {
        self.0.push(Change::Set(path, value));
    }

    /// Removes what is at `path`.
    pub fn remove(&mut self, path: Path) {
        self.0.push(Change::Remove(path));
    }

    /// Whether it changes nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
