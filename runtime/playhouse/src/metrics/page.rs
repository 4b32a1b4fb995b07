//! Prometheus' text: [version 0.0.4](https://prometheus.io/docs/instrumenting/exposition_formats/).

use std::fmt::{self, Display, Write as _};

use playhouse_net::kcp;
use playhouse_net::noise::Counted;

use super::family::{self, Family, FamilyKind};
use super::gates::{CARRIERS, GATE_TURNS, SESSION_TURNS};
use super::snapshot::Sum;
use super::strangers::{ENDINGS, REASONS};
use super::tally::{BUCKETS_NS, CallCounts, ENDS};
use crate::call::FailureKind;
use crate::node::DoorCounts;

/// What a page says besides the numbers of the shards.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) node: &'a str,
    pub(crate) release: u32,
    pub(crate) digest: u64,
    pub(crate) uptime_seconds: f64,
    pub(crate) is_ready: bool,
    pub(crate) shards: usize,
    pub(crate) silent: usize,
    pub(crate) log_dropped: u64,
    pub(crate) handed_over: usize,
    pub(crate) handoffs_failed: usize,
    /// Of a node that has a lease.
    pub(crate) lease_seconds: Option<f64>,
    /// Of a node in a cluster.
    pub(crate) members: Option<Members>,
    /// Tokens that gates have opened, by what came of it.
    pub(crate) tokens: Vec<(&'static str, u64)>,
    pub(crate) noise: Counted,
    /// What came to the listeners of KCP.
    pub(crate) kcp: kcp::Counts,
    /// Who came to log in over HTTP, by what came of it.
    pub(crate) logins: Vec<(&'static str, u64)>,
    /// Who came to the doors.
    pub(crate) doors: DoorCounts,
    pub(crate) sum: &'a Sum,
}

/// Whom a node sees in its cluster.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Members {
    pub(crate) available: usize,
    pub(crate) draining: usize,
    pub(crate) incompatible: usize,
    /// Discovery can't be reached.
    pub(crate) is_away: bool,
}

