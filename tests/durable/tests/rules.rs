//! Every order of events keeps every item, and each rule that is dropped is missed.

use playhouse_durable_tests::{Habit, Scenario, Without, explore};
use playhouse_store::durable::Rule;

/// More than any scenario has.
const STATES_MAX: usize = 2_000_000;

#[track_caller]
fn holds(name: &str) {
    let scenario = Scenario::named(name).expect("a scenario of this name");
    let report = explore(&scenario, Without::Nothing, STATES_MAX);
    assert!(report.found.is_none(), "{report}");
    assert!(report.is_complete, "{report}");
}

#[track_caller]
fn finds(name: &str, without: Without, what: &str) {
    let scenario = Scenario::named(name).expect("a scenario of this name");
    let report = explore(&scenario, without, STATES_MAX);
    let found = report.found.as_ref().map(|found| found.what.as_str());
    assert!(
        found.is_some_and(|found| found.contains(what)),
        "{without:?} should end with: {what}\n{report}"
    );
}

#[track_caller]
fn rule(name: &str, rule: Rule, what: &str) {
    finds(name, Without::Rule(rule), what);
}

#[track_caller]
fn habit(name: &str, habit: Habit, what: &str) {
    finds(name, Without::Habit(habit), what);
}

#[test]
fn a_gift_goes_over_whatever_crashes() {
    holds("gift");
}

#[test]
fn a_gift_goes_over_among_three_nodes() {
    holds("three");
}

#[test]
fn gifts_cross() {
    holds("trade");
}

#[test]
fn two_gifts_go_one_after_the_other() {
    holds("two");
}

#[test]
fn a_receiver_that_does_not_run_is_started() {
    holds("inactive");
}

#[test]
fn what_was_acknowledged_as_saved_stays() {
    holds("saves");
}

#[test]
fn what_is_refused_comes_back() {
    holds("refusal");
}

#[test]
fn what_a_deleted_entity_has_taken_is_not_taken_again() {
    holds("deletion");
}

#[test]
fn a_sender_that_was_removed_by_hand_may_begin_anew() {
    holds("removal");
}

#[test]
fn nobody_keeps_what_was_never_committed() {
    holds("output");
}

#[test]
fn without_the_epoch_in_the_filter() {
    rule("trade", Rule::EpochInFilter, "is there twice");
}

#[test]
fn without_the_revision_in_the_filter() {
    rule(
        "saves",
        Rule::RevInFilter,
        "a change of A that was acknowledged as saved is lost",
    );
}

#[test]
fn without_the_identical_retry() {
    rule(
        "saves",
        Rule::IdenticalRetry,
        "a change of A that was acknowledged as saved is lost",
    );
}

#[test]
fn without_an_end_when_fenced() {
    rule(
        "saves",
        Rule::FencedIsOver,
        "a change of A that was acknowledged as saved is lost",
    );
}

#[test]
fn without_the_row_in_the_commit() {
    rule("gift", Rule::RowInCommit, "has vanished");
}

#[test]
fn without_the_mark_in_the_commit() {
    rule("gift", Rule::MarkInCommit, "is there twice");
}

#[test]
fn without_waiting_for_the_commit_before_sending() {
    rule("two", Rule::SendAfterCommit, "is there twice");
}

#[test]
fn without_persisted_sequences() {
    rule("two", Rule::PersistedSequence, "has vanished");
}

#[test]
fn without_ignoring_gaps() {
    rule("two", Rule::GapsIgnored, "item");
}

#[test]
fn without_waiting_for_the_commit_before_acknowledging() {
    rule("gift", Rule::AckAfterCommit, "has vanished");
}

#[test]
fn without_acknowledging_again() {
    rule("gift", Rule::AckAgain, "a message waits for ever");
}

#[test]
fn without_sending_again() {
    rule("gift", Rule::Resend, "a message waits for ever");
}

#[test]
fn without_births_in_marks() {
    rule("removal", Rule::BirthInMarks, "has vanished");
}

#[test]
fn without_remembering_refusals() {
    rule("refusal", Rule::RefusalsKept, "has vanished");
}

#[test]
fn without_marks_that_outlive_the_entity() {
    rule("deletion", Rule::MarksOutlive, "has vanished");
}

#[test]
fn without_a_claim_in_one_step() {
    habit(
        "saves",
        Habit::ClaimInOneStep,
        "a change of B that was acknowledged as saved is lost",
    );
}

#[test]
fn without_loading_what_the_claim_gave() {
    habit(
        "saves",
        Habit::LoadFromClaim,
        "a change of A that was acknowledged as saved is lost",
    );
}

#[test]
fn without_a_claim_after_a_panic() {
    habit(
        "saves",
        Habit::ClaimAfterPanic,
        "a change of A that was acknowledged as saved is lost",
    );
}

#[test]
fn without_snapshots_between_handlers_only() {
    habit("gift", Habit::SnapshotBetweenHandlers, "has vanished");
}

#[test]
fn without_a_sweeper() {
    habit("gift", Habit::Sweep, "a message waits for ever");
}

#[test]
fn without_output_commit() {
    habit(
        "output",
        Habit::OutputCommit,
        "B has kept what A was never saved to be",
    );
}

#[test]
fn a_counterexample_can_be_read() {
    let scenario = Scenario::named("gift").expect("a scenario of this name");
    let report = explore(&scenario, Without::Rule(Rule::RowInCommit), STATES_MAX);
    let found = report.found.expect("it is found");
    let expected = [
        "A on node 0 gives item 1 away",
        "node 0 sends a commit of A",
        "the store gets the commit of A (epoch 2, revision 2)",
    ];
    assert_eq!(found.path, expected);
}
