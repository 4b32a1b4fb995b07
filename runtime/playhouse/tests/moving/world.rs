//! The entities of `caravan.idl`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use playhouse::host::Caller;
use playhouse::logic::EntitySchema;
use playhouse::node::Admission;
use playhouse::{Bytes, Cx, Failure, FailureKind, NodeBuilder, Ref, component, entity};

use crate::schema::caravan::{
    Camel, CamelRingArgs, Carried, Herder, HerderReportArgs, Oasis, Pack, Rider, Tent, Wind,
};

/// A node of the tests, before it has a store and a cluster.
pub(crate) fn node(name: &str) -> NodeBuilder {
    playhouse::Node::builder()
        .name(name)
        .roles(["road"])
        .schema(&crate::generated::SCHEMA)
        .shards(1)
        .entity::<CamelLogic>()
        .entity::<WindLogic>()
        .entity::<TentLogic>()
        .entity::<HerderLogic>()
        .entity::<RiderLogic>()
        .entity::<OasisLogic>()
        .authenticate(authenticate)
}

/// Who shows a number owns that camel; another number behind it is that of the login. A third is a rider's. For a fourth the
/// camel pitches a tent.
pub(crate) async fn authenticate(_cx: &mut Cx, token: Bytes) -> Result<Admission, Failure> {
    let camel = |number: u8| Admission::new(Camel::reference(number.into()).address().clone());
    Ok(match *token.0 {
        [number, _, _, _] => Admission::new(Camel::of(number.into()).pitch().await?.into()),
        [_, _, rider] => Admission::new(Rider::reference(rider.into()).address().clone()),
        [number, login_no, ..] => camel(number).login(login_no.into()),
        [number] => camel(number),
        [] => return Err(Failure::not_executed(FailureKind::Denied)),
    })
}

thread_local! {
    static LIFE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What happened to entities on this thread since this was asked last.
pub(crate) fn life() -> Vec<String> {
    LIFE.take()
}

fn note(cx: &Cx, what: &str) {
    LIFE.with_borrow_mut(|life| life.push(format!("{what} on {}", cx.node().name())));
}

#[derive(Default)]
#[component(Pack)]
pub(crate) struct PackLogic {
    props: Pack,
}

#[component(Pack)]
impl PackLogic {
    #[rpc]
    async fn earn(&mut self, _cx: &mut Cx, amount: u64) -> u64 {
        self.props.set_gold(self.props.gold() + amount);
        self.props.gold()
    }

    #[rpc]
    async fn learn(&mut self, _cx: &mut Cx, song: String) -> Result<u32, Failure> {
        self.props.songs_mut().push(song)?;
        Ok(self.props.songs().len() as u32)
    }

    #[rpc]
    async fn carried(&mut self, _cx: &mut Cx) -> Carried {
        Carried {
            gold: self.props.gold(),
            songs: self.props.songs().to_vec(),
            mood: self.props.mood(),
        }
    }

    #[rpc]
    async fn cheer(&mut self, _cx: &mut Cx, mood: u32) {
        self.props.set_mood(mood);
    }
}

#[entity(Camel { pack: PackLogic })]
#[derive(Default)]
pub(crate) struct CamelLogic {
    props: Camel,
}

#[entity(Camel)]
impl CamelLogic {
    #[hook]
    async fn created(&mut self, cx: &mut Cx) {
        note(cx, "created");
    }

    #[hook]
    async fn loaded(&mut self, cx: &mut Cx) {
        note(cx, "loaded");
    }

    #[hook]
    async fn moving(&mut self, cx: &mut Cx) {
        note(cx, "moving");
    }

    #[rpc]
    async fn step(&mut self, _cx: &mut Cx) -> u64 {
        self.props.set_steps(self.props.steps() + 1);
        self.props.steps()
    }

    #[rpc]
    async fn tread(&mut self, _cx: &mut Cx) -> u64 {
        // Long enough for other calls to queue.
        tokio::time::sleep(Duration::from_millis(3)).await;
        self.props.set_steps(self.props.steps() + 1);
        self.props.steps()
    }

    #[rpc]
    async fn nudge(&mut self, _cx: &mut Cx) {
        self.props.set_steps(self.props.steps() + 1);
    }

    #[rpc]
    async fn spur(&mut self, cx: &mut Cx, number: u32) {
        Camel::spurred(cx, number);
    }

    #[rpc]
    async fn burden(&mut self, cx: &mut Cx, load: Bytes) {
        Camel::burdened(cx, load);
    }

    #[rpc]
    async fn pace(&mut self, cx: &mut Cx) -> Result<u64, Failure> {
        self.props.set_steps(self.props.steps() + 1);
        let steps = self.props.steps();
        cx.save(self).await?;
        Ok(steps)
    }

    #[rpc]
    async fn drink(&mut self, _cx: &mut Cx, thirst: u32) {
        self.props.set_thirst(thirst);
    }

    #[rpc]
    async fn thirst_now(&mut self, _cx: &mut Cx) -> u32 {
        self.props.thirst()
    }

    #[rpc]
    async fn rest(&mut self, _cx: &mut Cx, time: playhouse::Duration) -> u64 {
        let micros = u64::try_from(time.as_micros()).unwrap_or(0);
        tokio::time::sleep(Duration::from_micros(micros)).await;
        self.props.set_steps(self.props.steps() + 1);
        self.props.steps()
    }

    #[rpc]
    async fn ring(&mut self, _cx: &mut Cx, number: u32) -> Result<(), Failure> {
        self.props.rings_mut().push(number)?;
        Ok(())
    }

    #[rpc]
    async fn ring_after(
        &mut self,
        cx: &mut Cx,
        number: u32,
        after: playhouse::Duration,
        every: Option<playhouse::Duration>,
        key: Option<u32>,
    ) -> Result<(), Failure> {
        let mut timer = cx.timer(CamelRingArgs { number });
        if let Some(key) = key {
            timer = timer.key(key);
        }
        match every {
            Some(every) => timer.first(after).every(every)?,
            None => timer.after(after)?,
        };
        Ok(())
    }

    #[rpc]
    async fn silence(&mut self, cx: &mut Cx, key: u32) -> u32 {
        u32::try_from(cx.cancel_timers(key)).unwrap_or(u32::MAX)
    }

    #[rpc]
    async fn rings_now(&mut self, _cx: &mut Cx) -> Vec<u32> {
        self.props.rings().to_vec()
    }

    #[rpc]
    async fn ride(&mut self, cx: &mut Cx) -> Result<String, Failure> {
        match (cx.session(), cx.caller()) {
            (Some(session), Some(Caller::Client(caller))) if session == caller => {
                Ok(cx.node().name().to_owned())
            }
            _ => Err(Failure::not_executed(FailureKind::Denied).because("not its rider")),
        }
    }

    #[rpc]
    async fn pitch(&mut self, cx: &mut Cx) -> Result<Ref<Tent>, Failure> {
        cx.create(TentLogic::default())
    }

    #[rpc]
    async fn leave_after_a_while(&mut self, cx: &mut Cx) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        cx.destroy();
    }

    #[rpc]
    async fn where_now(&mut self, cx: &mut Cx) -> String {
        cx.node().name().to_owned()
    }
}

