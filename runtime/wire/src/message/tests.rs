//! Messages both ways.

use super::*;
use crate::value::{EntityKey, KeyPart};
use crate::{Encode, Writer};

pub(super) fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.into_bytes()
}

fn method() -> Method {
    Method {
        package: 1,
        number: 7,
        slot: 2,
        tag: 3,
    }
}

fn header(chain: &ChainBuffer) -> Header<'_> {
    Header {
        target: Some(EntityKey::new([KeyPart::from(5), "x".into()])),
        deadline_us: Some(100),
        local: Some(9),
        epoch: Some(3),
        trace: Some(Trace {
            id: [7; 16],
            span: 1,
            flags: Trace::SAMPLED,
        }),
        chain: chain.as_chain(),
    }
}

#[test]
fn a_request_is_read_as_it_was_written() {
    let mut chain = ChainBuffer::new();
    chain.push(method(), &EntityKey::new([1.into()])).unwrap();
    chain.push(method(), &EntityKey::default()).unwrap();
    for header in [
        Header::EMPTY,
        Header::to(EntityKey::new([1.into()])),
        header(&chain),
    ] {
        let bytes = written(|w| put_request(w, 70_000, method(), &header, |w| w.raw(&[0x91, 1])));
        let expected = Request {
            id: 70_000,
            method: method(),
            header: header.clone(),
            args: &[0x91, 1],
        };
        assert_eq!(Message::decode(&bytes), Ok(Message::Request(expected)));
        let bytes = written(|w| put_notify(w, method(), &header, |w| w.raw(&[0x90])));
        let expected = Notify {
            method: method(),
            header,
            args: &[0x90],
        };
        assert_eq!(Message::decode(&bytes), Ok(Message::Notify(expected)));
    }
    let waiting: Vec<Waiting> = chain.as_chain().iter().collect();
    assert_eq!(waiting.len(), 2);
    assert_eq!(waiting[0].key, EntityKey::new([1.into()]));
}

#[test]
fn a_header_that_says_nothing_is_nil_and_its_end_is_left_off() {
    assert_eq!(written(|w| Header::EMPTY.encode(w)), [0xc0]);
    assert_eq!(
        written(|w| Header::to(EntityKey::default()).encode(w)),
        [0x91, 0x90]
    );
    let header = Header {
        local: Some(1),
        ..Header::EMPTY
    };
    assert_eq!(written(|w| header.encode(w)), [0x93, 0xc0, 0xc0, 1]);
}

#[test]
fn responses_are_read_as_they_were_written() {
    fn outcome(bytes: &[u8]) -> Outcome<'_> {
        match Message::decode(bytes) {
            Ok(Message::Response(response)) => {
                assert_eq!(response.id, 1);
                response.outcome
            }
            other => panic!("{other:?}"),
        }
    }
    let ok = written(|w| put_response_ok(w, 1, |w| w.unsigned(5)));
    assert_eq!(outcome(&ok), Outcome::Returned(&[5]));
    assert_eq!(outcome(&[0x92, 1, 1]), Outcome::Returned(&[0xc0]));
    assert_eq!(outcome(&[0x93, 1, 1, 0xc0]), Outcome::Returned(&[0xc0]));
    let thrown = written(|w| put_response_thrown(w, 1, |w| w.bare_arm(4)));
    assert_eq!(outcome(&thrown), Outcome::Thrown(&[0x91, 4]));
    let mut failure = WireFailure::new(FailureKind::Deadlock, Executed::NotExecuted);
    for (text, path) in [
        ("", ""),
        ("why", ""),
        ("", "A.trade -> B.trade"),
        ("why", "A.b"),
    ] {
        (failure.text, failure.path) = (text, path);
        let bytes = written(|w| put_response_failure(w, 1, &failure));
        assert_eq!(outcome(&bytes), Outcome::Failed(failure));
    }
    // Of a newer peer: more fields, and a kind that isn't known here.
    let newer = [0x95, 1, 1, 0x95, 99, 0, 0xa1, b't', 0xc0, 7, 0xc0, 8];
    let read = WireFailure {
        text: "t",
        ..WireFailure::new(FailureKind::Internal, Executed::NotExecuted)
    };
    assert_eq!(outcome(&newer), Outcome::Failed(read));
}

#[test]
fn long_words_of_a_failure_are_cut_between_characters() {
    let text = "ä".repeat(FAILURE_TEXT_BYTES_MAX);
    let failure = WireFailure {
        text: &text,
        ..WireFailure::new(FailureKind::Internal, Executed::Unknown)
    };
    let bytes = written(|w| put_response_failure(w, 1, &failure));
    let Ok(Message::Response(Response {
        outcome: Outcome::Failed(read),
        ..
    })) = Message::decode(&bytes)
    else {
        panic!("a failure was written");
    };
    assert_eq!(read.text.len(), FAILURE_TEXT_BYTES_MAX);
}

