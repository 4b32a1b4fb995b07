//! Finders: entities by the value of a property with an index.

use playhouse_schema::model::{Entity, Property, Shape, Type};

use super::names::ident;
use super::properties::Claimed;
use super::scope::Scope;
use super::text::Text;

/// Finders of `entity`, for its own properties and for those of its slots.
pub(super) fn emit(scope: &Scope<'_>, text: &mut Text, claimed: &mut Claimed, entity: &Entity) {
    for property in &entity.properties {
        one(scope, text, claimed, "", 0, property);
    }
    for slot in entity.slots.iter().filter(|slot| !slot.transient) {
        let component = &scope.model().components[slot.component.0 as usize];
        for property in &component.properties {
            one(scope, text, claimed, &slot.name, slot.tag, property);
        }
    }
}

fn one(
    scope: &Scope<'_>,
    text: &mut Text,
    claimed: &mut Claimed,
    slot: &str,
    slot_tag: u8,
    property: &Property,
) {
    if property.persist.is_none() || !(property.unique || property.index) {
        return;
    }
    let member = &property.member;
    let place = match slot {
        "" => member.name.clone(),
        slot => format!("{slot}.{}", member.name),
    };
    text.gap();
    if property.unique {
        text.line(&format!(
            "/// The one whose `{place}` was this when it was saved last."
        ));
    } else {
        text.line(&format!(
            "/// Those whose `{place}` was this when they were saved last, at most `limit` of them, in no order."
        ));
    }
    text.line("///");
    text.line("/// # Errors");
    text.line("///");
    text.line("/// If the store does not answer, or the node has none.");
    let value = ident(match member.name.as_str() {
        "cx" | "limit" => "value",
        name => name,
    });
    let (ty, given) = taken(scope, &member.ty, &value);
    let mut params = vec!["cx: &v1::Cx".to_owned(), format!("{value}: {ty}")];
    let (function, found, mut args) = if property.unique {
        let found = format!("{}<v1::Ref<Self>>", scope.std("Option"));
        ("find_one", found, Vec::new())
    } else {
        params.push("limit: usize".to_owned());
        let found = format!("{}<v1::Ref<Self>>", scope.std("Vec"));
        ("find_all", found, vec!["limit".to_owned()])
    };
    let name = claimed.claim(&format!("find_by_{}", place.replace('.', "_")));
    text.function(
        &format!("pub fn {name}("),
        &params,
        &format!(") -> v1::Finding<{found}> {{"),
    );
    let place = [
        "cx".to_owned(),
        slot_tag.to_string(),
        member.tag.to_string(),
        given,
    ];
    args.splice(0..0, place);
    text.call(&format!("v1::{function}("), &args, ")");
    text.close("}");
}

/// How a value is taken, and how it is handed on.
fn taken(scope: &Scope<'_>, ty: &Type, name: &str) -> (String, String) {
    let plain = Type {
        optional: false,
        ..ty.clone()
    };
    if scope.world.facts.copy(&plain) {
        return (scope.plain_type(ty), format!("&{name}"));
    }
    match ty.shape {
        Shape::String => ("&str".to_owned(), name.to_owned()),
        _ => (format!("&{}", scope.plain_type(ty)), name.to_owned()),
    }
}
