//! Holds answers against the OpenAPI document that the node serves: as much of JSON Schema as the document uses, and an error
//! for any other word, so that nothing in it goes unchecked.

use serde_json::Value;

/// Whether an answer is one that the document allows.
///
/// # Errors
///
/// Where it is not.
pub(crate) fn check(
    document: &Value,
    (method, path): (&str, &str),
    status: u16,
    body: &Value,
) -> Result<(), String> {
    let operation = &document["paths"][path][method.to_lowercase()];
    let response = &operation["responses"][status.to_string()];
    if response.is_null() {
        return Err(format!("{method} {path} does not speak of {status}"));
    }
    match response.get("content") {
        Some(content) => fits(document, &content["application/json"]["schema"], body, "$"),
        None if body.is_null() => Ok(()),
        None => Err(format!("{method} {path} gives no body with {status}")),
    }
}

fn fits(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("{at}: {why}: {value}"));
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').ok_or("a reference elsewhere")?;
        let target = document.pointer(pointer).ok_or("a dangling reference")?;
        return fits(document, target, value, at);
    }
    let number = |name: &str| schema[name].as_u64();
    for (word, rule) in schema.as_object().ok_or("no schema")? {
        let holds = match word.as_str() {
            "description" => true,
            "type" => match rule.as_str() {
                Some("object") => value.is_object(),
                Some("array") => value.is_array(),
                Some("string") => value.is_string(),
                Some("integer") => value.is_u64() || value.is_i64(),
                Some("boolean") => value.is_boolean(),
                _ => return wrong("an unknown type"),
            },
            "minimum" => value.as_i64() >= rule.as_i64(),
            "minLength" => length(value) >= number("minLength"),
            "maxLength" => length(value) <= number("maxLength"),
            "maxItems" => value.as_array().map(|it| it.len() as u64) <= number("maxItems"),
            "contentEncoding" => value.as_str().is_some_and(|it| it.len().is_multiple_of(4)),
            "format" => match rule.as_str() {
                Some("uuid") => value.as_str().is_some_and(|it| it.len() == 36),
                Some("date-time") => {
                    let text = value.as_str().unwrap_or_default();
                    text.contains('T') && text.ends_with('Z')
                }
                _ => return wrong("an unknown format"),
            },
            "required" => rule.as_array().is_some_and(|names| {
                names
                    .iter()
                    .all(|name| value.get(name.as_str().unwrap_or_default()).is_some())
            }),
            "additionalProperties" => value.as_object().is_some_and(|members| {
                members
                    .keys()
                    .all(|name| schema["properties"].get(name).is_some())
            }),
            "properties" => {
                for (name, member) in rule.as_object().ok_or("no properties")? {
                    if let Some(value) = value.get(name) {
                        fits(document, member, value, &format!("{at}.{name}"))?;
                    }
                }
                true
            }
            "items" => {
                for value in value.as_array().into_iter().flatten() {
                    fits(document, rule, value, &format!("{at}[]"))?;
                }
                true
            }
            _ => return wrong(&format!("an unknown word {word}")),
        };
        if !holds {
            return wrong(word);
        }
    }
    Ok(())
}

fn length(value: &Value) -> Option<u64> {
    value.as_str().map(|text| text.chars().count() as u64)
}
