//! Hops between gates and homes at their limits. The other end is made of a bare link: it stops reading when the test says so,
//! or takes no more than the shortest of messages.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use playhouse::sim::SimClient;
use playhouse::{Bytes, EntityRef, Numbered, Uuid};
use playhouse_cluster::Member;
use playhouse_net::link::{
    CloseReason, Link, LinkHandler, LinkOptions, OUTPUT_BYTES_MAX, QueueLimits,
};
use playhouse_wire::link::{Identity, LinkLimits};
use playhouse_wire::message::{
    Admission, At, Attached, ElementBuffer, FRAME_BYTES_LEAST, GoAway, Incarnation, Message,
    Notify, Open, Opened, Owner, Request, Role, SessionReason, Terms, put_ack, put_attached,
};
use playhouse_wire::session::SessionLimits;

use crate::client::{Client, Note};
use crate::schema::caravan::{Camel, CamelBurdenArgs};
use crate::simulated::Caravan;
use crate::world::{authenticate, node};

/// The longest load.
const LOAD: usize = 65_536;

/// For everything that was sent to come.
const SOON: Duration = Duration::from_millis(500);

/// What a gate hears of the homes behind its one link.
#[derive(Default)]
struct Gate {
    link: RefCell<Option<Link>>,
    network: RefCell<Option<SimClient>>,
    /// Names of sessions, by the links of clients.
    opened: RefCell<Vec<(u64, Uuid)>>,
    /// Numbers of messages of sessions, by link.
    taken: RefCell<Vec<(u64, u64)>>,
    /// The longest message so far.
    longest: Cell<usize>,
    ended: RefCell<Vec<(u64, SessionReason, String)>>,
    /// Links whose clients are to open their sessions again, and those that are sent elsewhere.
    detached: RefCell<Vec<u64>>,
    redirected: RefCell<Vec<u64>>,
    closed: RefCell<Option<String>>,
}

impl LinkHandler for Gate {
    fn request(&self, _link: &Link, request: Request<'_>) {
        panic!("not for a gate: {request:?}");
    }

    fn notify(&self, _link: &Link, notify: Notify<'_>) {
        panic!("not for a gate: {notify:?}");
    }

    fn other(&self, _link: &Link, message: Message<'_>) {
        let attached = match message {
            Message::Attached(attached) => attached,
            Message::Redirect(redirect) => {
                return self.redirected.borrow_mut().push(redirect.link);
            }
            message => panic!("not for a gate: {message:?}"),
        };
        let length = framed(&attached);
        self.longest.set(self.longest.get().max(length));
        match Message::decode(attached.message).unwrap() {
            Message::Opened(opened) => {
                self.opened
                    .borrow_mut()
                    .push((attached.link, opened.session));
            }
            Message::Msg(msg) => self.taken.borrow_mut().push((attached.link, msg.seq)),
            Message::End(end) => {
                let ended = (attached.link, end.reason, end.text.to_owned());
                self.ended.borrow_mut().push(ended);
            }
            Message::Detach(_) => self.detached.borrow_mut().push(attached.link),
            other => panic!("not for a gate: {other:?}"),
        }
    }

    fn closed(&self, _link: &Link, reason: &CloseReason) {
        *self.closed.borrow_mut() = Some(reason.to_string());
    }
}

/// How long a session's message is on its hop.
fn framed(attached: &Attached<'_>) -> usize {
    let mut w = playhouse::Writer::new();
    attached.put(&mut w);
    w.len()
}

impl Gate {
    /// A gate that takes messages of so many bytes. It has no link yet.
    fn begin(caravan: &Caravan) -> Rc<Self> {
        let gate = Rc::<Self>::default();
        let begun = Rc::clone(&gate);
        caravan.sim.client("gate", async move |client| {
            *begun.network.borrow_mut() = Some(client);
        });
        caravan.sim.run_for(Duration::from_millis(1));
        gate
    }

