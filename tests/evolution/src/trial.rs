//! Two versions of a schema, and values that go from one to the other.

use playhouse::descriptor::dynamic::{Dynamic, Form};
use playhouse_schema::{
    Sources, check,
    evolution::{Class, Surface, Verdict, compare},
};
use playhouse_syntax::Severity;
use playhouse_wire::Limits;
use serde_json::Value;

use crate::{Dice, Draft, meaning::Comparison};

/// A checked schema.
#[derive(Debug)]
pub struct Version {
    /// What it was printed from.
    pub draft: Draft,
    /// Its text.
    pub text: String,
    surface: Surface,
    root: Form,
}

impl Version {
    /// Prints and checks a draft.
    ///
    /// # Errors
    ///
    /// What the checker says of it.
    pub fn of(draft: Draft) -> Result<Self, String> {
        let text = draft.print();
        let manifest = (
            "playhouse.toml".to_owned(),
            "[packages]\n\"test\" = 1\n".to_owned(),
        );
        let sources = Sources::new(manifest, [("test.idl".to_owned(), text.clone())]);
        let checked = check(&sources);
        let errors = checked
            .diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Error);
        let errors: Vec<String> = errors
            .map(|found| format!("{} {}", found.code.0, found.message))
            .collect();
        if !errors.is_empty() {
            return Err(format!("{}\n{text}", errors.join("\n")));
        }
        let surface = Surface::of(&checked.model);
        let root = crate::descriptor::of(&checked.model);
        Ok(Self {
            draft,
            text,
            surface,
            root,
        })
    }

    /// A value as wire bytes.
    ///
    /// # Errors
    ///
    /// Why it is none of this version.
    pub fn write(&self, value: &Value) -> Result<Vec<u8>, String> {
        Dynamic::from_named(self.root, value)
            .map(Dynamic::into_bytes)
            .map_err(|error| error.to_string())
    }

    /// Wire bytes as a value.
    ///
    /// # Errors
    ///
    /// Why they are refused.
    pub fn read(&self, bytes: &[u8]) -> Result<Value, String> {
        let value = Dynamic::from_wire(self.root, bytes, &Limits::DEFAULT);
        let value = value.map_err(|error| error.to_string())?;
        serde_json::to_value(&value).map_err(|error| error.to_string())
    }

    /// A document as a value: read by name, shown again.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub fn load(&self, document: &Value) -> Result<Value, String> {
        self.read(&self.write(document)?)
    }
}

/// Two versions and what `compat` says of them.
#[derive(Debug)]
pub struct Trial {
    /// The older version.
    pub old: Version,
    /// The newer version.
    pub new: Version,
    /// Every change with its verdict.
    pub verdicts: Vec<Verdict>,
}

impl Trial {
    /// Compares two versions.
    #[must_use]
    pub fn of(old: Version, new: Version) -> Self {
        let verdicts = compare(&old.surface, &new.surface);
        Self { old, new, verdicts }
    }

    /// Whether a verdict is of this class.
    #[must_use]
    pub fn breaks(&self, class: Class) -> bool {
        self.verdicts
            .iter()
            .any(|verdict| verdict.classes.contains(&class))
    }

    /// Sends a random value of `writer` to `reader` and back.
    ///
    /// # Errors
    ///
    /// How it was misread or refused.
    pub fn send(writer: &Version, reader: &Version, dice: &mut Dice) -> Result<(), String> {
        let value = writer.draft.random_root(dice);
        let sent = writer
            .write(&value)
            .map_err(|error| format!("the writer: {error}"))?;
        let told = |error: String| format!("{value}\n{error}");
        let received = reader.read(&sent).map_err(told)?;
        let comparison = |writer, reader| Comparison {
            writer,
            reader,
            loss_counts: false,
        };
        let (a, b) = (&writer.draft, &reader.draft);
        let written = a.meaning(&value);
        let there = comparison(a, b).agree(&written, &b.meaning(&received));
        there.map_err(told)?;
        let returned = writer.read(&reader.write(&received)?).map_err(told)?;
        // What the reader has no place for came back as its default; all else as it was.
        let back = a.meaning(&returned);
        comparison(b, a)
            .agree(&b.meaning(&received), &back)
            .map_err(told)?;
        Comparison {
            writer: a,
            reader: a,
            loss_counts: false,
        }
        .agree(&known(&written, b), &known(&back, b))
        .map_err(told)
    }

    /// Saves a random value as a document of the old version and loads it by the new one.
    ///
    /// # Errors
    ///
    /// How it was misread, lost or refused.
    pub fn reload(&self, dice: &mut Dice) -> Result<(), String> {
        let value = self.old.draft.random_root(dice);
        let document = self
            .old
            .load(&value)
            .map_err(|error| format!("the writer: {error}"))?;
        let told = |error: String| format!("{document}\n{error}");
        let loaded = self.new.load(&document).map_err(told)?;
        let (writer, reader) = (&self.old.draft, &self.new.draft);
        Comparison {
            writer,
            reader,
            loss_counts: true,
        }
        .agree(&writer.meaning(&document), &reader.meaning(&loaded))
        .map_err(told)
    }

    /// Whether a random value that the new version takes is refused by the old one.
    pub fn takes_more(&self, dice: &mut Dice) -> bool {
        let value = self.new.draft.random_root(dice);
        let sent = self
            .new
            .write(&value)
            .expect("a draft makes values of its own");
        self.old.read(&sent).is_err()
    }
}

/// A meaning without the members that `draft` doesn't know.
fn known(meaning: &crate::meaning::Meaning, draft: &Draft) -> crate::meaning::Meaning {
    use crate::meaning::Meaning;
    match meaning {
        Meaning::Members(members) => {
            let kept = members.iter().filter(|(uid, _)| draft.knows(**uid));
            Meaning::Members(
                kept.map(|(uid, member)| (*uid, known(member, draft)))
                    .collect(),
            )
        }
        Meaning::List(list) => Meaning::List(list.iter().map(|item| known(item, draft)).collect()),
        Meaning::Map(map) => Meaning::Map(
            map.iter()
                .map(|(key, item)| (key.clone(), known(item, draft)))
                .collect(),
        ),
        Meaning::Arm(tag, uid, body) => Meaning::Arm(*tag, *uid, Box::new(known(body, draft))),
        other => other.clone(),
    }
}
