//! Every queue of a link at its limit, and peers that break their manners.

use std::{cell::Cell, rc::Rc, time::Duration};

use playhouse_net::{
    Link, Random, Transport,
    link::{
        CloseReason, LinkOptions, OUTPUT_BYTES_HIGH, OUTPUT_BYTES_MAX, OUTPUT_BYTES_RESERVE,
        PASSING_QUEUED_MAX, Pace, WRITE_STALL, Way,
    },
    sim::Conditions,
};
use playhouse_wire::{
    Writer,
    frame::FRAME_BYTES_MAX,
    link::CloseReason as ProtocolEnd,
    message::{self, Executed, FailureKind, GoAwayReason, Header},
};
use tokio::{
    task::spawn_local,
    time::{Instant, sleep, timeout},
};

use crate::{
    peers::{Client, ECHO, Ended, MEGABYTE, NEVER, Server, begin, call, method, options, serve},
    raw::RawPeer,
    world::{World, calm, on_both, on_sim},
};

/// Options under which tests in real time don't take long.
fn impatient(name: &str) -> LinkOptions {
    let mut options = options(name);
    options.queues.write_stall = Duration::from_millis(400);
    options
}

fn dial(world: &World, address: &str, options: LinkOptions) -> Link {
    Link::dial(
        world.host("a"),
        address,
        options,
        Rc::new(Client::default()),
    )
}

#[test]
fn a_client_that_stops_reading_is_slowed_down_and_then_closed() {
    on_both(|world| async move {
        let serving = serve(world.host("b"), impatient("b")).await;
        let stream = world.host("a").dial(&serving.address).await.unwrap();
        let mut rude = RawPeer::dialled(stream).await;
        let flooding = spawn_local(async move {
            rude.flood(MEGABYTE, &[], 1_000_000).await;
            rude
        });
        let link = serving.server.links.borrow()[0].clone();
        let polite = dial(&world, &serving.address, options("c"));
        let mut most = 0;
        while !link.is_closed() {
            assert_eq!(call(&polite, ECHO, &[1]).await, Ended::Ok(vec![1]));
            most = most.max(link.queued_bytes());
            sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(link.closed().await, CloseReason::Stalled);
        // A batch that was read below the mark may lift it above, up to the bound and what failures add.
        assert!(most > OUTPUT_BYTES_HIGH, "{most}");
        assert!(most <= OUTPUT_BYTES_MAX + OUTPUT_BYTES_RESERVE, "{most}");
        assert_eq!(link.queued_bytes(), 0);
        drop(flooding.await.unwrap());
    });
}

#[test]
fn a_server_that_stops_reading_costs_its_client_a_bounded_queue() {
    on_sim(1, calm(), |world| async move {
        let mut listener = world.host("b").listen("b:0").await.unwrap();
        let link = dial(&world, listener.local_address(), options("a"));
        let _silent = RawPeer::accepted(listener.accept().await.unwrap()).await;
        let mut waiting = Vec::new();
        let refused = loop {
            match begin(&link, NEVER, |w| w.bin(&[0; 10_000])) {
                Ok((_, receiver)) => waiting.push(receiver),
                Err(refused) => break refused,
            }
        };
        assert_eq!(refused.kind, FailureKind::Overloaded);
        assert!((OUTPUT_BYTES_MAX - 10_100..=OUTPUT_BYTES_MAX).contains(&link.queued_bytes()));
        assert!(!link.is_writable());
        let began = Instant::now();
        assert_eq!(link.closed().await, CloseReason::Stalled);
        let took = began.elapsed();
        assert!(took >= WRITE_STALL && took <= WRITE_STALL * 2, "{took:?}");
        let mut tags = [0, 0];
        for receiver in waiting {
            let (kind, executed) = receiver.await.unwrap().failed();
            assert_eq!(kind, FailureKind::Unreachable);
            tags[usize::from(executed.number())] += 1;
        }
        // What the window took may have been executed, the rest was not.
        let taken = Conditions::default().window_bytes / 10_100;
        let unknown = tags[usize::from(Executed::Unknown.number())];
        assert!(
            (taken - 1..=taken + 1).contains(&unknown),
            "{unknown} of {taken}"
        );
        assert!(tags[usize::from(Executed::NotExecuted.number())] > unknown);
    });
}

#[test]
fn what_may_be_lost_is_dropped_while_too_much_waits() {
    on_sim(1, calm(), |world| async move {
        let mut listener = world.host("b").listen("b:0").await.unwrap();
        let options = options("a");
        let traffic = Rc::clone(&options.traffic);
        let link = dial(&world, listener.local_address(), options);
        let pass = || link.pass(|w| w.bin(&[0; 1000]));
        assert_eq!(pass(), Way::Dropped, "it is not open");
        let _silent = RawPeer::accepted(listener.accept().await.unwrap()).await;
        while link.peer().is_none() {
            sleep(Duration::from_millis(1)).await;
        }
        let mut passed = 0;
        while pass() == Way::Stream {
            passed += 1;
        }
        assert!((32..=33).contains(&passed), "{passed}");
        assert!((PASSING_QUEUED_MAX..PASSING_QUEUED_MAX + 1100).contains(&link.queued_bytes()));
        assert!(
            link.notify(method(ECHO), &Header::EMPTY, |w| w.bin(&[0; 1000]))
                .is_ok()
        );
        let counts = [(Way::Stream, passed), (Way::Dropped, 1)];
        let counts = counts.map(|(way, count)| ((Transport::Simulated, way), count));
        assert_eq!(traffic.passed(), counts.into());
    });
}

#[test]
fn a_flood_is_answered_while_others_are_served() {
    on_both(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let stream = world.host("a").dial(&serving.address).await.unwrap();
        let mut flooder = RawPeer::dialled(stream).await;
        let sent = flooder.flood(ECHO, &[7; 1000], 20_000).await;
        assert!(sent < 20_000, "the server slows its peer down");
        let link = serving.server.links.borrow()[0].clone();
        assert!(link.queued_bytes() <= OUTPUT_BYTES_HIGH + 128 * 1024);
        let other = dial(&world, &serving.address, options("c"));
        assert_eq!(call(&other, ECHO, &[1]).await, Ended::Ok(vec![1]));
        assert_eq!(flooder.responses(sent).await, (sent, 0));
    });
}

