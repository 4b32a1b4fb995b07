//! A db node asked as a store.

use std::rc::Rc;
use std::sync::Arc;

use playhouse::Node;
use playhouse::db::{REQUESTS_MAX, Remote, Serving, VALUE_DEPTH_MAX};
use playhouse::store::{Committed, DocumentId, Store, StoreError, Value};
use playhouse_store_tests::cases::{commits, histories, unique, values};
use playhouse_store_tests::{AVATARS, Held, collections};

use crate::generated::SCHEMA;
use crate::schema::Hero;
use crate::world::{Kept, sim};

/// Runs a case of the stores' suite on a game node, whose store is the db node.
fn check(case: impl AsyncFnOnce(Rc<dyn Store>) + 'static) {
    let store = Kept::new(&collections());
    let sim = sim(1, &store, &["one"]);
    let ended = sim.on("one", async move || {
        case(Remote::at("db:7000").for_shard()).await
    });
    assert_eq!(ended, Some(()));
    sim.end().unwrap();
}

#[test]
fn values_and_names_come_back() {
    check(values::hostile_names_come_back);
    check(values::a_table_is_replaced_as_a_whole);
    check(values::entries_are_set_and_removed_one_by_one);
}

#[test]
fn commits_of_several_and_unique_values_are_the_stores() {
    check(commits::several_are_committed_together_or_not_at_all);
    check(unique::documents_are_found_by_value);
    check(unique::of_two_that_want_a_value_at_once_one_has_it);
}

#[test]
fn random_histories_agree_with_the_reference() {
    check(histories::random_histories_agree_with_the_reference);
}

#[test]
fn what_does_not_fit_into_a_message_is_refused_for_good() {
    check(async |store: Rc<dyn Store>| {
        let held = Held::claim(&store, AVATARS, "u1", 1).await;
        let deep =
            |levels: usize| (0..levels).fold(Value::Nil, |inner, _| Value::List(vec![inner]));
        let ask = async |value: Value| {
            let commit = held.set("x", value);
            store.commit(vec![Arc::new(commit)]).await
        };
        let outcome = ask(deep(40)).await;
        assert!(
            matches!(outcome, Err(StoreError::Unsupported(_))),
            "{outcome:?}"
        );
        let outcome = ask(Value::Bytes(vec![7; 16 << 20])).await;
        assert!(
            matches!(outcome, Err(StoreError::Unsupported(_))),
            "{outcome:?}"
        );
        let outcome = ask(deep(VALUE_DEPTH_MAX)).await;
        assert_eq!(outcome, Ok(vec![Committed::Applied]));
    });
}

#[test]
fn requests_that_wait_are_bounded() {
    let store = Kept::new(&collections());
    let sim = sim(1, &store, &["one"]);
    sim.partition("one", "db");
    let refused = sim.on("one", async || {
        let store = Remote::at("db:7000").for_shard();
        let read = || store.read(DocumentId::new(AVATARS, "u1"));
        let waiting: Vec<_> = (0..REQUESTS_MAX).map(|_| read()).collect();
        let refused = read().await;
        drop(waiting);
        refused
    });
    let refused = refused.unwrap();
    assert!(
        matches!(&refused, Err(StoreError::Unavailable(why)) if why.contains("8192 requests wait")),
        "{refused:?}"
    );
    sim.heal("one", "db");
    sim.end().unwrap();
}

#[test]
fn entities_that_begin_at_once_wait_for_the_db_node_however_many_they_are() {
    const HEROES: u64 = REQUESTS_MAX as u64 + 1_000;
    let store = Kept::new(&collections());
    let sim = sim(1, &store, &["one"]);
    let sum = sim.on("one", async || {
        let calls: Vec<_> = (0..HEROES)
            .map(|hero| tokio::task::spawn_local(Hero::of(hero).add(1)))
            .collect();
        let mut sum = 0;
        for call in calls {
            sum += call.await.unwrap().unwrap();
        }
        sum
    });
    assert_eq!(sum, Some(HEROES));
    sim.end().unwrap();
}

#[test]
fn off_a_shard_nothing_can_be_asked() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let store = Remote::at("127.0.0.1:1").for_shard();
    let read = runtime.block_on(store.read(DocumentId::new("t", "u1")));
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
}

#[test]
fn a_db_node_without_a_store_says_so() {
    let node = Node::builder().schema(&SCHEMA).roles(["db"]).shards(1);
    let node = node.service(Serving::new).listen("127.0.0.1:0");
    let running = node.build().unwrap().start().unwrap();
    let address = running.addresses().remove(0);
    let read = running.spawn(async move || {
        let store = Remote::at(address).for_shard();
        store.read(DocumentId::new("t", "u1")).await
    });
    let read = read.wait().unwrap();
    assert!(
        matches!(&read, Err(StoreError::Unavailable(why)) if why.contains("give its builder")),
        "{read:?}"
    );
}
