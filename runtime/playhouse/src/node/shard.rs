//! What one shard of a node has besides the host: its links, its sessions, and the jobs that others give it.

mod measures;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use playhouse_cluster::placement::Rule;
use playhouse_cluster::watch;
use playhouse_net::link::{Date, Link, LinkOptions};
use playhouse_net::noise::{self, Accepted, Profile};
use playhouse_net::{Network, Random, Stream};
use playhouse_wire::link::Peer;
use playhouse_wire::message::{GoAwayReason, Message, Role};
use slab::Slab;
use tokio::time::{Duration, Instant};

use super::builder::Policy;
use super::doors::Turned;
use super::egress::Outbound;
use super::gate::{Clients, Hops};
use super::home::{Homes, Port};
use super::judging::{self, Strange};
use super::lanes;
use super::member::reachable;
use super::problem::StartError;
use super::running::Stopped;
use super::serving::Connection;
use super::shared::{Jobs, Shared};
use super::tool::About;
use super::{INTEROP_MAX, interop};
use crate::descriptor::Schema;
use crate::host::{Clustered, Egress, Env, Keeping, LinkId, Shard};
use crate::metrics::{GateTally, StrangerTally};

/// How often a stopping shard looks whether its handlers have ended.
pub(super) const STOP_POLL: Duration = Duration::from_millis(5);

/// How long a stopped shard goes on for what its links still have to write.
const FAREWELL: Duration = Duration::from_millis(50);

/// A shard of a node.
pub(crate) struct ShardNode {
    pub(super) shared: Arc<Shared>,
    pub(super) index: usize,
    host: Rc<Shard>,
    env: Rc<dyn Env>,
    network: Rc<dyn Network>,
    /// Of links that others dialled.
    options: LinkOptions,
    pub(super) links: RefCell<Slab<Link>>,
    /// How many streams may become links that are not yet encrypted.
    handshakes: Cell<usize>,
    /// The place of the link that was read last.
    last_read: Cell<usize>,
    interop: Cell<usize>,
    /// The way out.
    outbound: Rc<Outbound>,
    /// The clients whose links are of this shard.
    pub(super) clients: Clients,
    /// Where the homes of other nodes' clients are.
    pub(super) hops: Hops,
    /// The sessions that are bound to entities of this shard.
    pub(super) homes: Homes,
    pub(super) strangers: StrangerTally,
    pub(super) gates: GateTally,
    stopping: Cell<bool>,
    /// So many shards of the node have told all their clients good-bye: the links here may have been the way.
    pub(super) farewells: Cell<usize>,
    /// Whether peers are taken wherever they come from.
    trusting: Cell<bool>,
    began: Instant,
}

impl ShardNode {
    pub(super) fn new(
        shared: &Arc<Shared>,
        index: usize,
        env: Rc<dyn Env>,
        network: Rc<dyn Network>,
        store: Option<Keeping>,
    ) -> Rc<Self> {
        let count = shared.about.shards;
        let network: Rc<dyn Network> = match &shared.policy.keys.cluster {
            Some(key) => {
                let lane = lanes::first_lane(index, count);
                Rc::new(noise::Network::cluster(network, Arc::clone(key), lane))
            }
            None => network,
        };
        // A node has at most `SHARDS_MAX`.
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let host = Shard::new(&shared.setup, narrow(index), narrow(count), Rc::clone(&env));
        if let Some(keeping) = store {
            host.set_store(keeping);
        }
        if let Some(place) = shared.place() {
            host.set_cluster(Clustered {
                seat: place.seat.clone(),
                standing: place.standing.clone(),
                rules: shared.policy.placement_rules,
            });
        }
        let mut options = LinkOptions::new(shared.identity());
        options.limits.pack_from = shared.policy.compress_from;
        options.limits.client_release_min = shared.policy.least_client_release;
        let dates = Rc::clone(&env);
        options.date = Some(Date::by(move || dates.utc().as_micros()));
        let random = Random::new(env.random());
        Rc::new_cyclic(|this| {
            let mut dialling = options.clone();
            dialling.identity.lane = lanes::first_lane(index, count);
            dialling.limits.pack_from = 0;
            let outbound = Outbound::new(this, Rc::clone(&network), dialling, random);
            host.set_egress(Rc::<Outbound>::clone(&outbound));
            host.set_session_port(Rc::new(Port(std::rc::Weak::clone(this))));
            let key = shared.policy.keys.server.as_ref();
            let key = key.map(|key| key.public_key());
            let bound = shared.places().addresses;
            host.set_addresses(reachable(&shared.policy.advertise, &bound), key);
            let life = shared.places().incarnation.boot;
            host.set_roots(life, shared.policy.sample_traces);
            #[cfg(feature = "opentelemetry")]
            if let Some(recorder) = shared.exporting.get().and_then(|it| it.recorder()) {
                host.set_recorder(recorder);
            }
            host.set_schema(shared.about.schema);
            Self {
                options,
                shared: Arc::clone(shared),
                index,
                host,
                began: env.now(),
                env,
                network,
                links: RefCell::default(),
                handshakes: Cell::new(0),
                last_read: Cell::new(usize::MAX),
                interop: Cell::new(0),
                outbound,
                clients: Clients::new(index, shared.policy.session_limits.rules),
                hops: Hops::default(),
                homes: Homes::default(),
                strangers: StrangerTally::default(),
                gates: GateTally::default(),
                stopping: Cell::new(false),
                farewells: Cell::new(0),
                trusting: Cell::new(false),
            }
        })
    }

