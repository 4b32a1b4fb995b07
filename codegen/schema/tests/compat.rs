//! Two versions of a schema and the verdict: `tests/compat/ELEMENT/CHANGE_CONDITION/{previous,current}.idl`.
//!
//! Each folder is named by a cell of the table of verdicts; every cell has one. `UPDATE=1 cargo test -p
//! playhouse-schema --test compat` writes `verdict.txt` anew and the table into `docs/language.md`; review what it
//! wrote.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use playhouse_schema::{
    Sources, check,
    evolution::{Fact, Key, Kind, Surface, compare, docs, form::Form, table, verdict},
};

/// Packages of fixtures have these numbers unless a first line `// packages: a = 1, b = 2` gives others.
const PACKAGES: &str = "test = 1, test.other = 2";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn updating() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// The surface of a fixture's schema. Lines `// file: NAME` begin another file.
fn surface(path: &Path) -> Surface {
    try_surface(path).unwrap_or_else(|error| panic!("{error}"))
}

fn try_surface(path: &Path) -> Result<Surface, String> {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .expect("a fixture has a name");
    let packages = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("// packages: "))
        .unwrap_or(PACKAGES);
    let mut manifest = "[packages]\n".to_owned();
    for package in packages.split(", ") {
        let (name, number) = package.split_once(" = ").expect("a package has a number");
        manifest.push_str(&format!("\"{name}\" = {number}\n"));
    }
    let mut files = vec![(name.to_owned(), String::new())];
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("// file: ") {
            files.push((name.to_owned(), String::new()));
        }
        let (_, text) = files.last_mut().expect("there is a first file");
        text.push_str(line);
        text.push('\n');
    }
    let sources = Sources::new(("playhouse.toml".to_owned(), manifest), files);
    let checked = check(&sources);
    let errors: Vec<_> = checked
        .diagnostics
        .iter()
        .filter(|d| d.severity == playhouse_syntax::Severity::Error)
        // Streams are refused for now; what becomes of a call that has one is decided already.
        .filter(|d| d.code.0 != "E1008")
        .map(|d| format!("{} {} at {:?}", d.code.0, d.message, d.primary.span.range))
        .collect();
    if !errors.is_empty() {
        return Err(format!("{}:\n{}", path.display(), errors.join("\n")));
    }
    Ok(Surface::of(&checked.model))
}

/// Folders two levels down: `field/add_required`.
fn fixtures() -> BTreeSet<String> {
    let folders = |path: &Path| -> Vec<String> {
        let entries =
            fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let entries = entries.map(|entry| entry.expect("the folder can be read"));
        let folders = entries.filter(|entry| entry.path().is_dir());
        folders
            .map(|entry| entry.file_name().into_string().expect("names are text"))
            .collect()
    };
    let root = root().join("tests/compat");
    let names = folders(&root).into_iter().flat_map(|element| {
        let inner = folders(&root.join(&element));
        inner
            .into_iter()
            .map(move |name| format!("{element}/{name}"))
    });
    names.collect()
}

/// Fixtures of the table, and the cell that each shows, with the class that its suffix demands.
fn expected() -> Vec<(String, String, Option<verdict::Class>)> {
    let mut all = Vec::new();
    for row in table::rows() {
        for element in row.elements {
            let cell = verdict::cell_name(*element, row.change, row.condition.slug());
            for name in row.fixtures(*element) {
                let class = match name.strip_prefix(cell.as_str()) {
                    Some("_stored") => Some(verdict::Class::Document),
                    Some("_input") => Some(verdict::Class::Exposure),
                    _ => None,
                };
                all.push((name, cell.clone(), class));
            }
        }
    }
    all
}

#[test]
fn every_cell_has_a_fixture() {
    let there = fixtures();
    let missing: Vec<_> = expected()
        .into_iter()
        .map(|(name, ..)| name)
        .filter(|name| !there.contains(name))
        .collect();
    assert!(
        missing.is_empty(),
        "fixtures are missing:\n{}",
        missing.join("\n")
    );
}

