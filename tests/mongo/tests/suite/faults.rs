//! What the store makes of a server's faults.

use std::sync::Arc;

use mongodb::bson::{Document, doc};
use playhouse_mongo_tests::Server;
use playhouse_store::{Commit, Committed, Store, StoreError, Value};
use playhouse_store_tests::{AVATARS, Held, block_on};

use crate::Opened;

fn failing() -> Server {
    match Server::start(&["--enable-test-commands", "--sync-on-commit"]) {
        Ok(server) => server,
        Err(error) => panic!("{error:#}"),
    }
}

async fn ask(store: &dyn Store, commit: &Commit) -> Result<Vec<Committed>, StoreError> {
    store.commit(vec![Arc::new(commit.clone())]).await
}

/// A commit that meets `data`, and the same one once more: what the first is answered with, and that the second applies once.
#[track_caller]
fn check(opened: &Opened, server: &Server, key: &str, data: Document) -> StoreError {
    let store = opened.store();
    let held = block_on(Held::claim(&store, AVATARS, key, 1));
    let commit = held.set("gold", Value::Unsigned(5));
    opened.fail(server, "update", 1, data);
    let error = match block_on(ask(&*store, &commit)) {
        Err(error) => error,
        Ok(outcome) => panic!("{outcome:?}"),
    };
    let outcomes = opened.until_answered(&[Arc::new(commit.clone())]);
    assert_eq!(outcomes, [Committed::Applied]);
    let found = block_on(store.read(commit.id.clone())).expect("a read");
    assert_eq!(found.map(|document| document.header.rev), Some(2));
    error
}

#[test]
fn a_commit_whose_outcome_is_not_sure_is_unknown_and_applies_once() {
    let server = failing();
    let opened = Opened::at(&server, "faults");
    let concern = doc! { "code": 64, "errmsg": "waiting for replication timed out" };
    // It was done, and no majority vouches for it.
    let error = check(
        &opened,
        &server,
        "u1",
        doc! { "writeConcernError": concern },
    );
    assert!(
        matches!(&error, StoreError::Unknown(why) if why.contains("code 64")),
        "{error:?}"
    );
    let error = check(&opened, &server, "u2", doc! { "closeConnection": true });
    assert!(matches!(error, StoreError::Unknown(_)), "{error:?}");
    // The server steps down in the middle of it.
    let error = check(&opened, &server, "u3", doc! { "errorCode": 11_602 });
    assert!(matches!(error, StoreError::Unknown(_)), "{error:?}");
    // The server is no primary: nothing was done.
    let error = check(&opened, &server, "u4", doc! { "errorCode": 10_107 });
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    let error = check(&opened, &server, "u5", doc! { "errorCode": 13 });
    assert!(matches!(error, StoreError::Denied(_)), "{error:?}");
}

#[test]
fn a_claim_that_no_majority_vouches_for_is_unknown() {
    let server = failing();
    let opened = Opened::at(&server, "faults");
    let store = opened.store();
    block_on(Held::claim(&store, AVATARS, "u1", 1));
    let data = doc! { "writeConcernError": { "code": 64, "errmsg": "late" } };
    for name in ["findAndModify", "insert"] {
        opened.fail(&server, name, 1, data.clone());
        let key = if name == "insert" { "new" } else { "u1" };
        let id = playhouse_store::DocumentId::new(AVATARS, key);
        let claim = playhouse_store_tests::held::claim(&id, 2);
        let claimed = block_on(store.claim(claim));
        assert!(
            matches!(claimed, Err(StoreError::Unknown(_))),
            "{claimed:?}"
        );
    }
    assert_eq!(
        block_on(Held::claim(&store, AVATARS, "u1", 3))
            .document
            .header
            .epoch,
        3
    );
}

#[test]
fn a_read_that_fails_has_done_nothing() {
    let server = failing();
    let opened = Opened::at(&server, "faults");
    let store = opened.store();
    let held = block_on(Held::claim(&store, AVATARS, "u1", 1));
    // The driver reads once more by itself.
    opened.fail(&server, "find", 2, doc! { "closeConnection": true });
    let id = held.document.id;
    let read = block_on(store.read(id.clone()));
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert!(block_on(store.read(id)).is_ok_and(|found| found.is_some()));
}

#[test]
fn a_transaction_whose_commit_gets_no_answer_is_asked_about_and_then_unknown() {
    let mut server = failing();
    let opened = Opened::at(&server, "faults");
    let store = opened.store();
    let mut pair = ["u1", "u2"].map(|key| block_on(Held::claim(&store, AVATARS, key, 1)));
    let commits = |pair: &[Held; 2], gold| {
        let commit = |held: &Held| Arc::new(held.set("gold", Value::Unsigned(gold)));
        pair.iter().map(commit).collect::<Vec<_>>()
    };
    // The driver asks twice by itself.
    opened.fail(
        &server,
        "commitTransaction",
        3,
        doc! { "closeConnection": true },
    );
    let outcome = block_on(store.commit(commits(&pair, 5)));
    assert_eq!(outcome, Ok(vec![Committed::Applied; 2]));
    pair.iter_mut().for_each(|held| held.rev += 1);
    opened.fail(
        &server,
        "commitTransaction",
        1000,
        doc! { "closeConnection": true },
    );
    let outcome = block_on(store.commit(commits(&pair, 6)));
    assert!(
        matches!(outcome, Err(StoreError::Unknown(_))),
        "{outcome:?}"
    );
    // A server that has crashed has no transactions under way.
    server.kill();
    server.resume().expect("it is installed");
    assert_eq!(
        opened.until_answered(&commits(&pair, 6)),
        [Committed::Applied, Committed::Applied]
    );
}

#[test]
fn a_conflict_within_a_transaction_is_tried_again() {
    let server = failing();
    let opened = Opened::at(&server, "faults");
    let store = opened.store();
    let both = ["u1", "u2"].map(|key| {
        let held = block_on(Held::claim(&store, AVATARS, key, 1));
        Arc::new(held.set("gold", Value::Unsigned(5)))
    });
    opened.fail(&server, "update", 2, doc! { "errorCode": 112 });
    let outcome = block_on(store.commit(both.to_vec()));
    assert_eq!(outcome, Ok(vec![Committed::Applied; 2]));
}
