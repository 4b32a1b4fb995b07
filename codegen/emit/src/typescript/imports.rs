//! What a file takes from other files.

use std::collections::{BTreeMap, BTreeSet};

use super::code::Code;

/// Imports of one file, collected while its body is written.
#[derive(Debug, Default)]
pub(super) struct Imports {
    /// By module specifier, then by exported name.
    modules: BTreeMap<String, BTreeMap<String, Import>>,
    /// Names that stand for something in this file already.
    taken: BTreeSet<String>,
}

#[derive(Debug)]
struct Import {
    /// What the file calls it.
    alias: String,
    /// Whether it is needed at run time, and not for the type checker alone.
    value: bool,
}

impl Imports {
    /// Keeps `name` from being used for an import.
    pub(super) fn take(&mut self, name: impl Into<String>) {
        self.taken.insert(name.into());
    }

    /// What this file calls `name` of `module`; the first two letters that clash get a number.
    pub(super) fn name(&mut self, module: &str, name: &str, value: bool) -> String {
        let names = self.modules.entry(module.to_owned()).or_default();
        if let Some(import) = names.get_mut(name) {
            import.value |= value;
            return import.alias.clone();
        }
        let mut alias = name.to_owned();
        let mut count = 1;
        while !self.taken.insert(alias.clone()) {
            count += 1;
            alias = format!("{name}{count}");
        }
        names.insert(
            name.to_owned(),
            Import {
                alias: alias.clone(),
                value,
            },
        );
        alias
    }

    /// The import statements.
    pub(super) fn write(&self, code: &mut Code) {
        for (module, names) in &self.modules {
            let all_types = names.values().all(|import| !import.value);
            let list: Vec<String> = names
                .iter()
                .map(|(name, import)| {
                    let kind = if import.value || all_types {
                        ""
                    } else {
                        "type "
                    };
                    if *name == import.alias {
                        format!("{kind}{name}")
                    } else {
                        format!("{kind}{name} as {}", import.alias)
                    }
                })
                .collect();
            let keyword = if all_types { "import type" } else { "import" };
            let line = format!("{keyword} {{ {} }} from \"{module}\";", list.join(", "));
            if line.len() <= 120 {
                code.line(line);
            } else {
                code.open(format!("{keyword} {{"));
                for name in list {
                    code.line(format!("{name},"));
                }
                code.close(format!("}} from \"{module}\";"));
            }
        }
    }
}
