//! The scripted server, and the world around it and a client.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use arena_bots::SCHEMA;
use playhouse_client::{Client, EntityKey, EntityRef};
use playhouse_net::link::{CloseReason, Link, LinkHandler, LinkOptions};
use playhouse_net::sim::{Conditions, SimNetwork};
use playhouse_wire::link::Identity;
use playhouse_wire::message::{
    Message, Method, Notify, Refused, Request, Role, SessionReason, WireFailure,
};
use playhouse_wire::{Encode, to_vec};
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};

use super::homes::Homes;

/// The token that opens a session.
pub(crate) const TOKEN: &[u8] = b"good";

/// A request as the server saw it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) id: u32,
    pub(crate) method: Method,
    pub(crate) key: Option<EntityKey>,
    pub(crate) deadline_us: Option<u64>,
    pub(crate) args: Vec<u8>,
}

/// How a request is answered: on the link by which it came, or in its session.
#[derive(Clone)]
pub(crate) enum Reply {
    Guest(Link, u32),
    Session(Rc<Server>, usize, u32),
}

type Script = Rc<dyn Fn(&Reply, &Seen)>;

/// What the server does and saw.
#[derive(Default)]
pub(crate) struct Server {
    /// What becomes of a request; without one it is left alone.
    script: RefCell<Option<Script>>,
    pub(crate) seen: RefCell<Vec<Seen>>,
    pub(crate) cancelled: RefCell<Vec<u32>>,
    /// The links of the clients, in the order in which they came.
    pub(crate) links: RefCell<Vec<Link>>,
    pub(crate) closed: Cell<bool>,
    pub(crate) homes: Homes,
}

impl Server {
    pub(crate) fn script(&self, script: impl Fn(&Reply, &Seen) + 'static) {
        *self.script.borrow_mut() = Some(Rc::new(script));
    }

    /// The link of the last client.
    pub(crate) fn link(&self) -> Link {
        self.links.borrow().last().cloned().unwrap()
    }

    pub(crate) fn last(&self) -> Seen {
        self.seen.borrow().last().cloned().unwrap()
    }

    pub(crate) fn see(&self, reply: &Reply, seen: Seen) {
        self.seen.borrow_mut().push(seen.clone());
        let script = self.script.borrow().clone();
        if let Some(script) = script {
            script(reply, &seen);
        }
    }
}

impl Seen {
    pub(crate) fn request(request: &Request<'_>) -> Self {
        Self {
            id: request.id,
            method: request.method,
            key: request.header.target.clone(),
            deadline_us: request.header.deadline_us,
            args: request.args.to_vec(),
        }
    }

    pub(crate) fn notify(notify: &Notify<'_>) -> Self {
        Self {
            id: u32::MAX,
            method: notify.method,
            key: notify.header.target.clone(),
            deadline_us: notify.header.deadline_us,
            args: notify.args.to_vec(),
        }
    }
}

impl Reply {
    pub(crate) fn value(&self, value: &impl Encode) {
        let bytes = to_vec(value);
        match self {
            Self::Guest(link, id) => link.respond(*id, |w| w.raw(&bytes)),
            Self::Session(server, home, id) => server.returned(*home, *id, &bytes),
        }
    }

    pub(crate) fn thrown(&self, error: &impl Encode) {
        let bytes = to_vec(error);
        match self {
            Self::Guest(link, id) => link.respond_thrown(*id, |w| w.raw(&bytes)),
            Self::Session(server, home, id) => server.thrown(*home, *id, &bytes),
        }
    }

    pub(crate) fn failure(&self, failure: &WireFailure<'_>) {
        match self {
            Self::Guest(link, id) => link.respond_failure(*id, failure),
            Self::Session(server, home, id) => server.failed(*home, *id, failure),
        }
    }
}

struct Handler {
    server: Rc<Server>,
    /// Which of the links.
    number: usize,
}

impl LinkHandler for Handler {
    fn request(&self, link: &Link, request: Request<'_>) {
        let reply = Reply::Guest(link.clone(), request.id);
        self.server.see(&reply, Seen::request(&request));
    }

    fn notify(&self, link: &Link, notify: Notify<'_>) {
        let reply = Reply::Guest(link.clone(), u32::MAX);
        self.server.see(&reply, Seen::notify(&notify));
    }

    fn other(&self, link: &Link, message: Message<'_>) {
        match message {
            Message::Cancel(id) => self.server.cancelled.borrow_mut().push(id),
            // Not answered.
            Message::Open(open) if open.token.is_empty() => {}
            Message::Open(open) if open.token != TOKEN => {
                let refused = Refused {
                    session: None,
                    attempt: open.attempt,
                    reason: SessionReason::Denied,
                    ran: None,
                    text: "the token has expired",
                };
                link.send(|w| refused.put(w)).unwrap();
            }
            message => self.server.handle_message(self.number, &message),
        }
    }

    fn closed(&self, _link: &Link, _reason: &CloseReason) {
        self.server.closed.set(true);
        self.server.handle_lost(self.number);
    }
}

/// The entity that is bound to a session.
pub(crate) fn avatar() -> EntityRef {
    EntityRef {
        package: 5,
        number: 10,
        slot: 0,
        key: EntityKey::new([7u64.into()]),
    }
}

/// The method of a call of [`avatar`].
pub(crate) fn method(slot: u8, tag: u8) -> Method {
    Method {
        package: 5,
        number: 10,
        slot,
        tag,
    }
}

pub(crate) struct World {
    pub(crate) network: SimNetwork,
    pub(crate) server: Rc<Server>,
}

impl World {
    /// A client of the server, not connected yet.
    pub(crate) fn builder(&self) -> playhouse_client::Builder {
        Client::builder(&SCHEMA).network(self.network.host("client"))
    }

    /// A client of the server, without a session.
    pub(crate) async fn guest(&self) -> Client {
        self.builder().connect("server:7000").await.unwrap()
    }

    /// A client with a session.
    pub(crate) async fn player(&self) -> Client {
        let client = self.guest().await;
        assert_eq!(client.open(TOKEN).await.unwrap(), avatar());
        client
    }

    /// Another address of the server, `host:port`.
    pub(crate) async fn listen(&self, address: &str) {
        let (host, _) = address.split_once(':').unwrap();
        let mut listener = self.network.host(host).listen(address).await.unwrap();
        let server = Rc::clone(&self.server);
        spawn_local(async move {
            while let Ok(stream) = listener.accept().await {
                let identity = Identity {
                    root: SCHEMA.digest,
                    ..Identity::new(Role::Node, "server")
                };
                let handler = Rc::new(Handler {
                    server: Rc::clone(&server),
                    number: server.links.borrow().len(),
                });
                let link = Link::accept(stream, LinkOptions::new(identity), handler);
                server.links.borrow_mut().push(link);
            }
        });
    }
}

/// Runs a test, which has a virtual day.
pub(crate) fn run(test: impl AsyncFnOnce(World)) {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let network = SimNetwork::new(7, Conditions::default());
        let pump = network.clone();
        spawn_local(async move { pump.run().await });
        let server = Rc::new(Server::default());
        let world = World { network, server };
        world.listen("server:7000").await;
        spawn_local(super::homes::tick(Rc::clone(&world.server)));
        let test = test(world);
        tokio::time::timeout(Duration::from_secs(86_400), test)
            .await
            .expect("the test hangs");
    });
}
