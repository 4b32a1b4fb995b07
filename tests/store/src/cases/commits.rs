//! Commits: what may change a document.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_store::durable::{Activation, More, Rules};
use playhouse_store::{Committed, Document, DocumentId, End, Find, Path, Store, Update, Value};

use crate::held::{one, owner, read, text};
use crate::{AVATARS, GUILDS, Held};

fn gold(document: &Document) -> Option<&Value> {
    document.root.at(&["body".into(), "gold".into()])
}

/// With all that the header says.
pub async fn a_commit_applies_and_raises_the_revision(store: Rc<dyn Store>) {
    let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
    let mut commit = held.set("gold", Value::Unsigned(5));
    commit.schema = 9;
    commit.pending = true;
    commit.wake_us = Some(-3);
    assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    let now = read(&store, &held.document.id).await;
    assert_eq!(gold(&now), Some(&Value::Unsigned(5)));
    let header = now.header;
    assert_eq!((header.schema, header.epoch, header.rev), (9, 1, 2));
    assert_eq!((header.pending, header.wake_us), (true, Some(-3)));
    assert!(header.born);
    assert_eq!(header.owner, Some(owner(1)));
    let commit = held.commit();
    assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    let now = read(&store, &held.document.id).await;
    assert_eq!(gold(&now), Some(&Value::Unsigned(5)));
    assert_eq!((now.header.pending, now.header.wake_us), (false, None));
}

/// The document has been claimed again.
pub async fn a_commit_of_a_stale_epoch_is_fenced(store: Rc<dyn Store>) {
    let first = Held::claim(&store, AVATARS, "u1", 1).await;
    Held::claim(&store, AVATARS, "u1", 1).await;
    let before = read(&store, &first.document.id).await;
    for rev in [0, 1, 2, 3] {
        let mut commit = first.set("gold", Value::Unsigned(5));
        commit.rev = rev;
        assert_eq!(one(&store, &commit).await, Committed::Fenced, "at {rev}");
    }
    assert_eq!(read(&store, &first.document.id).await, before);
}

/// A late copy of an earlier commit does nothing, nor does one from the future.
pub async fn a_commit_of_a_stale_revision_is_fenced(store: Rc<dyn Store>) {
    let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
    let first = held.set("gold", Value::Unsigned(1));
    for gold in 1..=3 {
        let commit = held.set("gold", Value::Unsigned(gold));
        assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    }
    assert_eq!(one(&store, &first).await, Committed::Fenced);
    let mut early = held.set("gold", Value::Unsigned(9));
    early.rev += 1;
    assert_eq!(one(&store, &early).await, Committed::Fenced);
    let now = read(&store, &held.document.id).await;
    assert_eq!(gold(&now), Some(&Value::Unsigned(3)));
}

/// And not applied again; also when it was what released or deleted the document.
pub async fn a_commit_that_was_applied_is_known_again(store: Rc<dyn Store>) {
    let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
    let commit = held.set("gold", Value::Unsigned(5));
    assert_eq!(held.apply(&store, commit.clone()).await, Committed::Applied);
    let after = read(&store, &held.document.id).await;
    assert_eq!(one(&store, &commit).await, Committed::Applied);
    assert_eq!(read(&store, &held.document.id).await, after);
    for end in [End::Released, End::Deleted] {
        let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
        let mut last = held.commit();
        last.end = end;
        assert_eq!(held.apply(&store, last.clone()).await, Committed::Applied);
        assert_eq!(one(&store, &last).await, Committed::Applied);
    }
}

/// Whatever epoch and revision it names.
pub async fn a_commit_of_another_owner_is_fenced(store: Rc<dyn Store>) {
    let held = Held::claim(&store, AVATARS, "u1", 1).await;
    let mut commit = held.set("gold", Value::Unsigned(5));
    commit.owner = owner(2);
    assert_eq!(one(&store, &commit).await, Committed::Fenced);
    commit.owner = owner(1);
    commit.owner.node = "another".into();
    assert_eq!(one(&store, &commit).await, Committed::Fenced);
    assert_eq!(read(&store, &held.document.id).await, held.document);
}

