//! The form of names.

use playhouse_syntax::ast::{self, ArmBody, DeclarationKind, Name};

use super::{Context, Found};

/// The forms of names.
#[derive(Clone, Copy)]
enum Form {
    Pascal,
    Snake,
    Screaming,
}

impl Form {
    const fn describe(self) -> &'static str {
        match self {
            Self::Pascal => "CamelCase",
            Self::Snake => "snake_case",
            Self::Screaming => "SCREAMING_CASE",
        }
    }

    fn fits(self, name: &str) -> bool {
        let mut chars = name.chars();
        let Some(first) = chars.next() else {
            return true;
        };
        let doubled = name.contains("__") || name.starts_with('_');
        match self {
            Self::Pascal => first.is_ascii_uppercase() && !name.contains('_'),
            Self::Snake => {
                first.is_ascii_lowercase()
                    && !doubled
                    && !name.contains(|c: char| c.is_ascii_uppercase())
            }
            Self::Screaming => {
                first.is_ascii_uppercase()
                    && !doubled
                    && !name.contains(|c: char| c.is_ascii_lowercase())
            }
        }
    }

    /// `name` in this form.
    fn convert(self, name: &str) -> String {
        let mut words: Vec<String> = Vec::new();
        let mut upper_before = true;
        for c in name.chars() {
            if c == '_' {
                upper_before = false;
                words.push(String::new());
                continue;
            }
            if c.is_ascii_uppercase() && !upper_before {
                words.push(String::new());
            }
            upper_before = c.is_ascii_uppercase();
            if words.is_empty() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.push(c.to_ascii_lowercase());
            }
        }
        words.retain(|word| !word.is_empty());
        match self {
            Self::Snake => words.join("_"),
            Self::Screaming => words.join("_").to_ascii_uppercase(),
            Self::Pascal => words
                .iter()
                .map(|word| {
                    let mut chars = word.chars();
                    chars.next().map_or_else(String::new, |first| {
                        first.to_ascii_uppercase().to_string() + chars.as_str()
                    })
                })
                .collect(),
        }
    }
}

/// Types are CamelCase, constants SCREAMING_CASE, all else is snake_case.
pub(super) fn naming(context: &Context<'_>, found: &mut Found) {
    let mut look = |name: &Name, form: Form| {
        if form.fits(&name.text) {
            return;
        }
        let converted = form.convert(&name.text);
        let message = format!("`{}` is not {}", name.text, form.describe());
        let mut warning = found.warning(name.span, message);
        if converted != name.text && !converted.is_empty() {
            warning = warning.help(format!(
                "write `{converted}`; once it is released, with `@was(\"{}\")`",
                name.text
            ));
        }
        found.push(warning);
    };
    for file in context.own_files() {
        for declaration in &file.declarations {
            declaration_names(declaration, &mut look);
        }
    }
}

fn declaration_names(declaration: &ast::Declaration, look: &mut impl FnMut(&Name, Form)) {
    match &declaration.kind {
        DeclarationKind::Package(path) => {
            path.segments
                .iter()
                .for_each(|segment| look(segment, Form::Snake));
        }
        DeclarationKind::Role(name) | DeclarationKind::Audience { name, .. } => {
            look(name, Form::Snake)
        }
        DeclarationKind::Const { name, .. } => look(name, Form::Screaming),
        DeclarationKind::Newtype { name, .. }
        | DeclarationKind::Oplog(name)
        | DeclarationKind::Table(name) => look(name, Form::Pascal),
        DeclarationKind::Use(_) => {}
        DeclarationKind::Enum(decl) => {
            look(&decl.name, Form::Pascal);
            decl.values
                .iter()
                .for_each(|value| look(&value.name, Form::Snake));
        }
        DeclarationKind::Struct {
            name,
            generics,
            fields,
        } => {
            look(name, Form::Pascal);
            generics.iter().for_each(|param| look(param, Form::Pascal));
            fields
                .fields
                .iter()
                .for_each(|field| look(&field.name, Form::Snake));
        }
        DeclarationKind::Union(decl) => {
            look(&decl.name, Form::Pascal);
            decl.generics
                .iter()
                .for_each(|param| look(param, Form::Pascal));
            for arm in &decl.arms {
                look(&arm.name, Form::Snake);
                if let ArmBody::Fields(fields) = &arm.body {
                    fields
                        .fields
                        .iter()
                        .for_each(|field| look(&field.name, Form::Snake));
                }
            }
        }
        DeclarationKind::Component { name, body, .. }
        | DeclarationKind::Entity { name, body, .. }
        | DeclarationKind::Service { name, body, .. } => {
            look(name, Form::Pascal);
            body.fields
                .iter()
                .for_each(|field| look(&field.name, Form::Snake));
            body.slots
                .iter()
                .for_each(|slot| look(&slot.name, Form::Snake));
            for call in &body.calls {
                look(&call.name, Form::Snake);
                call.params
                    .iter()
                    .for_each(|param| look(&param.name, Form::Snake));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn names_are_converted() {
        assert_eq!(Form::Pascal.convert("item_id"), "ItemId");
        assert_eq!(Form::Pascal.convert("itemID"), "ItemId");
        assert_eq!(Form::Snake.convert("ItemId"), "item_id");
        assert_eq!(Form::Snake.convert("_x__y"), "x_y");
        assert_eq!(Form::Screaming.convert("chatMax"), "CHAT_MAX");
        assert!(Form::Snake.fits("a1"));
        assert!(!Form::Snake.fits("aB"));
    }
}
