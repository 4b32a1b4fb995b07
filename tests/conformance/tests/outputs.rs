//! What a program writes for the vectors is up to date.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use playhouse_conformance::{output, project, types};
use playhouse_emit::typescript::{Scope, TypeScript};
use playhouse_emit::{Backend, Options};

fn emitted(backend: &impl Backend) -> Result<BTreeMap<String, String>> {
    let (model, options) = (
        project::model()?,
        Options {
            command: "cargo xtask codegen".to_owned(),
            ..Options::default()
        },
    );
    let files = backend.emit(&model, &options);
    ensure!(!files.is_empty(), "the backend wrote nothing");
    ensure!(
        files == backend.emit(&model, &options),
        "the backend writes something else the second time"
    );
    let files = files.iter();
    Ok(files
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect())
}

#[test]
fn description_of_types() {
    let types = types::describe(&project::model().unwrap());
    let text = serde_json::to_string_pretty(&types).unwrap() + "\n";
    output::compare_file(&project::folder().join("types.json"), &text).unwrap();
}

/// The runtime ships the framework's own packages.
#[test]
fn typescript_of_the_framework() {
    let backend = TypeScript {
        scope: Scope::All,
        runtime: "../../v1.js".to_owned(),
        framework: true,
    };
    let folder = project::repository().join("clients/typescript/src/playhouse");
    let files: BTreeMap<String, String> = emitted(&backend)
        .unwrap()
        .into_iter()
        .filter_map(|(path, text)| Some((path.strip_prefix("playhouse/")?.to_owned(), text)))
        .collect();
    output::compare_folder(&folder, &files).unwrap();
}
