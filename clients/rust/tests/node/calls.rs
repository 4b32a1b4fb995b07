//! What a client can do on a node, and what the node refuses.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use playhouse_client::{CallError, Executed, FailureKind, SessionReason};
use tokio::sync::mpsc;

use crate::client::inn::{Door, DoorError, Guest, GuestId, GuestSureArgs, VoiceHeardArgs};
use crate::inn::{GUESTS_MAX, guest, run, stranger};

#[test]
fn a_guest_enters_and_speaks() {
    run(async |_, address| {
        let client = guest(address, 7).await;
        let (sender, mut heard) = mpsc::unbounded_channel();
        client.on(move |args: VoiceHeardArgs| sender.send((args.line, args.number)).unwrap());
        let voice = client.entity::<Guest>().voice();
        for number in 1..=3 {
            assert_eq!(voice.say(format!("line {number}")).await, Ok(number));
        }
        voice.hum("tra la").unwrap();
        for number in 1..=3 {
            assert_eq!(
                heard.recv().await.unwrap(),
                (format!("line {number}"), number)
            );
        }
        assert_eq!(heard.recv().await.unwrap(), ("tra la".to_owned(), 0));
        assert_eq!(client.entity::<Guest>().name().await, Ok(GuestId(7)));
    });
}

#[test]
fn an_error_of_the_schema_arrives_as_one() {
    run(async |_, address| {
        let client = stranger(address).await;
        let door = client.service::<Door>();
        let full = door.enter(GuestId(GUESTS_MAX + 1)).await;
        assert_eq!(full, Err(CallError::Thrown(DoorError::Full { limit: 100 })));
    });
}

#[test]
fn a_stranger_reaches_what_is_open_to_guests_alone() {
    run(async |_, address| {
        let client = stranger(address).await;
        let failure = client.service::<Door>().bar().await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Denied);
        assert_eq!(failure.executed(), Executed::NotExecuted);
        let failure = client.open(b"no key").await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Denied);
        assert!(failure.text().contains("no such key"), "{failure}");
        let client = guest(address, 1).await;
        assert_eq!(client.service::<Door>().bar().await, Ok(1));
    });
}

#[test]
fn another_guest_is_out_of_reach() {
    run(async |_, address| {
        let client = guest(address, 7).await;
        let other = client.proxy(&Guest::reference(GuestId(8)));
        let failure = other.name().await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Denied);
        assert_eq!(failure.executed(), Executed::NotExecuted);
    });
}

#[test]
fn a_client_is_asked_in_the_middle_of_its_own_call() {
    run(async |_, address| {
        let client = guest(address, 7).await;
        let asked = Rc::new(RefCell::new(Vec::new()));
        let into = Rc::clone(&asked);
        client.answer(move |args: GuestSureArgs| {
            into.borrow_mut().push(args.text);
            async { true }
        });
        assert_eq!(client.entity::<Guest>().leave().await, Ok(true));
        assert_eq!(*asked.borrow(), ["leave the inn?"]);
    });
}

#[test]
fn a_deadline_holds_and_a_rate_too() {
    run(async |_, address| {
        let client = guest(address, 7).await;
        let failure = client.entity::<Guest>().doze().await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Timeout);
        let other = guest(address, 8).await;
        let voice = other.entity::<Guest>().voice();
        assert_eq!(voice.shout().await, Ok(()));
        assert_eq!(voice.shout().await, Ok(()));
        let failure = voice.shout().await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::RateLimited);
        assert_eq!(failure.executed(), Executed::NotExecuted);
    });
}

#[test]
fn a_second_login_takes_over() {
    run(async |_, address| {
        let first = guest(address, 7).await;
        let second = guest(address, 7).await;
        assert_eq!(second.entity::<Guest>().name().await, Ok(GuestId(7)));
        while first.session_end().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let (reason, _) = first.session_end().unwrap();
        assert_eq!(reason, SessionReason::Replaced);
        let failure = first.entity::<Guest>().name().await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::NotFound);
        assert_eq!(failure.executed(), Executed::NotExecuted);
    });
}

#[test]
fn a_node_that_stops_says_goodbye() {
    run(async |inn, address| {
        let client = guest(address, 7).await;
        inn.stop();
        let closed = tokio::time::timeout(Duration::from_secs(30), client.closed()).await;
        assert!(closed.is_ok(), "the link stays");
        let failure = client.service::<Door>().bar().await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unreachable);
    });
}