#[entity(Tent)]
#[derive(Default)]
pub(crate) struct TentLogic {
    props: Tent,
}

#[entity(Tent)]
impl TentLogic {
    #[hook]
    fn construct(_tent: u64) -> Self {
        Self::default()
    }

    #[rpc]
    async fn enter(&mut self, _cx: &mut Cx) -> u32 {
        self.props.set_guests(self.props.guests() + 1);
        self.props.guests()
    }
}

#[entity(Wind)]
#[derive(Default)]
pub(crate) struct WindLogic {
    props: Wind,
}

#[entity(Wind)]
impl WindLogic {
    #[rpc]
    async fn blow(&mut self, _cx: &mut Cx) -> u32 {
        self.props.set_force(self.props.force() + 1);
        self.props.force()
    }

    #[rpc]
    async fn where_now(&mut self, cx: &mut Cx) -> String {
        cx.node().name().to_owned()
    }
}

#[entity(Herder)]
#[derive(Default)]
pub(crate) struct HerderLogic {
    props: Herder,
}

#[entity(Herder)]
impl HerderLogic {
    #[hook]
    async fn loaded(&mut self, cx: &mut Cx) {
        let every = playhouse::Duration::from_seconds(2);
        cx.timer(HerderReportArgs {}).every(every).unwrap();
    }

    #[rpc]
    async fn where_now(&mut self, cx: &mut Cx) -> String {
        cx.node().name().to_owned()
    }

    #[rpc]
    async fn listen(&mut self, cx: &mut Cx, rider: Ref<Rider>) {
        if let Err(failure) = cx.observe(rider.address(), "listener") {
            tracing::warn!(?rider, %failure, "somebody can't hear the herder");
        }
    }

    #[rpc]
    async fn cry(&mut self, cx: &mut Cx, line: String) {
        Herder::cried(cx, line);
    }

    #[rpc]
    async fn report(&mut self, cx: &mut Cx) -> Result<(), Failure> {
        let me = Ref::new(cx.me().clone())?;
        let life = cx.cluster().map_or(0, |cluster| cluster.life());
        let center = Oasis::only().deadline(Duration::from_millis(400));
        // What fails is said again with the next report.
        let _ = center.report(me, life).await;
        Ok(())
    }
}

#[entity(Oasis)]
#[derive(Default)]
pub(crate) struct OasisLogic {
    props: Oasis,
    herders: BTreeMap<String, u64>,
}

#[entity(Oasis)]
impl OasisLogic {
    #[rpc]
    async fn enter(&mut self, _cx: &mut Cx) -> u32 {
        self.props.set_guests(self.props.guests() + 1);
        self.props.guests()
    }

    #[rpc]
    async fn where_now(&mut self, cx: &mut Cx) -> String {
        cx.node().name().to_owned()
    }

    #[rpc]
    async fn report(&mut self, _cx: &mut Cx, herder: Ref<Herder>, life: u64) {
        let node = Herder::key(&herder.address().key).unwrap_or_default();
        self.herders.insert(node, life);
    }

    #[rpc]
    async fn herders(&mut self, _cx: &mut Cx) -> BTreeMap<String, u64> {
        self.herders.clone()
    }

    #[rpc]
    async fn proclaim(&mut self, _cx: &mut Cx, line: String) -> Result<u32, Failure> {
        for node in self.herders.keys() {
            Herder::of(node).cry(line.clone())?;
        }
        Ok(self.herders.len() as u32)
    }
}

#[entity(Rider)]
#[derive(Default)]
pub(crate) struct RiderLogic {
    props: Rider,
}

#[entity(Rider)]
impl RiderLogic {
    #[hook]
    async fn loaded(&mut self, cx: &mut Cx) {
        // Wherever it comes to, the herder of that node tells it.
        let herder = Herder::of(cx.node().name());
        if let Some(own) = cx.key::<Rider>()
            && let Err(failure) = herder.listen(Rider::reference(own))
        {
            tracing::warn!(%failure, "a rider does not hear the herder");
        }
    }
}
