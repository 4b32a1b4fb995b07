//! What everything is called in Rust, and where it stands.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_schema::model::{
    Call, CallKind, Entity, EntityId, EntityKind, Head, Item, Model, Package, PackageId, TypeId,
};

use crate::names::{pascal, screaming};

/// Words that stand for themselves in Rust, whatever the edition.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// An identifier: keywords are written raw, those that can't be get an underscore.
pub(super) fn ident(name: &str) -> String {
    if KEYWORDS.contains(&name) {
        format!("r#{name}")
    } else if matches!(name, "self" | "Self" | "super" | "crate" | "_") {
        format!("{name}_")
    } else {
        name.to_owned()
    }
}

/// The variant of an enum or union.
pub(super) fn variant(name: &str) -> String {
    let name = pascal(name);
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{name}")
    } else {
        ident(&name)
    }
}

/// What owns calls, for the names of their arguments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'m> {
    pub(super) name: &'m str,
    pub(super) package: PackageId,
    pub(super) calls: &'m [Call],
}

/// Names that had to be made unique, and places of files.
#[derive(Debug)]
pub(super) struct Names {
    /// By package and owner and call: the struct of its arguments.
    arguments: BTreeMap<(PackageId, String, u8), String>,
    /// By package and owner: its proxy, for those that can be called.
    proxies: BTreeMap<(PackageId, String), String>,
    /// By package and owner: the macro that describes it to `#[component]` and its like.
    macros: BTreeMap<(PackageId, String), String>,
    /// By module: the static of each declaration.
    statics: BTreeMap<(PackageId, String), BTreeMap<String, String>>,
}

impl Names {
    pub(super) fn new(model: &Model) -> Self {
        let mut taken: BTreeMap<PackageId, BTreeSet<String>> = BTreeMap::new();
        for (id, package) in packages(model) {
            let names = package.modules.iter().flat_map(|module| &module.items);
            taken
                .entry(id)
                .or_default()
                .extend(names.map(|item| head(model, *item).name.clone()));
        }
        let mut arguments = BTreeMap::new();
        for owner in owners(model) {
            let taken = taken.entry(owner.package).or_default();
            for call in owner.calls {
                let mut name = format!("{}{}Args", owner.name, pascal(&call.name));
                while !taken.insert(name.clone()) {
                    name.push('_');
                }
                arguments.insert((owner.package, owner.name.to_owned(), call.tag), name);
            }
        }
        let (proxies, macros) = (proxies(model, &mut taken), macros(model));
        let mut statics = BTreeMap::new();
        for (id, package) in packages(model) {
            for module in &package.modules {
                let mut taken = BTreeSet::from(["MODULE".to_owned()]);
                let mut names = BTreeMap::new();
                for item in &module.items {
                    let mut name = static_stem(model, *item);
                    while !taken.insert(name.clone()) {
                        name.push('_');
                    }
                    names.insert(static_key(model, *item), name);
                }
                statics.insert((id, module.stem.clone()), names);
            }
        }
        Self {
            arguments,
            proxies,
            macros,
            statics,
        }
    }

    /// The proxy of a component, entity or service; none if nobody can call it.
    pub(super) fn proxy(&self, head: &Head) -> Option<&str> {
        let key = (head.package, head.name.clone());
        self.proxies.get(&key).map(String::as_str)
    }

    /// The macro of a component, entity or service.
    pub(super) fn macro_of(&self, head: &Head) -> &str {
        let key = (head.package, head.name.clone());
        self.macros.get(&key).map_or("", String::as_str)
    }

    /// The struct of the arguments of a call.
    pub(super) fn arguments(&self, owner: &Owner<'_>, call: &Call) -> &str {
        let key = (owner.package, owner.name.to_owned(), call.tag);
        self.arguments.get(&key).map_or("", String::as_str)
    }

    /// The static that describes a declaration, in the module `descriptor` of its file.
    pub(super) fn descriptor(
        &self,
        model: &Model,
        item: Item,
        package: PackageId,
        stem: &str,
    ) -> &str {
        let module = self.statics.get(&(package, stem.to_owned()));
        module
            .and_then(|names| names.get(&static_key(model, item)))
            .map_or("", String::as_str)
    }
}

