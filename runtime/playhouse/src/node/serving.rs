//! What comes in on links that others dialled: calls of nodes, of tools and of clients.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use playhouse_net::link::{CloseReason, Link, LinkHandler};
use playhouse_net::noise::{NoiseError, Profile};
use playhouse_wire::Limits;
use playhouse_wire::link::Peer;
use playhouse_wire::message::{
    GoAwayReason, Header, Incarnation, Message, Method, Moved, Notify, Owner, Request, Role,
};
use rustc_hash::FxHashMap;
use tokio::time::Duration;

use super::gate::Client;
use super::guests::Place;
use super::judging::{self, Strange};
use super::lanes::Lane;
use super::shard::ShardNode;
use super::tool;
use crate::call::{Failure, FailureKind};
use crate::descriptor::CallKind;
use crate::host::{Answer, Incoming, LinkId, Origin, ReplyTo, Serving};

/// A link that somebody dialled, and what this node does for them.
pub(super) struct Connection {
    node: Rc<ShardNode>,
    /// Its place among the shard's links.
    place: usize,
    /// How it is encrypted, if by a handshake of ours.
    profile: Option<Profile>,
    standing: RefCell<Standing>,
    /// By what the shard's other parts know the link, if it is a node's.
    serial: Cell<u64>,
    lane: RefCell<Option<Lane>>,
    /// Sessions of a gate's clients have come by it.
    carries: Cell<bool>,
    /// Requests whose handlers have not ended, so that they can be given up.
    running: Rc<Running>,
}

type Running = RefCell<FxHashMap<u32, (Serving, Rc<LinkReply>)>>;

/// As what the other side is treated.
#[derive(Clone, Default)]
enum Standing {
    /// Its hello is not there yet.
    #[default]
    Stranger,
    /// A node or a tool: it may call everything, but of types in which it can't be understood.
    Trusted(Option<Rc<Strange>>),
    Client(Rc<Client>),
}

impl Connection {
    pub(super) fn new(node: &Rc<ShardNode>, place: usize, profile: Option<Profile>) -> Self {
        Self {
            node: Rc::clone(node),
            place,
            profile,
            standing: RefCell::default(),
            serial: Cell::new(0),
            lane: RefCell::default(),
            carries: Cell::new(false),
            running: Rc::default(),
        }
    }

    fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// What a client may do without a session. What it does in its session comes in the session's messages.
    fn admit(
        &self,
        client: &Client,
        method: Method,
        header: &mut Header<'_>,
        kind: CallKind,
    ) -> Result<(), Failure> {
        let gate = &self.node.shared.gate;
        let judged = gate.judge(method, header, None, |_, _| false);
        let judged = judged.and_then(|(rule, exposed)| {
            self.node.count(client, true, method, exposed.into())?;
            if rule.kind == kind {
                Ok(())
            } else {
                Err(rule.wrong_kind())
            }
        });
        judged.inspect_err(|failure| self.node.host().count_refused(failure.kind()))?;
        // Nobody waits for a client that this node has to know of, and its traces are its own: here another begins.
        header.chain = playhouse_wire::message::Chain::default();
        header.trace = Some(self.node.host().begin_trace().into());
        header.epoch = None;
        Ok(())
    }

    /// The link is a node's. If that node's older link of the same lane is not over, this one is held until then.
    fn enter_lane(&self, link: &Link, peer: &Peer) {
        let serial = self.node.outbound().accepted(link);
        self.serial.set(serial);
        let Some(lane) = Lane::of(peer) else {
            return;
        };
        let shard = self.node.host().index();
        let older = self
            .node
            .shared
            .lanes
            .enter(&lane, LinkId { shard, serial });
        *self.lane.borrow_mut() = Some(lane);
        if !older.is_empty() {
            link.hold();
        }
        for link in older {
            self.node.host().close_link(link);
        }
    }

    fn link_id(&self) -> LinkId {
        LinkId {
            shard: self.node.host().index(),
            serial: self.serial.get(),
        }
    }

    fn leave_lane(&self) {
        let LinkId { shard, serial } = self.link_id();
        self.node.outbound().accepted_lost(serial);
        if let Some(lane) = self.lane.take()
            && let Some(next) = self
                .node
                .shared
                .lanes
                .leave(&lane, LinkId { shard, serial })
        {
            self.node.host().take_link_on(next);
        }
    }

    /// The refusal of a call of a type in which the peer can't be understood.
    #[inline]
    fn refuse_strange(&self, strange: Option<Rc<Strange>>, method: Method) -> Option<Failure> {
        let strange = strange?;
        judging::refuse(&strange, method)
    }

