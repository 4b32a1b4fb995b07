//! Every order of events keeps what is promised, and each rule that is dropped is missed.

use playhouse_session_tests::{AsideWorld, LatestWorld, Report, Scenario, World, explore};
use playhouse_wire::session::Rule;

/// More than any scenario of the tests has.
const STATES_MAX: usize = 1_000_000;

const ORDER: &str = "an effect is lost, doubled or out of order";
const LIE: &str = "what was said not to have run did run";
const AFTER: &str = "a session that is over has an effect";
const BROKEN: &str = "somebody breaks the protocol, though all are honest";
const ATTACKER: &str = "an attacker's link serves the session";
const STALE: &str = "a stale attempt or login takes over from a newer one";
const TWO: &str = "two links serve one session";
const ROOM: &str = "more is kept than there is room";
const NEVER: &str = "a session never comes to rest, though nothing fails any more";

#[track_caller]
fn report(name: &str, without: Option<Rule>, with_rest: bool) -> Report {
    let scenario = Scenario::named(name).expect("a scenario of this name");
    let first = || World::new(scenario, without);
    let rest_every = if with_rest {
        scenario.rest_every
    } else {
        u64::MAX
    };
    explore(scenario.name, first, rest_every, STATES_MAX)
}

/// Explores all scenarios of these names.
#[track_caller]
fn hold(names: &[&str]) {
    for name in names {
        let report = report(name, None, true);
        assert!(report.found.is_none(), "{report}");
        assert!(report.is_complete, "{report}");
    }
}

#[track_caller]
fn rule(name: &str, rule: Rule, what: &str) {
    let report = report(name, Some(rule), what == NEVER);
    let found = report.found.as_ref().map(|found| found.what.as_str());
    assert_eq!(found, Some(what), "{report}");
}

#[test]
fn sessions_hold_while_links_and_gates_fail() {
    hold(&["breaks", "gates"]);
}

#[test]
fn sessions_hold_while_nodes_lose_each_other() {
    hold(&["hops", "slow"]);
}

#[test]
fn sessions_hold_while_clients_move() {
    hold(&["migration", "lazy"]);
}

#[test]
fn sessions_hold_while_entities_move() {
    hold(&["move", "drain"]);
}

#[test]
fn sessions_hold_while_homes_fail() {
    hold(&["death", "lapse", "restart"]);
}

#[test]
fn sessions_hold_while_they_end() {
    hold(&["replaced", "grace", "amnesia", "tombstone"]);
}

#[test]
fn sessions_hold_against_who_replays_them() {
    hold(&["attack"]);
}

#[test]
fn sessions_hold_while_there_is_no_room() {
    hold(&["overflow"]);
}

#[test]
fn without_attempts_that_rise() {
    rule("breaks", Rule::AttemptRises, STALE);
}

#[test]
fn without_a_mac_of_the_link() {
    rule("attack", Rule::MacBinds, ATTACKER);
}

#[test]
fn without_the_fence() {
    rule("migration", Rule::Fence, TWO);
}

#[test]
fn with_the_end_of_any_link() {
    rule("breaks", Rule::LostIsMine, NEVER);
}

#[test]
fn without_a_detach_when_a_hop_breaks() {
    rule("hops", Rule::BrokenHopDetaches, NEVER);
}

#[test]
fn without_the_name_of_the_session() {
    rule("death", Rule::ResumeNamesSession, NEVER);
}

#[test]
fn without_logins_that_are_stored() {
    rule("restart", Rule::LoginStored, STALE);
}

#[test]
fn without_the_range_check() {
    rule("amnesia", Rule::RangeCheck, BROKEN);
}

#[test]
fn without_deduplication() {
    rule("migration", Rule::Deduplicate, ORDER);
}

#[test]
fn without_keeping_what_was_written() {
    rule("breaks", Rule::KeepUntilAcked, BROKEN);
}

#[test]
fn without_acknowledgements_that_stand_alone() {
    rule("breaks", Rule::AcksStandAlone, NEVER);
}

#[test]
fn without_bounds() {
    rule("overflow", Rule::Bounded, ROOM);
}

