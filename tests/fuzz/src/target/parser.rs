//! The parser keeps the whole text whatever is wrong with it, and points only into it.

use playhouse_syntax::{FileId, SyntaxKind, ast, parse};

pub(super) fn run(bytes: &[u8]) {
    let text = super::text(bytes);
    let parse = parse(FileId(0), text);
    let tree = parse.tree();
    assert_eq!(tree.text().to_string(), text, "the tree is not the text");
    let bad = tree
        .descendants()
        .any(|node| node.kind() == SyntaxKind::Bad);
    assert!(
        !bad || !parse.diagnostics.is_empty(),
        "what is not understood is not reported"
    );
    super::point_into(&parse.diagnostics, |_| text);
    let (_, errors) = ast::lower(FileId(0), &tree);
    super::point_into(&errors, |_| text);
}
