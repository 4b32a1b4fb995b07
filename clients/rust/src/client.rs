//! A link to a node, and the session on it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use playhouse::call::{Arguments, Rpc};
use playhouse::descriptor::Schema;
use playhouse::logic::{EntitySchema, ServiceSchema};
use playhouse::{EntityRef, Failure, FailureKind, Numbered, Ref};
use playhouse_net::Network;
use playhouse_net::link::{CloseReason, Link, LinkOptions};
use playhouse_wire::message::{GoAwayReason, Open, SessionReason};
use tokio::sync::oneshot;

use crate::Origin;
use crate::answers::Answers;
use crate::builder::Builder;
use crate::events::Events;
use crate::handler::{Handler, Opening, State};
use crate::proxy::{Callable, Proxy, Target};
use crate::schema::Owners;

/// How long [`Client::open`] waits for the server.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// A client of a game: one link, and one session at most. Clones are the same client; the link is closed with the last
/// of them and of the proxies made from them.
///
/// Lives on one thread, inside of a tokio `LocalSet`.
#[derive(Clone)]
pub struct Client {
    shared: Rc<Shared>,
}

struct Shared {
    link: Link,
    state: Rc<State>,
    root: u64,
    attempt: Cell<u64>,
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

    pub(crate) async fn dial(
        schema: &'static Schema,
        network: Rc<dyn Network>,
        options: LinkOptions,
        address: &str,
    ) -> Result<Self, Failure> {
        let (greeted, greeting) = oneshot::channel();
        let state = Rc::new(State {
            owners: Owners::new(schema),
            events: Events::default(),
            answers: Rc::new(Answers::default()),
            greeted: RefCell::new(Some(greeted)),
            opening: RefCell::default(),
            bound: RefCell::default(),
            ended: RefCell::default(),
            farewell: RefCell::default(),
        });
        let link = Link::dial(
            network,
            address,
            options,
            Rc::new(Handler(Rc::clone(&state))),
        );
        let client = Self {
            shared: Rc::new(Shared {
                link,
                state,
                root: schema.digest,
                attempt: Cell::new(0),
            }),
        };
        match greeting.await {
            Ok(()) => Ok(client),
            Err(_) => Err(client.no_link().await),
        }
    }

    /// Opens a session with the token that a login gave, and returns the entity that is bound to it.
    ///
    /// # Errors
    ///
    /// Why the server refuses: [`FailureKind::Denied`] for a token that isn't right; or that it does not answer.
    pub async fn open(&self, token: &[u8]) -> Result<EntityRef, Failure> {
        let shared = &*self.shared;
        let attempt = shared.attempt.get() + 1;
        shared.attempt.set(attempt);
        let (sender, receiver) = oneshot::channel();
        *shared.state.opening.borrow_mut() = Some((attempt, sender));
        let open = Open {
            root: shared.root,
            ..Open::new(token, attempt)
        };
        let sent = shared.link.send(|w| open.put(w));
        sent.map_err(|refused| Failure::from(refused.failure()))?;
        match tokio::time::timeout(OPEN_TIMEOUT, receiver).await {
            Ok(Ok(Opening::Opened(entities))) => entities.into_iter().next().ok_or_else(|| {
                Failure::unknown(FailureKind::NotFound).because("the session has no entity")
            }),
            Ok(Ok(Opening::Refused(reason, text))) => Err(refusal(reason, &text)),
            Ok(Err(_)) if shared.link.is_closed() => Err(self.no_link().await),
            Ok(Err(_)) => {
                let why = "another session was opened meanwhile";
                Err(Failure::unknown(FailureKind::Cancelled).because(why))
            }
            Err(_) => Err(Failure::unknown(FailureKind::Timeout)
                .because("the server did not answer to the session's opening")),
        }
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

    /// Has `handler` told of each event of its type from now on, in order, beside those that are told already.
    ///
    /// It is called on the link's task: what takes long belongs into a task of its own.
    pub fn on<A: Arguments>(&self, mut handler: impl FnMut(A) + 'static) {
        self.on_from(move |args, _| handler(args));
    }

    /// As [`Client::on`], with the entity and slot that the event came from.
    pub fn on_from<A: Arguments>(&self, handler: impl FnMut(A, &Origin) + 'static) {
        self.shared.state.events.add(handler);
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
        self.shared.state.answers.set(handler);
    }

    /// The entities that are bound to the session; none without a session.
    #[must_use]
    pub fn bound(&self) -> Vec<EntityRef> {
        self.shared.state.bound.borrow().clone()
    }

    /// Why the server ended the session, if it did.
    #[must_use]
    pub fn session_end(&self) -> Option<(SessionReason, String)> {
        self.shared.state.ended.borrow().clone()
    }

    /// Why the server goes away and what it says about it, once it does: it takes nothing new and closes the link soon.
    #[must_use]
    pub fn farewell(&self) -> Option<(GoAwayReason, String)> {
        self.shared.state.farewell.borrow().clone()
    }

    /// Waits until the link is over, and says why it is.
    pub async fn closed(&self) -> CloseReason {
        self.shared.link.closed().await
    }

    /// Whether the link is over.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.link.is_closed()
    }

    /// Ends the session and the link: what was sent so far still goes out, what waits for an answer fails.
    pub fn close(&self) {
        self.shared.link.close(GoAwayReason::Stopping, "");
    }

    pub(crate) fn link(&self) -> &Link {
        &self.shared.link
    }

    async fn no_link(&self) -> Failure {
        let reason = self.shared.link.closed().await;
        Failure::not_executed(reason.failure_kind()).because(reason.to_string())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // The link's task would go on as long as the server likes.
        self.link.close(GoAwayReason::Stopping, "");
    }
}

fn missing(entity: &str) -> Box<str> {
    format!("no {entity} is bound to the session: open one first").into()
}

fn refusal(reason: SessionReason, text: &str) -> Failure {
    let kind = match reason {
        SessionReason::Denied | SessionReason::Kicked => FailureKind::Denied,
        SessionReason::Incompatible => FailureKind::Incompatible,
        SessionReason::Unavailable | SessionReason::Overflow => FailureKind::Overloaded,
        SessionReason::Protocol => FailureKind::Invalid,
        _ => FailureKind::NotFound,
    };
    let failure = Failure::not_executed(kind);
    match text {
        "" => failure.because(format!("the session was refused: {reason:?}")),
        text => failure.because(text),
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("link", &self.shared.link)
            .field("bound", &*self.shared.state.bound.borrow())
            .finish_non_exhaustive()
    }
}