impl Page<'_> {
    /// The whole text.
    pub(crate) fn text(&self) -> String {
        let mut text = Text(String::new());
        text.family(&family::INFO);
        let (digest, release) = (format!("{:016x}", self.digest), self.release.to_string());
        let version = env!("CARGO_PKG_VERSION");
        text.sample(&family::INFO, &[self.node, version, &release, &digest], 1);
        text.one(&family::UPTIME, self.uptime_seconds);
        text.one(&family::READY, u8::from(self.is_ready));
        text.one(&family::SHARDS, self.shards);
        text.one(&family::SHARDS_SILENT, self.silent);
        self.calls(&mut text);
        self.queues(&mut text);
        self.links(&mut text);
        let rest = &self.sum.rest;
        text.one(&family::TIMERS, rest.timers);
        text.one(&family::FIRED, rest.timers_fired);
        text.one(&family::EVENTS, rest.events);
        text.one(&family::EVENTS_SENT, rest.events_sent);
        self.store(&mut text);
        text.one(&family::PANICS, rest.panics);
        text.one(&family::OVERRUNS, rest.overruns);
        text.one(&family::STALLS, rest.stalls);
        text.one(&family::LOG_DROPPED, self.log_dropped);
        self.cluster(&mut text);
        text.0
    }

    /// A node alone has some families without samples: there is nobody to be seen.
    fn cluster(&self, text: &mut Text) {
        let rest = &self.sum.rest;
        text.one(&family::PASSIVATED, rest.passivated);
        text.one(&family::PLACED, rest.placed);
        text.one(&family::LOCATES, rest.locates);
        text.family(&family::HANDOFFS);
        text.sample(&family::HANDOFFS, &["done"], self.handed_over);
        text.sample(&family::HANDOFFS, &["failed"], self.handoffs_failed);
        text.family(&family::LEASE);
        if let Some(lease_seconds) = self.lease_seconds {
            text.sample(&family::LEASE, &[], lease_seconds);
        }
        text.family(&family::MEMBERS);
        let Some(members) = self.members else {
            text.family(&family::DISCOVERY_AWAY);
            return;
        };
        text.sample(&family::MEMBERS, &["available"], members.available);
        text.sample(&family::MEMBERS, &["draining"], members.draining);
        text.sample(&family::MEMBERS, &["incompatible"], members.incompatible);
        text.one(&family::DISCOVERY_AWAY, u8::from(members.is_away));
    }

    fn calls(&self, text: &mut Text) {
        text.family(&family::CALLS);
        for (method, counts) in &self.sum.methods {
            for (index, count) in counts.ends.iter().enumerate() {
                if *count > 0 {
                    text.sample(&family::CALLS, &[method, end_name(index)], count);
                }
            }
        }
        text.family(&family::CALL_SECONDS);
        for (method, counts) in &self.sum.methods {
            text.histogram(&family::CALL_SECONDS, method, counts);
        }
        text.family(&family::REFUSED);
        for (kind, count) in FailureKind::ALL.iter().zip(&self.sum.rest.refused) {
            text.sample(&family::REFUSED, &[kind_name(*kind)], count);
        }
    }

    fn queues(&self, text: &mut Text) {
        text.one(&family::OPEN, self.sum.rest.calls_open);
        text.one(&family::QUEUED, self.sum.rest.calls_queued);
        text.family(&family::INBOX);
        for (shard, count) in self.sum.inboxes.iter().enumerate() {
            text.sample(&family::INBOX, &[&shard.to_string()], count);
        }
        text.family(&family::ENTITIES);
        for (name, count) in &self.sum.entities {
            text.sample(&family::ENTITIES, &[name], count);
        }
    }

    fn links(&self, text: &mut Text) {
        let rest = &self.sum.rest;
        text.one(&family::SESSIONS, rest.sessions);
        self.gates(text);
        text.family(&family::LINKS);
        text.sample(&family::LINKS, &["accepted"], rest.links_accepted);
        text.sample(&family::LINKS, &["dialled"], rest.links_dialled);
        text.family(&family::LINK_BYTES);
        text.sample(&family::LINK_BYTES, &["in"], rest.link_bytes_in);
        text.sample(&family::LINK_BYTES, &["out"], rest.link_bytes_out);
        text.family(&family::LINKS_CLOSED);
        for (name, count) in ENDINGS.iter().zip(&rest.strangers.endings) {
            text.sample(&family::LINKS_CLOSED, &[name], count);
        }
        text.family(&family::UNRELIABLE);
        for ((transport, way), count) in &rest.passed {
            text.sample(&family::UNRELIABLE, &[transport, way], count);
        }
        text.one(&family::SLOWED, rest.links_slowed);
        text.family(&family::CONNECTIONS);
        for (transport, count) in &self.doors.carried {
            text.sample(&family::CONNECTIONS, &[transport], count);
        }
        text.one(&family::SHAKING, self.doors.handshakes);
        text.family(&family::TURNED_AWAY);
        for (reason, count) in &self.doors.turned {
            text.sample(&family::TURNED_AWAY, &[reason], count);
        }
        text.one(&family::BANS, self.doors.bans);
        text.one(&family::TOOLS, rest.tool_connections);
        text.family(&family::TOKENS);
        for (outcome, count) in &self.tokens {
            text.sample(&family::TOKENS, &[outcome], count);
        }
        text.family(&family::OPENS_REFUSED);
        for (name, count) in REASONS.iter().zip(&rest.strangers.refusals) {
            text.sample(&family::OPENS_REFUSED, &[name], count);
        }
        text.family(&family::SESSIONS_ENDED);
        for (name, count) in REASONS.iter().zip(&rest.strangers.ends) {
            text.sample(&family::SESSIONS_ENDED, &[name], count);
        }
        text.one(&family::UNWANTED, rest.strangers.unwanted);
        text.family(&family::HANDSHAKES);
        for (outcome, count) in [
            ("answered", self.noise.handshakes),
            ("plain", self.noise.plain),
            ("refused", self.noise.refused),
            ("timed_out", self.noise.timed_out),
        ] {
            text.sample(&family::HANDSHAKES, &[outcome], count);
        }
        text.one(&family::FORGED, self.noise.forged);
        text.family(&family::KCP);
        for (count, kind) in kcp::Counts::ALL {
            text.sample(&family::KCP, &[kind], self.kcp.get(count));
        }
        text.family(&family::LOGINS);
        for (outcome, count) in &self.logins {
            text.sample(&family::LOGINS, &[outcome], count);
        }
    }

    fn gates(&self, text: &mut Text) {
        let gates = &self.sum.rest.gates;
        text.family(&family::SESSION_TURNS);
        for (name, count) in SESSION_TURNS.iter().zip(&gates.sessions) {
            text.sample(&family::SESSION_TURNS, &[name], count);
        }
        text.family(&family::ATTACHED);
        for (carrier, count) in CARRIERS.iter().zip(&gates.attached) {
            text.sample(&family::ATTACHED, &[carrier.as_str()], count);
        }
        for (family, count) in [
            (&family::GATE_MESSAGES, (|it| it.0) as fn((u64, u64)) -> u64),
            (&family::GATE_BYTES, |it| it.1),
        ] {
            text.family(family);
            for (carrier, (up, down)) in CARRIERS.iter().zip(gates.up.iter().zip(gates.down)) {
                text.sample(family, &[carrier.as_str(), "in"], count(*up));
                text.sample(family, &[carrier.as_str(), "out"], count(down));
            }
        }
        text.family(&family::GATE_TURNS);
        for (name, count) in GATE_TURNS.iter().zip(&gates.gate) {
            text.sample(&family::GATE_TURNS, &[name], count);
        }
        text.one(&family::HOP_QUEUE, gates.queued);
        text.one(&family::HOPS_OVERFULL, gates.overfull);
    }

    fn store(&self, text: &mut Text) {
        let store = self.sum.rest.store.unwrap_or_default();
        text.one(&family::STORE_LOADS, store.loads);
        text.one(&family::STORE_SAVES, store.saves);
        text.one(&family::STORE_FAILURES, store.failures);
        text.one(&family::STORE_IN_FLIGHT, store.in_flight);
        text.one(&family::STORE_UNSAVED, store.unsaved);
        text.one(&family::DURABLE, self.sum.rest.durable_senders);
    }
}

