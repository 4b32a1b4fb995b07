//! `playhouse.toml`: where the schemas are, what number each package has, what is generated where.

use std::collections::BTreeMap;

use playhouse_syntax::{Diagnostic, FileId, Span, TextRange, TextSize, suggest};
use serde::Deserialize;
use toml::Spanned;

use crate::rules;

/// The content of `playhouse.toml`.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// The file, for messages.
    pub file: FileId,
    /// Folders with `*.idl` files, relative to the manifest; `["idl"]` unless given.
    pub roots: Vec<String>,
    /// The lock file, relative to the manifest; `playhouse.lock` in the first root unless given.
    pub lock: String,
    /// Packages by name with their numbers.
    pub packages: BTreeMap<String, PackageNumber>,
    /// What is generated.
    pub outputs: Vec<Output>,
    /// Levels of lints by name, and where the name stands.
    pub lints: BTreeMap<String, (LintLevel, Span)>,
}

/// A package's number and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct PackageNumber {
    /// 1 to 65,535.
    pub number: u16,
    /// The number in the manifest.
    pub span: Span,
}

/// How a lint is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LintLevel {
    /// Not at all.
    Allow,
    /// As a warning.
    Warn,
    /// As an error.
    Deny,
}

/// One `[[output]]`.
#[derive(Debug, Clone)]
pub struct Output {
    /// `rust` or `typescript`.
    pub target: String,
    /// The folder that is written, relative to the manifest. It belongs to the generator: what it didn't write is removed.
    pub path: String,
    /// What it holds.
    pub scope: Scope,
    /// The path in the manifest.
    pub span: Span,
}

/// What an output holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// What clients can reach.
    Client,
}

/// The target languages that exist.
pub const TARGETS: [&str; 2] = ["rust", "typescript"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    schema: RawSchema,
    #[serde(default)]
    packages: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    output: Vec<Spanned<RawOutput>>,
    #[serde(default)]
    lints: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawSchema {
    roots: Option<Vec<String>>,
    lock: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOutput {
    target: Spanned<String>,
    path: Spanned<String>,
    scope: Option<Spanned<String>>,
}

/// Reads the manifest's text. What is wrong is left out of the result and reported.
pub fn parse(file: FileId, text: &str) -> (Manifest, Vec<Diagnostic>) {
    let mut errors = Vec::new();
    let span = |range: std::ops::Range<usize>| {
        let at = |offset: usize| TextSize::try_from(offset.min(text.len())).unwrap_or_default();
        Span::new(
            file,
            TextRange::new(at(range.start), at(range.end.max(range.start))),
        )
    };
    let defaults = || Manifest {
        file,
        roots: vec!["idl".to_owned()],
        lock: "idl/playhouse.lock".to_owned(),
        ..Manifest::default()
    };
    let raw: Raw = match toml::from_str(text) {
        Ok(raw) => raw,
        Err(error) => {
            let place = span(error.span().unwrap_or(0..0));
            errors.push(rules::manifest::invalid(place, error.message()));
            return (defaults(), errors);
        }
    };
    let mut manifest = defaults();
    if let Some(roots) = raw.schema.roots {
        if let Some(first) = roots.first() {
            manifest.lock = format!("{}/playhouse.lock", first.trim_end_matches('/'));
        }
        manifest.roots = roots;
    }
    manifest.lock = raw.schema.lock.unwrap_or(manifest.lock);
    let mut by_number: BTreeMap<u16, (String, Span)> = BTreeMap::new();
    for (name, number) in raw.packages {
        let place = span(number.span());
        let Some(value) = number.get_ref().as_integer() else {
            errors.push(rules::manifest::no_number(place, &name));
            continue;
        };
        match u16::try_from(value) {
            Ok(number) if number > 0 => {
                if let Some((other, at)) = by_number.get(&number) {
                    errors.push(rules::manifest::number_twice(
                        place,
                        &name,
                        number,
                        Some((other.as_str(), *at)),
                    ));
                    continue;
                }
                by_number.insert(number, (name.clone(), place));
                manifest.packages.insert(
                    name,
                    PackageNumber {
                        number,
                        span: place,
                    },
                );
            }
            _ => errors.push(rules::manifest::number_twice(place, &name, 0, None)),
        }
    }
    for output in raw.output {
        let place = span(output.span());
        let output = output.into_inner();
        let target = output.target.get_ref();
        if !TARGETS.contains(&target.as_str()) {
            let near = suggest::nearest(target, TARGETS);
            errors.push(rules::manifest::unknown_word(
                span(output.target.span()),
                "target",
                target,
                near,
                &TARGETS,
            ));
            continue;
        }
        let scope = match output.scope.as_ref().map(|scope| scope.get_ref().as_str()) {
            None if target == "rust" => Scope::All,
            None | Some("client") => Scope::Client,
            Some("all") => Scope::All,
            Some(other) => {
                let place = output
                    .scope
                    .as_ref()
                    .map_or(place, |scope| span(scope.span()));
                let near = suggest::nearest(other, ["all", "client"]);
                let known = ["all", "client"];
                errors.push(rules::manifest::unknown_word(
                    place, "scope", other, near, &known,
                ));
                continue;
            }
        };
        let path_span = span(output.path.span());
        let path = output.path.into_inner();
        let clash = manifest
            .outputs
            .iter()
            .find(|other| overlap(&other.path, &path));
        if let Some(other) = clash {
            errors.push(rules::manifest::output_overlap(
                path_span,
                &path,
                &other.path,
                other.span,
            ));
            continue;
        }
        manifest.outputs.push(Output {
            target: target.clone(),
            path,
            scope,
            span: path_span,
        });
    }
    for (rule, level) in raw.lints {
        let known = ["allow", "warn", "deny"];
        let place = span(level.span());
        let named = span(rule.span());
        let level = match level.get_ref().as_str() {
            "allow" => LintLevel::Allow,
            "warn" => LintLevel::Warn,
            "deny" => LintLevel::Deny,
            other => {
                let near = suggest::nearest(other, known);
                errors.push(rules::manifest::unknown_word(
                    place, "level", other, near, &known,
                ));
                continue;
            }
        };
        manifest.lints.insert(rule.into_inner(), (level, named));
    }
    (manifest, errors)
}

/// Whether one folder is the other, or lies in it.
fn overlap(a: &str, b: &str) -> bool {
    let parts = |path: &str| -> Vec<String> {
        let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
        parts.map(str::to_owned).collect()
    };
    let (a, b) = (parts(a), parts(b));
    a.starts_with(&b) || b.starts_with(&a)
}
