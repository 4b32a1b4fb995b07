//! Child processes: their output is passed on line by line, and a silent one is reported to be alive.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Silence after which a running step says that it is still at work: first, second, and from then on.
const SILENCE: [Duration; 3] = [
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

/// A program to run with its arguments, folder and environment.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    program: String,
    arguments: Vec<String>,
    folder: PathBuf,
    environment: Vec<(String, String)>,
    quiet: bool,
}

impl Step {
    /// `line` is split at white space; the folder is where it runs.
    pub(crate) fn new(folder: &Path, line: &str) -> Self {
        let mut words = line.split_whitespace().map(str::to_owned);
        let program = words.next().unwrap_or_default();
        let arguments = words.collect();
        Self {
            program,
            arguments,
            folder: folder.to_owned(),
            environment: Vec::new(),
            quiet: false,
        }
    }

    /// Replaces the program by one at a path, white space and all.
    pub(crate) fn program(mut self, path: impl Into<String>) -> Self {
        self.program = path.into();
        self
    }

    /// Adds one argument as it is, white space and all.
    pub(crate) fn argument(mut self, text: impl Into<String>) -> Self {
        self.arguments.push(text.into());
        self
    }

    /// Sets a variable of the child's environment.
    pub(crate) fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Prints its output only if it fails.
    pub(crate) fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it and passes its output on, each line also to `observe`; whether it succeeded.
    pub(crate) fn run(&self, mut observe: impl FnMut(&str)) -> Result<bool> {
        println!("$ {self}");
        let mut command = self.command();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start `{self}`"))?;
        let (sender, lines) = mpsc::channel();
        let readers = [
            child
                .stdout
                .take()
                .map(|stream| forward(stream, sender.clone())),
            child.stderr.take().map(|stream| forward(stream, sender)),
        ];
        let start = Instant::now();
        let mut due = start + SILENCE[0];
        let (mut signs, mut kept) = (0, Vec::new());
        loop {
            match lines.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    observe(&line);
                    if self.quiet {
                        kept.push(line);
                    } else {
                        due = Instant::now() + SILENCE[1];
                        println!("{line}");
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    let name = Path::new(&self.program).file_name().unwrap_or_default();
                    println!("  .. {} {} s", name.display(), start.elapsed().as_secs());
                    signs += 1;
                    due = Instant::now() + SILENCE[signs.min(SILENCE.len() - 1)];
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        for reader in readers.into_iter().flatten() {
            if reader.join().is_err() {
                bail!("reading the output of `{self}` failed");
            }
        }
        let success = child.wait()?.success();
        if !success {
            kept.iter().for_each(|line| println!("{line}"));
        }
        Ok(success)
    }

    /// Runs it quietly and returns what it printed to standard output; an error if it fails.
    pub(crate) fn output(&self) -> Result<String> {
        let output = self.command().stdin(Stdio::null()).output();
        let output = output.with_context(|| format!("cannot start `{self}`"))?;
        if !output.status.success() {
            bail!(
                "`{self}` failed:\n{}",
                String::from_utf8_lossy(&output.stderr).trim_end()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.environment {
            write!(formatter, "{name}={value:?} ")?;
        }
        write!(formatter, "{}", self.program)?;
        self.arguments
            .iter()
            .try_for_each(|word| write!(formatter, " {word}"))
    }
}

fn forward(
    stream: impl Read + Send + 'static,
    sender: Sender<String>,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(1..)) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if sender.send(text).is_err() {
                return;
            }
            line.clear();
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_observed_and_the_verdict_kept() {
        let mut seen = Vec::new();
        let step = Step::new(Path::new("."), "sh -c").argument("echo one; echo two >&2; exit 3");
        assert!(!step.run(|line| seen.push(line.to_owned())).unwrap());
        seen.sort();
        assert_eq!(seen, ["one", "two"]);
    }

    #[test]
    fn a_missing_program_is_an_error_that_names_it() {
        let error = Step::new(Path::new("."), "no-such-program --flag")
            .output()
            .unwrap_err();
        assert_eq!(error.to_string(), "cannot start `no-such-program --flag`");
    }
}