#[test]
fn a_dialled_link_reads_on_and_refuses_what_it_has_no_room_to_answer() {
    on_both(|world| async move {
        let mut listener = world.host("b").listen("127.0.0.1:0").await.unwrap();
        let handler = Rc::new(Server::default());
        let address = listener.local_address().to_owned();
        let link = Link::dial(world.host("a"), &address, options("a"), handler.clone());
        let mut rude = RawPeer::accepted(listener.accept().await.unwrap()).await;
        assert_eq!(rude.flood(ECHO, &[0; 60_000], 300).await, 300);
        while handler.requests.get() < 17 {
            sleep(Duration::from_millis(1)).await;
        }
        assert!(link.queued_bytes() <= OUTPUT_BYTES_HIGH + 128 * 1024);
        let (results, failures) = rude.responses(300).await;
        assert_eq!(results as usize, handler.requests.get());
        assert!(failures > 0);
        assert_eq!(link.unanswered_requests(), 0);
    });
}

#[test]
fn a_peer_may_not_have_more_unanswered_requests_than_it_was_told() {
    on_both(|world| async move {
        let mut bounded = options("b");
        bounded.limits.requests_max = 10;
        let serving = serve(world.host("b"), bounded).await;
        // One of ours keeps to it by itself.
        let link = dial(&world, &serving.address, options("a"));
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        let waiting: Vec<_> = (0..10)
            .map(|_| begin(&link, NEVER, |w| w.nil()).unwrap())
            .collect();
        let refused = begin(&link, NEVER, |w| w.nil()).unwrap_err();
        assert_eq!(refused.kind, FailureKind::Overloaded);
        drop(waiting);
        // Another is refused what goes beyond.
        let stream = world.host("a").dial(&serving.address).await.unwrap();
        let mut rude = RawPeer::dialled(stream).await;
        assert_eq!(rude.flood(NEVER, &[], 25).await, 25);
        assert_eq!(rude.responses(15).await, (0, 15));
    });
}

