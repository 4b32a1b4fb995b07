//! The stamp: what went in and came out the last time, so that generating again costs nothing if nothing changed.
//!
//! It lies in `.playhouse/`, beside the manifest, and is not committed. A file whose size and time are those of the
//! stamp is taken to be the same; where the time differs the content's digest decides. `gen --check` never looks here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use playhouse_schema::{SourceKind, Sources, manifest, manifest::Manifest};
use playhouse_syntax::FileId;
use sha2::{Digest as _, Sha256};

use super::{Planned, disk};
use crate::project::{Project, files};

/// A file that was changed this shortly before it was read may have changed again within the same tick of the file
/// system's clock: its time proves nothing.
const TICK: Duration = Duration::from_millis(50);

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    size: u64,
    /// Nanoseconds since 1970; 0 if the time proves nothing.
    time: u128,
    digest: String,
}

/// What went in and came out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamp {
    tool: String,
    inputs: BTreeMap<String, Entry>,
    outputs: BTreeMap<String, Entry>,
    /// Files in the outputs' folders that others wrote.
    others: BTreeSet<String>,
}

impl Stamp {
    /// The stamp of the last time; an empty one if there is none that can be read.
    #[must_use]
    pub fn load(project: &Project) -> Self {
        let text = fs::read_to_string(place(project)).unwrap_or_default();
        Self::parse(&text).unwrap_or_default()
    }

    /// Whether inputs and outputs are what they were, by this very tool. When in doubt, no.
    #[must_use]
    pub fn holds(&self, project: &Project) -> bool {
        !self.tool.is_empty() && self.tool == tool() && self.holds_files(project) == Some(true)
    }

    fn holds_files(&self, project: &Project) -> Option<bool> {
        let folder = &project.folder;
        let text = files::read(folder, &project.manifest).ok()?;
        let manifest = manifest::parse(FileId(0), &text).0;
        let inputs = input_paths(
            project,
            &manifest,
            &files::schemas(folder, &manifest.roots).ok()?,
        );
        let same = |entries: &BTreeMap<String, Entry>| {
            entries
                .iter()
                .all(|(path, entry)| entry.holds(&folder.join(path)))
        };
        let outputs = manifest.outputs.iter().map(|output| output.path.as_str());
        let mut found = disk::listing(folder, outputs).ok()?;
        found.retain(|path| !self.others.contains(path));
        Some(
            self.inputs.keys().eq(inputs.iter())
                && self.outputs.keys().eq(found.iter())
                && same(&self.inputs)
                && same(&self.outputs),
        )
    }

