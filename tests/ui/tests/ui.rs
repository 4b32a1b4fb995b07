//! What compiles and what does not, and that each mistake is one error.

use std::fs;
use std::path::Path;

#[test]
fn what_is_right_compiles_and_each_mistake_is_one_error() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/right/*.rs");
    cases.compile_fail("tests/wrong/*.rs");
    // They run when this is dropped, and may write what comes next.
    drop(cases);

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wrong");
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("the folder of mistakes") {
        let path = entry.expect("an entry").path();
        if path
            .extension()
            .is_none_or(|extension| extension != "stderr")
        {
            continue;
        }
        seen += 1;
        let text = fs::read_to_string(&path).expect("what the compiler said");
        let said: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("error") || line.starts_with("warning"))
            .collect();
        assert_eq!(said.len(), 1, "{}: {said:#?}", path.display());
    }
    assert!(seen > 72, "only {seen} mistakes were found");
}
