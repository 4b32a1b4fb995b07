//! Command line words: flags are taken one by one, and what is left over is refused with a hint.

use anyhow::{Result, anyhow, bail};

/// The words behind a command, minus those already taken.
#[derive(Debug)]
pub(crate) struct Arguments {
    words: Vec<String>,
    known: Vec<&'static str>,
}

impl Arguments {
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self {
            words,
            known: Vec::new(),
        }
    }

    /// Takes `--name` if it is there.
    pub(crate) fn flag(&mut self, name: &'static str) -> bool {
        self.known.push(name);
        let found = self.words.iter().position(|word| word == name);
        found.map(|index| self.words.remove(index)).is_some()
    }

    /// Takes `--name VALUE` or `--name=VALUE` if it is there.
    pub(crate) fn value(&mut self, name: &'static str) -> Result<Option<String>> {
        self.known.push(name);
        for index in 0..self.words.len() {
            if self.words[index] == name {
                if index + 1 == self.words.len() {
                    bail!("{name} needs a value: write {name} VALUE");
                }
                self.words.remove(index);
                return Ok(Some(self.words.remove(index)));
            }
            let joined = self.words[index]
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('='));
            if let Some(value) = joined.map(str::to_owned) {
                self.words.remove(index);
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Takes `--name A,B` as a list, each of which must be one of `choices`.
    pub(crate) fn list(
        &mut self,
        name: &'static str,
        choices: &[&str],
    ) -> Result<Option<Vec<String>>> {
        let Some(text) = self.value(name)? else {
            return Ok(None);
        };
        let items: Vec<String> = text.split(',').map(|item| item.trim().to_owned()).collect();
        match items.iter().find(|item| !choices.contains(&item.as_str())) {
            Some(item) => Err(unknown(&format!("value of {name}"), item, choices)),
            None => Ok(Some(items)),
        }
    }

    /// Takes the next word that is no flag.
    pub(crate) fn word(&mut self) -> Option<String> {
        let index = self.words.iter().position(|word| !word.starts_with('-'))?;
        Some(self.words.remove(index))
    }

    /// Refuses what nobody took.
    pub(crate) fn finish(self) -> Result<()> {
        match self.words.first() {
            None => Ok(()),
            Some(word) if word.starts_with('-') => Err(unknown("flag", word, &self.known)),
            Some(word) => bail!("`{word}` is one word too many: see cargo xtask help"),
        }
    }
}

/// "unknown flag `--instal`: did you mean `--install`?"
pub(crate) fn unknown(what: &str, word: &str, known: &[&str]) -> anyhow::Error {
    let near = known.iter().map(|name| (distance(word, name), name)).min();
    match near {
        Some((edits, name)) if edits <= 1 + name.len() / 4 => {
            anyhow!("unknown {what} `{word}`: did you mean `{name}`?")
        }
        _ if known.is_empty() => anyhow!("unknown {what} `{word}`: none is taken here"),
        _ => anyhow!("unknown {what} `{word}`: known are {}", known.join(", ")),
    }
}

/// Edits (insert, remove, replace) between two words.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (index, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[index + 1];
            row[index + 1] = replaced.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Arguments {
        Arguments::new(text.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn flags_and_values_are_taken() {
        let mut given = arguments("--install --only fmt,tidy --seconds=5 lexer");
        assert!(given.flag("--install"));
        let only = given.list("--only", &["fmt", "tidy"]).unwrap();
        assert_eq!(only, Some(vec!["fmt".to_owned(), "tidy".to_owned()]));
        assert_eq!(given.value("--seconds").unwrap().as_deref(), Some("5"));
        assert_eq!(given.word().as_deref(), Some("lexer"));
        assert!(given.finish().is_ok());
    }

    #[test]
    fn an_unknown_flag_names_its_neighbour() {
        let mut given = arguments("--instal");
        given.flag("--install");
        let message = given.finish().unwrap_err().to_string();
        assert_eq!(
            message,
            "unknown flag `--instal`: did you mean `--install`?"
        );
    }

    #[test]
    fn an_unknown_value_names_its_neighbour_or_all() {
        let near = arguments("--only=clipy")
            .list("--only", &["fmt", "clippy"])
            .unwrap_err();
        assert_eq!(
            near.to_string(),
            "unknown value of --only `clipy`: did you mean `clippy`?"
        );
        let far = arguments("--only=everything")
            .list("--only", &["fmt", "clippy"])
            .unwrap_err();
        assert!(far.to_string().ends_with("known are fmt, clippy"));
    }

    #[test]
    fn a_flag_without_its_value_is_refused() {
        assert!(arguments("--only").value("--only").is_err());
    }
}
