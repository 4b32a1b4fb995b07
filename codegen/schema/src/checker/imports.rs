//! `use`: which names of other packages a file knows.

use playhouse_syntax::{
    Span,
    ast::{self, DeclarationKind, Name, Path},
};

use super::Checker;
use crate::{model::PackageId, rules};

impl<'a> Checker<'a> {
    pub(super) fn collect_imports(&mut self) {
        for (index, file) in self.files.iter().enumerate() {
            for declaration in &file.declarations {
                if let DeclarationKind::Use(import) = &declaration.kind {
                    self.import(index, import);
                }
            }
        }
    }

    fn import(&mut self, file: usize, import: &'a ast::Use) {
        if import.braces {
            let Some(package) = self.package(&import.path) else {
                for (name, alias) in &import.names {
                    self.miss(file, alias.as_ref().unwrap_or(name));
                }
                return;
            };
            for (name, alias) in &import.names {
                self.import_name(file, package, name, alias.as_ref().unwrap_or(name));
            }
            return;
        }
        let text = import.path.text();
        if let Some(&package) = self.names.packages.get(&text) {
            let alias = import.alias.as_ref().unwrap_or_else(|| import.path.last());
            self.names.files[file]
                .packages
                .insert(alias.text.clone(), package);
            return;
        }
        let Some((name, package)) = import.path.segments.split_last() else {
            return;
        };
        let Some(first) = package.first() else {
            let known: Vec<&str> = self.names.packages.keys().map(String::as_str).collect();
            let error = rules::names::unknown_package(import.path.span, &text, known);
            self.report_unresolved(error);
            self.miss(file, import.alias.as_ref().unwrap_or(name));
            return;
        };
        let range = first
            .span
            .range
            .cover(package.last().unwrap_or(first).span.range);
        let path = Path {
            segments: package.to_vec(),
            span: Span::new(first.span.file, range),
        };
        let Some(package) = self.package(&path) else {
            self.miss(file, import.alias.as_ref().unwrap_or(name));
            return;
        };
        self.import_name(file, package, name, import.alias.as_ref().unwrap_or(name));
    }

    /// Remembers that the import of `name` failed, so that its uses are not reported too.
    fn miss(&mut self, file: usize, name: &'a Name) {
        self.names.files[file].missing.insert(&name.text);
    }

    pub(super) fn package(&mut self, path: &Path) -> Option<PackageId> {
        let text = path.text();
        let found = self.names.packages.get(&text).copied();
        if found.is_none() {
            let known: Vec<&str> = self.names.packages.keys().map(String::as_str).collect();
            let error = rules::names::unknown_package(path.span, &text, known);
            self.report_unresolved(error);
        }
        found
    }

    fn import_name(&mut self, file: usize, package: PackageId, name: &'a Name, alias: &'a Name) {
        let declared = &self.names.declared[package.0 as usize];
        let Some(&symbol) = declared.get(name.text.as_str()) else {
            let known: Vec<&str> = declared.keys().copied().collect();
            let package = self.model.packages[package.0 as usize].name.clone();
            let error = rules::names::unknown_import(name.span, &package, &name.text, known);
            self.report_unresolved(error);
            self.miss(file, alias);
            return;
        };
        let own = self.names.files[file].package;
        self.check_visible(symbol, own, name.span);
        let clash =
            own.and_then(|own| self.names.declared[own.0 as usize].get(alias.text.as_str()));
        let path = format!(
            "{}.{}",
            self.model.packages[package.0 as usize].name, name.text
        );
        if let Some(&clash) = clash.filter(|&&clash| clash != symbol) {
            let first = self.names.symbols[clash.0 as usize].name.span;
            self.report(rules::names::import_twice(
                alias.span,
                &alias.text,
                &path,
                first,
                false,
            ));
            return;
        }
        let before = self.names.files[file]
            .imports
            .insert(&alias.text, (symbol, alias.span));
        if let Some((_, first)) = before {
            self.report(rules::names::import_twice(
                alias.span,
                &alias.text,
                &path,
                first,
                true,
            ));
        }
    }
}
