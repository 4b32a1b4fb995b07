//! Types as used: names to shapes, bounds, optionals, instances of generics, newtypes.

use playhouse_syntax::{Span, ast, ast::DeclarationKind};

use super::{Checker, Work, names::SymbolKind};
use crate::{
    model::{Bound, Head, Int, RefTarget, Shape, Type, TypeDef, TypeId, TypeKind, Value},
    rules,
};

/// Where a type stands: its file, and what the type parameters stand for there.
#[derive(Clone, Copy)]
pub(super) struct Place<'e> {
    pub(super) file: usize,
    pub(super) generics: &'e [(String, Type)],
    /// How deep in instances of generics.
    pub(super) depth: usize,
}

impl Place<'_> {
    pub(super) const fn in_file(file: usize) -> Self {
        Self {
            file,
            generics: &[],
            depth: 0,
        }
    }
}

pub(super) const fn plain(shape: Shape) -> Type {
    Type {
        shape,
        bound: Bound::None,
        optional: false,
    }
}

fn scalar(name: &str) -> Option<Shape> {
    Some(match name {
        "bool" => Shape::Bool,
        "f32" => Shape::F32,
        "f64" => Shape::F64,
        "string" => Shape::String,
        "bytes" => Shape::Bytes,
        "timestamp" => Shape::Timestamp,
        "duration" => Shape::Duration,
        "uuid" => Shape::Uuid,
        _ => Shape::Int(Int::named(name)?),
    })
}

