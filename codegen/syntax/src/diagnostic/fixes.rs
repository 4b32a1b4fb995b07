//! Applying the ready changes of diagnostics.

use std::collections::BTreeSet;

use super::{Edit, FileId, Fix, Span};

/// `text`, which is the whole of `file`, with the safe ones of `fixes` applied.
///
/// A fix is applied with all its edits, in all its files, or not at all: one that overlaps an earlier one in `fixes` is
/// skipped (fixing again after the next check gets to it). Given the same fixes for each file in turn, the files agree on
/// which were applied. Two insertions at one place count as overlapping, since nothing says which comes first.
#[must_use]
pub fn apply_fixes<'a>(
    file: FileId,
    text: &str,
    fixes: impl IntoIterator<Item = &'a Fix>,
) -> String {
    let chosen = choose_fixes(fixes);
    let mut edits: Vec<&Edit> = chosen
        .iter()
        .flat_map(|fix| &fix.edits)
        .filter(|edit| edit.span.file == file)
        .collect();
    edits.sort_by_key(|edit| (edit.span.range.start(), edit.span.range.end()));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        let start = usize::from(edit.span.range.start());
        let end = usize::from(edit.span.range.end());
        // A fix for another version of the text is worse than none.
        let (Some(before), true) = (text.get(done..start), text.is_char_boundary(end)) else {
            continue;
        };
        out.push_str(before);
        out.push_str(&edit.text);
        done = end;
    }
    out.push_str(&text[done..]);
    out
}

/// The safe ones of `fixes` that can be applied together, earlier ones first.
#[must_use]
pub fn choose_fixes<'a>(fixes: impl IntoIterator<Item = &'a Fix>) -> Vec<&'a Fix> {
    // Taken places by file and start, so that looking for a clash touches neighbours only.
    let mut taken = BTreeSet::new();
    let mut chosen = Vec::new();
    for fix in fixes {
        let key = |span: Span| {
            (
                span.file,
                u32::from(span.range.start()),
                u32::from(span.range.end()),
            )
        };
        let clashes = |span: Span| {
            let (file, start, end) = key(span);
            // Taken places do not overlap, so the last one that begins before `end` reaches furthest; an insertion at its
            // very start may stand before it in the order.
            taken
                .range((file, 0, 0)..=(file, end, u32::MAX))
                .rev()
                .take(3)
                .any(|&(_, from, to)| (from, to) == (start, end) || (from < end && start < to))
        };
        if !fix.safe || fix.edits.iter().any(|edit| clashes(edit.span)) {
            continue;
        }
        taken.extend(fix.edits.iter().map(|edit| key(edit.span)));
        chosen.push(fix);
    }
    chosen
}