#[test]
fn the_longest_message_passes_and_a_longer_one_is_refused_on_both_ways() {
    on_both(|world| async move {
        let mut short = options("b");
        short.limits.frame_bytes_max = 100_000;
        let serving = serve(world.host("b"), short.clone()).await;
        let link = dial(&world, &serving.address, options("a"));
        // A request of [0x95, 0, id, method in 7 bytes, nil, args].
        let args = |length: usize| vec![0x01; length];
        let longest = begin(&link, NEVER, |w| w.raw(&args(10))).unwrap();
        drop(longest);
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        let overhead = 2 + 1 + 9 + 1;
        let echoed = call(&link, NEVER_ANSWERED_LONG, &args(100_001 - overhead)).await;
        assert_eq!(
            echoed.failed(),
            (FailureKind::Invalid, Executed::NotExecuted)
        );
        let fits = begin(&link, NEVER, |w| w.raw(&args(100_000 - overhead)));
        assert!(fits.is_ok());
        let too_long = call(&link, MEGABYTE, &[0xc0]).await;
        assert!(matches!(too_long, Ended::Ok(_)), "the client takes 16 MiB");
        // The same the other way round: the result is too long for who asked.
        let mut modest = options("a");
        modest.limits.frame_bytes_max = 100_000;
        let link = dial(&world, &serving.address, modest);
        let refused = call(&link, MEGABYTE, &[0xc0]).await;
        assert_eq!(refused.failed(), (FailureKind::Invalid, Executed::Unknown));
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
    });
}

/// No server answers it, but none needs to.
const NEVER_ANSWERED_LONG: u8 = 99;

#[test]
fn what_waited_for_a_peer_that_takes_less_fails_as_not_executed() {
    on_both(|world| async move {
        let mut short = options("b");
        short.limits.frame_bytes_max = 10_000;
        let serving = serve(world.host("b"), short).await;
        let link = dial(&world, &serving.address, options("a"));
        let (_, before) = begin(&link, ECHO, |w| w.nil()).unwrap();
        let (_, long) = begin(&link, ECHO, |w| w.bin(&[0; 20_000])).unwrap();
        for receiver in [before, long] {
            let failed = receiver.await.unwrap().failed();
            assert_eq!(failed, (FailureKind::Invalid, Executed::NotExecuted));
        }
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        assert_eq!(serving.server.requests.get(), 1);
    });
}

#[test]
fn a_frame_that_claims_too_much_ends_the_link() {
    on_both(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        for claimed in [u32::MAX, u32::try_from(FRAME_BYTES_MAX).unwrap() + 1] {
            let stream = world.host("a").dial(&serving.address).await.unwrap();
            let mut rude = RawPeer::dialled(stream).await;
            rude.send_bytes(&claimed.to_le_bytes()).await;
            assert!(rude.next().await.is_some(), "it is told why");
            assert!(rude.next().await.is_none());
            let link = serving.server.links.borrow().last().unwrap().clone();
            let reason = link.closed().await;
            assert!(
                matches!(reason, CloseReason::Protocol(ProtocolEnd::Protocol(_))),
                "{reason}"
            );
        }
    });
}

#[test]
fn a_message_alone_may_be_longer_than_the_queue() {
    on_both(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(&world, &serving.address, options("a"));
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        let length = FRAME_BYTES_MAX - 100;
        link.notify(method(1), &Header::EMPTY, |w| w.bin(&vec![7; length]))
            .unwrap();
        let refused = begin(&link, ECHO, |w| w.nil()).unwrap_err();
        assert_eq!(refused.kind, FailureKind::Overloaded);
        while serving.server.notified.borrow().len() < length {
            sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
    });
}

#[test]
fn two_who_flood_each_other_both_get_through() {
    on_sim(1, calm(), |world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let link = dial(&world, &serving.address, options("a"));
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        let accepted = serving.server.links.borrow()[0].clone();
        let done = Rc::new(Cell::new(0));
        for from in [link.clone(), accepted.clone()] {
            for _ in 0..200 {
                let (from, done) = (from.clone(), done.clone());
                spawn_local(async move {
                    for _ in 0..20 {
                        match begin(&from, ECHO, |w| w.bin(&[3; 30_000])) {
                            Ok((_, receiver)) => drop(receiver.await.unwrap()),
                            Err(_) => sleep(Duration::from_millis(100)).await,
                        }
                    }
                    done.set(done.get() + 1);
                });
            }
        }
        let all = async {
            while done.get() < 400 {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(600), all)
            .await
            .expect("they wait for each other");
        assert!(!link.is_closed() && !accepted.is_closed());
    });
}

