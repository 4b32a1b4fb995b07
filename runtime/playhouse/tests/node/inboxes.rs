//! Shards that do not take what is sent to them: who waits for them, who is let go, and that nobody else is.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use playhouse::EntityRef;
use playhouse::host::{INBOX_HIGH, INBOX_MAX, Shard};
use playhouse::node::Running;
use playhouse_net::Tcp;
use playhouse_net::link::{Link, LinkHandler, LinkOptions};
use playhouse_wire::link::Identity;
use playhouse_wire::message::{
    Admission, Header, Message, Notify, Open, Request, Role, put_ack, put_attached, put_msg,
    put_request,
};
use tokio::sync::Notify as News;

use crate::client::{self, Client, PATIENCE};
use crate::metrics::get;
use crate::schema::harbour::{AccountId, Door, DoorWeatherArgs, Guest, GuestSayArgs};
use crate::world::{self, token};

/// The first link of a shard of a node with two to the shard of the same number here.
const FIRST_LANE_OF_0: u32 = 2 << 16 | 1 << 8;

fn guest(number: u64) -> EntityRef {
    EntityRef::clone(Guest::reference(AccountId(number)).address())
}

/// A guest whose home is on this shard.
fn guest_on(running: &Running, shard: usize) -> u64 {
    let on_it = |number: &u64| {
        let number = *number;
        let asked = running.spawn_on(shard, move || async move {
            Shard::current().unwrap().is_home(&guest(number))
        });
        asked.wait().unwrap()
    };
    (1..100).find(on_it).unwrap()
}

/// Has a shard stand still until what is returned is dropped.
fn block(running: &Running, shard: usize) -> mpsc::Sender<()> {
    let (go_on, waits) = mpsc::channel();
    let (begun, begins) = mpsc::channel();
    drop(running.spawn_on(shard, move || async move {
        begun.send(()).unwrap();
        let _ = waits.recv_timeout(2 * PATIENCE);
    }));
    begins.recv().unwrap();
    go_on
}

fn weather() -> DoorWeatherArgs {
    DoorWeatherArgs {
        region: "here".to_owned(),
    }
}

fn say() -> GuestSayArgs {
    GuestSayArgs {
        line: "hi".to_owned(),
    }
}

/// A client whose link is of the first of two shards.
async fn client_of_shard_0(running: &Running, address: &str) -> Client {
    // They are given to shards in turn.
    let first = Client::connect(address, Role::Client);
    first.call::<Door, _>(0, None, &weather()).await;
    let second = Client::connect(address, Role::Client);
    second.call::<Door, _>(0, None, &weather()).await;
    let blocked = block(running, 1);
    let is_first = tokio::select! {
        _ = async { first.call::<Door, _>(0, None, &weather()).await } => true,
        _ = async { second.call::<Door, _>(0, None, &weather()).await } => false,
    };
    drop(blocked);
    if is_first { first } else { second }
}

#[test]
fn clients_of_a_shard_that_stands_still_are_held_up_and_keep_their_sessions() {
    let (running, address) = world::start(world::builder().metrics("127.0.0.1:0"));
    let page = running.metrics_address().unwrap();
    let number = guest_on(&running, 1);
    client::run(async move {
        let client = client_of_shard_0(&running, &address).await;
        client.open(&token(number)).await;
        client
            .call::<Guest, _>(0, None, &say())
            .await
            .value::<u32>();
        let held = async || {
            let page = page.clone();
            let page = tokio::task::spawn_blocking(move || get(&page, "/metrics"));
            let page = page.await.unwrap();
            page.contains("playhouse_gate_turns_total{kind=\"held\"} 1\n")
        };
        let blocked = block(&running, 1);
        for _ in 0..INBOX_HIGH / 2 {
            client.link.send(|w| put_ack(w, 1)).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!held().await);
        // More than its inbox would ever take.
        for _ in 0..INBOX_MAX + 1000 {
            client.link.send(|w| put_ack(w, 1)).unwrap();
        }
        while !held().await {}
        drop(blocked);
        let said = client.call::<Guest, _>(0, None, &say()).await;
        assert_eq!(said.value::<u32>(), 1);
        assert_eq!(client.inbox.session.attempt.get(), 1);
    });
}

/// What a gate hears by its one link.
#[derive(Debug, PartialEq)]
enum Heard {
    Opened { rx: u64 },
    Msg(u64),
    Detached(u64),
}

#[derive(Default)]
struct Gate {
    heard: RefCell<Vec<Heard>>,
    session: RefCell<Option<playhouse::Uuid>>,
    news: News,
}

