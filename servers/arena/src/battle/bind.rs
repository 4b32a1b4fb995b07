//! What a client steers with: it passes on what its player wants, and tells the player what the battle says.

use arena_schema::battle::{Battle, CastError, PuppetBind, SpellSlot, Step, Target};
use arena_schema::common::{BattleResult, Fighter, Line, Name};
use playhouse::math::Vec2;
use playhouse::{CallError, Cx, Failure, Reach, Ref, entity};

use super::field::Opposite;
use crate::away;
use crate::matchmaking::all;

/// What a client steers with.
#[entity(PuppetBind {})]
#[derive(Debug)]
pub struct PuppetBindLogic {
    props: PuppetBind,
    /// The newest step at which the player steered: what comes late is dropped.
    steered: Option<Step>,
}

#[entity(PuppetBind)]
impl PuppetBindLogic {
    #[hook]
    async fn attached(&mut self, cx: &mut Cx) {
        away::stay(cx);
    }

    #[hook]
    async fn resumed(&mut self, cx: &mut Cx) {
        away::stay(cx);
    }

    #[hook]
    async fn lost(&mut self, cx: &mut Cx) {
        away::leave(cx, self, |bind, _| {
            let _the_battle_ends_anyway = bind.battle().left(bind.props.fighter().account);
        });
    }

    #[rpc]
    async fn steer(&mut self, _cx: &mut Cx, step: Step, toward: Vec2) -> Result<(), Failure> {
        if self.steered.is_some_and(|steered| step < steered) {
            return Ok(());
        }
        self.steered = Some(step);
        self.battle().steer(self.props.fighter().account, toward)
    }

    #[rpc]
    async fn cast(
        &mut self,
        _cx: &mut Cx,
        spell: SpellSlot,
        at: Target,
    ) -> Result<Step, CallError<CastError>> {
        let cast = self
            .battle()
            .cast(self.props.fighter().account, spell, at)
            .await?;
        self.props.set_mana(cast.mana);
        self.props
            .cooldowns_mut()
            .replace(cast.cooldowns)
            .map_err(Failure::from)?;
        Ok(cast.step)
    }

    #[rpc]
    async fn ping(&mut self, _cx: &mut Cx, at: Vec2) -> Result<(), Failure> {
        self.battle().ping(self.props.fighter().account, at)
    }

    #[rpc]
    async fn shout(&mut self, _cx: &mut Cx, line: Line) -> Result<(), Failure> {
        self.battle().shout(self.props.fighter().account, line)
    }

    #[rpc]
    async fn surrender(&mut self, _cx: &mut Cx) -> Result<bool, Failure> {
        let Fighter {
            account,
            name,
            side,
            ..
        } = self.props.fighter().clone();
        let comrades = self.battle().comrades(account).await?;
        let asking = comrades
            .iter()
            .map(|bind| bind.proxy().consent(name.clone()));
        let answers = all(asking.collect()).await;
        let agreed = 1 + answers
            .iter()
            .filter(|answer| matches!(answer, Ok(true)))
            .count();
        let gives_up = 2 * agreed > answers.len() + 1;
        if gives_up {
            self.battle().yield_to(side.other())?;
        }
        Ok(gives_up)
    }

    #[rpc]
    async fn consent(&mut self, cx: &mut Cx, asked_by: Name) -> bool {
        PuppetBind::agree_to_surrender(cx, asked_by)
            .await
            .unwrap_or(false)
    }

    #[rpc]
    async fn embody(&mut self, _cx: &mut Cx, puppet: Option<u32>, mana: u32, gold: u64) {
        self.props.set_puppet(puppet);
        self.props.set_mana(mana);
        self.props.set_gold(gold);
    }

    #[rpc]
    async fn finish(&mut self, cx: &mut Cx, result: BattleResult) {
        PuppetBind::result(cx, result);
        cx.destroy();
    }

    #[rpc]
    async fn overhear(&mut self, cx: &mut Cx, who: Name, line: Line) {
        PuppetBind::shouted(cx, who, line);
    }

    #[rpc]
    async fn point(&mut self, cx: &mut Cx, who: Name, at: Vec2) {
        PuppetBind::pinged(cx, who, at);
    }

    /// For one fighter of one battle.
    ///
    /// # Errors
    ///
    /// If the fighter breaks its bounds.
    pub fn new(fighter: Fighter, battle: Ref<Battle>) -> Result<Self, Failure> {
        Ok(Self {
            props: PuppetBind::new(fighter, battle)?,
            steered: None,
        })
    }

    fn battle(&self) -> <Ref<Battle> as Reach>::Proxy {
        self.props.battle().proxy()
    }
}
