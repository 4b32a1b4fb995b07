//! The entities of `vault.idl`.

use std::cell::RefCell;
use std::time::Duration;

use playhouse::host::Setup;
use playhouse::{CallError, Cx, Failure, Reach, Ref, component, entity};

use crate::schema::vault::{Bird, Hall, Hero, NameError, Purse, Room};

/// What the tests' shards run.
pub(crate) fn setup() -> Setup {
    Setup::new("test")
        .entity::<HeroLogic>()
        .entity::<RoomLogic>()
        .entity::<HallLogic>()
        .entity::<BirdLogic>()
}

thread_local! {
    static LIFE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What happened to entities since this was asked last.
pub(crate) fn life() -> Vec<String> {
    LIFE.take()
}

fn note(what: impl Into<String>) {
    LIFE.with_borrow_mut(|life| life.push(what.into()));
}

/// For how long, as the schema has it.
pub(crate) fn ms(ms: u64) -> playhouse::Duration {
    playhouse::Duration::from_micros(i64::try_from(ms * 1000).unwrap())
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
    async fn put(&mut self, _cx: &mut Cx, thing: u32, name: String) -> Result<u32, Failure> {
        self.props.things_mut().insert(thing, name)?;
        Ok(self.props.things().len() as u32)
    }

    #[rpc]
    async fn drop(&mut self, _cx: &mut Cx, thing: u32) -> bool {
        self.props.things_mut().remove(&thing).is_some()
    }

    #[rpc]
    async fn gold_now(&mut self, _cx: &mut Cx) -> u64 {
        self.props.gold()
    }

    #[rpc]
    async fn save_now(&mut self, cx: &mut Cx) -> Result<bool, Failure> {
        cx.save(self).await?;
        Ok(true)
    }

    #[rpc]
    async fn bank(&mut self, cx: &mut Cx, amount: u64) -> Result<u64, Failure> {
        self.props.set_gold(self.props.gold() + amount);
        let gold = self.props.gold();
        cx.save(self).await?;
        Ok(gold)
    }

    #[rpc]
    async fn cheer(&mut self, _cx: &mut Cx, mood: u32) -> u32 {
        self.props.set_mood(mood);
        mood
    }
}

#[entity(Hero { purse: PurseLogic, scratch: PurseLogic })]
#[derive(Default)]
pub(crate) struct HeroLogic {
    props: Hero,
}

#[entity(Hero)]
impl HeroLogic {
    #[hook]
    async fn created(&mut self, _cx: &mut Cx) {
        note("created");
    }

    #[hook]
    async fn loaded(&mut self, cx: &mut Cx) {
        note("loaded");
        assert_ne!(cx.key::<Hero>(), Some(66_666), "this hero can't live");
        self.props.set_lives(self.props.lives() + 1);
    }

    #[hook]
    async fn attached(&mut self, _cx: &mut Cx) {
        note("attached");
    }

    #[hook]
    async fn before_save(&mut self, _cx: &mut Cx) {
        self.props.set_saves(self.props.saves() + 1);
    }

    #[hook]
    async fn destroyed(&mut self, _cx: &mut Cx) {
        note("destroyed");
    }

    #[rpc]
    async fn rename(&mut self, cx: &mut Cx, name: String) -> Result<(), CallError<NameError>> {
        let old = self.props.name().to_owned();
        self.props.set_name(name)?;
        if let Err(error) = cx.save(self).await {
            self.props.set_name(old)?;
            return Err(if error.is_taken("name") {
                NameError::Taken.into()
            } else {
                let why = error.to_string();
                NameError::Unsaved { why }.into()
            });
        }
        Ok(())
    }

    #[rpc]
    async fn rename_later(&mut self, _cx: &mut Cx, name: String) -> Result<(), Failure> {
        self.props.set_name(name)?;
        Ok(())
    }

    #[rpc]
    async fn name_now(&mut self, _cx: &mut Cx) -> String {
        self.props.name().to_owned()
    }

    #[rpc]
    async fn walk(&mut self, _cx: &mut Cx, place: u32) -> u32 {
        self.props.set_place(place);
        place
    }

    #[rpc]
    async fn panics(&mut self, cx: &mut Cx, gold: u64) {
        cx.with(|purse: &mut Purse| purse.set_gold(gold));
        panic!("as it was told");
    }

    #[rpc]
    async fn leave(&mut self, cx: &mut Cx) {
        cx.destroy();
    }

    #[rpc]
    async fn toil(&mut self, cx: &mut Cx, amount: u64, time: playhouse::Duration) -> u64 {
        let add = |purse: &mut Purse| {
            purse.set_gold(purse.gold() + amount);
            purse.gold()
        };
        cx.with(add);
        let micros = u64::try_from(time.as_micros()).unwrap_or(0);
        tokio::time::sleep(Duration::from_micros(micros)).await;
        cx.with(add)
    }

    #[rpc]
    async fn titled(&mut self, _cx: &mut Cx, title: u32) -> Result<u32, Failure> {
        self.props.titles_mut().insert(title)?;
        Ok(self.props.titles().len() as u32)
    }

    #[rpc]
    async fn bound(&mut self, cx: &mut Cx) -> bool {
        cx.bound().is_some()
    }

    #[rpc]
    async fn saves_now(&mut self, _cx: &mut Cx) -> u32 {
        self.props.saves()
    }

    #[rpc]
    async fn lives_now(&mut self, _cx: &mut Cx) -> u32 {
        self.props.lives()
    }

    #[rpc]
    async fn share(
        &mut self,
        cx: &mut Cx,
        others: Vec<Ref<Hero>>,
        name: String,
    ) -> Result<(), CallError<NameError>> {
        for other in &others {
            other.proxy().purse().add(1).await?;
        }
        let old = self.props.name().to_owned();
        self.props.set_name(name).map_err(Failure::from)?;
        let others = others.iter().map(|other| other.address().clone());
        if let Err(error) = cx.commit(self, others).await {
            self.props.set_name(old).map_err(Failure::from)?;
            let why = error.to_string();
            return Err(NameError::Unsaved { why }.into());
        }
        Ok(())
    }

    #[rpc]
    async fn save_with(&mut self, cx: &mut Cx, other: Option<Ref<Hero>>) -> bool {
        let bird: Ref<Bird> = Ref::to_entity([1_u64.into()]);
        let other = other.map_or(bird.address().clone(), |other| other.address().clone());
        cx.commit(self, [other]).await.is_ok()
    }

    #[rpc]
    async fn save_with_purse(&mut self, cx: &mut Cx) -> bool {
        // Not the part whose handler runs.
        let mut other = PurseLogic::default();
        cx.save(&mut other).await.is_ok()
    }
}

#[entity(Room)]
pub(crate) struct RoomLogic {
    props: Room,
}

#[entity(Room)]
impl RoomLogic {
    #[hook]
    fn construct(_number: u64) -> Self {
        Self {
            props: Room::default(),
        }
    }

    #[rpc]
    async fn enter(&mut self, _cx: &mut Cx) -> u32 {
        self.props.set_guests(self.props.guests() + 1);
        self.props.guests()
    }

    #[rpc]
    async fn close(&mut self, cx: &mut Cx) {
        cx.destroy();
    }
}

/// A room that does not come back.
#[entity(Room)]
pub(crate) struct Tent {
    props: Room,
}

#[entity(Room)]
impl Tent {
    #[rpc]
    async fn enter(&mut self, _cx: &mut Cx) -> u32 {
        self.props.guests()
    }

    #[rpc]
    async fn close(&mut self, _cx: &mut Cx) {}
}

#[entity(Hall)]
#[derive(Default)]
pub(crate) struct HallLogic {
    props: Hall,
}

#[entity(Hall)]
impl HallLogic {
    #[rpc]
    async fn open(&mut self, cx: &mut Cx) -> Result<Ref<Room>, Failure> {
        self.props.set_opened(self.props.opened() + 1);
        cx.create(RoomLogic {
            props: Room::default(),
        })
    }

    #[rpc]
    async fn opened_now(&mut self, _cx: &mut Cx) -> u32 {
        self.props.opened()
    }

    #[rpc]
    async fn named(&mut self, cx: &mut Cx, name: String) -> Result<Option<Ref<Hero>>, Failure> {
        Hero::find_by_name(cx, &name).await
    }

    #[rpc]
    async fn at(&mut self, cx: &mut Cx, place: u32, limit: u32) -> Result<Vec<Ref<Hero>>, Failure> {
        Hero::find_by_place(cx, place, limit as usize).await
    }
}

#[entity(Bird)]
#[derive(Default)]
pub(crate) struct BirdLogic {
    props: Bird,
}

#[entity(Bird)]
impl BirdLogic {
    #[rpc]
    async fn sing(&mut self, _cx: &mut Cx) -> u32 {
        self.props.set_songs(self.props.songs() + 1);
        self.props.songs()
    }
}
