//! The registry against plain rules, in cases and at random.

use proptest::prelude::*;

use super::*;
use crate::member::NAME_MAX;

const SECOND: u64 = 1_000_000;
const TTL: u64 = 6 * SECOND;

fn registry() -> Registry {
    Registry::new(1_000, TTL, 0)
}

fn member(name: &str, started_us: i64) -> Member {
    let mut member = Member::new(name, 1, format!("{name}:1"));
    member.started_us = started_us;
    member
}

fn busy(score: f32) -> Load {
    Load {
        score,
        ..Load::default()
    }
}

fn names(registry: &Registry) -> Vec<&str> {
    registry.members().map(|member| &*member.name).collect()
}

/// Sweeps as a host does.
fn sweep(registry: &mut Registry, from: u64, to: u64) -> Vec<String> {
    let mut gone = Vec::new();
    for now in (from..=to).step_by(SECOND as usize / 2) {
        gone.extend(
            registry
                .sweep(now)
                .iter()
                .map(|member| member.name.to_string()),
        );
    }
    gone
}

#[test]
fn a_silent_member_is_gone_after_its_time() {
    let mut registry = registry();
    let a = registry.join(member("a", 0), None, 0, 0).unwrap();
    registry.join(member("b", 0), None, 0, 0).unwrap();
    assert_eq!(sweep(&mut registry, 0, 3 * SECOND), [""; 0]);
    registry.report(a, busy(1.0), 3 * SECOND).unwrap();
    assert_eq!(sweep(&mut registry, 3 * SECOND, TTL), ["b"]);
    assert_eq!(names(&registry), ["a"]);
    assert_eq!(sweep(&mut registry, TTL, TTL + 3 * SECOND), ["a"]);
    assert_eq!(registry.report(a, busy(1.0), TTL), Err(Refusal::Stranger));
}

#[test]
fn a_registry_that_stood_still_lets_nobody_go_for_it() {
    let mut registry = registry();
    registry.join(member("a", 0), None, 0, 0).unwrap();
    assert_eq!(registry.sweep(20 * SECOND), []);
    assert_eq!(sweep(&mut registry, 20 * SECOND, 25 * SECOND), [""; 0]);
    assert_eq!(sweep(&mut registry, 25 * SECOND, 26 * SECOND), ["a"]);
}

#[test]
fn news_are_what_changed_since() {
    let mut registry = registry();
    let a = registry.join(member("a", 0), None, 0, 0).unwrap();
    let first = registry.news(a, Seen::default()).unwrap();
    assert!(first.whole && first.members.len() == 1);
    let b = registry.join(member("b", 0), None, 0, 0).unwrap();
    registry.report(a, busy(7.0), 0).unwrap();
    let second = registry.news(a, first.seen).unwrap();
    assert!(!second.whole && second.members.len() == 1);
    assert_eq!(second.loads, [("a".into(), busy(7.0))]);
    // A load alone is no hurry.
    assert_eq!(registry.urgent() + 1, second.seen.version);
    registry.leave(b);
    let third = registry.news(a, second.seen).unwrap();
    assert_eq!(
        (third.gone.len(), third.members.len(), third.loads.len()),
        (1, 0, 0)
    );
    assert_eq!(registry.news(b, first.seen), Err(Refusal::Stranger));
    let other_life = Seen {
        life: 1,
        ..third.seen
    };
    assert!(registry.news(a, other_life).unwrap().whole);
}

#[test]
fn a_later_life_of_a_name_takes_the_place_of_an_earlier_one() {
    let mut registry = registry();
    let old = registry.join(member("a", 5), None, 0, 0).unwrap();
    assert_eq!(
        registry.lock(old, 1, "x", true),
        Ok(Locking::Granted(old + 1))
    );
    let taken = Refusal::NameTaken {
        address: "a:1".to_owned(),
    };
    assert_eq!(
        registry.join(member("a", 4), None, 0, 0),
        Err(taken.clone())
    );
    let new = registry.join(member("a", 6), None, 0, 0).unwrap();
    assert_eq!(registry.report(old, busy(1.0), 0), Err(Refusal::Stranger));
    assert!(matches!(
        registry.lock(new, 1, "x", false),
        Ok(Locking::Granted(_))
    ));
    assert_eq!(registry.join(member("a", 5), Some(old), 0, 0), Err(taken));
    assert_eq!(names(&registry), ["a"]);
}

