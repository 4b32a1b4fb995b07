//! "Did you mean": the nearest of some names.

/// The candidate that `name` is most likely a slip of: at most a third of its length away (one for short names), counting
/// insertions, deletions, replacements and swaps of neighbours (Damerau-Levenshtein, optimal string alignment),
/// ignoring case. Ties go to the first.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    if wanted.is_empty() || wanted.len() > 64 {
        return None;
    }
    let allowed = (wanted.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let chars: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
        if chars.len().abs_diff(wanted.len()) > allowed {
            continue;
        }
        let distance = distance(&wanted, &chars);
        if distance <= allowed
            && distance < wanted.len()
            && best.is_none_or(|(least, _)| distance < least)
        {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn distance(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut before = vec![0; width];
    let mut previous: Vec<usize> = (0..width).collect();
    let mut row = vec![0; width];
    for (i, &x) in a.iter().enumerate() {
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let replaced = previous[j] + usize::from(x != y);
            row[j + 1] = replaced.min(previous[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        std::mem::swap(&mut before, &mut previous);
        std::mem::swap(&mut previous, &mut row);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_slips_and_nothing_else() {
        let names = ["trade", "has", "deliver", "changed"];
        assert_eq!(nearest("trde", names), Some("trade"));
        assert_eq!(nearest("Tarde", names), Some("trade"));
        assert_eq!(nearest("delievr", names), Some("deliver"));
        assert_eq!(nearest("hsa", names), Some("has"));
        assert_eq!(nearest("bag", names), None);
        assert_eq!(nearest("x", names), None);
        assert_eq!(nearest("", names), None);
    }
}
