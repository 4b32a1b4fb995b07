//! The scripted server, and the world around it and a client.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use arena_bots::SCHEMA;
use playhouse_client::{Client, EntityKey, EntityRef, Uuid};
use playhouse_net::link::{CloseReason, Link, LinkHandler, LinkOptions};
use playhouse_net::sim::{Conditions, SimNetwork};
use playhouse_wire::link::Identity;
use playhouse_wire::message::{
    ElementBuffer, Message, Method, Notify, Opened, Refused, Request, Role, SessionReason, Terms,
};
use playhouse_wire::{Encode, to_vec};
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};

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

type Script = Rc<dyn Fn(&Link, &Seen)>;

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
}

impl Server {
    pub(crate) fn script(&self, script: impl Fn(&Link, &Seen) + 'static) {
        *self.script.borrow_mut() = Some(Rc::new(script));
    }

    /// The link of the last client.
    pub(crate) fn link(&self) -> Link {
        self.links.borrow().last().cloned().unwrap()
    }

    /// The link of the client that came as this one, counted from 0.
    pub(crate) fn nth_link(&self, index: usize) -> Link {
        self.links.borrow().get(index).cloned().unwrap()
    }

    pub(crate) fn last(&self) -> Seen {
        self.seen.borrow().last().cloned().unwrap()
    }

    fn see(&self, link: &Link, seen: Seen) {
        self.seen.borrow_mut().push(seen.clone());
        let script = self.script.borrow().clone();
        if let Some(script) = script {
            script(link, &seen);
        }
    }
}

struct Handler(Rc<Server>);

impl LinkHandler for Handler {
    fn request(&self, link: &Link, request: Request<'_>) {
        let seen = Seen {
            id: request.id,
            method: request.method,
            key: request.header.target.clone(),
            deadline_us: request.header.deadline_us,
            args: request.args.to_vec(),
        };
        self.0.see(link, seen);
    }

    fn notify(&self, link: &Link, notify: Notify<'_>) {
        let seen = Seen {
            id: u32::MAX,
            method: notify.method,
            key: notify.header.target.clone(),
            deadline_us: notify.header.deadline_us,
            args: notify.args.to_vec(),
        };
        self.0.see(link, seen);
    }

    fn other(&self, link: &Link, message: Message<'_>) {
        match message {
            Message::Cancel(id) => self.0.cancelled.borrow_mut().push(id),
            Message::Open(open) if open.token == TOKEN => {
                let mut entities = ElementBuffer::new();
                assert!(entities.push(&avatar()));
                let opened = Opened {
                    session: Uuid([9; 16]),
                    attempt: open.attempt,
                    rx: 0,
                    terms: Terms::DEFAULT,
                    entities: entities.elements(),
                };
                link.send(|w| opened.put(w)).unwrap();
            }
            Message::Open(open) if open.token.is_empty() => {}
            Message::Open(open) => {
                let refused = Refused {
                    session: None,
                    attempt: open.attempt,
                    reason: SessionReason::Denied,
                    ran: None,
                    text: "the token has expired",
                };
                link.send(|w| refused.put(w)).unwrap();
            }
            _ => {}
        }
    }

    fn closed(&self, _link: &Link, _reason: &CloseReason) {
        self.0.closed.set(true);
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

/// Answers a request with a value.
pub(crate) fn respond(link: &Link, id: u32, value: &impl Encode) {
    let bytes = to_vec(value);
    link.respond(id, |w| w.raw(&bytes));
}

pub(crate) struct World {
    pub(crate) network: SimNetwork,
    pub(crate) server: Rc<Server>,
}

impl World {
    /// A client of the server, without a session.
    pub(crate) async fn guest(&self) -> Client {
        let builder = Client::builder(&SCHEMA).network(self.network.host("client"));
        builder.connect("server:7000").await.unwrap()
    }

    /// A client with a session.
    pub(crate) async fn player(&self) -> Client {
        let client = self.guest().await;
        assert_eq!(client.open(TOKEN).await.unwrap(), avatar());
        client
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
        let mut listener = network.host("server").listen("server:7000").await.unwrap();
        let accepted = Rc::clone(&server);
        spawn_local(async move {
            while let Ok(stream) = listener.accept().await {
                let identity = Identity {
                    root: SCHEMA.digest,
                    ..Identity::new(Role::Node, "server")
                };
                let handler = Rc::new(Handler(Rc::clone(&accepted)));
                let link = Link::accept(stream, LinkOptions::new(identity), handler);
                accepted.links.borrow_mut().push(link);
            }
        });
        let test = test(World { network, server });
        tokio::time::timeout(Duration::from_secs(86_400), test)
            .await
            .expect("the test hangs");
    });
}