    /// Dials east anew.
    fn dial(self: &Rc<Self>, caravan: &Caravan, frame_bytes_max: u32) {
        let gate = Rc::clone(self);
        let client = self.network.borrow().clone().unwrap();
        let name = format!("dial-{}", caravan.sim.now().as_micros());
        caravan.sim.client(&name, async move |_| {
            let handler = Rc::<Self>::clone(&gate);
            let options = narrow(frame_bytes_max);
            let link = Link::dial(client.network(), "east:7000", options, handler);
            *gate.link.borrow_mut() = Some(link);
            std::future::pending::<()>().await;
        });
        caravan.sim.run_for(SOON);
    }

    fn link(&self) -> Link {
        self.link.borrow().clone().unwrap()
    }

    /// Opens a camel's session for a client's link, or goes on with one.
    fn open(&self, camel: u64, link: u64, attempt: u64, session: Option<Uuid>, rx: u64) {
        let admission = Admission {
            binding: None,
            entity: EntityRef::clone(Camel::reference(camel).address()),
            login_no: None,
        };
        let open = Open {
            session,
            rx,
            ..Open::new(b"token", attempt)
        };
        self.link()
            .send(|w| put_attached(w, link, attempt, Some(&admission), |w| open.put(w)))
            .unwrap();
    }

    /// Acknowledges messages to the first link of a client.
    fn acknowledge(&self, link: u64, seq: usize) {
        self.link()
            .send(|w| put_attached(w, link, 1, None, |w| put_ack(w, seq as u64)))
            .unwrap();
    }

    /// The messages that came for a client's link.
    fn taken_of(&self, link: u64) -> Vec<u64> {
        let taken = self.taken.borrow();
        let of_link = taken.iter().filter(|(of, _)| *of == link);
        of_link.map(|(_, seq)| *seq).collect()
    }
}

/// Numbers of messages, these and those between.
fn numbers(first: usize, last: usize) -> Vec<u64> {
    (first as u64..=last as u64).collect()
}

/// Who takes messages of so many bytes, none of them compressed.
fn narrow(frame_bytes_max: u32) -> LinkOptions {
    let mut options = LinkOptions::new(Identity::new(Role::Node, "narrow"));
    options.limits = LinkLimits {
        frame_bytes_max,
        pack_from: 0,
        ..LinkLimits::DEFAULT
    };
    options
}

fn load(length: usize) -> Bytes {
    Bytes(vec![7; length])
}

/// A node that keeps more for each client than a hop takes.
fn patient_home() -> Caravan {
    let caravan = Caravan::new(1, &[]);
    let meeting = caravan.meeting.clone();
    caravan.sim.node("east", move || {
        let home = node("east").listen("east:7000").cluster(meeting.clone());
        home.session_limits(SessionLimits {
            buffer: 100_000,
            buffer_bytes: 64 * 1024 * 1024,
            ..SessionLimits::DEFAULT
        })
    });
    caravan.sim.run_for(Duration::from_secs(2));
    caravan
}

/// Puts loads on a camel, which all go to its client.
fn burden(caravan: &Caravan, camel: u64, count: usize, length: usize) {
    caravan.on("east", async move || {
        for _ in 0..count {
            Camel::of(camel).burden(load(length)).unwrap();
        }
    });
    caravan.sim.run_for(SOON);
}