/// Names of proxies, which stand beside the types of a package.
fn proxies(
    model: &Model,
    taken: &mut BTreeMap<PackageId, BTreeSet<String>>,
) -> BTreeMap<(PackageId, String), String> {
    let components = model.components.iter().filter(|it| is_called(&it.calls));
    let entities = model.entities.iter().filter(|it| is_addressed(it));
    let services = model.services.iter().filter(|it| is_called(&it.calls));
    let heads = components
        .map(|it| &it.head)
        .chain(entities.map(|it| &it.head))
        .chain(services.map(|it| &it.head));
    let mut proxies = BTreeMap::new();
    for head in heads {
        let taken = taken.entry(head.package).or_default();
        let mut name = format!("{}Proxy", head.name);
        while !taken.insert(name.clone()) {
            name.push('_');
        }
        proxies.insert((head.package, head.name.clone()), name);
    }
    proxies
}

/// Names of macros, which are unique in a crate.
fn macros(model: &Model) -> BTreeMap<(PackageId, String), String> {
    let mut taken = BTreeSet::new();
    let mut macros = BTreeMap::new();
    for owner in owners(model) {
        let package = &model.packages[owner.package.0 as usize].name;
        let mut name = format!("__playhouse_{}_{}", package.replace('.', "_"), owner.name);
        while !taken.insert(name.clone()) {
            name.push('_');
        }
        macros.insert((owner.package, owner.name.to_owned()), name);
    }
    macros
}

/// Whether others can call any of `calls`.
pub(super) fn is_called(calls: &[Call]) -> bool {
    calls.iter().any(is_callable)
}

/// Whether others can call `call`: the rest is sent to clients, or fired by timers.
pub(super) const fn is_callable(call: &Call) -> bool {
    matches!(call.kind, CallKind::Rpc | CallKind::Oneway)
}

/// Whether `entity` has an address of its own.
pub(super) fn is_addressed(entity: &Entity) -> bool {
    entity.kind != EntityKind::Local
}

/// A name for the static, before it is made unique: kinds that have name spaces of their own say what they are.
fn static_stem(model: &Model, item: Item) -> String {
    let name = screaming(&head(model, item).name);
    match item {
        Item::Const(_) => format!("CONST_{name}"),
        Item::Role(_) => format!("ROLE_{name}"),
        Item::Audience(_) => format!("AUDIENCE_{name}"),
        Item::Type(_) | Item::Component(_) | Item::Entity(_) | Item::Service(_) => name,
    }
}

fn static_key(model: &Model, item: Item) -> String {
    format!("{}{}", kind_mark(item), head(model, item).name)
}

const fn kind_mark(item: Item) -> char {
    match item {
        Item::Const(_) => 'c',
        Item::Role(_) => 'r',
        Item::Audience(_) => 'a',
        Item::Type(_) | Item::Component(_) | Item::Entity(_) | Item::Service(_) => 't',
    }
}

/// Name, place and docs of a declaration.
pub(super) fn head(model: &Model, item: Item) -> &playhouse_schema::model::Head {
    match item {
        Item::Type(TypeId(id)) => &model.types[id as usize].head,
        Item::Const(id) => &model.consts[id.0 as usize].head,
        Item::Role(id) => &model.roles[id.0 as usize].head,
        Item::Audience(id) => &model.audiences[id.0 as usize].head,
        Item::Component(id) => &model.components[id.0 as usize].head,
        Item::Entity(EntityId(id)) => &model.entities[id as usize].head,
        Item::Service(id) => &model.services[id.0 as usize].head,
    }
}

/// Packages with their ids.
pub(super) fn packages(model: &Model) -> impl Iterator<Item = (PackageId, &Package)> {
    (0..).map(PackageId).zip(&model.packages)
}

/// Everything that has calls.
fn owners(model: &Model) -> impl Iterator<Item = Owner<'_>> {
    let components = model.components.iter().map(|it| (&it.head, &it.calls));
    let entities = model.entities.iter().map(|it| (&it.head, &it.calls));
    let services = model.services.iter().map(|it| (&it.head, &it.calls));
    components
        .chain(entities)
        .chain(services)
        .map(|(head, calls)| Owner {
            name: &head.name,
            package: head.package,
            calls,
        })
}
