//! The API as an [OpenAPI](https://spec.openapis.org/oas/v3.1.0) document, from the table that serves it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::table::{
    ALWAYS, Code, ENDPOINTS, ERROR, Endpoint, Field, Kind, METHOD, NOT_FOUND, Shape,
};

/// The document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    let mut shapes = BTreeMap::new();
    gather(&ERROR, &mut shapes);
    for endpoint in ENDPOINTS {
        gather(endpoint.gives, &mut shapes);
        if let Some(takes) = endpoint.takes {
            gather(takes, &mut shapes);
        }
        paths.insert(
            endpoint.path.to_owned(),
            json!({ endpoint.verb.word(): operation(endpoint) }),
        );
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Login",
            "version": "1",
            "description": "From nothing but an installed game to a pass that opens a session.",
        },
        "paths": paths,
        "components": { "schemas": shapes },
    })
}

fn operation(endpoint: &Endpoint) -> Value {
    let mut responses = BTreeMap::new();
    responses.insert("200".to_owned(), body(endpoint.gives.about, endpoint.gives));
    let always = if endpoint.takes.is_some() {
        ALWAYS
    } else {
        &[]
    };
    let codes = always
        .iter()
        .chain(endpoint.refuses)
        .chain([&NOT_FOUND, &METHOD]);
    let mut by_status: BTreeMap<u16, Vec<&Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status).or_default().push(code);
    }
    for (status, codes) in by_status {
        let lines = codes
            .iter()
            .map(|code| format!("`{}`: {}", code.word, code.message));
        let about = lines.collect::<Vec<_>>().join("; ");
        responses.insert(status.to_string(), body(&about, &ERROR));
    }
    let about = "The head of the request is too long. There is no body.";
    responses.insert("431".to_owned(), json!({ "description": about }));
    let mut operation = json!({
        "operationId": endpoint.operation,
        "summary": endpoint.summary,
        "responses": responses,
    });
    if let Some(takes) = endpoint.takes {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": reference(takes) } },
        });
    }
    operation
}

fn body(about: &str, shape: &Shape) -> Value {
    json!({
        "description": about,
        "content": { "application/json": { "schema": reference(shape) } },
    })
}

fn reference(shape: &Shape) -> Value {
    json!({ "$ref": format!("#/components/schemas/{}", shape.name) })
}

/// This shape and those within it.
fn gather(shape: &'static Shape, shapes: &mut BTreeMap<&'static str, Value>) {
    for field in shape.fields {
        if let Kind::Object(inner) = field.kind {
            gather(inner, shapes);
        }
    }
    shapes.insert(shape.name, schema(shape));
}

fn schema(shape: &Shape) -> Value {
    let properties: Map<_, _> = shape
        .fields
        .iter()
        .map(|field| (field.name.to_owned(), member(field)))
        .collect();
    let required = shape.fields.iter().filter(|field| field.required);
    json!({
        "type": "object",
        "description": shape.about,
        "properties": properties,
        "required": required.map(|field| field.name).collect::<Vec<_>>(),
        "additionalProperties": false,
    })
}

fn member(field: &Field) -> Value {
    let mut member = match field.kind {
        Kind::Text { min, max } => json!({ "type": "string", "minLength": min, "maxLength": max }),
        Kind::Uuid => json!({ "type": "string", "format": "uuid" }),
        Kind::Base64 { max } => {
            json!({ "type": "string", "contentEncoding": "base64", "maxLength": max })
        }
        Kind::Integer => json!({ "type": "integer", "minimum": 0 }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Texts { items, max } => json!({
            "type": "array",
            "maxItems": items,
            "items": { "type": "string", "maxLength": max },
        }),
        Kind::Date => json!({ "type": "string", "format": "date-time" }),
        Kind::Free => json!({ "type": "object" }),
        Kind::Object(shape) => reference(shape),
    };
    member["description"] = field.about.into();
    member
}
