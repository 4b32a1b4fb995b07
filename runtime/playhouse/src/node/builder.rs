//! What a node is told before it starts.
//!
//! Long because it is a flat list of what can be said, a method each.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use playhouse_cluster::placement::Rules as PlacementRules;
use playhouse_net::kcp;
use playhouse_net::noise::{ClusterKey, Keys, ServerKey};
use playhouse_store::Backend;
use playhouse_store::durable::Rules;
use playhouse_wire::EntityRef;
use playhouse_wire::frame::PACK_FROM;
use playhouse_wire::message::NAME_BYTES_MAX;
use playhouse_wire::session::SessionLimits;
use tokio::time::Duration;

use super::accepting::is_tcp;
use super::admission::{Admission, Shown};
use super::doors::DoorLimits;
use super::member::is_everywhere;
use super::problem::BuildError;
use super::shared::Shared;
use super::tool::About;
use super::{
    DRAIN_TIMEOUT, GUESTS_PER_ADDRESS, JOIN_TIMEOUT, LINKS_MAX, Network, Node, SHARDS_MAX,
    STOP_TIMEOUT,
};
use crate::call::Failure;
use crate::cluster::{self, Membership};
use crate::db;
use crate::descriptor::{AudienceKind, Declaration, EntityKind, Head, Package, Role, Schema};
use crate::host::{Cx, Interceptor, Setup};
use crate::logic::{EntityCalls, EntitySchema, Service, ServiceSchema};
use crate::login::TokenKeys;
#[cfg(feature = "login-http")]
use crate::login::{Answer, Asked, Desk, Http, Refused};
use crate::persist::{IDLE_AFTER, SAVE_EVERY, UNSAVED_MAX, is_persistent};
use crate::watchdog::STALL_AFTER;

/// Says what a node runs, where it listens and whom it lets in. [`Node::builder`](super::Node::builder) begins one.
#[must_use = "a builder does nothing until `build`"]
pub struct NodeBuilder {
    name: String,
    schema: Option<&'static Schema>,
    roles: Option<Vec<String>>,
    shards: Option<usize>,
    entities: Vec<Entry>,
    services: Vec<Entry>,
    steps: Vec<Step>,
    policy: Policy,
}

/// Puts something into the setup of the shards.
type Step = Box<dyn FnOnce(Setup) -> Setup + Send>;

/// An entity type or a service that was given.
struct Entry {
    head: &'static Head,
    /// An instance with a document that nothing makes again.
    stays_away: bool,
    id: (u16, u16),
    role: Option<&'static Role>,
    step: Step,
}

/// Where a node listens, whom it lets in, and how long it waits.
pub(super) struct Policy {
    pub(super) listen: Vec<String>,
    pub(super) doors: DoorLimits,
    pub(super) ban_list: Option<PathBuf>,
    pub(super) proxies: Vec<Network>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<super::accepting::TlsFiles>,
    #[cfg(feature = "websocket")]
    pub(super) origins: Vec<String>,
    pub(super) interop: Vec<String>,
    pub(super) interop_open: bool,
    pub(super) metrics: Option<String>,
    pub(super) sample_traces: u32,
    #[cfg(feature = "opentelemetry")]
    pub(super) collector: Option<String>,
    pub(super) tokens: Option<TokenKeys>,
    #[cfg(feature = "login-http")]
    pub(super) desk: Option<Box<dyn Desk>>,
    #[cfg(feature = "login-http")]
    pub(super) http: Option<Http>,
    pub(super) authenticator: Option<Box<dyn Authenticator>>,
    pub(super) audience: Option<Box<AudienceRule>>,
    pub(super) session_limits: Arc<SessionLimits>,
    pub(super) trust: Box<dyn Fn(&str) -> bool + Send + Sync>,
    pub(super) keys: Keys,
    /// What comes to the listeners of KCP.
    pub(super) kcp: kcp::Counts,
    /// What became of those who came to log in over HTTP.
    #[cfg(feature = "login-http")]
    pub(super) logins: crate::login::http::Counts,
    /// Clients must be encrypted.
    pub(super) encrypted: bool,
    pub(super) compress_from: u32,
    pub(super) least_client_release: u32,
    pub(super) links_max: usize,
    pub(super) guests_per_address: u32,
    pub(super) stop_timeout: Duration,
    pub(super) stall_after: Duration,
    pub(super) store: Option<Arc<dyn Backend>>,
    pub(super) save_every: Duration,
    pub(super) unsaved_max: usize,
    pub(super) idle_after: Option<Duration>,
    pub(super) rules: Rules,
    pub(super) cluster: Option<Arc<dyn playhouse_cluster::Backend>>,
    pub(super) advertise: Vec<String>,
    pub(super) join_timeout: Duration,
    pub(super) lock: Option<PathBuf>,
    pub(super) placement_rules: PlacementRules,
    pub(super) drain_timeout: Duration,
}

