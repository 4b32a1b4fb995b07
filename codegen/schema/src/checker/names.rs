//! Who declares what: packages, symbols, imports, and looking a path up.

use std::collections::{BTreeMap, HashMap, HashSet};

use playhouse_syntax::{
    Span, TextSize,
    ast::{self, DeclarationKind, Name, Path},
};

use super::{Checker, Work};
use crate::{
    model::{
        AudienceId, ComponentId, ConstId, EntityId, Item, Module, PackageId, RoleId, ServiceId,
        TypeId,
    },
    rules,
};

/// Index of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SymbolId(pub(super) u32);

/// Something declared under a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Symbol<'a> {
    pub(super) name: &'a Name,
    pub(super) package: PackageId,
    pub(super) file: usize,
    pub(super) declaration: &'a ast::Declaration,
    pub(super) kind: SymbolKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SymbolKind {
    Const(ConstId),
    Role(RoleId),
    Audience(AudienceId),
    /// A struct, enum, flags, union or error without parameters.
    Type(TypeId),
    /// A struct or union with parameters.
    Generic,
    Newtype(TypeId),
    Component(ComponentId),
    Entity(EntityId),
    Service(ServiceId),
    /// An oplog or a table, refused.
    Later,
}

impl SymbolKind {
    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::Const(_) => "a constant",
            Self::Role(_) => "a role",
            Self::Audience(_) => "an audience",
            Self::Type(_) | Self::Generic | Self::Newtype(_) => "a type",
            Self::Component(_) => "a component",
            Self::Entity(_) => "an entity",
            Self::Service(_) => "a service",
            Self::Later => "a declaration that is not there yet",
        }
    }
}

/// All names.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    pub(super) symbols: Vec<Symbol<'a>>,
    pub(super) packages: BTreeMap<String, PackageId>,
    /// By package: its declarations.
    pub(super) declared: Vec<BTreeMap<&'a str, SymbolId>>,
    /// By file: its package and what it imports.
    pub(super) files: Vec<FileNames<'a>>,
}

#[derive(Debug, Default)]
pub(super) struct FileNames<'a> {
    pub(super) package: Option<PackageId>,
    /// Index of its module in the package.
    module: usize,
    pub(super) imports: HashMap<&'a str, (SymbolId, Span)>,
    /// Packages imported whole, by the name they have here.
    pub(super) packages: BTreeMap<String, PackageId>,
    /// What it imports without there being any such thing: reported once, at the import.
    pub(super) missing: HashSet<&'a str>,
}

/// The built-in types, those that are planned among them.
pub(super) const BUILTINS: [&str; 24] = [
    "bool",
    "u8",
    "u16",
    "u32",
    "u64",
    "i8",
    "i16",
    "i32",
    "i64",
    "f32",
    "f64",
    "string",
    "bytes",
    "timestamp",
    "duration",
    "uuid",
    "list",
    "set",
    "map",
    "ref",
    "stream",
    "fixed",
    "decimal",
    "oplog",
];

impl<'a> Checker<'a> {
    pub(super) fn collect_names(&mut self) {
        let packages = self.collect_packages();
        self.collect_declarations(&packages);
        self.collect_imports();
    }

    fn collect_declarations(&mut self, packages: &[Option<String>]) {
        for (index, file) in self.files.iter().enumerate() {
            let package = packages[index]
                .as_ref()
                .and_then(|name| self.names.packages.get(name))
                .copied();
            self.names.files.push(FileNames {
                package,
                ..FileNames::default()
            });
            let Some(package) = package else { continue };
            let path = self.sources.files[index].path.clone();
            let stem = path.rsplit('/').next().unwrap_or(&path);
            let stem = stem.strip_suffix(".idl").unwrap_or(stem).to_owned();
            let modules = &mut self.model.packages[package.0 as usize].modules;
            modules.push(Module {
                stem,
                path,
                docs: file.docs.clone(),
                items: Vec::new(),
            });
            for declaration in &file.declarations {
                self.declare(package, index, declaration);
            }
        }
        let mut modules: HashMap<&str, usize> = HashMap::new();
        for package in &mut self.model.packages {
            package
                .modules
                .sort_by(|a, b| (&a.stem, &a.path).cmp(&(&b.stem, &b.path)));
            modules.extend(
                package
                    .modules
                    .iter()
                    .enumerate()
                    .map(|(at, module)| (module.path.as_str(), at)),
            );
        }
        for (index, source) in self.sources.files.iter().enumerate() {
            self.names.files[index].module =
                modules.get(source.path.as_str()).copied().unwrap_or(0);
        }
        self.check_file_names();
    }

