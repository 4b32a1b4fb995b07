//! The machines at their limits, and what they make of answers that are late or odd.

use playhouse_cluster::placement::{
    Act, Admission, BACKOFF_FIRST_US, BACKOFF_MAX_US, Caller, Ended, LeaseStep, LeaseTerms,
    LeaseWatch, NodeLease, Route, Rules, Tenure, Unplaced, Watched,
};
use playhouse_store::{Header, Owner};
use playhouse_wire::message::{Executed, NoOwnerReason};

const TERMS: LeaseTerms = LeaseTerms::of_ttl(6_000_000);

fn owner(node: &str) -> Owner {
    Owner {
        node: node.into(),
        incarnation: 1,
    }
}

fn route(node: &str, epoch: u64) -> Route {
    Route {
        owner: owner(node),
        epoch,
    }
}

fn caller() -> Caller<&'static str> {
    Caller::new(Rules::default())
}

fn acts(caller: &mut Caller<&'static str>) -> Vec<Act<&'static str>> {
    std::iter::from_fn(|| caller.poll()).collect()
}

/// The ids that are sent now, and to which node.
fn sent(caller: &mut Caller<&'static str>) -> Vec<(u64, u32, String)> {
    let acts = acts(caller).into_iter();
    acts.map(|act| match act {
        Act::Send { id, attempt, route } => (id, attempt, route.owner.node.to_string()),
        other => panic!("{other:?}"),
    })
    .collect()
}

fn lease_header(owner: Owner, epoch: u64) -> Header {
    Header {
        birth: 1,
        schema: 0,
        owner: Some(owner),
        epoch,
        rev: epoch,
        born: false,
        pending: false,
        wake_us: None,
    }
}

#[test]
fn a_first_call_locates_and_the_next_ones_follow_in_order() {
    let mut caller = caller();
    caller.call(1, false, "a");
    caller.call(2, false, "b");
    assert_eq!(acts(&mut caller), [Act::Locate { epoch_seen: 0 }]);
    caller.located(Ok(route("n", 4)));
    caller.call(3, false, "c");
    let n = "n".to_owned();
    let expected = [(1, 0, n.clone()), (2, 0, n.clone()), (3, 0, n)];
    assert_eq!(sent(&mut caller), expected);
    assert_eq!(caller.held(), 0);
    assert_eq!(caller.replied(1, 0), Some(("a", Executed::NotExecuted)));
    assert_eq!(caller.replied(1, 0), None, "it was finished before");
    assert_eq!(caller.len(), 2);
}

#[test]
fn a_younger_call_waits_until_an_older_one_has_left_for_the_same_place() {
    let mut caller = caller();
    caller.call(1, false, "a");
    caller.call(2, false, "b");
    acts(&mut caller);
    caller.located(Ok(route("n", 4)));
    acts(&mut caller);
    caller.moved(2, 0, Some(route("m", 5)));
    assert_eq!(sent(&mut caller), [], "the first is still at n");
    caller.moved(1, 0, None);
    let m = "m".to_owned();
    assert_eq!(sent(&mut caller), [(1, 1, m.clone()), (2, 1, m)]);
}

#[test]
fn a_hint_of_an_epoch_that_is_over_is_no_hint() {
    let mut caller = caller();
    caller.call(1, false, "a");
    acts(&mut caller);
    caller.located(Ok(route("n", 4)));
    acts(&mut caller);
    caller.moved(1, 0, Some(route("m", 4)));
    assert_eq!(acts(&mut caller), [Act::Locate { epoch_seen: 4 }]);
    caller.located(Ok(route("m", 3)));
    let expected = Act::LocateAt {
        epoch_seen: 4,
        delay_us: BACKOFF_FIRST_US,
    };
    assert_eq!(acts(&mut caller), [expected]);
}

#[test]
fn the_pause_before_a_question_grows_to_its_limit() {
    let mut caller = caller();
    caller.call(1, false, "a");
    acts(&mut caller);
    let mut delays = Vec::new();
    for _ in 0..100 {
        caller.not_located();
        for act in acts(&mut caller) {
            if let Act::LocateAt { delay_us, .. } = act {
                delays.push(delay_us);
            }
        }
    }
    assert_eq!(delays[..3], [5_000, 10_000, 20_000]);
    assert_eq!(delays.len(), 100);
    assert_eq!(delays.iter().max(), Some(&BACKOFF_MAX_US));
}

#[test]
fn nobody_there_ends_what_is_held_and_tells_the_truth() {
    let mut caller = caller();
    caller.call(1, true, "a");
    caller.call(2, false, "b");
    acts(&mut caller);
    caller.located(Ok(route("n", 1)));
    acts(&mut caller);
    caller.link_lost("n");
    let ends = acts(&mut caller);
    let [
        Act::End {
            id: 2,
            why: Ended::Lost,
            executed: Executed::Unknown,
            ..
        },
        Act::LocateAt { .. },
    ] = &ends[..]
    else {
        panic!("{ends:?}");
    };
    caller.call(3, false, "c");
    let unplaced = Unplaced {
        reason: NoOwnerReason::NoNode,
        text: None,
    };
    caller.located(Err(unplaced));
    let told: Vec<(u64, Executed)> = acts(&mut caller)
        .into_iter()
        .filter_map(|act| match act {
            Act::End { id, executed, .. } => Some((id, executed)),
            _ => None,
        })
        .collect();
    let expected = [(1, Executed::Unknown), (3, Executed::NotExecuted)];
    assert_eq!(told, expected, "the first may have run on n");
    assert!(caller.is_idle());
}

#[test]
fn a_call_that_is_given_up_says_whether_it_may_have_run() {
    let mut caller = caller();
    caller.call(1, false, "a");
    acts(&mut caller);
    caller.located(Ok(route("n", 1)));
    acts(&mut caller);
    caller.moved(1, 0, None);
    caller.call(2, false, "b");
    let held = caller.give_up(1);
    assert_eq!(held, Some(("a", Executed::NotExecuted)), "it came back");
    acts(&mut caller);
    caller.located(Ok(route("m", 2)));
    acts(&mut caller);
    assert_eq!(caller.give_up(2), Some(("b", Executed::Unknown)));
    assert_eq!(caller.give_up(2), None);
    assert_eq!(caller.replied(2, 0), None);
}

#[test]
fn a_call_that_never_left_may_be_tried_elsewhere() {
    let mut caller = caller();
    caller.call(1, false, "a");
    acts(&mut caller);
    caller.located(Ok(route("n", 7)));
    acts(&mut caller);
    caller.not_sent(1, 0);
    let expected = Act::LocateAt {
        epoch_seen: 0,
        delay_us: BACKOFF_FIRST_US,
    };
    assert_eq!(acts(&mut caller), [expected], "7 may yet be alive");
    caller.located(Ok(route("n", 7)));
    assert_eq!(sent(&mut caller), [(1, 1, "n".to_owned())]);
}

#[test]
fn what_comes_back_for_an_earlier_attempt_changes_nothing() {
    let mut caller = caller();
    caller.call(1, false, "a");
    acts(&mut caller);
    caller.located(Ok(route("n", 1)));
    acts(&mut caller);
    caller.moved(1, 0, Some(route("m", 2)));
    acts(&mut caller);
    let before = caller.clone();
    caller.moved(1, 0, Some(route("x", 9)));
    caller.not_sent(1, 0);
    assert_eq!(caller.replied(1, 0), None);
    assert_eq!(caller, before);
    assert!(caller.replied(1, 1).is_some());
}

#[test]
fn a_tenure_takes_only_answers_that_fit() {
    let mut tenure = Tenure::claiming(3, Rules::default());
    assert_eq!(tenure.admits(3), Admission::Moved);
    assert_eq!(tenure.admits(4), Admission::Hold);
    assert!(!tenure.aborted(9) && !tenure.released() && !tenure.handoff_done(3));
    assert!(tenure.claimed(4));
    assert!(!tenure.claimed(5));
    assert_eq!(tenure.epoch(), Some(4));
    assert_eq!(tenure.admits(4), Admission::Run);
    assert_eq!(tenure.admits(5), Admission::Moved);
    assert!(tenure.freeze() && !tenure.freeze());
    assert_eq!(tenure.admits(4), Admission::Hold);
    assert!(tenure.handoff_sent());
    assert!(!tenure.handoff_refused(3), "another offer's answer");
    assert_eq!(tenure.abort(), Some(4));
    assert_eq!(tenure.admits(5), Admission::Hold, "it may be this one's");
    assert!(tenure.aborted(5));
    assert_eq!(tenure.admits(4), Admission::Moved);
    assert_eq!(tenure.admits(5), Admission::Run);
    assert!(tenure.releasing() && tenure.released() && tenure.is_over());
    assert_eq!(tenure.admits(5), Admission::Moved);
}

#[test]
fn a_claim_that_gives_an_epoch_of_the_past_gives_nothing() {
    let mut tenure = Tenure::claiming(3, Rules::default());
    assert!(!tenure.claimed(3));
    assert!(tenure.is_over());
}

#[test]
fn a_lease_holds_to_its_margin_and_again_once_it_is_renewed() {
    let mut lease = NodeLease::new(owner("n"), TERMS, Rules::default());
    assert!(!lease.holds(0));
    assert_eq!(lease.poll(1_000), LeaseStep::Ask);
    lease.sent(1_000);
    assert_eq!(lease.poll(1_000), LeaseStep::Answer);
    lease.renewed(900_000);
    let until_us = 1_000 + TERMS.renew_us;
    assert_eq!(lease.poll(900_000), LeaseStep::Wait { until_us });
    assert!(lease.holds(1_000 + TERMS.stop_us - 1));
    assert!(!lease.holds(1_000 + TERMS.stop_us));
    lease.sent(until_us);
    lease.failed(9_000_000);
    assert_eq!(
        lease.poll(9_000_000 + TERMS.retry_us),
        LeaseStep::Ask,
        "it is never given up"
    );
    lease.sent(9_500_000);
    lease.renewed(9_600_000);
    assert!(lease.holds(9_600_000));
    lease.fenced();
    assert!(!lease.holds(9_600_000));
    assert_eq!(lease.poll(9_600_000), LeaseStep::Over);
    assert_eq!(lease.next_life().owner().incarnation, 2);
}

#[test]
fn a_lease_is_revoked_once_it_was_unchanged_for_long_enough() {
    let mut watch = LeaseWatch::new(owner("n"), TERMS, Rules::default());
    let header = lease_header(owner("n"), 3);
    let look_us = 100 + TERMS.revoke_us;
    let alive = Watched::Alive { look_us };
    assert_eq!(watch.seen(Some(&header), 100), alive);
    assert_eq!(watch.seen(Some(&header), look_us - 1), alive);
    let revoke = Watched::Revoke { epoch: 3 };
    assert_eq!(watch.seen(Some(&header), look_us), revoke);
    let renewed = lease_header(owner("n"), 4);
    let later = watch.seen(Some(&renewed), look_us);
    assert!(matches!(later, Watched::Alive { .. }), "{later:?}");
    let taken = lease_header(owner("m"), 5);
    assert_eq!(watch.seen(Some(&taken), look_us), Watched::Over);
    assert_eq!(watch.seen(None, look_us), Watched::Over);
}

#[test]
fn the_terms_leave_room_for_clocks_that_differ() {
    let (stop, revoke) = (TERMS.stop_us, TERMS.revoke_us);
    assert!(TERMS.renew_us < stop && stop < TERMS.ttl_us && TERMS.ttl_us < revoke);
    // The holder's clock may run at four fifths of the speed of the watcher's.
    assert!(stop * 5 / 4 < revoke);
}
