//! Requests, held against the table before anything is done with them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use playhouse_wire::Uuid;
use serde_json::{Map, Value};

use super::table::{Field, Kind, Shape};

/// A request that is as its shape says.
#[derive(Debug)]
pub(super) struct Body(Map<String, Value>);

/// Reads a request.
///
/// # Errors
///
/// What is wrong with it: which member, and what it should be. The value itself is never in it.
pub(super) fn read(members: Map<String, Value>, shape: &Shape) -> Result<Body, String> {
    check(&members, shape, "")?;
    Ok(Body(members))
}

fn check(members: &Map<String, Value>, shape: &Shape, at: &str) -> Result<(), String> {
    for field in shape.fields {
        let name = format!("{at}{}", field.name);
        match members.get(field.name) {
            Some(value) => fits(value, field, &name)?,
            None if field.required => return Err(format!("{name} is missing")),
            None => {}
        }
    }
    // Whoever misspells a member that may be left out would never know.
    let known = |name: &String| shape.fields.iter().any(|field| field.name == name);
    if members.keys().all(known) {
        Ok(())
    } else {
        let names: Vec<_> = shape.fields.iter().map(|field| field.name).collect();
        Err(format!(
            "{} has {} and no others",
            shape.name,
            names.join(", ")
        ))
    }
}

fn fits(value: &Value, field: &Field, name: &str) -> Result<(), String> {
    let text = value.as_str();
    let is_right = match field.kind {
        Kind::Text { min, max } => {
            text.is_some_and(|text| (min..=max).contains(&text.chars().count()))
        }
        Kind::Uuid => text.is_some_and(|text| text.parse::<Uuid>().is_ok()),
        Kind::Base64 { max } => {
            text.is_some_and(|text| text.len() <= max && STANDARD.decode(text).is_ok())
        }
        Kind::Integer => value.is_u64(),
        Kind::Boolean => value.is_boolean(),
        Kind::Object(shape) => match value {
            Value::Object(members) => return check(members, shape, &format!("{name}.")),
            _ => false,
        },
        // These stand in answers alone.
        Kind::Texts { .. } | Kind::Date | Kind::Free => false,
    };
    if is_right {
        return Ok(());
    }
    Err(match field.kind {
        Kind::Text { min, max } => format!("{name} is a text of {min} to {max} characters"),
        Kind::Uuid => format!("{name} is a uuid"),
        Kind::Base64 { max } => format!("{name} is base64 of at most {max} characters"),
        Kind::Integer => format!("{name} is a whole number from 0"),
        Kind::Boolean => format!("{name} is true or false"),
        Kind::Object(shape) => format!("{name} is an object: see {}", shape.name),
        Kind::Texts { .. } | Kind::Date | Kind::Free => format!("{name} is never sent"),
    })
}

impl Body {
    /// A text; empty if it was left out.
    pub(super) fn text(&self, name: &str) -> String {
        let text = self.0.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    }

    pub(super) fn uuid(&self, name: &str) -> Uuid {
        // Checked: what is no uuid did not come so far.
        self.text(name).parse().unwrap_or(Uuid([0; 16]))
    }

    pub(super) fn bytes(&self, name: &str) -> Vec<u8> {
        STANDARD.decode(self.text(name)).unwrap_or_default()
    }

    pub(super) fn object(&self, name: &str) -> Self {
        let members = self.0.get(name).and_then(Value::as_object);
        Self(members.cloned().unwrap_or_default())
    }
}

/// Bytes as JSON carries them.
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
