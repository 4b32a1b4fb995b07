//! Which records are wanted: a level for all, and others for modules.

use std::fmt;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};

/// Most directives of one text.
pub const DIRECTIVES_MAX: usize = 256;

/// What is wrong with a text of levels.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LevelsError {
    /// A level that there isn't.
    Level {
        /// What stands there.
        found: String,
    },
    /// A word that is neither a level nor has one.
    Bare {
        /// What stands there.
        found: String,
    },
    /// No module before the `=`, or one that can't be.
    Module {
        /// What stands there.
        found: String,
    },
    /// A module, or the level of all, is said twice.
    Twice {
        /// The module; empty for all.
        module: String,
    },
    /// More than [`DIRECTIVES_MAX`].
    TooMany,
    /// No logging is installed whose levels could change.
    NotInstalled,
}

const LEVELS: &str = "off, error, warn, info, debug, trace";

impl fmt::Display for LevelsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Level { found } => write!(f, "there is no level `{found}`: use one of {LEVELS}"),
            Self::Bare { found } => write!(
                f,
                "`{found}` is not a level: use one of {LEVELS}, or write `{found}=debug` for a module"
            ),
            Self::Module { found } => write!(
                f,
                "`{found}` is not the path of a module: write it as in `arena::battle=debug`"
            ),
            Self::Twice { module } if module.is_empty() => {
                f.write_str("the level of all modules is said twice: leave one out")
            }
            Self::Twice { module } => {
                write!(f, "the level of `{module}` is said twice: leave one out")
            }
            Self::TooMany => write!(
                f,
                "more than {DIRECTIVES_MAX} directives: name the modules further up"
            ),
            Self::NotInstalled => f.write_str(
                "nothing is installed whose levels could change: call `Logging::builder()..install()` first",
            ),
        }
    }
}

impl std::error::Error for LevelsError {}

/// Levels by module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Levels {
    /// Of modules that nothing is said of.
    all: LevelFilter,
    /// By path, the longest first.
    modules: Vec<(String, LevelFilter)>,
}

impl Default for Levels {
    fn default() -> Self {
        Self {
            all: LevelFilter::INFO,
            modules: Vec::new(),
        }
    }
}

impl Levels {
    /// Reads `info,arena::battle=debug`. What nothing is said of has the level that it has in `self`.
    pub(crate) fn with(&self, text: &str) -> Result<Self, LevelsError> {
        let mut levels = self.clone();
        let mut said: Vec<&str> = Vec::new();
        let directives = text.split(',').map(str::trim);
        for directive in directives.filter(|it| !it.is_empty()) {
            if said.len() == DIRECTIVES_MAX {
                return Err(LevelsError::TooMany);
            }
            let (module, level) = match directive.split_once('=') {
                Some((module, level)) => (module.trim(), level.trim()),
                None => ("", directive),
            };
            let bare = !directive.contains('=');
            let Some(level) = level_of(level) else {
                let found = level.to_owned();
                return Err(if bare {
                    LevelsError::Bare { found }
                } else {
                    LevelsError::Level { found }
                });
            };
            let is_path = |it: &str| {
                let part = |letter: char| letter.is_alphanumeric() || "_:-.".contains(letter);
                !it.is_empty() && it.chars().all(part) && !it.ends_with(':')
            };
            if !bare && !is_path(module) {
                let found = directive.to_owned();
                return Err(LevelsError::Module { found });
            }
            if said.contains(&module) {
                let module = module.to_owned();
                return Err(LevelsError::Twice { module });
            }
            said.push(module);
            levels.set(module, level);
        }
        Ok(levels)
    }

    fn set(&mut self, module: &str, level: LevelFilter) {
        if module.is_empty() {
            self.all = level;
            return;
        }
        // A package's name is not yet its crate's.
        let module = module.replace('-', "_");
        match self.modules.iter_mut().find(|(known, _)| *known == module) {
            Some(known) => known.1 = level,
            None => self.modules.push((module, level)),
        }
        let by_length = |it: &(String, _)| std::cmp::Reverse(it.0.len());
        self.modules.sort_by_key(by_length);
    }

    /// Whether records of this callsite are wanted.
    pub(crate) fn wants(&self, metadata: &Metadata<'_>) -> bool {
        self.of(metadata.target()) >= *metadata.level()
    }

    fn of(&self, target: &str) -> LevelFilter {
        let is_in = |module: &str| {
            target
                .strip_prefix(module)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        let found = self.modules.iter().find(|(module, _)| is_in(module));
        found.map_or(self.all, |(_, level)| *level)
    }

    /// The finest level that anything has.
    pub(crate) fn finest(&self) -> LevelFilter {
        let modules = self.modules.iter().map(|(_, level)| *level);
        modules.fold(self.all, std::cmp::max)
    }
}

fn level_of(text: &str) -> Option<LevelFilter> {
    let levels = [
        ("off", LevelFilter::OFF),
        ("error", Level::ERROR.into()),
        ("warn", Level::WARN.into()),
        ("info", Level::INFO.into()),
        ("debug", Level::DEBUG.into()),
        ("trace", Level::TRACE.into()),
    ];
    let found = levels
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.map(|(_, level)| level)
}

/// As it is read.
impl fmt::Display for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.all)?;
        for (module, level) in &self.modules {
            write!(f, ",{module}={level}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Levels, LevelsError> {
        Levels::default().with(text)
    }

    fn check(text: &str, target: &str, expected: LevelFilter) {
        assert_eq!(read(text).map(|it| it.of(target)), Ok(expected), "{text}");
    }

    #[test]
    fn the_nearest_module_decides() {
        let text = "warn, arena=info ,arena::battle=DEBUG,playhouse-net=off,";
        check(text, "other", LevelFilter::WARN);
        check(text, "arena", LevelFilter::INFO);
        check(text, "arena::avatar", LevelFilter::INFO);
        check(text, "arenas", LevelFilter::WARN);
        check(text, "arena::battle", LevelFilter::DEBUG);
        check(text, "arena::battle::fight", LevelFilter::DEBUG);
        check(text, "arena::battles", LevelFilter::INFO);
        check(text, "playhouse_net::link", LevelFilter::OFF);
        check("arena=debug", "other", LevelFilter::INFO);
        check("", "other", LevelFilter::INFO);
    }

    #[test]
    fn mistakes_say_what_to_write() {
        let wrong = |text: &str| read(text).map_err(|it| it.to_string()).unwrap_err();
        assert_eq!(
            wrong("arena=verbose"),
            format!("there is no level `verbose`: use one of {LEVELS}")
        );
        assert!(wrong("info,arena").contains("`arena=debug`"));
        assert!(wrong("=debug").contains("not the path of a module"));
        assert!(wrong("a b=debug").contains("not the path of a module"));
        assert!(wrong("info,debug").contains("twice"));
        assert!(wrong("a=info,a=debug").contains("`a` is said twice"));
        assert!(wrong("a=b=info").contains("`b=info`"));
    }

    #[test]
    fn directives_are_bounded() {
        let text = |count: usize| (0..count).map(|it| format!("m{it}=info,")).collect();
        let fits: String = text(DIRECTIVES_MAX);
        assert!(read(&fits).is_ok());
        let more: String = text(DIRECTIVES_MAX + 1);
        assert_eq!(read(&more), Err(LevelsError::TooMany));
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let levels = read("warn,a::b=trace,a=debug").unwrap();
        assert_eq!(read(&levels.to_string()), Ok(levels.clone()));
        assert_eq!(levels.finest(), LevelFilter::TRACE);
    }
}
