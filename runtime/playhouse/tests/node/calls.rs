//! Calls over links: by address, by reference, in order, in time, given up, and when things break.

use std::sync::Mutex;
use std::time::Duration;

use playhouse::host::{CallInfo, CallOutcome, Direction, Interceptor};
use playhouse::{CallError, Executed, Failure, FailureKind, Reach, Ref};
use playhouse_wire::message::Role;

use crate::client::{self, Client, Ended, header, method};
use crate::schema::harbour::{
    AccountId, Bag, Clerk, Door, DoorSlowArgs, DoorWeatherArgs, EntryError, Guest, GuestHoldArgs,
    Parcel, Watch,
};
use crate::world::{self, Counters, caller, ms};

#[test]
fn services_are_called_by_address_and_within_the_node() {
    let (running, address) = world::node();
    let there = address.clone();
    let fog = running.spawn(move || async move { Door::at(there).weather("north").await });
    assert_eq!(fog.wait().unwrap(), Ok("fog north".to_owned()));
    let near = running.spawn(|| async { Door::any().weather("south").await });
    assert_eq!(near.wait().unwrap(), Ok("fog south".to_owned()));
    let caller = caller();
    let far = caller.spawn(move || async move {
        let parcel = |weight| Parcel {
            id: 1,
            weight,
            label: None,
        };
        Door::at(address).weigh(vec![parcel(5), parcel(7)]).await
    });
    assert_eq!(far.wait().unwrap(), Ok(12));
    let nowhere = caller.spawn(|| async { Door::any().weather("west").await });
    let failure = nowhere.wait().unwrap().unwrap_err();
    assert_eq!(failure.kind(), FailureKind::NotFound);
}

#[test]
fn the_same_key_falls_to_the_same_shard() {
    let (running, _) = world::node();
    let shards = running.spawn(|| async {
        let mut shards = Vec::new();
        for key in 0..40_u32 {
            let first = Door::by_key(&key).shard().await.unwrap();
            assert_eq!(Door::by_key(&key).shard().await, Ok(first));
            shards.push(first);
        }
        shards
    });
    let shards = shards.wait().unwrap();
    assert!(shards.contains(&0) && shards.contains(&1), "{shards:?}");
}

#[test]
fn entities_are_called_by_reference_here_and_by_address_there() {
    let (running, address) = world::node();
    let caller = caller();
    let there = address.clone();
    let put = caller.spawn(move || async move {
        for account in 1..=20 {
            let guest = Guest::of(AccountId(account)).at(there.clone());
            guest.bag().put(7)?;
            assert!(guest.bag().has(7, 1).await?);
            assert!(!guest.vault().has(7, 1).await?);
        }
        Ok::<(), Failure>(())
    });
    put.wait().unwrap().unwrap();
    let here = running.spawn(|| async {
        let bag: Ref<Bag> = Guest::reference(AccountId(3)).in_slot(1);
        bag.proxy().content().await
    });
    assert_eq!(here.wait().unwrap(), Ok(vec![7]));
}

#[test]
fn what_there_is_once_is_there_from_the_start() {
    let (running, address) = world::node();
    let counts =
        running.spawn(|| async { (Clerk::only().count().await, Watch::of("pier").place().await) });
    assert_eq!(counts.wait().unwrap(), (Ok(1), Ok("pier".to_owned())));
    let caller = caller();
    let count = caller.spawn(move || async move { Clerk::only().at(address).count().await });
    assert_eq!(count.wait().unwrap(), Ok(2));
}

