//! The view: a few lines that are drawn anew four times a second in a terminal, plain lines each second elsewhere.
//!
//! Plain escape sequences do: the view never reads keys and draws over nothing but its own lines.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::Path;
use std::time::Duration;

use arena::up::{self, Drawing, Row};
use arena_bots::meter::Reading;

use crate::arguments::Arguments;
use crate::chart::{Strip, progress};

/// Seconds in the strip of calls.
const STRIP_SECONDS: usize = 60;
const BAR_WIDTH: usize = 40;

/// Draws what the counters say.
#[derive(Debug)]
pub(crate) struct View {
    /// The summary goes to standard output alone, so the view goes to standard error.
    to_stderr: bool,
    is_terminal: bool,
    seconds: Option<u32>,
    bots: u32,
    strip: Strip,
    /// The seconds and the calls when the strip grew last.
    second: u64,
    served: u64,
    per_second: u64,
    /// Bytes then, from the server and to it, and so many a second since.
    bytes: [u64; 2],
    bytes_per_second: [u64; 2],
    drawing: Drawing,
    /// Lines about the nodes of a cluster, above the others.
    nodes: Vec<String>,
}

impl View {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        let is_terminal = match arguments.json {
            true => stderr().is_terminal(),
            false => stdout().is_terminal(),
        };
        Self {
            to_stderr: arguments.json,
            is_terminal: is_terminal && std::env::var_os("TERM").is_some_and(|term| term != "dumb"),
            seconds: arguments.seconds,
            bots: arguments.bots,
            strip: Strip::new(STRIP_SECONDS),
            second: 0,
            served: 0,
            per_second: 0,
            bytes: [0; 2],
            bytes_per_second: [0; 2],
            drawing: Drawing::default(),
            nodes: Vec::new(),
        }
    }

    /// Says which cluster begins, and where its nodes write.
    pub(crate) fn begin_cluster(&self, nodes: &str, folder: &Path) {
        self.write(&format!(
            "Arena on the nodes {nodes}; their output in {}\n",
            folder.join("log").display()
        ));
    }

    /// Shows the nodes of a cluster as they are.
    pub(crate) fn show_nodes(&mut self, rows: &[Row]) {
        self.nodes = up::lines(rows);
        if self.is_terminal && self.second == 0 {
            self.draw(&self.nodes.clone());
        }
    }

    /// Says what begins.
    pub(crate) fn begin(&self, address: &str) {
        let until = match self.seconds {
            Some(seconds) => format!("for {seconds} s"),
            None => "until Ctrl-C".to_owned(),
        };
        self.write(&format!(
            "Arena at {address}, {} bots, {until}\n",
            self.bots
        ));
    }

    /// Shows the counters as they are after so long.
    pub(crate) fn show(&mut self, after: Duration, reading: &Reading, served: u64) {
        let seconds = after.as_secs();
        let is_new_second = seconds > self.second;
        if is_new_second {
            self.per_second = (served - self.served) / (seconds - self.second);
            self.strip.push(self.per_second);
            let bytes = [reading.bytes_in, reading.bytes_out];
            for (place, rate) in self.bytes_per_second.iter_mut().enumerate() {
                *rate = (bytes[place] - self.bytes[place]) / (seconds - self.second);
            }
            (self.second, self.served, self.bytes) = (seconds, served, bytes);
        }
        if self.is_terminal {
            let mut lines = self.nodes.clone();
            lines.extend(self.lines(after, reading));
            self.draw(&lines);
        } else if is_new_second {
            self.write(&format!("{}\n", self.plain(seconds, reading)));
        }
    }

    /// Leaves the last picture where it is.
    pub(crate) fn end(&self) {
        if self.is_terminal {
            self.write("\n");
        }
    }

    /// Draws over what was drawn before.
    fn draw(&mut self, lines: &[String]) {
        let text = self.drawing.over(lines);
        self.write(&text);
    }

    fn lines(&self, after: Duration, reading: &Reading) -> Vec<String> {
        let errors = match reading.failed {
            0 => "\x1b[32mno errors\x1b[0m".to_owned(),
            failed => format!("\x1b[31m{} errors\x1b[0m", number(failed)),
        };
        let mut lines = vec![
            String::new(),
            format!(
                "  players {:>6}    fighting {:>6}    battles {:>8}    {errors}",
                number(reading.online),
                number(reading.fighting),
                number(reading.battles),
            ),
            format!(
                "  calls/s {:>6}    p50 {:>9}    p99 {:>9}    expectations {}",
                number(self.per_second),
                time(reading.p50),
                time(reading.p99),
                number(reading.expectations),
            ),
            format!(
                "  lines   {:>6}    trades {:>8}    events {:>8}",
                number(reading.lines),
                number(reading.trades),
                number(reading.events),
            ),
            format!("  sessions {}, {}", sessions(reading), self.traffic()),
            format!(
                "  \x1b[36m{}\x1b[0m {}/s at most",
                self.strip.bars(),
                number(self.strip.max())
            ),
        ];
        if let Some(seconds) = self.seconds {
            let share = after.as_secs_f64() / f64::from(seconds);
            let bar = progress(share, BAR_WIDTH);
            let what = match share < 1.0 {
                true => format!("{:.0} of {seconds} s", after.as_secs_f64()),
                false => "finishing battles".to_owned(),
            };
            lines.push(format!("  {bar} {what}"));
        }
        lines
    }

    fn plain(&self, seconds: u64, reading: &Reading) -> String {
        let of = self
            .seconds
            .map(|seconds| format!("/{seconds}"))
            .unwrap_or_default();
        format!(
            "{seconds}{of} s: {} players, {} fighting, {} battles, {} calls/s, p50 {}, p99 {}, \
             {} trades, {} lines, sessions {}, {}, {} expectations, {} failed",
            reading.online,
            reading.fighting,
            reading.battles,
            self.per_second,
            time(reading.p50),
            time(reading.p99),
            reading.trades,
            reading.lines,
            sessions(reading),
            self.traffic(),
            reading.expectations,
            reading.failed,
        )
    }

    fn traffic(&self) -> String {
        let [from, to] = self.bytes_per_second.map(size);
        format!("{from}/s in, {to}/s out")
    }

    fn write(&self, text: &str) {
        // A reader that left is no reason to stop playing.
        let _closed = match self.to_stderr {
            true => stderr().lock().write_all(text.as_bytes()),
            false => {
                let mut out = stdout().lock();
                out.write_all(text.as_bytes()).and_then(|()| out.flush())
            }
        };
    }
}

