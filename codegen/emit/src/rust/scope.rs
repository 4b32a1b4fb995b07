//! One generated file: what it may call by its bare name, and how it reaches the rest.

use std::cell::RefCell;
use std::collections::BTreeMap;

use playhouse_schema::model::{Head, Item, Model, Module, PackageId};

use super::Side;
use super::facts::AllFacts;
use super::names::{Names, head, ident};
use super::tree::Tree;

/// What all files share.
#[derive(Debug)]
pub(super) struct World<'m> {
    pub(super) model: &'m Model,
    pub(super) side: Side,
    pub(super) facts: AllFacts,
    pub(super) names: Names,
    pub(super) tree: Tree,
}

/// Names of Rust that generated code writes bare, and where they come from if they have to be written out.
const PRELUDE: &[(&str, &str)] = &[
    ("Box", "::std::boxed::Box"),
    ("Clone", "::core::clone::Clone"),
    ("Debug", "::core::fmt::Debug"),
    ("Default", "::core::default::Default"),
    ("Err", "::core::result::Result::Err"),
    ("From", "::core::convert::From"),
    ("Into", "::core::convert::Into"),
    ("None", "::core::option::Option::None"),
    ("Ok", "::core::result::Result::Ok"),
    ("Option", "::core::option::Option"),
    ("Result", "::core::result::Result"),
    ("Some", "::core::option::Option::Some"),
    ("String", "::std::string::String"),
    ("Vec", "::std::vec::Vec"),
];

/// One file.
#[derive(Debug)]
pub(super) struct Scope<'m> {
    pub(super) world: &'m World<'m>,
    pub(super) package: PackageId,
    pub(super) module: &'m Module,
    /// Bare names: declared here (empty path) or imported (the path that they come from).
    bare: RefCell<BTreeMap<String, String>>,
}

impl<'m> Scope<'m> {
    pub(super) fn new(world: &'m World<'m>, package: PackageId, module: &'m Module) -> Self {
        let mut bare = BTreeMap::new();
        bare.insert("v1".to_owned(), String::new());
        for item in &module.items {
            bare.insert(head(world.model, *item).name.clone(), String::new());
        }
        for name in world.tree.made_in(world, module) {
            bare.insert(name, String::new());
        }
        Self {
            world,
            package,
            module,
            bare: RefCell::new(bare),
        }
    }

    pub(super) const fn model(&self) -> &'m Model {
        self.world.model
    }

    /// A name of Rust's prelude, written out where the file calls something of its own so.
    pub(super) fn std(&self, name: &str) -> String {
        let path = PRELUDE
            .iter()
            .find(|(bare, _)| *bare == name)
            .map_or(name, |(_, path)| path);
        if self.bare.borrow().contains_key(name) {
            path.to_owned()
        } else {
            name.to_owned()
        }
    }

    /// `BTreeMap` or `BTreeSet`, imported.
    pub(super) fn collection(&self, name: &str) -> String {
        self.import(name, "std::collections")
    }

    /// The proxy of a component, entity or service; none if nobody can call it.
    pub(super) fn proxy(&self, declaration: &Head) -> Option<String> {
        let name = self.world.names.proxy(declaration)?;
        Some(self.reached(name, declaration))
    }

    /// A declaration's Rust item.
    pub(super) fn declared(&self, declaration: &Head) -> String {
        self.reached(&declaration.name, declaration)
    }

    /// `name`, which stands where `declaration` does.
    fn reached(&self, name: &str, declaration: &Head) -> String {
        let local = self.bare.borrow().get(name).is_some_and(String::is_empty)
            && declaration.package == self.package
            && declaration.path == self.module.path;
        if local {
            return name.to_owned();
        }
        let path = self
            .world
            .tree
            .path_between(self.package, declaration.package);
        self.import(name, &path)
    }

    /// `name`, imported from `path`; written out with its path if the name is taken.
    fn import(&self, name: &str, path: &str) -> String {
        let mut bare = self.bare.borrow_mut();
        // What is imported must not hide what is written bare of Rust's prelude.
        if PRELUDE.iter().any(|(word, _)| *word == name) {
            return format!("{path}::{name}");
        }
        match bare.get(name) {
            Some(taken) if taken != path => format!("{path}::{name}"),
            Some(_) => name.to_owned(),
            None => {
                bare.insert(name.to_owned(), path.to_owned());
                name.to_owned()
            }
        }
    }

    /// Imports by path, in order.
    pub(super) fn imports(&self) -> BTreeMap<String, Vec<String>> {
        let mut imports: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, path) in self
            .bare
            .borrow()
            .iter()
            .filter(|(_, path)| !path.is_empty())
        {
            imports.entry(path.clone()).or_default().push(name.clone());
        }
        imports
    }

    /// The static that describes a declaration, as the module `descriptor` of this file reaches it.
    pub(super) fn descriptor(&self, item: Item) -> String {
        let declaration = head(self.model(), item);
        let stem = self.world.tree.stem_of(declaration);
        let name = self
            .world
            .names
            .descriptor(self.model(), item, declaration.package, stem);
        if declaration.package == self.package && stem == self.module.stem {
            return name.to_owned();
        }
        let path = self
            .world
            .tree
            .path_between(self.package, declaration.package);
        let module = ident(&self.world.tree.module_name(declaration.package, stem));
        let up = if path.starts_with("::") {
            ""
        } else {
            "super::"
        };
        format!("{up}{path}::{module}::descriptor::{name}")
    }
}
