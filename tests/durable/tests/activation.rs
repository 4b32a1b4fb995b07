//! One activation at its limits, and what it makes of a store's answers and of odd documents.

use std::sync::Arc;

use playhouse_store::durable::{
    Activation, After, Arrival, Delivery, More, OUTBOX_MAX, OUTBOX_PER_CALL, OutboxFull,
    REFUSAL_LENGTH_MAX, Row, Rules, Verdict,
};
use playhouse_store::{
    Claim, Claimed, Commit, Committed, Document, DocumentId, Documents, Owner, Path, StoreError,
    Take, Update, Value,
};

fn id(key: &str) -> DocumentId {
    DocumentId::new("t", key)
}

fn owner() -> Owner {
    Owner {
        node: "n".into(),
        incarnation: 1,
    }
}

fn claim(documents: &mut Documents, key: &str) -> Document {
    let claim = Claim {
        id: id(key),
        owner: owner(),
        seen: None,
        take: Take::Any,
        create: true,
        birth: u64::MAX,
    };
    match documents.claim(&claim) {
        Claimed::Mine(document) => *document,
        other => panic!("{other:?}"),
    }
}

fn start(document: &Document) -> Activation {
    Activation::new(document, owner(), Rules::default()).expect("a sound document")
}

fn row(to: &str) -> Row {
    Row {
        to: id(to),
        slot: 1,
        tag: u32::MAX,
        call: "take".into(),
        args: Arc::from([0, 255]),
        from_slot: 2,
        expires_us: Some(i64::MIN),
        trace: Some(playhouse_wire::message::Trace {
            id: [7; 16],
            span: 9,
            flags: 1,
        }),
    }
}

fn body() -> Update {
    let mut update = Update::new();
    update.set(Path::of(["body", "name"]), Value::Text("x".to_owned()));
    update
}

/// An activation with a row and a change in flight.
fn in_flight() -> (Documents, Activation, Arc<Commit>) {
    let mut documents = Documents::default();
    let mut activation = start(&claim(&mut documents, "a"));
    assert_eq!(activation.send(row("b")), Ok(1));
    let commit = activation.snapshot(body(), More::default());
    (documents, activation, commit.expect("none is in flight"))
}

fn taken() -> Committed {
    Committed::Taken {
        path: Path::of(["body", "name"]),
    }
}

#[test]
fn a_full_outbox_refuses_before_anything_changes() {
    let mut activation = start(&claim(&mut Documents::default(), "a"));
    for _ in 0..OUTBOX_MAX - OUTBOX_PER_CALL {
        activation.begins();
        activation.send(row("b")).expect("there is room");
    }
    activation.begins();
    for _ in 0..OUTBOX_PER_CALL {
        activation.send(row("b")).expect("these are sure");
    }
    assert_eq!(activation.room(), 0);
    assert_eq!(activation.send(row("b")), Err(OutboxFull));

    let mut activation = start(&claim(&mut Documents::default(), "a"));
    for _ in 0..=OUTBOX_MAX - OUTBOX_PER_CALL {
        activation.begins();
        activation.send(row("b")).expect("there is room");
    }
    activation.begins();
    let before = activation.clone();
    assert_eq!(activation.room(), OUTBOX_PER_CALL - 1);
    assert_eq!(activation.send(row("c")), Err(OutboxFull));
    assert_eq!(activation, before);
}

#[test]
fn what_is_committed_is_what_the_next_activation_sends() {
    let (mut documents, mut activation, commit) = in_flight();
    let outcome = documents.commit(&[commit]).remove(0);
    let After::Done { deliveries, acks } = activation.answered(Ok(outcome)) else {
        panic!("it was applied");
    };
    assert!(acks.is_empty());
    let again: Vec<Delivery> = start(&claim(&mut documents, "a")).deliveries().collect();
    assert_eq!(deliveries, again);
    assert_eq!(again[0].row, row("b"));
    assert_eq!((again[0].seq, again[0].birth), (1, u64::MAX));
}

#[test]
fn what_is_not_done_is_given_back_and_rows_go_with_the_next_commit() {
    for (answer, problem) in [
        (Ok(taken()), None),
        (Ok(Committed::Withheld), None),
        (
            Err(StoreError::Full(String::new())),
            Some(StoreError::Full(String::new())),
        ),
    ] {
        let (mut documents, mut activation, _) = in_flight();
        match activation.answered(answer) {
            After::Taken(path, given_back) => {
                assert_eq!(path, Path::of(["body", "name"]));
                assert_eq!(given_back, body());
            }
            After::Undone(given_back, error) => {
                assert_eq!(error, problem);
                assert_eq!(given_back, body());
            }
            other => panic!("{other:?}"),
        }
        assert!(activation.is_urgent());
        assert_eq!(activation.deliveries().count(), 0);
        let next = activation.snapshot(Update::new(), More::default());
        let outcome = documents.commit(&[next.expect("none is in flight")]);
        let after = activation.answered(Ok(outcome[0].clone()));
        assert!(matches!(after, After::Done { deliveries, .. } if deliveries.len() == 1));
    }
}

