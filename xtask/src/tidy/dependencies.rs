//! Licences and duplicate versions, by what `deny.toml` says.
//!
//! `cargo deny` checks the same and more (advisories), but takes minutes to build; this part of it needs cargo alone.

use std::collections::BTreeMap;

use crate::tidy::Violation;
use crate::tidy::tree::Tree;

/// Where the allowed licences and the exceptions stand.
const RULES_FILE: &str = "deny.toml";

/// Every package has a licence that is allowed.
pub(crate) fn licences(tree: &Tree) -> Vec<Violation> {
    let allowed = texts_in(tree, "allow");
    let refused = tree
        .packages
        .iter()
        .filter(|package| !permits(&package.licence, &allowed));
    let violation = |name: &str, version: &str, licence: &str| {
        let message = format!("{name} {version} has the licence `{licence}`: do without it");
        Violation::new(RULES_FILE, 0, message)
    };
    refused
        .map(|package| violation(&package.name, &package.version, &package.licence))
        .collect()
}

/// Every package is there in one version.
pub(crate) fn one_version(tree: &Tree) -> Vec<Violation> {
    let skipped = texts_in(tree, "skip");
    let mut versions = BTreeMap::<&str, Vec<&str>>::new();
    for package in &tree.packages {
        versions
            .entry(&package.name)
            .or_default()
            .push(&package.version);
    }
    let double = versions.iter().filter(|(name, versions)| {
        let excepted = skipped
            .iter()
            .any(|skip| skip.split('@').next() == Some(name));
        versions.len() > 1 && !excepted
    });
    let violation = |name: &str, versions: &[&str]| {
        let message = format!(
            "{name} is there as {}: align them (cargo tree --duplicates shows who asks for which), \
             or except it with a reason",
            versions.join(" and ")
        );
        Violation::new(RULES_FILE, 0, message)
    };
    double
        .map(|(name, versions)| violation(name, versions))
        .collect()
}

/// First quoted text of each line in the array `key = [` of `deny.toml`.
fn texts_in<'a>(tree: &'a Tree, key: &str) -> Vec<&'a str> {
    let file = tree.files.iter().find(|file| file.path == RULES_FILE);
    let lines = file.map_or("", |file| file.text.as_str()).lines();
    let start = format!("{key} = [");
    let inside = lines
        .skip_while(|line| **line != start)
        .skip(1)
        .take_while(|line| *line != "]");
    inside
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split('"').nth(1))
        .collect()
}

/// Whether an SPDX expression can be met with `allowed` alone. Old packages write `/` for OR.
fn permits(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let verdict = any(&mut rest, allowed);
    verdict && rest.is_empty()
}

fn any(words: &mut &[&str], allowed: &[&str]) -> bool {
    let mut verdict = all(words, allowed);
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        verdict |= all(words, allowed);
    }
    verdict
}

fn all(words: &mut &[&str], allowed: &[&str]) -> bool {
    let mut verdict = one(words, allowed);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        verdict &= one(words, allowed);
    }
    verdict
}

fn one(words: &mut &[&str], allowed: &[&str]) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let verdict = any(words, allowed);
            if let [")", rest @ ..] = *words {
                *words = rest;
            }
            verdict
        }
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            allowed.contains(licence)
                || allowed.contains(&format!("{licence} WITH {exception}").as_str())
        }
        [licence, rest @ ..] => {
            *words = rest;
            allowed.contains(licence)
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::Package;

    const RULES: &str = "[licenses]\nallow = [\n    \"MIT\",\n    \"Unicode-3.0\",\n]\n\
        [bans]\nskip = [\n    { crate = \"x@1\" },\n    { crate = \"hash@1\", reason = \"y\" },\n]\n";

    fn tree(packages: &[(&str, &str, &str)]) -> Tree {
        let mut tree = Tree::of(&[(RULES_FILE, RULES)]);
        tree.packages = packages
            .iter()
            .map(|(name, version, licence)| Package {
                name: (*name).to_owned(),
                version: (*version).to_owned(),
                licence: (*licence).to_owned(),
            })
            .collect();
        tree
    }

    #[test]
    fn expressions_are_judged() {
        let allowed = ["MIT", "Unicode-3.0"];
        assert!(permits("MIT", &allowed));
        assert!(permits("MIT/Apache-2.0", &allowed));
        assert!(permits("(MIT OR Apache-2.0) AND Unicode-3.0", &allowed));
        assert!(permits("MIT WITH some-exception", &allowed));
        assert!(!permits("Apache-2.0 AND MIT", &allowed));
        assert!(!permits("GPL-3.0-only", &allowed));
        assert!(!permits("", &allowed));
    }

    #[test]
    fn a_package_of_another_licence_is_refused() {
        assert_eq!(licences(&tree(&[("a", "1.0.0", "MIT")])), []);
        assert_eq!(licences(&tree(&[("a", "1.0.0", "GPL-3.0-only")])).len(), 1);
    }

    #[test]
    fn two_versions_need_an_exception() {
        assert_eq!(
            one_version(&tree(&[("a", "1.0.0", "MIT"), ("b", "1.0.0", "MIT")])),
            []
        );
        assert_eq!(
            one_version(&tree(&[("a", "1.0.0", "MIT"), ("a", "2.0.0", "MIT")])).len(),
            1
        );
        assert_eq!(
            one_version(&tree(&[("hash", "1.0.0", "MIT"), ("hash", "2.0.0", "MIT")])),
            []
        );
    }
}
