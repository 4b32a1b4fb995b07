//! The game of the node's tests, and nodes that run it.

use std::future::{Future as _, poll_fn};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use playhouse::host::SessionId;
use playhouse::node::{Node, NodeBuilder, Running};
use playhouse::{
    Bytes, CallError, Cx, EntityRef, Failure, FailureKind, Reach, Ref, component, entity, service,
};

use crate::schema::SCHEMA;
use crate::schema::harbour::{
    AccountId, Bag, Cellar, Clerk, Door, EntryError, Guest, Parcel, Watch,
};

/// Counters of one service, whichever shard runs it.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) rung: AtomicU32,
    pub(crate) gave_up: AtomicU32,
    pub(crate) slow: AtomicU32,
    seen: Mutex<Vec<u32>>,
}

/// For how long, as the schema has it.
pub(crate) fn ms(ms: u64) -> playhouse::Duration {
    playhouse::Duration::from_micros(i64::try_from(ms * 1000).unwrap())
}

/// A guest that takes as much of everything as it gets.
pub(crate) const CROWDED: AccountId = AccountId(666);

fn until_refused(what: &str, all: &mut dyn Iterator<Item = Result<(), Failure>>) -> String {
    let mut count = 0_usize;
    loop {
        match all.next().unwrap() {
            Ok(()) => count += 1,
            Err(failure) => return format!("{count} {what}, then {:?}", failure.kind()),
        }
    }
}

/// Asks the client as much as it gets, and waits where the session has no room just now.
async fn ask_until_refused(cx: &mut Cx) -> String {
    let mut asked = Vec::new();
    loop {
        let mut asking = Box::pin(Guest::confirm(cx, String::new()));
        let first = poll_fn(|task| Poll::Ready(asking.as_mut().poll(task))).await;
        match first {
            Poll::Pending => asked.push(asking),
            Poll::Ready(Err(failure)) if failure.text().contains("does not take") => {
                sleep(ms(5)).await;
            }
            Poll::Ready(outcome) => {
                let text = outcome.map_err(|failure| failure.text().to_owned());
                return format!("{} asked, then {text:?}", asked.len());
            }
        }
    }
}

async fn sleep(time: playhouse::Duration) {
    let micros = u64::try_from(time.as_micros()).unwrap_or(0);
    tokio::time::sleep(Duration::from_micros(micros)).await;
}

pub(crate) struct DoorLogic {
    counters: &'static Counters,
}

impl DoorLogic {
    pub(crate) fn new() -> Self {
        Self {
            counters: Box::leak(Box::default()),
        }
    }
}

#[service(Door)]
impl DoorLogic {
    #[rpc]
    async fn weather(&self, _cx: &mut Cx, region: String) -> String {
        playhouse::log::info!("looks out");
        format!("fog {region}")
    }
    #[rpc]
    async fn knock(&self, _cx: &mut Cx) -> u32 {
        1
    }
    #[rpc]
    async fn secret(&self, _cx: &mut Cx) -> bool {
        true
    }
    #[rpc]
    async fn ban(&self, _cx: &mut Cx, _who: AccountId) -> bool {
        true
    }
    #[rpc]
    async fn members(&self, _cx: &mut Cx) -> u32 {
        7
    }
    #[rpc]
    async fn slow(&self, cx: &mut Cx, wait: playhouse::Duration) -> u32 {
        sleep(wait).await;
        if cx.cancelled() {
            self.counters.gave_up.fetch_add(1, Relaxed);
        }
        self.counters.slow.fetch_add(1, Relaxed) + 1
    }
    #[rpc]
    async fn enter(&self, _cx: &mut Cx, how: u8) -> Result<u32, CallError<EntryError>> {
        match how {
            0 => Ok(1),
            1 => Err(EntryError::Closed.into()),
            2 => Err(EntryError::Full { limit: 9 }.into()),
            _ => Err(Failure::not_executed(FailureKind::Overloaded)
                .because("come back later")
                .into()),
        }
    }
    #[rpc]
    async fn weigh(&self, _cx: &mut Cx, parcels: Vec<Parcel>) -> u64 {
        parcels.iter().map(|parcel| parcel.weight).sum()
    }
    #[rpc]
    async fn left_at(&self, cx: &mut Cx, next: String) -> Result<u64, Failure> {
        playhouse::log::info!(next, "asks what is left");
        if next.is_empty() {
            let left = cx.left().unwrap_or_default();
            return Ok(u64::try_from(left.as_micros()).unwrap());
        }
        Door::at(next).left_at("").await
    }
    #[rpc]
    async fn again(&self, _cx: &mut Cx, number: u32) -> u32 {
        // The first call of a number never returns; whoever asks again is answered.
        let first = {
            let mut seen = self.counters.seen.lock().unwrap();
            seen.push(number);
            seen.iter().filter(|it| **it == number).count() == 1
        };
        if first {
            std::future::pending::<()>().await;
        }
        number
    }
    #[rpc]
    async fn panics(&self, _cx: &mut Cx) -> bool {
        panic!("the door fell off")
    }
    #[rpc]
    async fn shard(&self, _cx: &mut Cx) -> u32 {
        playhouse::host::Shard::current().unwrap().index()
    }
    #[rpc]
    async fn ring(&self, _cx: &mut Cx, bell: u32) {
        self.counters.rung.fetch_add(bell, Relaxed);
    }
    #[rpc]
    async fn rung(&self, _cx: &mut Cx) -> u32 {
        self.counters.rung.load(Relaxed)
    }
    #[rpc]
    async fn gave_up(&self, _cx: &mut Cx) -> u32 {
        self.counters.gave_up.load(Relaxed)
    }
    #[rpc]
    async fn echo(&self, _cx: &mut Cx, data: Bytes) -> Bytes {
        data
    }
}