/// Though owner, epoch and revision are those of now.
pub async fn a_commit_of_an_earlier_life_is_fenced(store: Rc<dyn Store>) {
    let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
    let late = held.set("gold", Value::Unsigned(5));
    let mut last = held.commit();
    last.end = End::Deleted;
    assert_eq!(held.apply(&store, last).await, Committed::Applied);
    let id = held.document.id.clone();
    let mut claim = crate::held::claim(&id, 1);
    claim.birth = 2;
    assert!(store.claim(claim).await.is_ok());
    assert_eq!(one(&store, &late).await, Committed::Fenced);
    assert_eq!(gold(&read(&store, &id).await), None);
}

/// Its epoch stays, and a commit of it is fenced until it is claimed again.
pub async fn what_is_released_belongs_to_nobody(store: Rc<dyn Store>) {
    let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
    let mut commit = held.set("gold", Value::Unsigned(5));
    commit.end = End::Released;
    assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    let now = read(&store, &held.document.id).await;
    assert_eq!((now.header.owner.clone(), now.header.epoch), (None, 1));
    assert_eq!(gold(&now), Some(&Value::Unsigned(5)));
    assert_eq!(one(&store, &held.commit()).await, Committed::Fenced);
    let next = Held::claim(&store, AVATARS, "u1", 2).await;
    assert_eq!(next.document.header.epoch, 2);
    assert_eq!(gold(&next.document), Some(&Value::Unsigned(5)));
}

/// With a new birth, and nothing of what was in it.
pub async fn what_is_deleted_is_made_anew(store: Rc<dyn Store>) {
    let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
    let commit = held.set("gold", Value::Unsigned(5));
    assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    let mut commit = held.set("gold", Value::Unsigned(6));
    commit.end = End::Deleted;
    commit.pending = true;
    commit.wake_us = Some(1);
    assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    assert_eq!(store.read(held.document.id.clone()).await, Ok(None));
    assert_eq!(one(&store, &held.commit()).await, Committed::Fenced);
    let next = Held::claim(&store, AVATARS, "u1", 2).await;
    let header = &next.document.header;
    assert_eq!((header.birth, header.epoch, header.rev), (2, 1, 1));
    assert_eq!(gold(&next.document), None);
    assert!(!header.born && !header.pending && header.wake_us.is_none());
}

/// A later life of its key counts on from its epoch, and has nothing else of it.
pub async fn what_outlives_its_body_counts_on(store: Rc<dyn Store>) {
    let id = DocumentId::new(AVATARS, "u1");
    let end = |activation: &mut Activation, body: Update, end: End| {
        let more = More {
            schema: 1,
            wake_us: None,
            end,
        };
        activation.snapshot(body, more).expect("none is underway")
    };
    for life in 0..3 {
        let held = Held::claim(&store, AVATARS, "u1", life).await;
        let epoch = held.document.header.epoch;
        assert_eq!(epoch, life + 1);
        assert_eq!(gold(&held.document), None);
        let owner = held.document.header.owner.clone().expect("it was claimed");
        let activation = Activation::new(&held.document, owner, Rules::default());
        let mut activation = activation.expect("it fits");
        assert!(activation.is_fresh(), "life {life}");
        activation.count_on();
        let body = held.set("gold", Value::Unsigned(5)).update;
        let named = held.set("name", text("Ada")).update;
        let body = Update(body.0.into_iter().chain(named.0).collect());
        let born = end(&mut activation, body, End::Stays);
        assert_eq!(one(&store, &born).await, Committed::Applied);
        let _ = activation.answered(Ok(Committed::Applied));
        let last = end(&mut activation, Update::new(), End::Deleted);
        assert_eq!(one(&store, &last).await, Committed::Applied);
        assert_eq!(
            one(&store, &last).await,
            Committed::Applied,
            "it is known again"
        );
        let left = read(&store, &id).await;
        assert_eq!(
            (left.header.owner.clone(), left.header.epoch),
            (None, epoch)
        );
        assert_eq!(gold(&left), None);
        let find = Find {
            collection: AVATARS.into(),
            path: Path::of(["body", "name"]),
            value: text("Ada"),
            limit: 9,
        };
        assert_eq!(store.find(find).await, Ok(Vec::new()));
    }
}

