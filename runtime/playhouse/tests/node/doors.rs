//! Strangers at the doors of a node: each limit, what is counted, and that others don't notice.

use std::fs;
use std::time::Duration;

use playhouse::node::{DoorLimits, NodeBuilder, Running};
use playhouse_wire::message::{FailureKind, GoAwayReason, Role, SessionReason};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{self, Client, Ended, Note};
use crate::schema::harbour::{Door, DoorKnockArgs, DoorRingArgs, DoorRungArgs};
use crate::world;

/// A node that trusts nobody, so that the test's own address is a stranger's.
fn wary(limits: DoorLimits) -> NodeBuilder {
    let builder = world::builder().trust_peers(|_| false);
    builder.guests_per_address(100_000).doors(limits)
}

/// Whether a client's calls are answered, be it with a refusal.
async fn is_served(client: &Client) -> bool {
    let ended = client.call::<Door, _>(0, None, &DoorRungArgs {}).await;
    match ended {
        Ended::Failed(FailureKind::Unreachable, ..) => false,
        Ended::Failed(kind, ..) => kind == FailureKind::Denied,
        other => panic!("what is not exposed was answered: {other:?}"),
    }
}

/// A number of the node's page of metrics.
async fn metric(running: &Running, sample: &str) -> u64 {
    // A page stands for a quarter of a second.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut stream = TcpStream::connect(running.metrics_address().unwrap())
        .await
        .unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).await.unwrap();
    let value = page.lines().find_map(|line| line.strip_prefix(sample));
    value
        .unwrap_or_else(|| panic!("no {sample} in {page}"))
        .trim()
        .parse()
        .unwrap()
}