pub(crate) struct CellarLogic;

#[service(Cellar)]
impl CellarLogic {
    #[rpc]
    async fn open(&self, _cx: &mut Cx) -> bool {
        true
    }
}

#[component(Bag)]
#[derive(Default)]
pub(crate) struct BagLogic {
    props: Bag,
    all: Vec<u32>,
}

#[component(Bag)]
impl BagLogic {
    #[rpc]
    async fn has(&mut self, _cx: &mut Cx, parcel: u32, least: u32) -> bool {
        let count = self.all.iter().filter(|it| **it == parcel).count();
        count >= usize::try_from(least).unwrap()
    }
    #[rpc]
    async fn put(&mut self, cx: &mut Cx, parcel: u32) {
        self.all.push(parcel);
        let count = u32::try_from(self.all.len()).unwrap();
        Bag::changed(cx, parcel, count);
    }
    #[rpc]
    async fn content(&mut self, _cx: &mut Cx) -> Vec<u32> {
        self.all.clone()
    }
}

#[entity(Guest { bag: BagLogic, vault: BagLogic })]
pub(crate) struct GuestLogic {
    props: Guest,
    life: Vec<String>,
}

#[entity(Guest)]
impl GuestLogic {
    #[hook]
    fn construct(account: AccountId) -> Self {
        Self {
            props: Guest::default(),
            life: vec![format!("construct {}", account.0)],
        }
    }
    #[hook]
    async fn created(&mut self, cx: &mut Cx) {
        if cx.key::<Guest>() == Some(CROWDED) {
            let mut observers = (0..).map(|number| cx.observe(SessionId(number), "near"));
            self.life.push(until_refused("observers", &mut observers));
            let mut background = (0..).map(|_| cx.spawn(sleep(ms(500))));
            self.life.push(until_refused("background", &mut background));
        }
    }
    #[hook]
    async fn attached(&mut self, cx: &mut Cx) {
        self.life.push(format!("attached {}", cx.bound().is_some()));
        // Who has a number above 1000 is greeted so often less 1000.
        let account = cx.key::<Guest>().map_or(0, |account| account.0);
        for number in 1000..account {
            Guest::said(cx, format!("{number}"));
        }
    }
    #[hook]
    async fn lost(&mut self, _cx: &mut Cx) {
        self.life.push("lost".to_owned());
    }
    #[hook]
    async fn resumed(&mut self, _cx: &mut Cx) {
        self.life.push("resumed".to_owned());
    }
    #[hook]
    async fn replaced(&mut self, _cx: &mut Cx) {
        self.life.push("replaced".to_owned());
    }
    #[rpc]
    async fn say(&mut self, cx: &mut Cx, line: String) -> u32 {
        Guest::said(cx, line);
        1
    }
    #[rpc]
    async fn life(&mut self, _cx: &mut Cx) -> Vec<String> {
        self.life.clone()
    }
    #[rpc]
    async fn ask(&mut self, cx: &mut Cx, text: String) -> Result<bool, Failure> {
        if cx.key::<Guest>() == Some(CROWDED) {
            let asked = ask_until_refused(cx).await;
            self.life.push(asked);
            return Ok(true);
        }
        Guest::confirm(cx, text).await
    }
    #[rpc]
    async fn hold(&mut self, _cx: &mut Cx, wait: playhouse::Duration) -> u32 {
        sleep(wait).await;
        self.life.push("held".to_owned());
        1
    }
    #[rpc]
    async fn panics(&mut self, _cx: &mut Cx) -> bool {
        self.life.push("panicked".to_owned());
        panic!("a guest fell over")
    }
    #[rpc]
    async fn meet(
        &mut self,
        _cx: &mut Cx,
        other: Ref<Guest>,
        at: String,
        wait: playhouse::Duration,
    ) -> Result<u32, Failure> {
        sleep(wait).await;
        let other = other.proxy();
        let other = if at.is_empty() {
            other
        } else {
            other.at(at.clone())
        };
        other.hold(ms(0)).await
    }
    #[rpc]
    async fn circle(
        &mut self,
        cx: &mut Cx,
        other: Ref<Guest>,
        there: String,
        here: String,
    ) -> Result<u32, Failure> {
        let me = Ref::new(cx.me().clone())?;
        other.proxy().at(there).meet(me, here, ms(0)).await
    }
    #[rpc]
    async fn spin(&mut self, _cx: &mut Cx, time: playhouse::Duration) {
        std::thread::sleep(Duration::from_micros(time.as_micros().unsigned_abs()));
    }
    #[rpc]
    async fn many(&mut self, cx: &mut Cx, count: u32) {
        for number in 0..count {
            Guest::said(cx, format!("{number}"));
        }
    }
    #[rpc]
    async fn hidden(&mut self, _cx: &mut Cx) -> bool {
        true
    }
    #[rpc]
    async fn caller(&mut self, cx: &mut Cx) -> String {
        format!("{:?}", cx.caller().is_some())
    }
}