/// Says what went wrong, on standard error.
pub(crate) fn complain(what: &str) {
    let _closed = writeln!(stderr().lock(), "error: {what}");
}

/// A time as people read it; nothing was measured yet if it is none.
pub(crate) fn time(time: Duration) -> String {
    match time.is_zero() {
        true => "-".to_owned(),
        false => format!("{time:.1?}"),
    }
}

/// What carries the sessions that have a link, and how often one went on over another.
fn sessions(reading: &Reading) -> String {
    let carried = reading.live.iter();
    let carried = carried.map(|(transport, count)| format!("{} by {transport}", number(*count)));
    let mut parts: Vec<_> = carried.collect();
    match (reading.sealed, reading.plain) {
        (0, 0) => {}
        (_, 0) => parts.push("all encrypted".to_owned()),
        (0, _) => parts.push("none encrypted".to_owned()),
        (_, plain) => parts.push(format!("{} links not encrypted", number(plain))),
    }
    parts.push(format!("{} resumed", number(reading.resumes)));
    parts.join(", ")
}

/// So many bytes as people read them.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// A number with its thousands apart.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use playhouse_client::Transport;

    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let texts = [0, 12, 999, 1_000, 1_234_567].map(number);
        assert_eq!(texts, ["0", "12", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn sizes_are_short() {
        let texts = [0, 999, 1_000, 12_345, 9_876_543].map(size);
        assert_eq!(texts, ["0 B", "999 B", "1.0 kB", "12.3 kB", "9.9 MB"]);
    }

    #[test]
    fn sessions_are_shown_by_what_carries_them() {
        let meter = arena_bots::meter::Meter::default();
        assert_eq!(sessions(&meter.read()), "0 resumed");
        let mut reading = meter.read();
        reading.live = [(Transport::Kcp, 1_200), (Transport::Tcp, 3)].into();
        reading.resumes = 7;
        for ((sealed, plain), words) in [
            ((1_210, 0), "all encrypted"),
            ((0, 1_210), "none encrypted"),
            ((200, 1_010), "1,010 links not encrypted"),
        ] {
            (reading.sealed, reading.plain) = (sealed, plain);
            let expected = format!("3 by tcp, 1,200 by kcp, {words}, 7 resumed");
            assert_eq!(sessions(&reading), expected);
        }
    }
}
