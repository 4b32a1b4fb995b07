//! Clients: how they get a session, what they may do in it and without, and how it ends.

use playhouse::Numbered;
use playhouse_wire::message::{FailureKind, Header, Method, Role, SessionReason};
use playhouse_wire::session::SessionLimits;

use crate::client::{self, Client, Ended, Note, header, method};
use crate::schema::harbour::{
    AccountId, BagChangedArgs, BagHasArgs, BagPutArgs, Clerk, ClerkCountArgs, Door, DoorBanArgs,
    DoorKnockArgs, DoorMembersArgs, DoorSecretArgs, DoorWeatherArgs, DoorWeighArgs, Guest,
    GuestAskArgs, GuestCallerArgs, GuestHiddenArgs, GuestLifeArgs, GuestManyArgs, GuestSaidArgs,
    GuestSayArgs,
};
use crate::world::{self, token};

fn weather() -> DoorWeatherArgs {
    DoorWeatherArgs {
        region: "here".to_owned(),
    }
}

fn say(line: &str) -> GuestSayArgs {
    GuestSayArgs {
        line: line.to_owned(),
    }
}

/// A client with a session of `Guest(number)`.
async fn guest(address: &str, number: u64) -> Client {
    let client = Client::connect(address, Role::Client);
    let entity = Guest::reference(AccountId(number)).address().clone();
    assert_eq!(client.open(&token(number)).await, Note::Opened(entity));
    client
}

/// What has happened to a guest, once so much has.
async fn life_once(address: &str, number: u64, length: usize) -> Vec<String> {
    let mut heard = Vec::new();
    for _ in 0..500 {
        heard = life(address, number).await;
        if heard.len() >= length {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    heard
}

/// What has happened to a guest, as another node sees it.
async fn life(address: &str, number: u64) -> Vec<String> {
    let peer = Client::connect(address, Role::Node);
    let life = peer
        .call::<Guest, _>(0, Some(number), &GuestLifeArgs {})
        .await;
    life.value()
}

#[test]
fn a_token_opens_a_session_bound_to_its_entity() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = guest(&address, 7).await;
        assert_eq!(
            client
                .call::<Guest, _>(0, Some(7), &say("hi"))
                .await
                .value::<u32>(),
            1
        );
        // Its own key goes without saying.
        assert_eq!(
            client
                .call::<Guest, _>(0, None, &say("hi"))
                .await
                .value::<u32>(),
            1
        );
        let caller = client.call::<Guest, _>(0, None, &GuestCallerArgs {}).await;
        assert_eq!(caller.value::<String>(), "true");
        assert_eq!(life(&address, 7).await, ["construct 7", "attached true"]);
        drop(client);
    });
}

#[test]
fn a_session_opens_over_kcp() {
    let (running, _) = world::start(world::builder().listen("kcp://127.0.0.1:0"));
    let address = running.addresses().last().unwrap().clone();
    assert!(address.starts_with("kcp://127.0.0.1:"), "{address}");
    client::run(async move {
        let clients = [guest(&address, 7).await, guest(&address, 8).await];
        for client in clients {
            let fog: String = client.call::<Door, _>(0, None, &weather()).await.value();
            assert_eq!(fog, "fog here");
        }
    });
}

#[test]
fn guests_have_what_is_for_guests_alone() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = Client::connect(&address, Role::Client);
        let fog: String = client.call::<Door, _>(0, None, &weather()).await.value();
        assert_eq!(fog, "fog here");
        for ended in [
            client.call::<Door, _>(0, None, &DoorMembersArgs {}).await,
            client.call::<Guest, _>(0, Some(7), &say("hi")).await,
        ] {
            let text = ended.refused(FailureKind::Denied);
            assert!(text.contains("open a session first"), "{text}");
        }
    });
}

