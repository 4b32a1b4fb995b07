//! From files, environment and command line to a typed value.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::expand::Expander;
use crate::files::{Files, Reading};
use crate::invalid::Invalid;
use crate::limits::Limits;
use crate::masking::{self, Knowledge};
use crate::mistake::{Draft, Kind, Mistakes, Report};
use crate::overriding::Overrides;
use crate::source::{Sources, Span};
use crate::tree::{Extent, Node};
use crate::typed;

/// Says where a configuration comes from.
///
/// What comes later wins: defaults of the struct, then files that are included, then the file itself, then the
/// environment, then the command line.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Game { name: String, port: u16 }
///
/// let loader = playhouse_config::Loader::memory([(
///     "game.json",
///     r#"{
///         "$MACRO$": { "PORT": 7000 },
///         "name": "arena on $PORT$", // macros of any type
///         "port": "$PORT$",
///     }"#,
/// )]);
/// let game: Game = loader.set("name=duel").load()?;
/// assert_eq!((game.name.as_str(), game.port), ("duel", 7000));
/// # Ok::<(), playhouse_config::Report>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a loader reads nothing until `load`"]
pub struct Loader {
    path: PathBuf,
    files: Files,
    limits: Limits,
    prefix: Option<String>,
    /// Those of the process, when loading, if nothing.
    variables: Option<BTreeMap<String, String>>,
    sets: Vec<String>,
}

impl Loader {
    /// From a file, and the files that it includes.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            files: Files::Disk,
            limits: Limits::default(),
            prefix: None,
            variables: None,
            sets: Vec::new(),
        }
    }

    /// From files in memory, by path and text, of which the first is read; without the variables of the process. The
    /// same every time: for tests and simulations.
    pub fn memory<P: Into<PathBuf>, S: Into<String>>(
        files: impl IntoIterator<Item = (P, S)>,
    ) -> Self {
        let mut first = None;
        let mut all = BTreeMap::new();
        for (path, text) in files {
            let path = path.into();
            first.get_or_insert_with(|| path.clone());
            all.insert(path, text.into());
        }
        Self {
            files: Files::Memory(all),
            variables: Some(BTreeMap::new()),
            ..Self::file(first.unwrap_or_default())
        }
    }

    /// Lets the environment override: `PREFIX__A__B=value` the value at `a.b`, `PREFIX_NAME=value` the macro `NAME`.
    pub fn environment(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Takes these variables in place of those of the process.
    pub fn variables<K: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables = variables.into_iter();
        self.variables = Some(variables.map(|(k, v)| (k.into(), v.into())).collect());
        self
    }

    /// An argument of the command line, `a.b.c=value`: what `--set` was given. Later ones win. The value is taken as the
    /// type that stands there; as JSON where any type may stand, else as text. `$MACRO$.NAME=value` sets a macro.
    pub fn set(mut self, argument: impl Into<String>) -> Self {
        self.sets.push(argument.into());
        self
    }

    /// Other bounds than the default ones.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The file that is read first.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads everything, into a `T`.
    ///
    /// # Errors
    ///
    /// All mistakes found, each with its place.
    pub fn load<T: DeserializeOwned>(&self) -> Result<T, Report> {
        self.read(&mut |_| Ok(())).result.map(|read| read.value)
    }

    /// Reads everything, into a `T` that pleases `validate`; and which files were looked for.
    pub(crate) fn read<T: DeserializeOwned>(
        &self,
        validate: &mut dyn FnMut(&T) -> Result<(), Invalid>,
    ) -> Outcome<T> {
        let mut sources = Sources::default();
        let mut mistakes = Mistakes::new(self.limits.mistakes_max);
        let mut secrets = HashSet::new();
        let mut seen = Vec::new();
        let mut knowledge = Knowledge::Names;
        let value = self
            .tree(&mut sources, &mut mistakes, &mut seen)
            .and_then(|tree| {
                knowledge = Knowledge::Types;
                let value = typed::read(&tree, &mut mistakes, &mut secrets)?;
                match validate(&value) {
                    Ok(()) => Some(Loaded { value, tree }),
                    Err(invalid) => {
                        refuse(invalid, &tree, &mut mistakes);
                        None
                    }
                }
            });
        let result = match value {
            Some(loaded) if mistakes.is_empty() => Ok(loaded),
            _ => {
                if mistakes.is_empty() {
                    mistakes.add(Draft::new(
                        Kind::Invalid,
                        "the type refuses the configuration",
                    ));
                }
                secrets.extend(masking::secrets(&sources, knowledge));
                Err(Report::new(mistakes, sources, secrets))
            }
        };
        Outcome {
            result,
            files: seen,
        }
    }

    /// All sources as one tree, macros replaced. Mistakes may have been made even if there is one.
    fn tree(
        &self,
        sources: &mut Sources,
        mistakes: &mut Mistakes,
        seen: &mut Vec<PathBuf>,
    ) -> Option<Node> {
        let limits = &self.limits;
        let mut reading = Reading {
            files: &self.files,
            limits,
            sources,
            mistakes,
            seen: Vec::new(),
        };
        let merged = reading.read(&self.path);
        *seen = reading.seen;
        let merged = merged?;
        let (mut tree, mut macros) = (merged.tree, merged.macros);
        let ambient;
        let variables = match &self.variables {
            Some(variables) => variables,
            None => {
                ambient = process_variables();
                &ambient
            }
        };
        let mut overrides = Overrides::default();
        if let Some(prefix) = &self.prefix {
            overrides.variables(prefix, variables, &macros, sources, limits);
        }
        for argument in &self.sets {
            overrides.argument(argument, sources, limits, mistakes);
        }
        overrides.apply_macros(&mut macros, mistakes);
        Expander::new(&macros, variables, limits, sources, mistakes).run(&mut tree);
        overrides.apply_values(&mut tree, limits, mistakes);
        let Extent { depth, .. } = tree.extent();
        if depth > limits.depth_max + 1 {
            let message = format!(
                "values stand more than {} deep in one another",
                limits.depth_max
            );
            mistakes.add(Draft::new(Kind::Limit, message).at(tree.span, ""));
            return None;
        }
        // Where the files are wrong already, types would only repeat it.
        Some(tree).filter(|_| mistakes.is_empty())
    }
}

/// A value, and the tree that it was made from.
pub(crate) struct Loaded<T> {
    pub(crate) value: T,
    pub(crate) tree: Node,
}

/// What came of reading.
pub(crate) struct Outcome<T> {
    pub(crate) result: Result<Loaded<T>, Report>,
    /// The files that were read or looked for.
    pub(crate) files: Vec<PathBuf>,
}

fn process_variables() -> BTreeMap<String, String> {
    // What is not UTF-8 can't be meant by a name in a file.
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// What a user's check refuses, at the places that it names.
fn refuse(invalid: Invalid, tree: &Node, mistakes: &mut Mistakes) {
    for (path, message) in invalid.into_findings() {
        let node = tree.nearest(&path);
        let mut draft = Draft::new(Kind::Invalid, message);
        if !path.is_root() {
            let span: Span = node.span;
            draft = draft.at(span, "refused");
            if let Some(origin) = &node.origin {
                draft = draft.also(origin.span, format!("the value of `{}`", origin.name));
            }
        }
        mistakes.add(draft.path(path));
    }
}
