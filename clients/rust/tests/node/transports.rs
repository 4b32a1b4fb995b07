//! One session over several transports of one node, plain and encrypted.

use std::cell::RefCell;
use std::rc::Rc;

use playhouse_client::{Builder, Client, FailureKind, Transport};
use playhouse_net::noise::ServerKey;

use crate::client::SCHEMA;
use crate::client::inn::{Door, Guest, GuestId, VoiceHeardArgs};
use crate::inn::{Doors, run_with};

fn builder() -> Builder {
    Client::builder(&SCHEMA)
}

async fn enter(client: &Client) {
    let key = client.service::<Door>().enter(GuestId(7)).await.unwrap();
    client.open(&key.token.0).await.unwrap();
}

#[test]
fn a_bare_address_is_reached_by_whatever_is_there() {
    let doors = Doors {
        listen: vec!["kcp://127.0.0.1:0"],
        ..Doors::default()
    };
    run_with(doors, async |inn| {
        let address = inn.addresses().remove(0);
        let bare = address.strip_prefix("kcp://").unwrap();
        let client = builder().connect(bare).await.unwrap();
        assert_eq!(client.transport(), Some(Transport::Kcp));
        enter(&client).await;
        assert_eq!(client.entity::<Guest>().name().await, Ok(GuestId(7)));
    });
}

#[test]
fn a_session_moves_from_transport_to_transport() {
    let doors = Doors {
        listen: vec!["127.0.0.1:0", "kcp://127.0.0.1:0"],
        ..Doors::default()
    };
    run_with(doors, async |inn| {
        let addresses = inn.addresses();
        let client = builder().connect(&addresses[0]).await.unwrap();
        enter(&client).await;
        let heard = Rc::new(RefCell::new(Vec::new()));
        let into = Rc::clone(&heard);
        client.on(move |args: VoiceHeardArgs| into.borrow_mut().push(args.number));
        let mut said = 0;
        for (address, transport) in [
            (&addresses[1], Transport::Kcp),
            (&addresses[0], Transport::Tcp),
            (&addresses[1], Transport::Kcp),
        ] {
            client.migrate(address).await.unwrap();
            assert_eq!(client.transport(), Some(transport));
            for _ in 0..10 {
                said += 1;
                let voice = client.entity::<Guest>().voice();
                assert_eq!(voice.say("here".to_owned()).await, Ok(said));
            }
        }
        assert_eq!(*heard.borrow(), (1..=said).collect::<Vec<_>>());
    });
}

#[test]
fn a_pinned_key_lets_nobody_else_be_the_server() {
    let key = ServerKey::generate().unwrap();
    let doors = Doors {
        key: Some(key.clone()),
        ..Doors::default()
    };
    run_with(doors, async |inn| {
        let other = ServerKey::generate().unwrap().public_key();
        for address in inn.addresses() {
            let pinned = builder().server_key(key.public_key());
            let client = pinned.connect(&address).await.unwrap();
            enter(&client).await;
            assert_eq!(client.entity::<Guest>().name().await, Ok(GuestId(7)));
            let failure = builder().server_key(other).connect(&address).await;
            assert_eq!(failure.unwrap_err().kind(), FailureKind::Unreachable);
        }
    });
}