#[test]
fn what_a_member_says_anew_keeps_its_ticket_and_locks() {
    let mut registry = registry();
    let a = registry.join(member("a", 0), None, 0, 0).unwrap();
    let granted = registry.lock(a, 1, "x", true);
    let mut changed = member("a", 0);
    changed.draining = true;
    assert_eq!(registry.join(changed, Some(a), 0, 0), Ok(a));
    assert!(registry.members().all(|member| member.draining));
    assert_eq!(registry.lock(a, 1, "x", true), granted);
}

#[test]
fn locks_go_to_who_waits_longest_and_tokens_rise() {
    let mut registry = registry();
    let join = |registry: &mut Registry, name| registry.join(member(name, 0), None, 0, 0).unwrap();
    let (a, b, c) = (
        join(&mut registry, "a"),
        join(&mut registry, "b"),
        join(&mut registry, "c"),
    );
    let Ok(Locking::Granted(first)) = registry.lock(a, 1, "x", false) else {
        panic!("a free lock was not granted");
    };
    assert_eq!(registry.lock(b, 1, "x", false), Ok(Locking::Held));
    assert_eq!(registry.lock(b, 2, "x", true), Ok(Locking::Waiting));
    assert_eq!(registry.lock(c, 1, "x", true), Ok(Locking::Waiting));
    assert_eq!(registry.lock(b, 2, "x", true), Ok(Locking::Waiting));
    registry.unlock(a, 1).unwrap();
    let Ok(Locking::Granted(second)) = registry.lock(b, 2, "x", true) else {
        panic!("who waited longest did not get it");
    };
    assert!(second > first);
    registry.leave(b);
    assert!(
        matches!(registry.lock(c, 1, "x", true), Ok(Locking::Granted(third)) if third > second)
    );
    registry.unlock(c, 1).unwrap();
    assert!(registry.locks_are_empty());
}

#[test]
fn who_waits_no_more_is_passed_over() {
    let mut registry = registry();
    let a = registry.join(member("a", 0), None, 0, 0).unwrap();
    for number in 1..4 {
        registry.lock(a, number, "x", true).unwrap();
    }
    registry.unlock(a, 2).unwrap();
    // Looking does not ask again.
    assert_eq!(registry.locking(a, 2), Ok(None));
    assert_eq!(registry.locking(a, 3), Ok(Some(Locking::Waiting)));
    registry.unlock(a, 1).unwrap();
    assert!(matches!(
        registry.lock(a, 3, "x", true),
        Ok(Locking::Granted(_))
    ));
    // Numbers that were let go may be used again.
    assert_eq!(registry.lock(a, 2, "x", true), Ok(Locking::Waiting));
}

#[test]
fn tokens_rise_above_those_of_an_earlier_life() {
    let mut registry = Registry::new(10, TTL, 0);
    let a = registry.join(member("a", 0), None, 5_000, 0).unwrap();
    assert!(matches!(registry.lock(a, 1, "x", true), Ok(Locking::Granted(token)) if token > 5_000));
    // No member can use up the numbers.
    let b = registry.join(member("b", 0), None, u64::MAX, 0).unwrap();
    assert!(b < 6_000);
}

#[test]
fn everything_is_bounded() {
    let mut registry = registry();
    let refused = |result: Result<u64, Refusal>| matches!(result, Err(Refusal::Refused(_)));
    let long = "x".repeat(NAME_MAX + 1);
    assert!(refused(registry.join(member(&long, 0), None, 0, 0)));
    assert!(refused(registry.join(member("", 0), None, 0, 0)));
    let mut tickets = Vec::new();
    for index in 0..MEMBERS_MAX {
        tickets.push(
            registry
                .join(member(&format!("n{index}"), 0), None, 0, 0)
                .unwrap(),
        );
    }
    assert!(refused(registry.join(member("more", 0), None, 0, 0)));
    // One that is there may come again.
    assert!(registry.join(member("n1", 1), None, 0, 0).is_ok());
    let full = |result: Result<Locking, Refusal>| matches!(result, Err(Refusal::Refused(_)));
    let most = u64::try_from(LOCKS_PER_MEMBER_MAX).unwrap();
    for number in 0..most {
        registry
            .lock(tickets[0], number, &format!("l{number}"), true)
            .unwrap();
    }
    assert!(full(registry.lock(tickets[0], most, "more", true)));
    for ticket in tickets
        .iter()
        .skip(2)
        .take(LOCKS_MAX / LOCKS_PER_MEMBER_MAX - 1)
    {
        for number in 0..most {
            registry.lock(*ticket, number, "one", true).unwrap();
        }
    }
    assert!(full(registry.lock(tickets[100], 1, "more", true)));
    for ticket in tickets {
        registry.leave(ticket);
    }
    assert!(registry.locks_are_empty());
    assert!(registry.gone.len() <= GONE_MAX);
}