    /// The link at `place` has been read: whether no other has since it was last.
    pub(super) fn is_only_reader(&self, place: usize) -> bool {
        self.last_read.replace(place) == place
    }

    /// The way out.
    pub(super) const fn outbound(&self) -> &Rc<Outbound> {
        &self.outbound
    }

    /// The shard itself.
    pub(crate) const fn host(&self) -> &Rc<Shard> {
        &self.host
    }

    pub(super) fn schema(&self) -> &'static Schema {
        self.shared.about.schema
    }

    pub(super) fn about(&self) -> &About {
        &self.shared.about
    }

    pub(super) fn random(&self) -> u64 {
        self.env.random()
    }

    /// The date, in microseconds since 1970.
    pub(super) fn utc_us(&self) -> i64 {
        self.env.utc().as_micros()
    }

    /// The way to other nodes.
    pub(super) fn egress(&self) -> &dyn Egress {
        &*self.outbound
    }

    pub(super) fn now(&self) -> Instant {
        self.env.now()
    }

    /// Microseconds since the shard began.
    pub(super) fn now_us(&self) -> u64 {
        let since = self.env.now().saturating_duration_since(self.began);
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    /// Takes nodes and tools from every address from now on.
    pub(super) fn trust_all(&self) {
        self.trusting.set(true);
    }

    /// Whether this address is one of the cluster's own network.
    pub(super) fn trusts(&self, address: &str) -> bool {
        self.trusting.get() || (self.shared.policy.trust)(address)
    }

    /// Whether a node or tool is let in that comes from this address, and whose link is encrypted so.
    pub(super) fn lets_peer_in(&self, address: &str, profile: Option<Profile>) -> bool {
        match &self.shared.policy.keys.cluster {
            Some(_) => profile == Some(Profile::Cluster),
            None => self.trusts(address),
        }
    }

    pub(super) const fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Does what a shard's thread does, until the node stops.
    pub(super) async fn run(
        self: &Rc<Self>,
        mut jobs: Jobs,
        mut stopping: watch::Receiver<bool>,
    ) -> Stopped {
        tokio::task::spawn_local(Rc::clone(&self.host).pump());
        let mut begun = self.shared.progress.runs();
        if begun {
            self.host.start();
        }
        let shared = Arc::clone(&self.shared);
        let mut until_runs = std::pin::pin!(shared.progress.until_runs());
        loop {
            tokio::select! {
                biased;
                job = jobs.recv() => match job {
                    Some(job) => job(self),
                    None => break,
                },
                _ = stopping.wait_for(|stopping| *stopping) => break,
                () = &mut until_runs, if !begun => {
                    begun = true;
                    self.host.start();
                }
            }
        }
        self.stop(&mut jobs).await
    }

    /// Takes nothing new, lets handlers end, then tells entities and peers good-bye.
    async fn stop(self: &Rc<Self>, jobs: &mut Jobs) -> Stopped {
        self.drain(jobs).await;
        self.stopping.set(true);
        let links: Vec<Link> = self
            .links
            .borrow()
            .iter()
            .map(|(_, link)| link.clone())
            .collect();
        let until = self.env.now() + self.shared.stop_timeout;
        if self.host.keeps(Rule::GoAwayFirst) {
            self.tell_to_go(&links, jobs, until).await;
            self.until_told(&links, jobs, until).await;
        }
        self.quiet(jobs, until).await;
        self.end_sessions();
        self.take_leave();
        self.host.stop();
        self.quiet(jobs, until).await;
        self.until_all_took_leave(jobs, until).await;
        let left = self.host.calls_open();
        let unsaved = self.host.unsaved();
        if left > 0 {
            self.host.say_what_is_cut_off();
        }
        self.host.close();
        for link in links.iter().chain(&self.outbound.links()) {
            link.close(GoAwayReason::Stopping, "the node stops");
        }
        if !links.is_empty() {
            tokio::time::sleep(FAREWELL).await;
        }
        match (unsaved, left) {
            (0, 0) => Stopped::Regularly,
            (0, left) => Stopped::HandlersLeft(left),
            (unsaved, _) => Stopped::Unsaved(unsaved),
        }
    }

    /// The shard ends, which has no entities, when all others have.
    pub(super) async fn end_system(&self) {
        self.stopping.set(true);
        self.host.close();
        let links = self.outbound.links();
        for link in &links {
            link.close(GoAwayReason::Stopping, "the node stops");
        }
        if !links.is_empty() {
            tokio::time::sleep(FAREWELL).await;
        }
    }

    /// Waits for the handlers that run, on all shards: they may still need one another.
    async fn quiet(self: &Rc<Self>, jobs: &mut Jobs, until: Instant) {
        while !self.host.all_at_rest() && self.env.now() < until {
            self.end_sessions_without_link();
            while let Ok(job) = jobs.try_recv() {
                job(self);
            }
            tokio::time::sleep(STOP_POLL).await;
        }
    }

    /// A stream came in that speaks our own protocol. It becomes a link, once it is known how it is encrypted.
    pub(super) fn accepted(self: &Rc<Self>, stream: Box<dyn Stream>) {
        let Policy {
            keys, encrypted, ..
        } = &self.shared.policy;
        if keys.server.is_none() && keys.cluster.is_none() {
            return self.linked(stream, None);
        }
        if !self.has_room(&*stream) {
            return;
        }
        self.handshakes.set(self.handshakes.get() + 1);
        // Where nodes speak plainly, who speaks plainly is heard out: it may be one.
        let policy = match (encrypted, &keys.cluster) {
            (true, Some(_)) => noise::Policy::Sealed,
            _ => noise::Policy::Any,
        };
        let (node, peer) = (Rc::clone(self), stream.peer_address().to_owned());
        tokio::task::spawn_local(async move {
            let accepted = noise::accept(stream, &node.shared.policy.keys, policy).await;
            node.handshakes.set(node.handshakes.get() - 1);
            match accepted {
                Ok(Accepted {
                    stream, profile, ..
                }) => node.linked(stream, profile),
                Err(error) => tracing::debug!(peer, %error, "a connection is not let in"),
            }
        });
    }

    /// A stream becomes a link.
    fn linked(self: &Rc<Self>, stream: Box<dyn Stream>, profile: Option<Profile>) {
        if !self.has_room(&*stream) {
            return;
        }
        let mut links = self.links.borrow_mut();
        let place = links.vacant_entry();
        let handler = Rc::new(Connection::new(self, place.key(), profile));
        place.insert(Link::accept(stream, self.options.clone(), handler));
    }

    /// Whether one more link is taken.
    fn has_room(&self, stream: &dyn Stream) -> bool {
        let links = self.links.borrow().len() + self.handshakes.get();
        let room = links < self.shared.policy.links_max && !self.stopping.get();
        if !room {
            // Nothing is said: whoever floods the node with connections gets no work out of it.
            self.shared.doors.turn_away(Turned::Full);
            tracing::warn!(peer = stream.peer_address(), "a link too many is not taken");
        }
        room
    }

    /// A stream came in that speaks plain MessagePack-RPC.
    pub(super) fn accepted_interop(self: &Rc<Self>, stream: Box<dyn Stream>) {
        if self.interop.get() >= INTEROP_MAX || self.stopping.get() {
            tracing::warn!(
                peer = stream.peer_address(),
                "an interop connection too many is not taken"
            );
            return;
        }
        self.interop.set(self.interop.get() + 1);
        let node = Rc::clone(self);
        tokio::task::spawn_local(async move {
            interop::serve(Rc::clone(&node), stream).await;
            node.interop.set(node.interop.get() - 1);
        });
    }

    /// A message of a peer that is neither call nor answer.
    pub(super) fn other(&self, link: &Link, serial: u64, message: Message<'_>) {
        match message {
            Message::Locate(locate) => {
                let shard = self.host.index();
                self.host.locate_for(LinkId { shard, serial }, locate);
            }
            Message::Handoff(offer) => {
                let link = LinkId {
                    shard: self.host.index(),
                    serial,
                };
                let answer = move |shard: &Rc<Shard>, bytes| shard.answer_on(link, bytes);
                self.host.handoff_offered(&offer, answer);
            }
            Message::HandoffDone(done) => self.host.handoff_done(&done),
            Message::Release(release) => self.host.release_asked(release.entity, release.epoch),
            Message::At(at) => self.host.entity_is_at(&at),
            Message::NoOwner(message) => self.host.entity_is_nowhere(&message),
            Message::WaitProbe(probe) => {
                let token = self.outbound.search(link, &probe);
                self.host.probed(&probe, token);
            }
            Message::WaitFound(found) => {
                if !self.host.found_afar(&found) {
                    self.outbound.pass_on(&found);
                }
            }
            message => {
                let peer = link.address();
                tracing::debug!(peer, ?message, "a message that nobody here takes");
            }
        }
    }

    /// The link at this place is over.
    pub(super) fn forget(&self, place: usize) {
        self.links.borrow_mut().try_remove(place);
    }

    /// Takes streams from a network whose streams can't change shards, and keeps them all.
    pub(super) async fn listen_here(self: &Rc<Self>) -> Result<(), StartError> {
        for address in &self.shared.policy.listen {
            let problem = |error| StartError::Listen {
                address: address.clone(),
                error,
            };
            let mut listener = self.network.listen(address).await.map_err(problem)?;
            let node = Rc::clone(self);
            tokio::task::spawn_local(async move {
                while !node.is_stopping() {
                    match listener.accept().await {
                        Ok(stream) => node.accepted(stream),
                        Err(error) => {
                            tracing::warn!(%error, "a connection can't be taken");
                            tokio::time::sleep(super::ACCEPT_PAUSE).await;
                        }
                    }
                }
            });
        }
        Ok(())
    }

    /// Looks at the clock of a node that this one has dialled.
    pub(super) fn judge_clock(&self, peer: &Peer) {
        if let Some(text) = self.shared.clocks.judge(peer) {
            tracing::warn!("{text}");
        }
    }

    /// Judges a peer of another schema: the types in which it can't be understood. The log names those that differ.
    pub(super) fn judge_schema(&self, peer: &Peer) -> Strange {
        let Some(theirs) = peer.digests.as_ref().filter(|_| peer.role != Role::Tool) else {
            return Strange::default();
        };
        let ours = &self.shared.digests;
        let names = |types: &mut dyn Iterator<Item = (u16, u16)>| -> Vec<String> {
            types
                .filter_map(|(package, number)| self.schema().name_of(package, number))
                .collect()
        };
        let differ = judging::differing(ours, theirs);
        let differ = names(&mut differ.map(|it| (it.package, it.number)));
        if !differ.is_empty() {
            tracing::info!(peer = %peer.name, types = differ.join(", "), "a peer has another version of the schema");
        }
        let view = self.shared.place().map(|place| place.seat.view());
        let member = view.as_ref().and_then(|view| view.get(&peer.name));
        let Some(member) = member.filter(|it| peer.role == Role::Node && it.root == peer.root)
        else {
            return Strange::default();
        };
        let strange = judging::strange(self.schema(), ours, theirs, member.release);
        for (_, why) in &strange {
            tracing::debug!(peer = %peer.name, "calls are refused: {why}");
        }
        strange
    }
}

impl fmt::Debug for ShardNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardNode")
            .field("node", &self.shared.about.name)
            .field("index", &self.index)
            .field("links", &self.links.borrow().len())
            .field("homes", &self.homes)
            .finish_non_exhaustive()
    }
}
