//! The embedded store does what every store must.

use playhouse_store::Embedded;

fn empty() -> (Embedded, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    (Embedded::at(folder.path()).free_bytes_min(0), folder)
}

playhouse_store_tests::suite!(empty);
