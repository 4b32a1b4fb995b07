//! Limits of calls and moves between nodes: what is past one is refused, and what is within goes on.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use playhouse::host::{ARRIVALS_MAX, LOCATES_MAX, MAILBOX_MAX, PLACED_MAX};
use playhouse::sim::SimClient;
use playhouse::{EntityKey, EntityRef, Executed, Failure, FailureKind, Numbered};
use playhouse_net::link::{Link, LinkHandler, LinkOptions};
use playhouse_wire::link::Identity;
use playhouse_wire::message::{
    ElementBuffer, HANDOFF_TIMERS_MAX, Handoff, HandoffReason, Incarnation, Locate, Message,
    NoOwnerReason, Notify, Request, Role,
};

use crate::client::{Client, Note};
use crate::schema::caravan::{Camel, CamelStepArgs};
use crate::simulated::Caravan;

/// Nil, as MessagePack.
const NOTHING: &[u8] = &[0xc0];

/// What a node says to one that asks by bare messages.
#[derive(Debug, Clone, PartialEq)]
enum Said {
    At,
    NoOwner(NoOwnerReason),
    Refused(HandoffReason),
    Taken,
}

#[derive(Default)]
struct Heard(RefCell<Vec<Said>>);

impl LinkHandler for Heard {
    fn request(&self, _link: &Link, request: Request<'_>) {
        panic!("not for one that asks: {request:?}");
    }

    fn notify(&self, _link: &Link, notify: Notify<'_>) {
        panic!("not for one that asks: {notify:?}");
    }

    fn other(&self, _link: &Link, message: Message<'_>) {
        let said = match message {
            Message::At(_) => Said::At,
            Message::NoOwner(it) => Said::NoOwner(it.reason),
            Message::HandoffDone(it) if it.ok => Said::Taken,
            Message::HandoffDone(it) => Said::Refused(it.reason),
            other => panic!("not for one that asks: {other:?}"),
        };
        self.0.borrow_mut().push(said);
    }
}

/// A node made of a bare link to `east`.
fn dial(client: &SimClient, heard: &Rc<Heard>) -> Link {
    let options = LinkOptions::new(Identity::new(Role::Node, "asker"));
    let handler = Rc::<Heard>::clone(heard);
    Link::dial(client.network(), "east:7000", options, handler)
}

fn camel(number: u64) -> EntityRef {
    EntityRef {
        package: Camel::PACKAGE,
        number: Camel::NUMBER,
        slot: 0,
        key: EntityKey::new([number.into()]),
    }
}

/// Offers a camel that nobody has to a node in this life.
fn offer(link: &Link, number: u64, life: u64) {
    let timers = ElementBuffer::new();
    let offer = Handoff {
        entity: camel(number),
        epoch: 1,
        from: Incarnation { boot: 1, lease: 0 },
        to: Incarnation {
            boot: life,
            lease: 0,
        },
        schema: 0,
        volatile: NOTHING,
        timers: timers.elements(),
        session: None,
    };
    link.send(|w| offer.put(w)).unwrap();
}

/// In which life a node is, by its lease.
fn life_of(caravan: &Caravan, node: &str) -> u64 {
    let documents = caravan.sim.store().documents();
    let owners = documents
        .iter()
        .filter(|it| it.id.collection.ends_with("Node"));
    let mut owners = owners.filter_map(|it| it.header.owner.clone());
    let owner = owners.find(|owner| &*owner.node == node);
    owner.expect("it has a lease").incarnation
}

/// Owner and epoch of a camel's document.
fn owner_of(caravan: &Caravan, number: u64) -> (String, u64) {
    let documents = caravan.sim.store().documents();
    let key = playhouse::store::key_to_text(&camel(number).key);
    let mut found = documents
        .iter()
        .filter(|it| it.id.collection.ends_with("Camel"));
    let found = found.find(|it| *it.id.key == key).expect("it is there");
    let owner = found.header.owner.clone().expect("somebody runs it");
    (owner.node.to_string(), found.header.epoch)
}

