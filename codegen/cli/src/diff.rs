//! A short look at how two texts differ: the first place, in a few lines.

/// Lines of each side that are shown.
const LINES_MAX: usize = 6;

/// Where `found` and `planned` differ first, as lines with `-` and `+`; empty if they don't.
pub(crate) fn first(found: &str, planned: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (found.lines().collect(), planned.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    if same == old.len() && same == new.len() {
        return if found == planned {
            String::new()
        } else {
            "      the line breaks differ\n".to_owned()
        };
    }
    let tail = old[same..]
        .iter()
        .rev()
        .zip(new[same..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let mut out = format!("      line {}\n", same + 1);
    for (sign, lines) in [
        ('-', &old[same..old.len() - tail]),
        ('+', &new[same..new.len() - tail]),
    ] {
        for line in lines.iter().take(LINES_MAX) {
            out.push_str(&format!("    {sign} {line}\n"));
        }
        if lines.len() > LINES_MAX {
            out.push_str(&format!(
                "    {sign} ... ({} more)\n",
                lines.len() - LINES_MAX
            ));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_shown() {
        assert_eq!(
            first("a\nb\nc\n", "a\nx\nc\n"),
            "      line 2\n    - b\n    + x\n"
        );
        assert_eq!(first("a\n", "a\nb\n"), "      line 2\n    + b\n");
        assert_eq!(first("a\n", "a\n"), "");
        assert_eq!(first("a\r\n", "a\n"), "      the line breaks differ\n");
    }
}
