//! Whole files: what is written comes back, and good text has no errors.

use playhouse_syntax::{FileId, ast, parse};

#[test]
fn the_sample_parses_and_comes_back() {
    let page = include_str!("../sample.idl");
    let parse = parse(FileId(0), page);
    assert_eq!(parse.tree().text().to_string(), page);
    assert!(parse.diagnostics.is_empty(), "{:#?}", parse.diagnostics);
    let (file, errors) = ast::lower(FileId(0), &parse.tree());
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(file.declarations.len(), 18, "{file:#?}");
}