#[test]
fn something_new_after_an_acknowledged_goaway_ends_the_link() {
    on_both(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let stream = world.host("a").dial(&serving.address).await.unwrap();
        let mut rude = RawPeer::dialled(stream).await;
        let link = serving.server.links.borrow()[0].clone();
        link.go_away(GoAwayReason::Stopping, "");
        rude.next().await.expect("a goaway");
        // What was underway before the acknowledgement is still answered.
        assert_eq!(rude.flood(ECHO, &[], 1).await, 1);
        rude.send(message::put_go_away_ack).await;
        assert_eq!(rude.responses(1).await, (1, 0));
        assert_eq!(rude.flood(ECHO, &[], 1).await, 1);
        let reason = link.closed().await;
        assert!(
            matches!(reason, CloseReason::Protocol(ProtocolEnd::Protocol(_))),
            "{reason}"
        );
        assert_eq!(serving.server.requests.get(), 1);
    });
}

#[test]
fn rubbish_of_any_kind_ends_in_a_closed_link_and_never_in_a_panic() {
    on_sim(1, calm(), |world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let random = Random::new(5);
        let below = |end: usize| usize::try_from(random.below(end as u64)).unwrap();
        for round in 0..2000_u64 {
            let stream = world.host("a").dial(&serving.address).await.unwrap();
            let mut rude = RawPeer::dialled(stream).await;
            let mut w = Writer::new();
            message::put_request(&mut w, 1, method(ECHO), &Header::EMPTY, |w| w.bin(b"bytes"));
            let mut bytes = match round % 4 {
                0 => (0..below(64))
                    .map(|_| random.u64().to_le_bytes()[0])
                    .collect(),
                1 => vec![
                    0x90 + random.u64().to_le_bytes()[0] % 16,
                    random.u64().to_le_bytes()[0] % 64,
                ],
                _ => w.into_bytes(),
            };
            for _ in 0..below(4) {
                let (at, byte) = (below(bytes.len().max(1)), random.u64().to_le_bytes()[0]);
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            bytes.truncate(bytes.len() - below(bytes.len() / 2 + 1));
            rude.send(|w| w.raw(&bytes)).await;
            // Closed, answered, or passed over.
            let _ = timeout(Duration::from_millis(20), rude.next()).await;
        }
        sleep(Duration::from_secs(60)).await;
        let closed = serving.server.closed.borrow();
        assert_eq!(closed.len(), 2000);
        assert!(
            !closed.contains(&CloseReason::Abandoned),
            "a link's task panicked"
        );
        let broken = |reason: &&CloseReason| {
            matches!(reason, CloseReason::Protocol(ProtocolEnd::Protocol(_)))
        };
        assert!(closed.iter().filter(broken).count() > 500);
    });
}

#[test]
fn who_sends_too_fast_waits_and_nobody_else() {
    on_sim(2, calm(), |world| async move {
        let options = options("b");
        let traffic = Rc::clone(&options.traffic);
        let serving = serve(world.host("b"), options).await;
        let links = [
            dial(&world, &serving.address, self::options("a")),
            dial(&world, &serving.address, self::options("c")),
        ];
        for link in &links {
            assert!(matches!(call(link, ECHO, &[1]).await, Ended::Ok(_)));
        }
        let limited = serving.server.links.borrow().first().cloned().unwrap();
        limited.set_pace(Pace {
            frames_per_second: 100,
            frames_at_once: 200,
            bytes_per_second: 1 << 20,
            bytes_at_once: 1 << 20,
        });
        let began = Instant::now();
        let calls: Vec<_> = (0..700)
            .map(|_| begin(&links[0], ECHO, |w| w.raw(&[1])).unwrap().1)
            .collect();
        assert!(matches!(call(&links[1], ECHO, &[1]).await, Ended::Ok(_)));
        assert!(began.elapsed() < Duration::from_secs(1), "the other one");
        for call in calls {
            assert!(matches!(call.await.unwrap(), Ended::Ok(_)), "none is lost");
        }
        let took = began.elapsed();
        let expected = Duration::from_millis(4900)..Duration::from_millis(5300);
        assert!(expected.contains(&took), "{took:?}");
        assert!(traffic.slowed() > 100);
    });
}
