//! Lists: what wants to be run, and what there is.

use std::rc::Rc;

use playhouse_store::{Committed, End, Quarantine, Store, Sweep};

use crate::held::{owner, text};
use crate::{AVATARS, GUILDS, Held};

async fn sweep(store: &Rc<dyn Store>, now_us: i64, except: u64, limit: usize) -> Vec<String> {
    let sweep = Sweep {
        now_us,
        except: owner(except),
        limit,
    };
    let found = store.sweep(sweep).await.expect("answered");
    let mut keys: Vec<_> = found.iter().map(|(id, _)| id.to_string()).collect();
    keys.sort();
    keys
}

async fn held(
    store: &Rc<dyn Store>,
    collection: &str,
    key: &str,
    pending: bool,
    wake_us: Option<i64>,
) -> Held {
    let mut held = Held::claim(store, collection, key, 1).await;
    let mut commit = held.commit();
    commit.pending = pending;
    commit.wake_us = wake_us;
    assert_eq!(held.apply(store, commit).await, Committed::Applied);
    held
}

/// With the header that it has, until it has none any more.
pub async fn what_has_messages_is_swept(store: Rc<dyn Store>) {
    let mut first = held(&store, AVATARS, "u1", true, None).await;
    held(&store, AVATARS, "u2", false, None).await;
    held(&store, GUILDS, "u1", true, None).await;
    let both = ["suite.Avatar/u1", "suite.Guild/u1"];
    assert_eq!(sweep(&store, 0, 9, 9).await, both);
    assert_eq!(sweep(&store, 0, 9, 1).await.len(), 1);
    assert!(sweep(&store, 0, 9, 0).await.is_empty());
    let commit = first.set("name", text("Ada"));
    assert_eq!(first.apply(&store, commit).await, Committed::Applied);
    assert_eq!(sweep(&store, 0, 9, 9).await, ["suite.Guild/u1"]);
    let mut guild = Held::claim(&store, GUILDS, "u1", 2).await;
    let found = store.sweep(Sweep {
        now_us: 0,
        except: owner(9),
        limit: 9,
    });
    let found = found.await.expect("answered");
    assert_eq!(found[0].1, guild.document.header);
    let mut last = guild.commit();
    last.pending = true;
    last.end = End::Deleted;
    assert_eq!(guild.apply(&store, last).await, Committed::Applied);
    assert!(sweep(&store, 0, 9, 9).await.is_empty());
}

/// At that microsecond, once however many reasons there are, and not after the time was taken back.
pub async fn what_has_a_time_that_came_is_swept(store: Rc<dyn Store>) {
    held(&store, AVATARS, "u1", false, Some(1000)).await;
    held(&store, AVATARS, "u2", false, Some(-5)).await;
    let mut third = held(&store, AVATARS, "u3", true, Some(7)).await;
    let (early, late) = ("suite.Avatar/u2", "suite.Avatar/u1");
    assert_eq!(sweep(&store, -6, 9, 9).await, ["suite.Avatar/u3"]);
    assert_eq!(sweep(&store, -5, 9, 9).await, [early, "suite.Avatar/u3"]);
    assert_eq!(sweep(&store, 999, 9, 9).await, [early, "suite.Avatar/u3"]);
    assert_eq!(
        sweep(&store, 1000, 9, 9).await,
        [late, early, "suite.Avatar/u3"]
    );
    let commit = third.commit();
    assert_eq!(third.apply(&store, commit).await, Committed::Applied);
    assert_eq!(sweep(&store, 7, 9, 9).await, [early]);
    let mut commit = third.commit();
    commit.wake_us = Some(2000);
    assert_eq!(third.apply(&store, commit).await, Committed::Applied);
    assert_eq!(sweep(&store, 1999, 9, 9).await, [late, early]);
    assert_eq!(
        sweep(&store, i64::MAX, 9, 9).await,
        [late, early, "suite.Avatar/u3"]
    );
}

/// But not another life of it, nor what was released.
pub async fn sweeps_leave_out_an_owner_and_quarantine(store: Rc<dyn Store>) {
    let mut first = held(&store, AVATARS, "u1", true, Some(0)).await;
    assert!(sweep(&store, 0, 1, 9).await.is_empty());
    assert_eq!(sweep(&store, 0, 2, 9).await, ["suite.Avatar/u1"]);
    let mut commit = first.commit();
    commit.pending = true;
    commit.end = End::Released;
    assert_eq!(first.apply(&store, commit).await, Committed::Applied);
    assert_eq!(sweep(&store, 0, 1, 9).await, ["suite.Avatar/u1"]);
    let mark = |why: Option<&str>| {
        store.quarantine(Quarantine {
            id: first.document.id.clone(),
            why: why.map(str::to_owned),
        })
    };
    assert_eq!(mark(Some("odd")).await, Ok(()));
    assert!(sweep(&store, 0, 1, 9).await.is_empty());
    assert_eq!(mark(None).await, Ok(()));
    assert_eq!(sweep(&store, 0, 1, 9).await, ["suite.Avatar/u1"]);
}

/// In the order of keys, each document once, and of one collection.
pub async fn scans_go_page_by_page(store: Rc<dyn Store>) {
    let keys = ["", "u1", "u10", "u1\0", "u2", "ü", "a", "u1/u1"];
    for key in keys {
        let mut held = Held::claim(&store, AVATARS, key, 1).await;
        let commit = held.set("name", text(key));
        assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    }
    held(&store, GUILDS, "u1", false, None).await;
    // A collection whose name another's begins with.
    held(&store, "suite.Avatar2", "u1", false, None).await;
    let mut sorted: Vec<_> = keys.map(str::to_owned).into();
    sorted.sort();
    for limit in [1, 2, 3, 7, 8, 100] {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = store.scan(AVATARS.into(), after.clone(), limit);
            let page = page.await.expect("answered");
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(last.id.key.clone());
            for document in &page {
                let name = document.root.at(&["body".into(), "name".into()]);
                assert_eq!(name, Some(&text(&document.id.key)));
                found.push(document.id.key.to_string());
            }
        }
        assert_eq!(found, sorted, "by {limit}");
    }
    let none = store.scan(AVATARS.into(), None, 0).await;
    assert_eq!(none, Ok(Vec::new()));
    let behind = store.scan(AVATARS.into(), Some("u11".into()), 1).await;
    assert_eq!(
        behind.map(|page| page[0].id.key.to_string()),
        Ok("u2".to_owned())
    );
    let none = store.scan("suite.Nothing".into(), None, 9).await;
    assert_eq!(none, Ok(Vec::new()));
}
