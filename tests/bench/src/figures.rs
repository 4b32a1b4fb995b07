//! Tables of figures, as text and as JSON, and what is counted of this process.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

/// Seconds between two ticks of a process's time in `/proc`.
const TICK_SECONDS: f64 = 0.01;

/// Rows of numbers under names.
#[derive(Debug)]
pub struct Table {
    name: String,
    columns: Vec<String>,
    rows: Vec<(String, Vec<f64>)>,
}

impl Table {
    /// Without rows.
    #[must_use]
    pub fn new(name: &str, columns: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            columns: columns.iter().map(ToString::to_string).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row: a number for each column, from the left.
    pub fn row(&mut self, name: &str, numbers: &[f64]) {
        self.rows.push((name.to_owned(), numbers.to_vec()));
    }

    /// The table in Markdown, or a line of JSON for each row.
    #[must_use]
    pub fn text(&self, json: bool) -> String {
        if json { self.json() } else { self.markdown() }
    }

    fn markdown(&self) -> String {
        let mut text = format!("| {} |", self.name);
        for column in &self.columns {
            let _ = write!(text, " {column} |");
        }
        text.push('\n');
        text.push_str(&"|---".repeat(self.columns.len() + 1));
        text.push('|');
        for (name, numbers) in &self.rows {
            let _ = write!(text, "\n| {name} |");
            for number in numbers {
                let _ = write!(text, " {} |", short(*number));
            }
        }
        text.push('\n');
        text
    }

    fn json(&self) -> String {
        let mut text = String::new();
        for (name, numbers) in &self.rows {
            let _ = write!(text, "{{\"table\":{:?},\"row\":{name:?}", self.name);
            for (column, number) in self.columns.iter().zip(numbers) {
                let _ = write!(text, ",{column:?}:{number}");
            }
            text.push_str("}\n");
        }
        text
    }
}

/// Three digits of what counts.
fn short(number: f64) -> String {
    let digits = match number.abs() {
        0.0 => 0,
        tiny if tiny < 0.01 => 4,
        small if small < 10.0 => 2,
        middle if middle < 100.0 => 1,
        _ => 0,
    };
    format!("{number:.digits$}")
}

/// The number in the middle; 0 of none.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

/// Seconds of processor time of this process, in steps of 10 ms.
///
/// # Errors
///
/// Without `/proc`.
pub fn processor_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("cannot read /proc/self/stat")?;
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    // User and system time are fields 14 and 15; the two before the parenthesis are cut off.
    let ticks: f64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    Ok(ticks * TICK_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_reads_as_markdown_and_as_json() {
        let mut table = Table::new("calls", &["k/s", "x \"echo\""]);
        table.row("by address", &[1234.5, 0.651]);
        assert_eq!(
            table.text(false),
            "| calls | k/s | x \"echo\" |\n|---|---|---|\n| by address | 1234 | 0.65 |\n"
        );
        assert_eq!(
            table.text(true),
            "{\"table\":\"calls\",\"row\":\"by address\",\"k/s\":1234.5,\"x \\\"echo\\\"\":0.651}\n"
        );
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([]), 0.0);
    }
}