#[test]
fn after_a_lost_answer_nothing_else_follows_on_the_revision() {
    let lost = || Err(StoreError::Unknown(String::new()));
    let (_, mut activation, commit) = in_flight();
    assert_eq!(activation.answered(lost()), After::Again(commit.clone()));
    let undone = Err(StoreError::Full(String::new()));
    assert_eq!(activation.answered(undone), After::Again(commit));
    assert!(activation.snapshot(body(), More::default()).is_none());
    assert_eq!(activation.answered(Ok(taken())), After::Over);
    assert!(activation.is_over());

    let (_, mut activation, _) = in_flight();
    assert!(matches!(activation.answered(lost()), After::Again(_)));
    let after = activation.answered(Ok(Committed::Applied));
    assert!(matches!(after, After::Done { deliveries, .. } if deliveries.len() == 1));
}

#[test]
fn a_store_that_is_away_is_asked_the_same_again() {
    let (_, mut activation, commit) = in_flight();
    let away = Err(StoreError::Unavailable(String::new()));
    assert_eq!(activation.answered(away), After::Again(commit));
}

#[test]
fn a_refusal_is_cut_between_letters() {
    let mut documents = Documents::default();
    let mut activation = start(&claim(&mut documents, "b"));
    let delivery = Delivery {
        from: id("a"),
        birth: 1,
        seq: 1,
        lowest: 1,
        row: row("b"),
    };
    assert_eq!(activation.arrives(&delivery), Arrival::Run);
    // The limit is within the letter that begins one byte before it.
    let why = format!("{}ü", "x".repeat(REFUSAL_LENGTH_MAX - 1));
    activation.mark(&delivery, Verdict::Refused(why));
    assert_eq!(activation.arrives(&delivery), Arrival::Wait);
    let commit = activation.snapshot(Update::new(), More::default());
    let outcome = documents.commit(&[commit.expect("none is in flight")]);
    let After::Done { acks, .. } = activation.answered(Ok(outcome[0].clone())) else {
        panic!("it was applied");
    };
    let cut = "x".repeat(REFUSAL_LENGTH_MAX - 1);
    assert_eq!(acks[0].refused, [(1, cut)]);
    let next = start(&claim(&mut documents, "b"));
    assert_eq!(next.arrives(&delivery), Arrival::Again(acks[0].clone()));
}

#[test]
fn the_highest_number_is_a_gap_and_nothing_worse() {
    let activation = start(&claim(&mut Documents::default(), "b"));
    let delivery = Delivery {
        from: id("a"),
        birth: 1,
        seq: u64::MAX,
        lowest: 0,
        row: row("b"),
    };
    assert_eq!(activation.arrives(&delivery), Arrival::Gap);
}

#[test]
fn odd_documents_are_misfits_and_say_where() {
    let number = Value::Unsigned(1);
    for (path, value, problem) in [
        (vec!["out_next"], number.clone(), "out_next is not a table"),
        (
            vec!["out_next", "t/b"],
            Value::Nil,
            "out_next.t/b is not a number",
        ),
        (
            vec!["out_next", "b"],
            number.clone(),
            "out_next.b names no document",
        ),
        (
            vec!["out_next", "t/b"],
            Value::Unsigned(u64::MAX),
            "out_next.t/b is larger than anything that was counted",
        ),
        (
            vec!["outbox", "t/b", "18446744073709551615"],
            Value::Nil,
            "outbox.t/b.18446744073709551615 is larger than anything that was counted",
        ),
        (
            vec!["outbox", "t/b", "x"],
            Value::Nil,
            "outbox.t/b.x is not a number",
        ),
        (
            vec!["outbox", "t/b", "1"],
            Value::Nil,
            "outbox.t/b.1 is not a map",
        ),
        (
            vec!["outbox", "t/b", "1", "slot"],
            number.clone(),
            "outbox.t/b.1.call is missing",
        ),
        (
            vec!["inbox", "t/b", "1", "hwm"],
            Value::Nil,
            "inbox.t/b.1.hwm is not a number",
        ),
        (
            vec!["inbox", "t/b", "1"],
            number.clone(),
            "inbox.t/b.1.hwm is missing",
        ),
    ] {
        let mut document = claim(&mut Documents::default(), "a");
        let path: Vec<String> = path.into_iter().map(str::to_owned).collect();
        document.root.set(&path, value);
        let misfit = Activation::new(&document, owner(), Rules::default());
        let misfit = misfit.map(drop).map_err(|misfit| misfit.to_string());
        assert_eq!(misfit, Err(problem.to_owned()));
    }
}
