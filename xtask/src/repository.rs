//! Where the repository stands and which files belong to it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::Step;

/// The repository's root folder.
#[derive(Debug)]
pub(crate) struct Repository {
    root: PathBuf,
}

impl Repository {
    /// The one that this program was built in.
    pub(crate) fn find() -> Result<Self> {
        let manifest = std::env::var("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
        let root = Path::new(&manifest)
            .parent()
            .context("xtask has no folder above it")?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where builds go: `CARGO_TARGET_DIR` if it is set, else `target`.
    pub(crate) fn target(&self) -> PathBuf {
        std::env::var("CARGO_TARGET_DIR").map_or_else(|_| self.root.join("target"), PathBuf::from)
    }

    /// A program to run at the root.
    pub(crate) fn step(&self, line: &str) -> Step {
        let step = Step::new(&self.root, line);
        // Whoever builds once has no use for the gigabytes that make the next build faster.
        match std::env::var("CI") {
            Ok(_) => step.variable("CARGO_INCREMENTAL", "0"),
            Err(_) => step,
        }
    }

    /// Files in version control and new ones that are not ignored, with `/` between folders, sorted. A tracked file
    /// that is gone from the disk is left out.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let list = self
            .step("git ls-files -z --cached --others --exclude-standard")
            .output()?;
        let present = list.split('\0').filter(|path| !path.is_empty());
        let mut files: Vec<String> = present
            .filter(|path| self.root.join(path).is_file())
            .map(str::to_owned)
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// The host's target triple, for builds whose flags must not reach build scripts and macros.
    pub(crate) fn host(&self) -> Result<String> {
        let text = self.step("rustc -vV").output()?;
        let line = text.lines().find_map(|line| line.strip_prefix("host: "));
        line.map(str::to_owned)
            .context("rustc -vV names no host: is rustc older than 1.95?")
    }
}