#[test]
fn who_missed_too_many_goings_is_told_everything() {
    let mut registry = registry();
    let a = registry.join(member("a", 0), None, 0, 0).unwrap();
    let seen = registry.seen();
    for _ in 0..GONE_MAX {
        let b = registry.join(member("b", 0), None, 0, 0).unwrap();
        registry.leave(b);
    }
    assert!(!registry.news(a, seen).unwrap().whole);
    let b = registry.join(member("b", 0), None, 0, 0).unwrap();
    registry.leave(b);
    assert!(registry.news(a, seen).unwrap().whole);
}

impl Registry {
    fn locks_are_empty(&self) -> bool {
        self.locks.is_empty()
    }
}

#[derive(Debug, Clone)]
enum Step {
    Join(u8, i64),
    Report(u8, u8),
    Leave(u8),
    Lock(u8, u8, u8, bool),
    Unlock(u8, u8),
    Pass(u64),
    Follow(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0_u8..4, 0_i64..3).prop_map(|(who, started)| Step::Join(who, started)),
        (0_u8..4, 0_u8..5).prop_map(|(who, load)| Step::Report(who, load)),
        (0_u8..4).prop_map(Step::Leave),
        (0_u8..4, 0_u8..4, 0_u8..2, any::<bool>())
            .prop_map(|(who, number, name, waits)| Step::Lock(who, number, name, waits)),
        (0_u8..4, 0_u8..4).prop_map(|(who, number)| Step::Unlock(who, number)),
        (0..2 * SECOND).prop_map(Step::Pass),
        (0_u8..4).prop_map(Step::Follow),
    ]
}

proptest! {
    /// Whoever follows the news sees what is there; no lock has two holders; tokens rise.
    #[test]
    fn followers_agree_and_locks_exclude(steps in proptest::collection::vec(step(), 0..200)) {
        let mut registry = registry();
        let mut now = 0;
        let mut tickets = [0; 4];
        let mut known = [const { BTreeMap::new() }; 4];
        let mut seen = [Seen::default(); 4];
        let mut highest: BTreeMap<String, u64> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Join(who, started) => {
                    let mut me = member(&format!("n{who}"), started);
                    me.incarnation = now;
                    if let Ok(ticket) = registry.join(me, Some(tickets[usize::from(who)]), 0, now) {
                        tickets[usize::from(who)] = ticket;
                    }
                }
                Step::Report(who, load) => {
                    let _ = registry.report(tickets[usize::from(who)], busy(load.into()), now);
                }
                Step::Leave(who) => registry.leave(tickets[usize::from(who)]),
                Step::Lock(who, number, name, waits) => {
                    let name = format!("l{name}");
                    let ticket = tickets[usize::from(who)];
                    let asked = registry.lock(ticket, number.into(), &name, waits);
                    if let Ok(Locking::Granted(token)) = asked {
                        let last = highest.entry(name).or_default();
                        prop_assert!(token >= *last);
                        *last = token;
                    }
                }
                Step::Unlock(who, number) => {
                    let _ = registry.unlock(tickets[usize::from(who)], number.into());
                }
                Step::Pass(time) => {
                    now += time;
                    registry.sweep(now);
                }
                Step::Follow(who) => {
                    let who = usize::from(who);
                    if let Ok(news) = registry.news(tickets[who], seen[who]) {
                        seen[who] = news.seen;
                        news.apply(&mut known[who]);
                        let there: Vec<_> = registry.members().cloned().collect();
                        let followed: Vec<_> = known[who].values().cloned().collect();
                        prop_assert_eq!(there, followed);
                    }
                }
            }
            registry.locks.check(|ticket| registry.tickets.contains_key(&ticket));
        }
    }
}
