//! A small world: the entities of `trial.idl`.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use playhouse::host::{SessionId, Setup};
use playhouse::{CallError, Cx, Failure, Reach, Ref, component, entity, service};

use crate::locals::{BarkLogic, TreeLogic};
use crate::schema::trial::{
    Bag, BarkPeelsArgs, Center, Desk, Hero, Purse, Room, TradeError, Tree, TreeGrowsArgs,
};

/// What the tests' node runs.
pub(crate) fn setup() -> Setup {
    Setup::new("test")
        .entity::<HeroLogic>()
        .entity::<RoomLogic>()
        .entity::<CenterLogic>()
        .entity::<TreeLogic>()
        .service(DeskLogic::default)
}

/// For how long, as the schema has it.
pub(crate) fn ms(ms: u64) -> playhouse::Duration {
    playhouse::Duration::from_micros(i64::try_from(ms * 1000).unwrap())
}

async fn sleep(time: playhouse::Duration) {
    let micros = u64::try_from(time.as_micros()).unwrap_or(0);
    tokio::time::sleep(Duration::from_micros(micros)).await;
}

#[derive(Default)]
#[component(Purse)]
pub(crate) struct PurseLogic {
    props: Purse,
}

#[component(Purse)]
impl PurseLogic {
    #[rpc]
    async fn add(&mut self, _cx: &mut Cx, amount: u64) -> u64 {
        self.props.set_gold(self.props.gold() + amount);
        self.props.gold()
    }

    #[rpc]
    async fn take(&mut self, _cx: &mut Cx, amount: u64) -> Result<u64, CallError<TradeError>> {
        let have = self.props.gold();
        let left = have
            .checked_sub(amount)
            .ok_or(TradeError::TooPoor { have })?;
        self.props.set_gold(left);
        Ok(left)
    }

    #[rpc]
    async fn add_slowly(&mut self, _cx: &mut Cx, amount: u64, after: playhouse::Duration) -> u64 {
        sleep(after).await;
        self.props.set_gold(self.props.gold() + amount);
        self.props.gold()
    }

    #[rpc]
    async fn drop_in(&mut self, _cx: &mut Cx, amount: u64) {
        self.props.set_gold(self.props.gold() + amount);
    }

    #[rpc]
    async fn worth(&mut self, cx: &mut Cx) -> u64 {
        let things = cx.with(|bag: &mut BagLogic| bag.props.items().len());
        self.props.gold() + 10 * things as u64
    }

    #[rpc]
    async fn interest(&mut self, cx: &mut Cx, percent: u32) {
        self.props
            .set_gold(self.props.gold() * u64::from(100 + percent) / 100);
        Purse::changed(cx, self.props.gold());
    }
}

#[derive(Default)]
#[component(Bag)]
pub(crate) struct BagLogic {
    props: Bag,
}

#[component(Bag)]
impl BagLogic {
    #[rpc]
    async fn put(&mut self, cx: &mut Cx, item: u32) -> u32 {
        let _ = self.props.items_mut().push(item);
        // By its properties, by its struct, and by its slot.
        cx.with(|purse: &mut Purse| purse.set_gold(purse.gold() + 1));
        cx.with(|purse: &mut PurseLogic| purse.props.set_gold(purse.props.gold() + 1));
        cx.with_slot(Hero::CHEST_SLOT, |chest: &mut PurseLogic| {
            chest.props.set_gold(100);
        });
        self.props.items().len() as u32
    }

    #[rpc]
    async fn rot(&mut self, _cx: &mut Cx, item: u32) {
        let at = self.props.items().iter().position(|held| *held == item);
        if let Some(at) = at {
            self.props.items_mut().remove(at);
        }
    }
}

#[entity(Hero { purse: PurseLogic, bag: BagLogic, chest: PurseLogic })]
#[derive(Default)]
pub(crate) struct HeroLogic {
    props: Hero,
    notes: Vec<u32>,
    finished: u32,
    cancelled: u32,
}

#[entity(Hero)]
impl HeroLogic {
    #[hook]
    fn construct(id: u64) -> Self {
        assert_ne!(id, 1_000_013, "this hero can't be");
        let mut hero = Self::default();
        let _ = hero.props.set_name(format!("hero {id}"));
        hero
    }

    #[hook]
    async fn loaded(&mut self, cx: &mut Cx) {
        assert_ne!(cx.key::<Hero>(), Some(1_000_014), "this hero can't live");
    }