#[test]
fn so_many_calls_wait_for_entities_elsewhere_and_no_more() {
    let caravan = Caravan::new(1, &["east", "west"]);
    let far: Vec<u64> = (1..1000)
        .filter(|it| caravan.home("east", *it) == "east")
        .collect();
    let many = PLACED_MAX / MAILBOX_MAX;
    assert!(far.len() > many + 1);
    // Whoever is asked for them does not answer.
    caravan.sim.partition("east", "west");
    let overloaded = |sent: Result<(), Failure>| {
        let failure = sent.unwrap_err();
        assert_eq!(
            (failure.kind(), failure.executed()),
            (FailureKind::Overloaded, Executed::NotExecuted)
        );
    };
    caravan.on("west", async move || {
        for camel in far.iter().take(many) {
            for _ in 0..MAILBOX_MAX {
                Camel::of(*camel).nudge().unwrap();
            }
        }
        overloaded(Camel::of(far[0]).nudge());
        overloaded(Camel::of(far[many]).nudge());
    });
    caravan.sim.heal("east", "west");
    caravan.sim.run_for(Duration::from_secs(60));
    let number = 1;
    assert!(
        !caravan.home("west", number).is_empty(),
        "there is room again"
    );
    caravan.sim.end().unwrap();
}

#[test]
fn so_many_questions_wait_for_one_claim_and_no_more() {
    let caravan = Caravan::new(2, &["east", "west"]);
    let heard = Rc::<Heard>::default();
    let hears = Rc::clone(&heard);
    let store = caravan.sim.store();
    // The claim takes until it is healed.
    store.partition("east");
    let _asker = caravan.sim.client("asker", async move |client| {
        let link = dial(&client, &hears);
        let locate = Locate {
            entity: camel(500),
            epoch_seen: 0,
        };
        for _ in 0..=LOCATES_MAX {
            link.send(|w| locate.put(w)).unwrap();
        }
        std::future::pending::<()>().await;
    });
    caravan.sim.run_for(Duration::from_millis(500));
    assert_eq!(*heard.0.borrow(), [Said::NoOwner(NoOwnerReason::StoreAway)]);
    store.heal("east");
    caravan.sim.run_for(Duration::from_secs(20));
    assert_eq!(heard.0.borrow().len(), LOCATES_MAX + 1, "all are answered");
    caravan.sim.end().unwrap();
}

#[test]
fn so_many_entities_arrive_at_once_and_no_more() {
    let caravan = Caravan::new(3, &["east", "west"]);
    let heard = Rc::<Heard>::default();
    let hears = Rc::clone(&heard);
    let life = life_of(&caravan, "east");
    caravan.sim.store().partition("east");
    let _asker = caravan.sim.client("asker", async move |client| {
        let link = dial(&client, &hears);
        for number in 0..=ARRIVALS_MAX as u64 {
            offer(&link, 10_000 + number, life);
        }
        std::future::pending::<()>().await;
    });
    caravan.sim.run_for(Duration::from_millis(500));
    assert_eq!(
        *heard.0.borrow(),
        [Said::Refused(HandoffReason::Overloaded)]
    );
    caravan.sim.end().unwrap();
}

#[test]
fn so_many_timers_move_and_those_that_fire_last_stay_behind() {
    let caravan = Caravan::new(4, &["east", "west"]);
    let number = caravan.camel_on("east");
    let most = HANDOFF_TIMERS_MAX as u32;
    caravan.on("east", async move || {
        let seconds = |it: u32| playhouse::Duration::from_micros(i64::from(it) * 1_000_000);
        let camel = Camel::of(number);
        for late in 0..most + 2 {
            let key = if late < most { 8 } else { 9 };
            camel
                .ring_after(late, seconds(1000 + late), None, Some(key))
                .await
                .unwrap();
        }
    });
    caravan.drain("east");
    let (moved, stayed) = caravan.on("west", async move || {
        let moved = Camel::of(number).silence(8).await.unwrap();
        (moved, Camel::of(number).silence(9).await.unwrap())
    });
    assert_eq!((moved, stayed), (most, 0));
    caravan.sim.end().unwrap();
}

