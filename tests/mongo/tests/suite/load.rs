//! A server that crashes and comes back while commits are under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use playhouse_mongo_tests::Server;
use playhouse_store::{Committed, Value};
use playhouse_store_tests::{AVATARS, Held, block_on};

use crate::Opened;

/// Entities that are saved at the same time.
const ENTITIES: u64 = 6;
/// How often each of them is saved.
const SAVES: u64 = 40;
/// After so many saves in all the server crashes, each time.
const CRASHES: [u64; 2] = [60, 150];

#[test]
fn a_restart_in_mid_load_loses_nothing_that_was_acknowledged_and_doubles_nothing() {
    // Without this the server does not keep what its process did not write out.
    let mut server = match Server::start(&["--sync-on-commit"]) {
        Ok(server) => server,
        Err(error) => panic!("{error:#}"),
    };
    let opened = Opened::at(&server, "load");
    let saved = Arc::new(AtomicU64::new(0));
    let store = opened.store();
    let claimed: Vec<Held> = (0..ENTITIES)
        .map(|key| block_on(Held::claim(&store, AVATARS, &format!("u{key}"), 1)))
        .collect();
    thread::scope(|scope| {
        for mut held in claimed.clone() {
            let (opened, saved) = (&opened, saved.clone());
            scope.spawn(move || {
                for count in 1..=SAVES {
                    let commit = held.set("n", Value::Unsigned(count));
                    let outcomes = opened.until_answered(&[Arc::new(commit)]);
                    assert_eq!(outcomes, [Committed::Applied]);
                    held.rev += 1;
                    saved.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for crash in CRASHES {
            while saved.load(Ordering::Relaxed) < crash {
                thread::sleep(Duration::from_millis(1));
            }
            server.kill();
            server.resume().expect("it was installed a moment ago");
        }
    });
    for held in claimed {
        let id = held.document.id;
        let document = block_on(store.read(id))
            .expect("a read")
            .expect("it is there");
        // One for the claim, and one for each save.
        assert_eq!(document.header.rev, 1 + SAVES);
        let count = document.root.at(&["body".to_owned(), "n".to_owned()]);
        assert_eq!(count, Some(&Value::Unsigned(SAVES)));
    }
}