impl Checker<'_> {
    pub(super) fn allocate_type(
        &mut self,
        head: Head,
        instance: Option<String>,
        work: Work,
    ) -> TypeId {
        let id = TypeId(u32::try_from(self.model.types.len()).unwrap_or(u32::MAX));
        let kind = TypeKind::Struct {
            members: Vec::new(),
            reserved: Default::default(),
        };
        self.model.types.push(TypeDef {
            head,
            kind,
            instance,
            client: false,
            recursive: false,
            digest: 0,
        });
        self.types.push(work);
        id
    }

    /// The type that `written` stands for. `None`: it has been reported why not.
    pub(super) fn ty(&mut self, place: Place<'_>, written: &ast::Type) -> Option<Type> {
        let mut ty = self.unbounded_type(place, written)?;
        if let Some(bound) = &written.bound {
            self.apply_bound(place.file, &mut ty, bound);
        }
        for &span in &written.optional {
            if ty.optional {
                let shown = self.shown(&ty);
                self.report(rules::types::optional_twice(span, &shown));
            }
            ty.optional = true;
        }
        Some(ty)
    }

    fn unbounded_type(&mut self, place: Place<'_>, written: &ast::Type) -> Option<Type> {
        let name = written.path.text();
        if written.path.segments.len() == 1 {
            if let Some((_, ty)) = place.generics.iter().find(|(param, _)| *param == name) {
                let ty = ty.clone();
                return self.arguments(written, &name, 0).then_some(ty);
            }
            if let Some(shape) = scalar(&name) {
                return self.arguments(written, &name, 0).then(|| plain(shape));
            }
            match name.as_str() {
                "list" => {
                    let element = self
                        .arguments(written, &name, 1)
                        .then(|| &written.args[0])?;
                    return Some(plain(Shape::List(Box::new(self.ty(place, element)?))));
                }
                "set" => {
                    let element = self
                        .arguments(written, &name, 1)
                        .then(|| &written.args[0])?;
                    let ty = self.ty(place, element)?;
                    self.check_key(&ty, element.span, "the element of a set");
                    return Some(plain(Shape::Set(Box::new(ty))));
                }
                "map" => return self.map(place, written),
                "ref" => return self.reference(place, written),
                "stream" => {
                    self.report(rules::types::stream_type(written.span));
                    return None;
                }
                "fixed" | "decimal" => {
                    self.report(rules::later::builtin(written.span, &name));
                    return None;
                }
                _ => {}
            }
        }
        let id = self.resolve(place.file, &written.path, "type")?;
        let symbol = self.symbol(id);
        match symbol.kind {
            SymbolKind::Type(ty) => self
                .arguments(written, &name, 0)
                .then(|| plain(Shape::Named(ty))),
            SymbolKind::Newtype(ty) => {
                if !self.arguments(written, &name, 0) || !self.newtype(ty, written.span) {
                    return None;
                }
                Some(plain(Shape::Named(ty)))
            }
            SymbolKind::Generic => self.instance(place, id, written),
            SymbolKind::Later => None,
            _ => {
                self.report_wrong_kind(&written.path, id, "a type");
                None
            }
        }
    }

    pub(super) fn arguments(&mut self, written: &ast::Type, name: &str, wanted: usize) -> bool {
        let fits = written.args.len() == wanted;
        // With broken syntax the arguments may be lost for that reason alone.
        if !(fits || self.broken && written.args.len() < wanted) {
            let error =
                rules::types::type_arguments(written.span, name, wanted, written.args.len());
            self.report(error);
        }
        fits
    }

    fn map(&mut self, place: Place<'_>, written: &ast::Type) -> Option<Type> {
        let [key, value] = written.args.as_slice() else {
            self.arguments(written, "map", 2);
            return None;
        };
        let key_type = self.ty(place, key);
        let value_type = self.ty(place, value);
        let (key_type, value_type) = (key_type?, value_type?);
        self.check_key(&key_type, key.span, "the key of a map");
        if value_type.optional {
            self.report(rules::types::optional_element(
                value.span,
                "the value of a map",
            ));
        }
        Some(plain(Shape::Map(Box::new(key_type), Box::new(value_type))))
    }

    fn check_key(&mut self, ty: &Type, span: Span, role: &str) {
        if ty.optional {
            self.report(rules::types::optional_element(span, role));
        } else if !self.is_key(ty) {
            let shown = self.shown(ty);
            self.report(rules::types::map_key(span, &shown, role));
        }
    }

    /// Whether values can be keys: integers, strings, uuids, enums and newtypes of these.
    pub(super) fn is_key(&self, ty: &Type) -> bool {
        match &ty.shape {
            Shape::Int(_) | Shape::String | Shape::Uuid => true,
            Shape::Named(id) => match self.types[id.0 as usize] {
                Work::Waiting(symbol) | Work::Busy(symbol) => {
                    matches!(&self.symbol(symbol).declaration.kind, DeclarationKind::Enum(decl) if !decl.flags)
                }
                Work::Done => match &self.type_def(*id).kind {
                    TypeKind::Enum { .. } => true,
                    TypeKind::Newtype { inner, .. } => self.is_key(inner),
                    _ => false,
                },
            },
            _ => false,
        }
    }

    fn reference(&mut self, place: Place<'_>, written: &ast::Type) -> Option<Type> {
        if let Some(alternatives) = written.alternatives {
            self.report(rules::later::reference(alternatives, false));
            return None;
        }
        let [target] = written.args.as_slice() else {
            if written.args.is_empty() {
                self.report(rules::later::reference(written.span, true));
            } else {
                self.arguments(written, "ref", 1);
            }
            return None;
        };
        if !target.args.is_empty() || target.bound.is_some() || !target.optional.is_empty() {
            let error = rules::types::ref_target(target.span, &target.path.text(), None);
            self.report(error);
            return None;
        }
        let id = self.resolve(place.file, &target.path, "entity or component")?;
        let symbol = self.symbol(id);
        let target = match symbol.kind {
            SymbolKind::Component(id) => RefTarget::Component(id),
            SymbolKind::Entity(id) => {
                let local = matches!(
                    &symbol.declaration.kind,
                    DeclarationKind::Entity { kind: Some(kind), .. } if kind.name.text == "local"
                );
                if local {
                    let name = &symbol.name.text;
                    self.report(rules::types::ref_target(
                        target.span,
                        name,
                        Some("a local entity"),
                    ));
                    return None;
                }
                RefTarget::Entity(id)
            }
            kind => {
                let error =
                    rules::types::ref_target(target.span, &symbol.name.text, Some(kind.describe()));
                self.report(error);
                return None;
            }
        };
        Some(plain(Shape::Ref(target)))
    }

    /// The type in the language's own words.
    pub(super) fn shown(&self, ty: &Type) -> String {
        self.model.type_text(ty)
    }

    /// Lowers the newtype `id` if that was not done; false if it is broken or contains itself.
    pub(super) fn newtype(&mut self, id: TypeId, used_at: Span) -> bool {
        let symbol = match self.types[id.0 as usize] {
            Work::Done => return !self.broken_newtypes.contains(&id),
            Work::Busy(symbol) => {
                let name = &self.symbol(symbol).name.text;
                self.report(rules::types::infinite_type(
                    used_at,
                    name,
                    &format!("{name} -> {name}"),
                ));
                return false;
            }
            Work::Waiting(symbol) => symbol,
        };
        self.types[id.0 as usize] = Work::Busy(symbol);
        let symbol = self.symbol(symbol);
        let DeclarationKind::Newtype { ty, default, name } = &symbol.declaration.kind else {
            return true;
        };
        let inner = ty.as_ref().and_then(|ty| {
            self.ty(Place::in_file(symbol.file), ty)
                .map(|lowered| (ty, lowered))
        });
        let mut lowered = plain(Shape::Bool);
        let broken = inner.is_none();
        if let Some((written, inner)) = inner {
            lowered = inner;
            if lowered.optional {
                let shown = self.shown(&lowered);
                self.report(rules::types::newtype_inner(written.span, &shown));
                lowered.optional = false;
            }
        } else {
            self.broken_newtypes.insert(id);
        }
        // Set before the default is evaluated: it may be a constant of this very type.
        self.model.types[id.0 as usize].kind = TypeKind::Newtype {
            inner: lowered.clone(),
            default: None,
        };
        self.types[id.0 as usize] = Work::Done;
        let default: Option<Value> = default
            .as_ref()
            .filter(|_| !broken)
            .and_then(|value| self.default_value(symbol.file, value, &lowered));
        let attributes = self.attributes(
            symbol.file,
            &symbol.declaration.attributes,
            crate::attributes::Place::Type,
        );
        let head = self.head(
            symbol.package,
            name,
            &symbol.declaration.docs,
            self.marks(&attributes),
        );
        let def = &mut self.model.types[id.0 as usize];
        def.head = head;
        def.kind = TypeKind::Newtype {
            inner: lowered,
            default,
        };
        !broken
    }

    /// Strips newtypes: the shape below, and the tightest of the bounds on the way.
    pub(super) fn base(&self, ty: &Type) -> Type {
        let mut base = ty.clone();
        while let Shape::Named(id) = base.shape {
            let Some(inner) = self.newtype_inner(id) else {
                break;
            };
            base.shape = inner.shape.clone();
            if base.bound == Bound::None {
                base.bound = inner.bound.clone();
            }
        }
        base
    }
}