    /// A call of the node's own, for tools.
    fn builtin(&self, link: &Link, request: &Request<'_>) {
        let (id, tag) = (request.id, request.method.tag);
        let args = request.args.to_vec();
        let deadline_us = request.header.deadline_or_default_us();
        let deadline = Duration::from_micros(deadline_us);
        let (node, link) = (Rc::clone(&self.node), link.clone());
        self.node.host().spawn(async move {
            match tool::serve_builtin(node, tag, args, Some(deadline)).await {
                Ok(text) => link.respond(id, |w| w.str(&text)),
                Err(failure) => link.respond_failure(id, &(&failure).into()),
            }
        });
    }
}

impl LinkHandler for Connection {
    fn opened(&self, link: &Link, peer: &Peer) {
        let doors = &self.node.shared.doors;
        doors.arrived(link.address());
        if self.node.is_stopping() {
            return link.close(GoAwayReason::Stopping, "the node stops");
        }
        if peer.role == Role::Client && !self.node.shared.progress.runs() {
            let text = "the node waits for its place in the cluster: try again soon";
            return link.close(GoAwayReason::Overloaded, text);
        }
        let policy = &self.node.shared.policy;
        let standing = match peer.role {
            Role::Client if policy.encrypted && link.binding().is_none() => {
                policy.keys.counts.problem(&NoiseError::Plain);
                let text = "clients must be encrypted here: connect with the server's public key, or over TLS";
                return link.close(GoAwayReason::Denied, text);
            }
            // A client of an address that could be a node as well may do more than guests anyway, and the crowd of a
            // load test comes from one.
            Role::Client if self.node.trusts(link.address()) => {
                Standing::Client(self.node.clients.add(link, None))
            }
            Role::Client => {
                link.set_pace(doors.limits().pace());
                let place = Place::of(link.address());
                Standing::Client(self.node.clients.add(link, place))
            }
            Role::Node | Role::Tool if self.node.lets_peer_in(link.address(), self.profile) => {
                let strange = self.node.judge_schema(peer);
                Standing::Trusted((!strange.is_empty()).then(|| Rc::new(strange)))
            }
            Role::Node | Role::Tool => {
                let text = if policy.keys.cluster.is_some() {
                    "nodes and tools need the cluster's key here: give a node the same `cluster_key`, a tool \
                     `--cluster-key-file`"
                } else {
                    "nodes and tools are not taken from this address: give all nodes and tools one `cluster_key`, or see \
                     `.trust_peers(..)`"
                };
                return link.close(GoAwayReason::Denied, text);
            }
        };
        *self.standing.borrow_mut() = standing;
        if peer.role == Role::Node {
            self.enter_lane(link, peer);
        }
    }

    fn batch_begins(&self, _link: &Link) -> bool {
        self.node.host().begin_batch();
        self.node.is_only_reader(self.place)
    }

    fn batch_ends(&self, _link: &Link) {
        self.node.host().end_batch();
    }

    fn request(&self, link: &Link, request: Request<'_>) {
        let Request {
            id,
            method,
            mut header,
            args,
        } = request;
        let fail = |failure: &Failure| link.respond_failure(id, &failure.into());
        let (origin, limits) = match self.standing() {
            Standing::Trusted(_) if tool::is_builtin(method) => {
                let request = Request {
                    id,
                    method,
                    header,
                    args,
                };
                return self.builtin(link, &request);
            }
            Standing::Trusted(strange) => match self.refuse_strange(strange, method) {
                Some(failure) => return fail(&failure),
                None => (Origin::Peer, Limits::DEFAULT),
            },
            Standing::Client(client) => {
                match self.admit(&client, method, &mut header, CallKind::Rpc) {
                    Ok(()) => (Origin::Client(None), Limits::STRICT),
                    Err(failure) => return fail(&failure),
                }
            }
            Standing::Stranger => {
                return fail(&Failure::not_executed(FailureKind::Denied));
            }
        };
        let reply = Rc::new(LinkReply {
            link: link.clone(),
            id,
            epoch: header.epoch,
            answered: Cell::new(false),
            listed: Cell::new(false),
            running: Rc::downgrade(&self.running),
        });
        let incoming = Incoming {
            method,
            header: &header,
            args,
            origin,
            limits,
        };
        let answers = Rc::clone(&reply);
        if let Some(serving) = self.node.host().serve(incoming, answers) {
            reply.listed.set(true);
            let twin = self.running.borrow_mut().insert(id, (serving, reply));
            if let Some((serving, _)) = twin {
                // Whoever numbers two calls alike can't know which was answered, nor give one up.
                serving.cancel();
                let text = "two requests that run have one number";
                link.close(GoAwayReason::Protocol, text);
            }
        }
    }

