//! Types as used: names to shapes, bounds, optionals, instances of generics, newtypes.

use playhouse_syntax::{Span, ast, ast::DeclarationKind};

use super::{
    Checker, Work,
    names::{SymbolId, SymbolKind},
};
use crate::{
    model::{Bound, Head, Int, Item, RefTarget, Shape, Type, TypeDef, TypeId, TypeKind, Value},
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

/// How deep instances of generics may need others.
const INSTANCE_DEPTH_MAX: usize = 8;

pub(super) const fn plain(shape: Shape) -> Type {
    Type {
        shape,
        bound: Bound::None,
        optional: false,
    }
}

impl Int {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
        }
    }

    /// The type of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [
            Self::U8,
            Self::U16,
            Self::U32,
            Self::U64,
            Self::I8,
            Self::I16,
            Self::I32,
            Self::I64,
        ]
        .into_iter()
        .find(|int| int.name() == name)
    }

    /// Its least and greatest value.
    #[must_use]
    pub const fn range(self) -> (i128, i128) {
        match self {
            Self::U8 => (0, u8::MAX as i128),
            Self::U16 => (0, u16::MAX as i128),
            Self::U32 => (0, u32::MAX as i128),
            Self::U64 => (0, u64::MAX as i128),
            Self::I8 => (i8::MIN as i128, i8::MAX as i128),
            Self::I16 => (i16::MIN as i128, i16::MAX as i128),
            Self::I32 => (i32::MIN as i128, i32::MAX as i128),
            Self::I64 => (i64::MIN as i128, i64::MAX as i128),
        }
    }

    /// Whether negative numbers fit.
    #[must_use]
    pub const fn signed(self) -> bool {
        self.range().0 < 0
    }

    /// How many bits it has.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::U8 | Self::I8 => 8,
            Self::U16 | Self::I16 => 16,
            Self::U32 | Self::I32 => 32,
            Self::U64 | Self::I64 => 64,
        }
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
                    self.check_key(&ty, element.span, "element of a set");
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

    fn arguments(&mut self, written: &ast::Type, name: &str, wanted: usize) -> bool {
        let fits = written.args.len() == wanted;
        if !fits {
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
        self.check_key(&key_type, key.span, "key of a map");
        if value_type.optional {
            self.report(rules::types::optional_element(value.span, "value of a map"));
        }
        Some(plain(Shape::Map(Box::new(key_type), Box::new(value_type))))
    }

    fn check_key(&mut self, ty: &Type, span: Span, role: &str) {
        if ty.optional {
            self.report(rules::types::optional_element(span, role));
        } else if !self.is_key(ty) {
            let shown = self.shown(ty);
            self.report(rules::types::map_key(span, &shown));
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
                        "a local entity",
                    ));
                    return None;
                }
                RefTarget::Entity(id)
            }
            kind => {
                let error =
                    rules::types::ref_target(target.span, &symbol.name.text, kind.describe());
                self.report(error);
                return None;
            }
        };
        Some(plain(Shape::Ref(target)))
    }

    /// The instance of a generic for these arguments, made if it is the first use.
    fn instance(&mut self, place: Place<'_>, id: SymbolId, written: &ast::Type) -> Option<Type> {
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

    /// Puts each instance behind its generic's declaration in the module's items.
    pub(super) fn order_instances(&mut self) {
        let mut instances: Vec<(String, SymbolId, TypeId)> = self
            .instances
            .iter()
            .map(|((symbol, _), &ty)| (self.type_def(ty).head.name.clone(), *symbol, ty))
            .collect();
        instances.sort();
        for (_, symbol, ty) in instances {
            let symbol = self.symbol(symbol);
            let path = &self.sources.files[symbol.file].path;
            let package = &mut self.model.packages[symbol.package.0 as usize];
            if let Some(module) = package
                .modules
                .iter_mut()
                .find(|module| module.path == *path)
            {
                module.items.push(Item::Type(ty));
            }
        }
    }

    fn declared_span(&self, package: crate::model::PackageId, name: &str) -> Option<Span> {
        self.names
            .symbols
            .iter()
            .find(|symbol| symbol.package == package && symbol.name.text == name)
            .map(|symbol| symbol.name.span)
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
            Shape::Ref(target) => format!("RefTo{}", self.target_name(*target)),
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

    fn target_name(&self, target: RefTarget) -> &str {
        match target {
            RefTarget::Entity(id) => &self.model.entities[id.0 as usize].head.name,
            RefTarget::Component(id) => &self.model.components[id.0 as usize].head.name,
        }
    }

    /// The type in the language's own words.
    pub(super) fn shown(&self, ty: &Type) -> String {
        self.model.type_text(ty)
    }

    /// Lowers the newtype `id` if that was not done; false if it contains itself.
    pub(super) fn newtype(&mut self, id: TypeId, used_at: Span) -> bool {
        let symbol = match self.types[id.0 as usize] {
            Work::Done => return true,
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
        if let Some((written, inner)) = inner {
            lowered = inner;
            if lowered.optional {
                let shown = self.shown(&lowered);
                self.report(rules::types::newtype_inner(written.span, &shown));
                lowered.optional = false;
            }
            // Set before the default is evaluated: it may be a constant of this very type.
        }
        self.model.types[id.0 as usize].kind = TypeKind::Newtype {
            inner: lowered.clone(),
            default: None,
        };
        self.types[id.0 as usize] = Work::Done;
        let default: Option<Value> = default
            .as_ref()
            .and_then(|value| self.value(symbol.file, value, &lowered));
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
        true
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