#[test]
fn an_address_has_so_many_connections_by_whatever_transport() {
    let limits = DoorLimits {
        connections_per_address: 3,
        ..DoorLimits::default()
    };
    let builder = [
        "kcp://127.0.0.1:0",
        "ws://127.0.0.1:0",
        "quic://127.0.0.1:0",
    ]
    .into_iter()
    .fold(wary(limits), NodeBuilder::listen);
    let builder = crate::transports::certified(builder).metrics("127.0.0.1:0");
    let (running, _) = world::start(builder);
    let addresses = running.addresses();
    client::run(async move {
        let mut inside = Vec::new();
        for address in addresses.iter().take(3) {
            let client = Client::connect(address, Role::Client);
            assert!(is_served(&client).await, "{address}");
            inside.push(client);
        }
        for address in &addresses {
            let late = Client::connect(address, Role::Client);
            assert!(matches!(late.note().await, Note::Closed(_)), "{address}");
        }
        for client in &inside {
            assert!(is_served(client).await, "those inside don't notice");
        }
        let refused = "playhouse_connections_refused_total{reason=\"crowded\"}";
        assert_eq!(metric(&running, refused).await, 4);
        assert_eq!(
            metric(&running, "playhouse_connections{transport=\"ws\"}").await,
            1
        );
        assert_eq!(metric(&running, "playhouse_connections_shaking").await, 0);
        inside.pop().unwrap().link.close(GoAwayReason::Idle, "");
        let again = loop {
            let again = Client::connect(&addresses[3], Role::Client);
            if is_served(&again).await {
                break again;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert!(is_served(&again).await);
    });
}

#[test]
fn connections_that_say_nothing_keep_nobody_else_out() {
    let limits = DoorLimits {
        handshakes_per_address: 4,
        ..DoorLimits::default()
    };
    let (running, address) = world::start(wary(limits).metrics("127.0.0.1:0"));
    client::run(async move {
        let inside = Client::connect(&address, Role::Client);
        assert!(is_served(&inside).await);
        let mut silent = Vec::new();
        for _ in 0..20 {
            silent.push(TcpStream::connect(&address).await.unwrap());
        }
        assert_eq!(metric(&running, "playhouse_connections_shaking").await, 4);
        let refused = "playhouse_connections_refused_total{reason=\"crowded\"}";
        assert_eq!(metric(&running, refused).await, 16);
        assert!(is_served(&inside).await);
        // Those that stay silent are closed after five seconds, and there is room again.
        for stream in &mut silent {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        }
        drop(silent);
        while !is_served(&Client::connect(&address, Role::Client)).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

#[test]
fn a_client_that_floods_is_slowed_down_and_nobody_else() {
    let limits = DoorLimits {
        frames_per_second: 50,
        ..DoorLimits::default()
    };
    let (running, address) = world::start(wary(limits).metrics("127.0.0.1:0").shards(1));
    client::run(async move {
        let (flood, other) = (
            Client::connect(&address, Role::Client),
            Client::connect(&address, Role::Client),
        );
        assert!(is_served(&flood).await && is_served(&other).await);
        for _ in 0..400 {
            flood.oneway::<Door, _>(0, None, &DoorRingArgs { bell: 0 });
        }
        for _ in 0..20 {
            assert!(is_served(&other).await);
        }
        assert!(metric(&running, "playhouse_links_slowed_total").await > 0);
        assert!(is_served(&flood).await, "nothing is lost, only late");
    });
}

#[test]
fn who_tries_tokens_is_banned_for_a_while() {
    let limits = DoorLimits {
        auth_failures: 3,
        ..DoorLimits::default()
    };
    let (running, address) = world::start(wary(limits).metrics("127.0.0.1:0"));
    client::run(async move {
        let client = Client::connect(&address, Role::Client);
        for _ in 0..4 {
            let note = client.open(b"nobody").await;
            assert!(
                matches!(note, Note::Refused(SessionReason::Denied, _)),
                "{note:?}"
            );
        }
        let late = Client::connect(&address, Role::Client);
        assert!(matches!(late.note().await, Note::Closed(_)));
        let refused = "playhouse_connections_refused_total{reason=\"banned\"}";
        assert_eq!(metric(&running, refused).await, 1);
        assert_eq!(metric(&running, "playhouse_bans").await, 1);
        client
            .call::<Door, _>(0, None, &DoorKnockArgs {})
            .await
            .value::<u32>();
    });
}

#[test]
fn a_list_of_bans_holds_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bans.txt");
    fs::write(&path, "127.0.0.0/8 # the test itself\n").unwrap();
    let builder = wary(DoorLimits::default()).listen("ws://127.0.0.1:0");
    let (running, _) = world::start(builder.ban_list(&path));
    let addresses = running.addresses();
    client::run(async move {
        for address in &addresses {
            let banned = Client::connect(address, Role::Client);
            assert!(matches!(banned.note().await, Note::Closed(_)), "{address}");
        }
    });
    // Where operators come from nobody is banned, or they could not take it back.
    let (_running, address) = world::start(world::builder().ban_list(&path));
    client::run(async move {
        assert!(is_served(&Client::connect(&address, Role::Client)).await);
    });
    fs::write(&path, "127.0.0.0/99\n").unwrap();
    let wrong = world::builder().ban_list(&path).build().unwrap();
    let error = wrong.start().unwrap_err().to_string();
    assert!(error.contains("line 1"), "{error}");
}

#[test]
fn a_proxy_says_who_comes_and_has_to() {
    let limits = DoorLimits {
        connections_per_address: 1,
        ..DoorLimits::default()
    };
    let builder = wary(limits).proxies("127.0.0.1".parse().unwrap());
    let (running, address) = world::start(builder.metrics("127.0.0.1:0"));
    client::run(async move {
        let header = |host: u8| {
            let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
            header.extend([192, 0, 2, host, 10, 0, 0, 1, 0x1f, 0x90, 0, 80]);
            header
        };
        // Whoever is let in is waited for; whoever isn't sees the end at once.
        let mut inside = Vec::new();
        for (host, is_let_in) in [(1, true), (2, true), (1, false), (3, true), (2, false)] {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            stream.write_all(&header(host)).await.unwrap();
            let waited = Duration::from_millis(if is_let_in { 300 } else { 10_000 });
            let read = tokio::time::timeout(waited, stream.read(&mut [0; 9])).await;
            assert_eq!(read.is_err(), is_let_in, "{host}: {read:?}");
            inside.push(stream);
        }
        // Without a header nobody is.
        let direct = Client::connect(&address, Role::Client);
        assert!(matches!(direct.note().await, Note::Closed(_)));
        let refused =
            |reason| format!("playhouse_connections_refused_total{{reason=\"{reason}\"}}");
        assert_eq!(metric(&running, &refused("proxy")).await, 1);
        assert_eq!(metric(&running, &refused("crowded")).await, 2);
    });
}
