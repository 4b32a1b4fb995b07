//! The lock on the disk, and what formatting needs to know of it.

use std::collections::BTreeMap;

use playhouse_cli::{Project, output::disk::Difference, project::files};
use playhouse_schema::{
    SourceKind, Sources,
    evolution::{
        Key, Kind,
        key::Space,
        lock::{Entry, Lock},
    },
    manifest,
};
use playhouse_syntax::{
    FileId,
    format::{TagScope, TagSpace},
};

use super::write;

/// What the lock's file should hold.
#[derive(Debug)]
pub(crate) struct LockText(String);

impl LockText {
    pub(crate) fn of(lock: &Lock) -> Self {
        Self(lock.print())
    }

    /// Writes it unless that is what `sources` were read with; whether it did.
    pub(crate) fn write(&self, project: &Project, sources: &Sources) -> anyhow::Result<bool> {
        if found(sources) == Some(&self.0) {
            return Ok(false);
        }
        write(&project.join(&sources.manifest.lock), &self.0)?;
        Ok(true)
    }

    /// How what `sources` were read with differs from it.
    pub(crate) fn difference(&self, sources: &Sources) -> Option<Difference> {
        let path = sources.manifest.lock.clone();
        match found(sources) {
            None => Some(Difference::Missing {
                path,
                planned: self.0.clone(),
            }),
            Some(found) if *found == self.0 => None,
            Some(found) => Some(Difference::Changed {
                path,
                found: found.clone(),
                planned: self.0.clone(),
            }),
        }
    }
}

fn found(sources: &Sources) -> Option<&String> {
    let mut files = sources.files.iter();
    let lock = files.find(|file| file.kind == SourceKind::Lock);
    lock.map(|file| &file.text)
}

/// The numbers that the lock knows, for whoever has names alone.
#[derive(Debug)]
pub(crate) struct Known {
    lock: Lock,
    /// By package and name: the key of each declaration that is not gone.
    declarations: BTreeMap<(String, String), Key>,
}

impl Known {
    /// What the lock of `project` knows; nothing if there is none. What can't be read in it is `check`'s to say.
    pub(crate) fn of(project: &Project) -> anyhow::Result<Self> {
        let text = files::read(&project.folder, &project.manifest)?;
        let path = manifest::parse(FileId(0), &text).0.lock;
        let lock = if project.join(&path).is_file() {
            Lock::parse(FileId(0), &files::read(&project.folder, &path)?).0
        } else {
            Lock::default()
        };
        let is_declaration =
            |(key, entry): &(&Key, &Entry)| key.depth() == 1 && entry.removed.is_none();
        let declarations = lock
            .iter()
            .filter(is_declaration)
            .map(|(key, entry)| {
                (
                    (key.package.clone(), entry.element.name.clone()),
                    key.clone(),
                )
            })
            .collect();
        Ok(Self { lock, declarations })
    }

    /// The greatest number ever given in a scope.
    pub(crate) fn number_max(&self, scope: &TagScope<'_>) -> Option<i64> {
        let name = (scope.package.to_owned(), scope.declaration.to_owned());
        let key = self.declarations.get(&name)?;
        let kind = self.lock.get(key)?.element.kind;
        if let Some(arm) = scope.arm {
            let is_arm = |(key_of_arm, entry): &(&Key, &Entry)| {
                key_of_arm.space() == Some(Space::Arm)
                    && key_of_arm.within(key)
                    && entry.element.name == arm
            };
            let (arm, _) = self.lock.iter().find(is_arm)?;
            return self.lock.number_max(arm, Space::Field);
        }
        let space = match (scope.space, kind) {
            (TagSpace::Calls, _) => Space::Call,
            (TagSpace::Data, Kind::Enum) => Space::Value,
            (TagSpace::Data, Kind::Flags) => Space::Bit,
            (TagSpace::Data, Kind::Union | Kind::Error) => Space::Arm,
            (TagSpace::Data, Kind::Component | Kind::Entity) => Space::Member,
            (TagSpace::Data, _) => Space::Field,
        };
        self.lock.number_max(key, space)
    }
}
