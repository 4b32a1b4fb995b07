//! Near misses: which known name somebody may have meant.

/// The name of `candidates` that is closest to `name`, if it is close enough to be a slip: a third of its length.
pub(crate) fn near_miss<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let allowed = (name.len().max(candidate.len()) / 3).max(1);
            // Names of quite different lengths are told apart without a table.
            if name.len().abs_diff(candidate.len()) > allowed {
                return None;
            }
            let distance = distance(name, candidate);
            (distance <= allowed).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The edit distance (Levenshtein's) with a swap of neighbours as one edit.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, cb) in b.iter().enumerate() {
            let mut least = (last[j] + usize::from(ca != cb))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *ca == b[j - 1] && a[i - 1] == *cb {
                least = least.min(before_last[j - 1] + 1);
            }
            row[j + 1] = least;
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits() {
        for (a, b, expected) in [
            ("", "", 0),
            ("trade", "trade", 0),
            ("trde", "trade", 1),
            ("tarde", "trade", 1),
            ("has", "had", 1),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("größe", "grösse", 2),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn only_slips_are_near() {
        let names = ["trade", "has", "deliver", "spoil"];
        for (name, expected) in [
            ("trde", Some("trade")),
            ("trades", Some("trade")),
            ("hsa", Some("has")),
            ("delivery", Some("deliver")),
            ("steal", None),
            ("x", None),
        ] {
            assert_eq!(near_miss(name, names), expected, "{name}");
        }
    }
}
