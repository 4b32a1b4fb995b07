//! The worst that callers and handlers do: each ends in one clear error, and the node serves on.

use std::time::Duration;

use playhouse::FailureKind;
use playhouse_wire::message::Role;

use crate::client::{self, Client};
use crate::schema::harbour::{
    AccountId, BagContentArgs, BagPutArgs, Door, DoorEchoArgs, DoorSecretArgs, Guest, GuestHoldArgs,
};
use crate::world::{self, caller, ms};

#[test]
fn a_handler_that_never_yields_costs_its_own_shard_alone() {
    let (running, _) = world::start(world::builder().stall_after(Duration::from_millis(50)));
    // Keys spread over the shards, so one of these lives on the other one than the first.
    let spin = running.spawn(|| Guest::of(AccountId(1)).spin(ms(600)));
    std::thread::sleep(Duration::from_millis(150));
    let served = (2..12).any(|account| {
        let began = std::time::Instant::now();
        let index = usize::from(account % 2 == 0);
        let call = running.spawn_on(index, move || Guest::of(AccountId(account)).hidden());
        while began.elapsed() < Duration::from_millis(200) {
            if call.is_finished() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    });
    assert!(served, "no shard served while one was stuck");
    assert_eq!(spin.wait().unwrap(), Ok(()));
    let stalls = [0, 1].map(|index| {
        let stalls = running.spawn_on(index, || async {
            playhouse::host::Shard::current().unwrap().mark().stalls()
        });
        stalls.wait().unwrap()
    });
    assert_eq!(stalls.iter().sum::<u64>(), 1, "{stalls:?}");
}

#[test]
fn a_hundred_thousand_calls_given_up_at_once_leave_nothing_behind() {
    const CALLS: usize = 100_000;
    let (running, address) = world::node();
    let caller = caller();
    let there = address.clone();
    let given_up = caller.spawn(move || async move {
        let mut begun = Vec::with_capacity(CALLS);
        let mut refused = 0;
        for number in 0..CALLS {
            let mut call = Box::pin(Door::at(there.clone()).slow(ms(1_000)));
            match std::future::poll_fn(|cx| {
                std::task::Poll::Ready(std::future::Future::poll(call.as_mut(), cx))
            })
            .await
            {
                std::task::Poll::Pending => begun.push(call),
                std::task::Poll::Ready(outcome) => {
                    assert_eq!(outcome.unwrap_err().kind(), FailureKind::Overloaded);
                    refused += 1;
                }
            }
            if number % 1000 == 0 {
                tokio::task::yield_now().await;
            }
        }
        let count = begun.len();
        drop(begun);
        (count, refused)
    });
    let (begun, refused) = given_up.wait().unwrap();
    assert_eq!(begun + refused, CALLS);
    assert!(begun >= 50_000, "{begun}");
    // Those that had begun run to their ends, and then there is room again.
    let still = caller.spawn(move || async move {
        for _ in 0..1_000 {
            match Door::at(address.clone()).secret().await {
                Err(failure) if failure.kind() == FailureKind::Overloaded => {}
                outcome => return outcome,
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(false)
    });
    assert_eq!(still.wait().unwrap(), Ok(true));
    let open = caller.spawn(|| async {
        // The call that asks is none.
        playhouse::host::Shard::current().unwrap().calls_open()
    });
    assert_eq!(open.wait().unwrap(), 0);
    drop(running);
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