#[test]
fn a_gate_that_does_not_read_loses_its_link_when_it_is_full_and_its_sessions_go_on() {
    assert_eq!(QueueLimits::default().output_bytes_max, OUTPUT_BYTES_MAX);
    let caravan = patient_home();
    let gate = Gate::begin(&caravan);
    gate.dial(&caravan, LinkLimits::DEFAULT.frame_bytes_max);
    for camel in [1, 2] {
        gate.open(camel, camel, 1, None, 0);
        caravan.sim.run_for(SOON);
    }
    // As much as fits, whatever the network takes besides.
    let fits = OUTPUT_BYTES_MAX / LOAD - 1;
    let half = fits / 2;
    gate.link().hold();
    burden(&caravan, 1, half, LOAD);
    burden(&caravan, 2, fits - half, LOAD);
    assert!(gate.taken.borrow().is_empty());
    gate.link().take_on();
    caravan.sim.run_for(SOON);
    assert_eq!(gate.taken_of(1), numbers(1, half));
    assert_eq!(gate.taken_of(2), numbers(1, fits - half));
    assert_eq!(*gate.closed.borrow(), None);
    for (camel, taken) in [(1, half), (2, fits - half)] {
        gate.acknowledge(camel, taken);
    }
    caravan.sim.run_for(SOON);
    // More than that and what the network takes: the window of its streams and what is underway.
    let more = half + 8;
    gate.link().hold();
    burden(&caravan, 1, more, LOAD);
    burden(&caravan, 2, more, LOAD);
    gate.link().take_on();
    caravan.sim.run_for(Duration::from_secs(2));
    let reason = gate.closed.borrow().clone();
    assert!(reason.is_some(), "a link that is full is closed");
    let came = [1, 2].map(|camel| gate.taken_of(camel).len());
    assert!(came[0] + came[1] < fits + 2 * more);
    // Nothing is lost: the home has it still.
    gate.dial(&caravan, LinkLimits::DEFAULT.frame_bytes_max);
    gate.taken.borrow_mut().clear();
    for (camel, came) in [(1, came[0]), (2, came[1])] {
        let session = gate.opened.borrow()[camel as usize - 1].1;
        gate.open(camel, 10 + camel, 2, Some(session), came as u64);
        caravan.sim.run_for(Duration::from_secs(2));
    }
    assert_eq!(gate.taken_of(11), numbers(came[0] + 1, half + more));
    assert_eq!(gate.taken_of(12), numbers(came[1] + 1, fits - half + more));
    assert_eq!(*gate.ended.borrow(), []);
    caravan.sim.end().unwrap();
}

#[test]
fn a_session_whose_message_its_gate_does_not_take_ends_and_others_go_on() {
    let caravan = patient_home();
    let gate = Gate::begin(&caravan);
    gate.dial(&caravan, FRAME_BYTES_LEAST);
    gate.open(1, 1, 1, None, 0);
    gate.open(2, 2, 1, None, 0);
    caravan.sim.run_for(SOON);
    burden(&caravan, 1, 1, 3000);
    let around = gate.longest.get() - 3000;
    let longest = FRAME_BYTES_LEAST as usize - around;
    burden(&caravan, 1, 1, longest);
    assert_eq!(*gate.taken.borrow(), [(1, 1), (1, 2)]);
    assert_eq!(gate.longest.get(), FRAME_BYTES_LEAST as usize);
    burden(&caravan, 1, 1, longest + 1);
    let text = "a message for the client is longer than its gate takes".to_owned();
    assert_eq!(*gate.ended.borrow(), [(1, SessionReason::Overflow, text)]);
    burden(&caravan, 2, 1, longest);
    assert_eq!(*gate.taken.borrow(), [(1, 1), (1, 2), (2, 1)]);
    assert_eq!(*gate.closed.borrow(), None);
    caravan.sim.end().unwrap();
}

/// A home that runs every camel it is asked for.
#[derive(Default)]
struct Home {
    /// The longest message so far, and how many came in sessions.
    longest: Cell<usize>,
    taken: Cell<u32>,
}

impl LinkHandler for Home {
    fn request(&self, link: &Link, request: Request<'_>) {
        // Whoever opens a session has its entity begin first.
        link.respond(request.id, playhouse::Writer::nil);
    }

    fn notify(&self, _link: &Link, notify: Notify<'_>) {
        panic!("not for a home: {notify:?}");
    }

    fn other(&self, link: &Link, message: Message<'_>) {
        match message {
            Message::Locate(locate) => {
                let at = At {
                    entity: locate.entity,
                    owner: Owner {
                        node: "far",
                        incarnation: Incarnation { boot: 1, lease: 0 },
                        epoch: 1,
                    },
                };
                link.send(|w| at.put(w)).unwrap();
            }
            Message::Attached(attached) => {
                if let Some(admission) = &attached.admission {
                    let mut entities = ElementBuffer::new();
                    assert!(entities.push(&admission.entity));
                    let opened = Opened {
                        session: Uuid([7; 16]),
                        attempt: attached.attempt,
                        rx: 0,
                        terms: Terms::DEFAULT,
                        entities: entities.elements(),
                    };
                    let (to, attempt) = (attached.link, attached.attempt);
                    return link
                        .send(|w| put_attached(w, to, attempt, None, |w| opened.put(w)))
                        .unwrap();
                }
                self.longest.set(self.longest.get().max(framed(&attached)));
                self.taken.set(self.taken.get() + 1);
            }
            Message::Lost(_) => {}
            other => panic!("not for a home: {other:?}"),
        }
    }

