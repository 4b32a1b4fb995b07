//! The orders in which rustfmt writes imports and names.

/// rustfmt's order of imports, each a path and the names taken from it: `super` before names, names before lists.
pub(in crate::rust) fn import_order(a: (&str, &[&str]), b: (&str, &[&str])) -> std::cmp::Ordering {
    let segments = |(path, names): (&str, &[&str])| {
        let mut segments: Vec<(u8, String)> = path
            .split("::")
            .map(|segment| (u8::from(segment != "super"), segment.to_owned()))
            .collect();
        match names {
            [name] => segments.push((1, (*name).to_owned())),
            _ => segments.push((2, String::new())),
        }
        segments
    };
    let (a, b) = (segments(a), segments(b));
    let order = |(a, b): (&(u8, String), &(u8, String))| {
        a.0.cmp(&b.0).then_with(|| version_order(&a.1, &b.1))
    };
    let first = a.iter().zip(&b).map(order).find(|order| order.is_ne());
    first.unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// rustfmt's order of names: digits compare by value, all else by character, `_` before it.
pub(in crate::rust) fn version_order(a: &str, b: &str) -> std::cmp::Ordering {
    let (mut a_rest, mut b_rest) = (a.trim_start_matches("r#"), b.trim_start_matches("r#"));
    loop {
        match (a_rest.chars().next(), b_rest.chars().next()) {
            (None, None) => return std::cmp::Ordering::Equal,
            (None, _) => return std::cmp::Ordering::Less,
            (_, None) => return std::cmp::Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let split = |rest: &str| {
                    rest.find(|c: char| !c.is_ascii_digit())
                        .unwrap_or(rest.len())
                };
                let (a_number, a_after) = a_rest.split_at(split(a_rest));
                let (b_number, b_after) = b_rest.split_at(split(b_rest));
                let value = |number: &str| number.trim_start_matches('0').to_owned();
                let (a_value, b_value) = (value(a_number), value(b_number));
                let order = a_value
                    .len()
                    .cmp(&b_value.len())
                    .then(a_value.cmp(&b_value));
                if order.is_ne() {
                    return order;
                }
                (a_rest, b_rest) = (a_after, b_after);
            }
            (Some(x), Some(y)) => {
                let order = (x != '_', x).cmp(&(y != '_', y));
                if order.is_ne() {
                    return order;
                }
                (a_rest, b_rest) = (&a_rest[x.len_utf8()..], &b_rest[y.len_utf8()..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_imported_in_the_order_of_rustfmt() {
        let mut names = ["Vec10", "CHAT_MAX", "Vec9", "avatar", "Vec_1", "A"];
        names.sort_by(|a, b| version_order(a, b));
        assert_eq!(names, ["A", "CHAT_MAX", "Vec_1", "Vec9", "Vec10", "avatar"]);
    }
}
