//! The tree of modules: a module for each segment of a package's name, in it one for each source file.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_schema::model::{Head, Item, Model, Module, PackageId};

use super::Side;
use super::names::{head, ident, packages};
use super::scope::World;

/// Where packages and files stand.
#[derive(Debug)]
pub(super) struct Tree {
    /// By package: the segments of its name.
    segments: BTreeMap<PackageId, Vec<String>>,
    /// By path of a source file: its stem.
    stems: BTreeMap<String, String>,
    /// Every dotted name that is a package or leads to one.
    modules: BTreeSet<Vec<String>>,
    /// Packages that a crate of the framework has, by their first segment.
    shipped: BTreeSet<PackageId>,
    /// Whose code it is, which decides on that crate.
    side: Side,
    /// Whether the shipped packages are what is generated.
    is_prelude: bool,
}

impl Tree {
    pub(super) fn new(model: &Model, side: Side, is_prelude: bool) -> Self {
        let mut tree = Self {
            segments: BTreeMap::new(),
            stems: BTreeMap::new(),
            modules: BTreeSet::new(),
            shipped: BTreeSet::new(),
            side,
            is_prelude,
        };
        for (id, package) in packages(model) {
            let segments: Vec<String> = package.name.split('.').map(str::to_owned).collect();
            if !package.local {
                tree.shipped.insert(id);
            }
            if package.local != is_prelude && !package.modules.is_empty() {
                let path = tree.inside(&segments, package.local);
                for end in 1..=path.len() {
                    tree.modules.insert(path[..end].to_vec());
                }
            }
            for module in &package.modules {
                tree.stems.insert(module.path.clone(), module.stem.clone());
            }
            tree.segments.insert(id, segments);
        }
        tree
    }

    /// The segments below the root: a shipped package stands in the crate of its first segment.
    fn inside(&self, segments: &[String], local: bool) -> Vec<String> {
        segments[usize::from(!local)..]
            .iter()
            .map(|segment| file_stem(segment))
            .collect()
    }

    /// The segments of a generated package below the root.
    pub(super) fn place(&self, package: PackageId) -> Vec<String> {
        self.inside(&self.segments[&package], !self.shipped.contains(&package))
    }

    /// Dotted names that are packages or lead to one, and are directly below `parent`.
    pub(super) fn below<'t>(&'t self, parent: &'t [String]) -> impl Iterator<Item = &'t str> {
        self.modules
            .iter()
            .filter(move |module| module.len() == parent.len() + 1 && module.starts_with(parent))
            .filter_map(|module| module.last().map(String::as_str))
    }

    /// All modules that are packages or lead to one.
    pub(super) fn modules(&self) -> impl Iterator<Item = &[String]> {
        self.modules.iter().map(Vec::as_slice)
    }

    /// The path from a file of the package `from` to the package `to`.
    pub(super) fn path_between(&self, from: PackageId, to: PackageId) -> String {
        if self.shipped.contains(&to) && !(self.is_prelude && from == to) {
            return self.shipped_path(to);
        }
        let (from, to) = (self.place(from), self.place(to));
        let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        let up = std::iter::repeat_n("super".to_owned(), 1 + from.len() - shared);
        let down = to[shared..].iter().map(|segment| ident(segment));
        up.chain(down).collect::<Vec<_>>().join("::")
    }

    /// The path to a package that the framework ships: a client has it from its own runtime.
    pub(super) fn shipped_path(&self, package: PackageId) -> String {
        let below = &self.segments[&package][1..];
        let below: Vec<String> = below.iter().map(|segment| ident(segment)).collect();
        format!("::{}::{}", self.side.runtime(), below.join("::"))
    }

    /// The stem of the file that a declaration stands in.
    pub(super) fn stem_of(&self, declaration: &Head) -> &str {
        self.stems.get(&declaration.path).map_or("", String::as_str)
    }

    /// The module of a source file: its stem, marked if a package of that name stands beside it.
    pub(super) fn module_name(&self, package: PackageId, stem: &str) -> String {
        let mut place = self.place(package);
        let stem = file_stem(stem);
        place.push(stem.clone());
        if self.modules.contains(&place) {
            format!("{stem}_idl")
        } else {
            stem
        }
    }

    /// What the file `module` declares beside its declarations: the argument structs of calls, and proxies.
    pub(super) fn made_in(&self, world: &World<'_>, module: &Module) -> Vec<String> {
        let model = world.model;
        let mut names = Vec::new();
        for item in &module.items {
            let calls = match item {
                Item::Component(id) => &model.components[id.0 as usize].calls,
                Item::Entity(id) => &model.entities[id.0 as usize].calls,
                Item::Service(id) => &model.services[id.0 as usize].calls,
                _ => continue,
            };
            let declaration = head(model, *item);
            let owner = super::names::Owner {
                name: &declaration.name,
                package: declaration.package,
                calls,
            };
            names.extend(
                calls
                    .iter()
                    .map(|call| world.names.arguments(&owner, call).to_owned()),
            );
            names.extend(world.names.proxy(declaration).map(str::to_owned));
        }
        names
    }
}

/// A module's name, other than those that, or whose files, mean something else to Rust.
fn file_stem(name: &str) -> String {
    match name {
        "mod" | "lib" | "main" | "self" | "super" | "crate" => format!("{name}_"),
        name => name.to_owned(),
    }
}
