//! Benchmarks of several processes: parts of one program, told what to do line by line.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// One of them.
#[derive(Debug)]
pub struct Part {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Part {
    /// Starts this program with these words.
    ///
    /// # Errors
    ///
    /// If it can't be.
    pub fn start(words: &[&str]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = child.stdout.take().context("it has an output")?;
        Ok(Self {
            child,
            said: BufReader::new(said),
        })
    }

    /// The next line that it says.
    ///
    /// # Errors
    ///
    /// If it has ended.
    pub fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.said.read_line(&mut line)?;
        ensure!(!line.is_empty(), "a process has ended, see above");
        Ok(line.trim().to_owned())
    }

    /// Says a line to it.
    ///
    /// # Errors
    ///
    /// If it does not listen any more.
    pub fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.child.stdin.as_mut().context("it has an input")?;
        writeln!(input, "{line}")?;
        Ok(input.flush()?)
    }

    /// Kibibytes that it holds, by this name in `/proc/PID/status`.
    ///
    /// # Errors
    ///
    /// If it has ended.
    pub fn memory(&self, name: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        Ok(number.context("no such line")?.parse()?)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It is of no use to anybody else.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What whoever started this program says next; nothing if that one is gone.
///
/// # Errors
///
/// If it can't be read.
pub fn until_told() -> Result<Option<String>> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(Some(line.trim().to_owned()).filter(|line| !line.is_empty()))
}
