//! Declarations into the model, in order.

use std::collections::BTreeMap;

use playhouse_syntax::ast::{self, DeclarationKind};

use super::{
    Checker,
    names::{SymbolId, SymbolKind},
    numbers::Numbers,
    types::Place,
};
use crate::{
    attributes::Place as At,
    model::{Int, Item, PackageId},
    rules,
};

impl<'a> Checker<'a> {
    /// Lowers every declaration.
    pub(super) fn lower_all(&mut self) {
        let mut numbers: BTreeMap<PackageId, Numbers> = BTreeMap::new();
        for index in 0..self.names.symbols.len() {
            let id = SymbolId(u32::try_from(index).unwrap_or(u32::MAX));
            self.collect_number(id, &mut numbers);
        }
        for index in 0..self.names.symbols.len() {
            let id = SymbolId(u32::try_from(index).unwrap_or(u32::MAX));
            self.lower_symbol(id, &mut numbers);
        }
        for file in 0..self.files.len() {
            let declarations = &self.files[file].declarations;
            for declaration in declarations {
                let place = match declaration.kind {
                    DeclarationKind::Package(_) => "a package",
                    DeclarationKind::Use(_) => "an import",
                    _ => continue,
                };
                for attribute in &declaration.attributes {
                    let name = attribute.path.text();
                    let error = match crate::attributes::find(&name) {
                        Some(spec) => {
                            rules::attributes::attribute_place(attribute.span, spec, place)
                        }
                        None => rules::attributes::unknown_attribute(attribute.path.span, &name),
                    };
                    self.report(error);
                }
            }
        }
    }

    fn lower_symbol(&mut self, id: SymbolId, numbers: &mut BTreeMap<PackageId, Numbers>) {
        let symbol = self.symbol(id);
        let place = Place::in_file(symbol.file);
        let item = match (symbol.kind, &symbol.declaration.kind) {
            (SymbolKind::Const(id), _) => {
                self.constant(id, symbol.name.span);
                let marks = self.type_marks(symbol.file, symbol.declaration);
                self.model.consts[id.0 as usize].head.marks = marks;
                Item::Const(id)
            }
            (SymbolKind::Role(id), _) => {
                let marks = self.type_marks(symbol.file, symbol.declaration);
                self.model.roles[id.0 as usize].head.marks = marks;
                Item::Role(id)
            }
            (SymbolKind::Audience(id), DeclarationKind::Audience { param, .. }) => {
                let param = param.as_ref().and_then(|param| {
                    let ty = self.ty(place, param)?;
                    if !self.is_key(&ty) {
                        let shown = self.shown(&ty);
                        self.report(rules::types::map_key(
                            param.span,
                            &shown,
                            "the parameter of an audience",
                        ));
                    }
                    Some(ty)
                });
                let marks = self.type_marks(symbol.file, symbol.declaration);
                let audience = &mut self.model.audiences[id.0 as usize];
                audience.param = param;
                audience.head.marks = marks;
                Item::Audience(id)
            }
            (SymbolKind::Newtype(id), _) => {
                self.newtype(id, symbol.name.span);
                Item::Type(id)
            }
            (SymbolKind::Type(id), DeclarationKind::Enum(_)) => {
                self.lower_enum(id);
                Item::Type(id)
            }
            (SymbolKind::Type(id), _) => {
                self.lower_members_of(id, symbol.declaration, place);
                Item::Type(id)
            }
            (SymbolKind::Generic, _) => {
                self.check_generic(symbol.declaration, symbol.file);
                return;
            }
            (SymbolKind::Component(id), _) => {
                self.component(id, symbol.file, symbol.declaration, symbol.package, numbers);
                Item::Component(id)
            }
            (SymbolKind::Entity(id), _) => {
                self.entity(id, symbol.file, symbol.declaration, symbol.package, numbers);
                Item::Entity(id)
            }
            (SymbolKind::Service(id), _) => {
                self.service(id, symbol.file, symbol.declaration, symbol.package, numbers);
                Item::Service(id)
            }
            (SymbolKind::Audience(_) | SymbolKind::Later, declaration) => {
                let word = if matches!(declaration, DeclarationKind::Table(_)) {
                    "table"
                } else {
                    "oplog"
                };
                self.report(rules::later::declaration(symbol.name.span, word));
                return;
            }
        };
        self.enter_item(symbol.file, item);
    }

    pub(super) fn type_marks(
        &mut self,
        file: usize,
        declaration: &ast::Declaration,
    ) -> crate::model::Marks {
        let attributes = self.attributes(file, &declaration.attributes, At::Type);
        self.marks(&attributes)
    }

    /// Lowers a generic once with a plain integer for each parameter, so that an unused one is checked too.
    fn check_generic(&mut self, declaration: &'a ast::Declaration, file: usize) {
        let generics = match &declaration.kind {
            DeclarationKind::Struct { generics, .. } => generics,
            DeclarationKind::Union(union) => &union.generics,
            _ => return,
        };
        for (index, param) in generics.iter().enumerate() {
            if let Some(first) = generics[..index]
                .iter()
                .find(|first| first.text == param.text)
            {
                self.report(rules::names::name_twice(
                    param.span,
                    &param.text,
                    first.span,
                ));
            }
        }
        let word = super::types::plain(crate::model::Shape::Int(Int::U32));
        let bindings: Vec<_> = generics
            .iter()
            .map(|param| (param.text.clone(), word.clone()))
            .collect();
        let place = Place {
            file,
            generics: &bindings,
            depth: 1,
        };
        let types = self.model.types.len();
        match &declaration.kind {
            DeclarationKind::Struct { fields, .. } => {
                self.fields(place, None, fields);
            }
            DeclarationKind::Union(union) => {
                self.arms(place, None, union);
            }
            _ => {}
        }
        // What the dummy arguments needed instances of is nobody's.
        self.model.types.truncate(types);
        self.types.truncate(types);
        self.instances.retain(|_, id| (id.0 as usize) < types);
    }
}