#[test]
fn what_is_not_exposed_is_denied() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = guest(&address, 7).await;
        let denied = [
            client.call::<Door, _>(0, None, &DoorSecretArgs {}).await,
            client
                .call::<Guest, _>(0, Some(7), &GuestHiddenArgs {})
                .await,
            client.call::<Guest, _>(0, Some(7), &GuestLifeArgs {}).await,
            client.call::<Clerk, _>(0, None, &ClerkCountArgs {}).await,
        ];
        for ended in denied {
            ended.refused(FailureKind::Denied);
        }
        let parcels = DoorWeighArgs { parcels: vec![] };
        client
            .call::<Door, _>(0, None, &parcels)
            .await
            .refused(FailureKind::Denied);
        let unknown = Method {
            package: Door::PACKAGE,
            number: Door::NUMBER,
            slot: 0,
            tag: 100,
        };
        client
            .raw(unknown, None, &[0x90])
            .await
            .refused(FailureKind::Unimplemented);
        let own = Method {
            package: 0,
            number: 0,
            slot: 0,
            tag: 1,
        };
        client
            .raw(own, None, &[0x90])
            .await
            .refused(FailureKind::Unimplemented);
        client
            .call::<Door, _>(0, None, &DoorMembersArgs {})
            .await
            .value::<u32>();
    });
}

#[test]
fn clients_reach_their_own_entity_alone() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = guest(&address, 7).await;
        for key in [8, 0, u64::MAX] {
            let ended = client.call::<Guest, _>(0, Some(key), &say("hi")).await;
            let text = ended.refused(FailureKind::Denied);
            assert!(text.contains("another entity"), "{text}");
        }
        let local = Header {
            local: Some(1),
            ..header(Some(7))
        };
        let args = playhouse::to_vec(&say("hi"));
        let (_, ended) = client.begin(method::<Guest, GuestSayArgs>(0), &local, &args);
        ended.await.refused(FailureKind::Denied);
        assert_eq!(
            life(&address, 8).await,
            ["construct 8"],
            "nobody was attached to it"
        );
    });
}

#[test]
fn a_slot_that_is_hidden_is_not_there_for_clients() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = guest(&address, 7).await;
        let has = BagHasArgs {
            parcel: 1,
            least: 1,
        };
        assert!(
            !client
                .call::<Guest, _>(1, Some(7), &has)
                .await
                .value::<bool>()
        );
        client
            .call::<Guest, _>(2, Some(7), &has)
            .await
            .refused(FailureKind::Denied);
        client
            .call::<Guest, _>(3, Some(7), &has)
            .await
            .refused(FailureKind::Unimplemented);
    });
}

#[test]
fn an_audience_lets_in_those_who_belong_to_it() {
    let (_running, address) = world::node();
    client::run(async move {
        let ban = DoorBanArgs { who: AccountId(1) };
        let client = guest(&address, 7).await;
        let text = client
            .call::<Door, _>(0, None, &ban)
            .await
            .refused(FailureKind::Denied);
        assert!(text.contains("audience"), "{text}");
        let warden = guest(&address, 99).await;
        assert!(warden.call::<Door, _>(0, None, &ban).await.value::<bool>());
    });
}

#[test]
fn rates_are_counted_for_each_call_and_client() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = Client::connect(&address, Role::Client);
        for _ in 0..2 {
            client
                .call::<Door, _>(0, None, &DoorKnockArgs {})
                .await
                .value::<u32>();
        }
        let ended = client.call::<Door, _>(0, None, &DoorKnockArgs {}).await;
        let text = ended.refused(FailureKind::RateLimited);
        assert!(text.contains("try again in"), "{text}");
        client
            .call::<Door, _>(0, None, &weather())
            .await
            .value::<String>();
        let other = Client::connect(&address, Role::Client);
        other
            .call::<Door, _>(0, None, &DoorKnockArgs {})
            .await
            .value::<u32>();
    });
}

