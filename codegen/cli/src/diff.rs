//! A short look at how two texts differ: the first place, in a few lines.

/// Lines of each side that are shown.
const LINES_MAX: usize = 6;
/// Lines within which the end of the first difference is looked for.
const REACH: usize = 60;

/// Where `found` and `planned` differ first, as lines with `-` and `+`; empty if they don't.
pub(crate) fn first(found: &str, planned: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (found.lines().collect(), planned.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[same..], &new[same..]);
    if old.is_empty() && new.is_empty() {
        return if found == planned {
            String::new()
        } else {
            "      the line breaks differ\n".to_owned()
        };
    }
    let (removed, added) = hunk(old, new);
    let mut out = format!("      line {}\n", same + 1);
    for (sign, lines) in [('-', &old[..removed]), ('+', &new[..added])] {
        for line in lines.iter().take(LINES_MAX) {
            out.push_str(format!("    {sign} {line}").trim_end());
            out.push('\n');
        }
        if lines.len() > LINES_MAX {
            let more = lines.len() - LINES_MAX;
            out.push_str(&format!("    {sign} ... ({more} more)\n"));
        }
    }
    out
}

/// How many lines of each side belong to the first difference: up to the nearest line that both have.
fn hunk(old: &[&str], new: &[&str]) -> (usize, usize) {
    for distance in 1..REACH.min(old.len() + new.len()) {
        for removed in 0..=distance.min(old.len()) {
            let added = distance - removed;
            let meet = match (old.get(removed), new.get(added)) {
                (Some(a), Some(b)) => a == b && !a.trim().is_empty(),
                _ => false,
            };
            if meet {
                return (removed, added);
            }
        }
    }
    (old.len(), new.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_shown() {
        let cases = [
            ("a\nb\nc\n", "a\nx\nc\n", "      line 2\n    - b\n    + x\n"),
            ("a\n", "a\nb\n", "      line 2\n    + b\n"),
            ("a\nb\nc\nd\n", "b\nc\nx\n", "      line 1\n    - a\n"),
            ("a\n", "a\n", ""),
            ("a\r\n", "a\n", "      the line breaks differ\n"),
        ];
        for (found, planned, expected) in cases {
            assert_eq!(first(found, planned), expected, "{found:?} {planned:?}");
        }
    }
}
