//! What it came to, in words or as one JSON object.

use std::io::Write;
use std::time::Duration;

use arena_bots::meter::{Meter, Reading};
use serde_json::json;

use crate::arguments::Arguments;
use crate::view::{number, size, time};

/// Failures that are shown word for word.
const FAILURES_SHOWN: usize = 10;

/// What it came to.
#[derive(Debug)]
pub(crate) struct Summary {
    lasted: Duration,
    reading: Reading,
    served: u64,
    failures: Vec<String>,
    /// Gates that were killed and lobbies that were stopped, where there are some.
    havoc: Option<(u64, u64)>,
}

/// What a simulation came to beside that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Simulated {
    pub(crate) seed: u64,
    pub(crate) hash: u64,
    pub(crate) events: u64,
    pub(crate) took: Duration,
}

impl Summary {
    pub(crate) fn new(lasted: Duration, meter: &Meter, served: u64) -> Self {
        Self {
            lasted,
            reading: meter.read(),
            served,
            failures: meter.failures(),
            havoc: None,
        }
    }

    /// With so many gates that were killed meanwhile, and so many lobbies that were stopped.
    pub(crate) const fn with_havoc(mut self, kills: u64, drains: u64) -> Self {
        self.havoc = Some((kills, drains));
        self
    }

    /// Whether every bot got what it expected, and there was something to expect.
    pub(crate) fn is_good(&self) -> bool {
        self.reading.failed == 0 && self.reading.expectations > 0
    }

    pub(crate) fn failures(&self) -> &[String] {
        &self.failures
    }

    pub(crate) fn print(&self, arguments: &Arguments, simulated: Option<Simulated>) {
        let text = if arguments.json {
            self.json(arguments, simulated)
        } else {
            self.words(arguments, simulated)
        };
        // Nobody reads any more: there is nobody to tell either.
        let _closed = writeln!(std::io::stdout().lock(), "{text}");
    }

    fn json(&self, arguments: &Arguments, simulated: Option<Simulated>) -> String {
        let reading = &self.reading;
        let mut summary = json!({
            "ok": self.is_good(),
            "bots": arguments.bots,
            "seconds": self.lasted.as_secs_f64(),
            "client_calls": reading.calls,
            "client_events": reading.events,
            "server_calls": self.served,
            "server_calls_per_second": self.per_second(self.served),
            "p50_us": micros(reading.p50),
            "p99_us": micros(reading.p99),
            "bytes_in": reading.bytes_in,
            "bytes_out": reading.bytes_out,
            "links_encrypted": reading.sealed,
            "links_plain": reading.plain,
            "sessions_dropped": reading.drops,
            "sessions_moved": reading.moves,
            "sessions_resumed": reading.resumes,
            "resume_p50_us": micros(reading.resume_p50),
            "resume_p99_us": micros(reading.resume_p99),
            "lost": reading.lost,
            "doubled": reading.doubled,
            "gate_kills": self.havoc.map(|(kills, _)| kills),
            "lobby_drains": self.havoc.map(|(_, drains)| drains),
            "lines": reading.lines,
            "trades": reading.trades,
            "battles": reading.battles,
            "expectations": reading.expectations,
            "failed": reading.failed,
            "failures": self.failures,
        });
        if let (Some(simulated), Some(object)) = (simulated, summary.as_object_mut()) {
            object.insert("seed".to_owned(), json!(simulated.seed));
            object.insert("hash".to_owned(), json!(format!("{:016x}", simulated.hash)));
            object.insert("events".to_owned(), json!(simulated.events));
            object.insert(
                "took_seconds".to_owned(),
                json!(simulated.took.as_secs_f64()),
            );
        }
        summary.to_string()
    }

    fn words(&self, arguments: &Arguments, simulated: Option<Simulated>) -> String {
        let reading = &self.reading;
        let mut lines = vec![
            format!(
                "{} bots played for {:.1} s: {} lines heard, {} trades, {} battles",
                arguments.bots,
                self.lasted.as_secs_f64(),
                number(reading.lines),
                number(reading.trades),
                number(reading.battles),
            ),
            format!(
                "{} calls by bots (p50 {:.1?}, p99 {:.1?}), {} served ({}/s), {} events",
                number(reading.calls),
                reading.p50,
                reading.p99,
                number(self.served),
                number(self.per_second(self.served)),
                number(reading.events),
            ),
            format!(
                "{}/s from the server, {}/s to it",
                size(self.per_second(reading.bytes_in)),
                size(self.per_second(reading.bytes_out)),
            ),
        ];
        if arguments.chaos {
            if let Some((kills, drains)) = self.havoc {
                lines.push(format!(
                    "{kills} times a gate was killed, {drains} times a lobby handed over its players and stopped"
                ));
            }
            lines.push(format!(
                "{} links broken, {} sessions moved, {} resumed (without a link for {} at p50, {} at p99): \
                 {} messages lost, {} doubled",
                number(reading.drops),
                number(reading.moves),
                number(reading.resumes),
                time(reading.resume_p50),
                time(reading.resume_p99),
                number(reading.lost),
                number(reading.doubled),
            ));
        }
        lines.push(format!(
            "{} expectations, {} failed",
            number(reading.expectations),
            number(reading.failed)
        ));
        let shown = self.failures.iter().take(FAILURES_SHOWN);
        lines.extend(shown.map(|failure| format!("  {failure}")));
        if reading.failed > FAILURES_SHOWN as u64 {
            let more = reading.failed - FAILURES_SHOWN as u64;
            lines.push(format!("  and {} more", number(more)));
        }
        if let Some(simulated) = simulated {
            lines.push(format!(
                "seed {} hash {:016x}: {} events in {:.1?}",
                simulated.seed,
                simulated.hash,
                number(simulated.events),
                simulated.took
            ));
        }
        lines.join("\n")
    }

    fn per_second(&self, count: u64) -> u64 {
        let millis = u64::try_from(self.lasted.as_millis()).unwrap_or(u64::MAX);
        count.saturating_mul(1000) / millis.max(1)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
