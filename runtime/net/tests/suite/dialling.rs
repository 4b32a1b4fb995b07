//! Links by address: shared while they live, left alone while they can't be reached.

use std::{cell::Cell, rc::Rc, time::Duration};

use playhouse_net::{
    Random,
    links::{ADDRESSES_MAX, Address, Backoff, Links},
    sim::Crash,
};
use playhouse_wire::message::{Executed, FailureKind, GoAwayReason};
use tokio::{
    task::spawn_local,
    time::{Instant, sleep, timeout},
};

use crate::{
    peers::{Client, ECHO, Ended, begin, call, options, serve, serve_at},
    world::{World, calm, on_both, on_sim},
};

fn links(world: &World) -> (Links, Rc<Cell<usize>>) {
    let dialled = Rc::new(Cell::new(0));
    let count = dialled.clone();
    let links = Links::new(
        world.host("a"),
        options("a"),
        Backoff::default(),
        Random::new(1),
        Rc::new(move |_| {
            count.set(count.get() + 1);
            Rc::new(Client::default())
        }),
    );
    (links, dialled)
}

#[test]
fn two_callers_who_dial_one_address_share_a_link_and_lose_nothing() {
    on_both(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let (links, dialled) = links(&world);
        let address = Address::from(serving.address.as_str());
        let mut waiting = Vec::new();
        for number in 0..1000_u64 {
            let link = links.link(&address).unwrap();
            waiting.push(begin(&link, ECHO, |w| w.unsigned(number)).unwrap().1);
        }
        for (number, receiver) in waiting.into_iter().enumerate() {
            let expected = playhouse_wire::to_vec(&(number as u64));
            assert_eq!(receiver.await.unwrap(), Ended::Ok(expected));
        }
        assert_eq!(dialled.get(), 1);
        assert_eq!(serving.server.links.borrow().len(), 1);
    });
}

#[test]
fn lanes_stand_side_by_side() {
    on_both(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let (links, dialled) = links(&world);
        for lane in [0, 1, 0, 2] {
            let address = Address::from(serving.address.as_str()).with_lane(lane);
            let link = links.link(&address).unwrap();
            assert_eq!(call(&link, ECHO, &[lane]).await, Ended::Ok(vec![lane]));
        }
        assert_eq!((dialled.get(), links.all().len()), (3, 3));
    });
}

#[test]
fn a_dead_address_fails_fast_and_says_why() {
    on_both(|world| async move {
        let address = Address::from(world.dead_address("b").await);
        let (links, dialled) = links(&world);
        let link = links.link(&address).unwrap();
        let failed = call(&link, ECHO, &[1]).await.failed();
        assert_eq!(failed, (FailureKind::Unreachable, Executed::NotExecuted));
        let refused = links.link(&address).unwrap_err();
        assert_eq!(refused.kind, FailureKind::Unreachable);
        assert!(refused.text.contains("refused"), "{refused}");
        assert_eq!(dialled.get(), 1);
    });
}

#[test]
fn a_host_that_is_gone_is_dialled_ever_less_and_found_when_it_is_back() {
    on_sim(1, calm(), |world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let (links, dialled) = links(&world);
        let address = Address::from(serving.address.as_str());
        let link = links.link(&address).unwrap();
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        world.sim().crash_as("b", Crash::Process);
        link.closed().await;
        for _ in 0..600 {
            sleep(Duration::from_millis(100)).await;
            if let Ok(link) = links.link(&address) {
                call(&link, ECHO, &[1]).await.failed();
            }
        }
        // 100, 200, 400 ... 5,000 ms, less up to half.
        assert!((14..=32).contains(&dialled.get()), "{}", dialled.get());
        let _again = serve_at(world.host("b"), &serving.address, options("b")).await;
        sleep(Duration::from_secs(5)).await;
        let link = links.link(&address).unwrap();
        assert_eq!(call(&link, ECHO, &[2]).await, Ended::Ok(vec![2]));
    });
}