#[test]
fn clients_are_read_strictly() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = guest(&address, 7).await;
        let long = say(&"x".repeat(65));
        client
            .call::<Guest, _>(0, None, &long)
            .await
            .refused(FailureKind::Invalid);
        let say = method::<Guest, GuestSayArgs>(0);
        // A list that announces more than there is, one that is too deep, and none at all.
        let deep = [vec![0x91; 100], vec![0xc0]].concat();
        for bytes in [&[0x91, 0xdb, 0xff, 0xff, 0xff, 0xff][..], &deep, &[0xc1]] {
            client
                .raw(say, None, bytes)
                .await
                .refused(FailureKind::Invalid);
        }
    });
}

#[test]
fn a_wrong_token_is_refused_and_the_next_one_is_looked_at() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = Client::connect(&address, Role::Client);
        let note = client.open(b"nobody").await;
        assert_eq!(
            note,
            Note::Refused(SessionReason::Denied, "a wrong token".to_owned())
        );
        // Who is nobody: the key breaks its own bounds.
        assert!(matches!(client.open(&token(5)).await, Note::Opened(_)));
        // Another login on the same link leaves the first one's session without one.
        assert!(matches!(client.open(&token(6)).await, Note::Opened(_)));
        client
            .call::<Guest, _>(0, Some(5), &say("hi"))
            .await
            .refused(FailureKind::Denied);
        assert_eq!(life_once(&address, 5, 3).await[2], "lost");
    });
}

#[test]
fn events_of_the_beginning_come_after_it_and_are_bounded() {
    let (_running, address) = world::node();
    let buffer = SessionLimits::DEFAULT.buffer;
    let most = 1000 + u64::from(buffer);
    client::run(async move {
        let client = Client::connect(&address, Role::Client);
        assert!(matches!(client.open(&token(most)).await, Note::Opened(_)));
        let first = client.events(buffer as usize).await;
        assert!(
            first
                .iter()
                .all(|(of, ..)| *of == method::<Guest, GuestSaidArgs>(0))
        );
        let client = Client::connect(&address, Role::Client);
        let note = client.open(&token(most + 1)).await;
        assert!(
            matches!(note, Note::Refused(SessionReason::Overflow, _)),
            "{note:?}"
        );
    });
}

#[test]
fn an_authenticator_has_five_seconds() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = Client::connect(&address, Role::Client);
        let note = client.open(b"slow").await;
        assert!(
            matches!(note, Note::Refused(SessionReason::Unavailable, _)),
            "{note:?}"
        );
        assert!(matches!(client.open(&token(5)).await, Note::Opened(_)));
    });
}

#[test]
fn a_node_without_an_authenticator_takes_no_sessions() {
    let plain = playhouse::node::Node::builder()
        .schema(&crate::schema::SCHEMA)
        .shards(1)
        .listen("127.0.0.1:0");
    let (_running, address) = world::start(plain);
    client::run(async move {
        let client = Client::connect(&address, Role::Client);
        let note = client.open(&token(1)).await;
        assert!(
            matches!(note, Note::Refused(SessionReason::Unavailable, _)),
            "{note:?}"
        );
    });
}

#[test]
fn the_entity_hears_that_its_client_is_lost() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = guest(&address, 7).await;
        client
            .link
            .close(playhouse_wire::message::GoAwayReason::Idle, "");
        client.link.closed().await;
        let heard = life_once(&address, 7, 3).await;
        assert_eq!(heard, ["construct 7", "attached true", "lost"]);
        // And it may log in anew.
        let client = guest(&address, 7).await;
        client
            .call::<Guest, _>(0, None, &say("again"))
            .await
            .value::<u32>();
    });
}