    #[rpc]
    async fn descend(&mut self, cx: &mut Cx, depth: u32) -> Result<u32, Failure> {
        if depth == 0 {
            return Ok(0);
        }
        let me = cx.key::<Hero>().unwrap_or_default();
        Ok(1 + Hero::of(me + 1).descend(depth - 1).await?)
    }

    #[rpc]
    async fn trade(
        &mut self,
        _cx: &mut Cx,
        partner: Ref<Hero>,
        wait: playhouse::Duration,
    ) -> Result<bool, Failure> {
        sleep(wait).await;
        partner.proxy().accept(1).await
    }

    #[rpc]
    async fn accept(&mut self, cx: &mut Cx, amount: u64) -> bool {
        tracing::info!("accepts");
        if amount == 13 {
            let beside = async {
                tokio::task::yield_now().await;
                tracing::info!("beside");
                panic!("unlucky");
            };
            cx.spawn(beside).unwrap();
        }
        amount > 0
    }

    #[rpc]
    async fn burst(&mut self, _cx: &mut Cx) {
        self.notes.push(1);
        panic!("the hero bursts");
    }

    #[rpc]
    async fn linger(&mut self, cx: &mut Cx, time: playhouse::Duration) -> bool {
        sleep(time).await;
        self.finished += 1;
        self.cancelled += u32::from(cx.cancelled());
        true
    }

    #[rpc]
    async fn finished(&mut self, _cx: &mut Cx) -> u32 {
        self.finished
    }

    #[rpc]
    async fn was_cancelled(&mut self, _cx: &mut Cx) -> u32 {
        self.cancelled
    }

    #[rpc]
    async fn circle(&mut self, _cx: &mut Cx, rest: Vec<u64>) -> Result<u32, Failure> {
        match rest.split_first() {
            Some((next, rest)) => Ok(1 + Hero::of(*next).circle(rest.to_vec()).await?),
            None => Ok(0),
        }
    }

    #[rpc]
    async fn note(&mut self, _cx: &mut Cx, number: u32) {
        tracing::info!("notes");
        self.notes.push(number);
    }

    #[rpc]
    async fn notes(&mut self, _cx: &mut Cx) -> Vec<u32> {
        self.notes.clone()
    }

    #[rpc]
    async fn leave(&mut self, cx: &mut Cx) {
        cx.destroy();
    }

    #[rpc]
    async fn who(&mut self, cx: &mut Cx) -> String {
        format!("{} called by {:?}", self.props.name(), cx.caller())
    }

    #[rpc]
    async fn ask(&mut self, cx: &mut Cx) -> Result<bool, Failure> {
        Hero::noticed(cx, "asked");
        Hero::confirm(cx, "really?").await
    }

    #[rpc]
    async fn crowd(&mut self, cx: &mut Cx, first: u64, count: u32) -> u32 {
        let all = first..first + u64::from(count);
        let room = all.take_while(|number| cx.observe(SessionId(*number), "near").is_ok());
        room.count() as u32
    }

    #[rpc]
    async fn admit(&mut self, cx: &mut Cx, other: Ref<Hero>) -> Result<(), Failure> {
        cx.observe(other.address(), "near")
    }

    #[rpc]
    async fn notice(&mut self, cx: &mut Cx, text: String) {
        Hero::noticed(cx, text);
    }

    #[rpc]
    async fn left(&mut self, cx: &mut Cx, nested: bool) -> Result<u64, Failure> {
        if nested {
            sleep(ms(500)).await;
            let next = cx.key::<Hero>().unwrap_or_default() + 1;
            return Hero::of(next)
                .deadline(Duration::from_secs(60))
                .left(false)
                .await;
        }
        let left = cx.left().unwrap_or_default();
        Ok(u64::try_from(left.as_micros()).unwrap_or(u64::MAX))
    }

    #[rpc]
    async fn sibling_panics(&mut self, cx: &mut Cx) {
        cx.with(|_: &mut Self| ());
    }

    #[rpc]
    async fn hold(&mut self, _cx: &mut Cx, room: Ref<Room>) -> Result<u32, Failure> {
        room.proxy().visit().await
    }
}

#[entity(Room {})]
#[derive(Default)]
pub(crate) struct RoomLogic {
    props: Room,
    steps: u64,
}

#[entity(Room)]
impl RoomLogic {
    #[hook]
    async fn created(&mut self, _cx: &mut Cx) {
        note_life("room created");
    }

    #[hook]
    async fn loaded(&mut self, _cx: &mut Cx) {
        // Calls that come meanwhile wait.
        sleep(ms(10)).await;
        note_life("room loaded");
    }

