//! First contact: several addresses, several transports.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use playhouse_client::{Builder, FailureKind, Network, Race, Scheme, State};
use playhouse_net::{Listener, LocalBoxFuture, Located, Stream};
use tokio::time::Instant;

use super::server::{World, run};

/// A second transport: its addresses belong to hosts of their own on the simulated network.
#[derive(Debug)]
struct Other(Rc<dyn Network>);

impl Network for Other {
    fn dial<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let host = Located::only(address, Scheme::Kcp)?;
            self.0.dial(&format!("kcp-{host}")).await
        })
    }

    fn listen<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Listener>>> {
        self.0.listen(address)
    }
}

fn both(world: &World) -> Builder {
    let other = Rc::new(Other(world.network.host("client")));
    world.builder().transport(Scheme::Kcp, other)
}

#[test]
fn the_first_address_that_answers_is_taken() {
    run(async |world| {
        world.listen("spare:7000").await;
        let client = world
            .builder()
            .connect_any(&["server:9", "nowhere:7000", "spare:7000"])
            .await;
        client.unwrap();
        assert_eq!(world.server.links.borrow().len(), 1);
        let failure = world
            .builder()
            .connect_any(&["server:9", "pigeon://server:7000"])
            .await
            .unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unreachable);
        assert!(failure.text().contains("server:9: "), "{failure}");
        assert!(failure.text().contains("unknown transport"), "{failure}");
        let none: [&str; 0] = [];
        let failure = world.builder().connect_any(&none).await.unwrap_err();
        assert!(failure.text().contains("no address"), "{failure}");
    });
}

#[test]
fn the_first_usable_transport_wins_and_the_others_are_closed() {
    run(async |world| {
        world.listen("kcp-server:7000").await;
        let client = both(&world).connect("server:7000").await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let links = world.server.links.borrow().clone();
        let open = links.iter().filter(|link| !link.is_closed()).count();
        assert_eq!((links.len(), open), (2, 1));
        drop(client);

        // One that never answers holds nobody up.
        let _host = world.network.host("kcp-server");
        world.network.partition("client", "kcp-server");
        let began = Instant::now();
        both(&world).connect("server:7000").await.unwrap();
        assert!(began.elapsed() < Duration::from_millis(500));
    });
}

#[test]
fn a_head_start_leaves_the_others_at_home() {
    run(async |world| {
        world.listen("kcp-server:7000").await;
        let race = Race {
            head_start: Duration::from_secs(1),
            ..Race::default()
        };
        let builder = || both(&world).race(race.clone());
        let client = builder().connect("server:7000").await.unwrap();
        assert_eq!(world.server.links.borrow().len(), 1);
        assert!(client.transport().is_some());

        // Who fails lets the next one begin at once.
        world.listen("other:7000").await;
        let began = Instant::now();
        builder().connect("other:7000").await.unwrap();
        assert!(began.elapsed() < Duration::from_millis(500));
    });
}

#[test]
fn a_session_is_live_once_and_says_over_what() {
    run(async |world| {
        let client = world.guest().await;
        let told = Rc::new(RefCell::new(Vec::new()));
        let into = Rc::clone(&told);
        client.on_state(move |state| into.borrow_mut().push(state));
        client.open(super::server::TOKEN).await.unwrap();
        let transport = client.transport().unwrap();
        let live = State::Live {
            transport,
            resumed: false,
            encrypted: false,
        };
        assert_eq!(*told.borrow(), [live]);
    });
}
