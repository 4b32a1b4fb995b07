//! Folders of stores, opened here and in another process.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;

use playhouse_store::{Backend as _, Embedded, OpenError, Store};
use playhouse_store_tests::{block_on, collections};

/// The program that is killed, or left without room.
pub(crate) const CHILD: &str = env!("CARGO_BIN_EXE_store-child");

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub(crate) fn open(folder: &Path) -> Result<Embedded, OpenError> {
    let backend = Embedded::at(folder).free_bytes_min(0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    backend.open(&collections(), runtime.handle())?;
    Ok(backend)
}

#[track_caller]
pub(crate) fn why(folder: &Path) -> String {
    match open(folder) {
        Ok(_) => panic!("it was opened"),
        Err(error) => error.to_string(),
    }
}

pub(crate) fn with<T>(folder: &Path, case: impl AsyncFnOnce(Rc<dyn Store>) -> T) -> T {
    let backend = open(folder).unwrap_or_else(|error| panic!("{error}"));
    let result = block_on(case(backend.store()));
    backend.close();
    result
}

pub(crate) fn child(folder: &Path, arguments: &[&str]) -> Child {
    Command::new(CHILD)
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child can be started")
}
