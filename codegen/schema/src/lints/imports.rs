//! Imports that nothing uses.

use std::collections::HashSet;

use playhouse_syntax::{
    Span, TextRange, TextSize,
    ast::{self, ArmBody, DeclarationKind, Name, Path, ValueKind},
};

use super::{Context, Found};

/// Imported names that stand nowhere in their file.
pub(super) fn unused_import(context: &Context<'_>, found: &mut Found) {
    for file in context.own_files() {
        let Some(source) = context.sources.file(file.id) else {
            continue;
        };
        let mut used = Used::default();
        file.declarations
            .iter()
            .for_each(|declaration| used.declaration(declaration));
        for declaration in &file.declarations {
            let DeclarationKind::Use(import) = &declaration.kind else {
                continue;
            };
            let names: Vec<(&Name, Span)> = if import.braces {
                import
                    .names
                    .iter()
                    .map(|(name, alias)| match alias {
                        Some(alias) => (
                            alias,
                            Span::new(file.id, name.span.range.cover(alias.span.range)),
                        ),
                        None => (name, name.span),
                    })
                    .collect()
            } else {
                vec![(
                    import.alias.as_ref().unwrap_or_else(|| import.path.last()),
                    declaration.span,
                )]
            };
            let unused = |(name, _): &(&Name, Span)| !used.names.contains(name.text.as_str());
            let all = names.iter().all(unused);
            for (name, span) in names.into_iter().filter(unused) {
                let range = if all {
                    declaration.span.range
                } else {
                    with_comma(&source.text, span.range)
                };
                let message = format!("nothing here uses `{}`", name.text);
                let warning = found.warning(span, message);
                found.push(warning.fix("remove it", true, Span::new(file.id, range), ""));
            }
        }
    }
}

/// The place of a name in a list with the comma that goes with it.
fn with_comma(text: &str, range: TextRange) -> TextRange {
    let (start, end) = (usize::from(range.start()), usize::from(range.end()));
    let after = &text[end..];
    let gap = after.len() - after.trim_start().len();
    let (from, to) = if after[gap..].starts_with(',') {
        let rest = &after[gap + 1..];
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        (start, end + gap + 1 + spaces)
    } else {
        (text[..start].trim_end().trim_end_matches(',').len(), end)
    };
    let at = |offset: usize| TextSize::try_from(offset).unwrap_or_default();
    TextRange::new(at(from), at(to))
}

/// The first segments of all paths in a file.
#[derive(Default)]
struct Used<'a> {
    names: HashSet<&'a str>,
}

impl<'a> Used<'a> {
    fn path(&mut self, path: &'a Path) {
        if let Some(first) = path.segments.first() {
            self.names.insert(&first.text);
        }
    }

    fn declaration(&mut self, declaration: &'a ast::Declaration) {
        self.attributes(&declaration.attributes);
        match &declaration.kind {
            DeclarationKind::Package(_)
            | DeclarationKind::Role(_)
            | DeclarationKind::Use(_)
            | DeclarationKind::Oplog(_)
            | DeclarationKind::Table(_) => {}
            DeclarationKind::Audience { param, .. } => self.types(param),
            DeclarationKind::Const { ty, value, .. } => {
                self.types(ty);
                self.values(value);
            }
            DeclarationKind::Newtype { ty, default, .. } => {
                self.types(ty);
                self.values(default);
            }
            DeclarationKind::Enum(decl) => {
                for value in &decl.values {
                    self.attributes(&value.attributes);
                }
            }
            DeclarationKind::Struct { fields, .. } => self.fields(&fields.fields),
            DeclarationKind::Union(decl) => {
                for arm in &decl.arms {
                    self.attributes(&arm.attributes);
                    match &arm.body {
                        ArmBody::Nothing => {}
                        ArmBody::Type(ty) => self.ty(ty),
                        ArmBody::Fields(fields) => self.fields(&fields.fields),
                    }
                }
            }
            DeclarationKind::Component { requires, body, .. } => {
                requires.iter().for_each(|path| self.path(path));
                self.body(body);
            }
            DeclarationKind::Entity {
                kind,
                container,
                role,
                body,
                ..
            } => {
                self.types(kind.iter().flat_map(|kind| &kind.args));
                container
                    .iter()
                    .chain(role)
                    .for_each(|path| self.path(path));
                self.body(body);
            }
            DeclarationKind::Service { role, body, .. } => {
                role.iter().for_each(|path| self.path(path));
                self.body(body);
            }
        }
    }

    fn body(&mut self, body: &'a ast::Body) {
        self.fields(&body.fields);
        for slot in &body.slots {
            self.attributes(&slot.attributes);
            self.types(&slot.ty);
        }
        for call in &body.calls {
            self.attributes(&call.attributes);
            for param in &call.params {
                self.attributes(&param.attributes);
                self.types(&param.ty);
                self.values(&param.default);
            }
            self.types(&call.result);
            call.throws
                .iter()
                .chain(&call.to)
                .for_each(|path| self.path(path));
        }
    }

    fn fields(&mut self, fields: &'a [ast::Field]) {
        for field in fields {
            self.attributes(&field.attributes);
            self.types(&field.ty);
            self.values(&field.default);
        }
    }

    fn attributes(&mut self, attributes: &'a [ast::Attribute]) {
        for attribute in attributes {
            self.values(attribute.args.iter().map(|arg| &arg.value));
        }
    }

    fn types(&mut self, types: impl IntoIterator<Item = &'a ast::Type>) {
        types.into_iter().for_each(|ty| self.ty(ty));
    }

    fn ty(&mut self, ty: &'a ast::Type) {
        self.path(&ty.path);
        self.types(&ty.args);
        if let Some(bound) = &ty.bound {
            self.values(bound.min.iter().chain(&bound.max));
        }
    }

    fn values(&mut self, values: impl IntoIterator<Item = &'a ast::Value>) {
        for value in values {
            match &value.kind {
                ValueKind::Path(path) => self.path(path),
                ValueKind::Binary(items, _) | ValueKind::List(items) => self.values(items),
                ValueKind::Map(entries) => {
                    for (_, value) in entries {
                        self.values([value]);
                    }
                }
                _ => {}
            }
        }
    }
}
