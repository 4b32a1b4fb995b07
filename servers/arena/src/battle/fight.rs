//! One battle, twenty steps a second: it lets fighters in, drives the field, tells everybody, and settles the end.

use std::collections::BTreeMap;

use arena_schema::battle::{
    Battle, BattleCenter, BattleCloseArgs, Cast, CastError, EnterError, Phase, PuppetBind,
    SpellSlot, Step, Target,
};
use arena_schema::common::{
    AccountId, BattleId, BattleResult, BattleSetup, Fighter, HeroId, Line, Mode, Name, Outcome,
    Rating, Side, Tally,
};
use arena_schema::world::Avatar;
use playhouse::math::Vec2;
use playhouse::{CallError, Cx, Failure, Reach, Ref, Uuid, entity};

use super::field::{Field, Happening, Opposite, STEPS_A_SECOND};
use super::puppet::Stage;
use super::{PuppetBindLogic, rewards};
use crate::app::Rules;

/// How often a bind hears how its puppet is.
const TELL_EVERY_STEPS: u32 = STEPS_A_SECOND / 2;

/// How much longer than its rules allow a battle may take before it is called off.
const SLACK: playhouse::Duration = playhouse::Duration::from_seconds(10);

/// One battle.
#[entity(Battle {})]
#[derive(Debug)]
pub struct BattleLogic {
    props: Battle,
    field: Field,
    stage: Stage,
    rules: Rules,
    binds: BTreeMap<AccountId, Ref<PuppetBind>>,
    begun_at: Option<u32>,
    steps: u32,
}

#[entity(Battle)]
impl BattleLogic {
    /// For a battle that comes back from the store: what it was set up with comes from there, too.
    #[hook]
    fn construct(_battle: u64) -> Self {
        Self::new(nobodys_setup(), Rules::default())
            .expect("a setup that nobody has is within all bounds")
    }

    #[hook]
    async fn created(&mut self, cx: &mut Cx) {
        let fighters = self.fighters().to_vec();
        if let Err(failure) = self.stage.fill(cx, &fighters, &mut self.field) {
            tracing::error!(%failure, "a battle has no puppets");
        }
    }

    #[hook]
    async fn loaded(&mut self, cx: &mut Cx) {
        if self.stage.is_empty() {
            // The node went down in the middle of it, and who stood where is gone: nobody won.
            if self.props.phase() != Phase::Ended {
                self.end(cx, None);
            }
            return;
        }
        let time = self.rules.gather_time.as_micros() + self.rules.battle_time.as_micros();
        let limit = playhouse::Duration::from_micros(time + SLACK.as_micros());
        if let Err(failure) = cx.timer(BattleCloseArgs {}).after(limit) {
            tracing::warn!(%failure, "a battle may outlast its time");
        }
    }

    #[hook]
    async fn tick(&mut self, cx: &mut Cx, _step: u64) {
        self.steps += 1;
        match self.props.phase() {
            Phase::Gathering => {
                let all_here = self.binds.len() == self.fighters().len();
                if all_here || self.steps >= in_steps(self.rules.gather_time) {
                    self.begin(cx);
                }
            }
            Phase::Fighting => self.fight(cx),
            _ => {}
        }
    }

    #[rpc]
    async fn enter(
        &mut self,
        cx: &mut Cx,
        account: AccountId,
    ) -> Result<Ref<PuppetBind>, CallError<EnterError>> {
        if self.props.phase() == Phase::Ended {
            let result = self.props.results().get(&account);
            let outcome = result.map_or(Outcome::Aborted, |result| result.outcome);
            return Err(EnterError::AlreadyEnded { outcome }.into());
        }
        let fighter = self
            .fighters()
            .iter()
            .find(|fighter| fighter.account == account);
        let fighter = fighter.cloned().ok_or(EnterError::NotAFighter)?;
        // A second session with the same ticket takes over the same bind.
        if let Some(bind) = self.binds.get(&account) {
            return Ok(bind.clone());
        }
        let own = Ref::new(cx.me().clone()).map_err(Failure::from)?;
        let bind = cx.create(PuppetBindLogic::new(fighter.clone(), own)?)?;
        // Whoever fights sees all that happens: a field is smaller than sight.
        cx.observe(bind.address(), "near")?;
        self.binds.insert(account, bind.clone());
        self.tell(account)?;
        Ok(bind)
    }

    #[rpc]
    async fn left(&mut self, _cx: &mut Cx, account: AccountId) {
        // Who leaves stands still; the ticket lets them back in.
        self.field.steer(
            account,
            Vec2 {
                x: f32::NAN,
                y: 0.0,
            },
        );
    }

