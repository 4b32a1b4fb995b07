//! How a node ends, and what it bears.

use std::time::Duration;

use playhouse_wire::message::Role;

use crate::client::{self, Client, Note};
use crate::schema::harbour::{
    AccountId, BagContentArgs, BagPutArgs, Door, DoorEchoArgs, DoorSecretArgs, DoorSlowArgs, Guest,
    GuestHoldArgs,
};
use crate::world::{self, ms};

/// A process of its own, since a signal ends all of one.
#[test]
fn sigterm_lets_handlers_end_and_says_good_bye() {
    if let Some(address) = std::env::var_os("PLAYHOUSE_NODE_TEST") {
        let node = world::builder().listen(address.to_string_lossy());
        node.build().unwrap().run().unwrap();
        return;
    }
    let address = {
        // One that no other test has.
        let listener = std::net::TcpListener::bind("127.0.0.73:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let test = std::env::current_exe().unwrap();
    let mut child = std::process::Command::new(test)
        .args([
            "--exact",
            "stop::sigterm_lets_handlers_end_and_says_good_bye",
        ])
        .env("PLAYHOUSE_NODE_TEST", &address)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    client::run(async {
        let peer = loop {
            let peer = Client::connect(&address, Role::Node);
            let args = DoorSecretArgs {};
            match peer.call::<Door, _>(0, None, &args).await {
                client::Ended::Ok(_) => break peer,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let slow = playhouse::to_vec(&DoorSlowArgs { wait: ms(500) });
        let method = client::method::<Door, DoorSlowArgs>(0);
        let (_, slow) = peer.begin(method, &client::header(None), &slow);
        // It has begun once a later call is answered.
        peer.call::<Door, _>(0, None, &DoorSecretArgs {})
            .await
            .value::<bool>();
        let kill = std::process::Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        assert_eq!(slow.await.value::<u32>(), 1, "it ran to its end");
        assert!(matches!(peer.note().await, Note::Closed(_)));
    });
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_flood_of_oneways_to_a_slow_entity_is_refused_not_kept() {
    const FLOOD: u32 = 20_000;
    let (_running, address) = world::node();
    client::run(async move {
        let peer = Client::connect(&address, Role::Node);
        let hold = playhouse::to_vec(&GuestHoldArgs { wait: ms(500) });
        let method = client::method::<Guest, GuestHoldArgs>(0);
        let (_, held) = peer.begin(method, &client::header(Some(1)), &hold);
        for parcel in 0..FLOOD {
            peer.oneway::<Guest, _>(1, Some(1), &BagPutArgs { parcel });
        }
        // Others are served meanwhile, on the same link.
        peer.call::<Door, _>(0, None, &DoorSecretArgs {})
            .await
            .value::<bool>();
        held.await.value::<u32>();
        let content = peer.call::<Guest, _>(1, Some(1), &BagContentArgs {}).await;
        let content = content.value::<Vec<u32>>();
        assert!(content.is_sorted());
        assert!(
            content.len() >= 1000 && content.len() <= 1200,
            "{}",
            content.len()
        );
    });
}

#[test]
fn a_client_that_stops_reading_costs_little_and_others_nothing() {
    let (running, address) = world::node();
    let stalled = std::net::TcpStream::connect(&address).unwrap();
    client::run(async move {
        // Says hello by hand, asks for far more than it ever reads.
        use playhouse_wire::{frame, message};
        let mut w = playhouse::Writer::new();
        let put = |w: &mut playhouse::Writer, write: &dyn Fn(&mut playhouse::Writer)| {
            frame::put(w, frame::FRAME_BYTES_MAX, write).unwrap();
        };
        put(&mut w, &|w| {
            message::put_hello(w, &message::Hello::new(Role::Client, "stalled"))
        });
        let echo = DoorEchoArgs {
            data: playhouse::Bytes(vec![1; 4000]),
        };
        let args = playhouse::to_vec(&echo);
        let method = client::method::<Door, DoorEchoArgs>(0);
        for id in 0..900 {
            put(&mut w, &|w| {
                message::put_request(w, id, method, &message::Header::EMPTY, |w| w.raw(&args));
            });
        }
        stalled
            .set_write_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        // What the node does not take stays in this side's socket.
        let _ = std::io::Write::write_all(&mut &stalled, w.as_bytes());
        let other = Client::connect(&address, Role::Client);
        for _ in 0..50 {
            let data = playhouse::Bytes(vec![2; 100]);
            let ended = other.call::<Door, _>(0, None, &DoorEchoArgs { data }).await;
            assert_eq!(ended.value::<playhouse::Bytes>().0, [2; 100]);
        }
        drop(stalled);
    });
    assert_eq!(running.spawn(|| async { 1 }).wait(), Ok(1));
    let account = AccountId(1);
    let hold = running.spawn(move || Guest::of(account).hold(ms(0)));
    assert_eq!(hold.wait().unwrap(), Ok(1));
}
