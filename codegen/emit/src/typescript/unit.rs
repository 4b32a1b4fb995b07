//! One file while it is written: what it declares, what it imports, how it names types.

use std::collections::BTreeSet;

use playhouse_schema::model::{
    Bound, Head, Int, Item, Model, Module, Package, PackageId, Shape, Type, TypeDef, TypeId,
    TypeKind,
};

use super::code::Code;
use super::imports::Imports;
use super::{Scope, TypeScript, scope};

/// One file of one package.
#[derive(Debug)]
pub(super) struct Unit<'a> {
    pub(super) model: &'a Model,
    pub(super) backend: &'a TypeScript,
    package: &'a Package,
    module: &'a Module,
    pub(super) code: Code,
    imports: Imports,
    /// Whether the runtime is needed: for the type checker, and at run time.
    runtime: (bool, bool),
    /// Names of types, components, entities and services that stand in this file.
    declared: BTreeSet<&'a str>,
    /// Structs that are the default of some member, of the whole model.
    pub(super) elided: &'a BTreeSet<TypeId>,
}

impl<'a> Unit<'a> {
    pub(super) fn new(
        model: &'a Model,
        backend: &'a TypeScript,
        elided: &'a BTreeSet<TypeId>,
        package: &'a Package,
        module: &'a Module,
    ) -> Self {
        let mut unit = Self {
            model,
            backend,
            package,
            module,
            code: Code::default(),
            imports: Imports::default(),
            runtime: (false, false),
            declared: BTreeSet::new(),
            elided,
        };
        unit.imports.take("wire");
        for &item in &module.items {
            unit.declare(item);
        }
        unit
    }

    /// Reserves the names that `item` gives to this file.
    fn declare(&mut self, item: Item) {
        let head = scope::head(self.model, item);
        self.imports.take(head.name.as_str());
        if matches!(item, Item::Const(_) | Item::Role(_) | Item::Audience(_)) {
            return;
        }
        self.declared.insert(head.name.as_str());
        for prefix in ["encode", "decode", "check", "default", "isDefault"] {
            self.imports.take(format!("{prefix}{}", head.name));
        }
        for name in scope::inner_names(self.model, self.scope(), item) {
            self.imports.take(name);
        }
    }

    /// Which part of the schema is written.
    pub(super) fn scope(&self) -> Scope {
        self.backend.scope
    }

    /// A type of the runtime.
    pub(super) fn wire(&mut self, name: &str) -> String {
        self.runtime.0 = true;
        format!("wire.{name}")
    }

    /// A function or class of the runtime, as a value.
    pub(super) fn wire_value(&mut self, name: &str) -> String {
        self.runtime = (true, true);
        format!("wire.{name}")
    }

