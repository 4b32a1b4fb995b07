//! A node that is attacked, its numbers, and an honest client of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use playhouse::node::{DoorLimits, Node, NodeBuilder, Running};
use playhouse_hostile_tests::Page;
use playhouse_net::{Network, Tcp, noise};
use playhouse_wire::message::{Role, SessionReason};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{self, Client, Ended, Note, PATIENCE};
use crate::raw::elsewhere;
use crate::schema::SCHEMA;
use crate::schema::harbour::{Guest, GuestSayArgs};
use crate::world::{self, token};

/// Between two calls of the honest client: as often as a game's clients act.
const PAUSE: Duration = Duration::from_millis(25);

/// So many of its calls have to be answered once the attack is over.
const AFTERWARDS: u32 = 5;

/// A node that trusts nobody, of which an address of a test may be many guests.
pub(crate) fn wary() -> NodeBuilder {
    let builder = world::builder().trust_peers(|_| false);
    builder.guests_per_address(100_000)
}

/// The same with other limits at its doors.
pub(crate) fn wary_with(limits: DoorLimits) -> NodeBuilder {
    wary().doors(limits)
}

/// A node without an authenticator, for one with keys of tokens.
pub(crate) fn without_authenticator() -> NodeBuilder {
    Node::builder()
        .name("pier")
        .schema(&SCHEMA)
        .shards(2)
        .entity::<world::GuestLogic>()
        .service(world::DoorLogic::new)
        .listen("127.0.0.1:0")
        .trust_peers(|_| false)
        .guests_per_address(100_000)
}

/// A node that is attacked.
pub(crate) struct Scene {
    pub(crate) running: Running,
    /// The first that it listens at: TCP.
    pub(crate) address: String,
    pub(crate) honest: Honest,
}

/// A client that calls its entity all the time.
pub(crate) struct Honest {
    pub(crate) client: Rc<Client>,
    /// Opens until its session was there.
    opens: u64,
    answered: Rc<Cell<u32>>,
    broken: Rc<RefCell<Option<String>>>,
}

/// Starts a node, has an honest client play, and attacks.
pub(crate) fn under_attack(builder: NodeBuilder, attack: impl AsyncFnOnce(&Scene)) {
    under_attack_by(builder, &token(1), attack);
}

/// The same, where the honest client shows this token or pass.
pub(crate) fn under_attack_by(builder: NodeBuilder, pass: &[u8], attack: impl AsyncFnOnce(&Scene)) {
    let (running, address) = world::start(builder.metrics("127.0.0.1:0"));
    at_node(running, address, pass, attack);
}

/// The same at a node that runs already.
pub(crate) fn at_node(
    running: Running,
    address: String,
    pass: &[u8],
    attack: impl AsyncFnOnce(&Scene),
) {
    client::run(async move {
        let network: Rc<dyn Network> = match running.public_key() {
            Some(key) => Rc::new(noise::Network::client(Rc::new(Tcp), key)),
            None => Rc::new(Tcp),
        };
        let scene = Scene {
            honest: Honest::play(network, &address, pass).await,
            running,
            address,
        };
        attack(&scene).await;
        scene.honest.is_served().await;
    });
}

impl Honest {
    async fn play(network: Rc<dyn Network>, address: &str, pass: &[u8]) -> Self {
        let client = Rc::new(Client::connect_over(network, address, Role::Client));
        linked(&client).await;
        // A gate may not have heard of a home yet.
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            match client.open(pass).await {
                Note::Opened(_) => break,
                Note::Refused(SessionReason::Unavailable, why) => {
                    assert!(tokio::time::Instant::now() < until, "{why}");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                other => panic!("{other:?}"),
            }
        }
        let opens = client.inbox.session.attempt.get();
        let honest = Self {
            client: Rc::clone(&client),
            opens,
            answered: Rc::default(),
            broken: Rc::default(),
        };
        let (answered, broken) = (Rc::clone(&honest.answered), Rc::clone(&honest.broken));
        tokio::task::spawn_local(async move {
            loop {
                match client.call::<Guest, _>(0, None, &say()).await {
                    Ended::Ok(_) => answered.set(answered.get() + 1),
                    other => break *broken.borrow_mut() = Some(format!("{other:?}")),
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        honest
    }

    /// Nothing of its was lost so far, and it goes on.
    pub(crate) async fn is_served(&self) {
        let until = self.answered.get() + AFTERWARDS;
        for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
            let broken = self.broken.borrow().clone();
            assert_eq!(broken, None, "the honest client's call failed");
            if self.answered.get() >= until {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        let answered = self.answered.get();
        assert!(answered >= until, "{answered} calls, then no more");
        // Each call comes back as an event too, in front of its answer.
        let events = self.client.inbox.events.borrow().len();
        let calls = usize::try_from(answered).unwrap();
        assert!((calls..=calls + 1).contains(&events), "{events}, {calls}");
        assert!(!self.client.link.is_closed());
        let opens = self.client.inbox.session.attempt.get();
        assert_eq!(opens, self.opens, "its session goes on by its first link");
    }
}

impl Scene {
    /// A client from elsewhere.
    pub(crate) fn stranger(&self) -> Client {
        Client::connect_over(elsewhere(), &self.address, Role::Client)
    }

    /// A client from elsewhere with a session of its own, of this guest.
    pub(crate) async fn player(&self, number: u64) -> Client {
        let client = self.stranger();
        let opened = client.open(&token(number)).await;
        assert!(matches!(opened, Note::Opened(_)), "{opened:?}");
        client
    }

    /// The node's numbers.
    pub(crate) async fn page(&self) -> Page {
        page_of(&self.running).await
    }

    /// A number of the node's page, a moment ago.
    pub(crate) async fn value(&self, series: &str) -> f64 {
        let page = self.page().await;
        page.value(series)
            .unwrap_or_else(|| panic!("no {series}: {page:?}"))
    }

    /// Waits until a counter has come so far.
    pub(crate) async fn counted(&self, series: &str, least: u32) {
        let mut seen = 0.0;
        for _ in 0..PATIENCE.as_millis() / 100 {
            seen = self.value(series).await;
            if seen >= f64::from(least) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{series} is {seen}, not {least}: {:?}", self.page().await);
    }

    /// The same for links that have ended so.
    pub(crate) async fn links_closed(&self, reason: &str, least: u32) {
        let series = format!("playhouse_links_closed_total{{reason=\"{reason}\"}}");
        self.counted(&series, least).await;
    }

    /// The same for calls that were refused so.
    pub(crate) async fn calls_refused(&self, kind: &str, least: u32) {
        let series = format!("playhouse_calls_refused_total{{kind=\"{kind}\"}}");
        self.counted(&series, least).await;
    }

    /// The same for sessions that were refused so.
    pub(crate) async fn opens_refused(&self, reason: &str, least: u32) {
        let series = format!("playhouse_opens_refused_total{{reason=\"{reason}\"}}");
        self.counted(&series, least).await;
    }
}

/// The numbers of a node.
pub(crate) async fn page_of(running: &Running) -> Page {
    let address = running.metrics_address().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    Page::of(&answer)
}

/// Waits until a client's link is open: what it is bound to is known then.
pub(crate) async fn linked(client: &Client) {
    let open = async {
        while client.link.peer().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let open = tokio::time::timeout(PATIENCE, open).await;
    open.expect("the link should open");
}

/// What everybody may say of themselves.
pub(crate) fn say() -> GuestSayArgs {
    GuestSayArgs {
        line: "hi".to_owned(),
    }
}