#[test]
fn a_server_that_restarts_is_dialled_by_the_next_call() {
    on_both(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let (links, dialled) = links(&world);
        let address = Address::from(serving.address.as_str());
        let link = links.link(&address).unwrap();
        assert_eq!(call(&link, ECHO, &[1]).await, Ended::Ok(vec![1]));
        // Younger links count as failures.
        sleep(Duration::from_millis(150)).await;
        serving.accepting.abort();
        let accepted = serving.server.links.borrow()[0].clone();
        accepted.close(GoAwayReason::Stopping, "");
        link.closed().await;
        sleep(Duration::from_millis(10)).await;
        let again = serve_at(world.host("b"), &serving.address, options("b")).await;
        let link = links.link(&address).unwrap();
        assert_eq!(call(&link, ECHO, &[2]).await, Ended::Ok(vec![2]));
        assert_eq!((dialled.get(), again.server.requests.get()), (2, 1));
    });
}

#[test]
fn a_kept_address_is_redialled_without_a_call() {
    on_sim(1, calm(), |world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let (links, _) = links(&world);
        let address = Address::from(serving.address.as_str());
        links.keep(&address);
        links.keep(&address);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(serving.server.links.borrow().len(), 1);
        world.sim().crash_as("b", Crash::Machine);
        sleep(Duration::from_secs(60)).await;
        let again = serve_at(world.host("b"), &serving.address, options("b")).await;
        sleep(Duration::from_secs(10)).await;
        assert_eq!(again.server.links.borrow().len(), 1);

        links.release(&address);
        again.server.links.borrow()[0].close(GoAwayReason::Stopping, "");
        sleep(Duration::from_secs(60)).await;
        assert_eq!(again.server.links.borrow().len(), 1);
    });
}

#[test]
fn a_peer_that_goes_away_is_replaced_at_the_next_call() {
    on_both(|world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        let (links, dialled) = links(&world);
        let address = Address::from(serving.address.as_str());
        let first = links.link(&address).unwrap();
        assert_eq!(call(&first, ECHO, &[1]).await, Ended::Ok(vec![1]));
        serving.server.links.borrow()[0].go_away(GoAwayReason::Stopping, "");
        while first.takes_requests() {
            sleep(Duration::from_millis(1)).await;
        }
        let second = links.link(&address).unwrap();
        assert!(!first.same(&second));
        assert_eq!(call(&second, ECHO, &[2]).await, Ended::Ok(vec![2]));
        assert_eq!((dialled.get(), links.all().len()), (2, 2));
        links.close_all(GoAwayReason::Stopping, "");
        first.closed().await;
        second.closed().await;
        assert!(links.all().is_empty());
    });
}

#[test]
fn addresses_are_bounded_and_forgotten_when_they_are_of_no_use() {
    on_sim(1, calm(), |world| async move {
        let (links, _) = links(&world);
        let address = |number| Address::from(format!("nobody:{number}"));
        for number in 0..ADDRESSES_MAX {
            links.link(&address(number)).unwrap();
        }
        let refused = links.link(&address(ADDRESSES_MAX)).unwrap_err();
        assert_eq!(refused.kind, FailureKind::Overloaded);
        sleep(Duration::from_secs(60)).await;
        links.link(&address(ADDRESSES_MAX)).unwrap();
    });
}

#[test]
fn a_caller_of_a_silent_host_waits_for_the_limit_once() {
    on_sim(1, calm(), |world| async move {
        let serving = serve(world.host("b"), options("b")).await;
        world.sim().crash_as("b", Crash::Machine);
        let (links, _) = links(&world);
        let address = Address::from(serving.address.as_str());
        let began = Instant::now();
        let callers: Vec<_> = (0..10)
            .map(|_| {
                let link = links.link(&address).unwrap();
                spawn_local(async move { call(&link, ECHO, &[1]).await.failed() })
            })
            .collect();
        for caller in callers {
            let failed = timeout(Duration::from_secs(10), caller)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(failed, (FailureKind::Unreachable, Executed::NotExecuted));
        }
        assert_eq!(began.elapsed().as_secs(), 3);
        assert!(links.link(&address).is_err());
    });
}
