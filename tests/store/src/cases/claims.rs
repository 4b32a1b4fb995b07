//! Claims: whose a document is.

use std::rc::Rc;

use playhouse_store::{Claim, Claimed, Committed, DocumentId, Quarantine, Store, Value};

use crate::held::{claim, one, owner, read, text};
use crate::{AVATARS, GUILDS, Held, plain};

/// Epoch and revision begin at 1, the birth is the claimer's, and nothing is in it.
pub async fn a_claim_makes_a_document(store: Rc<dyn Store>) {
    let held = Held::claim(&store, AVATARS, "u1", 7).await;
    let header = &held.document.header;
    assert_eq!((header.birth, header.epoch, header.rev), (7, 1, 1));
    assert_eq!(header.owner, Some(owner(7)));
    assert!(!header.born && !header.pending && header.wake_us.is_none() && header.schema == 0);
    assert_eq!(plain(held.document.root.clone()), plain(Value::table()));
    assert_eq!(held.document.id, DocumentId::new(AVATARS, "u1"));
    let other = Held::claim(&store, GUILDS, "u1", 8).await;
    assert_eq!(other.document.header.birth, 8);
}

/// By one each, and the birth stays.
pub async fn a_claim_raises_epoch_and_revision(store: Rc<dyn Store>) {
    let mut first = Held::claim(&store, AVATARS, "u1", 1).await;
    let commit = first.set("gold", Value::Unsigned(5));
    assert_eq!(first.apply(&store, commit).await, Committed::Applied);
    let second = Held::claim(&store, AVATARS, "u1", 2).await;
    let header = &second.document.header;
    assert_eq!((header.birth, header.epoch, header.rev), (1, 2, 3));
    assert_eq!(header.owner, Some(owner(2)));
    assert!(header.born);
}

/// Also what was committed a moment before, and not yet answered.
pub async fn a_claim_gives_what_was_committed_last(store: Rc<dyn Store>) {
    let first = Held::claim(&store, AVATARS, "u1", 1).await;
    for gold in 1..=10 {
        let held = Held::claim(&store, AVATARS, "u1", 1).await;
        let commit = held.set("gold", Value::Unsigned(gold));
        assert_eq!(one(&store, &commit).await, Committed::Applied);
        let after = Held::claim(&store, AVATARS, "u1", 2).await;
        let gold = Value::Unsigned(gold);
        assert_eq!(
            after.document.root.at(&["body".into(), "gold".into()]),
            Some(&gold)
        );
    }
    let now = read(&store, &first.document.id).await;
    assert_eq!(now.header.epoch, 21);
}

/// It says what there is.
pub async fn a_claim_of_another_epoch_than_seen_changes_nothing(store: Rc<dyn Store>) {
    let held = Held::claim(&store, AVATARS, "u1", 1).await;
    let before = read(&store, &held.document.id).await;
    for seen in [0, 2, u64::MAX >> 1] {
        let claim = Claim {
            seen: Some(seen),
            ..claim(&held.document.id, 2)
        };
        let moved = Claimed::Moved(before.header.clone());
        assert_eq!(store.claim(claim).await, Ok(moved));
    }
    assert_eq!(read(&store, &held.document.id).await, before);
    let claim = Claim {
        seen: Some(1),
        ..claim(&held.document.id, 2)
    };
    assert!(matches!(store.claim(claim).await, Ok(Claimed::Mine(_))));
}

/// And none is there afterwards.
pub async fn a_claim_that_must_not_make_finds_none(store: Rc<dyn Store>) {
    let id = DocumentId::new(AVATARS, "u1");
    let claim = Claim {
        create: false,
        ..claim(&id, 1)
    };
    assert_eq!(store.claim(claim).await, Ok(Claimed::Absent));
    assert_eq!(store.read(id).await, Ok(None));
}

/// Until the mark is taken off. It can be read all the while. What is absent is not marked.
pub async fn what_is_in_quarantine_is_not_claimed(store: Rc<dyn Store>) {
    let held = Held::claim(&store, AVATARS, "u1", 1).await;
    let id = held.document.id.clone();
    let mark = |id: &DocumentId, why: Option<&str>| {
        store.quarantine(Quarantine {
            id: id.clone(),
            why: why.map(str::to_owned),
        })
    };
    assert_eq!(mark(&id, Some("body.gold is text")).await, Ok(()));
    let before = read(&store, &id).await;
    let why = "body.gold is text".to_owned();
    assert_eq!(
        store.claim(claim(&id, 2)).await,
        Ok(Claimed::Quarantined { why })
    );
    assert_eq!(read(&store, &id).await, before);
    assert_eq!(mark(&id, None).await, Ok(()));
    Held::claim(&store, AVATARS, "u1", 2).await;
    let absent = DocumentId::new(AVATARS, "u2");
    assert_eq!(mark(&absent, Some("it is not there")).await, Ok(()));
    Held::claim(&store, AVATARS, "u2", 2).await;
}

/// The other is told that it has moved.
pub async fn of_two_that_claim_one_epoch_one_has_it(store: Rc<dyn Store>) {
    let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
    let commit = held.set("name", text("Ada"));
    assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    let attempt = |by| {
        store.claim(Claim {
            seen: Some(1),
            ..claim(&held.document.id, by)
        })
    };
    let (second, third) = (attempt(2), attempt(3));
    let (second, third) = (second.await, third.await);
    let is_mine = |answer| matches!(answer, Ok(Claimed::Mine(_)));
    assert!(is_mine(second) != is_mine(third));
    assert_eq!(read(&store, &held.document.id).await.header.epoch, 2);
}
