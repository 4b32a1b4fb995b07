//! What becomes of calls when a link doesn't live.

use std::{rc::Rc, time::Duration};

use playhouse_net::{
    Link,
    link::{CloseReason, LINGER},
    sim::{Conditions, Crash, Cut},
};
use playhouse_wire::{
    link::CloseReason as ProtocolEnd,
    message::{Executed, FailureKind, GoAwayReason},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::spawn_local,
    time::{Instant, sleep},
};

use crate::{
    peers::{Client, ECHO, Ended, NEVER, PANIC, begin, call, options, serve},
    world::{calm, on_all, on_sim},
};

fn dial(network: Rc<dyn playhouse_net::Network>, address: &str) -> Link {
    Link::dial(network, address, options("a"), Rc::new(Client::default()))
}

#[test]
fn a_dead_address_fails_what_waits_as_not_executed() {
    on_all(|world| async move {
        let address = world.dead_address("b").await;
        let link = dial(world.host("a"), &address);
        let failed = call(&link, ECHO, &[1]).await;
        assert_eq!(
            failed.failed(),
            (FailureKind::Unreachable, Executed::NotExecuted)
        );
        assert!(matches!(link.closed().await, CloseReason::Unreached(_)));
        let again = call(&link, ECHO, &[1]).await;
        assert_eq!(
            again.failed(),
            (FailureKind::Unreachable, Executed::NotExecuted)
        );
    });
}

#[test]
fn a_call_that_was_sent_is_unknown_when_its_link_is_lost() {
    on_all(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let client = Rc::new(Client::default());
        let link = Link::dial(
            world.host("a"),
            &serving.address,
            options("a"),
            client.clone(),
        );
        let (_, sent) = begin(&link, NEVER, |w| w.nil()).unwrap();
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        let accepted = serving.server.links.borrow()[0].clone();
        accepted.close(GoAwayReason::Internal, "the test says so");
        let ended = sent.await.unwrap();
        assert_eq!(
            ended.failed(),
            (FailureKind::Unreachable, Executed::Unknown)
        );
        assert_eq!(client.closed.get(), 1);
        assert_eq!(serving.server.closed.borrow().len(), 1);
    });
}

#[test]
fn a_call_that_the_socket_never_took_is_not_executed() {
    on_sim(1, calm(), |world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(world.host("a"), &serving.address);
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        world.sim().cut("a", "b", Cut::Reset);
        let window = Conditions::default().window_bytes;
        let (_, sent) = begin(&link, NEVER, |w| w.nil()).unwrap();
        sleep(Duration::from_millis(1)).await;
        // One that fills the window and more, and one behind it.
        let (_, partly) = begin(&link, NEVER, |w| w.bin(&vec![0; window])).unwrap();
        let (_, behind) = begin(&link, NEVER, |w| w.nil()).unwrap();
        for (receiver, executed) in [
            (sent, Executed::Unknown),
            (partly, Executed::NotExecuted),
            (behind, Executed::NotExecuted),
        ] {
            let ended = receiver.await.unwrap().failed();
            assert_eq!(ended, (FailureKind::Unreachable, executed));
        }
    });
}

#[test]
fn dialling_into_nothing_ends_at_the_limit() {
    on_sim(1, calm(), |world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        world.sim().crash_as("b", Crash::Machine);
        let began = Instant::now();
        let link = dial(world.host("a"), &serving.address);
        let failed = call(&link, ECHO, &[1]).await;
        assert_eq!(
            failed.failed(),
            (FailureKind::Unreachable, Executed::NotExecuted)
        );
        assert_eq!(began.elapsed().as_secs(), 3);
    });
}

#[test]
fn a_half_open_peer_is_found_by_the_heartbeat() {
    on_sim(1, calm(), |world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(world.host("a"), &serving.address);
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        sleep(Duration::from_secs(3600)).await;
        assert!(!link.is_closed(), "an idle link lives");
        assert!(link.round_trip_us().is_some());
        world.sim().crash_as("b", Crash::Machine);
        let (_, waiting) = begin(&link, NEVER, |w| w.nil()).unwrap();
        let began = Instant::now();
        let ended = waiting.await.unwrap();
        assert_eq!(
            ended.failed(),
            (FailureKind::Unreachable, Executed::Unknown)
        );
        assert!((10..=16).contains(&began.elapsed().as_secs()));
        assert_eq!(
            link.closed().await,
            CloseReason::Protocol(ProtocolEnd::Silent)
        );
    });
}

#[test]
fn who_sends_rubbish_is_told_and_closed() {
    on_all(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let mut stream = world.host("a").dial(&serving.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(!answer.is_empty());
        drop(stream);
        let links = serving.server.links.borrow().clone();
        let reason = links[0].closed().await;
        assert!(
            matches!(reason, CloseReason::Protocol(ProtocolEnd::Protocol(_))),
            "{reason}"
        );
    });
}

#[test]
fn who_says_nothing_is_closed() {
    on_sim(1, calm(), |world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let mut stream = world.host("a").dial(&serving.address).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let links = serving.server.links.borrow().clone();
        assert_eq!(
            links[0].closed().await,
            CloseReason::Protocol(ProtocolEnd::HelloTimeout)
        );
        sleep(LINGER * 2).await;
    });
}

#[test]
fn a_link_closed_by_its_own_side_sends_what_was_written_before() {
    on_all(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(world.host("a"), &serving.address);
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        let (_, last) = begin(&link, NEVER, |w| w.nil()).unwrap();
        link.notify(crate::peers::method(1), &Default::default(), |w| {
            w.unsigned(9)
        })
        .unwrap();
        link.close(GoAwayReason::Idle, "");
        assert_eq!(
            last.await.unwrap().failed(),
            (FailureKind::Unreachable, Executed::Unknown)
        );
        let accepted = serving.server.links.borrow()[0].clone();
        accepted.closed().await;
        assert_eq!(*serving.server.notified.borrow(), [9]);
    });
}

#[test]
fn a_shard_that_is_torn_down_leaves_no_call_waiting() {
    on_all(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let shard = tokio::task::LocalSet::new();
        let (network, address) = (world.host("a"), serving.address.clone());
        let waiting = shard
            .run_until(async move {
                let link = dial(network, &address);
                assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
                begin(&link, NEVER, |w| w.nil()).unwrap()
            })
            .await;
        let ended = spawn_local(waiting.1);
        drop(shard);
        let ended = ended.await.unwrap().unwrap().failed();
        assert_eq!(ended.0, FailureKind::Unreachable);
    });
}

#[test]
fn a_handler_that_panics_ends_its_link_and_leaves_no_call_waiting() {
    on_all(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(world.host("a"), &serving.address);
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        let accepted = serving.server.links.borrow()[0].clone();
        let (_, backwards) = begin(&accepted, NEVER, |w| w.nil()).unwrap();
        let failed = call(&link, PANIC, &[2]).await.failed();
        assert_eq!(failed, (FailureKind::Unreachable, Executed::Unknown));
        assert_eq!(
            backwards.await.unwrap().failed().0,
            FailureKind::Unreachable
        );
        assert_eq!(accepted.closed().await, CloseReason::Abandoned);
        let again = dial(world.host("a"), &serving.address);
        assert_eq!(call(&again, ECHO, &[3]).await, Ended::Ok(vec![3]));
    });
}
