//! Bodies and flyers as clients see them: entities that are local to their battle.
//!
//! What happens is decided in the [`Field`]; these show it, each step what moved and at once what hurts.

use std::collections::BTreeMap;

use arena_schema::battle::{
    Flyer, FlyerFadesArgs, Puppet, PuppetRisesArgs, SpellSlot, Status, Target, Vitals,
};
use arena_schema::common::{AccountId, Fighter};
use arena_schema::world::Avatar;
use playhouse::{Cx, Duration, Failure, component, entity};

use super::field::{Body, Field, Flying, Happening};
use crate::app::Arena;

/// How long a flyer is seen at most.
const SEEN_MAX: Duration = Duration::from_seconds(5);

/// A fighter's body, as others see it.
#[entity(Puppet { vitals: VitalsLogic, .. })]
#[derive(Debug)]
pub struct PuppetLogic {
    props: Puppet,
    has_risen: bool,
}

#[entity(Puppet)]
impl PuppetLogic {
    #[rpc]
    async fn rises(&mut self, _cx: &mut Cx) {
        self.has_risen = true;
    }

    fn new(fighter: &Fighter) -> Result<Self, Failure> {
        let progress = Avatar::reference(fighter.account).in_slot(Avatar::PROGRESS_SLOT);
        let mut props = Puppet::new(fighter.name.clone(), fighter.hero, progress)?;
        props.set_side(fighter.side);
        Ok(Self {
            props,
            has_risen: false,
        })
    }

    fn follow(&mut self, body: &Body) {
        self.props.set_pos(body.pos);
        if let Err(error) = self.props.set_facing(body.facing) {
            tracing::error!(%error, "a body looks nowhere");
        }
    }
}

/// What can be hurt.
#[component(Vitals)]
#[derive(Debug, Default)]
pub struct VitalsLogic {
    props: Vitals,
}

#[component(Vitals)]
impl VitalsLogic {
    #[rpc]
    async fn wears_off(&mut self, _cx: &mut Cx, status: Status) {
        self.props
            .set_status(Status(self.props.status().0 & !status.0));
    }

    fn follow(&mut self, body: &Body) {
        self.props.set_health(body.health);
        self.props.set_status(body.status());
        if self.props.set_health_max(body.health_max).is_err() {
            tracing::error!("a body can have no health");
        }
    }
}

/// Whatever flies, as clients see it.
#[entity(Flyer {})]
#[derive(Debug, Default)]
pub struct FlyerLogic {
    props: Flyer,
    has_faded: bool,
}

#[entity(Flyer)]
impl FlyerLogic {
    #[rpc]
    async fn fades(&mut self, _cx: &mut Cx) {
        self.has_faded = true;
    }

    fn follow(&mut self, flying: &Flying) {
        self.props.set_pos(flying.pos);
        self.props.set_velocity(flying.velocity);
    }
}

/// The local entities of a battle, by what they stand for.
#[derive(Debug, Default)]
pub(super) struct Stage {
    puppets: BTreeMap<AccountId, u32>,
    flyers: BTreeMap<u32, u32>,
}

impl Stage {
    /// Whether nobody stands on it.
    pub(super) fn is_empty(&self) -> bool {
        self.puppets.is_empty()
    }

    /// Makes everybody's puppet, and tells the field by which number others know it.
    pub(super) fn fill(
        &mut self,
        cx: &mut Cx,
        fighters: &[Fighter],
        field: &mut Field,
    ) -> Result<(), Failure> {
        for fighter in fighters {
            let number = cx.spawn_local_entity(PuppetLogic::new(fighter)?)?;
            field.embody(fighter.account, number);
            self.puppets.insert(fighter.account, number);
        }
        self.follow(cx, field);
        Ok(())
    }

