//! The client, as games use it.

use std::fmt;
use std::future::Future;
use std::rc::Rc;

use playhouse::call::{Arguments, Rpc};
use playhouse::descriptor::Schema;
use playhouse::logic::{EntitySchema, ServiceSchema};
use playhouse::{EntityRef, Failure, FailureKind, Numbered, Ref};
use playhouse_net::Transport;
use playhouse_wire::message::{GoAwayReason, SessionReason};

use crate::Origin;
use crate::builder::Builder;
use crate::engine::{Engine, Setup};
use crate::proxy::{Callable, Proxy, Target};
use crate::race::first_usable;
use crate::schema::Owners;
use crate::state::{Closed, State};

/// A client of a game: a guest on one link, and once it is [opened](Client::open) one session over links one after
/// another. Clones are the same client; it is closed with the last of them and of the proxies made from them.
///
/// Lives on one thread, inside of a tokio `LocalSet`.
#[derive(Clone)]
pub struct Client {
    shared: Rc<Shared>,
}

struct Shared {
    engine: Rc<Engine>,
}

impl Client {
    /// A client of the game with this schema, the `SCHEMA` of the generated code. See [`Builder::connect`].
    #[must_use]
    pub fn builder(schema: &'static Schema) -> Builder {
        Builder::new(schema)
    }

    /// Connects over TCP to `address`, `host:port`.
    ///
    /// # Errors
    ///
    /// As [`Builder::connect`].
    pub async fn connect(schema: &'static Schema, address: &str) -> Result<Self, Failure> {
        Self::builder(schema).connect(address).await
    }

    pub(crate) async fn make(schema: &'static Schema, setup: Setup) -> Result<Self, Failure> {
        let engine = Engine::new(setup, Owners::new(schema));
        let addresses = engine.setup().addresses.iter().enumerate();
        let addresses = addresses.map(|(place, address)| (place, &**address));
        let (place, line) = first_usable(&engine, addresses).await?;
        engine.begin(place, line);
        Ok(Self {
            shared: Rc::new(Shared { engine }),
        })
    }

    /// Opens a session with the pass that a login gave, and returns the entity that is bound to it.
    ///
    /// From then on the client gets another link by itself whenever one is lost, and nothing that was sent is lost or doubled.
    /// [`Client::on_state`] tells how it fares.
    ///
    /// # Errors
    ///
    /// Why the server refuses: [`FailureKind::Denied`] for a pass that isn't right; or that it does not answer. The client
    /// is a guest then as before. [`FailureKind::Invalid`] if it has a session already.
    pub async fn open(&self, pass: &[u8]) -> Result<EntityRef, Failure> {
        let engine = self.engine();
        match engine.open(pass)?.await {
            Ok(Ok(entities)) => entities.into_iter().next().ok_or_else(|| {
                Failure::unknown(FailureKind::NotFound).because("the session has no entity")
            }),
            Ok(Err(failure)) => Err(failure),
            Err(_) if engine.is_closed() => Err(engine.refusal()),
            Err(_) => {
                let why = "another session was opened meanwhile";
                Err(Failure::unknown(FailureKind::Cancelled).because(why))
            }
        }
    }

    /// Moves the session to `address`, `scheme://host:port` or `host:port`: another transport or another gate. Until it
    /// is there the link that it has is read on; calls wait for a moment at most.
    ///
    /// # Errors
    ///
    /// That there is no session, or no usable link to `address`: the session is where it was. Or that the session couldn't be
    /// opened there: it goes on by itself over whatever link it gets.
    pub async fn migrate(&self, address: &str) -> Result<(), Failure> {
        self.engine().migrate(address).await
    }

    /// The entity of this type that is bound to the session. Without one its calls fail as not found.
    #[must_use]
    pub fn entity<E: EntitySchema + Numbered + Callable>(&self) -> E::Proxy {
        let bound = self.bound();
        let found = bound
            .into_iter()
            .find(|entity| (entity.package, entity.number) == (E::PACKAGE, E::NUMBER));
        let target = match found {
            Some(entity) => Target::Entity(entity),
            None => Target::Missing(missing(E::descriptor().head.name)),
        };
        self.proxy_to(target, E::descriptor().deadline_us)
    }

