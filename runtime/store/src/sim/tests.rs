//! What a simulated store does and what it loses.

use std::future::Future;

use tokio::task::LocalSet;

use super::*;
use crate::document::Owner;
use crate::request::{End, Take};
use crate::value::{Path, Update, Value};

/// Numbers that a seed decides.
fn chance(seed: u64) -> impl Fn() -> u64 {
    let state = std::cell::Cell::new(seed);
    move || {
        state.set(state.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let z = state.get();
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn on_stopped_time<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, test)
}

fn claim(key: &str) -> Claim {
    Claim {
        id: DocumentId::new("t", key),
        owner: Owner {
            node: "a".into(),
            incarnation: 1,
        },
        seen: None,
        take: Take::Any,
        create: true,
        birth: 7,
    }
}

async fn claimed(store: &dyn Store, key: &str) -> Document {
    match store.claim(claim(key)).await {
        Ok(Claimed::Mine(document)) => *document,
        other => panic!("{other:?}"),
    }
}

fn commit(document: &Document, number: u64) -> Vec<Arc<Commit>> {
    let mut update = Update::new();
    update.set(Path::of(["body", "number"]), Value::Unsigned(number));
    vec![Arc::new(Commit {
        id: document.id.clone(),
        birth: document.header.birth,
        owner: claim("").owner,
        epoch: document.header.epoch,
        rev: document.header.rev,
        update,
        schema: 0,
        pending: false,
        wake_us: None,
        end: End::Stays,
    })]
}

fn number(store: &SimStore, key: &str) -> Option<u64> {
    let documents = store.documents();
    let document = documents.read(&DocumentId::new("t", key))?;
    match document
        .root
        .at(&["body".to_owned(), "number".to_owned()])?
    {
        Value::Unsigned(number) => Some(*number),
        _ => None,
    }
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn answers_take_their_time() {
    on_stopped_time(async {
        let store = SimStore::new(chance(1));
        let began = Instant::now();
        claimed(&*store.for_host("a", 0), "x").await;
        let took = began.elapsed();
        assert!((MS..6 * MS).contains(&took), "{took:?}");
    });
}

#[test]
fn a_write_lands_though_its_issuer_is_gone() {
    on_stopped_time(async {
        let store = SimStore::new(chance(1));
        let host = store.for_host("a", 0);
        let document = claimed(&*host, "x").await;
        store.set_faults(Faults {
            late: 1.0,
            late_by: 1_000 * MS..1_001 * MS,
            patience: 10 * MS,
            ..Faults::none()
        });
        let answer = host.commit(commit(&document, 5)).await;
        assert!(matches!(answer, Err(StoreError::Unknown(_))), "{answer:?}");
        drop(host.commit(commit(&document, 5)));
        tokio::time::sleep(2_000 * MS).await;
        let again = store.for_host("a", 1);
        assert!(again.read(document.id.clone()).await.is_err());
        assert_eq!(number(&store, "x"), Some(5));
    });
}

#[test]
fn a_life_that_is_over_asks_for_nothing() {
    on_stopped_time(async {
        let store = SimStore::new(chance(1));
        let old = store.for_host("a", 0);
        let document = claimed(&*old, "x").await;
        let _new = store.for_host("a", 1);
        let dead = old.commit(commit(&document, 5));
        let waited = tokio::time::timeout(10_000 * MS, dead).await;
        assert!(waited.is_err());
        store.settle();
        assert_eq!(number(&store, "x"), None);
    });
}

#[test]
fn who_is_cut_off_hears_nothing_and_others_go_on() {
    on_stopped_time(async {
        let store = SimStore::new(chance(1));
        let (a, b) = (store.for_host("a", 0), store.for_host("b", 0));
        store.partition("a");
        let answer = a.claim(claim("x")).await;
        assert!(matches!(answer, Err(StoreError::Unknown(_))), "{answer:?}");
        assert_eq!(store.documents().iter().count(), 0);
        claimed(&*b, "x").await;
        store.heal("a");
        assert_eq!(claimed(&*a, "x").await.header.epoch, 2);
    });
}

/// Commits one after another, and dies in the middle of it.
#[test]
fn a_crash_loses_what_was_not_answered_and_nothing_else() {
    let mut lost = 0;
    let mut kept = 0;
    for seed in 0..200 {
        on_stopped_time(async {
            let store = SimStore::new(chance(seed));
            let host = store.for_host("a", 0);
            let mut documents = Vec::new();
            for key in ["x", "y", "z"] {
                documents.push(claimed(&*host, key).await);
            }
            let answers: Vec<_> = documents
                .iter()
                .map(|document| host.commit(commit(document, 1)))
                .collect();
            tokio::time::sleep(Duration::from_micros(seed * 20)).await;
            store.crash(&(5 * MS..6 * MS));
            for (answer, document) in answers.into_iter().zip(&documents) {
                let there = number(&store, &document.id.key);
                match answer.await {
                    Ok(_) => assert_eq!(there, Some(1), "seed {seed}: it was answered"),
                    Err(StoreError::Unknown(_)) if there == Some(1) => kept += 1,
                    Err(_) => lost += 1,
                }
            }
            tokio::time::sleep(10 * MS).await;
            let again = claimed(&*host, "x").await;
            assert_eq!(again.header.epoch, 2, "seed {seed}: the claim was answered");
        });
    }
    assert!(lost > 20 && kept > 20, "{lost} lost and {kept} kept");
}

/// What chance does to many commits: nothing that was answered is ever lost, and each fault is met.
#[test]
fn with_every_fault_answers_stay_true() {
    let (mut refused, mut unknown, mut done) = (0, 0, 0);
    for seed in 0..50 {
        on_stopped_time(async {
            let store = SimStore::new(chance(seed));
            let host = store.for_host("a", 0);
            let mut document = claimed(&*host, "x").await;
            store.set_faults(Faults::wild());
            for nth in 1..30 {
                match host.commit(commit(&document, nth)).await {
                    Ok(outcomes) => {
                        assert_eq!(outcomes, [Committed::Applied], "seed {seed}");
                        assert_eq!(number(&store, "x"), Some(nth), "seed {seed}");
                        document.header.rev += 1;
                        done += 1;
                    }
                    Err(StoreError::Unavailable(_)) => refused += 1,
                    Err(_) => {
                        unknown += 1;
                        store.set_faults(Faults::none());
                        tokio::time::sleep(2_000 * MS).await;
                        document = claimed(&*host, "x").await;
                        store.set_faults(Faults::wild());
                    }
                }
            }
        });
    }
    assert!(
        refused > 10 && unknown > 50 && done > 500,
        "{refused} refused, {unknown} unknown, {done} done"
    );
}