    /// Moves everything to where it is by now.
    pub(super) fn follow(&mut self, cx: &mut Cx, field: &Field) {
        for (account, number) in &self.puppets {
            let Some(body) = field.bodies().get(account) else {
                continue;
            };
            cx.as_local(*number, |puppet: &mut PuppetLogic, cx| {
                puppet.follow(body);
                cx.with(|vitals: &mut VitalsLogic| vitals.follow(body));
            });
        }
        self.flyers.retain(|flyer, number| {
            let follow = |shown: &mut FlyerLogic| {
                if let Some(flying) = field.flyers().get(flyer) {
                    shown.follow(flying);
                }
                !shown.has_faded
            };
            let stays = cx.local(*number, follow).unwrap_or(false);
            if !stays {
                cx.remove_local(*number);
            }
            stays
        });
    }

    /// Those whose time on the ground is over.
    pub(super) fn risen(&self, cx: &Cx) -> Vec<AccountId> {
        let has_risen = |number| {
            let take = |puppet: &mut PuppetLogic| std::mem::take(&mut puppet.has_risen);
            cx.local(number, take).unwrap_or(false)
        };
        let risen = self
            .puppets
            .iter()
            .filter(|(_, number)| has_risen(**number));
        risen.map(|(account, _)| *account).collect()
    }

    /// Shows everybody around what happened.
    pub(super) fn show(&mut self, cx: &mut Cx, field: &Field, happened: &Happening) {
        match happened {
            Happening::Hit {
                whom,
                amount,
                critical,
            } => {
                if let Some(number) = self.puppets.get(whom) {
                    let hit =
                        |_: &mut VitalsLogic, cx: &mut Cx| Vitals::hit(cx, *amount, *critical);
                    cx.as_local_slot(*number, Puppet::VITALS_SLOT, hit);
                }
            }
            Happening::Fell { whom, by } => {
                let by = self.puppets.get(by).and_then(|number| {
                    cx.local(*number, |puppet: &mut PuppetLogic| {
                        puppet.props.name().clone()
                    })
                });
                let rise_time = Arena::of(cx).rules.rise_time;
                self.as_puppet(cx, *whom, |cx| {
                    Puppet::fell(cx, by);
                    if let Err(failure) = cx.timer(PuppetRisesArgs {}).after(rise_time) {
                        tracing::warn!(%failure, "somebody who fell can't rise");
                    }
                });
            }
            Happening::Launched(flyer) => {
                if let Some(flying) = field.flyers().get(flyer) {
                    self.launch(cx, *flyer, flying);
                }
            }
            Happening::Burst { flyer, at } => {
                if let Some(number) = self.flyers.remove(flyer) {
                    cx.as_local(number, |_: &mut FlyerLogic, cx| Flyer::bursts(cx, *at));
                    cx.remove_local(number);
                }
            }
        }
    }

    /// Shows everybody around that somebody casts.
    pub(super) fn show_cast(&self, cx: &mut Cx, account: AccountId, spell: SpellSlot, at: Target) {
        self.as_puppet(cx, account, |cx| Puppet::casts(cx, spell, at));
    }

    fn launch(&mut self, cx: &mut Cx, flyer: u32, flying: &Flying) {
        let mut shown = FlyerLogic::default();
        shown.follow(flying);
        shown
            .props
            .set_shooter(self.puppets.get(&flying.shooter).copied());
        match cx.spawn_local_entity(shown) {
            Ok(number) => {
                self.flyers.insert(flyer, number);
                // Whatever becomes of its flight, nobody sees it for longer.
                cx.as_local(number, |_: &mut FlyerLogic, cx| {
                    let _gone_with_the_battle = cx.timer(FlyerFadesArgs {}).after(SEEN_MAX);
                });
            }
            // It flies and hits all the same, only unseen.
            Err(failure) => tracing::warn!(%failure, "a flyer can't be shown"),
        }
    }

    fn as_puppet(&self, cx: &mut Cx, account: AccountId, show: impl FnOnce(&mut Cx)) {
        if let Some(number) = self.puppets.get(&account) {
            cx.as_local(*number, |_: &mut PuppetLogic, cx| show(cx));
        }
    }
}