    /// What this refers to. The server takes calls of entities that are bound to the session alone.
    #[must_use]
    pub fn proxy<T: Callable>(&self, reference: &Ref<T>) -> T::Proxy {
        self.proxy_to(Target::Entity(reference.address().clone()), None)
    }

    /// A service, to call it.
    #[must_use]
    pub fn service<S: ServiceSchema + Numbered + Callable>(&self) -> S::Proxy {
        let target = Target::Service {
            package: S::PACKAGE,
            number: S::NUMBER,
        };
        self.proxy_to(target, S::descriptor().deadline_us)
    }

    fn proxy_to<P: From<Proxy>>(&self, target: Target, deadline_us: Option<i64>) -> P {
        let deadline_us = deadline_us.and_then(|us| u64::try_from(us).ok());
        P::from(Proxy::new(self.clone(), target, deadline_us))
    }

    /// Has `handler` told how the session fares from now on, beside those that are told already.
    pub fn on_state(&self, handler: impl FnMut(State) + 'static) {
        self.engine().states.add(handler);
    }

    /// Has `handler` told of each event of its type from now on, in order, beside those that are told already.
    ///
    /// It is called on a link's task: what takes long belongs into a task of its own.
    pub fn on<A: Arguments>(&self, mut handler: impl FnMut(A) + 'static) {
        self.on_from(move |args, _| handler(args));
    }

    /// As [`Client::on`], with the entity and slot that the event came from.
    pub fn on_from<A: Arguments>(&self, handler: impl FnMut(A, &Origin) + 'static) {
        self.engine().events.add(handler);
    }

    /// Has `handler` answer what the server asks by this client rpc, instead of whoever did. A client rpc that nobody
    /// answers fails as unimplemented.
    pub fn answer<A: Rpc, T>(&self, handler: impl Fn(A) -> T + 'static)
    where
        T: Future<Output = A::Output> + 'static,
    {
        self.try_answer(move |args, _| {
            let answer = handler(args);
            async move { Ok(answer.await) }
        });
    }

    /// As [`Client::answer`], for answers that may fail, with the entity and slot that asks.
    pub fn try_answer<A: Rpc, T>(&self, handler: impl Fn(A, Origin) -> T + 'static)
    where
        T: Future<Output = Result<A::Output, A::Fault>> + 'static,
    {
        self.engine().answers.set(handler);
    }

    /// The entities that are bound to the session; none without a session.
    #[must_use]
    pub fn bound(&self) -> Vec<EntityRef> {
        self.engine().bound()
    }

    /// What carries the link in use, if there is one.
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        self.engine().transport()
    }

    /// Why the session is over, if it is.
    #[must_use]
    pub fn session_end(&self) -> Option<(SessionReason, String)> {
        match self.engine().closed()? {
            Closed::Session(reason, text) => Some((reason, text)),
            Closed::Link(_) => None,
        }
    }

    /// Why the server goes away and what it says about it, once it does: it closes the link soon. A session looks for
    /// another one meanwhile.
    #[must_use]
    pub fn farewell(&self) -> Option<(GoAwayReason, String)> {
        self.engine().farewell()
    }

    /// Waits until the client is over, and says why: its session is lost for good or, if it has none, its link.
    pub async fn closed(&self) -> Closed {
        self.engine().until_closed().await
    }

    /// Whether the client is over: its session is lost for good or, if it has none, its link.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.engine().is_closed()
    }

    /// Ends the session and the link: what was sent so far still goes out, what waits for an answer fails.
    pub fn close(&self) {
        self.engine().stop();
    }

    pub(crate) fn engine(&self) -> &Rc<Engine> {
        &self.shared.engine
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Tasks would go on as long as the server likes.
        self.engine.stop();
    }
}

fn missing(entity: &str) -> Box<str> {
    format!("no {entity} is bound to the session: open one first").into()
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("bound", &self.bound())
            .field("closed", &self.engine().closed())
            .finish_non_exhaustive()
    }
}