    /// A file becomes a module of its package under its own name.
    fn check_file_names(&mut self) {
        let mut errors = Vec::new();
        for package in &self.model.packages {
            for pair in package.modules.windows(2) {
                if pair[0].stem == pair[1].stem {
                    let file = self
                        .sources
                        .files
                        .iter()
                        .position(|file| file.path == pair[1].path);
                    let id =
                        playhouse_syntax::FileId(u32::try_from(file.unwrap_or(0)).unwrap_or(0));
                    let span = Span::at(id, TextSize::new(0));
                    errors.push(rules::names::file_twice(
                        span,
                        &package.name,
                        &pair[1].stem,
                        &pair[0].path,
                    ));
                }
            }
        }
        for error in errors {
            self.report(error);
        }
    }

    /// Enters a declaration into the module of its file.
    pub(super) fn enter_item(&mut self, file: usize, item: Item) {
        let names = &self.names.files[file];
        let Some(package) = names.package else { return };
        let modules = &mut self.model.packages[package.0 as usize].modules;
        if let Some(module) = modules.get_mut(names.module) {
            module.items.push(item);
        }
    }

    fn declare(&mut self, package: PackageId, file: usize, declaration: &'a ast::Declaration) {
        let symbol = SymbolId(u32::try_from(self.names.symbols.len()).unwrap_or(u32::MAX));
        let Some(name) = declared_name(declaration) else {
            return;
        };
        let audience = matches!(declaration.kind, DeclarationKind::Audience { .. });
        if BUILTINS.contains(&name.text.as_str())
            || audience && super::attributes::AUDIENCES.contains(&name.text.as_str())
        {
            let what = if audience { "audience" } else { "type" };
            self.report(rules::names::builtin_name(name.span, &name.text, what));
            return;
        }
        if let Some(first) = self.names.declared[package.0 as usize].get(name.text.as_str()) {
            let first = self.names.symbols[first.0 as usize].name.span;
            self.report(rules::names::name_twice(name.span, &name.text, first));
            return;
        }
        let kind = self.allocate(symbol, package, declaration, name);
        self.names.symbols.push(Symbol {
            name,
            package,
            file,
            declaration,
            kind,
        });
        self.names.declared[package.0 as usize].insert(&name.text, symbol);
    }

    /// Makes room in the model, so that ids exist before anything is lowered.
    fn allocate(
        &mut self,
        symbol: SymbolId,
        package: PackageId,
        declaration: &'a ast::Declaration,
        name: &Name,
    ) -> SymbolKind {
        let head =
            |checker: &Self| checker.head(package, name, &declaration.docs, Default::default());
        let next = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        match &declaration.kind {
            DeclarationKind::Const { .. } => {
                self.consts.push(Work::Waiting(symbol));
                let placeholder = super::constants::placeholder_const(head(self));
                self.model.consts.push(placeholder);
                SymbolKind::Const(ConstId(next(self.consts.len() - 1)))
            }
            DeclarationKind::Role(_) => {
                let head = head(self);
                self.model.roles.push(crate::model::Role { head });
                SymbolKind::Role(RoleId(next(self.model.roles.len() - 1)))
            }
            DeclarationKind::Audience { .. } => {
                let head = head(self);
                self.model
                    .audiences
                    .push(crate::model::AudienceDef { head, param: None });
                SymbolKind::Audience(AudienceId(next(self.model.audiences.len() - 1)))
            }
            DeclarationKind::Newtype { .. } => {
                let head = head(self);
                SymbolKind::Newtype(self.allocate_type(head, None, Work::Waiting(symbol)))
            }
            DeclarationKind::Struct { generics, .. }
            | DeclarationKind::Union(ast::Union { generics, .. })
                if !generics.is_empty() =>
            {
                SymbolKind::Generic
            }
            DeclarationKind::Enum(_)
            | DeclarationKind::Struct { .. }
            | DeclarationKind::Union(_) => {
                let head = head(self);
                SymbolKind::Type(self.allocate_type(head, None, Work::Waiting(symbol)))
            }
            DeclarationKind::Component { .. } => {
                let head = head(self);
                self.model
                    .components
                    .push(super::bodies::placeholder_component(head));
                SymbolKind::Component(ComponentId(next(self.model.components.len() - 1)))
            }
            DeclarationKind::Entity { .. } => {
                let head = head(self);
                self.model
                    .entities
                    .push(super::bodies::placeholder_entity(head));
                SymbolKind::Entity(EntityId(next(self.model.entities.len() - 1)))
            }
            DeclarationKind::Service { .. } => {
                let head = head(self);
                self.model
                    .services
                    .push(super::bodies::placeholder_service(head));
                SymbolKind::Service(ServiceId(next(self.model.services.len() - 1)))
            }
            DeclarationKind::Oplog(_)
            | DeclarationKind::Table(_)
            | DeclarationKind::Package(_)
            | DeclarationKind::Use(_) => SymbolKind::Later,
        }
    }