/// The label of an end: `ok`, `thrown`, or the kind of failure.
fn end_name(index: usize) -> &'static str {
    debug_assert!(index < ENDS);
    match index {
        0 => "ok",
        1 => "thrown",
        _ => FailureKind::ALL
            .get(index - 2)
            .map_or("unknown", |kind| kind_name(*kind)),
    }
}

/// A kind of failure as a label.
fn kind_name(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Timeout => "timeout",
        FailureKind::Unreachable => "unreachable",
        FailureKind::Cancelled => "cancelled",
        FailureKind::Denied => "denied",
        FailureKind::RateLimited => "rate_limited",
        FailureKind::Overloaded => "overloaded",
        FailureKind::NotFound => "not_found",
        FailureKind::Invalid => "invalid",
        FailureKind::Deadlock => "deadlock",
        FailureKind::Unimplemented => "unimplemented",
        FailureKind::Incompatible => "incompatible",
        // Later kinds are internal to those that don't know them.
        _ => "internal",
    }
}

struct Text(String);

impl Text {
    /// The lines before the samples of a family.
    fn family(&mut self, family: &Family) {
        let Family {
            name, kind, help, ..
        } = family;
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
    }

    /// A family of one sample.
    fn one(&mut self, family: &Family, value: impl Display) {
        self.family(family);
        self.sample(family, &[], value);
    }

    fn sample(&mut self, family: &Family, values: &[&str], value: impl Display) {
        debug_assert_eq!(family.labels.len(), values.len(), "{}", family.name);
        self.series(family.name, "", family.labels, values, value);
    }