    #[hook]
    async fn tick(&mut self, _cx: &mut Cx, step: u64) {
        self.steps = step;
    }

    #[hook]
    async fn destroyed(&mut self, _cx: &mut Cx) {
        note_life("room destroyed");
    }

    #[rpc]
    async fn visit(&mut self, _cx: &mut Cx) -> u32 {
        note_life("room visited");
        self.props.set_visitors(self.props.visitors() + 1);
        self.props.visitors()
    }

    #[rpc]
    async fn close(&mut self, cx: &mut Cx) {
        cx.destroy();
    }

    #[rpc]
    async fn grow(&mut self, cx: &mut Cx, count: u32) -> Result<Vec<u32>, Failure> {
        let mut trees = Vec::new();
        if count == u32::MAX {
            // As many as there may be, which need no timers.
            loop {
                cx.spawn_local_entity(TreeLogic::default())?;
            }
        }
        for _ in 0..count {
            let tree = cx.spawn_local_entity(TreeLogic::default())?;
            let set = cx.as_local(tree, |_: &mut TreeLogic, cx| {
                cx.timer(TreeGrowsArgs {}).times(2).every(ms(10))
            });
            set.unwrap()?;
            let set = cx.as_local_slot(tree, Tree::BARK_SLOT, |_: &mut BarkLogic, cx| {
                cx.timer(BarkPeelsArgs { by: 3 }).after(ms(10))
            });
            set.unwrap()?;
            trees.push(tree);
        }
        Ok(trees)
    }

    #[rpc]
    async fn heights(&mut self, cx: &mut Cx) -> Vec<u32> {
        let mut heights = Vec::new();
        cx.each_local(|_, tree: &mut TreeLogic| heights.push(tree.props.height()));
        heights
    }

    #[rpc]
    async fn cut(&mut self, cx: &mut Cx, tree: u32) -> bool {
        cx.remove_local(tree)
    }

    #[rpc]
    async fn steps(&mut self, _cx: &mut Cx) -> u64 {
        self.steps
    }

    #[rpc]
    async fn visit_hero(&mut self, _cx: &mut Cx, hero: Ref<Hero>) -> Result<u32, Failure> {
        hero.proxy().finished().await
    }
}

thread_local! {
    static LIFE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn note_life(what: &str) {
    tracing::info!("{what}");
    LIFE.with_borrow_mut(|life| life.push(what.to_owned()));
}

/// What hooks noted since the last time.
pub(crate) fn life() -> Vec<String> {
    LIFE.with_borrow_mut(std::mem::take)
}

#[entity(Center {})]
#[derive(Default)]
pub(crate) struct CenterLogic {
    props: Center,
    beats: u32,
}

#[entity(Center)]
impl CenterLogic {
    #[rpc]
    async fn open(&mut self, cx: &mut Cx, count: u32) -> Result<Ref<Room>, Failure> {
        for _ in 1..count {
            cx.create(RoomLogic::default())?;
        }
        cx.create(RoomLogic::default())
    }

    #[rpc]
    async fn beats(&mut self, _cx: &mut Cx) -> u32 {
        self.beats
    }

    #[rpc]
    async fn beat(&mut self, _cx: &mut Cx) {
        self.beats += 1;
    }

    #[rpc]
    async fn life(&mut self, _cx: &mut Cx) -> Vec<String> {
        life()
    }
}

#[derive(Default)]
pub(crate) struct DeskLogic {
    rung: Cell<u32>,
    slow: Cell<u32>,
}

#[service(Desk)]
impl DeskLogic {
    #[rpc]
    async fn greet(&self, _cx: &mut Cx, name: String) -> String {
        tracing::info!("greets");
        format!("welcome, {name}")
    }

    #[rpc]
    async fn slow(&self, _cx: &mut Cx, time: playhouse::Duration) -> u32 {
        self.slow.set(self.slow.get() + 1);
        let most = self.slow.get();
        sleep(time).await;
        self.slow.set(self.slow.get() - 1);
        most
    }

    #[rpc]
    async fn ring(&self, _cx: &mut Cx) {
        self.rung.set(self.rung.get() + 1);
    }

    #[rpc]
    async fn rung(&self, _cx: &mut Cx) -> u32 {
        self.rung.get()
    }

    #[rpc]
    async fn relay(&self, _cx: &mut Cx, hero: Ref<Hero>) -> Result<bool, Failure> {
        let accepted = hero.proxy().accept(1).await;
        tracing::info!("relayed");
        accepted
    }
}
