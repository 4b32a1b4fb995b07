//! The table is whole: every cell has rows, and no row stands twice.

use super::*;

#[test]
fn every_cell_is_there() {
    for element in Kind::ALL {
        for change in Change::ALL {
            let rows: Vec<_> = cell(element, change).collect();
            let name = cell_name(element, change, "");
            assert!(!rows.is_empty(), "{name} is missing");
            let never = rows
                .iter()
                .filter(|row| row.outcome == Outcome::Never)
                .count();
            assert!(
                never == 0 || rows.len() == 1,
                "{name} can't happen and yet has conditions"
            );
            for row in &rows {
                let same = rows
                    .iter()
                    .filter(|other| other.condition == row.condition)
                    .count();
                assert_eq!(same, 1, "{name} has {:?} twice", row.condition);
            }
        }
    }
}

#[test]
fn every_harm_says_what_to_do() {
    for row in rows() {
        let name = cell_name(row.elements[0], row.change, row.condition.slug());
        assert!(!row.why.is_empty(), "{name} has no reason");
        if matches!(row.outcome, Outcome::Breaks(_)) {
            assert!(
                !row.instead.is_empty(),
                "{name} doesn't say what to do instead"
            );
        }
        for text in [row.why, row.instead] {
            assert!(!text.ends_with('.'), "{name}: {text}");
        }
    }
}

#[test]
fn every_condition_is_used() {
    for condition in Condition::ALL {
        assert!(
            rows().any(|row| row.condition == *condition),
            "{condition:?} is in no row"
        );
    }
}