    pub(super) fn check_visible(&mut self, symbol: SymbolId, from: Option<PackageId>, span: Span) {
        let symbol = self.names.symbols[symbol.0 as usize];
        let internal = symbol
            .declaration
            .attributes
            .iter()
            .any(|attribute| attribute.path.text() == "internal");
        if internal && from != Some(symbol.package) {
            let package = self.model.packages[symbol.package.0 as usize].name.clone();
            self.report(rules::names::internal_name(
                span,
                &symbol.name.text,
                &package,
                symbol.name.span,
            ));
        }
    }

    /// Reports an error that may be the echo of a syntax error, unless there is one.
    pub(super) fn report_unresolved(&mut self, error: playhouse_syntax::Diagnostic) {
        if !self.broken {
            self.report(error);
        }
    }

    pub(super) fn symbol(&self, id: SymbolId) -> Symbol<'a> {
        self.names.symbols[id.0 as usize]
    }

    /// What `path` stands for in `file`, silently.
    pub(super) fn lookup(&self, file: usize, path: &Path) -> Option<SymbolId> {
        let (name, package) = path.segments.split_last()?;
        let names = &self.names.files[file];
        if package.is_empty() {
            if let Some((symbol, _)) = names.imports.get(name.text.as_str()) {
                return Some(*symbol);
            }
            let declared = &self.names.declared[names.package?.0 as usize];
            return declared.get(name.text.as_str()).copied();
        }
        let prefix: Vec<&str> = package
            .iter()
            .map(|segment| segment.text.as_str())
            .collect();
        let prefix = prefix.join(".");
        let package = names
            .packages
            .get(&prefix)
            .or_else(|| self.names.packages.get(&prefix))?;
        self.names.declared[package.0 as usize]
            .get(name.text.as_str())
            .copied()
    }

    /// What `path` stands for in `file`; reports it if that is nothing. `what` is needed here.
    pub(super) fn resolve(&mut self, file: usize, path: &Path, what: &str) -> Option<SymbolId> {
        let Some(symbol) = self.lookup(file, path) else {
            let first = path.segments.first().map(|segment| segment.text.as_str());
            if !first.is_some_and(|first| self.names.files[file].missing.contains(first)) {
                let error = self.unresolved(file, path, what);
                self.report_unresolved(error);
            }
            return None;
        };
        if path.segments.len() > 1 {
            let own = self.names.files[file].package;
            self.check_visible(symbol, own, path.span);
        }
        Some(symbol)
    }

    fn unresolved(&self, file: usize, path: &Path, what: &str) -> playhouse_syntax::Diagnostic {
        let name = path.text();
        let names = &self.names.files[file];
        let wanted = |kind: SymbolKind| {
            let what = what.split_whitespace().last().unwrap_or(what);
            kind.describe().ends_with(what) || what == "name"
        };
        let mut known: Vec<&str> = Vec::new();
        let imported = names
            .imports
            .iter()
            .map(|(name, (symbol, _))| (*name, *symbol));
        let own = names
            .package
            .map(|package| &self.names.declared[package.0 as usize]);
        let own = own
            .into_iter()
            .flatten()
            .map(|(name, symbol)| (*name, *symbol));
        for (name, symbol) in imported.chain(own) {
            if wanted(self.symbol(symbol).kind) {
                known.push(name);
            }
        }
        if what == "audience" {
            known.extend(super::attributes::AUDIENCES);
        }
        if what == "type" {
            known.extend(BUILTINS.iter().take(20));
        }
        known.sort_unstable();
        let elsewhere = path.segments.len() == 1;
        let elsewhere = self.model.packages.iter().enumerate().find(|(index, _)| {
            elsewhere
                && self.names.declared[*index]
                    .get(name.as_str())
                    .is_some_and(|symbol| wanted(self.symbol(*symbol).kind))
        });
        let elsewhere = elsewhere.map(|(_, package)| package.name.as_str());
        rules::names::unknown_name(path.span, &name, what, known, elsewhere)
    }

    pub(super) fn report_wrong_kind(&mut self, path: &Path, symbol: SymbolId, needed: &str) {
        let symbol = self.symbol(symbol);
        let is = symbol.kind.describe();
        self.report(rules::names::wrong_kind(
            path.span,
            &path.text(),
            is,
            needed,
            symbol.name.span,
        ));
    }
}

/// The name that a declaration declares.
pub(super) const fn declared_name(declaration: &ast::Declaration) -> Option<&Name> {
    match &declaration.kind {
        DeclarationKind::Package(_) | DeclarationKind::Use(_) => None,
        DeclarationKind::Role(name)
        | DeclarationKind::Audience { name, .. }
        | DeclarationKind::Const { name, .. }
        | DeclarationKind::Newtype { name, .. }
        | DeclarationKind::Struct { name, .. }
        | DeclarationKind::Oplog(name)
        | DeclarationKind::Table(name)
        | DeclarationKind::Component { name, .. }
        | DeclarationKind::Entity { name, .. }
        | DeclarationKind::Service { name, .. } => Some(name),
        DeclarationKind::Enum(decl) => Some(&decl.name),
        DeclarationKind::Union(decl) => Some(&decl.name),
    }
}
