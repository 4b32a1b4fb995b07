//! The inn's logic, a node that runs it, and clients that go there.

use std::time::Duration;

use playhouse::login::TokenKeys;
use playhouse::node::{Node, Running};
use playhouse::{
    Bytes, CallError, Cx, EntityRef, Failure, FailureKind, component, entity, service,
};
use playhouse_client::Client;
use playhouse_net::noise::ServerKey;
use tokio::task::LocalSet;

use crate::client;
use crate::server::SCHEMA;
use crate::server::inn::{Door, DoorError, Guest, GuestId, Key, Voice};

/// Guests above this one find the inn full.
pub(crate) const GUESTS_MAX: u64 = 100;

struct DoorLogic;

#[service(Door)]
impl DoorLogic {
    #[rpc]
    async fn enter(&self, _cx: &mut Cx, guest: GuestId) -> Result<Key, CallError<DoorError>> {
        if guest.0 > GUESTS_MAX {
            return Err(DoorError::Full { limit: 100 }.into());
        }
        Ok(Key {
            token: Bytes(guest.0.to_le_bytes().to_vec()),
        })
    }

    #[rpc]
    async fn bar(&self, _cx: &mut Cx) -> u32 {
        1
    }

    #[rpc]
    async fn cellar(&self, _cx: &mut Cx) -> u32 {
        2
    }
}

#[component(Voice)]
#[derive(Default)]
struct VoiceLogic {
    props: Voice,
}

#[component(Voice)]
impl VoiceLogic {
    #[rpc]
    async fn say(&mut self, cx: &mut Cx, line: String) -> u32 {
        let number = self.props.spoken() + 1;
        self.props.set_spoken(number);
        Voice::heard(cx, line, number);
        number
    }

    #[rpc]
    async fn shout(&mut self, _cx: &mut Cx) {}

    #[rpc]
    async fn hum(&mut self, cx: &mut Cx, line: String) {
        Voice::heard(cx, line, 0);
    }

    #[rpc]
    async fn beat(&mut self, cx: &mut Cx, number: u32) {
        Voice::beaten(cx, number);
    }
}

#[entity(Guest { voice: VoiceLogic })]
struct GuestLogic {
    props: Guest,
    id: GuestId,
}

#[entity(Guest)]
impl GuestLogic {
    #[hook]
    fn construct(id: GuestId) -> Self {
        Self {
            props: Guest::default(),
            id,
        }
    }

    #[rpc]
    async fn leave(&mut self, cx: &mut Cx) -> Result<bool, Failure> {
        Guest::sure(cx, "leave the inn?").await
    }

    #[rpc]
    async fn doze(&mut self, _cx: &mut Cx) -> u32 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        1
    }

    #[rpc]
    async fn name(&mut self, _cx: &mut Cx) -> GuestId {
        self.id
    }
}

async fn authenticate(_cx: &mut Cx, token: Bytes) -> Result<EntityRef, Failure> {
    let id: Result<[u8; 8], _> = token.0.as_slice().try_into();
    match id.map(u64::from_le_bytes) {
        Ok(id @ 1..=GUESTS_MAX) => Ok(Guest::reference(GuestId(id)).into_address()),
        _ => Err(Failure::not_executed(FailureKind::Denied).because("no such key")),
    }
}

/// How the inn can be reached.
pub(crate) struct Doors {
    pub(crate) listen: Vec<&'static str>,
    pub(crate) key: Option<ServerKey>,
    /// What opens tickets.
    pub(crate) tokens: Option<TokenKeys>,
    pub(crate) least_client_release: u32,
}

impl Default for Doors {
    fn default() -> Self {
        Self {
            listen: vec!["127.0.0.1:0"],
            key: None,
            tokens: None,
            least_client_release: 0,
        }
    }
}

/// A node that runs the inn.
pub(crate) fn open_inn(doors: Doors) -> Running {
    let mut node = Node::builder()
        .name("inn")
        .schema(&SCHEMA)
        .shards(2)
        .entity::<GuestLogic>()
        .service(|| DoorLogic)
        .authenticate(authenticate)
        .least_client_release(doors.least_client_release);
    for address in doors.listen {
        node = node.listen(address);
    }
    if let Some(key) = doors.key {
        node = node.server_key(key);
    }
    if let Some(tokens) = doors.tokens {
        node = node.tokens(tokens);
    }
    node.build().unwrap().start().unwrap()
}

/// Runs a test against a node of its own, at this address.
pub(crate) fn run(test: impl AsyncFnOnce(&Running, &str)) {
    run_with(Doors::default(), async |inn| {
        test(inn, &inn.addresses().remove(0)).await;
    });
}

/// Runs a test against a node of its own with these doors.
pub(crate) fn run_with(doors: Doors, test: impl AsyncFnOnce(&Running)) {
    let inn = open_inn(doors);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        tokio::time::timeout(Duration::from_secs(60), test(&inn))
            .await
            .expect("the test hangs");
    });
    inn.stop();
    inn.wait().unwrap();
}

/// A client without a session.
pub(crate) async fn stranger(address: &str) -> Client {
    Client::connect(&client::SCHEMA, address).await.unwrap()
}

/// A client whose session is bound to this guest.
pub(crate) async fn guest(address: &str, id: u64) -> Client {
    let client = stranger(address).await;
    let door = client.service::<client::inn::Door>();
    let key = door.enter(client::inn::GuestId(id)).await.unwrap();
    let bound = client.open(&key.token.0).await.unwrap();
    assert_eq!(bound, Guest::reference(GuestId(id)).into_address());
    client
}