#[test]
fn oneways_of_a_sender_arrive_in_order() {
    const COUNT: u32 = 5_000;
    let (_running, address) = world::node();
    let caller = caller();
    let content = caller.spawn(move || async move {
        let guest = Guest::of(AccountId(1)).at(address);
        for parcel in 0..COUNT {
            // A full queue refuses: then what is underway may arrive first.
            while let Err(failure) = guest.bag().put(parcel) {
                assert_eq!(failure.kind(), FailureKind::Overloaded);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        guest.bag().content().await
    });
    let content = content.wait().unwrap().unwrap();
    assert!(content.is_sorted(), "order is kept");
    assert_eq!(content.len(), COUNT as usize, "none is lost");
}

#[test]
fn errors_and_failures_come_back_as_they_were() {
    let (_running, address) = world::node();
    let caller = caller();
    let outcomes = caller.spawn(move || async move {
        let door = Door::at(address);
        let mut outcomes = Vec::new();
        for how in 0..=3 {
            outcomes.push(door.enter(how).await);
        }
        outcomes
    });
    let outcomes = outcomes.wait().unwrap();
    assert_eq!(outcomes[0], Ok(1));
    assert_eq!(outcomes[1], Err(CallError::Thrown(EntryError::Closed)));
    assert_eq!(
        outcomes[2],
        Err(CallError::Thrown(EntryError::Full { limit: 9 }))
    );
    let Err(CallError::Failed(failure)) = &outcomes[3] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(failure.kind(), FailureKind::Overloaded);
    assert_eq!(failure.text(), "come back later");
}

#[test]
fn a_panic_is_one_failed_call_and_the_node_serves_on() {
    let (running, address) = world::node();
    let caller = caller();
    let outcomes = caller.spawn(move || async move {
        let guest = Guest::of(AccountId(5)).at(address.clone());
        guest.hold(ms(0)).await.unwrap();
        let failures = [
            Door::at(address.clone()).panics().await.unwrap_err(),
            guest.panics().await.unwrap_err(),
        ];
        (
            failures,
            guest.life().await,
            Door::at(address).secret().await,
        )
    });
    let (failures, life, secret) = outcomes.wait().unwrap();
    for failure in failures {
        assert_eq!(failure.kind(), FailureKind::Internal);
        assert_eq!(failure.executed(), Executed::Unknown);
    }
    // What the guest was is gone, and it is made anew.
    assert_eq!(life, Ok(vec!["construct 5".to_owned()]));
    assert_eq!(secret, Ok(true));
    running.stop();
    running.wait().unwrap();
}

#[test]
fn a_deadline_goes_along_and_is_met() {
    let (_running, address) = world::node();
    let (_other, other) = world::node();
    let caller = caller();
    let there = address.clone();
    let left = caller.spawn(move || async move {
        let door = Door::at(there).deadline(Duration::from_secs(2));
        door.left_at(other).await
    });
    let left = left.wait().unwrap().unwrap();
    assert!(left > 0 && left <= 2_000_000, "{left}");

    let late = caller.spawn(move || async move {
        let door = Door::at(address.clone());
        let failure = door
            .clone()
            .deadline(Duration::from_millis(50))
            .slow(ms(60_000))
            .await;
        // The node hears of it: what waits for an entity past its deadline never begins.
        let guest = Guest::of(AccountId(9)).at(address);
        let holding = tokio::task::spawn_local(guest.clone().hold(ms(300)));
        tokio::time::sleep(Duration::from_millis(50)).await;
        let queued = guest
            .clone()
            .deadline(Duration::from_millis(50))
            .hold(ms(0))
            .await;
        holding.await.unwrap().unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        (failure, queued, guest.life().await)
    });
    let (failure, queued, life) = late.wait().unwrap();
    assert_eq!(failure.unwrap_err().kind(), FailureKind::Timeout);
    assert_eq!(queued.unwrap_err().kind(), FailureKind::Timeout);
    assert_eq!(life.unwrap(), ["construct 9", "held"]);
}

#[test]
fn a_call_that_is_given_up_never_begins_or_is_told() {
    let (_running, address) = world::node();
    client::run(async move {
        let peer = Client::connect(&address, Role::Node);
        let hold = |ms| playhouse::to_vec(&GuestHoldArgs { wait: ms });
        let guest = method::<Guest, GuestHoldArgs>(0);
        let (_, first) = peer.begin(guest, &header(Some(4)), &hold(ms(200)));
        let (queued, _) = peer.begin(guest, &header(Some(4)), &hold(ms(0)));
        peer.link.cancel(queued);
        let slow = playhouse::to_vec(&DoorSlowArgs { wait: ms(300) });
        let (running, _) = peer.begin(method::<Door, DoorSlowArgs>(0), &header(None), &slow);
        tokio::time::sleep(Duration::from_millis(50)).await;
        peer.link.cancel(running);
        assert_eq!(first.await.value::<u32>(), 1);
        let life: Vec<String> = peer
            .call::<Guest, _>(0, Some(4), &crate::schema::harbour::GuestLifeArgs {})
            .await
            .value();
        assert_eq!(life, ["construct 4", "held"], "the queued one never began");
        tokio::time::sleep(Duration::from_millis(400)).await;
        let gave_up: u32 = peer
            .call::<Door, _>(0, None, &crate::schema::harbour::DoorGaveUpArgs {})
            .await
            .value();
        assert_eq!(gave_up, 1, "the running one saw that nobody waits");
    });
}

#[test]
fn a_lost_link_fails_what_waits_and_says_what_may_have_run() {
    let (running, address) = world::start(world::builder().stop_timeout(Duration::ZERO));
    let caller = caller();
    let there = address.clone();
    let slow = caller.spawn(move || async move { Door::at(there).slow(ms(60_000)).await });
    std::thread::sleep(Duration::from_millis(200));
    running.stop();
    let failure = slow.wait().unwrap().unwrap_err();
    assert!(
        matches!(
            failure.kind(),
            FailureKind::Unreachable | FailureKind::Cancelled
        ),
        "{failure:?}"
    );
    assert_eq!(failure.executed(), Executed::Unknown);
    let _ = running.wait();
    let dead = caller.spawn(move || async move { Door::at(address).secret().await });
    let failure = dead.wait().unwrap().unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unreachable);
    assert_eq!(failure.executed(), Executed::NotExecuted);
}

#[test]
fn only_idempotent_calls_are_made_again() {
    let counters: &'static Counters = Box::leak(Box::default());
    // An address that no other test has, so that the second node finds it free.
    let serve = |address: &str| {
        let node = world::builder_with(counters).stop_timeout(Duration::ZERO);
        let running = node.listen(address).build().unwrap().start().unwrap();
        let address = running.addresses().last().unwrap().clone();
        (running, address)
    };
    let (first, address) = serve("127.0.0.71:0");
    let caller = caller();
    let there = address.clone();
    let again = caller.spawn(move || async move { Door::at(there).again(1).await });
    let there = address.clone();
    let slow = caller.spawn(move || async move { Door::at(there).slow(ms(60_000)).await });
    std::thread::sleep(Duration::from_millis(200));
    drop(first);
    let (_second, _) = serve(&address);
    assert_eq!(again.wait().unwrap(), Ok(1));
    let failure = slow.wait().unwrap().unwrap_err();
    assert_eq!(failure.executed(), Executed::Unknown);
    assert!(
        matches!(
            failure.kind(),
            FailureKind::Unreachable | FailureKind::Cancelled
        ),
        "{failure:?}"
    );
}

#[test]
fn a_circle_through_two_nodes_is_a_deadlock_with_its_path() {
    let (one, here) = world::node();
    let (_two, there) = world::start(world::builder().name("quay"));
    let failure = one.spawn(move || async move {
        let other = Guest::reference(AccountId(2));
        Guest::of(AccountId(1)).circle(other, there, here).await
    });
    let failure = failure.wait().unwrap().unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Deadlock);
    let path = failure.path();
    let places = ["Guest(1).circle", "Guest(2).meet", "Guest(1).hold"].map(|it| path.find(it));
    assert!(places.is_sorted() && places[0].is_some(), "{path}");
}

