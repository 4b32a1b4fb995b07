//! Every order of events keeps what is promised, and each rule that is dropped is missed.

use playhouse_cluster::placement::Rule;
use playhouse_placement_tests::{
    LeaseScenario, LeaseWorld, Report, Scenario, Without, World, explore,
};

/// More than any scenario has.
const STATES_MAX: usize = 2_000_000;

const STALE: &str = "a call starts where the entity is not";
const ORDER: &str = "a call starts after a later one of the same sender";
const TWICE: &str = "a call runs twice";
const UNTRUE: &str = "a call that ran is said not to have run";
const NEVER: &str = "a call never ends, though nothing fails any more";
const FAILS: &str = "a call fails though nothing has failed";
const LOST: &str = "volatile state is lost though nothing has failed";
const RUNS_ON: &str = "a handler runs on where the entity is not";
const REVOKED: &str = "a lease that was revoked holds";

#[track_caller]
fn report(name: &str, without: Without) -> Report {
    let scenario = Scenario::named(name).expect("a scenario of this name");
    let first = || World::new(scenario, without);
    explore(scenario.name, first, scenario.rest_every, STATES_MAX)
}

#[track_caller]
fn lease_report(name: &str, without: Without) -> Report {
    let mut scenarios = LeaseScenario::ALL.iter();
    let scenario = scenarios.find(|scenario| scenario.name == name);
    let scenario = scenario.expect("a scenario of this name");
    let first = || LeaseWorld::new(scenario, without);
    explore(scenario.name, first, u64::MAX, STATES_MAX)
}

#[track_caller]
fn is_sound(report: &Report) {
    assert!(report.found.is_none(), "{report}");
    assert!(report.is_complete, "{report}");
}

#[track_caller]
fn is_found(report: &Report, what: &str) {
    let found = report.found.as_ref().map(|found| found.what.as_str());
    assert_eq!(found, Some(what), "{report}");
}

#[track_caller]
fn holds(name: &str) {
    is_sound(&report(name, Without::Nothing));
}

#[track_caller]
fn rule(name: &str, rule: Rule, what: &str) {
    is_found(&report(name, Without::Rule(rule)), what);
}

#[test]
fn an_entity_is_handed_over_and_back_under_calls() {
    holds("handoff");
}

#[test]
fn an_entity_is_handed_over_while_links_break() {
    holds("break");
}

#[test]
fn an_entity_is_handed_over_while_nodes_die() {
    holds("crash");
}

#[test]
fn an_owner_that_was_stopped_wakes_up() {
    holds("pause");
}

#[test]
fn an_owner_that_loses_its_lease_stops() {
    holds("cut");
}

#[test]
fn an_entity_is_passivated_under_calls() {
    holds("passivation");
}

#[test]
fn the_store_answers_late_and_readers_are_behind() {
    holds("late");
}

#[test]
fn calls_that_may_run_twice_are_sent_again() {
    holds("retry");
}

#[test]
fn calls_in_line_go_over_links_that_break() {
    holds("links");
}

#[test]
fn callers_run_the_entity_themselves() {
    holds("own");
}

#[test]
fn an_owner_goes_and_no_call_fails() {
    holds("exit");
}

#[test]
fn a_lease_that_was_revoked_does_not_hold() {
    is_sound(&lease_report("alike", Without::Nothing));
}

#[test]
fn a_lease_that_was_revoked_does_not_hold_by_slow_clocks() {
    is_sound(&lease_report("apart", Without::Nothing));
}

#[test]
fn without_the_margin() {
    rule("pause", Rule::Margin, STALE);
    is_found(&lease_report("alike", Without::Rule(Rule::Margin)), REVOKED);
}

#[test]
fn without_measuring_a_lease_from_its_sending() {
    let without = Without::Rule(Rule::MeasuredFromSending);
    is_found(&lease_report("alike", without), REVOKED);
}

#[test]
fn without_waiting_before_a_lease_is_revoked() {
    let without = Without::Rule(Rule::WaitToRevoke);
    is_found(&lease_report("alike", without), REVOKED);
}

#[test]
fn without_a_new_incarnation_after_a_lost_lease() {
    rule("pause", Rule::NewIncarnation, STALE);
}

#[test]
fn without_the_exact_epoch() {
    rule("passivation", Rule::ExactEpoch, ORDER);
}

#[test]
fn without_holding_calls_while_a_claim_is_pending() {
    rule("pause", Rule::HoldWhileClaiming, ORDER);
}

#[test]
fn without_the_barrier() {
    rule("exit", Rule::Barrier, ORDER);
}

#[test]
fn without_going_back_in_order() {
    rule("exit", Rule::BackInOrder, ORDER);
}

#[test]
fn without_the_truth_about_a_broken_link() {
    rule("links", Rule::LostIsUnknown, UNTRUE);
}

#[test]
fn without_asking_whether_a_call_may_run_twice() {
    rule("links", Rule::OnlyIdempotentAgain, TWICE);
}

#[test]
fn without_remembering_that_an_attempt_was_unknown() {
    rule("retry", Rule::OnceUnknown, UNTRUE);
}

#[test]
fn without_holding_calls_while_it_moves() {
    rule("handoff", Rule::HoldWhileMoving, STALE);
}

#[test]
fn without_a_new_epoch_after_an_abort() {
    rule("handoff", Rule::AbortRaises, STALE);
}

#[test]
fn without_holding_calls_while_it_is_released() {
    rule("passivation", Rule::HoldWhileReleasing, STALE);
}

#[test]
fn without_compare_and_set() {
    rule("pause", Rule::CompareAndSet, STALE);
}

#[test]
fn without_waiting_for_the_end_of_an_owner() {
    rule("handoff", Rule::ClaimWhenOver, LOST);
}

#[test]
fn without_a_new_claim_after_one_that_was_lost() {
    rule("late", Rule::ClaimAnew, STALE);
}

#[test]
fn without_an_end_of_what_was_overtaken() {
    rule("late", Rule::OvertakenEnds, NEVER);
}

#[test]
fn without_discarding_what_ran_under_a_lost_lease() {
    rule("pause", Rule::Discard, STALE);
}

#[test]
fn with_calls_that_are_forwarded() {
    rule("handoff", Rule::NeverForward, ORDER);
}

#[test]
fn without_the_end_of_the_old_link_first() {
    rule("links", Rule::OldLinkFirst, NEVER);
}

#[test]
fn without_quiescence() {
    rule("handoff", Rule::Quiesce, RUNS_ON);
}

#[test]
fn without_a_receiver_that_sets_the_record() {
    let scenario = Scenario::named("handoff").expect("a scenario of this name");
    let first = || World::new(scenario, Without::Rule(Rule::ReceiverSets));
    is_found(&explore(scenario.name, first, u64::MAX, STATES_MAX), LOST);
}

#[test]
fn with_a_queue_that_moves_along() {
    rule("exit", Rule::QueueStays, FAILS);
}

#[test]
fn without_a_farewell() {
    rule("exit", Rule::GoAwayFirst, FAILS);
}

#[test]
fn with_a_release_of_what_is_anothers() {
    rule("late", Rule::ReleaseMine, STALE);
}

#[test]
fn without_one_line_for_a_nodes_calls() {
    rule("own", Rule::OneLine, ORDER);
}

#[test]
fn a_counterexample_can_be_read() {
    let report = report("passivation", Without::Rule(Rule::HoldWhileReleasing));
    let found = report.found.expect("it is found");
    let last = found.path.last().map(String::as_str);
    assert_eq!(last, Some("node 0 starts call 1"));
    assert!(found.path.contains(&"node 0 passivates it".to_owned()));
}