    #[rpc]
    async fn tallies(&mut self, _cx: &mut Cx) -> BTreeMap<AccountId, Tally> {
        self.field
            .tallies()
            .map(|(account, tally)| (account, tally.clone()))
            .collect()
    }

    #[rpc]
    async fn steer(&mut self, _cx: &mut Cx, account: AccountId, toward: Vec2) {
        self.field.steer(account, toward);
    }

    #[rpc]
    async fn cast(
        &mut self,
        cx: &mut Cx,
        account: AccountId,
        spell: SpellSlot,
        at: Target,
    ) -> Result<Cast, CallError<CastError>> {
        if self.props.phase() != Phase::Fighting {
            return Err(CastError::NotFighting.into());
        }
        let mut happened = Vec::new();
        self.field.cast(account, spell, &at, &mut happened)?;
        self.stage.show_cast(cx, account, spell, at);
        self.settle(cx, happened);
        let body = self
            .field
            .bodies()
            .get(&account)
            .ok_or(CastError::NotFighting)?;
        Ok(Cast {
            step: Step(self.field.step()),
            mana: body.mana,
            cooldowns: body.cooldowns(self.field.step()),
        })
    }

    #[rpc]
    async fn ping(&mut self, _cx: &mut Cx, account: AccountId, at: Vec2) -> Result<(), Failure> {
        let Some(fighter) = self.fighter(account).cloned() else {
            return Ok(());
        };
        for bind in self.side_of(fighter.side) {
            bind.proxy().point(fighter.name.clone(), at)?;
        }
        Ok(())
    }

    #[rpc]
    async fn shout(&mut self, _cx: &mut Cx, account: AccountId, line: Line) -> Result<(), Failure> {
        let Some(fighter) = self
            .fighter(account)
            .filter(|fighter| !fighter.muted)
            .cloned()
        else {
            return Ok(());
        };
        for bind in self.side_of(fighter.side) {
            bind.proxy().overhear(fighter.name.clone(), line.clone())?;
        }
        Ok(())
    }

    #[rpc]
    async fn comrades(&mut self, _cx: &mut Cx, account: AccountId) -> Vec<Ref<PuppetBind>> {
        let own = self.binds.get(&account);
        let side = self.fighter(account).map(|fighter| fighter.side);
        let comrades = side.map(|side| self.side_of(side)).unwrap_or_default();
        comrades
            .into_iter()
            .filter(|bind| Some(bind) != own)
            .collect()
    }

    #[rpc]
    async fn yield_to(&mut self, cx: &mut Cx, winner: Side) {
        if self.props.phase() == Phase::Fighting {
            self.end(cx, Some(winner));
        }
    }

    #[rpc]
    async fn close(&mut self, cx: &mut Cx) {
        if self.props.phase() != Phase::Ended {
            return self.end(cx, None);
        }
        cx.destroy();
    }

    /// A battle that waits for its fighters.
    ///
    /// # Errors
    ///
    /// If the setup breaks its bounds.
    pub fn new(setup: BattleSetup, rules: Rules) -> Result<Self, Failure> {
        Ok(Self {
            field: Field::new(&setup),
            stage: Stage::default(),
            props: Battle::new(setup)?,
            rules,
            binds: BTreeMap::new(),
            begun_at: None,
            steps: 0,
        })
    }

    fn begin(&mut self, cx: &mut Cx) {
        if self.binds.is_empty() {
            // Nobody came: there is nothing to fight for.
            self.end(cx, None);
            return;
        }
        self.begun_at = Some(self.steps);
        self.props.set_phase(Phase::Fighting);
        Battle::began(cx, cx.utc());
    }

    fn fight(&mut self, cx: &mut Cx) {
        for account in self.stage.risen(cx) {
            self.field.rise(account);
        }
        let mut happened = Vec::new();
        self.field.advance(&mut happened);
        self.props.set_step(Step(self.field.step()));
        self.settle(cx, happened);
        self.stage.follow(cx, &self.field);
        if self.field.step().is_multiple_of(TELL_EVERY_STEPS) {
            let accounts: Vec<_> = self.binds.keys().copied().collect();
            for account in accounts {
                let _heard_of_next_time = self.tell(account);
            }
        }
        let fought = self.begun_at.map_or(0, |begun_at| self.steps - begun_at);
        let points = [Side::Dawn, Side::Dusk].map(|side| self.field.score(side));
        let is_won = points.iter().any(|points| *points >= self.rules.points);
        if is_won || fought >= in_steps(self.rules.battle_time) {
            self.end(cx, self.field.leader());
        }
    }

