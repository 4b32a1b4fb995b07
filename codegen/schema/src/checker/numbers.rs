//! Numbers of components, entities and services: each once in its package, none that the lock knows of another.

use std::collections::BTreeMap;

use playhouse_syntax::{
    Span,
    ast::{self, DeclarationKind, Number},
};

use super::{Checker, names::SymbolId};
use crate::{
    evolution::{Key, key::Root},
    model::PackageId,
    rules,
};

/// Numbers of components, entities and services in one package.
pub(super) type Numbers = BTreeMap<i64, (String, Span)>;

impl Checker<'_> {
    /// Enters the numbers that are written, so that missing ones get others.
    pub(super) fn collect_number(
        &mut self,
        id: SymbolId,
        numbers: &mut BTreeMap<PackageId, Numbers>,
    ) {
        let symbol = self.symbol(id);
        let (DeclarationKind::Component { number, .. }
        | DeclarationKind::Entity { number, .. }
        | DeclarationKind::Service { number, .. }) = &symbol.declaration.kind
        else {
            return;
        };
        let Some(number) = number else { return };
        let taken = numbers.entry(symbol.package).or_default();
        if let Some((other, first)) = taken.get(&number.value).cloned() {
            let next = next_number(taken, self.lock_floor(symbol.package));
            let key = self.numbered_key(symbol.package, number.value);
            let owns = |name: &str| {
                key.as_ref()
                    .is_some_and(|key| self.sources.lock.owns(key, name))
            };
            let name = &symbol.name.text;
            let (own, others) = (owns(name), owns(&other));
            let value = number.value;
            if own && !others {
                // The one that stands first is the newer.
                taken.insert(value, (name.clone(), number.span));
                let error = rules::numbers::id_twice(first, value, name, number.span, next, true);
                self.report(error);
            } else {
                let error =
                    rules::numbers::id_twice(number.span, value, &other, first, next, others);
                self.report(error);
            }
            return;
        }
        taken.insert(number.value, (symbol.name.text.clone(), number.span));
    }

    /// What the lock calls a component, entity or service.
    pub(super) fn numbered_key(&self, package: PackageId, number: i64) -> Option<Key> {
        let name = &self.model.packages[package.0 as usize].name;
        let number = u16::try_from(number).ok()?;
        Some(Key::declaration(name, Root::Numbered(number)))
    }

    /// The greatest number that the lock knows of a package.
    fn lock_floor(&self, package: PackageId) -> u16 {
        let name = &self.model.packages[package.0 as usize].name;
        self.sources.lock_numbers.get(name).copied().unwrap_or(0)
    }

    /// The number of a declaration; a missing one gets the next that is free, as a fix.
    pub(super) fn id_number(
        &mut self,
        what: &str,
        number: Option<Number>,
        name: &ast::Name,
        package: PackageId,
        numbers: &mut BTreeMap<PackageId, Numbers>,
    ) -> u16 {
        match number {
            Some(number) => match u16::try_from(number.value) {
                Ok(value) if value > 0 => value,
                _ => {
                    self.report(rules::numbers::id_range(number.span, number.value));
                    0
                }
            },
            None => {
                let taken = numbers.entry(package).or_default();
                let next = next_number(taken, self.lock_floor(package));
                if let Some(next) = next {
                    taken.insert(next, (name.text.clone(), name.span));
                }
                self.report(rules::numbers::id_missing(
                    name.span, what, &name.text, next,
                ));
                0
            }
        }
    }
}

/// The next number that a package never used.
fn next_number(taken: &Numbers, floor: u16) -> Option<i64> {
    let most = taken
        .keys()
        .copied()
        .max()
        .unwrap_or(0)
        .max(i64::from(floor));
    (most < i64::from(u16::MAX)).then_some(most + 1)
}
