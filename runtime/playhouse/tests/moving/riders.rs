//! Clients whose entity moves, on real links: their sessions end, and they are told where to log in.

use std::path::PathBuf;
use std::time::Duration;

use playhouse::db::{Remote, Serving};
use playhouse::node::Running;
use playhouse::store::Embedded;
use playhouse_wire::message::{FailureKind, Role, SessionReason};

use crate::client::{self, Client, Ended, Note};
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
fn a_second_login_at_another_node_brings_the_entity_there() {
    let pair = Pair::new("second");
    client::run(async {
        let first = rider(&pair.east, 7).await;
        assert_eq!(ride(&first).await.value::<String>(), "east");
        let second = rider(&pair.west, 7).await;
        assert_eq!(ride(&second).await.value::<String>(), "west");
        let text = "the client has logged in at another node".to_owned();
        let ended = Note::End(SessionReason::Replaced, text);
        assert_eq!(first.note().await, ended);
        ride(&first).await.refused(FailureKind::Denied);
    });
    pair.stop();
}

#[test]
fn a_client_whose_entity_was_made_anew_elsewhere_is_sent_there() {
    let pair = Pair::new("anew");
    // Whoever calls one of these first has it begin at the other node.
    let far = |camel: &u8| home(&pair.west, u64::from(*camel)) == "west";
    let camels: Vec<u8> = (1..=40).filter(far).collect();
    client::run(async {
        let mut made = None;
        for camel in camels {
            let client = rider(&pair.east, camel).await;
            assert_eq!(ride(&client).await.value::<String>(), "east");
            let key = u64::from(camel);
            let left = pair
                .east
                .spawn(move || Camel::of(key).leave_after_a_while());
            left.await.unwrap().unwrap();
            // A call that comes before it has ended has it begin where it was.
            tokio::time::sleep(Duration::from_millis(200)).await;
            let anew = pair.west.spawn(move || Camel::of(key).where_now()).await;
            if anew.unwrap().unwrap() == "west" {
                made = Some((camel, client));
                break;
            }
        }
        let (camel, client) = made.expect("one of them began at the other node");
        let text = ride(&client).await.refused(FailureKind::Unreachable);
        assert!(text.contains("on node `west`"), "{text}");
        assert_eq!(
            client.note().await,
            Note::End(SessionReason::Unavailable, text)
        );
        let again = rider(&pair.west, camel).await;
        assert_eq!(ride(&again).await.value::<String>(), "west");
    });
    pair.stop();
}

#[test]
fn a_client_of_a_node_that_drains_hears_where_its_entity_is() {
    let pair = Pair::new("drain");
    client::run(async {
        let client = rider(&pair.west, 9).await;
        assert_eq!(ride(&client).await.value::<String>(), "west");
        pair.west.stop();
        let note = client.note().await;
        let Note::End(SessionReason::Unavailable, text) = &note else {
            panic!("{note:?}");
        };
        let words = format!("log in there, at {}", pair.east.addresses()[0]);
        assert!(text.contains(&words), "{text}");
        let again = rider(&pair.east, 9).await;
        assert_eq!(ride(&again).await.value::<String>(), "east");
    });
    pair.stop();
}
