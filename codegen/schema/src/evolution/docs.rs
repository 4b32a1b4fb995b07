//! The table of verdicts as Markdown, for the reference.

use std::fmt::Write as _;

use super::{
    surface::Kind,
    table::{self, Condition, Only, Outcome, Row},
    verdict::Change,
};

/// The table: first one line for each element and one column for each change, then every cell in words.
#[must_use]
pub fn table() -> String {
    let mut out = String::new();
    // A String takes whatever is written to it.
    let _ = writeln!(
        out,
        "\n`W` wire, `D` document, `S` source, `E` exposure; in small letters what applies only if the element is stored (`d`) or\n\
         can be sent by clients (`e`), `ok` is fine, `-` cannot happen. Where a cell depends on more, the verdicts stand in order.\n"
    );
    let changes = Change::ALL.map(Change::word).join(" | ");
    let _ = writeln!(out, "| element | {changes} |");
    let _ = writeln!(out, "|---|{}", "---|".repeat(Change::ALL.len()));
    for element in Kind::ALL {
        let cells = Change::ALL
            .map(|change| summary(element, change))
            .join(" | ");
        let _ = writeln!(out, "| {} | {cells} |", element.describe());
    }
    let _ = writeln!(
        out,
        "\nEach cell in words. `playhouse compat` names the cell with each verdict, `field/add_required`."
    );
    for element in Kind::ALL {
        let _ = writeln!(out, "\n#### {}\n", element.describe().trim_matches('`'));
        let _ = writeln!(
            out,
            "| change | when | verdict | why | instead |\n|---|---|---|---|---|"
        );
        for change in Change::ALL {
            for row in table::cell(element, change) {
                let _ = writeln!(out, "{}", line(row));
            }
        }
    }
    out.push('\n');
    out
}

/// A cell in letters: `ok`, `WS`, `W(d)S`.
fn summary(element: Kind, change: Change) -> String {
    let mut parts: Vec<String> = Vec::new();
    for row in table::cell(element, change) {
        let letters = match row.outcome {
            Outcome::Never => "-".to_owned(),
            Outcome::Fine => "ok".to_owned(),
            Outcome::Breaks(harms) => {
                let letter = |harm: &table::Harm| match harm.only {
                    Only::Always => harm.class.name()[..1].to_owned(),
                    Only::Stored | Only::Input => harm.class.name()[..1].to_lowercase(),
                };
                harms.iter().map(letter).collect()
            }
        };
        if !parts.contains(&letters) {
            parts.push(letters);
        }
    }
    parts.join(", ")
}

fn line(row: &Row) -> String {
    let verdict = match row.outcome {
        Outcome::Never => "-".to_owned(),
        Outcome::Fine => "fine".to_owned(),
        Outcome::Breaks(harms) => {
            let harm = |harm: &table::Harm| match harm.only {
                Only::Always => format!("`{}`", harm.class.name()),
                Only::Stored => format!("`{}` if stored", harm.class.name()),
                Only::Input => format!("`{}` if clients send it", harm.class.name()),
            };
            harms.iter().map(harm).collect::<Vec<_>>().join(", ")
        }
    };
    let when = match row.condition {
        Condition::Always => "",
        condition => condition.describe(),
    };
    format!(
        "| {} | {when} | {verdict} | {} | {} |",
        row.change.word(),
        row.why,
        row.instead
    )
}
