//! `Debug` of unions that hold what must not reach logs.

use playhouse_schema::model::{ArmBody, Member};

use super::{Union, binding, bound};
use crate::rust::names::variant;
use crate::rust::structs::shown;
use crate::rust::text::Text;

/// `Debug` that shows `(redacted)` in place of marked parts.
pub(super) fn debug_impl(text: &mut Text, union: &Union<'_>) {
    text.open(&format!(
        "impl ::core::fmt::Debug for {} {{",
        union.def.head.name
    ));
    text.open("fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {");
    text.open("match self {");
    for arm in union.arms {
        let variant = variant(&arm.name);
        let hidden = arm.marks.redact || union.def.head.marks.redact;
        match &arm.body {
            ArmBody::Nothing => {
                text.line(&format!("Self::{variant} => f.write_str({variant:?}),"));
            }
            ArmBody::Type(_) => {
                let (binding, value) = if hidden {
                    ("_", "&v1::Redacted")
                } else {
                    ("value", "value")
                };
                text.open(&format!("Self::{variant}({binding}) => {{"));
                shown(text, "tuple", &variant, &[value.to_owned()], "finish");
                text.close("}");
            }
            ArmBody::Members(members) => {
                let is_hidden = |member: &Member| hidden || member.marks.redact;
                let fields: Vec<String> = members
                    .iter()
                    .filter(|member| !is_hidden(member))
                    .map(binding)
                    .collect();
                let open_ended = fields.len() < members.len();
                let pattern = text.pattern(&format!("Self::{variant}"), &fields, open_ended);
                text.open(&format!("{pattern} => {{"));
                let fields: Vec<String> = members
                    .iter()
                    .map(|member| {
                        let value = if is_hidden(member) {
                            "&v1::Redacted".to_owned()
                        } else {
                            bound(&member.name)
                        };
                        format!("{:?}, {value}", member.name)
                    })
                    .collect();
                shown(text, "struct", &variant, &fields, "finish");
                text.close("}");
            }
        }
    }
    if !union.closed {
        text.open("Self::Unknown(arm) => {");
        shown(
            text,
            "tuple",
            "Unknown",
            &["&arm.tag()".to_owned()],
            "finish_non_exhaustive",
        );
        text.close("}");
    }
    text.close("}");
    text.close("}");
    text.close("}");
}
