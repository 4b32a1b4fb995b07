//! Claims: whose a document is.

use std::rc::Rc;

use playhouse_store::{
    Answer, Claim, Claimed, Committed, DocumentId, End, Quarantine, Store, Take, Value,
};

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

/// Nobody else's document: a new one, one that was released, and one's own.
pub async fn a_free_claim_takes_what_nobody_else_has(store: Rc<dyn Store>) {
    let id = DocumentId::new(AVATARS, "u1");
    let free = |by| {
        store.claim(Claim {
            take: Take::Free,
            ..claim(&id, by)
        })
    };
    let Ok(Claimed::Mine(made)) = free(1).await else {
        panic!("a new document is nobody's");
    };
    assert_eq!((made.header.birth, made.header.epoch), (1, 1));
    let Ok(Claimed::Mine(again)) = free(1).await else {
        panic!("it is the claimer's own");
    };
    assert_eq!((again.header.birth, again.header.epoch), (1, 2));
    let owned = read(&store, &id).await;
    assert_eq!(free(2).await, Ok(Claimed::Owned(owned.header.clone())));
    assert_eq!(read(&store, &id).await, owned);
    let mut held = Held::new(*again);
    let mut release = held.set("gold", Value::Unsigned(3));
    release.end = End::Released;
    assert_eq!(held.apply(&store, release).await, Committed::Applied);
    let Ok(Claimed::Mine(released)) = free(2).await else {
        panic!("it was released");
    };
    assert_eq!((released.header.epoch, released.header.rev), (3, 4));
    assert_eq!(released.header.owner, Some(owner(2)));
}

/// From the owner that is named, from nobody and from oneself; from nobody else.
pub async fn a_claim_from_an_owner_takes_from_no_other(store: Rc<dyn Store>) {
    Held::claim(&store, AVATARS, "u1", 1).await;
    let id = DocumentId::new(AVATARS, "u1");
    let from = |over, by| {
        store.claim(Claim {
            take: Take::From(owner(over)),
            ..claim(&id, by)
        })
    };
    let before = read(&store, &id).await;
    assert_eq!(from(3, 2).await, Ok(Claimed::Owned(before.header.clone())));
    assert_eq!(read(&store, &id).await, before);
    assert!(matches!(from(1, 2).await, Ok(Claimed::Mine(_))));
    // It was taken already: the proof that the first is over says nothing of the second.
    let taken = read(&store, &id).await;
    assert_eq!(from(1, 3).await, Ok(Claimed::Owned(taken.header.clone())));
    // An answer that was lost: the same claim once more.
    assert!(matches!(from(1, 2).await, Ok(Claimed::Mine(_))));
    assert_eq!(read(&store, &id).await.header.epoch, 3);
}

/// Where both epoch and owner are others, the epoch is what is said.
pub async fn an_epoch_that_moved_is_said_before_whose_it_is(store: Rc<dyn Store>) {
    let held = Held::claim(&store, AVATARS, "u1", 1).await;
    let attempt = Claim {
        seen: Some(7),
        take: Take::Free,
        ..claim(&held.document.id, 2)
    };
    let moved = Claimed::Moved(held.document.header.clone());
    assert_eq!(store.claim(attempt).await, Ok(moved));
}

/// The other is told who was faster.
pub async fn of_two_that_make_a_document_at_once_one_has_it(store: Rc<dyn Store>) {
    for key in ["u1", "u2", "u3", "u4"] {
        let id = DocumentId::new(AVATARS, key);
        let attempt = |by| {
            store.claim(Claim {
                take: Take::Free,
                ..claim(&id, by)
            })
        };
        one_has_it(&store, &id, attempt(1), attempt(2)).await;
        assert_eq!(read(&store, &id).await.header.epoch, 1);
    }
}

/// Of those who have the proof that its owner is over, one takes it over.
pub async fn of_two_that_take_over_at_once_one_has_it(store: Rc<dyn Store>) {
    for key in ["u1", "u2", "u3", "u4"] {
        let held = Held::claim(&store, AVATARS, key, 1).await;
        let id = held.document.id.clone();
        let attempt = |by| {
            store.claim(Claim {
                take: Take::From(owner(1)),
                ..claim(&id, by)
            })
        };
        one_has_it(&store, &id, attempt(2), attempt(3)).await;
        assert_eq!(read(&store, &id).await.header.epoch, 2);
    }
}

async fn one_has_it(
    store: &Rc<dyn Store>,
    id: &DocumentId,
    first: Answer<Claimed>,
    second: Answer<Claimed>,
) {
    let (first, second) = tokio::join!(first, second);
    let now = read(store, id).await.header;
    let (mine, other) = match (first, second) {
        (Ok(Claimed::Mine(mine)), Ok(other)) | (Ok(other), Ok(Claimed::Mine(mine))) => {
            (mine, other)
        }
        neither => panic!("nobody has it: {neither:?}"),
    };
    assert_eq!(mine.header, now);
    assert_eq!(other, Claimed::Owned(now));
}
