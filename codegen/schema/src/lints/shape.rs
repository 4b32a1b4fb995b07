//! Lints of types and tags.

use playhouse_syntax::Span;

use super::{Context, Found};
use crate::model::{ArmBody, Bound, Member, Shape, TypeKind};

/// Gaps above which tags are sparse.
const GAPS_MAX: usize = 8;

fn members<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Member> {
    let model = context.model;
    let in_types = model.types.iter().flat_map(|def| -> Vec<&Member> {
        match &def.kind {
            TypeKind::Struct { members, .. } => members.iter().collect(),
            TypeKind::Union { arms, .. } | TypeKind::Error { arms, .. } => arms
                .iter()
                .filter_map(|arm| match &arm.body {
                    ArmBody::Members(members) => Some(members),
                    _ => None,
                })
                .flatten()
                .collect(),
            _ => Vec::new(),
        }
    });
    let components = model
        .components
        .iter()
        .flat_map(|component| &component.properties);
    let entities = model.entities.iter().flat_map(|entity| &entity.properties);
    let properties = components.chain(entities).map(|property| &property.member);
    let params = model.calls().flat_map(|call| &call.params);
    in_types.chain(properties).chain(params)
}

/// Floats lose cents; money is an integer.
pub(super) fn float_money(context: &Context<'_>, found: &mut Found) {
    const WORDS: [&str; 10] = [
        "gold", "money", "price", "cost", "coins", "cash", "balance", "credits", "gems", "currency",
    ];
    for member in members(context) {
        let is_float = matches!(member.ty.shape, Shape::F32 | Shape::F64);
        if is_float && member.name.split('_').any(|word| WORDS.contains(&word)) {
            let message = format!("`{}` is an amount of money in a float", member.name);
            found.push(
                found
                    .warning(member.span, message)
                    .help("count the smallest unit in an integer newtype: `newtype Gold = u64;`"),
            );
        }
    }
}

/// `u8[..=255]`
pub(super) fn redundant_bound(context: &Context<'_>, found: &mut Found) {
    for member in members(context) {
        let redundant = match (&member.ty.bound, &member.ty.shape) {
            (Bound::Int { min, max }, Shape::Int(int)) => (*min, *max) == int.range(),
            (Bound::Length { min: 0, max: None }, _) => true,
            _ => false,
        };
        if redundant {
            let message = format!("the bound of `{}` lets everything through", member.name);
            found.push(
                found
                    .warning(member.span, message)
                    .help("remove it, or tighten it"),
            );
        }
    }
}

/// A slot without a member is a byte on the wire.
pub(super) fn sparse_tags(context: &Context<'_>, found: &mut Found) {
    let mut look = |name: &str, span: Span, members: &[Member]| {
        let Some(last) = members.last() else { return };
        let gaps = usize::from(last.tag) - members.len().min(usize::from(last.tag));
        if gaps > GAPS_MAX && gaps > members.len() {
            let message = format!(
                "`{name}` has {} members and {gaps} gaps between their tags",
                members.len()
            );
            found.push(found.warning(span, message).help(
                "each gap is a byte in every message: before its first release give it dense tags, later move the rare members into a struct of their own",
            ));
        }
    };
    for def in &context.model.types {
        match &def.kind {
            TypeKind::Struct { members, .. } => look(&def.head.name, def.head.span, members),
            TypeKind::Union { arms, .. } | TypeKind::Error { arms, .. } => {
                for arm in arms {
                    if let ArmBody::Members(members) = &arm.body {
                        look(&arm.name, arm.span, members);
                    }
                }
            }
            _ => {}
        }
    }
}