impl LinkHandler for Gate {
    fn request(&self, _link: &Link, request: Request<'_>) {
        panic!("not for a gate: {request:?}");
    }

    fn notify(&self, _link: &Link, notify: Notify<'_>) {
        panic!("not for a gate: {notify:?}");
    }

    fn other(&self, _link: &Link, message: Message<'_>) {
        let Message::Attached(attached) = message else {
            panic!("not for a gate: {message:?}");
        };
        self.heard(match Message::decode(attached.message).unwrap() {
            Message::Opened(opened) => {
                *self.session.borrow_mut() = Some(opened.session);
                Heard::Opened { rx: opened.rx }
            }
            Message::Msg(msg) => Heard::Msg(msg.seq),
            Message::Ack(_) => return,
            Message::Detach(attempt) => Heard::Detached(attempt),
            other => panic!("not for a gate: {other:?}"),
        });
    }
}

impl Gate {
    fn heard(&self, heard: Heard) {
        self.heard.borrow_mut().push(heard);
        self.news.notify_one();
    }

    /// All that was heard since this was asked last, once it is so much.
    async fn next(&self, count: usize) -> Vec<Heard> {
        while self.heard.borrow().len() < count {
            let news = tokio::time::timeout(PATIENCE, self.news.notified());
            news.await.expect("more should have been heard");
        }
        self.heard.take()
    }
}

/// Waits until all that was sent by a link before has been looked at.
async fn looked_at(link: &Link) {
    let (give, take) = tokio::sync::oneshot::channel();
    let method = client::method::<Door, DoorWeatherArgs>(0);
    let sink = Rc::new(client::Sink(RefCell::new(Some(give))));
    let args = playhouse::to_vec(&weather());
    let asked = link.request(method, &Header::EMPTY, sink, |w| w.raw(&args));
    asked.unwrap();
    let answer = tokio::time::timeout(PATIENCE, take).await;
    answer.expect("the shard of the link answers").unwrap();
}

#[test]
fn a_session_whose_home_takes_nothing_more_is_let_go_and_goes_on_by_the_next_link() {
    let (running, address) = world::node();
    let number = guest_on(&running, 1);
    client::run(async move {
        let mut identity = Identity::new(Role::Node, "gate");
        identity.lane = FIRST_LANE_OF_0;
        let gate = Rc::<Gate>::default();
        let handler = Rc::<Gate>::clone(&gate);
        let link = Link::dial(Rc::new(Tcp), &address, LinkOptions::new(identity), handler);
        let open = |attempt: u64, sent: u64| {
            let admission = Admission {
                binding: None,
                entity: guest(number),
                login_no: None,
            };
            let open = Open {
                session: *gate.session.borrow(),
                tx_highest: sent,
                ..Open::new(b"token", attempt)
            };
            link.send(|w| put_attached(w, 1, attempt, Some(&admission), |w| open.put(w)))
                .unwrap();
        };
        let acks = |count: usize| {
            for _ in 0..count {
                link.send(|w| put_attached(w, 1, 1, None, |w| put_ack(w, 0)))
                    .unwrap();
            }
        };
        open(1, 0);
        assert_eq!(gate.next(1).await, [Heard::Opened { rx: 0 }]);
        let blocked = block(&running, 1);
        // A call waits in front of the last that are taken.
        let method = client::method::<Guest, GuestSayArgs>(0);
        let mut w = playhouse::Writer::new();
        put_request(&mut w, 1, method, &Header::EMPTY, |w| w.put(&say()));
        let body = w.into_bytes();
        link.send(|w| put_attached(w, 1, 1, None, |w| put_msg(w, 1, None, |w| w.raw(&body))))
            .unwrap();
        acks(INBOX_MAX - 8);
        looked_at(&link).await;
        assert_eq!(gate.heard.take(), []);
        acks(100);
        assert_eq!(gate.next(1).await, [Heard::Detached(1)]);
        // It is told once, and what comes for it still is dropped.
        acks(100);
        looked_at(&link).await;
        assert_eq!(gate.heard.take(), []);
        drop(blocked);
        open(2, 1);
        // The event and the answer, which were for the link before, and come once more.
        let sent = [Heard::Msg(1), Heard::Msg(2)];
        let heard = gate.next(5).await;
        assert_eq!(heard[..2], sent);
        assert_eq!(heard[2], Heard::Opened { rx: 1 });
        assert_eq!(heard[3..], sent);
    });
}