#[test]
fn without_an_end_that_is_final() {
    rule("grace", Rule::EndIsFinal, AFTER);
}

#[test]
fn without_the_name_in_the_tombstone() {
    rule("tombstone", Rule::TombstoneNamesSession, LIE);
}

#[test]
fn without_tags_by_what_ran() {
    rule("death", Rule::TagsAreTrue, LIE);
}

#[test]
fn without_remembering_what_was_sent() {
    rule("lazy", Rule::SentStays, LIE);
}

#[test]
fn without_standing_still_while_it_moves() {
    rule("move", Rule::FrozenStands, STALE);
}

#[test]
fn without_the_inbox_moving_along() {
    rule("move", Rule::InboxMoves, ORDER);
}

#[test]
fn without_a_move_that_is_bound_to_the_record() {
    rule("move", Rule::MoveIsBound, STALE);
}

#[test]
fn without_a_redirect() {
    rule("move", Rule::Redirect, NEVER);
}

#[test]
fn without_owners_that_stop() {
    rule("lapse", Rule::OwnerStops, AFTER);
}

#[track_caller]
fn latest_rule(rule: Rule, what: &str) {
    let report = explore(
        "latest",
        || LatestWorld::new(Some(rule)),
        u64::MAX,
        STATES_MAX,
    );
    let found = report.found.as_ref().map(|found| found.what.as_str());
    assert_eq!(found, Some(what), "{report}");
}

#[test]
fn newest_state_comes_and_never_goes_back() {
    let report = explore("latest", || LatestWorld::new(None), 1, STATES_MAX);
    assert!(report.found.is_none() && report.is_complete, "{report}");
}

#[test]
fn without_the_base_of_newest_state() {
    latest_rule(Rule::LatestNamesBase, "state goes back");
}

#[test]
fn without_versions_that_rise() {
    latest_rule(Rule::LatestRises, "state goes back");
}

#[test]
fn without_versions_that_move_along() {
    let without = || LatestWorld::new(Some(Rule::VersionsMove));
    let report = explore("latest", without, 1, STATES_MAX);
    let found = report.found.as_ref().map(|found| found.what.as_str());
    assert_eq!(found, Some("the newest state never comes"), "{report}");
}

#[test]
fn events_that_pass_by_the_sequence_are_heard_once_and_never_go_back() {
    let report = explore("events", || LatestWorld::events(None), 1, STATES_MAX);
    assert!(report.found.is_none() && report.is_complete, "{report}");
    for rule in [Rule::LatestNamesBase, Rule::LatestRises] {
        let first = || LatestWorld::events(Some(rule));
        let report = explore("events", first, u64::MAX, STATES_MAX);
        let found = report.found.as_ref().map(|found| found.what.as_str());
        assert_eq!(found, Some("an event is doubled, or goes back"), "{report}");
    }
}

#[test]
fn calls_that_pass_by_the_sequence_are_done_once_and_never_go_back() {
    let report = explore("aside", || AsideWorld::new(None), 1, STATES_MAX);
    assert!(report.found.is_none() && report.is_complete, "{report}");
}

#[track_caller]
fn aside_rule(rule: Rule, what: &str) {
    let report = explore(
        "aside",
        || AsideWorld::new(Some(rule)),
        u64::MAX,
        STATES_MAX,
    );
    let found = report.found.as_ref().map(|found| found.what.as_str());
    assert_eq!(found, Some(what), "{report}");
}

#[test]
fn without_the_attempt_of_calls_that_pass_by() {
    aside_rule(Rule::AsideNamesAttempt, "a call of another session is done");
}

#[test]
fn without_numbers_of_such_calls_that_rise() {
    aside_rule(Rule::AsideRises, "a call is doubled, or goes back");
}

#[test]
fn a_counterexample_can_be_read() {
    let report = report("lazy", Some(Rule::SentStays), false);
    let found = report.found.expect("it is found");
    assert!(
        found
            .path
            .contains(&"somebody else logs in at home 0".to_owned())
    );
    assert_eq!(found.details.len(), 3);
}
