//! Packages: which file belongs to which, and what number each has in the manifest.

use std::collections::BTreeMap;

use playhouse_syntax::{
    Severity, Span, TextSize,
    ast::{DeclarationKind, Path},
    suggest,
};

use super::Checker;
use crate::{
    model::{Package, PackageId},
    rules,
    sources::SourceKind,
};

impl Checker<'_> {
    /// Gives every file its package and makes the packages, sorted by name.
    pub(super) fn collect_packages(&mut self) -> Vec<Option<String>> {
        let mut of_file: Vec<Option<String>> = Vec::new();
        let mut by_name: BTreeMap<String, (Span, bool)> = BTreeMap::new();
        for (index, file) in self.files.iter().enumerate() {
            if !self.sources.files[index].kind.is_schema() {
                of_file.push(None);
                continue;
            }
            let mut found: Option<&Path> = None;
            for (at, declaration) in file.declarations.iter().enumerate() {
                let DeclarationKind::Package(path) = &declaration.kind else {
                    continue;
                };
                match found {
                    Some(first) => {
                        self.report(rules::names::package_twice(path.span, first.span));
                    }
                    None if at > 0 => self.report(rules::names::no_package(path.span)),
                    None => {}
                }
                found = found.or(Some(path));
            }
            if found.is_none() {
                let start = Span::at(file.id, TextSize::new(0));
                let place = file.declarations.first().map_or(start, |first| first.span);
                if !self.broken {
                    self.report(rules::names::no_package(Span::at(
                        file.id,
                        place.range.start(),
                    )));
                }
            }
            let prelude = self.sources.files[index].kind == SourceKind::Prelude;
            if let Some(path) = found {
                by_name.entry(path.text()).or_insert((path.span, !prelude));
            }
            of_file.push(found.map(Path::text));
        }
        for (name, (span, local)) in by_name {
            let number = if local {
                self.package_number(&name, span)
            } else {
                0
            };
            let id = PackageId(u32::try_from(self.model.packages.len()).unwrap_or(u32::MAX));
            self.model.packages.push(Package {
                name: name.clone(),
                number,
                local,
                modules: Vec::new(),
            });
            self.names.packages.insert(name, id);
            self.names.declared.push(BTreeMap::new());
        }
        of_file
    }

    fn package_number(&mut self, name: &str, span: Span) -> u16 {
        let manifest = &self.sources.manifest;
        if let Some(number) = manifest.packages.get(name) {
            return number.number;
        }
        let known = manifest.packages.keys().map(String::as_str);
        let unused = known.filter(|known| !self.names.packages.contains_key(*known));
        let near = suggest::nearest(name, unused);
        if self
            .sources
            .diagnostics
            .iter()
            .any(|error| error.severity == Severity::Error)
        {
            // What is wrong in the manifest may be the very line that numbers it.
            return 0;
        }
        let taken = manifest.packages.values().map(|number| number.number);
        let free = taken.max().map_or(1, |most| most.saturating_add(1));
        let room = self.room_in_manifest();
        self.report(rules::names::package_number_missing(
            span, name, near, free, room,
        ));
        0
    }

    /// Where a line can be added to the manifest's `[packages]`, and what must stand before it.
    fn room_in_manifest(&self) -> (Span, &'static str) {
        let manifest = &self.sources.manifest;
        let text = self
            .sources
            .file(manifest.file)
            .map_or("", |file| file.text.as_str());
        let numbers = manifest.packages.values();
        let last = numbers.map(|number| usize::from(number.span.range.end()));
        let header = || Some(text.find("[packages]")? + "[packages]".len());
        let (offset, before) = match last.max().or_else(header) {
            Some(offset) => {
                let line = text[offset..].find('\n').map(|end| offset + end + 1);
                (
                    line.unwrap_or(text.len()),
                    if line.is_none() { "\n" } else { "" },
                )
            }
            None => (
                text.len(),
                if text.is_empty() {
                    "[packages]\n"
                } else {
                    "\n[packages]\n"
                },
            ),
        };
        let at = TextSize::try_from(offset).unwrap_or_default();
        (Span::at(manifest.file, at), before)
    }
}