#[test]
fn a_second_login_takes_over_and_the_first_is_told() {
    let (_running, address) = world::node();
    client::run(async move {
        let first = guest(&address, 7).await;
        let second = guest(&address, 7).await;
        let Note::End(SessionReason::Replaced, text) = first.note().await else {
            panic!("the first should be told")
        };
        assert!(text.contains("another login"), "{text}");
        first
            .call::<Guest, _>(0, Some(7), &say("hi"))
            .await
            .refused(FailureKind::Denied);
        assert_eq!(
            second
                .call::<Guest, _>(0, Some(7), &say("hi"))
                .await
                .value::<u32>(),
            1
        );
        let events = second.events(1).await;
        assert_eq!(events[0].0, method::<Guest, GuestSaidArgs>(0));
        assert!(first.inbox.events.borrow().is_empty());
        let heard = life(&address, 7).await;
        assert_eq!(
            heard,
            ["construct 7", "attached true", "replaced", "attached true"]
        );
        // The end of the first link is nothing to the second session.
        first
            .link
            .close(playhouse_wire::message::GoAwayReason::Idle, "");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert_eq!(life(&address, 7).await.len(), 4);
    });
}

#[test]
fn events_arrive_in_order_with_whose_they_are() {
    const COUNT: u32 = 1_000;
    let (_running, address) = world::node();
    client::run(async move {
        // On both shards: wherever the link is, some of them live on the other.
        for number in 1..=4 {
            let client = guest(&address, number).await;
            let many = GuestManyArgs { count: COUNT };
            assert!(matches!(
                client.call::<Guest, _>(0, None, &many).await,
                Ended::Ok(_)
            ));
            let events = client.events(COUNT as usize).await;
            for (index, (of, key, args)) in events.iter().enumerate() {
                assert_eq!(*of, method::<Guest, GuestSaidArgs>(0));
                assert_eq!(*key, Some(playhouse::EntityKey::new([number.into()])));
                let said: GuestSaidArgs =
                    playhouse::from_slice(args, &playhouse::Limits::DEFAULT).unwrap();
                assert_eq!(said.line, index.to_string());
            }
            client.oneway::<Guest, _>(1, None, &BagPutArgs { parcel: 3 });
            let events = client.events(1).await;
            assert_eq!(events[0].0, method::<Guest, BagChangedArgs>(1));
        }
    });
}

#[test]
fn the_server_asks_its_client() {
    let (_running, address) = world::node();
    client::run(async move {
        for number in 1..=4 {
            let client = guest(&address, number).await;
            let ask = GuestAskArgs {
                text: "really?".to_owned(),
            };
            for answer in [true, false] {
                client.inbox.answer.set(Some(answer));
                let said = client.call::<Guest, _>(0, None, &ask).await;
                assert_eq!(said.value::<bool>(), answer);
            }
            assert_eq!(client.inbox.asked.get(), 2);
        }
    });
}

#[test]
fn a_client_that_says_nothing_costs_its_entity_the_deadline_alone() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = guest(&address, 7).await;
        let ask = GuestAskArgs {
            text: "really?".to_owned(),
        };
        let ended = client.call::<Guest, _>(0, None, &ask).await;
        assert!(
            matches!(ended, Ended::Failed(FailureKind::Timeout, ..)),
            "{ended:?}"
        );
        client
            .call::<Guest, _>(0, None, &say("on"))
            .await
            .value::<u32>();
        // Nobody to ask.
        let peer = Client::connect(&address, Role::Node);
        let ended = peer.call::<Guest, _>(0, Some(50), &ask).await;
        assert!(
            matches!(ended, Ended::Failed(FailureKind::NotFound, ..)),
            "{ended:?}"
        );
    });
}

#[test]
fn nodes_are_taken_from_trusted_addresses_alone() {
    let (_running, address) = world::start(world::builder().trust_peers(|_| false));
    client::run(async move {
        for role in [Role::Node, Role::Tool] {
            let peer = Client::connect(&address, role);
            let Note::Closed(why) = peer.note().await else {
                panic!("should be sent away")
            };
            assert!(why.contains("trust_peers"), "{why}");
        }
        guest(&address, 7).await;
    });
}
