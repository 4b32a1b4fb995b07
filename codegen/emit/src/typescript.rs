//! TypeScript: a package becomes a folder, a schema file a module, a type an interface with its codec beside it.
//!
//! - Structs are interfaces with plain members: a game edits values before it sends them. An optional one may be left
//!   out. Unions and errors are discriminated by `kind`, enums and flags objects of constants.
//! - Newtypes are flavored aliases: a literal or the result of arithmetic is taken as it is, but one newtype does not
//!   pass for another. A brand would ask for a cast at each use; a bare alias would catch nothing.
//! - `encodeX`, `decodeX`, `checkX` and `defaultX` are functions of their own, so that bundlers drop those not used.
//!   A component, entity or service is one object of the same name, with its types in a namespace of that name.
//! - Modules only declare functions, types and literals; nothing runs when they are loaded, so their order is free.
//!
//! Generated code runs on `@playhouse/client/v1` alone. Read [`TypeScript`] first, then `types`.

mod code;
mod imports;
mod literal;
mod names;
mod owners;
mod properties;
mod read;
mod scope;
mod types;
mod unions;
mod unit;
mod verify;
mod write;

use playhouse_schema::model::{Item, Model, Package};

pub use scope::Scope;

use crate::{Backend, Files, Options};
use code::Code;
use unit::Unit;

/// The TypeScript backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeScript {
    /// How much of the schema is written.
    pub scope: Scope,
    /// The module that generated code runs on.
    pub runtime: String,
    /// Whether the framework's own packages are written, which the runtime ships, instead of the project's.
    pub framework: bool,
}

impl Default for TypeScript {
    fn default() -> Self {
        Self {
            scope: Scope::Client,
            runtime: "@playhouse/client/v1".to_owned(),
            framework: false,
        }
    }
}

impl Backend for TypeScript {
    fn name(&self) -> &'static str {
        "typescript"
    }

    fn emit(&self, model: &Model, options: &Options) -> Files {
        let mut files = Files::new();
        let elided = scope::elided(model);
        for package in model
            .packages
            .iter()
            .filter(|package| package.local != self.framework)
        {
            let folder = unit::folder(package);
            let mut stems = Vec::new();
            for module in &package.modules {
                let mut unit = Unit::new(model, self, &elided, package, module);
                for &item in &module.items {
                    if self.scope.includes(model, item) {
                        unit.item(item);
                    }
                }
                let stem = unit::file_stem(&module.stem);
                if let Some(text) = unit.finish(&options.command) {
                    files.add(format!("{folder}/{stem}.ts"), text);
                    stems.push(stem);
                }
            }
            if !stems.is_empty() {
                files.add(
                    format!("{folder}/index.ts"),
                    index(package, &stems, &options.command),
                );
            }
        }
        files
    }
}

impl Unit<'_> {
    fn item(&mut self, item: Item) {
        match item {
            Item::Type(id) => self.type_item(id),
            Item::Const(id) => self.constant(&self.model.consts[id.0 as usize]),
            Item::Component(id) => self.component(id),
            Item::Entity(id) => self.entity(id),
            Item::Service(id) => self.service(id),
            Item::Role(_) | Item::Audience(_) => {}
        }
    }
}

/// The module that stands for a whole package.
fn index(package: &Package, stems: &[String], command: &str) -> String {
    let mut code = Code::default();
    unit::header(&mut code, &format!("package {}", package.name), command);
    code.blank();
    for stem in stems {
        code.line(format!("export * from \"./{stem}.js\";"));
    }
    code.finish()
}

#[cfg(test)]
mod tests;
