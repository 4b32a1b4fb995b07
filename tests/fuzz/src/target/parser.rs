//! The parser keeps the whole text whatever is wrong with it, and points only into it.

use playhouse_syntax::{Diagnostic, FileId, ast, parse};

pub(super) fn run(bytes: &[u8]) {
    let text = super::text(bytes);
    let parse = parse(FileId(0), text);
    let tree = parse.tree();
    assert_eq!(tree.text().to_string(), text, "the tree is not the text");
    points_into(text, &parse.diagnostics);
    let (_, errors) = ast::lower(FileId(0), &tree);
    points_into(text, &errors);
}

/// Every place that a diagnostic names is in the text, and its edits cut no character apart.
fn points_into(text: &str, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let first = std::iter::once(diagnostic.primary.span);
        let labels = first.chain(diagnostic.secondary.iter().map(|label| label.span));
        let edits = diagnostic
            .fixes
            .iter()
            .flat_map(|fix| &fix.edits)
            .map(|edit| edit.span);
        for span in labels.chain(edits) {
            let (start, end) = (
                usize::from(span.range.start()),
                usize::from(span.range.end()),
            );
            let inside = start <= end && text.is_char_boundary(start) && text.is_char_boundary(end);
            assert!(
                inside,
                "{start}..{end} is no place in the text: {diagnostic:?}"
            );
        }
    }
}
