//! Calls over one link.

use std::{cell::RefCell, rc::Rc};

use playhouse_net::{
    Link,
    link::{Date, ReplyOutcome, ReplySink},
};
use playhouse_wire::message::{Executed, FailureKind, GoAwayReason, Header};
use tokio::task::{spawn_local, yield_now};

use crate::{
    peers::{Client, ECHO, Ended, LATER, MOVED, NEVER, THROW, begin, call, method, options, serve},
    world::on_all,
};

fn dial(network: Rc<dyn playhouse_net::Network>, address: &str) -> Link {
    Link::dial(network, address, options("a"), Rc::new(Client::default()))
}

#[test]
fn calls_are_answered_inline_later_and_by_errors() {
    on_all(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(world.host("a"), &serving.address);
        assert_eq!(call(&link, ECHO, &[7]).await, Ended::Ok(vec![7]));
        assert_eq!(call(&link, LATER, &[8]).await, Ended::Ok(vec![8]));
        assert_eq!(call(&link, THROW, &[9]).await, Ended::Thrown(vec![9]));
        assert_eq!(&*link.peer().unwrap().name, "b");
        let accepted = serving.server.links.borrow()[0].clone();
        assert_eq!(&*accepted.peer().unwrap().name, "a");
        assert_eq!(accepted.unanswered_requests(), 0);
        // The other direction of the same link.
        assert_eq!(call(&accepted, ECHO, &[1]).await, Ended::Ok(vec![1]));
    });
}

#[test]
fn many_callers_share_a_link() {
    on_all(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(world.host("a"), &serving.address);
        let mut callers = Vec::new();
        for caller in 0..100_u8 {
            let link = link.clone();
            callers.push(spawn_local(async move {
                for _ in 0..100 {
                    let args = [caller & 0x7f];
                    assert_eq!(call(&link, ECHO, &args).await, Ended::Ok(args.to_vec()));
                }
            }));
        }
        for caller in callers {
            caller.await.unwrap();
        }
        assert_eq!(serving.server.requests.get(), 10_000);
        assert_eq!((link.pending_requests(), link.queued_bytes()), (0, 0));
    });
}

#[test]
fn what_is_queued_while_the_link_opens_comes_behind_the_digests_of_another_schema() {
    on_all(|world| async move {
        let of_root = |name, root| {
            let mut options = options(name);
            options.identity.root = root;
            options
        };
        let serving = serve(world.host("b"), of_root("b", 2)).await;
        let handler = Rc::new(Client::default());
        let link = Link::dial(world.host("a"), &serving.address, of_root("a", 1), handler);
        assert_eq!(call(&link, ECHO, &[7]).await, Ended::Ok(vec![7]));
        assert_eq!(link.peer().unwrap().digests.as_deref(), Some(&[][..]));
    });
}

#[test]
fn who_dials_knows_how_far_the_other_clock_is_ahead() {
    on_all(|world| async move {
        let at = |name, date_us| {
            let mut options = options(name);
            options.date = Some(Date::by(move || date_us));
            options
        };
        let serving = serve(world.host("b"), at("b", 70_000_000)).await;
        let dial = |options| {
            let handler = Rc::new(Client::default());
            Link::dial(world.host("a"), &serving.address, options, handler)
        };
        let link = dial(at("a", 100_000_000));
        assert_eq!(call(&link, ECHO, &[7]).await, Ended::Ok(vec![7]));
        let clock = link.peer().unwrap().clock.unwrap();
        let off = clock.ahead_us.abs_diff(-30_000_000);
        // The dates stand still here, and time does not.
        assert!(off <= 2 * clock.within_us + 1_000_000, "{clock:?}");
        let accepted = serving.server.links.borrow()[0].clone();
        assert_eq!(accepted.peer().unwrap().clock, None);
        let link = dial(options("a"));
        assert_eq!(call(&link, ECHO, &[7]).await, Ended::Ok(vec![7]));
        assert_eq!(link.peer().unwrap().clock, None, "it knows no date itself");
    });
}

#[test]
fn notifications_and_requests_keep_their_order_from_before_the_link_is_open() {
    on_all(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(world.host("a"), &serving.address);
        for number in 0..100 {
            link.notify(method(1), &Header::EMPTY, |w| w.unsigned(number))
                .unwrap();
        }
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        let expected: Vec<u8> = (0..100).collect();
        assert_eq!(*serving.server.notified.borrow(), expected);
    });
}

#[test]
fn a_hundred_thousand_requests_are_cancelled_at_once() {
    on_all(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(world.host("a"), &serving.address);
        let mut waiting = Vec::new();
        let mut refused = 0;
        for _ in 0..100_000 {
            match begin(&link, NEVER, |w| w.nil()) {
                Ok((id, receiver)) => waiting.push((id, receiver)),
                Err(refusal) => {
                    assert_eq!(refusal.kind, FailureKind::Overloaded);
                    refused += 1;
                }
            }
        }
        assert_eq!(waiting.len(), playhouse_net::link::PENDING_MAX);
        assert_eq!(refused, 100_000 - waiting.len());
        for (id, receiver) in waiting {
            link.cancel(id);
            assert!(receiver.await.is_err());
        }
        assert_eq!(link.pending_requests(), 0);
        assert_eq!(
            call(&link, ECHO, &[1]).await.failed().0,
            FailureKind::Overloaded
        );
        assert_eq!(
            serving.server.cancelled.get(),
            playhouse_net::link::PENDING_MAX
        );
        // What was never answered counts for its caller until it is.
        let accepted = serving.server.links.borrow()[0].clone();
        for id in 0..100 {
            accepted.respond(id, |w| w.nil());
        }
        assert_eq!(call(&link, ECHO, &[2]).await, Ended::Ok(vec![2]));
    });
}

