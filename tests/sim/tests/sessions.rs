//! The speakers: that a seed decides them, and that every rule of sessions that is dropped is found.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "which seed finds a bug is worth knowing"
)]

use std::collections::BTreeSet;

use playhouse_sim_tests::{PlaySessions, parley};
use playhouse_wire::session::Rule;

/// Seeds that are played from the first one on until one finds a bug.
const TRIES: u64 = 20;

#[test]
fn a_seed_plays_the_same_twice() {
    let worlds: [PlaySessions; 3] = [
        parley::play_without,
        parley::play_losses_without,
        parley::play_ends_without,
    ];
    for play in worlds {
        let (one, other) = (play(1, None).unwrap(), play(1, None).unwrap());
        assert_eq!(one, other);
        assert!(one.events > 2_000, "{one:?}");
    }
}

/// How it is known that a rule is kept.
enum Known {
    /// A seed of the world in which no home dies finds that it is dropped: from this one on, and so says it.
    Sessions(u64, &'static str),
    /// The same, of the world in which sessions end.
    Ends(u64, &'static str),
    /// Seeds do not show it, and this is why. The explorer shows it, or the fair.
    Covered(&'static str),
}

use Known::{Covered, Ends, Sessions};

const BROKEN: &str = "is over: Protocol";
const LIE: &str = "is told that it did not run";
const HANGS: &str = "hangs";
const PASSES_BY: &str = "simulated links keep order and lose nothing while they last, so that nothing is overtaken: the explorer's worlds \
                         `events` and `aside` have packets that are lost, doubled and overtaken in every way";

/// In the order of the rules. Where a rule needs luck, the seed that had it last stands here.
const RULES: [(Rule, Known); 26] = [
    (
        Rule::AttemptRises,
        Covered(
            "an `Open` is overtaken by a later one only while the hop that it is on is silent for as long as its client needs to open \
             elsewhere, and then carries it: no seed of 20 came to it, the explorer's `breaks` does",
        ),
    ),
    (Rule::MacBinds, Ends(1, "without its key")),
    (Rule::Fence, Sessions(1, "a client complains")),
    (Rule::LostIsMine, Sessions(5, HANGS)),
    (Rule::BrokenHopDetaches, Ends(6, HANGS)),
    (Rule::ResumeNamesSession, Ends(1, BROKEN)),
    (Rule::LoginStored, Ends(2, "its session is over")),
    (Rule::RangeCheck, Ends(1, "a client complains")),
    (Rule::Deduplicate, Sessions(1, "comes to login")),
    (Rule::KeepUntilAcked, Sessions(1, BROKEN)),
    // Whoever has an acknowledgement to send and may not tries for ever.
    (
        Rule::AcksStandAlone,
        Sessions(1, "wake one another without end"),
    ),
    (
        Rule::Bounded,
        Ends(1, "before it had not come when it was sent"),
    ),
    (Rule::EndIsFinal, Ends(1, LIE)),
    (Rule::TombstoneNamesSession, Ends(2, LIE)),
    (Rule::TagsAreTrue, Ends(1, LIE)),
    (
        Rule::SentStays,
        Covered(
            "a node sends all that it keeps again in the same turn in which a link attaches, so that nothing can end the session \
             between the two: a home that sends when it likes needs the rule, as the explorer's `lazy` shows",
        ),
    ),
    (Rule::FrozenStands, Sessions(1, BROKEN)),
    (Rule::InboxMoves, Sessions(1, HANGS)),
    (
        Rule::MoveIsBound,
        Covered(
            "placement keeps it, whatever moves: the fair finds `CompareAndSet`, `ReceiverSets` and `AbortRaises`, and the \
             explorer's `move` shows what sessions would come to",
        ),
    ),
    (Rule::Redirect, Sessions(1, "is over: Lost")),
    (
        Rule::OwnerStops,
        Covered(
            "placement keeps it, whatever runs: the fair finds `Margin`, `Discard` and `WaitToRevoke`, and the explorer's `lapse` \
             shows what sessions would come to",
        ),
    ),
    (Rule::LatestNamesBase, Covered(PASSES_BY)),
    (Rule::LatestRises, Covered(PASSES_BY)),
    (
        Rule::VersionsMove,
        Sessions(2, "that may be lost never comes"),
    ),
    (Rule::AsideNamesAttempt, Covered(PASSES_BY)),
    (Rule::AsideRises, Covered(PASSES_BY)),
];

/// A rule is dropped, and a seed notices: it is printed, with what it noticed.
#[track_caller]
fn finds(rule: Rule, play: PlaySessions, first: u64, what: &str) -> u64 {
    for seed in first..first + TRIES {
        if let Err(failed) = play(seed, Some(rule))
            && failed.to_string().contains(what)
        {
            let failed = failed.to_string();
            let first: Vec<&str> = failed.lines().take(3).collect();
            println!("without {rule:?}: {}", first.join("\n"));
            return seed;
        }
    }
    panic!("{TRIES} seeds did not notice that {rule:?} is not kept");
}

/// Those seeds pass with the rule.
#[test]
fn every_rule_that_is_dropped_is_found() {
    let all = RULES.iter().map(|(rule, _)| *rule);
    assert!(all.eq(Rule::ALL), "one is missing, or out of order");
    let (mut sessions, mut ends) = (BTreeSet::new(), BTreeSet::new());
    for (rule, known) in RULES {
        match known {
            Sessions(first, what) => {
                sessions.insert(finds(rule, parley::play_without, first, what))
            }
            Ends(first, what) => ends.insert(finds(rule, parley::play_ends_without, first, what)),
            Covered(why) => {
                println!("without {rule:?}: nothing, since {why}");
                continue;
            }
        };
    }
    for seed in sessions {
        parley::play(seed).unwrap();
    }
    for seed in ends {
        parley::play_ends_without(seed, None).unwrap();
    }
}