/// Of several collections too.
pub async fn several_are_committed_together_or_not_at_all(store: Rc<dyn Store>) {
    let a = Held::claim(&store, AVATARS, "u1", 1).await;
    let b = Held::claim(&store, AVATARS, "u2", 1).await;
    let c = Held::claim(&store, GUILDS, "u1", 1).await;
    let mut taken = Held::claim(&store, AVATARS, "u3", 1).await;
    let commit = taken.set("name", text("Ada"));
    assert_eq!(taken.apply(&store, commit).await, Committed::Applied);
    let list = |held: &[&Held]| -> Vec<_> {
        let commit = |held: &&Held| Arc::new(held.set("gold", Value::Unsigned(5)));
        held.iter().map(commit).collect()
    };
    // A stale one spoils it for all.
    let mut commits = list(&[&a, &b, &c]);
    let mut stale = b.commit();
    stale.epoch = 7;
    commits[1] = Arc::new(stale);
    let outcomes = store.commit(commits).await;
    let expected = vec![Committed::Withheld, Committed::Fenced, Committed::Withheld];
    assert_eq!(outcomes, Ok(expected));
    // So does a name that is taken.
    let mut commits = list(&[&a, &c]);
    commits.push(Arc::new(b.set("name", text("Ada"))));
    let outcomes = store.commit(commits).await.expect("answered");
    assert_eq!(outcomes[..2], [Committed::Withheld, Committed::Withheld]);
    assert!(matches!(&outcomes[2], Committed::Taken { path } if path.to_string() == "body.name"));
    for held in [&a, &b, &c] {
        assert_eq!(read(&store, &held.document.id).await, held.document);
    }
    let commits = list(&[&a, &b, &c]);
    let applied = vec![Committed::Applied; 3];
    assert_eq!(store.commit(commits.clone()).await, Ok(applied.clone()));
    assert_eq!(store.commit(commits).await, Ok(applied));
    for held in [&a, &b, &c] {
        let now = read(&store, &held.document.id).await;
        assert_eq!(gold(&now), Some(&Value::Unsigned(5)));
        assert_eq!(now.header.rev, 2);
    }
}

/// Asked for without waiting in between.
pub async fn many_at_once_all_apply(store: Rc<dyn Store>) {
    const MANY: u64 = 50;
    let claims = (0..MANY).map(|number| {
        let id = playhouse_store::DocumentId::new(AVATARS, format!("u{number}"));
        store.claim(crate::held::claim(&id, 1))
    });
    let claims: Vec<_> = claims.collect();
    let mut commits = Vec::new();
    for claim in claims {
        let Ok(playhouse_store::Claimed::Mine(document)) = claim.await else {
            panic!("not claimed");
        };
        let held = Held::new(*document);
        let name = held.document.id.key.to_string();
        let commit = Arc::new(held.set("name", Value::Text(name)));
        commits.push((held, store.commit(vec![commit])));
    }
    for (held, commit) in commits {
        assert_eq!(commit.await, Ok(vec![Committed::Applied]));
        assert_eq!(read(&store, &held.document.id).await.header.rev, 2);
    }
}

/// One in flight at a time, as an entity does it.
pub async fn commits_of_one_in_order_all_apply(store: Rc<dyn Store>) {
    let mut held = Held::claim(&store, AVATARS, "u1", 1).await;
    for number in 0..20 {
        let commit = held.set("gold", Value::Unsigned(number));
        assert_eq!(held.apply(&store, commit).await, Committed::Applied);
    }
    let now = read(&store, &held.document.id).await;
    assert_eq!(gold(&now), Some(&Value::Unsigned(19)));
    assert_eq!(now.header.rev, 21);
}
