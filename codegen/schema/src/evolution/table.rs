//! The table of verdicts: every element crossed with every change.
//!
//! It is data. [`compare`](super::compare()) finds out what changed and under which condition, and reads the verdict
//! here; the reference's table is printed from here; the fixtures in `tests/compat` are named by its cells. A cell
//! holds one [`Row`] for each condition, and one row may serve several elements.

use super::{
    surface::Kind,
    verdict::{Change, Class, cell_name},
};

mod calls;
mod condition;
mod declarations;
mod entities;
mod members;
mod types;

pub use condition::Condition;

/// A verdict under one condition.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// For which elements.
    pub elements: &'static [Kind],
    /// For which change.
    pub change: Change,
    /// Under which condition.
    pub condition: Condition,
    /// Who is hurt.
    pub outcome: Outcome,
    /// Why.
    pub why: &'static str,
    /// What to do instead; empty if there is nothing to do.
    pub instead: &'static str,
}

/// Who is hurt by a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The change cannot happen to the element.
    Never,
    /// Nobody.
    Fine,
    /// These.
    Breaks(&'static [Harm]),
}

/// A class, and when it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Harm {
    /// The class.
    pub class: Class,
    /// When.
    pub only: Only,
}

/// When a class applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// Always.
    Always,
    /// If the element is in stored documents: reachable from a persisted property.
    Stored,
    /// If clients can send the element: reachable from an exposed call's parameters or a client rpc's result.
    Input,
}

const WIRE: Harm = Harm {
    class: Class::Wire,
    only: Only::Always,
};
const DOCUMENT: Harm = Harm {
    class: Class::Document,
    only: Only::Always,
};
const DOCUMENT_IF_STORED: Harm = Harm {
    class: Class::Document,
    only: Only::Stored,
};
const SOURCE: Harm = Harm {
    class: Class::Source,
    only: Only::Always,
};
const EXPOSURE: Harm = Harm {
    class: Class::Exposure,
    only: Only::Always,
};
const EXPOSURE_IF_INPUT: Harm = Harm {
    class: Class::Exposure,
    only: Only::Input,
};

const fn never(elements: &'static [Kind], change: Change, why: &'static str) -> Row {
    let condition = Condition::Always;
    Row {
        elements,
        change,
        condition,
        outcome: Outcome::Never,
        why,
        instead: "",
    }
}

const fn fine(
    elements: &'static [Kind],
    change: Change,
    condition: Condition,
    why: &'static str,
) -> Row {
    Row {
        elements,
        change,
        condition,
        outcome: Outcome::Fine,
        why,
        instead: "",
    }
}

const fn breaks(
    elements: &'static [Kind],
    change: Change,
    condition: Condition,
    harms: &'static [Harm],
    why: &'static str,
    instead: &'static str,
) -> Row {
    Row {
        elements,
        change,
        condition,
        outcome: Outcome::Breaks(harms),
        why,
        instead,
    }
}

/// All rows, in the order of the files.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [
        declarations::ROWS,
        types::ROWS,
        members::ROWS,
        entities::ROWS,
        calls::ROWS,
    ]
    .into_iter()
    .flatten()
}

/// The rows of one cell, in order.
pub fn cell(element: Kind, change: Change) -> impl Iterator<Item = &'static Row> {
    rows().filter(move |row| row.change == change && row.elements.contains(&element))
}

/// The row for `condition`.
#[must_use]
pub fn find(element: Kind, change: Change, condition: Condition) -> Option<&'static Row> {
    cell(element, change).find(|row| row.condition == condition)
}

impl Row {
    /// Whether a class of it depends on the element being stored.
    #[must_use]
    pub fn has(&self, only: Only) -> bool {
        matches!(self.outcome, Outcome::Breaks(harms) if harms.iter().any(|harm| harm.only == only))
    }

    /// The fixtures that show the row for `element`: folders in `tests/compat`.
    #[must_use]
    pub fn fixtures(&self, element: Kind) -> Vec<String> {
        if self.outcome == Outcome::Never {
            return Vec::new();
        }
        let name = cell_name(element, self.change, self.condition.slug());
        let mut names = vec![name.clone()];
        if self.has(Only::Stored) {
            names.push(format!("{name}_stored"));
        }
        if self.has(Only::Input) {
            names.push(format!("{name}_input"));
        }
        names
    }
}

#[cfg(test)]
mod tests;
