//! Text with indentation.

/// Lines of TypeScript, indented by two spaces a level.
#[derive(Debug, Default)]
pub(super) struct Code {
    text: String,
    level: usize,
}

impl Code {
    /// A line; an empty one has no indentation.
    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        if !line.is_empty() {
            for _ in 0..self.level {
                self.text.push_str("  ");
            }
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// A line, after which everything stands one level deeper.
    pub(super) fn open(&mut self, line: impl AsRef<str>) {
        self.line(line);
        self.level += 1;
    }

    /// A line one level less deep, as is everything after it.
    pub(super) fn close(&mut self, line: impl AsRef<str>) {
        self.level = self.level.saturating_sub(1);
        self.line(line);
    }

    /// A line one level less deep, after which it goes on as before: `} else {`.
    pub(super) fn between(&mut self, line: impl AsRef<str>) {
        self.close(line);
        self.level += 1;
    }

    /// One level deeper from here on.
    pub(super) fn indent(&mut self) {
        self.level += 1;
    }

    /// What stands before a line.
    pub(super) fn indentation(&self) -> String {
        "  ".repeat(self.level)
    }

    /// One level less deep from here on.
    pub(super) fn dedent(&mut self) {
        self.level = self.level.saturating_sub(1);
    }

    /// Lines that were taken out by [`Code::split_off`], one level deeper than they were.
    pub(super) fn deeper(&mut self, lines: &str) {
        for line in lines.lines() {
            if !line.is_empty() {
                self.text.push_str("  ");
                self.text.push_str(line);
            }
            self.text.push('\n');
        }
    }

    /// Lines that were taken out by [`Code::split_off`], as they were.
    pub(super) fn verbatim(&mut self, lines: &str) {
        self.text.push_str(lines);
    }

    /// Puts a semicolon at the end of the last line.
    pub(super) fn end_statement(&mut self) {
        if self.text.ends_with('\n') {
            self.text.pop();
            self.text.push_str(";\n");
        }
    }

    /// An empty line, unless one or nothing stands before.
    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A doc comment; nothing if there are no lines.
    pub(super) fn docs(&mut self, lines: &[String]) {
        match lines {
            [] => {}
            [line] => self.line(format!("/** {} */", harmless(line))),
            _ => {
                self.line("/**");
                for line in lines {
                    self.line(format!(" * {}", harmless(line)).trim_end());
                }
                self.line(" */");
            }
        }
    }

    /// Whether nothing was written.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// How many bytes were written so far.
    pub(super) fn length(&self) -> usize {
        self.text.len()
    }

    /// Everything that was written after the first `length` bytes, which is taken away.
    pub(super) fn split_off(&mut self, length: usize) -> String {
        self.text.split_off(length)
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// The text of a comment that does not end it.
fn harmless(line: &str) -> String {
    line.replace("*/", "*\u{200b}/")
}