    /// Remembers what was generated from `sources`, which were read at `read_at` or later.
    ///
    /// # Errors
    /// What the system says if the stamp can't be written. Everything works without it, but slower.
    pub fn save(
        project: &Project,
        sources: &Sources,
        outputs: &[Planned],
        read_at: SystemTime,
    ) -> std::io::Result<()> {
        let folder = &project.folder;
        let mut stamp = Self {
            tool: tool(),
            ..Self::default()
        };
        let schemas: Vec<String> = sources
            .files
            .iter()
            .filter(|file| file.kind == SourceKind::Schema)
            .map(|file| file.path.clone())
            .collect();
        // The lock has been written since it was read.
        let texts: BTreeMap<&str, &str> = sources
            .files
            .iter()
            .filter(|file| file.kind != SourceKind::Lock)
            .map(|file| (file.path.as_str(), file.text.as_str()))
            .collect();
        for path in input_paths(project, &sources.manifest, &schemas) {
            let entry = match texts.get(path.as_str()) {
                Some(text) => Entry::of(&folder.join(&path), text.as_bytes(), Some(read_at))?,
                None => Entry::of(&folder.join(&path), &fs::read(folder.join(&path))?, None)?,
            };
            stamp.inputs.insert(path, entry);
        }
        for output in outputs {
            for (file, text) in output.files.iter() {
                let path = disk::under(folder, &output.folder, file);
                let entry = Entry::of(&folder.join(&path), text.as_bytes(), None)?;
                stamp.outputs.insert(path, entry);
            }
        }
        let folders = outputs.iter().map(|output| output.folder.as_str());
        stamp.others = disk::listing(folder, folders)
            .map_err(std::io::Error::other)?
            .into_iter()
            .filter(|path| !stamp.outputs.contains_key(path))
            .collect();
        let place = place(project);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
            // So that nobody commits it by chance.
            fs::write(parent.join(".gitignore"), "*\n")?;
        }
        fs::write(place, stamp.text())
    }

    fn text(&self) -> String {
        let mut out = format!("tool {}\n", self.tool);
        for (word, entries) in [("in", &self.inputs), ("out", &self.outputs)] {
            for (path, entry) in entries {
                let Entry { size, time, digest } = entry;
                // A String takes whatever is written to it.
                let _ = writeln!(out, "{word} {size} {time} {digest} {path}");
            }
        }
        for path in &self.others {
            let _ = writeln!(out, "other {path}");
        }
        out
    }

    fn parse(text: &str) -> Option<Self> {
        let mut stamp = Self::default();
        for line in text.lines() {
            let (word, rest) = line.split_once(' ')?;
            match word {
                "tool" => rest.clone_into(&mut stamp.tool),
                "other" => {
                    stamp.others.insert(rest.to_owned());
                }
                _ => {
                    let mut parts = rest.splitn(4, ' ');
                    let entry = Entry {
                        size: parts.next()?.parse().ok()?,
                        time: parts.next()?.parse().ok()?,
                        digest: parts.next()?.to_owned(),
                    };
                    let entries = match word {
                        "in" => &mut stamp.inputs,
                        "out" => &mut stamp.outputs,
                        _ => return None,
                    };
                    entries.insert(parts.next()?.to_owned(), entry);
                }
            }
        }
        Some(stamp)
    }
}

impl Entry {
    /// The entry of the file `path`, whose content is `bytes`.
    fn of(path: &Path, bytes: &[u8], read_at: Option<SystemTime>) -> std::io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let changed = metadata.modified()?;
        let settled = read_at.is_none_or(|read_at| changed + TICK < read_at);
        Ok(Self {
            size: bytes.len() as u64,
            time: if settled { nanoseconds(changed) } else { 0 },
            digest: digest(bytes),
        })
    }

    fn holds(&self, path: &Path) -> bool {
        let Ok(metadata) = fs::metadata(path) else {
            return false;
        };
        if metadata.len() != self.size {
            return false;
        }
        if metadata
            .modified()
            .is_ok_and(|time| nanoseconds(time) == self.time)
        {
            return true;
        }
        fs::read(path).is_ok_and(|bytes| digest(&bytes) == self.digest)
    }
}

fn nanoseconds(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos())
}

fn digest(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(32);
    for byte in Sha256::digest(bytes).iter().take(16) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// All files that decide what is generated, in order: the manifest, the lock if there is one, the schemas.
fn input_paths(project: &Project, manifest: &Manifest, schemas: &[String]) -> BTreeSet<String> {
    let mut paths: BTreeSet<String> = schemas.iter().cloned().collect();
    paths.insert(project.manifest.clone());
    if project.join(&manifest.lock).is_file() {
        paths.insert(manifest.lock.clone());
    }
    paths
}

fn place(project: &Project) -> PathBuf {
    project.folder.join(".playhouse").join("stamp")
}

/// This very build of the tool: a newer one may generate something else under the same version.
fn tool() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let build = std::env::current_exe()
        .and_then(fs::metadata)
        .and_then(|metadata| Ok((metadata.len(), metadata.modified()?)));
    match build {
        Ok((size, time)) => format!("{version} {size} {}", nanoseconds(time)),
        Err(_) => String::new(),
    }
}