#[test]
fn two_that_wait_for_one_another_across_nodes_are_told() {
    let (one, here) = world::node();
    let (two, there) = world::start(world::builder().name("quay"));
    // Each holds its own guest long enough for the other to have begun, then calls the other's.
    let first = one.spawn(move || {
        let other = Guest::reference(AccountId(2));
        Guest::of(AccountId(1)).meet(other, there, ms(300))
    });
    let second = two.spawn(move || {
        let other = Guest::reference(AccountId(1));
        Guest::of(AccountId(2)).meet(other, here, ms(300))
    });
    let outcomes = [first.wait().unwrap(), second.wait().unwrap()];
    let deadlocks = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    let deadlocks = deadlocks.filter(|failure| failure.kind() == FailureKind::Deadlock);
    // One of them gives way, or both do on a machine that is slow; none runs into its deadline.
    assert!(deadlocks.count() >= 1, "{outcomes:?}");
    for outcome in &outcomes {
        let kind = outcome.as_ref().err().map(Failure::kind);
        assert!(
            matches!(kind, None | Some(FailureKind::Deadlock)),
            "{outcomes:?}"
        );
    }
}

#[test]
fn three_that_wait_in_a_circle_across_nodes_are_told() {
    let names = ["pier", "quay", "mole"];
    let nodes = names.map(|name| world::start(world::builder().name(name)));
    let meet = |index: usize| {
        let account = u64::try_from(index).unwrap() + 1;
        let next = (index + 1) % 3;
        let other = Guest::reference(AccountId(u64::try_from(next).unwrap() + 1));
        let there = nodes[next].1.clone();
        let call = move || Guest::of(AccountId(account)).meet(other, there, ms(300));
        nodes[index].0.spawn(call)
    };
    let outcomes = [meet(0), meet(1), meet(2)].map(|call| call.wait().unwrap());
    let found: Vec<&Failure> = outcomes.iter().filter_map(|it| it.as_ref().err()).collect();
    assert!(!found.is_empty(), "{outcomes:?}");
    for failure in found {
        assert_eq!(failure.kind(), FailureKind::Deadlock, "{outcomes:?}");
        let path = failure.path();
        let all = ["Guest(1).", "Guest(2).", "Guest(3)."];
        assert!(all.iter().all(|guest| path.contains(guest)), "{path}");
    }
}

