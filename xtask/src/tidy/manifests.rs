//! Rules for the manifests of members.

use crate::tidy::Violation;
use crate::tidy::tree::Tree;

/// Members take every version from the workspace table.
pub(crate) fn versions(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for manifest in tree.manifests().filter(|file| file.path != "Cargo.toml") {
        let mut section = "";
        for (line, text) in (1..).zip(manifest.text.lines()) {
            if let Some(name) = text.strip_prefix('[') {
                section = name.split(']').next().unwrap_or(name);
                continue;
            }
            let entry = text
                .split_once('=')
                .map(|(key, value)| (key.trim(), value.trim()));
            let Some((key, value)) = entry.filter(|(key, _)| !key.starts_with('#')) else {
                continue;
            };
            let shared = key.ends_with(".workspace") || value.contains("workspace = true");
            let package_field = section == "package"
                && [
                    "version",
                    "edition",
                    "rust-version",
                    "license",
                    "repository",
                    "publish",
                ]
                .contains(&key);
            if (section.ends_with("dependencies") && !shared) || package_field {
                let name = key.split('.').next().unwrap_or(key);
                let message =
                    format!("write `{name}.workspace = true`, its value in the root manifest");
                violations.push(Violation::new(&manifest.path, line, message));
            }
        }
    }
    violations
}

/// Members take the workspace's lints.
pub(crate) fn lints(tree: &Tree) -> Vec<Violation> {
    let members = tree.manifests().filter(|file| file.path != "Cargo.toml");
    let bare = members.filter(|file| !file.text.contains("[lints]\nworkspace = true"));
    bare.map(|file| Violation::new(&file.path, 0, "add `[lints]` with `workspace = true`"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: fn(&Tree) -> Vec<Violation>, text: &str) -> usize {
        rule(&Tree::of(&[
            ("a/Cargo.toml", text),
            ("Cargo.toml", "[workspace]\nx = \"1\"\n"),
        ]))
        .len()
    }

    #[test]
    fn versions_stand_in_the_workspace_table() {
        let good = "[package]\nname = \"a\"\nversion.workspace = true\n\
            [dependencies]\nb.workspace = true\nc = { workspace = true, optional = true }\n";
        assert_eq!(check(versions, good), 0);
        assert_eq!(check(versions, "[dependencies]\nb = \"1\"\n"), 1);
        assert_eq!(
            check(
                versions,
                "[target.'cfg(unix)'.dev-dependencies]\nb = { path = \"../b\" }\n"
            ),
            1
        );
        assert_eq!(check(versions, "[package]\nversion = \"1.0.0\"\n"), 1);
    }

    #[test]
    fn lints_are_the_workspaces() {
        assert_eq!(
            check(
                lints,
                "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n"
            ),
            0
        );
        assert_eq!(check(lints, "[package]\nname = \"a\"\n"), 1);
    }
}
