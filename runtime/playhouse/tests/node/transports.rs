//! A node that listens by every transport.

use playhouse::node::NodeBuilder;
use playhouse_net::Transport;
use playhouse_wire::message::Role;

use crate::client::{self, CERTIFICATE, Client, Note};
use crate::schema::harbour::{AccountId, Door, DoorWeatherArgs, Guest, GuestSayArgs};
use crate::world::{self, token};

/// Shows the certificate that clients trust.
pub(crate) fn certified(builder: NodeBuilder) -> NodeBuilder {
    let folder = CERTIFICATE.0.path();
    builder.tls(folder.join("chain.pem"), folder.join("key.pem"))
}

pub(crate) const EVERYWHERE: [&str; 5] = [
    "tcp://127.0.0.1:0",
    "kcp://127.0.0.1:0",
    "ws://127.0.0.1:0/play",
    "wss://127.0.0.1:0",
    "quic://127.0.0.1:0",
];

#[test]
fn clients_come_by_every_transport_and_have_the_same_session() {
    let builder = EVERYWHERE
        .into_iter()
        .fold(world::builder(), NodeBuilder::listen);
    let (running, first) = world::start(certified(builder));
    let addresses = running.addresses();
    assert_eq!(addresses.len(), 1 + EVERYWHERE.len());
    client::run(async move {
        let expected = [
            (Transport::Tcp, false),
            (Transport::Tcp, false),
            (Transport::Kcp, false),
            (Transport::WebSocket, false),
            (Transport::WebSocket, true),
            (Transport::Quic, true),
        ];
        for (number, (address, (transport, is_bound))) in
            (10_u64..).zip(addresses.iter().zip(expected))
        {
            let client = Client::connect(address, Role::Client);
            let region = "here".to_owned();
            let args = DoorWeatherArgs { region };
            let weather = client.call::<Door, _>(0, None, &args).await;
            assert_eq!(weather.value::<String>(), "fog here", "{address}");
            let entity = Guest::reference(AccountId(number)).address().clone();
            assert_eq!(client.open(&token(number)).await, Note::Opened(entity));
            for _ in 0..3 {
                let line = "x".repeat(60);
                let args = GuestSayArgs { line };
                let count = client.call::<Guest, _>(0, None, &args).await;
                assert_eq!(count.value::<u32>(), 1, "{address}");
            }
            assert_eq!(client.link.transport(), Some(transport));
            assert_eq!(client.link.binding().is_some(), is_bound, "{address}");
        }
        // Nodes and tools come over TCP; another address is as good as the first.
        let peer = Client::connect(&first, Role::Node);
        let region = "there".to_owned();
        let weather = peer
            .call::<Door, _>(0, None, &DoorWeatherArgs { region })
            .await;
        assert_eq!(weather.value::<String>(), "fog there");
    });
}

#[test]
fn clients_hear_that_the_node_stops_by_every_transport() {
    let builder = EVERYWHERE
        .into_iter()
        .fold(world::builder(), NodeBuilder::listen);
    let (running, _) = world::start(certified(builder));
    let addresses = running.addresses();
    client::run(async move {
        let mut clients = Vec::new();
        for address in &addresses {
            let client = Client::connect(address, Role::Client);
            let region = "here".to_owned();
            let args = DoorWeatherArgs { region };
            let weather = client.call::<Door, _>(0, None, &args).await;
            weather.value::<String>();
            clients.push(client);
        }
        let stopping = std::thread::spawn(move || running.stop());
        for client in clients {
            let (note, address) = (client.note().await, client.link.address());
            assert_eq!(note, Note::GoAway("the node stops".to_owned()), "{address}");
        }
        stopping.join().unwrap();
    });
}

#[test]
fn addresses_that_can_not_be_listened_at_say_why() {
    let refused = |builder: NodeBuilder| builder.build().unwrap().start().unwrap_err().to_string();
    for (address, why) in [
        ("http://127.0.0.1:0", "take tcp, kcp, ws, wss or quic"),
        ("quic://127.0.0.1:0", "`.tls(..)`"),
        ("wss://127.0.0.1:0/play", "`.tls(..)`"),
        ("tcp://127.0.0.1:0/play", "leave out `/play`"),
    ] {
        let text = refused(world::builder().listen(address));
        assert!(
            text.contains(why) && text.contains(address.strip_prefix("tcp://").unwrap_or(address)),
            "{text}"
        );
    }
    let text = refused(world::builder().tls("/nowhere/chain.pem", "/nowhere/key.pem"));
    assert!(text.contains("/nowhere/chain.pem"), "{text}");
}