/// Refuses one call and counts the others.
#[derive(Default)]
struct Counting {
    seen: Mutex<Vec<String>>,
}

struct Interceptors(&'static Counting);

impl Interceptor for Interceptors {
    fn before(&self, call: &CallInfo<'_>) -> Result<(), Failure> {
        if call.call.name == "secret" && call.direction == Direction::In {
            return Err(Failure::not_executed(FailureKind::Denied).because("not today"));
        }
        Ok(())
    }

    fn after(&self, call: &CallInfo<'_>, outcome: &CallOutcome) {
        let seen = format!(
            "{:?} {}.{} {outcome:?}",
            call.direction, call.owner, call.call.name
        );
        self.0.seen.lock().unwrap().push(seen);
    }
}

#[test]
fn interceptors_see_calls_of_links_and_may_refuse_them() {
    let counting: &'static Counting = Box::leak(Box::default());
    let (_running, address) = world::start(world::builder().interceptor(Interceptors(counting)));
    let caller = caller();
    let outcomes = caller.spawn(move || async move {
        let door = Door::at(address);
        (
            door.secret().await,
            door.weather("west").await,
            door.enter(1).await,
        )
    });
    let (secret, weather, enter) = outcomes.wait().unwrap();
    let failure = secret.unwrap_err();
    assert_eq!(
        (failure.kind(), failure.text()),
        (FailureKind::Denied, "not today")
    );
    assert!(weather.is_ok() && enter.is_err());
    let seen = counting.seen.lock().unwrap();
    let expected = ["In Door.weather Ok", "In Door.enter Thrown"];
    assert!(
        expected.iter().all(|it| seen.iter().any(|seen| seen == it)),
        "{seen:?}"
    );
}

#[test]
fn a_stranger_is_not_served_before_its_hello_and_unknown_calls_are_named() {
    let (_running, address) = world::node();
    client::run(async move {
        let peer = Client::connect(&address, Role::Node);
        let unknown = playhouse_wire::message::Method {
            package: 11,
            number: 1,
            slot: 0,
            tag: 99,
        };
        let ended = peer.raw(unknown, None, &[0x90]).await;
        ended.refused(playhouse_wire::message::FailureKind::Unimplemented);
        let nobody = playhouse_wire::message::Method {
            package: 11,
            number: 999,
            slot: 0,
            tag: 1,
        };
        let ended = peer.raw(nobody, None, &[0x90]).await;
        ended.refused(playhouse_wire::message::FailureKind::NotFound);
        let args = DoorWeatherArgs {
            region: "x".to_owned(),
        };
        let weather = method::<Door, DoorWeatherArgs>(0);
        for bytes in [vec![0xc1], vec![0x91, 0x93], vec![0x91, 0xa1, b'x', 0]] {
            let ended = peer.raw(weather, None, &bytes).await;
            ended.refused(playhouse_wire::message::FailureKind::Invalid);
        }
        let ended = peer.raw(weather, None, &playhouse::to_vec(&args)).await;
        assert!(matches!(ended, Ended::Ok(_)));
    });
}
