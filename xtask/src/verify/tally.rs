//! The closing line: how many tests passed and failed, read off what the test runners print.

use std::fmt;

/// Counts of tests over all runners.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
}

/// Who prints: each one's closing line may stand in what another's failed test printed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Runner {
    Nextest,
    Cargo,
    Node,
}

impl Tally {
    /// Adds a runner's closing line; any other line changes nothing.
    pub(crate) fn read(&mut self, runner: Runner, line: &str) {
        let line = line.trim();
        match runner {
            Runner::Nextest => {
                let rest = line
                    .strip_prefix("Summary [")
                    .and_then(|rest| rest.split_once(':'));
                if let Some((_, counts)) = rest {
                    self.add(counts, ',');
                }
            }
            Runner::Cargo => {
                if let Some(counts) = line.strip_prefix("test result:") {
                    self.add(counts.split_once('.').map_or(counts, |(_, rest)| rest), ';');
                }
            }
            Runner::Node => {
                self.passed += node(line, "pass ").unwrap_or(0);
                self.failed += node(line, "fail ").unwrap_or(0);
            }
        }
    }

    /// `12 passed, 1 failed, 0 skipped`
    fn add(&mut self, counts: &str, separator: char) {
        for part in counts.split(separator) {
            let mut words = part.split_whitespace();
            let Some(count) = words.next().and_then(|word| word.parse::<u64>().ok()) else {
                continue;
            };
            match words.next() {
                Some("passed") => self.passed += count,
                Some("failed" | "timed" | "exec") => self.failed += count,
                _ => {}
            }
        }
    }
}

/// Node's runner closes with `# pass 12`, or `ℹ pass 12` in its other reporter.
fn node(line: &str, word: &str) -> Option<u64> {
    let rest = line
        .strip_prefix("# ")
        .or_else(|| line.strip_prefix("ℹ "))?;
    rest.strip_prefix(word)?.parse().ok()
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "tests: {} passed, {} failed",
            self.passed, self.failed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(runner: Runner, lines: &str, passed: u64, failed: u64) {
        let mut tally = Tally::default();
        lines.lines().for_each(|line| tally.read(runner, line));
        assert_eq!(tally, Tally { passed, failed }, "{lines}");
    }

    #[test]
    fn closing_lines_of_every_runner_are_counted() {
        let nextest = "     Summary [   1.204s] 12 tests run: 12 passed, 0 skipped";
        check(Runner::Nextest, nextest, 12, 0);
        let nextest = "     Summary [   1.2s] 9 tests run: 7 passed (1 slow), 2 failed, 1 skipped";
        check(Runner::Nextest, nextest, 7, 2);
        let nextest = "     Summary [   1.2s] 3/9 tests run: 1 passed, 1 failed, 1 timed out";
        check(Runner::Nextest, nextest, 1, 2);
        let cargo = "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        check(Runner::Cargo, cargo, 5, 0);
        check(
            Runner::Cargo,
            "test result: FAILED. 5 passed; 2 failed; 0 ignored",
            5,
            2,
        );
        check(Runner::Node, "# tests 4\n# pass 3\n# fail 1", 3, 1);
        check(Runner::Node, "ℹ tests 4\nℹ pass 4\nℹ fail 0", 4, 0);
    }

    #[test]
    fn other_lines_are_not() {
        check(
            Runner::Nextest,
            "test result: FAILED. 0 passed; 1 failed; 0 ignored",
            0,
            0,
        );
        check(
            Runner::Cargo,
            "running 3 tests\ntest wire::reads ... ok",
            0,
            0,
        );
        check(Runner::Node, "# pass me\n# todo 3", 0, 0);
    }
}