    /// Whether a type of this file is called `name`.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.declared.contains(name)
    }

    /// A type definition.
    pub(super) fn definition(&self, id: TypeId) -> &'a TypeDef {
        &self.model.types[id.0 as usize]
    }

    /// What this file calls the type `id`; as a value too if `value` (an enum's or flags' constants).
    pub(super) fn type_name(&mut self, id: TypeId, value: bool) -> String {
        let head = &self.definition(id).head;
        self.imported(head, &head.name, value)
    }

    /// What this file calls the generated function `prefix` + type.
    pub(super) fn function(&mut self, prefix: &str, id: TypeId) -> String {
        let head = &self.definition(id).head;
        self.imported(head, &format!("{prefix}{}", head.name), true)
    }

    fn imported(&mut self, head: &Head, name: &str, value: bool) -> String {
        match self.specifier(head) {
            Some(specifier) => self.imports.name(&specifier, name, value),
            None => name.to_owned(),
        }
    }

    /// The module that declares `head`, as this file names it; none if that is this file.
    fn specifier(&self, head: &Head) -> Option<String> {
        let package = &self.model.packages[head.package.0 as usize];
        if package.name == self.package.name {
            return (head.path != self.module.path)
                .then(|| format!("./{}.js", file_stem(stem_of(package, head))));
        }
        if package.local != self.package.local {
            return Some(format!("@playhouse/client/{}", folder(package)));
        }
        let (here, there) = (&self.package.name, &package.name);
        let shared = here
            .split('.')
            .zip(there.split('.'))
            .take_while(|(a, b)| a == b)
            .count();
        let up = "../".repeat(here.split('.').count() - shared);
        let up = if up.is_empty() { "./" } else { &up };
        let down: String = there
            .split('.')
            .skip(shared)
            .map(|part| format!("{part}/"))
            .collect();
        Some(format!(
            "{up}{down}{}.js",
            file_stem(stem_of(package, head))
        ))
    }

    /// The full name of a declaration, `arena.common.Stack`.
    pub(super) fn full_name(&self, head: &Head) -> String {
        format!("{}.{}", self.package_of(head.package).name, head.name)
    }

    /// A package.
    pub(super) fn package_of(&self, id: PackageId) -> &'a Package {
        &self.model.packages[id.0 as usize]
    }

    /// The type that stands on the wire where `ty` is written: newtypes replaced by what is in them, all bounds joined.
    pub(super) fn plain(&self, ty: &Type) -> Type {
        let mut plain = ty.clone();
        while let Shape::Named(id) = plain.shape {
            let TypeKind::Newtype { inner, .. } = &self.definition(id).kind else {
                break;
            };
            plain.shape = inner.shape.clone();
            plain.bound = joined(&plain.bound, &inner.bound);
        }
        plain
    }

    /// The definition of an enum, flags, struct, union or error that `ty` is, through newtypes.
    pub(super) fn named(&self, ty: &Type) -> Option<(TypeId, &'a TypeDef)> {
        match self.plain(ty).shape {
            Shape::Named(id) => Some((id, self.definition(id))),
            _ => None,
        }
    }

    /// The integer type that carries `ty`, if it is an integer, enum or flags.
    pub(super) fn integer(&self, ty: &Type) -> Option<Int> {
        let plain = self.plain(ty);
        match plain.shape {
            Shape::Int(int) => Some(int),
            Shape::Timestamp | Shape::Duration => Some(Int::I64),
            Shape::Named(id) => match self.definition(id).kind {
                TypeKind::Enum { repr, .. } | TypeKind::Flags { repr, .. } => Some(repr),
                _ => None,
            },
            _ => None,
        }
    }

    /// The file: header, imports, body. None if nothing was written.
    pub(super) fn finish(self, command: &str) -> Option<String> {
        if self.code.is_empty() {
            return None;
        }
        let body = self.code.finish();
        let mut code = Code::default();
        header(&mut code, &self.module.path, command);
        code.blank();
        if !self.module.docs.is_empty() {
            code.docs(&self.module.docs);
            code.blank();
        }
        if self.runtime.0 {
            let keyword = if self.runtime.1 {
                "import"
            } else {
                "import type"
            };
            code.line(format!(
                "{keyword} * as wire from \"{}\";",
                self.backend.runtime
            ));
        }
        self.imports.write(&mut code);
        code.blank();
        Some(code.finish() + body.trim_start_matches('\n'))
    }
}

/// The first lines of every file.
pub(super) fn header(code: &mut Code, source: &str, command: &str) {
    code.line(format!("// Generated by Playhouse from {source}; do not edit. Change the schema and run `{command}`."));
    code.line("/* eslint-disable */");
}

/// The folder of a package, `arena/common`.
pub(super) fn folder(package: &Package) -> String {
    package.name.replace('.', "/")
}

/// The name of a module's file without `.ts`: `index` is taken by the package's own.
pub(super) fn file_stem(stem: &str) -> String {
    if stem == "index" {
        "index_".to_owned()
    } else {
        stem.to_owned()
    }
}

fn stem_of<'p>(package: &'p Package, head: &Head) -> &'p str {
    package
        .modules
        .iter()
        .find(|module| module.path == head.path)
        .map_or("", |module| &module.stem)
}

/// What holds if both bounds do.
fn joined(a: &Bound, b: &Bound) -> Bound {
    match (a, b) {
        (
            Bound::Int { min, max },
            Bound::Int {
                min: least,
                max: most,
            },
        ) => Bound::Int {
            min: *min.max(least),
            max: *max.min(most),
        },
        (
            Bound::Float { min, max },
            Bound::Float {
                min: least,
                max: most,
            },
        ) => Bound::Float {
            min: min.max(*least),
            max: max.min(*most),
        },
        (
            Bound::Length { min, max },
            Bound::Length {
                min: least,
                max: most,
            },
        ) => Bound::Length {
            min: *min.max(least),
            max: match (max, most) {
                (Some(max), Some(most)) => Some(*max.min(most)),
                (max, most) => max.or(*most),
            },
        },
        (Bound::None, other) | (other, _) => other.clone(),
    }
}