#[test]
fn a_response_that_nobody_waits_for_is_ignored() {
    on_all(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(world.host("a"), &serving.address);
        let (id, receiver) = begin(&link, LATER, |w| w.nil()).unwrap();
        link.cancel(id);
        assert!(receiver.await.is_err());
        assert_eq!(call(&link, LATER, &[3]).await, Ended::Ok(vec![3]));
        let accepted = serving.server.links.borrow()[0].clone();
        accepted.respond(12_345, |w| w.nil());
        assert_eq!(call(&link, ECHO, &[4]).await, Ended::Ok(vec![4]));
    });
}

#[test]
fn a_request_made_while_a_link_is_written_is_refused() {
    on_all(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(world.host("a"), &serving.address);
        let inner = link.clone();
        let (_, receiver) = begin(&link, ECHO, |w| {
            let nested = begin(&inner, ECHO, |w| w.nil()).unwrap_err();
            assert_eq!(nested.kind, FailureKind::Internal);
            w.unsigned(5);
        })
        .unwrap();
        assert_eq!(receiver.await.unwrap(), Ended::Ok(vec![5]));
    });
}

#[test]
fn a_peer_that_goes_away_answers_what_it_owes_and_takes_nothing_new() {
    on_all(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(world.host("a"), &serving.address);
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        let (_, owed) = begin(&link, LATER, |w| w.unsigned(2)).unwrap();
        let accepted = serving.server.links.borrow()[0].clone();
        accepted.go_away(GoAwayReason::Stopping, "done for today");
        assert_eq!(owed.await.unwrap(), Ended::Ok(vec![2]));
        let refused = call(&link, ECHO, &[3]).await.failed();
        assert_eq!(refused, (FailureKind::Unreachable, Executed::NotExecuted));
        assert!(!link.takes_requests());
        accepted.close(GoAwayReason::Stopping, "done for today");
        link.closed().await;
    });
}

/// Keeps the way a request ended in, word by word.
#[derive(Default)]
struct Told(RefCell<Vec<String>>);

impl ReplySink for Told {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        self.0.borrow_mut().push(match outcome {
            ReplyOutcome::Moved { epoch, hint } => {
                let hint = hint.map(|owner| (owner.node.to_owned(), owner.epoch));
                format!("moved from {epoch} to {hint:?}")
            }
            ReplyOutcome::Lost(failure) => format!("lost: {:?}", failure.executed),
            other => format!("{other:?}"),
        });
    }
}

#[test]
fn what_moved_and_what_was_lost_with_its_link_is_told_apart_from_failures() {
    on_all(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(world.host("a"), &serving.address);
        let told = Rc::new(Told::default());
        let header = Header {
            epoch: Some(6),
            ..Header::EMPTY
        };
        let ask = |tag| link.request(method(tag), &header, told.clone(), |w| w.array(0));
        ask(MOVED).unwrap();
        // A plain caller hears of it as of any other failure.
        let plain = call(&link, MOVED, &[0x90]).await;
        assert_eq!(
            plain.failed(),
            (FailureKind::Unreachable, Executed::NotExecuted)
        );
        assert_eq!(*told.0.borrow(), ["moved from 6 to Some((\"c\", 7))"]);
        assert_eq!(serving.server.links.borrow()[0].unanswered_requests(), 0);
        ask(NEVER).unwrap();
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        link.close(GoAwayReason::Stopping, "as the test wants");
        while told.0.borrow().len() < 2 {
            yield_now().await;
        }
        assert_eq!(told.0.borrow()[1], "lost: Unknown");
    });
}

#[test]
fn a_link_that_is_held_hands_nothing_over_until_it_is_taken_on() {
    on_all(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(world.host("a"), &serving.address);
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        let accepted = serving.server.links.borrow()[0].clone();
        accepted.hold();
        let told = Rc::new(Told::default());
        for number in 2..5 {
            let sink = Rc::<Told>::clone(&told);
            let args = |w: &mut playhouse_wire::Writer| w.raw(&[number]);
            link.request(method(ECHO), &Header::EMPTY, sink, args)
                .unwrap();
        }
        // All of it has gone out, and is there to be read.
        while link.queued_bytes() > 0 {
            yield_now().await;
        }
        for _ in 0..50 {
            yield_now().await;
        }
        assert_eq!(
            (serving.server.requests.get(), told.0.borrow().len()),
            (1, 0)
        );
        accepted.take_on();
        assert_eq!(call(&link, ECHO, &[5]).await, Ended::Ok(vec![5]));
        assert_eq!(
            (serving.server.requests.get(), told.0.borrow().len()),
            (5, 3)
        );
    });
}
