//! Any two schemas compare, and a schema compares with itself without a verdict.
//!
//! An input is two projects with a line `===` between them; without one it is compared with a copy of itself alone.

use playhouse_schema::evolution::{Surface, compare, verdict};
use playhouse_schema::{Checked, check};

pub(super) fn run(bytes: &[u8]) {
    let text = super::text(bytes);
    let (before, after) = text.split_once("\n===\n").unwrap_or((text, ""));
    let Some(before) = surface(before) else {
        return;
    };
    let same = compare(&before, &before);
    assert!(
        same.is_empty(),
        "nothing changed, but {}",
        verdict::render(&same)
    );
    let Some(after) = surface(after) else { return };
    for (old, new) in [(&before, &after), (&after, &before)] {
        let verdicts = compare(old, new);
        assert!(verdicts.is_empty() || !verdict::render(&verdicts).is_empty());
        assert!(!verdict::render_json(&verdicts).contains('\u{0}'));
    }
}

/// The surface of a project without errors.
fn surface(text: &str) -> Option<Surface> {
    let checked: Checked = check(&super::schema::project(text));
    (!checked.has_errors()).then(|| Surface::of(&checked.model))
}
