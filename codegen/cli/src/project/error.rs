//! Why a project can't be read.

use std::{error::Error, fmt, path::PathBuf};

/// Why a project can't be read. Its text says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProjectError {
    /// There is no `playhouse.toml` in a folder or above it.
    NoManifest {
        /// The folder.
        start: PathBuf,
    },
    /// A file or folder can't be read.
    Unreadable {
        /// Which.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// A schema or manifest is not UTF-8.
    NotUtf8 {
        /// Which.
        path: String,
        /// The line of the first byte that can't be, from one.
        line: usize,
    },
    /// A root of the manifest is not there, or is no folder.
    NoRoot {
        /// As the manifest has it.
        root: String,
        /// Whether it is a file.
        is_file: bool,
    },
    /// The roots hold no schemas.
    NoSchemas {
        /// As the manifest has them.
        roots: Vec<String>,
    },
}

impl Error for ProjectError {}

impl fmt::Display for ProjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoManifest { start } => write!(
                f,
                "there is no playhouse.toml in {} or any folder above it: begin a project with `playhouse new NAME`, \
                 or name the manifest with `--manifest PATH`",
                start.display()
            ),
            Self::Unreadable { path, reason } => write!(f, "{path} can't be read: {reason}"),
            Self::NotUtf8 { path, line } => {
                write!(
                    f,
                    "{path} is not UTF-8 (line {line}): save it in that encoding"
                )
            }
            Self::NoRoot { root, is_file } => {
                let what = if *is_file {
                    "is a file"
                } else {
                    "does not exist"
                };
                write!(
                    f,
                    "the root `{root}` {what}: `roots` under [schema] in playhouse.toml lists the folders that hold \
                     the *.idl files"
                )
            }
            Self::NoSchemas { roots } => write!(
                f,
                "there is no *.idl file in {}: write a first schema there, or change `roots` under [schema] in \
                 playhouse.toml",
                roots.join(", ")
            ),
        }
    }
}
