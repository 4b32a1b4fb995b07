//! The table of attacks in `docs/security.md` says what is so.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use playhouse::metrics::FAMILIES;
use playhouse_hostile_tests::rows;

/// Where tests stand that the table names.
const FOLDERS: [&str; 2] = ["tests/hostile/tests/suite", "runtime/playhouse/tests/node"];

/// The tests of a folder: the file's name and the function's.
fn tests(folder: &Path) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "rs") {
            continue;
        }
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        for test in text.split("#[test]\n").skip(1) {
            let name = test.trim_start().strip_prefix("fn ").unwrap();
            let name = name.split('(').next().unwrap().to_owned();
            found.insert((file.clone(), name));
        }
    }
    found
}

#[test]
fn every_row_names_tests_and_counters_that_are_there_and_every_attack_has_a_row() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let page = fs::read_to_string(root.join("docs/security.md")).unwrap();
    let rows = rows(&page).unwrap();
    let [suite, others] = FOLDERS.map(|folder| tests(&root.join(folder)));
    let families: BTreeSet<&str> = FAMILIES.iter().map(|family| family.name).collect();
    let mut named = BTreeSet::new();
    for row in &rows {
        assert!(!row.tests.is_empty(), "{}: no test", row.attack);
        for test in &row.tests {
            let is_there = suite.contains(test) || others.contains(test);
            assert!(is_there, "{}: no test {test:?}", row.attack);
            named.insert(test.clone());
        }
        for counter in row
            .counters
            .iter()
            .filter(|it| it.starts_with("playhouse_"))
        {
            assert!(
                families.contains(counter.as_str()),
                "{}: no {counter}",
                row.attack
            );
        }
    }
    let missing: Vec<_> = suite
        .iter()
        .filter(|(file, _)| file != "table")
        .filter(|test| !named.contains(*test))
        .collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
}