/// Whether the client with this entity is in an audience.
type AudienceRule = dyn Fn(&EntityRef, &'static AudienceKind) -> bool + Send + Sync;

/// A future of one shard.
pub(super) type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Turns the token of a client into who it is.
pub(super) trait Authenticator: Send + Sync {
    fn authenticate<'a>(
        &'a self,
        cx: &'a mut Cx,
        shown: Shown,
    ) -> Local<'a, Result<Admission, Failure>>;
}

/// What a game gave, which says who a client is in its own way.
struct Given<F, T, A>(F, PhantomData<fn(T) -> A>);

impl<F, T, A> Authenticator for Given<F, T, A>
where
    F: AsyncFn(&mut Cx, T) -> Result<A, Failure> + Send + Sync,
    T: From<Shown>,
    A: Into<Admission>,
{
    fn authenticate<'a>(
        &'a self,
        cx: &'a mut Cx,
        shown: Shown,
    ) -> Local<'a, Result<Admission, Failure>> {
        Box::pin(async move { (self.0)(cx, shown.into()).await.map(Into::into) })
    }
}

impl NodeBuilder {
    pub(super) fn new() -> Self {
        Self {
            name: "node".to_owned(),
            schema: None,
            roles: None,
            shards: None,
            entities: Vec::new(),
            services: Vec::new(),
            steps: Vec::new(),
            policy: Policy {
                listen: Vec::new(),
                doors: DoorLimits::default(),
                ban_list: None,
                proxies: Vec::new(),
                #[cfg(feature = "tls")]
                tls: None,
                #[cfg(feature = "websocket")]
                origins: Vec::new(),
                interop: Vec::new(),
                interop_open: false,
                metrics: None,
                sample_traces: 0,
                #[cfg(feature = "opentelemetry")]
                collector: None,
                tokens: None,
                #[cfg(feature = "login-http")]
                desk: None,
                #[cfg(feature = "login-http")]
                http: None,
                authenticator: None,
                audience: None,
                session_limits: Arc::default(),
                trust: Box::new(is_loopback),
                keys: Keys::default(),
                kcp: kcp::Counts::default(),
                #[cfg(feature = "login-http")]
                logins: crate::login::http::Counts::default(),
                encrypted: false,
                compress_from: PACK_FROM,
                least_client_release: 0,
                links_max: LINKS_MAX,
                guests_per_address: GUESTS_PER_ADDRESS,
                stop_timeout: STOP_TIMEOUT,
                stall_after: STALL_AFTER,
                store: None,
                save_every: SAVE_EVERY,
                unsaved_max: UNSAVED_MAX,
                idle_after: Some(IDLE_AFTER),
                rules: Rules::default(),
                cluster: None,
                advertise: Vec::new(),
                join_timeout: JOIN_TIMEOUT,
                lock: None,
                placement_rules: PlacementRules::default(),
                drain_timeout: DRAIN_TIMEOUT,
            },
        }
    }

    /// The node's name, by which others and logs know it: unlike any other's in the cluster. `node` if none is given.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The schema, `SCHEMA` at the root of the generated crate. Each node needs it.
    pub const fn schema(mut self, schema: &'static Schema) -> Self {
        self.schema = Some(schema);
        self
    }

    /// The roles of the node: it runs the entities and services of these, and of those without a role. All roles of
    /// the schema if none are given.
    pub fn roles(mut self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.roles = Some(roles.into_iter().map(Into::into).collect());
        self
    }