/// Has a node's hands full, so that it takes no entity and says so, until its store is healed.
fn fill(caravan: &Caravan, node: &str) -> impl Sized + use<> {
    let life = life_of(caravan, node);
    caravan.sim.store().partition(node);
    let heard = Rc::<Heard>::default();
    caravan.sim.client("asker", async move |client| {
        let link = dial(&client, &heard);
        for number in 0..ARRIVALS_MAX as u64 {
            offer(&link, 10_000 + number, life);
        }
        std::future::pending::<()>().await;
    })
}

#[test]
fn an_entity_that_nobody_takes_goes_on_where_it_is_at_its_own_epoch() {
    for seed in 0..5 {
        let caravan = Caravan::new(seed, &["west", "east"]);
        let number = caravan.camel_on("west");
        let pace = || caravan.on("east", async move || Camel::of(number).pace().await);
        assert_eq!(pace(), Ok(1));
        let before = owner_of(&caravan, number);
        assert_eq!(before.0, "west");
        let _asker = fill(&caravan, "east");
        caravan.sim.run_for(Duration::from_millis(200));
        caravan.sim.begin_stop("west");
        for step in 2..=4 {
            caravan.sim.run_for(Duration::from_millis(60));
            assert_eq!(pace(), Ok(step), "seed {seed}");
            assert_eq!(owner_of(&caravan, number), before, "seed {seed}");
        }
        caravan.sim.store().heal("east");
        caravan.sim.run_for(Duration::from_secs(30));
        assert_eq!(caravan.home("east", number), "east", "seed {seed}");
        assert_eq!(pace(), Ok(5), "seed {seed}");
        caravan.sim.end().unwrap();
    }
}

/// Counts steps of a camel, one after another, in a session that it opens again whenever it is told to.
async fn rides(client: SimClient, camel: u8, counted: Rc<RefCell<Vec<u64>>>) {
    let rider = Client::connect_over(client.network(), "east:7000", Role::Client);
    let rider = Rc::new(rider);
    assert!(matches!(rider.open(&[camel]).await, Note::Opened(_)));
    let opens = Rc::clone(&rider);
    tokio::task::spawn_local(async move {
        loop {
            match opens.note().await {
                Note::Opened(_) => {}
                Note::Detached => opens.begin_resume(),
                note => panic!("{note:?}"),
            }
        }
    });
    loop {
        let step = rider.call::<Camel, _>(0, None, &CamelStepArgs {}).await;
        counted.borrow_mut().push(step.value());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[test]
fn a_client_goes_on_whether_its_entity_moves_or_nobody_takes_it() {
    for seed in 0..5 {
        let caravan = Caravan::new(seed, &["west", "east"]);
        let number = caravan.camel_on("west");
        let counted = Rc::<RefCell<Vec<u64>>>::default();
        let (into, camel) = (Rc::clone(&counted), u8::try_from(number).unwrap());
        let _rider = caravan.sim.client("rider", async move |client| {
            rides(client, camel, Rc::clone(&into)).await;
        });
        caravan.sim.run_for(Duration::from_millis(200));
        let before = owner_of(&caravan, number);
        let _asker = fill(&caravan, "east");
        caravan.sim.run_for(Duration::from_millis(200));
        caravan.sim.begin_stop("west");
        let mut count = counted.borrow().len();
        for _ in 0..3 {
            caravan.sim.run_for(Duration::from_millis(60));
            assert_eq!(owner_of(&caravan, number), before, "seed {seed}");
        }
        assert!(counted.borrow().len() > count, "seed {seed}: it is served");
        caravan.sim.store().heal("east");
        caravan.sim.run_for(Duration::from_secs(30));
        assert_eq!(caravan.home("east", number), "east", "seed {seed}");
        count = counted.borrow().len();
        caravan.sim.run_for(Duration::from_secs(1));
        assert!(counted.borrow().len() > count, "seed {seed}: it has moved");
        let each_once: Vec<u64> = (1..=counted.borrow().len() as u64).collect();
        assert_eq!(*counted.borrow(), each_once, "seed {seed}");
        caravan.sim.end().unwrap();
    }
}