#[entity(Clerk)]
#[derive(Default)]
pub(crate) struct ClerkLogic {
    props: Clerk,
    count: u32,
}

#[entity(Clerk)]
impl ClerkLogic {
    #[rpc]
    async fn count(&mut self, _cx: &mut Cx) -> u32 {
        self.count += 1;
        self.count
    }
}

#[entity(Watch)]
#[derive(Default)]
pub(crate) struct WatchLogic {
    props: Watch,
}

#[entity(Watch)]
impl WatchLogic {
    #[rpc]
    async fn place(&mut self, cx: &mut Cx) -> String {
        cx.key::<Watch>().unwrap_or_default()
    }
}

/// Who shows this token is `Guest(number)`.
pub(crate) fn token(number: u64) -> Vec<u8> {
    format!("guest {number}").into_bytes()
}

async fn authenticate(_cx: &mut Cx, token: Bytes) -> Result<EntityRef, Failure> {
    let denied = || Failure::not_executed(FailureKind::Denied).because("a wrong token");
    let text = String::from_utf8(token.0).map_err(|_| denied())?;
    if text == "slow" {
        std::future::pending::<()>().await;
    }
    assert_ne!(text, "panic", "a token too strange");
    let number = text.strip_prefix("guest ").ok_or_else(denied)?;
    let number = number.parse().map_err(|_| denied())?;
    Ok(Guest::reference(AccountId(number)).address().clone())
}

/// A node with everything, that listens on a free port.
pub(crate) fn builder() -> NodeBuilder {
    builder_with(Box::leak(Box::default()))
}

/// As [`builder`], with counters that outlive the node.
pub(crate) fn builder_with(counters: &'static Counters) -> NodeBuilder {
    Node::builder()
        .name("pier")
        .schema(&SCHEMA)
        .shards(2)
        .entity::<GuestLogic>()
        .entity::<ClerkLogic>()
        .entity::<WatchLogic>()
        .service(move || DoorLogic { counters })
        .service(|| CellarLogic)
        .listen("127.0.0.1:0")
        .authenticate(authenticate)
        .audience(|entity, audience| {
            audience.head.name == "warden"
                && entity.key == playhouse::EntityKey::new([99_u64.into()])
        })
}

/// A node that runs, and its address.
pub(crate) fn node() -> (Running, String) {
    start(builder())
}

pub(crate) fn start(builder: NodeBuilder) -> (Running, String) {
    let running = builder.build().unwrap().start().unwrap();
    let address = running.addresses().first().unwrap().clone();
    (running, address)
}

/// A node without anything of its own, to call from.
pub(crate) fn caller() -> Running {
    let caller = Node::builder().name("caller").schema(&SCHEMA).shards(1);
    caller.build().unwrap().start().unwrap()
}
