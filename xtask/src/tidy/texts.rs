//! Rules for every text file: nothing of one machine in it, and links that lead somewhere.

use crate::tidy::Violation;
use crate::tidy::tree::{File, Tree};

/// Folders that exist on one machine and not on another. Written apart, so that this file doesn't break its own rule.
const MACHINE_PATHS: &[&str] = &[
    concat!("/", "home/"),
    concat!("/", "root/"),
    concat!("/", "work/"),
    concat!("/", "Users/"),
    concat!("C:", "\\Users"),
    concat!("/tmp/", "target"),
];

/// Hosts that serve packages, written apart too.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("registry.", "npmjs.org"),
    concat!("files.", "pythonhosted.org"),
    concat!("deb.", "debian.org"),
    concat!("\"resolved\": ", "\"http"),
    concat!("/artif", "actory/"),
];

/// No absolute path of somebody's machine.
pub(crate) fn machine_paths(tree: &Tree) -> Vec<Violation> {
    let rooted =
        |before: Option<char>| !before.is_some_and(|it| it.is_alphanumeric() || "._-".contains(it));
    find(
        tree,
        MACHINE_PATHS,
        rooted,
        "a path of one machine: make it relative, or take it from the caller",
    )
}

/// No host of a package registry; lock files of npm leave them out (`omit-lockfile-registry-resolved`).
pub(crate) fn registry_hosts(tree: &Tree) -> Vec<Violation> {
    find(
        tree,
        REGISTRY_HOSTS,
        |_| true,
        "a host of a package registry: name the package alone",
    )
}

/// Each line with one of `words` in it, where `behind` takes the letter before the word.
fn find(
    tree: &Tree,
    words: &[&str],
    behind: fn(Option<char>) -> bool,
    message: &str,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in &tree.files {
        for (line, text) in (1..).zip(file.text.lines()) {
            let stands = |word: &&&str| {
                text.match_indices(**word)
                    .any(|(index, _)| behind(text[..index].chars().next_back()))
            };
            if let Some(word) = words.iter().find(stands) {
                violations.push(Violation::new(
                    &file.path,
                    line,
                    format!("{word}: {message}"),
                ));
            }
        }
    }
    violations
}

/// Relative links in Markdown lead to files or folders of the repository.
pub(crate) fn links(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree
        .files
        .iter()
        .filter(|file| file.path.ends_with(".md") && !file.is_fixture())
    {
        for (line, target) in targets(file) {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            let known = resolve(&file.path, path).is_some_and(|path| exists(tree, &path));
            if !known {
                let message = format!("`{target}` leads nowhere: links are relative to the file");
                violations.push(Violation::new(&file.path, line, message));
            }
        }
    }
    violations
}

/// Targets of the links in a file, code left out, with their lines.
fn targets(file: &File) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (line, text) in (1..).zip(file.text.lines()) {
        if text.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Every second part stands between backticks.
        for prose in text.split('`').step_by(2) {
            for (index, _) in prose.match_indices("](") {
                let rest = &prose[index + 2..];
                if let Some(end) = rest.find([')', ' ']) {
                    found.push((line, &rest[..end]));
                }
            }
        }
    }
    found
}

/// `docs/a.md` and `../README.md` give `README.md`; nothing if it leads out of the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut folders: Vec<&str> = from.split('/').collect();
    folders.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                folders.pop()?;
            }
            name => folders.push(name),
        }
    }
    Some(folders.join("/"))
}

fn exists(tree: &Tree, path: &str) -> bool {
    let folder = format!("{path}/");
    path.is_empty()
        || tree.paths.contains(path)
        || tree.paths.iter().any(|file| file.starts_with(&folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_one_machine_are_found() {
        let bad = format!("cd {}me", MACHINE_PATHS[0]);
        let good = "cd /usr/bin, https://example.org/home/, ./root/x";
        assert_eq!(machine_paths(&Tree::of(&[("a.md", good)])), []);
        assert_eq!(
            machine_paths(&Tree::of(&[("a.md", "x\n"), ("b.sh", &bad)]))[0].line,
            1
        );
    }

    #[test]
    fn hosts_of_registries_are_found() {
        let bad = format!("https://{}/x", REGISTRY_HOSTS[0]);
        assert_eq!(
            registry_hosts(&Tree::of(&[("a.md", "published on crates.io")])),
            []
        );
        assert_eq!(registry_hosts(&Tree::of(&[("a.toml", &bad)])).len(), 1);
    }

    #[test]
    fn relative_links_lead_somewhere() {
        let check = |text: &str| {
            let tree = Tree::of(&[("docs/a.md", text), ("docs/b/c.md", ""), ("README.md", "")]);
            links(&tree).len()
        };
        assert_eq!(
            check("[b](b/c.md), [b](./b), [r](../README.md#top), [w](https://x.y/z.md)"),
            0
        );
        assert_eq!(
            check("`[x](gone.md)`\n```\n[x](gone.md)\n```\n[top](#top)"),
            0
        );
        assert_eq!(check("[x](gone.md)"), 1);
        assert_eq!(check("[x](../../README.md)"), 1);
    }
}
