//! What each request comes to.

use super::*;
use crate::document::Owner;
use crate::request::Take;

fn documents() -> Documents {
    Documents::new(&[Collection {
        name: "t".into(),
        indexes: vec![Index {
            path: Path::of(["body", "name"]),
            unique: true,
        }],
    }])
}

fn owner(incarnation: u64) -> Owner {
    Owner {
        node: "n".into(),
        incarnation,
    }
}

#[track_caller]
fn claim(documents: &mut Documents, key: &str, incarnation: u64) -> Document {
    let claim = Claim {
        id: DocumentId::new("t", key),
        owner: owner(incarnation),
        seen: None,
        take: Take::Any,
        create: true,
        birth: 100 + incarnation,
    };
    match documents.claim(&claim) {
        Claimed::Mine(document) => *document,
        other => panic!("{other:?}"),
    }
}

fn commit(document: &Document, name: &str) -> Commit {
    let mut update = Update::new();
    update.set(Path::of(["body", "name"]), Value::Text(name.into()));
    Commit {
        id: document.id.clone(),
        birth: document.header.birth,
        owner: document.header.owner.clone().expect("claimed"),
        epoch: document.header.epoch,
        rev: document.header.rev,
        update,
        schema: 3,
        pending: false,
        wake_us: None,
        end: End::Stays,
    }
}

fn one(documents: &mut Documents, commit: &Commit) -> Committed {
    let mut outcomes = documents.commit(&[Arc::new(commit.clone())]);
    outcomes.pop().expect("one outcome for one commit")
}

#[test]
fn a_commit_is_done_once_and_known_again() {
    let mut documents = documents();
    let document = claim(&mut documents, "a", 1);
    let first = commit(&document, "x");
    assert_eq!(one(&mut documents, &first), Committed::Applied);
    let after = documents.clone();
    assert_eq!(one(&mut documents, &first), Committed::Applied);
    assert_eq!(documents, after);
    let mut second = commit(documents.read(&document.id).expect("made"), "y");
    second.end = End::Released;
    assert_eq!(one(&mut documents, &second), Committed::Applied);
    assert_eq!(one(&mut documents, &second), Committed::Applied);
    assert_eq!(one(&mut documents, &first), Committed::Fenced);
}

#[test]
fn what_is_stale_is_fenced() {
    let mut documents = documents();
    let first = claim(&mut documents, "a", 1);
    let second = claim(&mut documents, "a", 2);
    assert_eq!((second.header.epoch, second.header.rev), (2, 2));
    assert_eq!(second.header.birth, 101);
    assert_eq!(one(&mut documents, &commit(&first, "x")), Committed::Fenced);
    let mut delete = commit(&second, "y");
    delete.end = End::Deleted;
    assert_eq!(one(&mut documents, &delete), Committed::Applied);
    assert_eq!(one(&mut documents, &delete), Committed::Applied);
    assert_eq!(
        one(&mut documents, &commit(&second, "x")),
        Committed::Fenced
    );
    // The same owner, epoch and revision, but another life.
    let mut again = claim(&mut documents, "a", 3);
    again.header.owner = Some(owner(3));
    let mut late = commit(&first, "x");
    late.owner = owner(3);
    assert_eq!(one(&mut documents, &late), Committed::Fenced);
    assert_eq!(
        one(&mut documents, &commit(&again, "x")),
        Committed::Applied
    );
}

#[test]
fn several_are_done_together_or_not_at_all() {
    let mut documents = documents();
    let (a, b, c) = (
        claim(&mut documents, "a", 1),
        claim(&mut documents, "b", 1),
        claim(&mut documents, "c", 1),
    );
    assert_eq!(one(&mut documents, &commit(&c, "z")), Committed::Applied);
    let before = documents.clone();
    let both = [Arc::new(commit(&a, "x")), Arc::new(commit(&b, "z"))];
    let taken = Committed::Taken {
        path: Path::of(["body", "name"]),
    };
    assert_eq!(documents.commit(&both), [Committed::Withheld, taken]);
    assert_eq!(documents, before);
    let both = [Arc::new(commit(&a, "x")), Arc::new(commit(&b, "y"))];
    assert_eq!(
        documents.commit(&both),
        [Committed::Applied, Committed::Applied]
    );
    claim(&mut documents, "b", 2);
    assert_eq!(
        documents.commit(&both),
        [Committed::Applied, Committed::Fenced]
    );
}

#[test]
fn what_wants_to_be_run_is_swept() {
    let mut documents = documents();
    for (key, pending, wake_us) in [
        ("a", false, None),
        ("b", false, Some(5)),
        ("c", true, None),
        ("d", false, Some(6)),
    ] {
        let document = claim(&mut documents, key, 1);
        let commit = Commit {
            pending,
            wake_us,
            ..commit(&document, key)
        };
        assert_eq!(one(&mut documents, &commit), Committed::Applied);
    }
    let swept = |documents: &Documents, except: u64| {
        let found = documents.sweep(&Sweep {
            now_us: 5,
            except: owner(except),
            limit: 10,
        });
        let keys = found.iter().map(|(id, _)| id.key.to_string());
        keys.collect::<Vec<_>>().concat()
    };
    assert_eq!(swept(&documents, 2), "cb");
    assert_eq!(swept(&documents, 1), "");
    documents.quarantine(&Quarantine {
        id: DocumentId::new("t", "c"),
        why: Some("odd".into()),
    });
    assert_eq!(swept(&documents, 2), "b");
    let found = documents.scan(&"t".into(), Some("b"), 1);
    assert_eq!(&*found[0].id.key, "c");
    let found = documents.find(&Find {
        collection: "t".into(),
        path: Path::of(["body", "name"]),
        value: Value::Text("d".into()),
        limit: 9,
    });
    assert_eq!(found, [DocumentId::new("t", "d")]);
}