    /// How many shards, each a thread. As many as there are cores if nothing is said, at most [`SHARDS_MAX`].
    pub const fn shards(mut self, count: usize) -> Self {
        self.shards = Some(count);
        self
    }

    /// Runs entities of this type, if its role is one of the node's.
    pub fn entity<E: EntityCalls>(mut self) -> Self {
        let descriptor = <E::Schema as EntitySchema>::descriptor();
        self.entities.push(Entry {
            head: &descriptor.head,
            stays_away: matches!(descriptor.kind, EntityKind::Instance)
                && is_persistent(descriptor)
                && !E::COMES_BACK,
            id: (descriptor.package, descriptor.number),
            role: descriptor.role,
            step: Box::new(Setup::entity::<E>),
        });
        self
    }

    /// Serves this, if its role is one of the node's. Each shard makes an instance of its own.
    pub fn service<S: Service>(mut self, make: impl Fn() -> S + Send + Sync + 'static) -> Self {
        let descriptor = <S::Schema as ServiceSchema>::descriptor();
        self.services.push(Entry {
            head: &descriptor.head,
            stays_away: false,
            id: (descriptor.package, descriptor.number),
            role: Some(descriptor.role),
            step: Box::new(|setup| setup.service(make)),
        });
        self
    }

    /// Serves this, which the framework itself needs, whatever the node's roles.
    pub(crate) fn own_service<S: Service>(
        mut self,
        make: impl Fn() -> S + Send + Sync + 'static,
    ) -> Self {
        self = self.service(make);
        if let Some(entry) = self.services.last_mut() {
            entry.role = None;
        }
        self
    }

    /// Shows every call to this, inside of the interceptors that were added before.
    pub fn interceptor(mut self, interceptor: impl Interceptor) -> Self {
        self.steps
            .push(Box::new(|setup| setup.interceptor(interceptor)));
        self
    }

