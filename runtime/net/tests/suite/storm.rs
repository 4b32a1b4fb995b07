//! Links among hosts that crash, are cut off and come back: every call ends, and its tag is the truth.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::Poll,
    time::Duration,
};

use playhouse_net::{
    Link, Random,
    link::LinkHandler,
    links::{Address, Backoff, Links},
    sim::{Conditions, Cut},
};
use playhouse_wire::{
    Limits,
    message::{Executed, Notify, Request},
};
use tokio::{
    task::{LocalSet, spawn_local},
    time::{sleep, timeout},
};

use crate::{
    peers::{Ended, begin, options},
    world::{World, on_sim},
};

const HOSTS: [&str; 3] = ["a", "b", "c"];
/// A connect, a silence and a stall, one after another, with time to spare.
const CALL_TIME_MAX: Duration = Duration::from_secs(60);

/// What all hosts together did, as nobody in the world could know it.
#[derive(Default)]
struct Ledger {
    executed: RefCell<BTreeSet<u64>>,
    begun: Cell<u64>,
    ok: Cell<u64>,
    not_executed: Cell<u64>,
    unknown: Cell<u64>,
    /// What must not happen: a panic in a task of a host would go unseen.
    wrong: RefCell<Vec<String>>,
}

impl Ledger {
    fn wrong(&self, what: impl Into<String>) {
        self.wrong.borrow_mut().push(what.into());
    }
}

struct Recorder(Rc<Ledger>);

impl LinkHandler for Recorder {
    fn request(&self, link: &Link, request: Request<'_>) {
        let number: u64 = playhouse_wire::from_slice(request.args, &Limits::STRICT).unwrap();
        if !self.0.executed.borrow_mut().insert(number) {
            self.0.wrong(format!("call {number} was executed twice"));
        }
        let (link, id) = (link.clone(), request.id);
        if number.is_multiple_of(3) {
            link.respond(id, |w| w.unsigned(number));
        } else {
            spawn_local(async move {
                sleep(Duration::from_millis(number % 50)).await;
                link.respond(id, |w| w.unsigned(number));
            });
        }
    }

    fn notify(&self, _link: &Link, _notify: Notify<'_>) {}
}

/// One life of a host: everything that it does ends when this is dropped.
type Life = Rc<RefCell<Option<LocalSet>>>;

fn start(world: &World, name: &'static str, random: &Random, ledger: &Rc<Ledger>) -> Life {
    let set = LocalSet::new();
    let (network, random, ledger) = (world.host(name), random.split(), ledger.clone());
    set.spawn_local(async move {
        let address = format!("{name}:7000");
        let mut listener = network.listen(&address).await.unwrap();
        let recorder = Rc::new(Recorder(ledger.clone()));
        let links = Links::new(
            network,
            options(name),
            Backoff::default(),
            random.split(),
            Rc::new({
                let recorder = recorder.clone();
                move |_| recorder.clone()
            }),
        );
        for _ in 0..5 {
            let caller = call_around(links.clone(), random.split(), ledger.clone());
            spawn_local(caller);
        }
        while let Ok(stream) = listener.accept().await {
            let _ = Link::accept(stream, options(name), recorder.clone());
        }
    });
    let life = Rc::new(RefCell::new(Some(set)));
    let driven = life.clone();
    spawn_local(poll_fn(move |cx| match &mut *driven.borrow_mut() {
        Some(set) => Pin::new(set).poll(cx),
        None => Poll::Ready(()),
    }));
    life
}

async fn call_around(links: Links, random: Random, ledger: Rc<Ledger>) {
    loop {
        sleep(Duration::from_millis(random.below(200))).await;
        let to = HOSTS[usize::try_from(random.below(3)).unwrap()];
        let Ok(link) = links.link(&Address::from(format!("{to}:7000"))) else {
            continue;
        };
        let number = ledger.begun.get();
        ledger.begun.set(number + 1);
        let Ok((_, receiver)) = begin(&link, 1, |w| w.unsigned(number)) else {
            continue;
        };
        let ended = timeout(CALL_TIME_MAX, receiver).await;
        let executed = ledger.executed.borrow().contains(&number);
        let count = match ended {
            Ok(Ok(Ended::Ok(result))) if result == playhouse_wire::to_vec(&number) => &ledger.ok,
            Ok(Ok(Ended::Failed(_, Executed::NotExecuted, text))) => {
                if executed {
                    ledger.wrong(format!("call {number} was executed: {text}"));
                }
                &ledger.not_executed
            }
            Ok(Ok(Ended::Failed(_, Executed::Unknown, _))) => &ledger.unknown,
            Ok(Ok(other)) => return ledger.wrong(format!("call {number} ended as {other:?}")),
            Ok(Err(_)) => return ledger.wrong(format!("call {number} was forgotten")),
            Err(_) => return ledger.wrong(format!("call {number} hangs")),
        };
        count.set(count.get() + 1);
    }
}

async fn storm(world: World, seed: u64, total: Rc<Ledger>) {
    let script = Random::stream(seed, 99);
    let ledger = Rc::new(Ledger::default());
    let sim = world.sim().clone();
    let mut lives: Vec<Life> = HOSTS
        .iter()
        .map(|name| start(&world, name, &script, &ledger))
        .collect();
    for _ in 0..12 {
        sleep(Duration::from_millis(script.below(4000))).await;
        let [from, to] = [0, 1].map(|_| usize::try_from(script.below(3)).unwrap());
        match script.below(6) {
            0 => sim.partition(HOSTS[from], HOSTS[to]),
            1 => sim.cut(HOSTS[from], HOSTS[to], Cut::Reset),
            2 => sim.cut(HOSTS[from], HOSTS[to], Cut::Stall),
            3 => {
                sim.crash(HOSTS[from]);
                drop(lives[from].take());
                sleep(Duration::from_millis(script.below(3000))).await;
                lives[from] = start(&world, HOSTS[from], &script, &ledger);
            }
            _ => sim.heal(HOSTS[from], HOSTS[to]),
        }
    }
    for life in lives {
        drop(life.take());
    }
    assert_eq!(*ledger.wrong.borrow(), [""; 0], "seed {seed}");
    for (sum, count) in [
        (&total.begun, &ledger.begun),
        (&total.ok, &ledger.ok),
        (&total.not_executed, &ledger.not_executed),
        (&total.unknown, &ledger.unknown),
    ] {
        sum.set(sum.get() + count.get());
    }
}

#[test]
fn every_call_ends_and_its_tag_is_true_whatever_happens() {
    let total = Rc::new(Ledger::default());
    let run = |seed| {
        on_sim(seed, Conditions::default(), |world| {
            storm(world, seed, total.clone())
        })
    };
    let seeds = 0..40_u64;
    let first: Vec<u64> = seeds.clone().map(run).collect();
    for (seed, fingerprint) in seeds.zip(&first) {
        assert_eq!(run(seed), *fingerprint, "seed {seed}");
    }
    // Not by doing nothing.
    assert!(total.ok.get() > 10_000, "{}", total.ok.get());
    assert!(
        total.not_executed.get() > 100,
        "{}",
        total.not_executed.get()
    );
    assert!(total.unknown.get() > 100, "{}", total.unknown.get());
}
