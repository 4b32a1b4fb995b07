//! Types and calls in the words of the schema, for people.

use std::fmt;

use super::{Bound, Call, CallKind, EntityKind, Kind, Shape, Target, Type, Use, Value};

impl fmt::Display for Use {
    /// `list<Stack>[1..=16]?`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shape {
            Shape::Bool => f.write_str("bool")?,
            Shape::Int(int) => f.write_str(int.name())?,
            Shape::F32 => f.write_str("f32")?,
            Shape::F64 => f.write_str("f64")?,
            Shape::String => f.write_str("string")?,
            Shape::Bytes => f.write_str("bytes")?,
            Shape::Timestamp => f.write_str("timestamp")?,
            Shape::Duration => f.write_str("duration")?,
            Shape::Uuid => f.write_str("uuid")?,
            Shape::List(element) => write!(f, "list<{element}>")?,
            Shape::Set(element) => write!(f, "set<{element}>")?,
            Shape::Map(key, value) => write!(f, "map<{key}, {value}>")?,
            Shape::Ref(Target::Entity(entity)) => write!(f, "ref<{}>", entity.head.name)?,
            Shape::Ref(Target::Component(component)) => write!(f, "ref<{}>", component.head.name)?,
            Shape::Named(ty) => f.write_str(ty.head.name)?,
        }
        self.bound.fmt(f)?;
        f.write_str(if self.optional { "?" } else { "" })
    }
}

impl fmt::Display for Bound {
    /// `[1..=16]`, `[8]`, `[..=64]`; nothing if there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::None => Ok(()),
            Self::Int(min, max) => {
                // Ends beyond what 64 bits hold are open ones.
                let min = Some(min).filter(|min| *min > i64::MIN.into());
                let max = Some(max).filter(|max| *max < i64::MAX.into());
                range(f, min, max)
            }
            Self::Float(min, max) => range(
                f,
                Some(min).filter(|min| min.is_finite()),
                Some(max).filter(|max| max.is_finite()),
            ),
            Self::Length(min, max) => range(
                f,
                Some(min).filter(|min| *min > 0 || max == 0),
                Some(max).filter(|max| *max < u32::MAX),
            ),
        }
    }
}

fn range<T: fmt::Display + PartialEq>(
    f: &mut fmt::Formatter<'_>,
    min: Option<T>,
    max: Option<T>,
) -> fmt::Result {
    match (min, max) {
        (Some(min), Some(max)) if min == max => write!(f, "[{min}]"),
        (Some(min), Some(max)) => write!(f, "[{min}..={max}]"),
        (Some(min), None) => write!(f, "[{min}..]"),
        (None, Some(max)) => write!(f, "[..={max}]"),
        (None, None) => Ok(()),
    }
}

impl fmt::Display for Call {
    /// `rpc trade(to: ref<Inventory>, give: list<Stack>[1..=16]) -> Receipt throws TradeError`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}(", self.kind.as_str(), self.name)?;
        for (index, param) in self.params.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{}: {}", param.name, param.ty)?;
            if let Some(default) = param.default.and_then(plain) {
                write!(f, " = {default}")?;
            }
        }
        f.write_str(")")?;
        if let Some(result) = &self.result {
            let stream = if self.stream { "stream " } else { "" };
            write!(f, " -> {stream}{result}")?;
        }
        if let Some(error) = self.throws {
            write!(f, " throws {}", error.head.name)?;
        }
        Ok(())
    }
}

/// A default that is worth a word: what is empty or zero goes without saying.
fn plain(value: Value) -> Option<String> {
    match value {
        Value::Bool(true) => Some("true".to_owned()),
        Value::Int(value) if value != 0 => Some(value.to_string()),
        Value::Float(value) if value != 0.0 => Some(value.to_string()),
        Value::String(text) if !text.is_empty() => Some(format!("{text:?}")),
        _ => None,
    }
}

impl CallKind {
    /// `rpc`, `client rpc`, ..., as in the schema.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rpc => "rpc",
            Self::Oneway => "oneway",
            Self::Event => "event",
            Self::Timer => "timer",
            Self::ClientRpc => "client rpc",
        }
    }
}

impl Kind {
    /// `struct`, `enum`, ..., as in the schema.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Struct(_) => "struct",
            Self::Enum { closed: false, .. } => "enum",
            Self::Enum { closed: true, .. } => "closed enum",
            Self::Flags { .. } => "flags",
            Self::Union { closed: false, .. } => "union",
            Self::Union { closed: true, .. } => "closed union",
            Self::Error(_) => "error",
            Self::Newtype { .. } => "newtype",
        }
    }
}

impl fmt::Display for EntityKind {
    /// `keyed(AccountId)`, `instance`, `local in Battle`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyed(parts) => {
                f.write_str("keyed(")?;
                for (index, part) in parts.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{part}")?;
                }
                f.write_str(")")
            }
            Self::Instance => f.write_str("instance"),
            Self::Singleton => f.write_str("singleton"),
            Self::PerNode => f.write_str("per_node"),
            Self::Local(container) => write!(f, "local in {}", container.0.head.name),
        }
    }
}

impl Type {
    /// What it is made of, in a line: `{ item: ItemId, count: u32[1..=99] }`, `{ red | blue }`, `u32[1..]`.
    #[must_use]
    pub fn outline(&self) -> String {
        let names = |names: Vec<&str>| format!("{{ {} }}", names.join(" | "));
        match &self.kind {
            Kind::Struct(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|member| format!("{}: {}", member.name, member.ty))
                    .collect();
                format!("{{ {} }}", members.join(", "))
            }
            Kind::Enum { values, .. } => names(values.iter().map(|value| value.name).collect()),
            Kind::Flags { flags, .. } => names(flags.iter().map(|flag| flag.name).collect()),
            Kind::Union { arms, .. } | Kind::Error(arms) => {
                names(arms.iter().map(|arm| arm.name).collect())
            }
            Kind::Newtype { inner, .. } => inner.to_string(),
        }
    }
}
