//! Every code has one function, a page and a bad schema; every kind of name is answered with the one that was meant.

use std::{collections::BTreeMap, fs, path::Path};

use playhouse_schema::{codes, evolution::lock::codes as lock_codes, pages};
use playhouse_syntax::codes as syntax_codes;

use crate::{
    invalid::fixtures,
    project::{repository, sorted},
};

/// The sources in and beneath a folder.
fn sources(folder: &Path, out: &mut Vec<(String, String)>) {
    for path in sorted(folder) {
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            out.push((path.to_str().unwrap().to_owned(), text));
        }
    }
}

/// Where `codes::NAME` stands in `files`: file and function, once each.
fn uses(files: &[(String, String)]) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in files {
        let mut function = "";
        for line in text.lines() {
            if let Some((_, rest)) = line.split_once("fn ") {
                function = rest.split(['(', '<']).next().unwrap_or(rest);
            }
            for used in line.split("codes::").skip(1) {
                let name: String = used
                    .chars()
                    .take_while(|c| c.is_ascii_uppercase() || *c == '_')
                    .collect();
                let place = format!("{path}: {function}");
                let places = found.entry(name).or_default();
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
    }
    found
}

#[test]
fn every_code_is_used_by_one_function_of_the_rules() {
    let mut files = Vec::new();
    sources(&repository("codegen/schema/src"), &mut files);
    let used = uses(&files);
    for (code, name, _) in codes::RULES.iter().chain(lock_codes::RULES) {
        let places = used.get(*name).map_or(&[][..], Vec::as_slice);
        assert_eq!(places.len(), 1, "{code} {name}: {places:?}");
        assert!(places[0].contains("/rules"), "{code} {name}: {places:?}");
    }
}

#[test]
fn every_code_of_the_syntax_is_used() {
    let mut files = Vec::new();
    sources(&repository("codegen/syntax/src"), &mut files);
    let used = uses(&files);
    for (code, name, _) in syntax_codes::RULES {
        assert!(used.contains_key(*name), "{code} {name}");
    }
}

#[test]
fn every_code_has_a_bad_schema_and_every_bad_schema_a_code() {
    let fixtures = fixtures();
    for (code, ..) in pages::rules() {
        assert!(
            fixtures.iter().any(|fixture| fixture.code() == code),
            "tests/invalid has no folder for {code}"
        );
    }
    for fixture in &fixtures {
        assert!(
            pages::find(fixture.code()).is_some(),
            "{}: no such code",
            fixture.name
        );
    }
}

/// Each kind of name, and the bad schema in which one is misspelt.
const MISSPELT: &[(&str, &str)] = &[
    ("a type", "E0208_misspelt_type"),
    ("a built-in type", "E0208_misspelt_builtin"),
    (
        "a type of another language",
        "E0208_type_of_another_language",
    ),
    ("a package in its own file", "E0203_misspelt_package"),
    ("a package in an import", "E0205_misspelt_package"),
    ("an imported name", "E0206_misspelt_import"),
    ("a role", "E0208_misspelt_role"),
    ("an audience", "E0208_misspelt_audience"),
    (
        "an audience of an event",
        "E0208_misspelt_audience_of_an_event",
    ),
    ("a component", "E0208_misspelt_component"),
    ("a required component", "E0208_misspelt_required_component"),
    ("a target of a ref", "E0208_misspelt_target_of_a_ref"),
    ("a container", "E0208_misspelt_container"),
    ("an error", "E0208_misspelt_error"),
    ("a constant", "E0208_misspelt_constant"),
    ("an entity's kind", "E0604_misspelt_kind"),
    ("an enum's value", "E0409_misspelt_value"),
    ("a flag in a default", "E0409_misspelt_flag"),
    ("a flag in a combination", "E0310_misspelt_flag"),
    ("an attribute", "E0801_misspelt_attribute"),
    ("an attribute's argument", "E0804_misspelt_argument"),
    ("an attribute's flag", "E0804_misspelt_flag"),
    ("a lint", "E0813_misspelt_lint"),
    (
        "a lint in the manifest",
        "E0813_misspelt_lint_in_the_manifest",
    ),
    ("a declaration's keyword", "E0107_misspelt_declaration"),
    ("a call's keyword", "E0107_misspelt_call_keyword"),
    ("a unit", "E0103_misspelt_unit"),
    ("a unit of a rate", "E0103_misspelt_unit_of_a_rate"),
    ("a key of the manifest", "E0217_misspelt_key"),
    ("an output's target", "E0217_misspelt_target"),
    ("an output's scope", "E0217_misspelt_scope"),
];

#[test]
fn every_kind_of_name_is_answered_with_the_one_that_was_meant() {
    let fixtures = fixtures();
    for (what, name) in MISSPELT {
        let fixture = fixtures
            .iter()
            .find(|fixture| fixture.name == *name)
            .unwrap_or_else(|| panic!("tests/invalid/{name} is missing"));
        let found = fixture.project.check();
        let first = &found[0];
        assert!(!first.fixes.is_empty(), "{what} has no fix");
        let said = [&first.primary.message].into_iter().chain(&first.help);
        assert!(
            said.into_iter().any(|text| text.contains("did you mean")),
            "{what}: {first:?}"
        );
    }
}
