//! Where the log of a node goes, as a configuration says.

use std::num::NonZeroU16;
use std::path::PathBuf;

use playhouse_config::{Size, Time};
use serde::Deserialize;

use super::NodeConfig;
use crate::log::{Colours, Files, Logging, Rotation, Terminal};

/// Where the log of a node goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LogConfig {
    /// From which level on, by module: `info,arena::battle=debug`. `info` if nothing is said.
    pub levels: Option<String>,
    /// Whether to log to standard error. Yes if nothing is said.
    pub terminal: Option<bool>,
    /// When that is coloured: `auto` if nothing is said.
    pub colours: Option<ColoursConfig>,
    /// Files of JSON lines; none if nothing is said.
    pub files: Option<LogFilesConfig>,
}

/// When lines are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ColoursConfig {
    /// On a terminal.
    Auto,
    /// In any case.
    Always,
    /// Not at all.
    Never,
}

/// Files of a log. What is not said is as [`Files`] has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct LogFilesConfig {
    /// The folder, relative to where the process runs.
    pub folder: PathBuf,
    /// What their names begin with.
    #[serde(default)]
    pub name: Option<String>,
    /// When the next one begins.
    #[serde(default)]
    pub rotate: Option<RotationConfig>,
    /// How large one gets.
    #[serde(default)]
    pub bytes_max: Option<Size>,
    /// How many are kept.
    #[serde(default)]
    pub keep_files: Option<NonZeroU16>,
    /// For how long they are kept.
    #[serde(default)]
    pub keep_for: Option<Time>,
    /// How many bytes all of them may have.
    #[serde(default)]
    pub keep_bytes: Option<Size>,
}

/// When the next file of a log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RotationConfig {
    /// With each day.
    Daily,
    /// With each hour.
    Hourly,
    /// By size alone.
    Never,
}

impl NodeConfig {
    /// Its log, to be installed in `main`.
    pub fn logging(&self) -> crate::log::Builder {
        let log = self.log.clone().unwrap_or_default();
        let mut builder = Logging::builder();
        if let Some(levels) = log.levels {
            builder = builder.levels(levels);
        }
        if log.terminal.unwrap_or(true) {
            let colours = match log.colours {
                None | Some(ColoursConfig::Auto) => Colours::Auto,
                Some(ColoursConfig::Always) => Colours::Always,
                Some(ColoursConfig::Never) => Colours::Never,
            };
            builder = builder.terminal(Terminal::stderr().colours(colours));
        }
        match log.files {
            Some(files) => builder.files(files.files()),
            None => builder,
        }
    }
}

impl LogConfig {
    pub(super) fn over(self, every: &Self) -> Self {
        Self {
            levels: self.levels.or_else(|| every.levels.clone()),
            terminal: self.terminal.or(every.terminal),
            colours: self.colours.or(every.colours),
            files: self.files.or_else(|| every.files.clone()),
        }
    }
}

impl LogFilesConfig {
    fn files(self) -> Files {
        let mut files = Files::in_folder(self.folder);
        if let Some(name) = self.name {
            files = files.name(name);
        }
        if let Some(rotate) = self.rotate {
            files = files.rotate(match rotate {
                RotationConfig::Daily => Rotation::Daily,
                RotationConfig::Hourly => Rotation::Hourly,
                RotationConfig::Never => Rotation::Never,
            });
        }
        if let Some(Size(bytes)) = self.bytes_max {
            files = files.bytes_max(bytes);
        }
        if let Some(count) = self.keep_files {
            files = files.keep_files(usize::from(count.get()));
        }
        if let Some(Time(time)) = self.keep_for {
            files = files.keep_for(time);
        }
        if let Some(Size(bytes)) = self.keep_bytes {
            files = files.keep_bytes(bytes);
        }
        files
    }
}
