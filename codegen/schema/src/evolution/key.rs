//! Keys: what stays the same of an element as long as it is the same element.
//!
//! `arena.world#60/call:1/param:2`. What has a number goes by it, for numbers travel and are stored; everything else by
//! its name. Keys order as a reader would: by package, then by number or name, then by tag.

use std::fmt;

use crate::model::{Head, Model};

/// The key of an element.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The package's name.
    pub package: String,
    /// The declaration in it; `None` for the package itself.
    pub root: Option<Root>,
    /// The way into the declaration.
    pub path: Vec<Step>,
}

/// What a declaration goes by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// Types, constants, roles and audiences: by name.
    Named(String),
    /// Components, entities and services: by number.
    Numbered(u16),
}

/// A step into a declaration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step {
    /// In which space of numbers or names.
    pub space: Space,
    /// The number or name.
    pub id: Id,
}

/// A space in which numbers or names are given once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// What a component requires.
    Requires,
    /// Fields of structs and arms, by tag.
    Field,
    /// Values of an enum, by number.
    Value,
    /// Single flags, by bit.
    Bit,
    /// Named combinations of flags, by name.
    Combination,
    /// Arms, by tag.
    Arm,
    /// Properties and slots, by tag.
    Member,
    /// Calls, by tag.
    Call,
    /// Parameters, by position.
    Param,
}

const SPACES: [(Space, &str); 9] = [
    (Space::Requires, "requires"),
    (Space::Field, "field"),
    (Space::Value, "value"),
    (Space::Bit, "bit"),
    (Space::Combination, "combination"),
    (Space::Arm, "arm"),
    (Space::Member, "member"),
    (Space::Call, "call"),
    (Space::Param, "param"),
];

impl Space {
    /// Its name in keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        SPACES
            .iter()
            .find(|(space, _)| *space == self)
            .map_or("", |(_, name)| name)
    }
}

/// A number or a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    /// A tag, a bit, a position, an enum's number.
    Number(i64),
    /// A name, or the text of another key.
    Name(String),
}

impl Key {
    /// The key of a package.
    #[must_use]
    pub fn package(name: &str) -> Self {
        Self {
            package: name.to_owned(),
            root: None,
            path: Vec::new(),
        }
    }

    /// The key of a declaration.
    #[must_use]
    pub fn declaration(package: &str, root: Root) -> Self {
        Self {
            package: package.to_owned(),
            root: Some(root),
            path: Vec::new(),
        }
    }

    /// The key of what has the number `id` in `space` of this element.
    #[must_use]
    pub fn step(&self, space: Space, id: impl Into<i64>) -> Self {
        self.with(Step {
            space,
            id: Id::Number(id.into()),
        })
    }

    /// The key of what has the name `id` in `space` of this element.
    #[must_use]
    pub fn named_step(&self, space: Space, id: impl Into<String>) -> Self {
        self.with(Step {
            space,
            id: Id::Name(id.into()),
        })
    }

    fn with(&self, step: Step) -> Self {
        let mut key = self.clone();
        key.path.push(step);
        key
    }

    /// The element that holds this one; `None` for a package.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let mut key = self.clone();
        if key.path.pop().is_none() {
            key.root.take()?;
        }
        Some(key)
    }

    /// The declaration that holds this element, or is it; a package for a package.
    #[must_use]
    pub fn declared(&self) -> Self {
        Self {
            path: Vec::new(),
            ..self.clone()
        }
    }

    /// The number that the element goes by, if it does.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        match (self.path.last(), &self.root) {
            (
                Some(Step {
                    id: Id::Number(number),
                    ..
                }),
                _,
            ) => Some(*number),
            (None, Some(Root::Numbered(number))) => Some((*number).into()),
            _ => None,
        }
    }

    /// The space of the last step; `None` for packages and declarations.
    #[must_use]
    pub fn space(&self) -> Option<Space> {
        self.path.last().map(|step| step.space)
    }

    /// How deep the element stands: 0 for packages, 1 for declarations.
    #[must_use]
    pub fn depth(&self) -> usize {
        usize::from(self.root.is_some()) + self.path.len()
    }

    /// Whether this is `other` or stands in it.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        self.package == other.package
            && (other.root.is_none() || self.root == other.root)
            && self.path.starts_with(&other.path)
    }

    /// The key that `text` shows, as [`Key`]'s `Display` writes it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut steps = text.split('/');
        let declaration = steps.next()?;
        let mut key = parse_declaration(declaration)?;
        for step in steps {
            let (space, id) = step.split_once(':')?;
            let (space, _) = *SPACES.iter().find(|(_, name)| *name == space)?;
            let id = match space {
                Space::Requires | Space::Combination => Id::Name(word(id)?),
                _ => Id::Number(id.parse().ok()?),
            };
            key.path.push(Step { space, id });
        }
        Some(key)
    }
}

/// Types and their like are told from the package by their case: packages are written in `snake_case`, with a `:` before
/// the name of what is declared.
fn parse_declaration(text: &str) -> Option<Key> {
    if let Some((package, number)) = text.split_once('#') {
        return Some(Key::declaration(
            &word(package)?,
            Root::Numbered(number.parse().ok()?),
        ));
    }
    if let Some((package, name)) = text.split_once(':') {
        return Some(Key::declaration(&word(package)?, Root::Named(word(name)?)));
    }
    Some(Key::package(&word(text)?))
}

fn word(text: &str) -> Option<String> {
    let fits = |c: char| c.is_alphanumeric() || "_.#".contains(c);
    (!text.is_empty() && text.chars().all(fits)).then(|| text.to_owned())
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.package)?;
        match &self.root {
            None => {}
            Some(Root::Named(name)) => write!(f, ":{name}")?,
            Some(Root::Numbered(number)) => write!(f, "#{number}")?,
        }
        for step in &self.path {
            match &step.id {
                Id::Number(number) => write!(f, "/{}:{number}", step.space.name())?,
                Id::Name(name) => write!(f, "/{}:{name}", step.space.name())?,
            }
        }
        Ok(())
    }
}

/// `arena.world:Stack`, as forms write it.
pub(crate) fn full_name(model: &Model, head: &Head) -> String {
    format!(
        "{}:{}",
        model.packages[head.package.0 as usize].name, head.name
    )
}
