//! Who is there.

use playhouse_cluster::{Load, OpenError, What};

use crate::member::plain;
use crate::{Member, Registry};

/// Everything but the judgement of the node that looks.
pub async fn who_joins_is_seen_with_all_that_it_says(registry: &mut impl Registry) {
    let a = Member::join(registry, "a").await;
    let mut me = plain("b", 17);
    me.addresses.push("10.0.0.7:7001".to_owned());
    me.entities = vec![(1, 7), (2, 65_535)];
    me.services = vec![(1, 1)];
    (me.root, me.release, me.incarnation) = (u64::MAX, 3, u64::MAX);
    me.load = Load {
        score: 7.5,
        cpu: 50.0,
        entities: 10_000,
        links: 7,
        sessions: u32::MAX,
        clients: 8,
    };
    let b = Member::begin(registry, me.clone());
    b.opened().await.expect("b joins");
    a.sees_all(&["a", "b"]).await;
    b.sees_all(&["a", "b"]).await;
    let view = a.seat.view();
    assert_eq!(view.get("b").map(|member| &**member), Some(&me));
    assert_eq!(view.with_entity(2, 65_535).len(), 1);
    assert_eq!(view.with_role("lobby").len(), 2);
}

/// Nobody waits for the time of who says goodbye.
pub async fn who_leaves_is_gone_before_who_was_killed(registry: &mut impl Registry) {
    let a = Member::join(registry, "a").await;
    let b = Member::join(registry, "b").await;
    let c = Member::join(registry, "c").await;
    a.sees_all(&["a", "b", "c"]).await;
    c.kill();
    b.seat.leave().await;
    let view = a.misses("b").await;
    assert!(view.get("c").is_some(), "nobody has said that c is gone");
    a.sees_all(&["a"]).await;
}

/// An empty choice says so.
pub async fn nobody_is_there_since_the_last_was_killed(registry: &mut impl Registry) {
    let mut me = plain("a", 0);
    me.roles.clear();
    let a = Member::begin(registry, me);
    a.opened().await.expect("a joins");
    let lobby = What::Role("lobby".into());
    let nobody = a.seat.view().nobody(&lobby);
    assert_eq!(nobody.since_us, None, "there was none yet");
    let b = Member::join(registry, "b").await;
    a.sees_member("b").await;
    b.kill();
    let view = a.misses("b").await;
    assert!(view.with(&lobby).is_empty());
    assert!(view.nobody(&lobby).since_us.is_some());
}

/// With its load, which comes with the next report.
pub async fn what_a_member_says_anew_is_seen(registry: &mut impl Registry) {
    let a = Member::join(registry, "a").await;
    let b = Member::join(registry, "b").await;
    a.sees_member("b").await;
    b.seat.update(|me| me.load.score = 42.0);
    let busy = |score: f32| {
        move |view: &playhouse_cluster::View| {
            view.get("b")
                .is_some_and(|member| (member.load.score - score).abs() < 0.1)
        }
    };
    a.sees(busy(42.0)).await;
    b.seat.update(|me| {
        me.draining = true;
        me.load.score = 43.0;
    });
    a.sees(|view| view.get("b").is_some_and(|member| member.draining))
        .await;
    let view = a.sees(busy(43.0)).await;
    assert_eq!(view.with_role("lobby").len(), 1, "who drains is not found");
}

/// As a process that was stopped by a signal, or a machine that slept.
pub async fn who_was_silent_for_too_long_joins_again(registry: &mut impl Registry) {
    let a = Member::join(registry, "a").await;
    let b = Member::join(registry, "b").await;
    a.sees_member("b").await;
    b.freeze();
    a.misses("b").await;
    b.thaw();
    a.sees_member("b").await;
    b.sees_all(&["a", "b"]).await;
}

/// A node that was killed and started again does not wait for its own time.
pub async fn of_one_name_the_later_life_is_there(registry: &mut impl Registry) {
    let a = Member::join(registry, "a").await;
    let old = Member::begin(registry, plain("b", 1));
    old.opened().await.expect("the first b joins");
    a.sees_member("b").await;
    old.kill();
    let mut me = plain("b", 2);
    me.incarnation = 9;
    let new = Member::begin(registry, me);
    new.opened().await.expect("the later b joins");
    let view = a
        .sees(|view| view.get("b").is_some_and(|member| member.incarnation == 9))
        .await;
    assert!(view.get("a").is_some());
    new.sees_all(&["a", "b"]).await;
}

/// The one that is there stays.
pub async fn a_name_that_is_taken_is_refused(registry: &mut impl Registry) {
    let first = Member::begin(registry, plain("a", 2));
    first.opened().await.expect("the first joins");
    let second = Member::begin(registry, plain("a", 1));
    let refused = second.opened().await.expect_err("the name is taken");
    let OpenError::NameTaken { name, address } = refused else {
        panic!("{refused}");
    };
    assert_eq!((&*name, &*address), ("a", "a:7000"));
    let started = first.seat.view().get("a").map(|member| member.started_us);
    assert_eq!(started, Some(2));
}

/// It had joined, and a later life of its name has its place: it is told so for good.
pub async fn who_loses_its_name_is_told(registry: &mut impl Registry) {
    let first = Member::begin(registry, plain("a", 1));
    first.opened().await.expect("the first joins");
    let second = Member::begin(registry, plain("a", 2));
    second.opened().await.expect("the later one joins");
    let OpenError::NameTaken { name, address } = first.seat.ousted().await else {
        panic!("it has lost its name");
    };
    assert_eq!((&*name, &*address), ("a", "a:7000"));
    let started = second.seat.view().get("a").map(|member| member.started_us);
    assert_eq!(started, Some(2));
}

/// Nothing is known of who came and went meanwhile, and nobody is believed dead for it.
pub async fn views_outlast_the_registry(registry: &mut impl Registry) {
    let a = Member::join(registry, "a").await;
    let b = Member::join(registry, "b").await;
    a.sees_all(&["a", "b"]).await;
    b.sees_all(&["a", "b"]).await;
    registry.stop();
    for member in [&a, &b] {
        let view = member.sees(|view| view.away_since_us.is_some()).await;
        assert!(view.get("a").is_some() && view.get("b").is_some());
    }
    registry.start();
    let view = a.sees(|view| view.away_since_us.is_none()).await;
    assert!(view.get("b").is_some(), "b was there all the time");
    let c = Member::join(registry, "c").await;
    for member in [&a, &b, &c] {
        member.sees_all(&["a", "b", "c"]).await;
    }
}

/// In whatever order a cluster is started.
pub async fn who_starts_before_the_registry_joins_later(registry: &mut impl Registry) {
    registry.stop();
    let a = Member::begin(registry, plain("a", 0));
    let b = Member::begin(registry, plain("b", 0));
    a.sees(|view| view.away_since_us.is_some()).await;
    registry.start();
    a.opened().await.expect("a joins");
    b.opened().await.expect("b joins");
    a.sees_all(&["a", "b"]).await;
    b.sees_all(&["a", "b"]).await;
}
