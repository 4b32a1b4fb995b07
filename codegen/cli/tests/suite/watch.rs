//! `playhouse gen --watch`, with an end to all waiting.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use crate::folder::Folder;

/// Longest wait for anything, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(30);

struct Watch {
    child: Child,
    said: Receiver<String>,
}

impl Watch {
    fn start(folder: &Folder) -> Self {
        let mut child = folder
            .command(".")
            .args(["gen", "--watch"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (tell, said) = mpsc::channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, said }
    }

    /// Waits until a line with `words` is said.
    #[track_caller]
    fn wait_for(&self, words: &str) {
        let until = Instant::now() + PATIENCE;
        let mut seen = String::new();
        loop {
            match self
                .said
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(line) if line.contains(words) => return,
                Ok(line) => seen += &format!("{line}\n"),
                Err(_) => panic!("waited for {words:?}, saw:\n{seen}"),
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn changes_are_followed_over_errors() {
    let folder = Folder::project();
    folder.write(
        "idl/more.idl",
        "package game;\n\nstruct More { 1 a: u8; }\n",
    );
    let watch = Watch::start(&folder);
    watch.wait_for("watching for changes");
    let untouched = folder.path("out/game/game.ts");
    let before = std::fs::metadata(&untouched).unwrap().modified().unwrap();

    folder.replace("idl/more.idl", "u8", "u9");
    watch.wait_for("nothing was generated");
    folder.replace("idl/more.idl", "u9", "u16");
    watch.wait_for("1 file written");

    // A new folder within the root is watched too.
    folder.write(
        "idl/deep/er/new.idl",
        "package game;\n\nstruct New { 1 a: u8; }\n",
    );
    watch.wait_for("written");
    assert!(folder.read("out/game/new.ts").contains("New"));
    // The manifest stands outside of the roots.
    folder.replace("playhouse.toml", "\"out\"", "\"out2\"");
    watch.wait_for("written");
    assert!(folder.read("out2/game/game.ts").contains("Point"));
    let after = std::fs::metadata(&untouched).unwrap().modified().unwrap();
    assert_eq!(before, after);
}