    fn peer_goes_away(&self, _link: &Link, go_away: GoAway<'_>) {
        panic!("the hop stays: {go_away:?}");
    }
}

#[test]
fn a_client_whose_message_its_home_does_not_take_loses_its_link_and_others_go_on() {
    let caravan = Caravan::new(1, &[]);
    let meeting = caravan.meeting.clone();
    let mut far = Member::new("far", 1, "far:7000");
    far.entities = vec![(Camel::PACKAGE, Camel::NUMBER)];
    meeting.set(far.into());
    caravan.sim.node("door", move || {
        let gate = playhouse::Node::builder().name("door").roles(["gate"]);
        let gate = gate.schema(&crate::generated::SCHEMA).shards(1);
        let gate = gate.authenticate(authenticate).listen("door:7000");
        gate.cluster(meeting.clone())
    });
    let home = Rc::<Home>::default();
    let at_home = Rc::clone(&home);
    let _far = caravan.sim.client("far", async move |client| {
        let mut listener = client.network().listen("far:7000").await.unwrap();
        let mut links = Vec::new();
        loop {
            let stream = listener.accept().await.unwrap();
            let handler = Rc::<Home>::clone(&at_home);
            links.push(Link::accept(stream, narrow(FRAME_BYTES_LEAST), handler));
        }
    });
    caravan.sim.run_for(Duration::from_secs(2));
    let seen = Rc::clone(&home);
    let done = caravan.sim.client("clients", async move |client| {
        let connect = || Client::connect_over(client.network(), "door:7000", Role::Client);
        let (long, other) = (connect(), connect());
        for (client, camel) in [(&long, 1), (&other, 2)] {
            assert!(matches!(client.open(&[camel]).await, Note::Opened(_)));
        }
        let send = async |client: &Client, length: usize| {
            let load = load(length);
            client.oneway::<Camel, _>(0, None, &CamelBurdenArgs { load });
            tokio::time::sleep(SOON).await;
        };
        send(&long, 3000).await;
        let longest = FRAME_BYTES_LEAST as usize - (seen.longest.get() - 3000);
        send(&long, longest).await;
        assert_eq!((seen.longest.get(), seen.taken.get()), (4096, 2));
        send(&long, longest + 1).await;
        let note = long.note().await;
        assert!(
            matches!(&note, Note::GoAway(text) if text.contains("longer than a session may carry")),
            "{note:?}"
        );
        send(&other, longest).await;
        assert_eq!(seen.taken.get(), 3);
    });
    assert!(
        caravan
            .sim
            .run_until(Duration::from_secs(20), || done.is_there())
    );
    caravan.sim.end().unwrap();
}

#[test]
fn so_many_clients_wait_while_an_entity_moves_and_others_come_again() {
    let caravan = Caravan::new(1, &["east", "west"]);
    let camel = caravan.camel_on("east");
    let gate = Gate::begin(&caravan);
    gate.dial(&caravan, LinkLimits::DEFAULT.frame_bytes_max);
    gate.open(camel, 1, 1, None, 0);
    caravan.sim.run_for(SOON);
    let session = gate.opened.borrow()[0].1;
    // Whom it is handed to does not answer.
    caravan.sim.partition("east", "west");
    caravan.sim.begin_stop("east");
    caravan.sim.run_for(SOON);
    assert_eq!(gate.detached.take(), [1], "it moves");
    for attempt in 2..=7 {
        gate.open(camel, attempt, attempt, Some(session), 0);
    }
    caravan.sim.run_for(SOON);
    assert!(gate.redirected.borrow().is_empty());
    assert_eq!(gate.detached.take(), [6, 7], "four wait");
    caravan.sim.heal("east", "west");
    caravan.sim.run_for(Duration::from_secs(5));
    assert_eq!(*gate.redirected.borrow(), [2, 3, 4, 5]);
    assert!(gate.detached.borrow().is_empty());
    caravan.sim.end().unwrap();
}
