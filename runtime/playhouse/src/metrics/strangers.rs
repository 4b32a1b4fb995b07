//! What a shard counts of how it ends: links of others, sessions, and sessions that were refused to begin with.

use playhouse_net::link::CloseReason;
use playhouse_wire::link::CloseReason as ProtocolEnd;
use playhouse_wire::message::{GoAwayReason, SessionReason};

use super::tally::Counter;

/// How a link ended, as metrics have it. The last stands for what has no name of its own.
pub(crate) const ENDINGS: [&str; 14] = [
    "gone",
    "broken",
    "stalled",
    "full",
    "hello",
    "silent",
    "protocol",
    "version",
    "denied",
    "overloaded",
    "replaced",
    "idle",
    "stopping",
    "other",
];

/// Why a client got no session, or has none any more, as metrics have it. The last stands for what has no name of its own.
pub(crate) const REASONS: [&str; 12] = [
    "stale",
    "denied",
    "lost",
    "replaced",
    "expired",
    "overflow",
    "incompatible",
    "unavailable",
    "logged_out",
    "kicked",
    "protocol",
    "other",
];

/// The counters of one shard.
#[derive(Debug, Default)]
pub(crate) struct StrangerTally {
    endings: [Counter; ENDINGS.len()],
    refusals: [Counter; REASONS.len()],
    ends: [Counter; REASONS.len()],
    /// Messages that no client sends.
    pub(crate) unwanted: Counter,
}

/// As numbers, to be sent to who asked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StrangerCounts {
    pub(crate) endings: [u64; ENDINGS.len()],
    pub(crate) refusals: [u64; REASONS.len()],
    pub(crate) ends: [u64; REASONS.len()],
    pub(crate) unwanted: u64,
}

impl StrangerTally {
    /// A link that others had dialled is over.
    pub(crate) fn link_over(&self, reason: &CloseReason) {
        count(&self.endings, &ENDINGS, ending(reason));
    }

    /// A client was told that it gets no session.
    pub(crate) fn open_refused(&self, reason: SessionReason) {
        count_reason(&self.refusals, reason);
    }

    /// A session of an entity of this shard is over.
    pub(crate) fn session_over(&self, reason: SessionReason) {
        count_reason(&self.ends, reason);
    }

    pub(crate) fn counts(&self) -> StrangerCounts {
        StrangerCounts {
            endings: self.endings.each_ref().map(Counter::get),
            refusals: self.refusals.each_ref().map(Counter::get),
            ends: self.ends.each_ref().map(Counter::get),
            unwanted: self.unwanted.get(),
        }
    }
}

impl StrangerCounts {
    pub(super) fn add(&mut self, one: &Self) {
        let endings = self.endings.iter_mut().zip(one.endings);
        let refusals = self.refusals.iter_mut().zip(one.refusals);
        let ends = self.ends.iter_mut().zip(one.ends);
        for (sum, more) in endings.chain(refusals).chain(ends) {
            *sum += more;
        }
        self.unwanted += one.unwanted;
    }
}

fn count(counters: &[Counter], names: &[&str], name: &str) {
    let named = names.iter().zip(counters).find(|(it, _)| **it == name);
    if let Some((_, counter)) = named {
        counter.add(1);
    }
}

fn count_reason(counters: &[Counter], reason: SessionReason) {
    let place = usize::from(reason.number()).wrapping_sub(1);
    if let Some(counter) = counters.get(place).or(counters.last()) {
        counter.add(1);
    }
}

fn ending(reason: &CloseReason) -> &'static str {
    match reason {
        CloseReason::Unreached(_) | CloseReason::Broken(_) => "broken",
        CloseReason::Stalled => "stalled",
        CloseReason::OutputFull => "full",
        CloseReason::Abandoned => "stopping",
        CloseReason::Protocol(end) => match end {
            ProtocolEnd::Disconnected | ProtocolEnd::Refused { .. } => "gone",
            ProtocolEnd::HelloTimeout => "hello",
            ProtocolEnd::Silent | ProtocolEnd::GoAwayTimeout => "silent",
            ProtocolEnd::Protocol(_) => "protocol",
            ProtocolEnd::Version { .. } | ProtocolEnd::Outdated { .. } => "version",
            ProtocolEnd::Local(reason) => match reason {
                GoAwayReason::Stopping => "stopping",
                GoAwayReason::Protocol => "protocol",
                GoAwayReason::Version | GoAwayReason::Incompatible => "version",
                GoAwayReason::Denied => "denied",
                GoAwayReason::Overloaded => "overloaded",
                GoAwayReason::Replaced => "replaced",
                GoAwayReason::Idle => "idle",
                GoAwayReason::Internal | GoAwayReason::Other(_) => "other",
            },
            // Later reasons are others to those that don't know them.
            _ => "other",
        },
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ending_has_a_name_and_is_counted_by_it() {
        let tally = StrangerTally::default();
        let ends = [
            (CloseReason::Protocol(ProtocolEnd::Disconnected), "gone"),
            (CloseReason::Broken("reset".into()), "broken"),
            (CloseReason::Stalled, "stalled"),
            (CloseReason::OutputFull, "full"),
            (CloseReason::Protocol(ProtocolEnd::HelloTimeout), "hello"),
            (CloseReason::Protocol(ProtocolEnd::Silent), "silent"),
            (
                CloseReason::Protocol(ProtocolEnd::Protocol("how".into())),
                "protocol",
            ),
            (CloseReason::Abandoned, "stopping"),
        ];
        let local = (0..=u8::MAX).map(GoAwayReason::from_number);
        let local = local.map(|it| CloseReason::Protocol(ProtocolEnd::Local(it)));
        for (reason, name) in ends {
            assert_eq!(ending(&reason), name);
            tally.link_over(&reason);
        }
        for reason in local {
            assert!(ENDINGS.contains(&ending(&reason)), "{reason}");
            tally.link_over(&reason);
        }
        let counts = tally.counts();
        assert_eq!(counts.endings.iter().sum::<u64>(), 8 + 256);
        assert_eq!(counts.endings[ENDINGS.len() - 1], 256 - 8);
    }

    #[test]
    fn every_refusal_is_counted_by_its_number() {
        let tally = StrangerTally::default();
        for number in 0..=u8::MAX {
            tally.open_refused(SessionReason::from_number(number));
        }
        let counts = tally.counts().refusals;
        assert_eq!(counts[..11], [1; 11]);
        assert_eq!(counts[11], 256 - 11);
        tally.open_refused(SessionReason::Denied);
        assert_eq!(tally.counts().refusals[1], 2);
        assert_eq!(REASONS[1], "denied");
    }
}
