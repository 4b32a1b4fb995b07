//! Names as written in a schema to names as a target language writes them.
//!
//! A name is split into words at `_` and at changes of case: `guild_id`, `GuildId` and `GUILD_ID` are the same two
//! words, `HTTPServer` is `http server`, and digits stay with the word before them (`Vec2` is one word).

/// The words of `name`, in lower case.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let characters: Vec<char> = name.chars().collect();
    for (index, &character) in characters.iter().enumerate() {
        if character == '_' {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        let before = index.checked_sub(1).and_then(|at| characters.get(at));
        let after = characters.get(index + 1);
        let begins = character.is_uppercase()
            && match before {
                None => false,
                Some(before) if before.is_uppercase() => {
                    after.is_some_and(|after| after.is_lowercase())
                }
                Some(_) => true,
            };
        if begins && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        word.extend(character.to_lowercase());
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// `guild_id`
#[must_use]
pub fn snake(name: &str) -> String {
    words(name).join("_")
}

/// `GUILD_ID`
#[must_use]
pub fn screaming(name: &str) -> String {
    snake(name).to_uppercase()
}

/// `GuildId`
#[must_use]
pub fn pascal(name: &str) -> String {
    words(name).iter().map(|word| capitalised(word)).collect()
}

/// `guildId`
#[must_use]
pub fn camel(name: &str) -> String {
    let words = words(name);
    let mut camel = String::with_capacity(name.len());
    for (index, word) in words.iter().enumerate() {
        if index == 0 {
            camel.push_str(word);
        } else {
            camel.push_str(&capitalised(word));
        }
    }
    camel
}

/// `guild id`, as messages write it.
#[must_use]
pub fn spaced(name: &str) -> String {
    words(name).join(" ")
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_part_at_underscores_and_at_changes_of_case() {
        let check = |name: &str, expected: &str| assert_eq!(words(name).join(" "), expected);
        check("guild_id", "guild id");
        check("GuildId", "guild id");
        check("GUILD_ID", "guild id");
        check("HTTPServer", "http server");
        check("Vec2", "vec2");
        check("vec2_x", "vec2 x");
        check("_hidden__name_", "hidden name");
        check("A", "a");
        check("", "");
    }

    #[test]
    fn each_case_joins_the_same_words() {
        assert_eq!(snake("GuildId"), "guild_id");
        assert_eq!(screaming("GuildId"), "GUILD_ID");
        assert_eq!(pascal("guild_id"), "GuildId");
        assert_eq!(camel("guild_id"), "guildId");
        assert_eq!(spaced("too_heavy"), "too heavy");
    }
}
