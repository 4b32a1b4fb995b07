//! A folder that a test has to itself, and the command run in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// The binary under test.
pub(crate) const PLAYHOUSE: &str = env!("CARGO_BIN_EXE_playhouse");

/// A manifest with one package and one output.
pub(crate) const MANIFEST: &str = "[packages]\n\"game\" = 1\n\n[[output]]\ntarget = \"typescript\"\npath = \"out\"\nscope = \"all\"\n";
/// A schema of that package, formatted.
pub(crate) const SCHEMA: &str = "package game;\n\nrole lobby;\n\nstruct Point {\n    1 x: i32;\n    2 y: i32;\n}\n\n\
    entity 1 Player: keyed(u64) on lobby {\n    1 at: Point                        @persist;\n}\n";

/// A temporary folder.
pub(crate) struct Folder {
    folder: TempDir,
}

/// How a command ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Folder {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("playhouse-")
            .tempdir()
            .unwrap();
        Self { folder }
    }

    /// A folder with [`MANIFEST`] and [`SCHEMA`].
    pub(crate) fn project() -> Self {
        let folder = Self::empty();
        folder.write("playhouse.toml", MANIFEST);
        folder.write("idl/game.idl", SCHEMA);
        folder
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// Replaces `old`, which must be there, in a file.
    pub(crate) fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert!(text.contains(old), "{path} has no {old:?}");
        self.write(path, text.replace(old, new));
    }

    /// All files beneath the folder, hidden ones left out, in order.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(self.folder.path(), self.folder.path(), &mut found);
        found.sort();
        found
    }

    /// Runs `playhouse ARGUMENTS` in the folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_in(".", arguments)
    }

    /// Runs it in a folder beneath.
    pub(crate) fn run_in(&self, folder: &str, arguments: &[&str]) -> Ran {
        let mut command = self.command(folder);
        Ran::of(command.args(arguments).output().unwrap())
    }

    /// The command, to be given more.
    pub(crate) fn command(&self, folder: &str) -> Command {
        let mut command = Command::new(PLAYHOUSE);
        command
            .current_dir(self.path(folder))
            .env_remove("NO_COLOR")
            .env_remove("COLUMNS");
        command
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it was not killed"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Panics with all that was written unless it ended with `code` and each of `words` was said to people.
    #[track_caller]
    pub(crate) fn expect(self, code: i32, words: &[&str]) -> Self {
        let Self { out, err, .. } = &self;
        assert_eq!(self.code, code, "stdout:\n{out}\nstderr:\n{err}");
        for word in words {
            assert!(err.contains(word), "no {word:?} in:\n{err}");
        }
        self
    }
}

fn list(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path
            .strip_prefix(root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        if name.split('/').any(|part| part.starts_with('.')) {
            continue;
        }
        if path.is_dir() {
            list(root, &path, found);
        } else {
            found.push(name);
        }
    }
}