    /// Sees to what happened: those who fell rise later, points count, everybody near hears.
    fn settle(&mut self, cx: &mut Cx, happened: Vec<Happening>) {
        for event in happened {
            if matches!(event, Happening::Fell { .. }) {
                self.count_points();
            }
            self.stage.show(cx, &self.field, &event);
        }
    }

    fn count_points(&mut self) {
        for side in [Side::Dawn, Side::Dusk] {
            let points = self.field.score(side);
            let _two_sides_fit = self.props.score_mut().insert(side, points);
        }
    }

    /// Settles the battle: results go to the avatars, which may be anywhere, and to the binds.
    fn end(&mut self, cx: &mut Cx, winner: Option<Side>) {
        self.props.set_phase(Phase::Ended);
        let began = self.begun_at.is_some();
        let fighters = self.fighters().to_vec();
        for fighter in &fighters {
            let result = self.result_of(cx, fighter, &fighters, winner, began);
            let account = fighter.account;
            if self
                .props
                .results_mut()
                .insert(account, result.clone())
                .is_err()
            {
                tracing::error!(%account, "a result breaks its bounds");
            }
            if let Err(failure) = Avatar::of(account).progress().battle_ended(result.clone()) {
                tracing::error!(%failure, %account, "a result could not be sent home");
            }
            if let Some(bind) = self.binds.get(&account) {
                let _seen_at_home = bind.proxy().finish(result);
            }
        }
        Battle::ended(cx, winner);
        let _ends_by_itself = BattleCenter::only().ended(self.props.setup().battle);
        if let Err(failure) = cx.timer(BattleCloseArgs {}).after(self.rules.rise_time) {
            tracing::warn!(%failure, "a battle closes at once");
            cx.destroy();
        }
    }

    fn result_of(
        &self,
        cx: &Cx,
        fighter: &Fighter,
        all: &[Fighter],
        winner: Option<Side>,
        began: bool,
    ) -> BattleResult {
        let body = self.field.bodies().get(&fighter.account);
        let outcome = match began {
            true => rewards::outcome(winner, fighter.side),
            false => Outcome::Aborted,
        };
        let others = all
            .iter()
            .filter(|other| other.side == fighter.side.other());
        let scores: Vec<_> = others.map(|other| f64::from(other.rating.score)).collect();
        let average = scores.iter().sum::<f64>() / scores.len().max(1) as f64;
        BattleResult {
            battle: self.props.setup().battle,
            mode: self.props.setup().mode,
            outcome,
            tally: body.map(|body| body.tally.clone()).unwrap_or_default(),
            rewards: rewards::rewards(outcome, body.map_or(0, |body| body.gold)),
            rating: match began {
                true => rewards::rating(fighter.rating, average, outcome),
                false => fighter.rating,
            },
            ended_at: cx.utc(),
        }
    }

    fn tell(&self, account: AccountId) -> Result<(), Failure> {
        let (Some(bind), Some(body)) =
            (self.binds.get(&account), self.field.bodies().get(&account))
        else {
            return Ok(());
        };
        let number = (!body.is_dead()).then_some(body.puppet);
        bind.proxy().embody(number, body.mana, body.gold)
    }

    fn fighters(&self) -> &[Fighter] {
        &self.props.setup().fighters
    }

    fn fighter(&self, account: AccountId) -> Option<&Fighter> {
        self.fighters()
            .iter()
            .find(|fighter| fighter.account == account)
    }

    fn side_of(&self, side: Side) -> Vec<Ref<PuppetBind>> {
        let own = self
            .fighters()
            .iter()
            .filter(|fighter| fighter.side == side);
        own.filter_map(|fighter| self.binds.get(&fighter.account).cloned())
            .collect()
    }
}

/// Stands in until the store says what it was.
fn nobodys_setup() -> BattleSetup {
    let nobody = Fighter {
        account: AccountId(u64::MAX),
        name: Name("nobody".to_owned()),
        hero: HeroId(1),
        side: Side::Dawn,
        worn: vec![None; 8],
        rating: Rating::default(),
        muted: false,
    };
    BattleSetup {
        battle: BattleId(Uuid([0; 16])),
        mode: Mode::Duel,
        fighters: vec![nobody],
        seed: 0,
        center: None,
    }
}

fn in_steps(time: playhouse::Duration) -> u32 {
    let steps = time.as_micros() * i64::from(STEPS_A_SECOND) / 1_000_000;
    u32::try_from(steps).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_battle_comes_back_before_the_store_says_what_it_was() {
        let battle = BattleLogic::construct(1);
        assert!(battle.stage.is_empty() && battle.fighters().len() == 1);
    }
}