#[test]
fn fixtures_have_their_verdicts() {
    let expected = expected();
    let mut failures = Vec::new();
    for name in fixtures() {
        let folder = root().join("tests/compat").join(&name);
        let previous = try_surface(&folder.join("previous.idl"));
        let (previous, current) = match (previous, try_surface(&folder.join("current.idl"))) {
            (Ok(previous), Ok(current)) => (previous, current),
            (Err(error), _) | (_, Err(error)) => {
                failures.push(error);
                continue;
            }
        };
        let verdicts = compare(&previous, &current);
        let mut text = verdict::render(&verdicts);
        if text.is_empty() {
            "fine: nothing that counts has changed\n".clone_into(&mut text);
        }
        let path = folder.join("verdict.txt");
        if updating() {
            fs::write(&path, &text).expect("the verdict can be written");
        }
        let wanted = fs::read_to_string(&path).unwrap_or_default();
        if text != wanted {
            failures.push(format!("{name}: expected\n{wanted}\nfound\n{text}"));
        }
        let Some((_, cell, class)) = expected.iter().find(|(known, ..)| *known == name) else {
            failures.push(format!("{name}: the table has no such cell"));
            continue;
        };
        let shown = verdicts.iter().find(|verdict| verdict.cell() == *cell);
        let reordered = cell.ends_with("/reorder") && text.starts_with("fine");
        match shown {
            None if !reordered => failures.push(format!("{name} doesn't show {cell}, but\n{text}")),
            Some(verdict) if class.is_some_and(|class| !verdict.classes.contains(&class)) => {
                failures.push(format!("{name} doesn't show {class:?}, but\n{text}"));
            }
            _ => {}
        }
    }
    assert!(
        failures.is_empty(),
        "{}\nUPDATE=1 writes them anew",
        failures.join("\n\n")
    );
}

#[test]
fn surfaces_are_whole_and_equal_to_themselves() {
    let mut met = BTreeSet::new();
    for name in fixtures() {
        let path = root().join("tests/compat").join(&name).join("current.idl");
        let surface = surface(&path);
        assert_eq!(compare(&surface, &surface), Vec::new(), "{name}");
        for (key, element) in surface.iter() {
            met.insert(element.kind);
            assert_eq!(Key::parse(&key.to_string()).as_ref(), Some(key));
            for (fact, value) in element.facts.iter() {
                assert_eq!(Fact::named(fact.name()), Some(fact), "{key}");
                if matches!(fact, Fact::Type | Fact::Result) {
                    let form = Form::parse(value).map(|form| form.to_string());
                    assert_eq!(form.as_deref(), Some(value), "{key}");
                }
            }
        }
    }
    assert_eq!(
        met.into_iter().collect::<Vec<_>>(),
        Kind::ALL.to_vec(),
        "every kind is met"
    );
}

/// What breaks the wire shows in a digest, so that peers look closer; what only reorders doesn't.
#[test]
fn digests_tell_what_breaks_the_wire() {
    let mut failures = Vec::new();
    for name in fixtures() {
        let folder = root().join("tests/compat").join(&name);
        let previous = surface(&folder.join("previous.idl"));
        let current = surface(&folder.join("current.idl"));
        let verdicts = compare(&previous, &current);
        let wire = verdicts
            .iter()
            .any(|v| v.classes.contains(&verdict::Class::Wire));
        let source = verdicts.iter().all(|v| {
            v.is_fine()
                && matches!(
                    v.change,
                    verdict::Change::Reattribute | verdict::Change::Reorder
                )
        });
        let same = previous.root == current.root;
        if wire && same && !DIGEST_BLIND.contains(&name.as_str()) {
            failures.push(format!(
                "{name}: breaks the wire and leaves the digest as it was"
            ));
        }
        if source && !same && !DIGEST_CAREFUL.contains(&name.as_str()) {
            failures.push(format!("{name}: is harmless and changes the digest"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Breaks of meaning and not of form: digests know no names.
const DIGEST_BLIND: &[&str] = &[
    "client_rpc/retype_throws",
    "enum_value/retag_plain",
    "flag/retag",
    "rpc/retype_throws",
];

/// The digest is more careful than the verdict: taking the word away again breaks the wire.
const DIGEST_CAREFUL: &[&str] = &[
    "rpc/reattribute_idempotent_added",
    "timer/reattribute_durable_added",
];

#[test]
fn the_reference_shows_the_table() {
    let path = root().join("docs/language.md");
    let text = fs::read_to_string(&path).expect("the reference is there");
    let (begin, end) = ("<!-- generated: compat -->\n", "<!-- /generated -->");
    let start = text
        .find(begin)
        .expect("the reference has a place for the table")
        + begin.len();
    let length = text[start..]
        .find(end)
        .expect("the place for the table has an end");
    let wanted = docs::table();
    if updating() {
        let updated = format!("{}{wanted}{}", &text[..start], &text[start + length..]);
        fs::write(&path, updated).expect("the reference can be written");
        return;
    }
    assert!(
        text[start..start + length] == wanted,
        "the table is not up to date: UPDATE=1 writes it"
    );
}

#[test]
fn json_has_one_object_a_line() {
    let folder = root().join("tests/compat/field/add_required");
    let previous = surface(&folder.join("previous.idl"));
    let verdicts = compare(&previous, &surface(&folder.join("current.idl")));
    let json = verdict::render_json(&verdicts);
    assert_eq!(json.lines().count(), verdicts.len());
    assert!(
        json.contains(r#""classes":["WIRE","SOURCE"],"cell":"field/add_required""#),
        "{json}"
    );
}