    fn histogram(&mut self, family: &Family, label: &str, counts: &CallCounts) {
        debug_assert_eq!(family.kind, FamilyKind::Histogram);
        let [name] = family.labels else {
            return;
        };
        let labels = [*name, "le"];
        let mut sum = 0;
        for (index, count) in counts.buckets.iter().enumerate() {
            sum += count;
            let bound = match BUCKETS_NS.get(index) {
                Some(ns) => seconds(*ns).to_string(),
                None => "+Inf".to_owned(),
            };
            self.series(family.name, "_bucket", &labels, &[label, &bound], sum);
        }
        let total = seconds(counts.sum_ns);
        self.series(family.name, "_sum", family.labels, &[label], total);
        self.series(family.name, "_count", family.labels, &[label], sum);
    }

    fn series(
        &mut self,
        name: &str,
        suffix: &str,
        labels: &[&str],
        values: &[&str],
        value: impl Display,
    ) {
        let labelled = fmt::from_fn(|f| {
            for (index, (label, value)) in labels.iter().zip(values).enumerate() {
                f.write_str(if index == 0 { "{" } else { "," })?;
                write!(f, "{label}=\"{}\"", Escaped(value))?;
            }
            f.write_str(if labels.is_empty() { "" } else { "}" })
        });
        self.line(format_args!("{name}{suffix}{labelled} {value}"));
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{line}");
    }
}

/// Nanoseconds as Prometheus' unit. What a double rounds off is of no account here.
#[expect(
    clippy::cast_precision_loss,
    reason = "a sum of times may be rounded to one part in 2^53"
)]
fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

/// A value of a label: a name that a stranger chose can't end it.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::family::FAMILIES;
    use super::*;

    #[test]
    fn every_family_is_on_the_page_once_and_in_order() {
        let sum = Sum::default();
        let page = Page {
            node: "a \"b\"\\\n",
            release: 3,
            digest: 0xabc,
            uptime_seconds: 1.5,
            is_ready: true,
            shards: 2,
            silent: 0,
            log_dropped: 0,
            handed_over: 0,
            handoffs_failed: 0,
            lease_seconds: Some(1.5),
            members: Some(Members::default()),
            doors: DoorCounts::default(),
            tokens: vec![("accepted", 1), ("forged", 2)],
            noise: Counted::default(),
            kcp: kcp::Counts::default(),
            logins: vec![("200", 1)],
            sum: &sum,
        };
        let text = page.text();
        let mut rest = text.as_str();
        for family in FAMILIES {
            let head = format!("# HELP {} {}\n", family.name, family.help);
            assert_eq!(text.matches(&head).count(), 1, "{}", family.name);
            let at = rest.find(&head);
            assert!(at.is_some(), "{} stands elsewhere", family.name);
            rest = &rest[at.unwrap_or(0)..];
        }
        let info = "playhouse_info{node=\"a \\\"b\\\"\\\\\\n\",version=";
        assert!(text.contains(info), "{text}");
        assert!(text.contains("playhouse_uptime_seconds 1.5\n"), "{text}");
    }

    #[test]
    fn names_end_as_prometheus_wants_them() {
        for family in FAMILIES {
            let counts = family.name.ends_with("_total");
            assert_eq!(
                counts,
                family.kind == FamilyKind::Counter,
                "{}",
                family.name
            );
            assert!(family.name.starts_with("playhouse_"), "{}", family.name);
        }
    }

    #[test]
    fn buckets_of_a_histogram_are_cumulative() {
        let mut counts = CallCounts {
            ends: [0; ENDS],
            buckets: [0; BUCKETS_NS.len() + 1],
            sum_ns: 1_500_000_000,
        };
        counts.buckets[0] = 2;
        counts.buckets[13] = 1;
        let mut text = Text(String::new());
        text.histogram(&family::CALL_SECONDS, "a.B.c", &counts);
        for line in [
            "playhouse_call_seconds_bucket{method=\"a.B.c\",le=\"0.00001\"} 2\n",
            "playhouse_call_seconds_bucket{method=\"a.B.c\",le=\"5\"} 2\n",
            "playhouse_call_seconds_bucket{method=\"a.B.c\",le=\"+Inf\"} 3\n",
            "playhouse_call_seconds_sum{method=\"a.B.c\"} 1.5\n",
            "playhouse_call_seconds_count{method=\"a.B.c\"} 3\n",
        ] {
            assert!(text.0.contains(line), "{line}{}", text.0);
        }
    }
}
