//! Clients whose entity is on another node than the one that they reach, on real links; and what becomes of them when it
//! moves.

use std::path::PathBuf;

use playhouse::db::{Remote, Serving};
use playhouse::node::Running;
use playhouse::store::Embedded;
use playhouse_wire::message::{FailureKind, Role, SessionReason};

use crate::client::{self, Client, Ended, Note, header, method};
use crate::meeting::Meeting;
use crate::schema::caravan::{Camel, CamelRideArgs};
use crate::sockets::start;
use crate::world::node;

/// Two nodes that know of one another, over one store.
struct Pair {
    folder: PathBuf,
    db: Running,
    east: Running,
    west: Running,
}

impl Pair {
    fn new(name: &str) -> Self {
        let name = format!("playhouse-riders-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let db = playhouse::Node::builder()
            .name("db")
            .roles(["db"])
            .schema(&crate::generated::SCHEMA)
            .shards(1)
            .service(Serving::new)
            .store(Embedded::at(&folder).free_bytes_min(0));
        let db = start(db);
        let meeting = Meeting::default();
        let game = |name: &str| {
            let store = Remote::at(db.addresses().remove(0));
            start(node(name).shards(2).store(store).cluster(meeting.clone()))
        };
        let (east, west) = (game("east"), game("west"));
        let pair = Self {
            folder,
            db,
            east,
            west,
        };
        // They have heard of one another once something that is called on one lives on the other.
        let met = (1_000..1_000_000).any(|camel| home(&pair.east, camel) == "west");
        assert!(met, "the nodes never met");
        pair
    }

    fn stop(self) {
        for node in [self.east, self.west, self.db] {
            node.stop();
            node.wait().unwrap();
        }
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

fn home(asking: &Running, camel: u64) -> String {
    let home = asking.spawn(move || Camel::of(camel).where_now());
    home.wait().unwrap().unwrap()
}

async fn rider(of: &Running, camel: u8) -> Client {
    let client = Client::connect(&of.addresses()[0], Role::Client);
    let entity = Camel::reference(u64::from(camel)).address().clone();
    assert_eq!(client.open(&[camel]).await, Note::Opened(entity));
    client
}

async fn ride(client: &Client) -> Ended {
    client.call::<Camel, _>(0, None, &CamelRideArgs {}).await
}

#[test]
fn a_client_reaches_its_entity_through_any_node() {
    let pair = Pair::new("through");
    client::run(async {
        for camel in 1..=6 {
            let key = u64::from(camel);
            let at_home = pair.east.spawn(move || Camel::of(key).where_now()).await;
            let at_home = at_home.unwrap().unwrap();
            let mut client = rider(&pair.east, camel).await;
            for gate in [&pair.west, &pair.east, &pair.west] {
                assert_eq!(ride(&client).await.value::<String>(), at_home);
                // Its session goes on through another gate.
                let next = client.again(&gate.addresses()[0]);
                let entity = Camel::reference(u64::from(camel)).address().clone();
                assert_eq!(next.resume().await, Note::Opened(entity));
                assert_eq!(client.note().await, Note::Detached);
                client = next;
            }
            assert_eq!(ride(&client).await.value::<String>(), at_home);
        }
    });
    pair.stop();
}

#[test]
fn a_second_login_through_another_node_takes_over() {
    let pair = Pair::new("second");
    client::run(async {
        let first = rider(&pair.east, 7).await;
        let at_home = ride(&first).await.value::<String>();
        let second = rider(&pair.west, 7).await;
        assert_eq!(ride(&second).await.value::<String>(), at_home);
        let text = "another login took its place".to_owned();
        let ended = Note::End(SessionReason::Replaced, text);
        assert_eq!(first.note().await, ended);
        ride(&first).await.refused(FailureKind::Denied);
    });
    pair.stop();
}

#[test]
fn a_session_moves_with_its_entity_when_a_node_drains() {
    let pair = Pair::new("drain");
    let lives_west = |camel: &u8| home(&pair.east, u64::from(*camel)) == "west";
    let camel = (1..=40).find(lives_west).expect("one of them lives there");
    client::run(async {
        let client = rider(&pair.east, camel).await;
        assert_eq!(ride(&client).await.value::<String>(), "west");
        pair.west.stop();
        assert_eq!(client.note().await, Note::Detached);
        // What is called meanwhile waits in the session.
        let riding = method::<Camel, CamelRideArgs>(0);
        let args = playhouse::to_vec(&CamelRideArgs {});
        let calls: Vec<_> = (0..20)
            .map(|_| client.begin(riding, &header(None), &args).1)
            .collect();
        let entity = Camel::reference(u64::from(camel)).address().clone();
        let mut note = client.resume().await;
        while note == Note::Detached {
            note = client.resume().await;
        }
        assert_eq!(note, Note::Opened(entity));
        for call in calls {
            assert_eq!(call.await.value::<String>(), "east");
        }
    });
    pair.stop();
}

/// What comes of a login of this number of camel 7's rider.
fn log_in(of: &Running, login_no: u8) -> Note {
    let mut note = None;
    client::run(async {
        let client = Client::connect(&of.addresses()[0], Role::Client);
        note = Some(client.open(&[7, login_no]).await);
    });
    note.unwrap()
}

#[test]
fn logins_of_before_count_no_more_though_nobody_remembers_the_session() {
    let Pair {
        folder,
        db,
        east,
        west,
    } = Pair::new("logins");
    let opened = Note::Opened(Camel::reference(7).address().clone());
    let text = "there was a later login".to_owned();
    let refused = Note::Refused(SessionReason::Replaced, text);
    assert_eq!(log_in(&east, 2), opened);
    for node in [east, west] {
        node.stop();
        node.wait().unwrap();
    }
    let store = Remote::at(db.addresses().remove(0));
    let north = node("north").shards(2).store(store);
    let north = start(north.cluster(Meeting::default()));
    assert_eq!(log_in(&north, 1), refused);
    assert_eq!(log_in(&north, 2), opened);
    assert_eq!(log_in(&north, 1), refused);
    assert_eq!(log_in(&north, 3), opened);
    for node in [north, db] {
        node.stop();
        node.wait().unwrap();
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