    fn notify(&self, _link: &Link, notify: Notify<'_>) {
        let Notify {
            method,
            mut header,
            args,
        } = notify;
        let (origin, limits) = match self.standing() {
            Standing::Trusted(strange) => match self.refuse_strange(strange, method) {
                Some(failure) => {
                    tracing::debug!(?method, %failure, "a node's oneway is refused");
                    return;
                }
                None => (Origin::Peer, Limits::DEFAULT),
            },
            Standing::Client(client) => {
                match self.admit(&client, method, &mut header, CallKind::Oneway) {
                    Ok(()) => (Origin::Client(None), Limits::STRICT),
                    Err(failure) => {
                        tracing::debug!(?method, %failure, "a client's oneway is refused");
                        return;
                    }
                }
            }
            Standing::Stranger => return,
        };
        let incoming = Incoming {
            method,
            header: &header,
            args,
            origin,
            limits,
        };
        if let Err(failure) = self.node.host().serve_oneway(incoming) {
            // A oneway has no answer: at most once, and the log says why not.
            tracing::debug!(?method, %failure, "a oneway can't be served");
        }
    }

    fn other(&self, link: &Link, message: Message<'_>) {
        match (message, self.standing()) {
            (Message::Cancel(id), _) => {
                let serving = self.running.borrow_mut().remove(&id);
                if let Some((serving, reply)) = serving {
                    serving.cancel();
                    // The handler may run on, but the peer may ask for something else already.
                    reply.answer(Answer::Failed(&Failure::unknown(FailureKind::Cancelled)));
                }
            }
            (message, Standing::Client(client)) => self.node.from_client(&client, &message),
            (Message::Attached(attached), Standing::Trusted(_)) => {
                self.carries.set(true);
                self.node.from_gate(self.link_id(), &attached);
            }
            (Message::Lost(lost), Standing::Trusted(_)) => {
                self.node.lost_at_gate(self.link_id(), lost);
            }
            (message, Standing::Trusted(_)) => self.node.other(link, self.serial.get(), message),
            (message, _) => tracing::debug!(?message, "a message that nobody here takes"),
        }
    }

    fn datagram(&self, _link: &Link, bytes: &[u8]) {
        match (Message::decode(bytes), self.standing()) {
            (Ok(message @ Message::Aside(_)), Standing::Client(client)) => {
                self.node.from_client(&client, &message);
            }
            _ => self.node.strangers.unwanted.add(1),
        }
    }

    fn closed(&self, link: &Link, reason: &CloseReason) {
        tracing::debug!(peer = link.address(), %reason, "a link is over");
        self.node.strangers.link_over(reason);
        self.node.forget(self.place);
        if self.carries.get() {
            self.node.gate_lost(self.link_id());
        }
        self.leave_lane();
        let mut running: Vec<_> = std::mem::take(&mut *self.running.borrow_mut())
            .into_iter()
            .collect();
        // A map's order would differ from run to run of the simulation.
        running.sort_unstable_by_key(|(id, _)| *id);
        for (_, (serving, _)) in running {
            serving.cancel();
        }
        if let Standing::Client(client) = self.standing.take() {
            self.node.client_gone(&client);
        }
    }
}

/// Answers a request of a link.
struct LinkReply {
    link: Link,
    id: u32,
    /// The activation that it named.
    epoch: Option<u64>,
    /// Its caller gave up and was told so; what the handler comes to is not for it any more.
    answered: Cell<bool>,
    /// It is among those that run.
    listed: Cell<bool>,
    running: Weak<Running>,
}

impl ReplyTo for LinkReply {
    fn answer(&self, answer: Answer<'_>) {
        if self.answered.replace(true) {
            return;
        }
        if self.listed.get()
            && let Some(running) = self.running.upgrade()
        {
            running.borrow_mut().remove(&self.id);
        }
        match answer {
            Answer::Ok(result) => self.link.respond(self.id, |w| w.put(result)),
            Answer::Thrown(error) => self.link.respond_thrown(self.id, |w| w.put(error)),
            Answer::Failed(failure) if failure.is_moved() => self.moved(failure),
            Answer::Failed(failure) => self.link.respond_failure(self.id, &failure.into()),
        }
    }
}

impl LinkReply {
    /// The activation is over here, and the call never began.
    #[cold]
    fn moved(&self, failure: &Failure) {
        let Some(epoch) = self.epoch else {
            return self.link.respond_failure(self.id, &failure.into());
        };
        let hint = failure.moved_to().map(|route| Owner {
            node: &route.owner.node,
            incarnation: Incarnation {
                boot: route.owner.incarnation,
                lease: 0,
            },
            epoch: route.epoch,
        });
        self.link.respond_moved(&Moved {
            id: self.id,
            epoch,
            hint,
        });
    }
}