#[test]
fn messages_of_the_link_are_read_as_they_were_written() {
    let hello = Hello {
        incarnation: Incarnation { boot: 1, lease: 2 },
        root: u64::MAX,
        date_us: -1,
        ..Hello::new(Role::Client, "bot-7")
    };
    let types = [TypeDigest {
        package: 1,
        number: 2,
        digest: 3,
    }; 3];
    let go_away = GoAway {
        reason: GoAwayReason::Other(77),
        text: "bye",
    };
    let check = |write: &dyn Fn(&mut Writer), expected: Message<'_>| {
        assert_eq!(Message::decode(&written(write)), Ok(expected));
    };
    check(&|w| put_cancel(w, 5), Message::Cancel(5));
    check(&|w| put_ping(w, u64::MAX), Message::Ping(u64::MAX));
    check(&|w| put_pong(w, 0), Message::Pong(0));
    check(&|w| put_go_away(w, &go_away), Message::GoAway(go_away));
    check(&|w| put_go_away_ack(w), Message::GoAwayAck);
    check(&|w| put_hello(w, &hello), Message::Hello(hello));
    check(
        &|w| put_hello_reply(w, &hello, None),
        Message::HelloReply(hello, None),
    );

    let bytes = written(|w| put_hello_reply(w, &hello, Some(&types)));
    let Ok(Message::HelloReply(read, Some(digests))) = Message::decode(&bytes) else {
        panic!("a reply with digests was written");
    };
    assert_eq!(
        (read, digests.iter().collect::<Vec<_>>()),
        (hello, types.to_vec())
    );
    let bytes = written(|w| put_digests(w, &types));
    assert!(matches!(Message::decode(&bytes), Ok(Message::Digests(digests)) if digests.len() == 3));
}

#[test]
fn unknown_kinds_are_passed_over_only_where_that_was_agreed() {
    assert_eq!(Message::decode(&[0x92, 64, 0xc0]), Ok(Message::Ignored(64)));
    assert_eq!(Message::decode(&[0x91, 127]), Ok(Message::Ignored(127)));
    for bytes in [&[0x91, 63][..], &[0x91, 0xcc, 128], &[0x91, 0xcd, 1, 0]] {
        let error = Message::decode(bytes).unwrap_err();
        assert!(
            matches!(error.problem(), Problem::UnknownKind(_)),
            "{error}"
        );
    }
}

#[test]
fn a_chain_has_at_most_its_greatest_length() {
    let mut chain = ChainBuffer::new();
    for _ in 0..CHAIN_MAX {
        chain.push(method(), &EntityKey::default()).unwrap();
    }
    assert_eq!(chain.push(method(), &EntityKey::default()), Err(ChainFull));
    let header = Header {
        chain: chain.as_chain(),
        ..Header::EMPTY
    };
    let mut bytes = written(|w| put_notify(w, method(), &header, |w| w.nil()));
    assert!(Message::decode(&bytes).is_ok());
    // The header of the array of 64 gets one more, which is there.
    let at = bytes
        .windows(3)
        .position(|three| three == [0xdc, 0, 64])
        .unwrap();
    bytes[at + 2] = 65;
    bytes.splice(at + 3..at + 3, [0x94, 1, 1, 0, 1]);
    let error = Message::decode(&bytes).unwrap_err();
    assert_eq!(error.path(), "header.chain");
}

#[test]
fn what_is_cut_off_is_refused_wherever_it_is_cut() {
    let mut chain = ChainBuffer::new();
    chain.push(method(), &EntityKey::new(["a".into()])).unwrap();
    let bytes = written(|w| put_request(w, 1, method(), &header(&chain), |w| w.nil()));
    for cut in 0..bytes.len() {
        assert!(Message::decode(&bytes[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn a_list_that_is_written_has_at_most_its_greatest_length() {
    let avatar = crate::EntityRef {
        package: 1,
        number: 7,
        slot: 0,
        key: EntityKey::new([5.into()]),
    };
    let mut buffer = ElementBuffer::new();
    for _ in 0..SESSION_ENTITIES_MAX {
        assert!(buffer.push(&avatar));
    }
    assert!(!buffer.push(&avatar));
    let opened = Opened {
        session: crate::Uuid([1; 16]),
        attempt: 1,
        rx: 0,
        terms: Terms::DEFAULT,
        entities: buffer.elements(),
    };
    let bytes = written(|w| opened.put(w));
    assert_eq!(Message::decode(&bytes), Ok(Message::Opened(opened)));
}