    /// Shares a value with all handlers: [`Cx::shared`] finds it by its type. One of each type.
    pub fn share<T: Send + Sync + 'static>(mut self, value: Arc<T>) -> Self {
        self.steps.push(Box::new(|setup| setup.share(value)));
        self
    }

    /// Listens for clients, nodes and tools: `127.0.0.1:7000`, or `tcp://127.0.0.1:7000`. Port 0 takes a free one, which
    /// [`Running::addresses`](super::Running::addresses) tells. May be said more than once.
    ///
    /// Clients may come otherwise, too, if this program is built with the features: by `ws://0.0.0.0:7080/play`
    /// (`websocket`; without a path any will do), by `wss://` (and `tls`) and by `quic://` (`quic`), which both show the
    /// certificate of `tls`. Nodes and tools dial TCP.
    pub fn listen(mut self, address: impl Into<String>) -> Self {
        let address = address.into();
        let plain = address.strip_prefix("tcp://").map(str::to_owned);
        self.policy.listen.push(plain.unwrap_or(address));
        self
    }

    /// The certificate that is shown where the node listens for `wss://` and `quic://`, with those that signed it, and its
    /// private key: two files of PEM. They are read again when they change.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.policy.tls = Some(super::accepting::TlsFiles {
            certificate: certificate.into(),
            key: key.into(),
        });
        self
    }

    /// From whose pages browsers may come by WebSocket: `https://game.example`. From any if nothing is said. May be said
    /// more than once.
    #[cfg(feature = "websocket")]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.policy.origins.push(origin.into());
        self
    }

    /// What strangers may have of the node: how many connections, how many of them that have said nothing yet, how much
    /// they may send. [`DoorLimits::default`] if nothing is said.
    pub const fn doors(mut self, limits: DoorLimits) -> Self {
        self.policy.doors = limits;
        self
    }

    /// A file of addresses and networks that are not let in, one a line; what follows `#` is a remark. It is read again
    /// when it changes. Operators ban others with `playhouse ctl ban`, for as long as the node runs.
    pub fn ban_list(mut self, path: impl Into<PathBuf>) -> Self {
        self.policy.ban_list = Some(path.into());
        self
    }

    /// Connections of TCP and WebSocket that come from here are passed on by proxies, and begin with the header of the
    /// PROXY protocol, version 2, which says where they come from. May be said more than once.
    pub fn proxies(mut self, network: Network) -> Self {
        self.policy.proxies.push(network);
        self
    }

    /// Listens for tools that speak plain MessagePack-RPC. They can call all that isn't `@internal`, and nobody asks
    /// who they are, so the address must be one of the loopback interface.
    pub fn msgpack_rpc(mut self, address: impl Into<String>) -> Self {
        self.policy.interop.push(address.into());
        self
    }

    /// As [`Self::msgpack_rpc`], at an address that other machines may reach: for a network that is closed otherwise.
    pub fn msgpack_rpc_open(mut self, address: impl Into<String>) -> Self {
        self.policy.interop_open = true;
        self.msgpack_rpc(address)
    }

    /// Serves [metrics](crate::metrics), health and readiness over HTTP at this address: `127.0.0.1:9100`. Port 0 takes a
    /// free one, which [`Running::metrics_address`](super::Running::metrics_address) tells. Nobody is asked who they
    /// are, so it belongs on the loopback interface or on a network that is closed otherwise.
    pub fn metrics(mut self, address: impl Into<String>) -> Self {
        self.policy.metrics = Some(address.into());
        self
    }

    /// Of so many traces that begin on this node, with calls of clients and of tools, one is sampled: each of its calls
    /// has a span, on every node that it comes to, which the log shows, and which goes to a collector if the feature `opentelemetry` is on. 1
    /// samples all, 0 none, as if nothing is said. Each call belongs to a trace, sampled or not, whose id stands in the log.
    pub const fn sample_traces(mut self, one_of: u32) -> Self {
        self.policy.sample_traces = one_of;
        self
    }

    /// Sends the spans of [sampled](Self::sample_traces) traces to the OpenTelemetry collector at this address:
    /// `http://127.0.0.1:4318`. Plain HTTP, so it stands on the same machine, or on a network that is closed otherwise.
    #[cfg(feature = "opentelemetry")]
    pub fn collector(mut self, address: impl Into<String>) -> Self {
        self.policy.collector = Some(address.into());
        self
    }

    /// What the tokens of clients are sealed with, by all nodes of a cluster alike: see [`login`](crate::login). Handlers
    /// find it by [`TokenKeys::of`]. A node that has none can neither make nor check tokens.
    pub fn tokens(mut self, keys: TokenKeys) -> Self {
        self.policy.tokens = Some(keys);
        self
    }

    /// Answers those who log in by [`Self::login_http`]. It may make calls; they and it share
    /// [`ANSWER_TIME`](crate::login::http::ANSWER_TIME).
    #[cfg(feature = "login-http")]
    pub fn login<F>(mut self, desk: F) -> Self
    where
        F: AsyncFn(&mut Cx, Asked) -> Result<Answer, Refused> + Send + Sync + 'static,
    {
        self.policy.desk = Some(Box::new(desk));
        self
    }

    /// Serves the login over HTTP: see [`login::http`](crate::login::http). [`Self::login`] answers, and the node needs
    /// [keys](Self::tokens).
    #[cfg(feature = "login-http")]
    pub fn login_http(mut self, http: Http) -> Self {
        self.policy.http = Some(http);
        self
    }

    /// Says who a client is: turns what it [shows](Shown), or the token alone, into the entity that its session is bound to,
    /// or into an [`Admission`], which says more. It may make calls; it has [`OPEN_TIMEOUT`](super::OPEN_TIMEOUT), and is asked
    /// again whenever a client resumes its session.
    ///
    /// Without it a node that has [`tokens`](Self::tokens) opens those of logins by itself. One that has neither gives no
    /// client a session: clients can make guest calls alone.
    pub fn authenticate<F, T, A>(mut self, authenticator: F) -> Self
    where
        F: AsyncFn(&mut Cx, T) -> Result<A, Failure> + Send + Sync + 'static,
        T: From<Shown> + 'static,
        A: Into<Admission> + 'static,
    {
        self.policy.authenticator = Some(Box::new(Given(authenticator, PhantomData)));
        self
    }

    /// How much a session keeps of what its client has not acknowledged, and for how long it outlives its links.
    pub fn session_limits(mut self, limits: SessionLimits) -> Self {
        self.policy.session_limits = Arc::new(limits);
        self
    }

    /// Says whether the client whose session is bound to an entity belongs to a declared audience: who may make calls
    /// that are `@exposed(.., for: gm)`. Nobody does if nothing says so.
    pub fn audience(
        mut self,
        rule: impl Fn(&EntityRef, &'static AudienceKind) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.policy.audience = Some(Box::new(rule));
        self
    }

    /// What clients know the node by, which connect over TCP, KCP or plain WebSocket: they are given its
    /// [public key](ServerKey::public_key), and what they send and get is encrypted. All nodes that clients may reach have
    /// the same. Clients without it are let in too, unless [encryption is required](Self::require_encryption).
    pub fn server_key(mut self, key: ServerKey) -> Self {
        self.policy.keys.server = Some(Arc::new(key));
        self
    }

    /// Lets no client in whose connection is not encrypted, by the [server's key](Self::server_key) or by TLS.
    pub const fn require_encryption(mut self) -> Self {
        self.policy.encrypted = true;
        self
    }

    /// The secret of the cluster's nodes and tools: their links are encrypted with it, and who has it is let in as one of
    /// them, from whatever address; who has not is refused. All nodes of the cluster have the same.
    pub fn cluster_key(mut self, key: ClusterKey) -> Self {
        self.policy.keys.cluster = Some(Arc::new(key));
        self
    }

    /// Compresses messages of at least so many bytes to and from clients that want it, with LZ4, where that saves
    /// something: [`PACK_FROM`] if nothing is said, 0 for none. See `docs/security.md` for what that may tell an
    /// eavesdropper. Nodes compress nothing between them.
    pub const fn compress_from(mut self, bytes: u32) -> Self {
        self.policy.compress_from = bytes;
        self
    }

    /// Sends away clients whose schema is of an earlier release than this one, or of none: they are told to update. 0, which
    /// takes all, if nothing is said.
    pub const fn least_client_release(mut self, release: u32) -> Self {
        self.policy.least_client_release = release;
        self
    }

    /// From which addresses nodes and tools are taken, which may call everything, if there is no
    /// [key of the cluster](Self::cluster_key). From the loopback interface alone if nothing is said.
    pub fn trust_peers(mut self, rule: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.policy.trust = Box::new(rule);
        self
    }

    /// Most links of one shard that others dialled: one too many is closed at once. [`LINKS_MAX`] if nothing is said.
    pub const fn links_max(mut self, count: usize) -> Self {
        self.policy.links_max = count;
        self
    }

    /// As how many guests all those of one address count, whatever links they have or had: their rates together are so
    /// many times what is declared for one. [`GUESTS_PER_ADDRESS`] if nothing is said. Addresses that
    /// [trusted peers](Self::trust_peers) may come from are not counted so.
    pub const fn guests_per_address(mut self, count: u32) -> Self {
        self.policy.guests_per_address = count;
        self
    }

    /// How long handlers that run may take to end once the node stops. [`STOP_TIMEOUT`] if nothing is said.
    pub const fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.policy.stop_timeout = timeout;
        self
    }

    /// After what time a handler is reported that doesn't yield. [`STALL_AFTER`] if nothing is said.
    pub const fn stall_after(mut self, time: Duration) -> Self {
        self.policy.stall_after = time;
        self
    }

    /// Saves persistent entities to this store: see [`persist`](crate::persist). Without one nothing is saved.
    pub fn store(mut self, store: impl Backend) -> Self {
        self.policy.store = Some(Arc::new(store));
        self
    }

    /// How long a change may wait to be saved whose property does not say: what a crash may lose. [`SAVE_EVERY`] if
    /// nothing is said.
    pub const fn save_every(mut self, time: Duration) -> Self {
        self.policy.save_every = time;
        self
    }

    /// Most entities of a shard that may wait to be saved while the store does not answer; then calls of persistent
    /// entities are refused. [`UNSAVED_MAX`] if nothing is said.
    pub const fn unsaved_max(mut self, count: usize) -> Self {
        self.policy.unsaved_max = count;
        self
    }

    /// For how long nothing uses a persistent entity before it gives its memory back: it is saved and released, and its
    /// next call loads it anew. What is not persisted is forgotten then, so an entity stays that has a client, observers,
    /// local entities, a step, or timers that are not durable; so do singletons and entities of a node.
    /// [`IDLE_AFTER`] if nothing is said; `None` keeps all of them.
    pub fn idle_after(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.policy.idle_after = time.into();
        self
    }

    /// Makes the node one of a cluster: it knows of the others there, and its entities may live on any of those that run
    /// their type. See [`cluster`](crate::cluster). The node needs an address that the others can dial.
    pub fn cluster(mut self, membership: impl Membership) -> Self {
        self = membership.attach(self);
        self.policy.cluster = Some(Arc::new(membership));
        self
    }

    /// Where the other nodes of the cluster, and clients that are told of it, reach this one, if that is not where it
    /// listens: `10.0.0.7:7000`, or without a port if it is that of the first address listened at. May be said more than
    /// once; nodes dial the first.
    pub fn advertise(mut self, address: impl Into<String>) -> Self {
        self.policy.advertise.push(address.into());
        self
    }

    /// How long the node waits at its start for its place in the cluster. [`JOIN_TIMEOUT`] if nothing is said.
    pub const fn join_timeout(mut self, timeout: Duration) -> Self {
        self.policy.join_timeout = timeout;
        self
    }

    /// The folder of the node's lock, which is made if there is none. A node of a cluster that crashed or was killed starts
    /// anew at once where its lock proves that the process before it is gone; without one it waits for the end of that
    /// one's lease, some seconds. Nodes of different machines need not see each other's folders.
    pub fn lock(mut self, folder: impl Into<PathBuf>) -> Self {
        self.policy.lock = Some(folder.into());
        self
    }

    /// Places entities without some of the rules: the bugs that tests plant.
    #[doc(hidden)]
    pub const fn placement_rules(mut self, rules: PlacementRules) -> Self {
        self.policy.placement_rules = rules;
        self
    }

    /// How long a node of a cluster that is to stop hands its entities over to others. What is still here then is saved
    /// and released, and its next call finds it elsewhere; its time is [`Self::stop_timeout`]'s. [`DRAIN_TIMEOUT`] if nothing is
    /// said.
    pub const fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.policy.drain_timeout = timeout;
        self
    }

    /// Runs the durable protocol without some of its rules: the bugs that tests plant.
    #[doc(hidden)]
    pub const fn rules(mut self, rules: Rules) -> Self {
        self.policy.rules = rules;
        self
    }

    /// The node, not started yet.
    ///
    /// # Errors
    ///
    /// The first mistake found in what was said, and what to do about it.
    pub fn build(mut self) -> Result<Node, BuildError> {
        let schema = self.schema.ok_or(BuildError::NoSchema)?;
        if self.name.is_empty() || self.name.len() > NAME_BYTES_MAX {
            return Err(BuildError::Name { name: self.name });
        }
        let known = roles(schema);
        let roles = match self.roles {
            Some(given) => checked(given, &known)?,
            None => known.iter().map(|role| (*role).to_owned()).collect(),
        };
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let shards = self.shards.unwrap_or_else(|| cores().min(SHARDS_MAX));
        if shards == 0 || shards > SHARDS_MAX {
            return Err(BuildError::Shards { count: shards });
        }
        if !self.policy.interop_open
            && let Some(address) = self.policy.interop.iter().find(|it| !is_loopback(it))
        {
            return Err(BuildError::NotLoopback {
                address: address.clone(),
            });
        }
        if self.policy.cluster.is_some()
            && self.policy.advertise.is_empty()
            && (self.policy.listen.iter()).all(|it| !is_tcp(it) || is_everywhere(it))
        {
            return Err(BuildError::NoAddress);
        }
        #[cfg(feature = "login-http")]
        if let Some(http) = &self.policy.http {
            if self.policy.desk.is_none() || self.policy.tokens.is_none() {
                return Err(BuildError::NoLogin);
            }
            if http.proxies.is_empty() && !is_loopback(&http.address) {
                let address = http.address.clone();
                return Err(BuildError::PlainLogin { address });
            }
        }
        no_twins(&self.entities, |name| BuildError::EntityTwice { name })?;
        no_twins(&self.services, |name| BuildError::ServiceTwice { name })?;
        let own = |entry: &&Entry| ![db::PACKAGE, cluster::PACKAGE].contains(&entry.head.package);
        for entry in self.entities.iter().chain(&self.services).filter(own) {
            if schema.find(&full_name(entry.head)).is_none() {
                let name = full_name(entry.head);
                return Err(BuildError::NotInSchema { name });
            }
        }
        let has_store = self.policy.store.is_some();
        if let Some(entry) = self
            .entities
            .iter()
            .find(|entry| entry.stays_away && has_store)
        {
            let name = full_name(entry.head);
            return Err(BuildError::NoConstruct { name });
        }
        let runs = |entry: &Entry| {
            let role = entry.role.map(|role| role.head.name);
            role.is_none_or(|role| roles.iter().any(|mine| mine == role))
        };
        let mut setup = Setup::new(&self.name);
        let (mut entities, mut services) = (Vec::new(), Vec::new());
        for entry in self.entities.into_iter().filter(runs) {
            entities.push(entry.id);
            setup = (entry.step)(setup);
        }
        for entry in self.services.into_iter().filter(runs) {
            services.push(entry.id);
            setup = (entry.step)(setup);
        }
        for step in self.steps {
            setup = step(setup);
        }
        if let Some(keys) = &self.policy.tokens {
            setup = setup.share(Arc::new(keys.clone()));
        }
        if let Some(tokens) = self.policy.tokens.clone() {
            self.policy.keys.tickets = Some(Arc::new(move |token| tokens.link_key(token)));
        }
        let about = About {
            name: self.name,
            roles,
            shards,
            schema,
            services,
            entities,
        };
        Ok(Node {
            shared: Arc::new(Shared::new(about, setup, self.policy)),
        })
    }
}

