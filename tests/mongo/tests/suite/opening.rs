//! How a node comes to its server, and how it does not.

use std::thread;
use std::time::Duration;

use mongodb::bson::doc;
use playhouse_mongo_tests::{Server, shared};
use playhouse_store::{Backend as _, Mongo, StoreError, Value};
use playhouse_store_tests::{AVATARS, Held, block_on, collections};

use crate::{Opened, database, system};

/// Why it can't be opened.
#[track_caller]
fn refused(mongo: Mongo) -> String {
    let system = system();
    let error = mongo.open(&collections(), system.handle());
    error.expect_err("it can't be opened").to_string()
}

#[test]
fn a_server_that_is_away_is_waited_for_up_to_a_limit() {
    let server = Server::absent(&[]).expect("a free port");
    let mongo = Mongo::at(server.uri(), "away").wait_max(Duration::from_millis(300));
    let why = refused(mongo);
    assert!(
        why.starts_with(&format!(
            "the store {}away can't be opened: it was waited for for 300ms",
            server.uri()
        )),
        "{why}"
    );
}

#[test]
fn a_server_that_comes_later_is_found() {
    let mut server = Server::absent(&[]).expect("a free port");
    let mongo = Mongo::at(server.uri(), "later");
    let opening = thread::spawn(move || Opened::new(mongo));
    server.resume().expect("it is installed");
    let opened = opening.join().expect("it is found");
    block_on(Held::claim(&opened.store(), AVATARS, "u1", 1));
}

#[test]
fn wrong_credentials_are_refused_at_once_and_never_shown() {
    // The user must outlive the process.
    let mut server = Server::start(&["--sync-on-commit"]).expect("it is installed");
    let opened = Opened::at(&server, "secrets");
    let command = doc! { "createUser": "anna", "pwd": "sesame", "roles": ["root"] };
    opened.command(&server, "admin", command);
    drop(opened);
    server.kill();
    let mut server = server.with(&["--auth"]);
    server.resume().expect("it is installed");
    let at =
        |credentials: &str| Mongo::at(server.uri_with(credentials, "authSource=admin"), "secrets");
    for (credentials, secrets) in [
        ("anna:s3s%40me", ["s3s%40me", "s3s@me"]),
        ("berta:wr0ng", ["wr0ng", "berta"]),
    ] {
        let mongo = at(credentials);
        let debug = format!("{mongo:?}");
        // It would wait for 60 s if it took the server for absent.
        let why = refused(mongo);
        assert!(why.contains("the store does not let us in"), "{why}");
        for secret in secrets {
            assert!(
                !why.contains(secret) && !debug.contains(secret),
                "{why}, {debug}"
            );
        }
    }
    let why = refused(Mongo::at(server.uri(), "secrets"));
    assert!(why.contains("can't be opened"), "{why}");
    let opened = Opened::new(at("anna:sesame"));
    block_on(Held::claim(&opened.store(), AVATARS, "u1", 1));
}

#[test]
fn what_is_no_address_is_refused_with_the_reason() {
    for uri in [
        "",
        "mongodb://",
        "http://anna:sesame@h",
        "mongodb://anna:ses/ame@h",
        "mongodb://anna:sesame@h/?maxPoolSize=sesame",
    ] {
        let why = refused(Mongo::at(uri, "game"));
        assert!(
            why.contains("its connection string is wrong"),
            "{uri}: {why}"
        );
        assert!(!why.contains("sesame") && !why.contains("ses/ame"), "{why}");
    }
    let why = refused(Mongo::at(shared().uri(), "a.b"));
    assert!(
        why.ends_with("`a.b` can't be the name of a database"),
        "{why}"
    );
}

#[test]
fn a_unique_index_over_equal_values_says_what_to_do() {
    let database = database();
    let opened = Opened::at(shared(), &database);
    let store = opened.store();
    for key in ["u1", "u2"] {
        let mut held = block_on(Held::claim(&store, AVATARS, key, 1));
        let commit = held.set("guild", Value::Text("same".to_owned()));
        block_on(held.apply(&store, commit));
    }
    let mut collections = collections();
    for collection in &mut collections {
        for index in &mut collection.indexes {
            index.unique = true;
        }
    }
    let mongo = Mongo::at(shared().uri(), &*database);
    let system = system();
    let why = mongo
        .open(&collections, system.handle())
        .expect_err("equal values");
    assert!(why.to_string().contains("the schema says @unique"), "{why}");
}

#[test]
fn a_store_that_is_not_open_says_so() {
    let mongo = Mongo::at(shared().uri(), database());
    let read = |mongo: &Mongo| {
        block_on(
            mongo
                .store()
                .read(playhouse_store::DocumentId::new(AVATARS, "u1")),
        )
    };
    assert_eq!(read(&mongo), Err(StoreError::Closed));
    let opened = Opened::new(mongo);
    assert_eq!(read(&opened.mongo), Ok(None));
    opened.mongo.close();
    assert_eq!(read(&opened.mongo), Err(StoreError::Closed));
}
