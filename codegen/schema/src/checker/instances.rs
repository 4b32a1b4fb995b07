//! Instances of generic types: one definition for each list of arguments.

use playhouse_syntax::{Span, ast, ast::DeclarationKind};

use super::{
    Checker, Work,
    names::SymbolId,
    types::{Place, plain},
};
use crate::{
    model::{Bound, Item, Shape, Type, TypeId},
    rules,
};

/// How deep instances of generics may need others.
const INSTANCE_DEPTH_MAX: usize = 8;

impl Checker<'_> {
    /// The instance of a generic for these arguments, made if it is the first use.
    pub(super) fn instance(
        &mut self,
        place: Place<'_>,
        id: SymbolId,
        written: &ast::Type,
    ) -> Option<Type> {
        let symbol = self.symbol(id);
        let generics = match &symbol.declaration.kind {
            DeclarationKind::Struct { generics, .. } => generics,
            DeclarationKind::Union(decl) => &decl.generics,
            _ => return None,
        };
        if !self.arguments(written, &symbol.name.text, generics.len()) {
            return None;
        }
        let args: Option<Vec<Type>> = written.args.iter().map(|arg| self.ty(place, arg)).collect();
        let args = args?;
        let texts: Vec<String> = args.iter().map(|arg| self.shown(arg)).collect();
        let text = texts.join(", ");
        if let Some(&existing) = self.instances.get(&(id, text.clone())) {
            return Some(plain(Shape::Named(existing)));
        }
        if place.depth >= INSTANCE_DEPTH_MAX {
            let error =
                rules::types::generic_growth(written.span, &symbol.name.text, INSTANCE_DEPTH_MAX);
            self.report(error);
            return None;
        }
        let mut name = format!("{}Of", symbol.name.text);
        for arg in &args {
            name.push_str(&self.name_of(arg));
        }
        let package = symbol.package;
        if let Some(taken) = self.declared_span(package, &name) {
            let shown = format!("{}<{text}>", symbol.name.text);
            self.report(rules::types::instance_name(
                written.span,
                &shown,
                &name,
                taken,
            ));
        }
        let mut head = self.head(
            package,
            symbol.name,
            &symbol.declaration.docs,
            Default::default(),
        );
        head.name = name;
        let shown = format!("{}<{text}>", symbol.name.text);
        let ty = self.allocate_type(head, Some(shown), Work::Done);
        self.instances.insert((id, text), ty);
        let bindings: Vec<(String, Type)> = generics
            .iter()
            .map(|param| param.text.clone())
            .zip(args)
            .collect();
        let inner = Place {
            file: symbol.file,
            generics: &bindings,
            depth: place.depth + 1,
        };
        self.lower_members_of(ty, symbol.declaration, inner);
        Some(plain(Shape::Named(ty)))
    }

    /// Puts the instances, by name, behind the other items of the modules where their generics stand.
    pub(super) fn order_instances(&mut self) {
        let mut instances: Vec<(String, SymbolId, TypeId)> = self
            .instances
            .iter()
            .map(|((symbol, _), &ty)| (self.type_def(ty).head.name.clone(), *symbol, ty))
            .collect();
        instances.sort();
        for (_, symbol, ty) in instances {
            self.enter_item(self.symbol(symbol).file, Item::Type(ty));
        }
    }

    fn declared_span(&self, package: crate::model::PackageId, name: &str) -> Option<Span> {
        let symbol = *self.names.declared[package.0 as usize].get(name)?;
        Some(self.symbol(symbol).name.span)
    }

    /// A part of an instance's name: `Stack`, `ListOfU32`, `OptionalStack`.
    fn name_of(&self, ty: &Type) -> String {
        let name = match &ty.shape {
            Shape::Named(id) => self.type_def(*id).head.name.clone(),
            Shape::List(element) => format!("ListOf{}", self.name_of(element)),
            Shape::Set(element) => format!("SetOf{}", self.name_of(element)),
            Shape::Map(key, value) => {
                format!("MapOf{}To{}", self.name_of(key), self.name_of(value))
            }
            Shape::Ref(target) => format!("RefTo{}", self.model.target_name(*target)),
            _ => {
                let text = self.shown(&plain(ty.shape.clone()));
                let mut chars = text.chars();
                chars.next().map_or_else(String::new, |first| {
                    first.to_ascii_uppercase().to_string() + chars.as_str()
                })
            }
        };
        let bound = match &ty.bound {
            Bound::None => String::new(),
            Bound::Int { min, max } => format!("{min}To{max}").replace('-', "Minus"),
            Bound::Float { min, max } => format!("{min}To{max}")
                .replace('-', "Minus")
                .replace('.', "Point"),
            Bound::Length {
                min,
                max: Some(max),
            } => format!("{min}To{max}"),
            Bound::Length { min, max: None } => format!("{min}Up"),
        };
        let optional = if ty.optional { "Optional" } else { "" };
        format!("{optional}{name}{bound}")
    }
}