/// The roles that a schema declares, in order of their packages. Two packages may have one of the same name, which is
/// then one to a node.
fn roles(schema: &'static Schema) -> Vec<&'static str> {
    let mut roles = Vec::new();
    for declaration in schema.packages.iter().flat_map(Package::declarations) {
        if let Declaration::Role(role) = declaration
            && !roles.contains(&role.head.name)
        {
            roles.push(role.head.name);
        }
    }
    roles
}

fn checked(given: Vec<String>, known: &[&'static str]) -> Result<Vec<String>, BuildError> {
    for (index, role) in given.iter().enumerate() {
        if !known.contains(&role.as_str()) {
            return Err(BuildError::UnknownRole {
                role: role.clone(),
                known: known.to_vec(),
            });
        }
        if given[..index].contains(role) {
            return Err(BuildError::RoleTwice { role: role.clone() });
        }
    }
    Ok(given)
}

fn no_twins(entries: &[Entry], problem: impl Fn(String) -> BuildError) -> Result<(), BuildError> {
    for (index, entry) in entries.iter().enumerate() {
        if entries[..index].iter().any(|other| other.id == entry.id) {
            return Err(problem(full_name(entry.head)));
        }
    }
    Ok(())
}

fn full_name(head: &Head) -> String {
    format!("{}.{}", head.package, head.name)
}

/// Whether an address is of this machine's loopback interface: what it names can't be reached from elsewhere.
pub(super) fn is_loopback(address: &str) -> bool {
    host_of(address) == "localhost" || ip_of(address).is_some_and(|ip| ip.is_loopback())
}

/// The host of `host:port`, if that is an address and no name.
pub(super) fn ip_of(address: &str) -> Option<IpAddr> {
    let ip: IpAddr = host_of(address).parse().ok()?;
    Some(ip.to_canonical())
}

fn host_of(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

impl fmt::Debug for NodeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeBuilder")
            .field("name", &self.name)
            .field("roles", &self.roles)
            .field("listen", &self.policy.listen)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn loopback_is_this_machine_alone() {
        for address in [
            "127.0.0.1:0",
            "127.9.8.7:70",
            "[::1]:7000",
            "localhost:1",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert!(is_loopback(address), "{address}");
        }
        for address in [
            "0.0.0.0:0",
            "10.0.0.7:7000",
            "[::]:0",
            "example.org:1",
            "",
            "127.0.0.1.example.org:1",
        ] {
            assert!(!is_loopback(address), "{address}");
        }
    }
}
