//! Attacks on a node: `tests/suite` makes them, by real sockets, one test each. Here is what they are held against: the
//! numbers on the node's page of metrics ([`Page`]), and the table of attacks in `docs/security.md` ([`rows`]).

/// The numbers on a node's page of metrics.
#[derive(Debug, Clone)]
pub struct Page(String);

impl Page {
    /// The page in this answer to a request for it.
    #[must_use]
    pub fn of(answer: &str) -> Self {
        let body = answer
            .split_once("\r\n\r\n")
            .map_or(answer, |(_, body)| body);
        Self(body.to_owned())
    }

    /// The number of a series, as `playhouse_links_closed_total{reason="protocol"}`; of a name without labels, the sum of
    /// all its series. None if there is none.
    #[must_use]
    pub fn value(&self, series: &str) -> Option<f64> {
        let mut sum = None;
        for line in self.0.lines() {
            let Some(rest) = line.strip_prefix(series) else {
                continue;
            };
            let value = match rest.strip_prefix('{') {
                Some(labelled) => labelled.rsplit_once("} ").map(|(_, value)| value),
                None => rest.strip_prefix(' '),
            };
            let value: Option<f64> = value.and_then(|value| value.trim().parse().ok());
            if let Some(value) = value {
                *sum.get_or_insert(0.0) += value;
            }
        }
        sum
    }
}

/// A row of the table of attacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What is tried.
    pub attack: String,
    /// What rises then, without labels.
    pub counters: Vec<String>,
    /// The tests that try it: the file's name and the function's.
    pub tests: Vec<(String, String)>,
}

/// The rows of the table between two marks of a page: the last two columns are the counters and the tests, each in
/// backticks.
///
/// # Errors
///
/// Which mark or column is missing.
pub fn rows(page: &str) -> Result<Vec<Row>, String> {
    let (_, rest) = page
        .split_once("<!-- attacks -->")
        .ok_or("no <!-- attacks -->")?;
    let (table, _) = rest
        .split_once("<!-- end of attacks -->")
        .ok_or("no <!-- end of attacks -->")?;
    let lines = table.lines().filter(|line| line.starts_with('|')).skip(2);
    lines.map(row).collect()
}

fn row(line: &str) -> Result<Row, String> {
    let columns: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
    let [attack, .., counters, tests] = columns.as_slice() else {
        return Err(format!("too few columns: {line}"));
    };
    let tests = quoted(tests).map(|test| {
        let parts = test.split_once("::");
        let (file, name) = parts.ok_or_else(|| format!("`{test}` is not file::test"))?;
        Ok((file.to_owned(), name.to_owned()))
    });
    Ok(Row {
        attack: (*attack).to_owned(),
        counters: quoted(counters)
            .map(|it| it.split('{').next().unwrap_or_default().to_owned())
            .collect(),
        tests: tests.collect::<Result<_, String>>()?,
    })
}

/// What stands in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_series_and_their_sums() {
        let page = Page::of(
            "HTTP/1.1 200 OK\r\n\r\n# HELP a_total x\na_total{k=\"v\"} 2\na_total{k=\"w\"} 3\nb 1.5\n",
        );
        assert_eq!(page.value("a_total{k=\"v\"}"), Some(2.0));
        assert_eq!(page.value("a_total"), Some(5.0));
        assert_eq!(page.value("b"), Some(1.5));
        assert_eq!(page.value("a"), None);
    }

    #[test]
    fn a_row_names_counters_and_tests() {
        let page = "<!-- attacks -->\n\n| a | b | c | d |\n|---|---|---|---|\n| talks | refused | `x_total{k=\"v\"}` | `calls::one`, `calls::two` |\n\n<!-- end of attacks -->";
        let found = rows(page).unwrap();
        let test = |name: &str| ("calls".to_owned(), name.to_owned());
        assert_eq!(
            found,
            [Row {
                attack: "talks".to_owned(),
                counters: vec!["x_total".to_owned()],
                tests: vec![test("one"), test("two")],
            }]
        );
        assert!(rows("nothing").is_err());
    }
}
