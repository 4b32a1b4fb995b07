//! One session over several transports of one node, plain and encrypted.

use std::cell::RefCell;
use std::rc::Rc;

use playhouse::login::{Claims, Pass, SessionKey, TokenKeys, TokenKind};
use playhouse::{EntityRef, Timestamp};
use playhouse_client::{Builder, Client, FailureKind, Transport};
use playhouse_net::noise::ServerKey;

use crate::client::SCHEMA;
use crate::client::inn::{Door, Guest, GuestId, VoiceHeardArgs};
use crate::inn::{Doors, run_with};
use crate::server::inn as server_side;

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

#[test]
fn a_tickets_key_encrypts_links_and_a_ticket_alone_does_not() {
    let server = ServerKey::generate().unwrap();
    let (ours, theirs) = (TokenKeys::random().unwrap(), TokenKeys::random().unwrap());
    let doors = Doors {
        listen: vec!["127.0.0.1:0", "kcp://127.0.0.1:0"],
        key: Some(server.clone()),
        tokens: Some(ours.clone()),
        ..Doors::default()
    };
    let issue = |keys: &TokenKeys, login_no| {
        let guest = EntityRef::from(server_side::Guest::reference(server_side::GuestId(7)));
        keys.issue(&Claims {
            entity: guest.clone(),
            login_no,
            // Its time is asked when a session opens, not here.
            issued: Timestamp::from_micros(0),
            expires: Timestamp::from_micros(1),
            kind: TokenKind::Ticket {
                node: "inn".to_owned(),
                session: guest,
            },
        })
    };
    let (token, key) = issue(&ours, 0);
    let (_, other_key) = issue(&ours, 1);
    let (foreign, foreign_key) = issue(&theirs, 0);
    run_with(doors, async |inn| {
        for address in inn.addresses() {
            let with = async |key: &SessionKey, token: &[u8]| {
                let pinned = builder().server_key(server.public_key());
                let pass = Pass::join(key, token);
                pinned.ticket(&pass).connect(&address).await
            };
            let client = with(&key, &token).await.unwrap();
            enter(&client).await;
            assert_eq!(client.entity::<Guest>().name().await, Ok(GuestId(7)));
            // Who has seen a ticket has not its key.
            for (key, token) in [(&other_key, &token), (&foreign_key, &foreign)] {
                let refused = with(key, token).await.unwrap_err();
                assert_eq!(refused.kind(), FailureKind::Unreachable, "{refused}");
            }
        }
        let address = &inn.addresses()[0];
        let pass = Pass::join(&key, &token);
        let plain = builder().ticket(&pass).connect(address).await;
        assert!(plain.unwrap_err().text().contains("server_key"));
        let pinned = builder().server_key(server.public_key());
        let half = pinned.ticket(&token).connect(address).await.unwrap_err();
        assert!(half.text().contains("without its key"), "{half}");
    });
}
